/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * rto_test.c: RFC 6298 on a connection: when the retransmission timer runs, how long, and what
 * Karn's algorithm makes of an ACK that may be of either copy. The arithmetic alone is
 * rtt_test.c's.
 *
 * Peers here agree on neither timestamps nor SACK unless a test says so: nothing but the timer
 * sends again.
 */
#include "peer.h"

/* RFC 6298's own numbers. */
static void begin(void)
{
    struct lastack_config config;

    peer_config(&config);
    config.params.rto_formula = LASTACK_RTO_RFC6298;
    config.params.rto_initial_ns = config.params.rto_min_ns = SEC(1);
    config.params.rto_max_ns = SEC(60);
    config.params.retries2 = 15;
    restart(&config);
}

/* One sample of 600 ms: RTO = SRTT + 4 RTTVAR = 600 + 4 * 300 ms. */
static struct peer *after_a_sample(void)
{
    begin();
    return ACCEPTED(.rtt = MS(600));
}

/* covers: 6298-2.2 6298-5.1 6298-5.5 */
TEST(one_sample_then_doubling)
{
    struct peer *p = after_a_sample();

    MARK();
    WRITES(p, 100);
    SENDS(p, .flags = ACK, .seq = 1, .ack = 1, .text = 100);
    AFTER(SEC(14));
    SENDS(p, .flags = ACK, .seq = 1, .ack = 1, .text = 100, .at = MS(1800));
    SENDS(p, .flags = ACK, .seq = 1, .ack = 1, .text = 100, .at = MS(1800 + 3600));
    SENDS(p, .flags = ACK, .seq = 1, .ack = 1, .text = 100, .at = MS(1800 + 3600 + 7200));
    SENDS_NOTHING(p);
}

/* covers: 6298-2.4 */
TEST(never_below_a_second)
{
    struct peer *p;

    begin();
    p = ACCEPTED(.rtt = MS(10));
    MARK();
    WRITES(p, 100);
    SENDS(p, .flags = ACK, .seq = 1, .ack = 1, .text = 100);
    AFTER(MS(2999));
    SENDS(p, .flags = ACK, .seq = 1, .ack = 1, .text = 100, .at = SEC(1));
    SENDS_NOTHING(p);
    AFTER(MS(1));
    SENDS(p, .flags = ACK, .seq = 1, .ack = 1, .text = 100, .at = SEC(3));
}

/* covers: 6298-2.5 */
TEST(never_above_the_maximum)
{
    struct peer *p = after_a_sample();
    int64_t at = 0, rto = MS(1800);

    MARK();
    WRITES(p, 100);
    SENDS(p, .flags = ACK, .seq = 1, .ack = 1, .text = 100);
    AFTER(SEC(400));
    for (unsigned i = 0; i < 10; i++) {
        at += rto;
        rto = min64(2 * rto, SEC(60));
        if (at <= SEC(400))
            SENDS(p, .flags = ACK, .seq = 1, .ack = 1, .text = 100, .at = at);
    }
    SENDS_NOTHING(p);
}

/* An ACK after a retransmission may be of either copy: it is no sample, and the back-off stays
 * until there is one.
 * covers: 6298-3-karn */
TEST(karn)
{
    struct peer *p = after_a_sample();

    MARK();
    WRITES(p, 100);
    SENDS(p, .flags = ACK, .seq = 1, .ack = 1, .text = 100);
    AFTER(MS(1800));
    SENDS(p, .flags = ACK, .seq = 1, .ack = 1, .text = 100, .at = MS(1800));
    AFTER(MS(1));
    ARRIVES(p, .flags = ACK, .seq = 1, .ack = 101); /* of the first copy, or in 1 ms of the second */
    MARK();
    WRITES(p, 100);
    SENDS(p, .flags = ACK, .seq = 101, .ack = 1, .text = 100);
    AFTER(MS(3600));
    SENDS(p, .flags = ACK, .seq = 101, .ack = 1, .text = 100, .at = MS(3600));
    ARRIVES(p, .flags = ACK, .seq = 1, .ack = 201);
    /* a clean round trip of 600 ms: SRTT stays, RTTVAR = 3/4 * 300, RTO = 600 + 900 ms */
    WRITES(p, 100);
    SENDS(p, .flags = ACK, .seq = 201, .ack = 1, .text = 100);
    AFTER(MS(600));
    ARRIVES(p, .flags = ACK, .seq = 1, .ack = 301);
    MARK();
    WRITES(p, 100);
    SENDS(p, .flags = ACK, .seq = 301, .ack = 1, .text = 100);
    AFTER(MS(1500));
    SENDS(p, .flags = ACK, .seq = 301, .ack = 1, .text = 100, .at = MS(1500));
}

static int64_t rto_of(const struct peer *p)
{
    return US(row_of(p).tcp_info.tcpi_rto);
}

/* With timestamps the echo tells which copy it was: a sample, and the end of the back-off.
 * covers: 6298-3-karn */
TEST(timestamps_tell_copies_apart)
{
    struct peer *p;
    int64_t rto;

    begin();
    p = ACCEPTED(.rtt = MS(600), .timestamps = true);
    rto = rto_of(p);
    WRITES(p, 100);
    SENDS(p, .flags = ACK, .seq = 1, .ack = 1, .text = 100);
    AFTER(rto);
    SENDS(p, .flags = ACK, .seq = 1, .ack = 1, .text = 100);
    assert_true(rto_of(p) == 2 * rto);
    AFTER(MS(600));
    ARRIVES(p, .flags = ACK, .seq = 1, .ack = 101); /* echoes the newest */
    assert_in_range(rto_of(p), SEC(1), rto); /* a steady 600 ms: it falls */
    rto = rto_of(p);
    MARK();
    WRITES(p, 100);
    SENDS(p, .flags = ACK, .seq = 101, .ack = 1, .text = 100);
    AFTER(rto);
    SENDS(p, .flags = ACK, .seq = 101, .ack = 1, .text = 100, .at = rto);
}

/* "When an ACK is received that acknowledges new data, restart": from that ACK, by the new RTO.
 * covers: 6298-5.3 6298-2.3 */
TEST(restarts_with_every_new_ack)
{
    struct peer *p = after_a_sample();

    SETS(p, LASTACK_TCP_NODELAY, 1);
    MARK();
    WRITES(p, 100);
    AFTER(MS(100));
    WRITES(p, 100);
    SENDS(p, .flags = ACK, .seq = 1, .ack = 1, .text = 100);
    SENDS(p, .flags = ACK, .seq = 101, .ack = 1, .text = 100);
    AFTER(MS(900));
    ARRIVES(p, .flags = ACK, .seq = 1, .ack = 101);
    /* RTTVAR = 3/4 * 300 + 1/4 * 400 = 325, SRTT = 7/8 * 600 + 1/8 * 1000 = 650, RTO = 1950 ms */
    AFTER(MS(1950));
    SENDS(p, .flags = ACK, .seq = 101, .ack = 1, .text = 100, .at = MS(2950));
}

/* covers: 6298-5.2 */
TEST(off_when_nothing_is_outstanding)
{
    struct peer *p = after_a_sample();

    WRITES(p, 100);
    SENDS(p, .flags = ACK, .seq = 1, .ack = 1, .text = 100);
    assert_int_equal(row_of(p).timer, LASTACK_TIMER_RETRANSMIT);
    AFTER(MS(600));
    ARRIVES(p, .flags = ACK, .seq = 1, .ack = 101);
    assert_int_equal(row_of(p).timer, -1);
    AFTER(SEC(1000));
    SENDS_NOTHING(p);
}

/* A duplicate ACK, or an old one, does not push the timer away.
 * covers: 6298-5.3 */
TEST(other_acks_do_not_restart_it)
{
    struct peer *p = after_a_sample();

    MARK();
    WRITES(p, 100);
    SENDS(p, .flags = ACK, .seq = 1, .ack = 1, .text = 100);
    AFTER(MS(1700));
    ARRIVES(p, .flags = ACK, .seq = 1, .ack = 1);
    AFTER(MS(100));
    SENDS(p, .flags = ACK, .seq = 1, .ack = 1, .text = 100, .at = MS(1800));
}

/* The SYN was sent again: no sample is taken from its ACK, and text begins with 3 s.
 * covers: 6298-5.7 */
TEST(three_seconds_after_a_lost_syn)
{
    struct peer *p;

    begin();
    p = peer_at(PEER_PORT);
    CONNECTS(p);
    AFTER(SEC(1));
    ARRIVES(p, .flags = SYN | ACK, .seq = 0, .ack = 1);
    FORGET(p);
    MARK();
    WRITES(p, 100);
    SENDS(p, .flags = ACK, .seq = 1, .ack = 1, .text = 100);
    AFTER(SEC(3));
    SENDS(p, .flags = ACK, .seq = 1, .ack = 1, .text = 100, .at = SEC(3));
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        RUN(one_sample_then_doubling),
        RUN(never_below_a_second),
        RUN(never_above_the_maximum),
        RUN(karn),
        RUN(timestamps_tell_copies_apart),
        RUN(restarts_with_every_new_ack),
        RUN(off_when_nothing_is_outstanding),
        RUN(other_acks_do_not_restart_it),
        RUN(three_seconds_after_a_lost_syn),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
