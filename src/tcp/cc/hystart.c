/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * hystart.c: see hystart.h. RFC 9406 §4.2; only while ssthresh is infinite (§4.3).
 */
#include "hystart.h"

#include "duration.h"

enum { SAMPLES_MIN = 8, CSS_ROUNDS = 5, CSS_DIVISOR = 4, LOW_WINDOW_SEGS = 16 };

static uint32_t delay_threshold(uint32_t rtt_us)
{
    return min32(max32(rtt_us / 8, 4000), 16000);
}

static void leave_slow_start(struct cc *cc)
{
    cc->ssthresh = cc->cwnd;
    cc->css = 0;
}

/* A round trip is over when what was sent last at its beginning is acknowledged. */
static void next_round(struct cc *cc, const struct cc_round *round)
{
    cc->round_end = round->nxt;
    cc->samples = 0;
    if (round->hystart == LASTACK_HYSTART_LINUX) {
        cc->round_before_us = min32(cc->round_before_us, cc->round_min_us);
    } else if (cc->css > 0) {
        if (--cc->css == 0)
            leave_slow_start(cc);
    } else {
        cc->round_before_us = cc->round_min_us;
    }
    cc->round_min_us = UINT32_MAX;
}

/* The least round trip is that of text: a handshake is often faster than any text after it, and
 * then the first rounds would look like a queue. */
static void linux_test(struct cc *cc, uint32_t rtt_us)
{
    const uint32_t least_us = cc->round_before_us = min32(cc->round_before_us, rtt_us);

    if (cc->samples < SAMPLES_MIN)
        cc->samples++;
    else if (cc->round_min_us > least_us + delay_threshold(least_us))
        leave_slow_start(cc);
}

static void rfc_test(struct cc *cc)
{
    if (cc->samples < SAMPLES_MIN && ++cc->samples < SAMPLES_MIN)
        return;
    if (cc->css > 0) {
        if (cc->round_min_us < cc->round_before_us)
            cc->css = 0; /* a false alarm: round_before_us was the baseline */
        return;
    }
    if (cc->round_before_us == UINT32_MAX ||
        cc->round_min_us < cc->round_before_us + delay_threshold(cc->round_before_us))
        return;
    cc->css = CSS_ROUNDS;
    cc->round_before_us = cc->round_min_us;
}

void hystart_round_trip(struct cc *cc, const struct cc_round *round)
{
    const uint32_t rtt_us = (uint32_t)min64(round->rtt_ns / 1000, INT32_MAX);

    if (round->hystart == LASTACK_HYSTART_OFF)
        return;
    if (seq_after(round->una, cc->round_end) ||
        (cc->round_min_us == UINT32_MAX && cc->round_before_us == UINT32_MAX))
        next_round(cc, round);
    if (cc->ssthresh != CC_INFINITE)
        return;
    if (round->hystart == LASTACK_HYSTART_LINUX && cc->cwnd < LOW_WINDOW_SEGS * cc->mss) {
        cc->round_before_us = min32(cc->round_before_us, rtt_us);
        return;
    }
    cc->round_min_us = min32(cc->round_min_us, rtt_us);
    if (round->hystart == LASTACK_HYSTART_LINUX)
        linux_test(cc, rtt_us);
    else
        rfc_test(cc);
}

uint32_t hystart_growth(const struct cc *cc, uint32_t acked)
{
    return cc->css > 0 && cc->ssthresh == CC_INFINITE ? acked / CSS_DIVISOR : acked;
}
