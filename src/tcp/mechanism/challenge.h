/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * challenge.h: how often we answer segments that we do not believe, RFC 5961 §7.
 *
 * One answer per connection in challenge_interval_ns (Linux: tcp_invalid_ratelimit, 500 ms), and
 * optionally a limit for the whole stack per second, whose remainder is drawn at random so that
 * one connection cannot learn about another by counting answers (CVE-2016-5696).
 */
#ifndef LASTACK_CHALLENGE_H
#define LASTACK_CHALLENGE_H

#include "duration.h"
#include "rng.h"

#include <stdbool.h>

struct challenge_budget {
    int64_t second;  /* the second being counted */
    uint32_t left;
};

/* May the connection whose last challenge left at `*last_at` send one now? Takes note if so. */
static inline bool challenge_allowed(int64_t *last_at, struct challenge_budget *budget,
                                     struct rng *rng, int64_t interval_ns, uint32_t limit,
                                     int64_t now)
{
    if (interval_ns > 0 && *last_at != NEVER && now - *last_at < interval_ns)
        return false;
    if (limit > 0) {
        if (now / SEC(1) != budget->second) {
            budget->second = now / SEC(1);
            budget->left = limit / 2 + rng_below(rng, limit) + 1;
        }
        if (budget->left == 0)
            return false;
        budget->left--;
    }
    *last_at = now;
    return true;
}

#endif
