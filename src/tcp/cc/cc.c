/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * cc.c: what all algorithms share; and `none`, the window that never limits (tests of everything
 * else).
 */
#include "cc.h"

#include "duration.h"

static void none_on_ack(struct cc *cc, const struct cc_ack *ack)
{
    (void)cc;
    (void)ack;
}

static void none_on_congestion(struct cc *cc, uint32_t in_flight)
{
    (void)cc;
    (void)in_flight;
}

static void none_on_timeout(struct cc *cc, uint32_t in_flight, bool is_first)
{
    (void)cc;
    (void)in_flight;
    (void)is_first;
}

const struct cc_hooks cc_none = {"none", none_on_ack, none_on_congestion, none_on_timeout};

const struct cc_hooks *cc_hooks(enum lastack_congestion algorithm)
{
    switch (algorithm) {
    case LASTACK_CC_NONE:
        return &cc_none;
    case LASTACK_CC_NEWRENO:
    case LASTACK_CC_CUBIC:
        break;
    }
    return &cc_newreno;
}

void cc_init(struct cc *cc, enum lastack_congestion algorithm, uint32_t mss, uint32_t initial_segs)
{
    CHECK(mss > 0);
    *cc = (struct cc){.mss = mss, .ssthresh = UINT32_MAX, .algorithm = (uint8_t)algorithm};
    cc->cwnd = algorithm == LASTACK_CC_NONE ? 1u << 30 : mss * max32(initial_segs, 1);
}

void cc_set_mss(struct cc *cc, uint32_t mss)
{
    CHECK(mss > 0);
    cc->mss = mss;
    cc->cwnd = max32(cc->cwnd, mss);
}

void cc_after_idle(struct cc *cc, uint32_t initial_segs, uint32_t idle_timeouts)
{
    const uint32_t restart = min32(cc->cwnd, cc->mss * max32(initial_segs, 1));

    if (cc->algorithm == LASTACK_CC_NONE)
        return;
    cc->ssthresh = max32(cc->ssthresh, cc->cwnd / 2 + cc->cwnd / 4);
    while (idle_timeouts-- > 0 && cc->cwnd > restart)
        cc->cwnd /= 2; /* Linux halves per timeout of silence (LNX-SSIDLE) */
    cc->cwnd = max32(cc->cwnd, restart);
}
