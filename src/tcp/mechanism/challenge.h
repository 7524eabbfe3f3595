/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * challenge.h: how often we answer segments that we do not believe, RFC 5961 §7.
 *
 * So many answers per connection in a window of time: the first opens it, and when it is over the
 * next opens another.
 *
 *     linux    1 in 500 ms   tcp_invalid_ratelimit
 *     freebsd  5 in 1 s      net.inet.tcp.ack_war_cnt, ack_war_timewindow
 *     rfc      10 in 5 s     the example of RFC 5961 §7
 *
 * Two ends that each believe the other wrong answer answers, and a path that repeats packets
 * multiplies them: this limit is what ends such a war.
 *
 * Optionally there is a limit for the whole stack per second, whose remainder is drawn at random so
 * that one connection cannot learn about another by counting answers (CVE-2016-5696).
 */
#ifndef LASTACK_CHALLENGE_H
#define LASTACK_CHALLENGE_H

#include "duration.h"
#include "rng.h"

#include <stdbool.h>

struct challenge_rule {
    int64_t interval_ns; /* 0: no limit per connection */
    uint32_t count;      /* answers in the interval; 0: no limit per connection */
    uint32_t limit;      /* answers of the whole stack in a second; 0: no such limit */
};

/* Of one connection. */
struct challenge_window {
    int64_t start;  /* NEVER: none yet */
    uint32_t count; /* answers since */
};

struct challenge_budget {
    int64_t second; /* the second being counted */
    uint32_t left;
};

/* May the connection of `window` send one now? Takes note if so. */
static inline bool challenge_allowed(struct challenge_window *window,
                                     struct challenge_budget *budget, struct rng *rng,
                                     const struct challenge_rule *rule, int64_t now)
{
    const bool is_open = window->start != NEVER && now - window->start < rule->interval_ns;

    if (is_open && rule->count > 0 && window->count >= rule->count)
        return false;
    if (rule->limit > 0) {
        if (now / SEC(1) != budget->second) {
            budget->second = now / SEC(1);
            budget->left = rule->limit / 2 + rng_below(rng, rule->limit) + 1;
        }
        if (budget->left == 0)
            return false;
        budget->left--;
    }
    if (!is_open)
        *window = (struct challenge_window){.start = now};
    window->count++;
    return true;
}

#endif
