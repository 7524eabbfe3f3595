/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * isn.h: initial sequence numbers, RFC 9293 §3.4.1 (MUST-8, SHLD-1) and RFC 6528.
 *
 *     ISN = M + F(tuple, secret)   M: a clock (Linux: 64 ns a tick; the RFC: 4 us), F: SipHash-2-4
 *
 * The clock keeps incarnations of one tuple apart, the keyed hash keeps strangers from guessing.
 * The hash has 64 bits: the low half is F, the high half is the offset of the timestamps (RFC 7323
 * §7). Halves of one pseudo-random number tell nothing about each other (docs/decisions/0012).
 */
#ifndef LASTACK_ISN_H
#define LASTACK_ISN_H

#include "seq.h"
#include "siphash.h"
#include "tuple.h"

/* What of a tuple nobody can guess without the key. */
uint64_t tuple_secret(const struct siphash_key *key, const struct tuple *tuple);

/* `tick_ns` > 0: how long the clock stands on one number. */
static inline struct seq isn_choose(uint64_t secret, int64_t tick_ns, int64_t now)
{
    CHECK(now >= 0 && tick_ns > 0);
    return seq_of((uint32_t)secret + (uint32_t)((uint64_t)now / (uint64_t)tick_ns));
}

/* Added to the millisecond clock of a tuple's TSval: the same for all its lives, so that a
 * reopened tuple goes on counting upwards (RFC 6191). */
static inline uint32_t timestamp_offset(uint64_t secret)
{
    return (uint32_t)(secret >> 32);
}

/* TSval: 1 ms ticks (RFC 7323 §5.4: between 1 ms and 1 s). */
static inline uint32_t timestamp_now(uint32_t offset, int64_t now)
{
    return (uint32_t)((uint64_t)now / 1000000u) + offset;
}

#endif
