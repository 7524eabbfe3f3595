/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * prr.c: see prr.h.
 */
#include "prr.h"

#include "check.h"
#include "duration.h"

static uint32_t less(uint64_t a, uint32_t b)
{
    return a > b ? (uint32_t)(a - b) : 0;
}

uint32_t prr_budget(struct prr *prr, const struct prr_ack *ack)
{
    uint32_t budget;

    CHECK(prr->base > 0 && ack->unit > 0);
    prr->delivered += ack->delivered;
    if (ack->in_flight > ack->ssthresh) {
        const uint64_t product = (uint64_t)prr->delivered * ack->ssthresh;
        uint64_t share = (product + prr->base - 1) / prr->base;

        share += (ack->unit - share % ack->unit) % ack->unit;
        budget = less(share, prr->out);
    } else {
        budget = max32(less(prr->delivered, prr->out), ack->delivered);
        if (ack->is_safe)
            budget += ack->mss;
        budget = min32(budget, ack->ssthresh - ack->in_flight);
    }
    return prr->out == 0 ? max32(budget, ack->mss) : budget;
}
