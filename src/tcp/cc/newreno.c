/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * newreno.c: slow start, congestion avoidance, multiplicative decrease: RFC 5681 §3, byte counting
 * of RFC 3465. What recovery itself sends is event/recover*.c's business (RFC 6582, 6675, 9937).
 *
 *     cwnd < ssthresh:   cwnd += acked, at most L segments an ACK: it doubles per round trip
 *     else:              cwnd += MSS per cwnd of acked bytes
 *     loss or timeout:   ssthresh = max(in flight / 2, 2 MSS)          (RFC 5681 (4))
 */
#include "cc.h"

#include "duration.h"

static void newreno_on_ack(struct cc *cc, struct cc_state *state, const struct cc_ack *ack)
{
    uint32_t acked = ack->acked;

    (void)state;
    if (cc->cwnd < cc->ssthresh)
        acked = cc_slow_start(cc, acked, ack->limit);
    if (acked > 0)
        cc_avoid(cc, cc->cwnd, acked);
}

static uint32_t newreno_reduced(struct cc *cc, struct cc_state *state, uint32_t from)
{
    const uint32_t half = from / 2;

    (void)state;
    cc->acked = 0;
    return max32(half - half % cc->mss, 2u * cc->mss);
}

static void newreno_timed_out(struct cc *cc, struct cc_state *state)
{
    (void)state;
    cc->acked = 0;
}

static void newreno_idle(struct cc *cc, struct cc_state *state, int64_t now, int64_t idle_ns)
{
    (void)cc;
    (void)state;
    (void)now;
    (void)idle_ns;
}

const struct cc_hooks cc_newreno = {"newreno",       cc_ignore_round,   newreno_on_ack,
                                    newreno_reduced, newreno_timed_out, newreno_idle};
