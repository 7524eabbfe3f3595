/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * cc.c: what all algorithms share; and `none`, the window that never limits (tests of everything
 * else).
 */
#include "cc.h"

#include "duration.h"

enum { CC_WINDOW_MAX = 1 << 30 };

void cc_ignore_round(struct cc *cc, const struct cc_round *round)
{
    (void)cc;
    (void)round;
}

static void none_on_ack(struct cc *cc, struct cc_state *state, const struct cc_ack *ack)
{
    (void)cc;
    (void)state;
    (void)ack;
}

static uint32_t none_reduced(struct cc *cc, struct cc_state *state, uint32_t from)
{
    (void)state;
    (void)from;
    return cc->cwnd;
}

static void none_timed_out(struct cc *cc, struct cc_state *state)
{
    (void)cc;
    (void)state;
}

static void none_idle(struct cc *cc, struct cc_state *state, int64_t now, int64_t idle_ns)
{
    (void)cc;
    (void)state;
    (void)now;
    (void)idle_ns;
}

const struct cc_hooks cc_none = {"none",       cc_ignore_round, none_on_ack,
                                 none_reduced, none_timed_out,  none_idle};

const struct cc_hooks *cc_hooks(enum lastack_congestion algorithm)
{
    switch (algorithm) {
    case LASTACK_CC_NONE:
        return &cc_none;
    case LASTACK_CC_CUBIC:
        return &cc_cubic;
    case LASTACK_CC_NEWRENO:
        break;
    }
    return &cc_newreno;
}

/* In the order of the names that are told. */
static const struct {
    const char *name;
    enum lastack_congestion algorithm;
} cc_names[] = {
    {"reno", LASTACK_CC_NEWRENO}, /* Linux's name */
    {"newreno", LASTACK_CC_NEWRENO},
    {"cubic", LASTACK_CC_CUBIC},
};

static bool cc_same_name(const char *a, const char *b)
{
    for (; *a == *b; a++, b++)
        if (*a == '\0')
            return true;
    return false;
}

bool cc_find(const char *name, enum lastack_congestion *algorithm)
{
    for (unsigned i = 0; i < sizeof cc_names / sizeof cc_names[0]; i++) {
        if (cc_same_name(cc_names[i].name, name)) {
            *algorithm = cc_names[i].algorithm;
            return true;
        }
    }
    return false;
}

const char *cc_name(enum lastack_congestion algorithm)
{
    for (unsigned i = 0; i < sizeof cc_names / sizeof cc_names[0]; i++)
        if (cc_names[i].algorithm == algorithm)
            return cc_names[i].name;
    return "none";
}

uint32_t cc_initial_segs(const struct lastack_params *params, uint32_t mss)
{
    uint32_t segs = params->initial_cwnd_segs;

    if (params->initial_cwnd_bytes != 0)
        segs = min32(segs, max32(2, params->initial_cwnd_bytes / max32(mss, 1)));
    return max32(segs, 1);
}

void cc_init(struct cc *cc, enum lastack_congestion algorithm, uint32_t mss, uint32_t initial_segs)
{
    CHECK(mss > 0 && mss <= UINT16_MAX);
    *cc =
        (struct cc){.mss = (uint16_t)mss, .ssthresh = CC_INFINITE, .algorithm = (uint8_t)algorithm};
    cc->cwnd = algorithm == LASTACK_CC_NONE ? CC_WINDOW_MAX : mss * max32(initial_segs, 1);
    cc->round_min_us = cc->round_before_us = UINT32_MAX;
}

void cc_set_mss(struct cc *cc, uint32_t mss, bool counts_segs)
{
    CHECK(mss > 0 && mss <= UINT16_MAX);
    if (counts_segs && cc->mss != 0 && cc->mss != mss && cc->algorithm != LASTACK_CC_NONE) {
        cc->cwnd = cc->cwnd / cc->mss * mss;
        if (cc->ssthresh != CC_INFINITE)
            cc->ssthresh = max32(cc->ssthresh / cc->mss, 2) * mss;
        cc->acked = 0;
    }
    cc->mss = (uint16_t)mss;
    cc->cwnd = max32(cc->cwnd, mss);
}

static uint32_t whole_segs(const struct cc *cc, uint32_t bytes)
{
    return bytes - bytes % cc->mss;
}

uint32_t cc_three_quarters(const struct cc *cc)
{
    return whole_segs(cc, cc->cwnd / 2) + whole_segs(cc, cc->cwnd / 4);
}

void cc_after_idle(struct cc *cc, uint32_t initial_segs, uint32_t idle_timeouts)
{
    const uint32_t restart = min32(cc->cwnd, cc->mss * max32(initial_segs, 1));

    if (cc->algorithm == LASTACK_CC_NONE)
        return;
    if (cc->ssthresh != CC_INFINITE)
        cc->ssthresh = max32(cc->ssthresh, cc_three_quarters(cc));
    while (idle_timeouts-- > 0 && cc->cwnd > restart)
        cc->cwnd = whole_segs(cc, cc->cwnd / 2); /* halved per timeout of silence (LNX-SSIDLE) */
    cc->cwnd = max32(cc->cwnd, restart);
}

uint32_t cc_slow_start(struct cc *cc, uint32_t acked, uint32_t limit)
{
    const uint32_t room = cc->ssthresh - cc->cwnd;
    const uint32_t used = min32(acked, room);

    cc->cwnd += min32(used, limit);
    cc->cwnd = min32(cc->cwnd, CC_WINDOW_MAX);
    /* what the limit cut off is no growth in congestion avoidance either */
    return cc->cwnd < cc->ssthresh ? 0 : acked - used;
}

void cc_avoid(struct cc *cc, uint32_t per, uint32_t acked)
{
    if (cc->acked >= per) { /* counted when the window was larger */
        cc->acked = 0;
        cc->cwnd += cc->mss;
    }
    cc->acked += acked;
    if (cc->acked >= per) {
        const uint32_t steps = cc->acked / per;

        cc->acked -= steps * per;
        cc->cwnd += steps * cc->mss;
    }
    cc->cwnd = min32(cc->cwnd, CC_WINDOW_MAX);
}
