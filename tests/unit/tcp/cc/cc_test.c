/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * cc_test.c: windows ACK by ACK: NewReno (RFC 5681), CUBIC against its own formula (RFC 9438),
 * HyStart (RFC 9406 and Linux), restart after idle.
 */
#include "cc.h"

#include "duration.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>

#include <cmocka.h>

enum { SEG = 1000 };

static struct cc_ack ack_of(uint32_t segs, int64_t now)
{
    return (struct cc_ack){
        .acked = segs * SEG, .now = now, .rtt_min_ns = MS(100), .limit = CC_INFINITE};
}

static void ack(struct cc *cc, struct cc_state *state, const struct cc_ack *ack)
{
    cc_hooks(cc->algorithm)->on_ack(cc, state, ack);
}

/* covers: 6928-2 5681-3.1-IW 5681-3.1-ssinit */
static void initial_windows(void **state)
{
    struct lastack_params params = {.initial_cwnd_segs = 10, .initial_cwnd_bytes = 14600};
    struct cc cc;

    (void)state;
    assert_int_equal(cc_initial_segs(&params, 536), 10);
    assert_int_equal(cc_initial_segs(&params, 1460), 10);
    assert_int_equal(cc_initial_segs(&params, 8960), 2);
    cc_init(&cc, LASTACK_CC_NEWRENO, 1460, 10);
    assert_int_equal(cc.cwnd, 14600);
    assert_true(cc.ssthresh >= INT32_MAX);
}

/* Slow start counts bytes, at most L segments an ACK; then a segment a window; half of what was in
 * flight at a loss, two segments at the least.
 * covers: 5681-3.1-ss 3465-2.1 5681-3.1-ca 5681-3.1-eq4 */
static void newreno(void **state)
{
    struct cc_ack a = ack_of(1, 0);
    struct cc cc;

    (void)state;
    cc_init(&cc, LASTACK_CC_NEWRENO, SEG, 10);
    a.acked = 100;
    for (int i = 0; i < 10; i++)
        ack(&cc, NULL, &a);
    assert_int_equal(cc.cwnd, 11 * SEG); /* an ACK for each tenth of a segment: one segment */
    a.acked = 5 * SEG;
    a.limit = 2 * SEG;
    ack(&cc, NULL, &a);
    assert_int_equal(cc.cwnd, 13 * SEG);
    cc.ssthresh = 16 * SEG; /* more was acknowledged than up to there, but the limit is the limit */
    a.acked = 50 * SEG;
    ack(&cc, NULL, &a);
    assert_int_equal(cc.cwnd, 15 * SEG);
    cc.ssthresh = cc_hooks(cc.algorithm)->reduced(&cc, NULL, 13 * SEG);
    assert_int_equal(cc.ssthresh, 6 * SEG);
    assert_int_equal(cc_hooks(cc.algorithm)->reduced(&cc, NULL, 3 * SEG), 2 * SEG);
    cc.cwnd = 20 * SEG;
    a = ack_of(4, 0); /* stretch ACKs of four: the same as of one */
    for (int i = 0; i < 5; i++)
        ack(&cc, NULL, &a);
    assert_int_equal(cc.cwnd, 21 * SEG);
}

/* What was not used does not grow: the application held data back, and slow start used less than
 * half of it.
 * covers: 2861-3 */
static void unused_windows(void **state)
{
    struct cc cc;

    (void)state;
    cc_init(&cc, LASTACK_CC_NEWRENO, SEG, 20);
    assert_true(cc_was_used(&cc, true, 0));
    assert_false(cc_was_used(&cc, false, 10 * SEG));
    assert_true(cc_was_used(&cc, false, 10 * SEG + 1));
    cc.ssthresh = cc.cwnd; /* congestion avoidance */
    assert_true(cc_was_used(&cc, true, 0));
    assert_false(cc_was_used(&cc, false, 19 * SEG));
}

/* covers: 2861-3 LNX-SSIDLE */
static void idle_windows(void **state)
{
    struct cc cc;

    (void)state;
    cc_init(&cc, LASTACK_CC_NEWRENO, SEG, 10);
    cc.cwnd = 80 * SEG;
    cc.ssthresh = 30 * SEG;
    cc_after_idle(&cc, 10, 3);
    assert_int_equal(cc.cwnd, 10 * SEG);
    assert_int_equal(cc.ssthresh, 60 * SEG);
}

/* W(t) of RFC 9438 for W_max 1000, cwnd 700 at t = 0, C = 0.4: K = cbrt(300 / 0.4) = 9.086 s. */
static const struct {
    uint32_t seconds, segs;
} curve[] = {{1, 788}, {2, 857}, {4, 947}, {8, 999}, {10, 1000}, {12, 1009}, {14, 1047}};

/* covers: 9438-4.2 9438-4.4 9438-4.6 */
static void cubic_follows_its_curve(void **state)
{
    struct cc_state own = {0};
    struct cc cc;
    int64_t now = SEC(1);
    unsigned next = 0;

    (void)state;
    cc_init(&cc, LASTACK_CC_CUBIC, SEG, 1000);
    cc.ssthresh = cc_hooks(cc.algorithm)->reduced(&cc, &own, cc.cwnd);
    assert_in_range(cc.ssthresh, 699 * SEG, 701 * SEG); /* 0.7 */
    cc.cwnd = cc.ssthresh;
    while (next < sizeof curve / sizeof curve[0]) {
        const uint32_t window = cc.cwnd / SEG;
        struct cc_ack a;

        for (uint32_t i = 0; i < window; i++) { /* a round trip of 100 ms, an ACK per segment */
            a = ack_of(1, now + MS(100) * i / window);
            ack(&cc, &own, &a);
        }
        now += MS(100);
        if (now - SEC(1) < SEC(curve[next].seconds))
            continue;
        assert_in_range(cc.cwnd, curve[next].segs * SEG / 100 * 97,
                        curve[next].segs * SEG / 100 * 103);
        next++;
    }
}

/* covers: 9438-4.7 9438-4.8 9438-4.3 */
static void cubic_losses(void **state)
{
    const struct cc_hooks *hooks = cc_hooks(LASTACK_CC_CUBIC);
    struct cc_state own = {0};
    struct cc cc;

    (void)state;
    assert_string_equal(hooks->name, "cubic");
    cc_init(&cc, LASTACK_CC_CUBIC, SEG, 100);
    cc.ssthresh = hooks->reduced(&cc, &own, cc.cwnd);
    cc.cwnd = 80 * SEG; /* lost again before 100 was reached: room for others, W_max 0.85 * 80 */
    cc.ssthresh = cc.cwnd = hooks->reduced(&cc, &own, cc.cwnd);
    assert_int_equal(cc.ssthresh, 56 * SEG);
    /* at the plateau it is W_max that it comes to, 68, not 80 */
    for (int64_t now = SEC(1); now < SEC(1) + SEC(32) / 10; now += MS(10)) {
        struct cc_ack a = ack_of(6, now);

        a.rtt_min_ns = MS(1);
        ack(&cc, &own, &a);
    }
    assert_in_range(cc.cwnd, 65 * SEG, 78 * SEG);
    /* a timeout: the next epoch begins at its own plateau, convex at once */
    hooks->timed_out(&cc, &own);
    cc.cwnd = cc.ssthresh = 10 * SEG;
    for (int64_t now = SEC(50); now < SEC(55); now += MS(100)) {
        struct cc_ack a = ack_of(10, now);

        ack(&cc, &own, &a);
    }
    /* Reno alone would have about 50 rounds of 0.53 */
    assert_in_range(cc.cwnd, 20 * SEG, 70 * SEG);
}

static void round_of(struct cc *cc, uint32_t *seq, int64_t rtt_ns, enum lastack_hystart hystart)
{
    const uint32_t window = cc->cwnd / SEG;

    for (uint32_t i = 0; i < window && i < 40; i++) {
        struct cc_ack a = ack_of(1, 0);
        struct cc_round round = {.rtt_ns = rtt_ns, .una = seq_of(++*seq), .hystart = hystart};

        a.rtt_min_ns = MS(20);
        round.nxt = seq_of(*seq + (window < 40 ? window : 40));
        if (cc->ssthresh == CC_INFINITE)
            cc_hooks(cc->algorithm)->round_trip(cc, &round);
        ack(cc, NULL, &a);
    }
}

/* Round trips of 20 ms, then of 25: cautious for five rounds, then out; or back when they get short
 * again.
 * covers: 9406-4.2-rtt 9406-4.2-css */
static void hystart_plus_plus(void **state)
{
    uint32_t seq = 1;
    struct cc cc;

    (void)state;
    cc_init(&cc, LASTACK_CC_CUBIC, SEG, 10);
    round_of(&cc, &seq, MS(20), LASTACK_HYSTART_RFC9406);
    round_of(&cc, &seq, MS(20), LASTACK_HYSTART_RFC9406);
    assert_int_equal(cc.css, 0);
    round_of(&cc, &seq, MS(25), LASTACK_HYSTART_RFC9406);
    round_of(&cc, &seq, MS(25), LASTACK_HYSTART_RFC9406);
    assert_true(cc.css > 0);
    assert_int_equal(cc.ssthresh, CC_INFINITE);
    round_of(&cc, &seq, MS(20), LASTACK_HYSTART_RFC9406);
    round_of(&cc, &seq, MS(20), LASTACK_HYSTART_RFC9406);
    assert_int_equal(cc.css, 0); /* a false alarm */
    assert_int_equal(cc.ssthresh, CC_INFINITE);
    for (int i = 0; i < 9; i++)
        round_of(&cc, &seq, MS(30), LASTACK_HYSTART_RFC9406);
    assert_int_not_equal(cc.ssthresh, CC_INFINITE);
    assert_int_equal(cc.css, 0);
}

/* A loss ends a cautious slow start as it ends any: the next, after a timeout, is of full speed.
 * covers: 9406-4.3 5681-3.1-ss */
static void hystart_is_over_with_the_first_loss(void **state)
{
    struct cc_ack a = ack_of(1, 0);
    uint32_t seq = 1;
    struct cc cc;

    (void)state;
    cc_init(&cc, LASTACK_CC_CUBIC, SEG, 10);
    round_of(&cc, &seq, MS(20), LASTACK_HYSTART_RFC9406);
    round_of(&cc, &seq, MS(20), LASTACK_HYSTART_RFC9406);
    round_of(&cc, &seq, MS(25), LASTACK_HYSTART_RFC9406);
    round_of(&cc, &seq, MS(25), LASTACK_HYSTART_RFC9406);
    assert_true(cc.css > 0);
    cc.ssthresh = cc_hooks(cc.algorithm)->reduced(&cc, NULL, cc.cwnd);
    cc_hooks(cc.algorithm)->timed_out(&cc, NULL);
    cc.cwnd = SEG;
    for (int i = 0; i < 8; i++)
        ack(&cc, NULL, &a);
    assert_int_equal(cc.cwnd, 9 * SEG);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(initial_windows),
        cmocka_unit_test(newreno),
        cmocka_unit_test(unused_windows),
        cmocka_unit_test(idle_windows),
        cmocka_unit_test(cubic_follows_its_curve),
        cmocka_unit_test(cubic_losses),
        cmocka_unit_test(hystart_plus_plus),
        cmocka_unit_test(hystart_is_over_with_the_first_loss),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
