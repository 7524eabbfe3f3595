/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * congestion_test.c: the congestion window as the peer sees it, the way the RFCs have it: NewReno
 * (RFC 5681, RFC 6582) and Limited Transmit (RFC 3042), mostly without SACK.
 *
 *      packets   1 ... 10 | 11 12 | 1 again      what a window of ten lets out while the first
 *      ACKs                 1  1    1            is missing and duplicate ACKs come
 *
 * cwnd counts bytes here, PRR and F-RTO are off: cwnd is ssthresh from the first moment of an
 * episode, and what leaves is cwnd less what is thought to be in the network.
 */
#include "peer.h"

enum { SEG = 1000, INITIAL = 10 };

static const uint32_t INFINITE = 0x7fffffff;

static void rfc_config(struct lastack_config *config)
{
    struct lastack_params *params = &config->params;

    peer_config(config);
    params->congestion = LASTACK_CC_NEWRENO;
    params->loss_detection = LASTACK_LOSS_SACK;
    params->prr = LASTACK_PRR_OFF;
    params->hystart = LASTACK_HYSTART_OFF;
    params->rto_formula = LASTACK_RTO_RFC6298;
    params->rto_initial_ns = params->rto_min_ns = SEC(1);
    params->initial_cwnd_segs = INITIAL;
    params->initial_cwnd_bytes = 14600;
    params->slow_start_limit = 2;
    params->send_accounting = LASTACK_SNDBUF_BYTES;
    params->send_buffer = params->send_buffer_max = 200000;
    params->tail_loss_probe = params->frto = false;
    params->idle_restart_at_once = params->impatient_newreno = true;
    params->cwnd_counts_segs = params->ssthresh_from_cwnd = false;
}

static void begin(void)
{
    struct lastack_config config;

    rfc_config(&config);
    restart(&config);
}

static uint32_t cwnd_of(const struct peer *p)
{
    return row_of(p).tcp_info.tcpi_snd_cwnd;
}

static uint32_t ssthresh_of(const struct peer *p)
{
    return row_of(p).tcp_info.tcpi_snd_ssthresh;
}

static uint32_t ca_state_of(const struct peer *p)
{
    return row_of(p).tcp_info.tcpi_ca_state;
}

static void acks(struct peer *p, int64_t ack)
{
    ARRIVES(p, .flags = ACK, .seq = 1, .ack = ack);
}

static void sends_at(struct peer *p, int64_t seq)
{
    SENDS(p, .flags = ACK, .seq = seq, .ack = 1, .text = SEG);
}

/* So many segments are written, the first ten have left; the round trip takes 100 ms. */
static struct peer *written(uint32_t segs)
{
    struct peer *p = ACCEPTED(.shift = 8, .rtt = MS(100), .mss = SEG);

    WRITES(p, segs * SEG);
    assert_int_equal(packets_forgotten(p), segs < INITIAL ? segs : INITIAL);
    AFTER(MS(100));
    return p;
}

/* ... and the third duplicate has brought the first one back. */
static struct peer *recovering(uint32_t segs)
{
    struct peer *p = written(segs);

    for (unsigned i = 0; i < 3; i++)
        acks(p, 1);
    assert_int_equal(ca_state_of(p), 3);
    assert_int_equal(ssthresh_of(p), INITIAL / 2);
    return p;
}

/* ---- the handshake ---- */

/* 10001 bytes: a window that the handshake made a byte larger would let the last one out.
 * covers: 5681-3.1-HS */
TEST(a_handshake_is_no_growth)
{
    struct peer *p, *q;

    begin();
    p = ACCEPTED(.shift = 8, .rtt = MS(100), .mss = SEG);
    assert_int_equal(cwnd_of(p), INITIAL);
    SETS(p, LASTACK_TCP_NODELAY, 1);
    WRITES(p, INITIAL * SEG + 1);
    assert_int_equal(packets_forgotten(p), INITIAL);
    q = connected_with(PEER_PORT + 1, &(struct opening){.shift = 8, .rtt = MS(100), .mss = SEG});
    assert_int_equal(cwnd_of(q), INITIAL);
    SETS(q, LASTACK_TCP_NODELAY, 1);
    WRITES(q, INITIAL * SEG + 1);
    assert_int_equal(packets_forgotten(q), INITIAL);
    FORGET(p);
    FORGET(q);
}

/* ---- a window that is no multiple of a segment ---- */

/* All that is out is acknowledged, segment by segment, `rtt` after it left. Returns what left. */
static uint32_t round_trip(struct peer *p, int64_t *acked, uint32_t out, int64_t rtt)
{
    AFTER(rtt);
    for (uint32_t i = 0; i < out; i++)
        acks(p, *acked += SEG);
    return packets_forgotten(p);
}

/* HyStart++ grew it by quarters of segments, and ended. What is left of it holds no segment: it is
 * full, and grows in congestion avoidance as any other.
 * covers: 5681-3.1-ca 9406-4.2-css */
TEST(a_window_with_a_fraction_of_a_segment_grows)
{
    struct lastack_config config;
    int64_t acked = 1;
    uint32_t out, cwnd;
    struct peer *p;

    rfc_config(&config);
    config.params.congestion = LASTACK_CC_CUBIC;
    config.params.hystart = LASTACK_HYSTART_RFC9406;
    config.params.send_buffer = config.params.send_buffer_max = 2000000;
    restart(&config);
    p = ACCEPTED(.shift = 8, .rtt = MS(100), .mss = SEG);
    SETS(p, LASTACK_TCP_NODELAY, 1);
    WRITES(p, 9 * SEG);
    WRITES(p, 100); /* the quarters of segments never make a whole one with it */
    assert_int_equal(packets_forgotten(p), INITIAL);
    WRITES(p, 1500 * SEG);
    AFTER(MS(100));
    acks(p, acked += 9 * SEG);
    acks(p, acked += 100);
    out = packets_forgotten(p);
    for (int i = 0; i < 12 && ssthresh_of(p) == INFINITE; i++)
        out = round_trip(p, &acked, out, MS(150));
    cwnd = ssthresh_of(p);
    assert_in_range(cwnd, 2 * INITIAL, 10 * INITIAL);
    for (int i = 0; i < 6; i++)
        out = round_trip(p, &acked, out, MS(150));
    assert_in_range(cwnd_of(p), cwnd + 2, cwnd + 30);
    FORGET(p);
}

/* ---- duplicate ACKs ---- */

/* covers: 3042-2 */
TEST(limited_transmit)
{
    struct peer *p;

    begin();
    p = written(20);
    acks(p, 1);
    sends_at(p, 10001);
    SENDS_NOTHING(p);
    acks(p, 1);
    sends_at(p, 11001);
    SENDS_NOTHING(p);
    assert_int_equal(cwnd_of(p), INITIAL);
    assert_int_equal(ssthresh_of(p), INFINITE);
    acks(p, 1); /* the third is fast retransmit, and no more than cwnd + 2 are out */
    sends_at(p, 1);
    SENDS_NOTHING(p);
    FORGET(p);
}

/* The peer's window has room for one segment more, then for none.
 * covers: 3042-2 */
TEST(limited_transmit_within_the_offered_window)
{
    struct peer *p;

    begin();
    p = ACCEPTED(.rtt = MS(100), .mss = SEG, .win = 11 * SEG);
    WRITES(p, 20 * SEG);
    assert_int_equal(packets_forgotten(p), INITIAL);
    AFTER(MS(100));
    ARRIVES(p, .flags = ACK, .seq = 1, .ack = 1, .win = 11 * SEG);
    sends_at(p, 10001);
    ARRIVES(p, .flags = ACK, .seq = 1, .ack = 1, .win = 11 * SEG);
    SENDS_NOTHING(p);
    FORGET(p);
}

/* With SACK only what is newly sacked has left the network.
 * covers: 3042-2 5681-2-dup */
TEST(limited_transmit_with_sack)
{
    struct peer *p;

    begin();
    p = ACCEPTED(.shift = 8, .rtt = MS(100), .mss = SEG, .sack = true);
    WRITES(p, 20 * SEG);
    assert_int_equal(packets_forgotten(p), INITIAL);
    AFTER(MS(100));
    for (unsigned i = 0; i < 4; i++) {
        acks(p, 1);
        SENDS_NOTHING(p);
    }
    ARRIVES(p, .flags = ACK, .seq = 1, .ack = 1, .sack = {{1001, 2001}});
    sends_at(p, 10001);
    for (unsigned i = 0; i < 4; i++) {
        ARRIVES(p, .flags = ACK, .seq = 1, .ack = 1, .sack = {{1001, 2001}});
        SENDS_NOTHING(p);
    }
    assert_int_equal(cwnd_of(p), INITIAL);
    FORGET(p);
}

/* None of what came counted: it still takes three. */
static void three_more(struct peer *p, int64_t seq, int64_t ack, int32_t win)
{
    assert_int_equal(row_of(p).tcp_info.tcpi_total_retrans, 0);
    assert_int_equal(ca_state_of(p), 0);
    FORGET(p);
    for (unsigned i = 0; i < 3; i++) {
        assert_int_equal(row_of(p).tcp_info.tcpi_total_retrans, 0);
        ARRIVES(p, .flags = ACK, .seq = seq, .ack = ack, .win = win);
    }
    assert_int_equal(row_of(p).tcp_info.tcpi_total_retrans, 1);
    assert_int_equal(ca_state_of(p), 3);
    FORGET(p);
}

/* covers: 5681-2-dup */
TEST(window_updates_are_no_duplicates)
{
    struct peer *p;

    begin();
    p = written(INITIAL);
    for (int32_t win = 60000; win < 60004; win++)
        ARRIVES(p, .flags = ACK, .seq = 1, .ack = 1, .win = win);
    SENDS_NOTHING(p);
    three_more(p, 1, 1, 60003);
}

/* covers: 5681-2-dup */
TEST(acks_with_text_are_no_duplicates)
{
    struct peer *p;

    begin();
    p = written(INITIAL);
    for (int64_t seq = 1; seq < 401; seq += 100)
        ARRIVES(p, .flags = ACK, .seq = seq, .ack = 1, .text = 100);
    READS(p, 400);
    three_more(p, 401, 1, 0);
}

/* A FIN that overtook the text before it, again and again.
 * covers: 5681-2-dup */
TEST(acks_with_fin_are_no_duplicates)
{
    struct peer *p;

    begin();
    p = written(INITIAL);
    for (unsigned i = 0; i < 4; i++)
        ARRIVES(p, .flags = FIN | ACK, .seq = 1001, .ack = 1);
    three_more(p, 1, 1, 0);
}

/* covers: 5681-2-dup */
TEST(old_acks_are_no_duplicates)
{
    struct peer *p;

    begin();
    p = written(INITIAL);
    acks(p, 2001);
    for (unsigned i = 0; i < 4; i++)
        acks(p, 1001);
    SENDS_NOTHING(p);
    three_more(p, 1, 2001, 0);
}

/* Nothing was outstanding when they came.
 * covers: 5681-2-dup */
TEST(idle_acks_are_no_duplicates)
{
    struct peer *p;

    begin();
    p = written(0);
    for (unsigned i = 0; i < 4; i++)
        acks(p, 1);
    SENDS_NOTHING(p);
    WRITES(p, INITIAL * SEG);
    assert_int_equal(packets_forgotten(p), INITIAL);
    three_more(p, 1, 1, 0);
}

/* ---- timeouts ---- */

/* ssthresh comes from cwnd here: computed again, from the loss window, it would be two.
 * covers: 5681-3.1-eq4b */
TEST(a_second_timeout_halves_nothing)
{
    struct lastack_config config;
    struct peer *p;

    rfc_config(&config);
    config.params.ssthresh_from_cwnd = true;
    restart(&config);
    p = written(INITIAL);
    AFTER(SEC(1));
    sends_at(p, 1);
    assert_int_equal(ssthresh_of(p), INITIAL / 2);
    assert_int_equal(cwnd_of(p), 1);
    AFTER(SEC(2));
    sends_at(p, 1);
    assert_int_equal(ssthresh_of(p), INITIAL / 2);
    AFTER(SEC(4));
    sends_at(p, 1);
    assert_int_equal(ssthresh_of(p), INITIAL / 2);
    assert_int_equal(cwnd_of(p), 1);
    FORGET(p);
}

/* One, two, four, then ssthresh, which is five, and from there a segment for a window.
 * covers: 5681-3.1-lw */
TEST(slow_start_after_a_timeout)
{
    struct peer *p;

    begin();
    p = written(30);
    AFTER(SEC(1));
    sends_at(p, 1);
    SENDS_NOTHING(p);
    assert_int_equal(cwnd_of(p), 1);
    acks(p, 1001);
    sends_at(p, 1001);
    sends_at(p, 2001);
    SENDS_NOTHING(p);
    assert_int_equal(cwnd_of(p), 2);
    acks(p, 2001);
    acks(p, 3001);
    for (int64_t seq = 3001; seq < 7001; seq += SEG)
        sends_at(p, seq);
    SENDS_NOTHING(p);
    assert_int_equal(cwnd_of(p), 4);
    for (int64_t ack = 4001; ack <= 8001; ack += SEG) {
        acks(p, ack);
        assert_int_equal(cwnd_of(p), 5);
    }
    acks(p, 9001); /* the fifth in congestion avoidance */
    assert_int_equal(cwnd_of(p), 6);
    FORGET(p);
}

/* ---- idle ---- */

/* A window of forty, all of it used. */
static struct peer *forty(void)
{
    struct peer *p = ACCEPTED(.shift = 8, .rtt = MS(100), .mss = SEG);
    int64_t una = 1;

    for (uint32_t leave = INITIAL; leave < 40; leave *= 2) { /* an ACK for two: it doubles */
        WRITES(p, leave * SEG);
        assert_int_equal(packets_forgotten(p), leave);
        AFTER(MS(100));
        for (uint32_t i = 0; i < leave; i += 2)
            acks(p, una += 2 * SEG);
    }
    assert_int_equal(cwnd_of(p), 40);
    return p;
}

/* So much leaves at once after so long, RTO being 1 s. */
static void leaves_after(int64_t idle, uint32_t segs)
{
    struct peer *p;

    begin();
    p = forty();
    AFTER(idle);
    WRITES(p, 40 * SEG);
    assert_int_equal(packets_forgotten(p), segs);
    assert_int_equal(cwnd_of(p), segs);
}

/* covers: 5681-4.1 */
TEST(a_window_after_idle)
{
    leaves_after(MS(800), 40);
    leaves_after(MS(1100), INITIAL); /* counted from the last departure */
    leaves_after(SEC(60), INITIAL);
}

/* ---- NewReno ---- */

/* Up to `recover` everything is acknowledged; duplicates of that ACK may stem from what was sent
 * twice. Those of an ACK beyond it tell of a loss.
 * covers: 6582-3.2-1 */
TEST(no_second_halving_after_recovery)
{
    struct peer *p;

    begin();
    p = recovering(INITIAL);
    sends_at(p, 1);
    acks(p, 10001);
    WRITES(p, 5 * SEG);
    for (int64_t seq = 10001; seq < 15001; seq += SEG)
        sends_at(p, seq);
    for (unsigned i = 0; i < 4; i++)
        acks(p, 10001);
    SENDS_NOTHING(p);
    assert_int_equal(ssthresh_of(p), 5);
    assert_int_equal(cwnd_of(p), 5);
    acks(p, 11001);
    for (unsigned i = 0; i < 3; i++) {
        SENDS_NOTHING(p);
        acks(p, 11001);
    }
    sends_at(p, 11001);
    assert_int_equal(ssthresh_of(p), 2);
    FORGET(p);
}

/* ... nor after a timeout, until `recover` is passed.
 * covers: 6582-3.2-1 6582-3.2-4 */
TEST(no_fast_retransmit_after_a_timeout)
{
    struct peer *p;

    begin();
    p = written(INITIAL);
    AFTER(SEC(1));
    sends_at(p, 1);
    for (unsigned i = 0; i < 4; i++)
        acks(p, 1);
    SENDS_NOTHING(p);
    acks(p, 1001);
    sends_at(p, 1001);
    sends_at(p, 2001);
    for (unsigned i = 0; i < 4; i++)
        acks(p, 1001);
    SENDS_NOTHING(p);
    acks(p, 10001);
    WRITES(p, 2 * SEG);
    sends_at(p, 10001);
    sends_at(p, 11001);
    for (unsigned i = 0; i < 4; i++)
        acks(p, 10001);
    SENDS_NOTHING(p);
    assert_int_equal(ssthresh_of(p), 5);
    assert_int_equal(row_of(p).tcp_info.tcpi_total_retrans, 3);
    FORGET(p);
}

/* A timeout in recovery ends it, and `recover` is now what was sent last, not what had been sent
 * when the episode began.
 * covers: 6582-3.2-4 */
TEST(a_timeout_in_recovery)
{
    struct peer *p;

    begin();
    p = recovering(30);
    sends_at(p, 10001);
    sends_at(p, 11001);
    sends_at(p, 1); /* recover: 12000 */
    for (unsigned i = 0; i < 8; i++)
        acks(p, 1);
    for (int64_t seq = 12001; seq < 16001; seq += SEG)
        sends_at(p, seq);
    SENDS_NOTHING(p);
    AFTER(SEC(1));
    sends_at(p, 1); /* recover: 16000 */
    SENDS_NOTHING(p);
    assert_int_equal(ca_state_of(p), 4);
    assert_int_equal(cwnd_of(p), 1);
    acks(p, 13001);
    assert_int_equal(ca_state_of(p), 4);
    assert_int_equal(cwnd_of(p), 2);
    sends_at(p, 13001);
    sends_at(p, 14001);
    for (unsigned i = 0; i < 4; i++)
        acks(p, 13001);
    SENDS_NOTHING(p);
    assert_int_equal(ca_state_of(p), 4);
    assert_int_equal(row_of(p).tcp_info.tcpi_total_retrans, 4);
    FORGET(p);
}

/* The window is ssthresh, and so much leaves, not what the duplicates had blown it up to.
 * covers: 6582-3.2-3a */
TEST(a_full_ack)
{
    struct peer *p;

    begin();
    p = recovering(30);
    sends_at(p, 10001); /* limited transmit */
    sends_at(p, 11001);
    sends_at(p, 1);
    for (unsigned i = 0; i < 8; i++)
        acks(p, 1);
    for (int64_t seq = 12001; seq < 16001; seq += SEG) /* eleven arrived, ssthresh is still out */
        sends_at(p, seq);
    SENDS_NOTHING(p);
    acks(p, 12001); /* all that was out when the loss was noticed */
    assert_int_equal(cwnd_of(p), 5);
    sends_at(p, 16001); /* four are out */
    SENDS_NOTHING(p);
    acks(p, 13001);
    assert_int_equal(ca_state_of(p), 0);
    assert_int_equal(cwnd_of(p), 5);
    sends_at(p, 17001);
    SENDS_NOTHING(p);
    FORGET(p);
}

/* The first and the fourth are lost. The ACK of three tells of the fourth: it is sent again at
 * once, and one new segment with it (three have been acknowledged, one comes back to the window:
 * RFC 6582 §3.2 step 3); no timer is needed.
 * covers: 6582-3.2-3b */
TEST(a_partial_ack)
{
    struct peer *p;

    begin();
    p = recovering(30);
    sends_at(p, 10001);
    sends_at(p, 11001);
    sends_at(p, 1);
    for (unsigned i = 0; i < 7; i++)
        acks(p, 1);
    for (int64_t seq = 12001; seq < 15001; seq += SEG)
        sends_at(p, seq);
    SENDS_NOTHING(p);
    acks(p, 3001);
    sends_at(p, 3001);
    sends_at(p, 15001);
    SENDS_NOTHING(p);
    assert_int_equal(ca_state_of(p), 3);
    assert_int_equal(cwnd_of(p), 5);
    assert_int_equal(ssthresh_of(p), 5);
    acks(p, 12001);
    acks(p, 13001);
    assert_int_equal(ca_state_of(p), 0);
    assert_int_equal(cwnd_of(p), 5);
    assert_int_equal(row_of(p).tcp_info.tcpi_total_retrans, 2);
    assert_int_equal(counted(LASTACK_CAUSE_RETRANSMISSION_TIMEOUT), 0);
    FORGET(p);
}

/* Every second one is lost, a round trip takes 300 ms: the first partial ACK sets the timer, those
 * behind it do not move it; where they do, it is the last that counts. */
static void times_out_at(bool impatient, int64_t at)
{
    struct lastack_config config;
    struct peer *p;

    rfc_config(&config);
    config.params.impatient_newreno = impatient;
    restart(&config);
    p = recovering(INITIAL);
    sends_at(p, 1);
    acks(p, 1);
    acks(p, 1);
    AFTER(MS(300));
    MARK();
    acks(p, 2001);
    sends_at(p, 2001);
    AFTER(MS(300));
    acks(p, 4001);
    sends_at(p, 4001);
    AFTER(MS(300));
    acks(p, 6001);
    sends_at(p, 6001);
    assert_int_equal(ca_state_of(p), 3);
    assert_int_equal(counted(LASTACK_CAUSE_RETRANSMISSION_TIMEOUT), 0);
    AFTER(SEC(1));
    SENDS(p, .flags = ACK, .seq = 6001, .ack = 1, .text = SEG, .at = at);
    SENDS_NOTHING(p);
    assert_int_equal(ca_state_of(p), 4);
}

/* covers: 6582-3.2-3b */
TEST(only_the_first_partial_ack_restarts_the_timer)
{
    times_out_at(true, SEC(1));
    times_out_at(false, MS(1600));
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        RUN(a_handshake_is_no_growth),
        RUN(a_window_with_a_fraction_of_a_segment_grows),
        RUN(limited_transmit),
        RUN(limited_transmit_within_the_offered_window),
        RUN(limited_transmit_with_sack),
        RUN(window_updates_are_no_duplicates),
        RUN(acks_with_text_are_no_duplicates),
        RUN(acks_with_fin_are_no_duplicates),
        RUN(old_acks_are_no_duplicates),
        RUN(idle_acks_are_no_duplicates),
        RUN(a_second_timeout_halves_nothing),
        RUN(slow_start_after_a_timeout),
        RUN(a_window_after_idle),
        RUN(no_second_halving_after_recovery),
        RUN(no_fast_retransmit_after_a_timeout),
        RUN(a_timeout_in_recovery),
        RUN(a_full_ack),
        RUN(a_partial_ack),
        RUN(only_the_first_partial_ack_restarts_the_timer),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
