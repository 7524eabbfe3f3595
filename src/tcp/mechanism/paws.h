/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * paws.h: protection against wrapped sequence numbers, RFC 7323 §4.3 and §5.
 *
 *     TS.Recent   the newest TSval that arrived at the left edge; echoed in TSecr
 *     a segment whose TSval is older than TS.Recent is an old duplicate            (§5.3 R1)
 *     unless TS.Recent itself is too old to mean anything                          (§5.5)
 *
 * When it was taken is told in units of about a second, modulo 2^32: 146 years. That is enough for
 * the age test, and 4 bytes; on a clock of milliseconds a TS.Recent would be young again after 49
 * days.
 */
#ifndef LASTACK_PAWS_H
#define LASTACK_PAWS_H

#include "duration.h"

#include <stdbool.h>

enum { PAWS_CLOCK_SHIFT = 30 }; /* a unit is 2^30 ns, 1.07 s */

struct paws {
    uint32_t recent;   /* TS.Recent */
    uint32_t taken_at; /* when it was taken, as paws_clock says it */
};

static inline uint32_t paws_clock(int64_t now)
{
    return (uint32_t)((uint64_t)now >> PAWS_CLOCK_SHIFT);
}

static inline struct paws paws_taken(uint32_t ts_value, int64_t at)
{
    return (struct paws){ts_value, paws_clock(at)};
}

/* How long ago, to the unit. */
static inline int64_t paws_age_ns(const struct paws *paws, int64_t now)
{
    return (int64_t)((uint64_t)(paws_clock(now) - paws->taken_at) << PAWS_CLOCK_SHIFT);
}

/* What is forgiven: params->paws_slack_ns in a connection, nothing elsewhere; and when TS.Recent
 * is stale. */
struct paws_rule {
    int64_t slack_ns, stale_ns;
};

/* RFC 7323 §5.2: s < t if 0 < (t - s) < 2^31. */
static inline bool timestamp_before(uint32_t a, uint32_t b)
{
    return (int32_t)(a - b) < 0;
}

/* The segment is old. */
static inline bool paws_rejects(const struct paws *paws, struct paws_rule rule, uint32_t ts_value,
                                int64_t now)
{
    return timestamp_before(ts_value, paws->recent) &&
           timestamp_before(ts_value + clock_ms(rule.slack_ns), paws->recent) &&
           paws_age_ns(paws, now) < rule.stale_ns;
}

/* RFC 7323 §4.3 (2): only a segment that covers Last.ACK.sent may move TS.Recent, and only forward
 * (or when it went stale). */
static inline void paws_take(struct paws *paws, struct paws_rule rule, uint32_t ts_value,
                             int64_t now)
{
    if (!timestamp_before(ts_value, paws->recent) || paws_age_ns(paws, now) >= rule.stale_ns)
        *paws = paws_taken(ts_value, now);
}

#endif
