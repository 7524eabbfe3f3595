/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * duration.h: one unit of time, nanoseconds in an int64_t.
 *
 * Absolute times are called `now` or end in `_at`; lengths of time end in `_ns`. Other units exist
 * only at the edges: the TSval clock, tcp_info, the parameter table.
 */
#ifndef LASTACK_DURATION_H
#define LASTACK_DURATION_H

#include "bits.h"

#include <stdint.h>

#define NEVER INT64_MAX

#define US(n)  ((int64_t)(n)*1000)
#define MS(n)  ((int64_t)(n)*1000000)
#define SEC(n) ((int64_t)(n)*1000000000)

static inline int64_t min64(int64_t a, int64_t b)
{
    return a < b ? a : b;
}

static inline int64_t max64(int64_t a, int64_t b)
{
    return a > b ? a : b;
}

static inline int64_t clamp64(int64_t x, int64_t low, int64_t high)
{
    return min64(max64(x, low), high);
}

static inline uint32_t min32(uint32_t a, uint32_t b)
{
    return a < b ? a : b;
}

static inline uint32_t max32(uint32_t a, uint32_t b)
{
    return a > b ? a : b;
}

/* On the clock of milliseconds, modulo 2^32: 49 days. */
static inline uint32_t clock_ms(int64_t now)
{
    return (uint32_t)((uint64_t)now / 1000000u);
}

/* `at + length`, where either may be NEVER and the sum may not wrap. */
static inline int64_t time_after(int64_t at, int64_t length_ns)
{
    int64_t sum;

    return UNLIKELY(add_overflows64(at, length_ns, &sum)) ? NEVER : sum;
}

#endif
