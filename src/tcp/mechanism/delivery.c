/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * delivery.c: see delivery.h.
 */
#include "delivery.h"

#include "duration.h"

NOINLINE void delivery_sent(struct delivery *delivery, struct seq to, bool is_first, int64_t now)
{
    if (is_first)
        delivery->first_at = delivery->delivered_at = now;
    if (delivery->is_marked)
        return;
    delivery->is_marked = true;
    delivery->mark = to;
    delivery->mark_at = now;
    delivery->base_at = delivery->delivered_at;
    delivery->mark_delivered = delivery->delivered;
    delivery->mark_is_limited = delivery->limited_until != 0;
}

/* The marked segment arrived. */
static void take_sample(struct delivery *delivery, int64_t least_ns, int64_t now)
{
    const int64_t length = max64(delivery->mark_at - delivery->first_at, now - delivery->base_at);
    const uint32_t segs = delivery->delivered - delivery->mark_delivered;
    const uint32_t us = (uint32_t)min64(length / 1000, UINT32_MAX);

    delivery->first_at = delivery->mark_at;
    if (length < least_ns || us == 0 || segs == 0)
        return;
    if (delivery->mark_is_limited && delivery->rate_us != 0 &&
        (uint64_t)segs * delivery->rate_us < (uint64_t)delivery->rate_segs * us)
        return;
    delivery->rate_segs = segs;
    delivery->rate_us = us;
    delivery->rate_is_limited = delivery->mark_is_limited;
}

void delivery_acked(struct delivery *delivery, struct seq una, uint32_t segs, bool is_repeated,
                    int64_t least_ns, int64_t now)
{
    if (segs == 0)
        return;
    delivery->delivered += segs;
    delivery->delivered_at = now;
    if (delivery->limited_until != 0 &&
        (int32_t)(delivery->delivered - delivery->limited_until) > 0)
        delivery->limited_until = 0;
    if (!delivery->is_marked || seq_before(una, delivery->mark))
        return;
    delivery->is_marked = false;
    if (is_repeated)
        delivery->first_at = delivery->mark_at;
    else
        take_sample(delivery, least_ns, now);
}

void delivery_limited(struct delivery *delivery, uint32_t segs)
{
    delivery->limited_until = max32(delivery->delivered + segs, 1);
}

uint64_t delivery_rate(const struct delivery *delivery, uint32_t mss)
{
    return delivery->rate_us == 0
               ? 0
               : (uint64_t)delivery->rate_segs * mss * 1000000 / delivery->rate_us;
}
