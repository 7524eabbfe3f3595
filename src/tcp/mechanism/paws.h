/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * paws.h: protection against wrapped sequence numbers, RFC 7323 §4.3 and §5.
 *
 *     TS.Recent   the newest TSval that arrived at the left edge; echoed in TSecr
 *     a segment whose TSval is older than TS.Recent is an old duplicate            (§5.3 R1)
 *     unless TS.Recent itself is too old to mean anything                          (§5.5)
 *
 * Times are in milliseconds of the stack's clock, modulo 2^32: enough for the age test, and 4
 * bytes.
 */
#ifndef LASTACK_PAWS_H
#define LASTACK_PAWS_H

#include "duration.h"

#include <stdbool.h>

struct paws {
    uint32_t recent;    /* TS.Recent */
    uint32_t recent_ms; /* when it was taken */
};

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
                                uint32_t now_ms)
{
    return timestamp_before(ts_value, paws->recent) &&
           timestamp_before(ts_value + clock_ms(rule.slack_ns), paws->recent) &&
           now_ms - paws->recent_ms < clock_ms(rule.stale_ns);
}

/* RFC 7323 §4.3 (2): only a segment that covers Last.ACK.sent may move TS.Recent, and only forward
 * (or when it went stale). */
static inline void paws_take(struct paws *paws, struct paws_rule rule, uint32_t ts_value,
                             uint32_t now_ms)
{
    if (!timestamp_before(ts_value, paws->recent) ||
        now_ms - paws->recent_ms >= clock_ms(rule.stale_ns)) {
        paws->recent = ts_value;
        paws->recent_ms = now_ms;
    }
}

#endif
