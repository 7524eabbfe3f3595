/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * newreno.c: slow start, congestion avoidance, multiplicative decrease: RFC 5681 §3, byte counting
 * of RFC 3465 with L = 2 in slow start. What recovery itself sends is loss/'s business (RFC 6582).
 *
 *     cwnd < ssthresh:   cwnd += min(acked, 2 MSS)        one window more per round trip, doubling
 *     else:              cwnd += MSS per cwnd of acked bytes
 *     loss:              ssthresh = max(in flight / 2, 2 MSS)          (RFC 5681 (4))
 *     timeout:           the same, and cwnd = 1 MSS                    (the loss window)
 */
#include "cc.h"

#include "duration.h"

static uint32_t half_of_flight(const struct cc *cc, uint32_t in_flight)
{
    return max32(in_flight / 2, 2 * cc->mss);
}

static void newreno_on_ack(struct cc *cc, const struct cc_ack *ack)
{
    if (!ack->was_limited)
        return; /* an application-limited flow has not tested a larger window */
    if (cc->cwnd < cc->ssthresh) {
        /* ACKs are thinned by large receives: count bytes, bounded by what was sent */
        cc->cwnd += ack->acked;
        if (cc->cwnd > cc->ssthresh)
            cc->cwnd = cc->ssthresh;
        return;
    }
    cc->acked += ack->acked;
    if (cc->acked >= cc->cwnd) {
        cc->acked -= cc->cwnd;
        if (cc->cwnd < UINT32_MAX / 2)
            cc->cwnd += cc->mss;
    }
}

static void newreno_on_congestion(struct cc *cc, uint32_t in_flight)
{
    cc->ssthresh = half_of_flight(cc, in_flight);
    cc->cwnd = cc->ssthresh;
    cc->acked = 0;
}

static void newreno_on_timeout(struct cc *cc, uint32_t in_flight, bool is_first)
{
    if (is_first) /* RFC 5681 §3.1: only for a segment not retransmitted by the timer before */
        cc->ssthresh = half_of_flight(cc, in_flight);
    cc->cwnd = cc->mss;
    cc->acked = 0;
}

const struct cc_hooks cc_newreno = {"newreno", newreno_on_ack, newreno_on_congestion,
                                    newreno_on_timeout};
