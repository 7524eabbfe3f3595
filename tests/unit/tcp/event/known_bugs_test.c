/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * known_bugs_test.c: RFC 2525, "Known TCP Implementation Problems": each as a test that the bug
 * would fail. (Those of its list that are the plain opposite of another requirement are named where
 * that one is tested.)
 */
#include "peer.h"

/* Reno, no delays of the receiver's own, buffers that are in nobody's way. */
static void restart_plain(uint32_t initial_cwnd_segs)
{
    struct lastack_config config;

    peer_config(&config);
    config.params.congestion = LASTACK_CC_NEWRENO;
    config.params.initial_cwnd_segs = initial_cwnd_segs;
    config.params.send_buffer = 4 << 20;
    config.params.quick_ack = LASTACK_QUICK_ACK_NEVER;
    config.params.frto = false; /* it would see that what these peers "lost" was late */
    restart(&config);
}

static uint32_t cwnd_of(const struct peer *p)
{
    return row_of(p).tcp_info.tcpi_snd_cwnd;
}

/* §2.1, "No initial slow start": the window is wide open, and only IW leaves; then two segments for
 * one that was acknowledged.
 * covers: 2525-2.1 */
TEST(slow_start_at_the_beginning)
{
    struct peer *p, *q;

    restart_plain(10);
    p = ACCEPTED(.shift = 8, .rtt = MS(100));
    WRITES(p, 1460 * 200);
    assert_int_equal(packets_forgotten(p), 10);
    for (int i = 1; i <= 10; i++) {
        ARRIVES(p, .flags = ACK, .seq = 1, .ack = 1 + 1460 * i);
        assert_int_equal(packets_forgotten(p), 2);
    }
    restart_plain(1);
    q = CONNECTED(.shift = 8, .rtt = MS(100));
    WRITES(q, 1460 * 200);
    assert_int_equal(packets_forgotten(q), 1);
}

/* §2.2, "No slow start after retransmission timeout": one segment, then two for its ACK; never what
 * the old window would allow.
 * covers: 2525-2.2 */
TEST(slow_start_after_a_timeout)
{
    struct peer *p;

    restart_plain(10);
    p = ACCEPTED(.shift = 8, .rtt = MS(100));
    WRITES(p, 1460 * 40);
    assert_int_equal(packets_forgotten(p), 10);
    AFTER(MS(300));
    assert_int_equal(packets_forgotten(p), 1);
    AFTER(MS(600));
    assert_int_equal(packets_forgotten(p), 1);
    ARRIVES(p, .flags = ACK, .seq = 1, .ack = 1461);
    assert_in_range(packets_forgotten(p), 1, 2);
    ARRIVES(p, .flags = ACK, .seq = 1, .ack = 2921);
    assert_in_range(packets_forgotten(p), 1, 2);
    assert_in_range(cwnd_of(p), 1, 3);
}

/* §2.4 wants the same octets again, however the segments are cut the second time: ten small ones
 * were lost, what comes again is one. (SENDS verifies every octet by its sequence number.)
 * covers: 2525-2.4 */
TEST(retransmitted_octets_are_the_same)
{
    struct peer *p;

    restart_plain(20);
    p = ACCEPTED(.rtt = MS(100));
    SETS(p, LASTACK_TCP_NODELAY, 1);
    for (int i = 0; i < 10; i++) {
        WRITES(p, 137);
        SENDS(p, .flags = ACK, .seq = 1 + 137 * i, .ack = 1, .text = 137);
    }
    AFTER(MS(300));
    SENDS(p, .flags = ACK, .seq = 1, .ack = 1, .text = 1370);
    ARRIVES(p, .flags = ACK, .seq = 1, .ack = 501); /* a part of it: the rest once more */
    (void)packets_forgotten(p);
    AFTER(SEC(1));
    SENDS(p, .flags = ACK, .seq = 501, .ack = 1, .text = 870);
    WRITES(p, 1460);
    FORGET(p);
}

/* §2.6, "Extra additive constant in congestion avoidance": a window per round trip, no more: one
 * segment larger than the one before, for twenty round trips.
 * covers: 2525-2.6 */
TEST(congestion_avoidance_adds_one_segment_a_round)
{
    struct peer *p;
    int64_t sent = 0, acked = 0;
    uint32_t cwnd, last;

    restart_plain(10);
    p = ACCEPTED(.shift = 8, .rtt = MS(100));
    WRITES(p, 1460 * 1000);
    sent += packets_forgotten(p);
    AFTER(MS(300)); /* a timeout, so that there is an ssthresh */
    (void)packets_forgotten(p);
    for (int i = 0; i < 30 && row_of(p).tcp_info.tcpi_ca_state != 0; i++) {
        acked = sent;
        ARRIVES(p, .flags = ACK, .seq = 1, .ack = 1 + 1460 * acked);
        sent += packets_forgotten(p);
    }
    while (cwnd_of(p) < 6) { /* out of slow start: ssthresh is 5 */
        ARRIVES(p, .flags = ACK, .seq = 1, .ack = 1 + 1460 * ++acked);
        sent += packets_forgotten(p);
    }
    last = cwnd_of(p);
    for (int round = 0; round < 20; round++) {
        const int64_t end = sent;

        AFTER(MS(100));
        while (acked < end) {
            ARRIVES(p, .flags = ACK, .seq = 1, .ack = 1 + 1460 * ++acked);
            sent += packets_forgotten(p);
        }
        cwnd = cwnd_of(p);
        assert_in_range(cwnd, last, last + 1);
        last = cwnd;
    }
    assert_in_range(last, 24, 27);
}

/* §2.7, "Initial RTO too low": a path of 900 ms sees no segment twice, neither SYN nor text.
 * covers: 2525-2.7 */
TEST(the_first_timeout_is_not_too_short)
{
    struct peer *p = CONNECTED(.rtt = MS(900));
    struct peer *q = peer_at(PEER_PORT + 1);
    struct peer *r = peer_at(PEER_PORT + 2);

    WRITES(p, 100);
    SENDS(p, .flags = ACK, .seq = 1, .ack = 1, .text = 100);
    AFTER(MS(900));
    SENDS_NOTHING(p);
    ARRIVES(p, .flags = ACK, .seq = 1, .ack = 101);
    LISTENS(1);
    ARRIVES(q, .flags = SYN, .seq = 0);
    FORGET(q);
    AFTER(SEC(1) - 1);
    SENDS_NOTHING(q);
    ARRIVES(q, .flags = RST, .seq = 1);
    FORGET(q);
    /* the SYN had to be repeated: there is no sample, and the first text is given at least 1 s */
    CONNECTS(r);
    AFTER(SEC(1));
    FORGET(r);
    ARRIVES(r, .flags = SYN | ACK, .seq = 0, .ack = 1);
    WRITES(r, 100);
    FORGET(r);
    AFTER(SEC(1) - 1);
    SENDS_NOTHING(r);
}

/* §2.8, "Failure of window deflation after loss recovery": what duplicate ACKs let grow is taken
 * back when recovery ends; no burst follows.
 * covers: 2525-2.8 */
TEST(the_window_is_deflated_after_recovery)
{
    struct peer *p;
    uint32_t fresh, burst;

    restart_plain(20);
    p = ACCEPTED(.shift = 8, .rtt = MS(100));
    WRITES(p, 1460 * 200);
    assert_int_equal(packets_forgotten(p), 20);
    AFTER(MS(100));
    for (int i = 0; i < 19; i++) /* the first of them was lost */
        ARRIVES(p, .flags = ACK, .seq = 1, .ack = 1);
    fresh = packets_forgotten(p) - 1; /* but for the one that came again */
    AFTER(MS(100));
    ARRIVES(p, .flags = ACK, .seq = 1, .ack = 1 + 1460 * (20 + fresh));
    burst = packets_forgotten(p);
    assert_int_equal(row_of(p).tcp_info.tcpi_ca_state, 0);
    assert_in_range(row_of(p).tcp_info.tcpi_snd_ssthresh, 10, 11);
    assert_in_range(cwnd_of(p), 2, 12);
    assert_in_range(row_of(p).tcp_info.tcpi_unacked, 1, 12);
    assert_in_range(burst, 1, 11);
}

/* §2.13, "Stretch ACK violation": at least one ACK for two full segments, quick or not, in batches
 * or one by one.
 * covers: 2525-2.13 */
TEST(no_stretch_acks)
{
    for (unsigned policy = 0; policy < 2; policy++) {
        struct lastack_config config;
        struct peer *p;
        uint32_t acks;

        peer_config(&config);
        config.params.quick_ack = policy == 0 ? LASTACK_QUICK_ACK_NEVER : LASTACK_QUICK_ACK_LINUX;
        restart(&config);
        p = ACCEPTED(.rtt = MS(10));
        for (int i = 0; i < 40; i++) {
            ARRIVES(p, .flags = ACK, .seq = 1 + 1460 * i, .ack = 1, .text = 1460);
            READS(p, 1460);
        }
        acks = packets_forgotten(p);
        assert_true(acks >= 20);
        AFTER(SEC(1));
        FORGET(p);
    }
}

/* §2.14, "Retransmission sends multiple packets": a timeout sends one segment, full although it
 * carries options, and so do three duplicate ACKs; no crumb behind it.
 * covers: 2525-2.14 */
TEST(one_loss_one_segment)
{
    struct peer *p, *q;

    restart_plain(4);
    p = ACCEPTED(.timestamps = true, .rtt = MS(100));
    WRITES(p, 1448 * 4);
    assert_int_equal(packets_forgotten(p), 4);
    AFTER(MS(300));
    SENDS(p, .flags = ACK, .seq = 1, .ack = 1, .text = 1448);
    SENDS_NOTHING(p);
    q = accepted_with(PEER_PORT + 1, &(struct opening){.timestamps = true, .rtt = MS(100)});
    WRITES(q, 1448 * 4);
    assert_int_equal(packets_forgotten(q), 4);
    AFTER(MS(100));
    for (int i = 0; i < 3; i++)
        ARRIVES(q, .flags = ACK, .seq = 1, .ack = 1);
    SENDS(q, .flags = ACK, .seq = 1, .ack = 1, .text = 1448);
    SENDS_NOTHING(q);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        RUN(slow_start_at_the_beginning),
        RUN(slow_start_after_a_timeout),
        RUN(retransmitted_octets_are_the_same),
        RUN(congestion_avoidance_adds_one_segment_a_round),
        RUN(the_first_timeout_is_not_too_short),
        RUN(the_window_is_deflated_after_recovery),
        RUN(no_stretch_acks),
        RUN(one_loss_one_segment),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
