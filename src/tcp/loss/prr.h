/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * prr.h: proportional rate reduction, RFC 9937: how much may leave for each ACK of an episode, so
 * that the window has come down to ssthresh when the episode ends.
 *
 *      in flight > ssthresh:   what was delivered, times ssthresh / base            (§6.2)
 *      in flight <= ssthresh:  as much as was delivered, one more on a safe ACK, up to ssthresh
 *      nothing sent so far:    at least one segment
 *
 * `base` is what was in flight when the episode began (RecoverFS); Linux takes its window.
 * All amounts are bytes; where segments are counted, multiples of `unit`.
 */
#ifndef LASTACK_PRR_H
#define LASTACK_PRR_H

#include <stdbool.h>
#include <stdint.h>

struct prr {
    uint32_t base;
    uint32_t delivered; /* since the episode began */
    uint32_t out;       /* sent since then */
};

struct prr_ack {
    uint32_t in_flight, ssthresh, mss;
    uint32_t delivered; /* by this ACK */
    uint32_t unit;      /* 1, or the segment size where segments are counted */
    bool is_safe;       /* SND.UNA advanced and nothing more was lost */
};

static inline void prr_begin(struct prr *prr, uint32_t base)
{
    *prr = (struct prr){.base = base};
}

/* What may be sent now. */
uint32_t prr_budget(struct prr *prr, const struct prr_ack *ack);

#endif
