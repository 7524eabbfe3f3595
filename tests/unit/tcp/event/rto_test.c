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

#include <string.h>

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
 * covers: 6298-3-karn 9293-MUST-18 */
TEST(karn)
{
    struct peer *p = after_a_sample();

    MARK();
    WRITES(p, 100);
    SENDS(p, .flags = ACK, .seq = 1, .ack = 1, .text = 100);
    AFTER(MS(1800));
    SENDS(p, .flags = ACK, .seq = 1, .ack = 1, .text = 100, .at = MS(1800));
    AFTER(MS(1));
    /* of the first copy, or in 1 ms of the second */
    ARRIVES(p, .flags = ACK, .seq = 1, .ack = 101);
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
    assert_in_range(rto_of(p), SEC(1), rto);        /* a steady 600 ms: it falls */
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

/* ---- Linux's beginnings ---- */

/* The first segment after a handshake leaves now: when does it leave again? */
static void first_text_again_after(struct peer *p, int64_t rto)
{
    FORGET(p);
    MARK();
    WRITES(p, 100);
    AFTER(2 * rto);
    SENDS(p, .flags = ACK, .seq = 1, .ack = 1, .text = 100);
    SENDS(p, .flags = ACK, .seq = 1, .ack = 1, .text = 100, .at = rto);
    FORGET(p);
}

/* The linux profile: a SYN waits 1 s, and text after it 3 s if it had to be repeated and there is
 * no timestamp that tells how long the round trip took.
 * covers: LNX-RTOINIT 6298-5.7 */
TEST(linux_beginnings)
{
    struct peer *p = peer_at(PEER_PORT);

    MARK();
    CONNECTS(p);
    STATE(p, CLOSED, SYN_SENT, CALL_CONNECT);
    SENDS(p, .flags = SYN, .seq = 0);
    AFTER(SEC(1));
    SENDS(p, .flags = SYN, .seq = 0, .at = SEC(1));
    AFTER(MS(100));
    ARRIVES(p, .flags = SYN | ACK, .seq = 0, .ack = 1);
    first_text_again_after(p, SEC(3));
}

/* The same for who was called: its SYN-ACK was repeated.
 * covers: LNX-RTOINIT */
TEST(linux_beginnings_of_a_listener)
{
    struct peer *p = peer_at(PEER_PORT);

    LISTENS(4);
    MARK();
    ARRIVES(p, .flags = SYN, .seq = 0);
    SENDS(p, .flags = SYN | ACK, .seq = 0, .ack = 1);
    AFTER(SEC(1));
    SENDS(p, .flags = SYN | ACK, .seq = 0, .ack = 1, .at = SEC(1));
    AFTER(MS(100));
    ARRIVES(p, .flags = ACK, .seq = 1, .ack = 1);
    ACCEPTS(p);
    first_text_again_after(p, SEC(3));
}

/* Nothing was repeated: the handshake's round trip is the first sample. */
TEST(linux_beginnings_without_a_loss)
{
    first_text_again_after(CONNECTED(.rtt = MS(100)), MS(300));
}

/* ---- samples ---- */

static uint32_t rtt_of(const struct peer *p)
{
    return row_of(p).tcp_info.tcpi_rtt;
}

/* A long transfer whose round trips take longer and longer: the estimate follows each of them,
 * without timestamps and although there is never a moment with nothing in flight.
 * covers: 6298-3-once */
TEST(a_sample_in_every_round_trip)
{
    struct lastack_config config;
    uint32_t una = 1, rtt;
    struct peer *p;

    peer_config(&config);
    config.params.rto_formula = LASTACK_RTO_RFC6298;
    config.params.rto_min_ns = SEC(1);
    restart(&config);
    p = ACCEPTED(.rtt = MS(100), .mss = 1000);
    rtt = rtt_of(p);
    assert_int_equal(rtt, 100000);
    WRITES(p, 2000);
    for (uint32_t round = 1; round <= 12; round++) {
        const uint32_t expected = (7 * rtt + 100000 + 20000 * round) / 8;

        AFTER(MS(100 + 20 * round));
        WRITES(p, 2000); /* these are on their way when the two before are acknowledged */
        assert_int_equal(row_of(p).tcp_info.tcpi_unacked, 4);
        una += 2000;
        ARRIVES(p, .flags = ACK, .seq = 1, .ack = una);
        rtt = rtt_of(p);
        assert_in_range(rtt, expected - 1, expected + 1);
    }
    FORGET(p);
}

/* ---- never early ---- */

enum { LOG_MOST = 4096 };

/* When each segment left last, by its sequence number; 0: never. */
struct departures {
    uint64_t trace_at;
    int64_t at[LOG_MOST];
    uint32_t again; /* how many left once more by the timer */
};

/* Reads what has left since the last time. No segment may have left again before `rto` was over. */
static void check_departures(struct departures *log, const struct peer *p, int64_t rto)
{
    struct lastack_trace_record record;
    uint64_t lost = 0;

    while (lastack_trace_read(world.stack, &log->trace_at, &record, 1, &lost) == 1) {
        const uint32_t slot = (record.u.detail.seq - p->iss - 1) / 100;

        assert_int_equal(lost, 0);
        if (record.what != LASTACK_TRACE_SEGMENT_OUT || record.u.detail.length == 0)
            continue;
        assert_true(slot < LOG_MOST);
        if (log->at[slot] != 0 && rto > 0) {
            assert_true(record.time_ns - log->at[slot] >= rto);
            log->again++;
        }
        log->at[slot] = record.time_ns;
    }
}

/* Text, ACKs and silence of any length in any order: what the timer sends again has always waited
 * for a whole RTO, counted from when it left last, however often the timer was restarted.
 * covers: 6298-5.0 */
TEST(never_early)
{
    static struct departures log;
    uint32_t una = 1, written = 0, random = 12345;
    struct lastack_config config;
    struct peer *p;

    memset(&log, 0, sizeof log);
    peer_config(&config);
    config.trace_classes |= LASTACK_TRACE_CLASS_SEGMENT;
    config.params.rto_formula = LASTACK_RTO_RFC6298;
    config.params.rto_min_ns = MS(300);
    config.params.rto_max_ns = SEC(1);
    restart(&config);
    p = ACCEPTED(.rtt = MS(200), .mss = 100);
    SETS(p, LASTACK_TCP_NODELAY, 1);
    for (unsigned i = 0; i < 2000; i++) {
        const uint32_t out = written - (una - 1);

        random = random * 1103515245u + 12345u;
        if ((random >> 16) % 8 < 3 && out < 1000 && written < (LOG_MOST - 1) * 100) {
            WRITES(p, 100);
            written += 100;
        } else if ((random >> 16) % 8 < 6 && out > 0 && row_of(p).tcp_info.tcpi_unacked > 0) {
            una += 100;
            ARRIVES(p, .flags = ACK, .seq = 1, .ack = una);
        }
        check_departures(&log, p, 0); /* what an ACK calls for is not the timer's */
        for (unsigned step = 0; step < (i % 8 == 0 ? 100 : (random >> 24) % 8); step++) {
            const int64_t rto = rto_of(p);

            AFTER(MS(20));
            check_departures(&log, p, rto);
        }
    }
    assert_in_range(log.again, 50, 3000);
    FORGET(p);
}

/* ---- the window and the timer together ---- */

static uint32_t cwnd_of(const struct peer *p)
{
    return row_of(p).tcp_info.tcpi_snd_cwnd;
}

/* One round trip: everything in flight is acknowledged, segment by segment. */
static uint32_t acknowledge_flight(struct peer *p, uint32_t una)
{
    const uint32_t flight = row_of(p).tcp_info.tcpi_unacked;

    AFTER(MS(100));
    for (uint32_t i = 0; i < flight; i++) {
        una += 1000;
        ARRIVES(p, .flags = ACK, .seq = 1, .ack = una);
    }
    return una;
}

/* Slow start doubles the window; a timeout halves the threshold, starts from one segment and
 * doubles the timer; above the threshold a segment is added per round trip.
 * covers: 9293-MUST-19 */
TEST(slow_start_avoidance_and_back_off)
{
    struct lastack_config config;
    uint32_t una = 1;
    struct peer *p;
    int64_t rto;

    peer_config(&config);
    config.params.congestion = LASTACK_CC_NEWRENO;
    config.params.hystart = LASTACK_HYSTART_OFF;
    config.params.frto = config.params.undo = false;
    config.params.send_buffer = 1 << 20;
    restart(&config);
    p = ACCEPTED(.shift = 8, .rtt = MS(100), .mss = 1000);
    WRITES(p, 300000);
    for (uint32_t cwnd = 10; cwnd <= 40; cwnd *= 2) {
        assert_int_equal(cwnd_of(p), cwnd);
        una = acknowledge_flight(p, una);
    }
    assert_int_equal(cwnd_of(p), 80);
    assert_int_equal(row_of(p).tcp_info.tcpi_unacked, 80);
    (void)packets_forgotten(p);
    rto = rto_of(p);
    MARK();
    AFTER(3 * rto);
    SENDS(p, .flags = ACK, .seq = una, .ack = 1, .text = 1000, .at = rto);
    SENDS(p, .flags = ACK, .seq = una, .ack = 1, .text = 1000, .at = 3 * rto);
    SENDS_NOTHING(p);
    assert_true(rto_of(p) == 4 * rto);
    assert_int_equal(cwnd_of(p), 1);
    assert_int_equal(row_of(p).tcp_info.tcpi_snd_ssthresh, 40);
    una += 80000; /* the flight was there after all */
    ARRIVES(p, .flags = ACK, .seq = 1, .ack = una);
    while (cwnd_of(p) < 40) {
        const uint32_t cwnd = cwnd_of(p);

        una = acknowledge_flight(p, una);
        assert_int_equal(cwnd_of(p), cwnd < 20 ? 2 * cwnd : cwnd_of(p));
    }
    for (uint32_t cwnd = cwnd_of(p), i = 1; i <= 3; i++) {
        una = acknowledge_flight(p, una);
        assert_int_equal(cwnd_of(p), cwnd + i);
    }
    FORGET(p);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        RUN(one_sample_then_doubling),          RUN(never_below_a_second),
        RUN(never_above_the_maximum),           RUN(karn),
        RUN(timestamps_tell_copies_apart),      RUN(restarts_with_every_new_ack),
        RUN(off_when_nothing_is_outstanding),   RUN(other_acks_do_not_restart_it),
        RUN(three_seconds_after_a_lost_syn),    RUN(linux_beginnings),
        RUN(linux_beginnings_of_a_listener),    RUN(linux_beginnings_without_a_loss),
        RUN(a_sample_in_every_round_trip),      RUN(never_early),
        RUN(slow_start_avoidance_and_back_off),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
