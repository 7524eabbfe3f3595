/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * ack_policy.c: see ack_policy.h.
 *
 * The adaptive part follows what Linux does (LNX-DELACK): the ACK timeout tracks the gap between
 * arrivals, between delayed_ack_min_ns and delayed_ack_ns. With LASTACK_QUICK_ACK_NEVER it is the
 * fixed delay of BSD.
 */
#include "ack_policy.h"

#include "check.h"
#include "duration.h"

enum { QUICK_MAX = 16, QUICK_MIN = 2 };

static void set_ato(struct ack_policy *ack, int64_t ato_ns)
{
    ack->ato_ns = (uint32_t)min64(ato_ns, SEC(4));
}

void ack_policy_waited(struct ack_policy *ack, const struct lastack_params *params, int64_t rto_ns)
{
    if (!ack->pingpong) {
        set_ato(ack, min64((int64_t)ack->ato_ns * 2, rto_ns));
        return;
    }
    ack->pingpong = false;
    set_ato(ack, params->delayed_ack_min_ns);
}

void ack_policy_quicken(struct ack_policy *ack, uint32_t window, uint32_t mss, unsigned max_quick)
{
    uint32_t quick = window / (2 * max32(mss, 1));

    quick = min32(max32(quick, QUICK_MIN), max_quick);
    if (quick > ack->quick)
        ack->quick = (uint16_t)quick;
    ack->pingpong = false;
}

void ack_policy_connected(struct ack_policy *ack, const struct lastack_params *params, int64_t now)
{
    if (ack->ato_ns != 0 || params->quick_ack != LASTACK_QUICK_ACK_LINUX)
        return;
    ack->quick = QUICK_MAX;
    ack->last_data_at = now;
    set_ato(ack, params->delayed_ack_min_ns);
}

void ack_policy_data_arrived(struct ack_policy *ack, const struct lastack_params *params,
                             int64_t now, int64_t rto_ns, uint32_t window, uint32_t mss)
{
    const int64_t gap = now - ack->last_data_at;
    const int64_t shortest = params->delayed_ack_min_ns;

    if (params->quick_ack == LASTACK_QUICK_ACK_LINUX) {
        if (ack->ato_ns == 0) { /* the first text: the peer is in slow start */
            uint32_t quick = min32(max32(window / (2 * max32(mss, 1)), QUICK_MIN), QUICK_MAX);

            ack->quick = (uint16_t)max32(quick, ack->quick);
            set_ato(ack, shortest);
        } else if (gap <= shortest / 2) {
            set_ato(ack, ack->ato_ns / 2 + shortest / 2);
        } else if (gap < ack->ato_ns) {
            set_ato(ack, min64(ack->ato_ns / 2 + gap, rto_ns));
        } else if (gap > rto_ns) { /* too long a silence: the peer restarts slowly */
            uint32_t quick = min32(max32(window / (2 * max32(mss, 1)), QUICK_MIN), QUICK_MAX);

            ack->quick = (uint16_t)max32(quick, ack->quick);
        }
    } else {
        set_ato(ack, params->delayed_ack_ns);
    }
    ack->last_data_at = now;
}

void ack_policy_data_sent(struct ack_policy *ack, int64_t now)
{
    if (ack->ato_ns != 0 && now - ack->last_data_at < ack->ato_ns)
        ack->pingpong = true;
}

void ack_policy_ack_sent(struct ack_policy *ack)
{
    if (ack->quick > 0 && --ack->quick == 0 && ack->ato_ns != 0)
        /* leaving quick mode: deflate to the shortest wait */
        set_ato(ack, max64(ack->ato_ns, MS(40)));
}

bool ack_policy_is_due(const struct ack_policy *ack, const struct lastack_params *params,
                       uint32_t unacked, uint32_t mss, bool is_waiting)
{
    switch (params->quick_ack) {
    case LASTACK_QUICK_ACK_LINUX:
        return (ack->quick > 0 && !ack->pingpong) ||
               unacked > mss * (max32(params->ack_every_segs, 1) - 1);
    case LASTACK_QUICK_ACK_EVERY_SECOND:
        return is_waiting || unacked >= mss * params->ack_every_segs;
    case LASTACK_QUICK_ACK_NEVER:
        break;
    }
    return unacked >= mss * params->ack_every_segs;
}

int64_t ack_policy_deadline(struct ack_policy *ack, const struct lastack_params *params,
                            int64_t now, int64_t srtt_ns, int64_t armed_at)
{
    int64_t wait = ack->ato_ns == 0 ? params->delayed_ack_min_ns : ack->ato_ns;

    if (params->quick_ack != LASTACK_QUICK_ACK_LINUX)
        return armed_at != NEVER ? armed_at : now + params->delayed_ack_ns;
    if (wait > params->delayed_ack_min_ns) {
        int64_t longest = ack->pingpong ? params->delayed_ack_ns : MS(500);

        if (srtt_ns > 0)
            longest = min64(longest, max64(srtt_ns, params->delayed_ack_min_ns));
        wait = min64(wait, longest);
    }
    wait = min64(wait, params->delayed_ack_ns);
    if (armed_at != NEVER) {
        if (armed_at <= now + wait / 4)
            return now;
        return min64(armed_at, now + wait);
    }
    return now + wait;
}
