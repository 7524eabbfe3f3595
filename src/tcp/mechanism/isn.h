/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * isn.h: initial sequence numbers, RFC 9293 §3.4.1 (MUST-8, SHLD-1) and RFC 6528.
 *
 *     ISN = M + F(tuple, secret)     M: a clock (Linux: 64 ns a tick; the RFC: 4 us), F: SipHash-2-4
 *
 * The clock keeps incarnations of one tuple apart, the keyed hash keeps strangers from guessing.
 * Timestamp offsets (RFC 7323 §7) come from the same function under another key.
 */
#ifndef LASTACK_ISN_H
#define LASTACK_ISN_H

#include "seq.h"
#include "siphash.h"
#include "tuple.h"

/* `tick_ns` > 0: how long the clock stands on one number. */
struct seq isn_choose(const struct siphash_key *secret, const struct tuple *tuple, int64_t tick_ns,
                      int64_t now);

/* Added to the millisecond clock of a tuple's TSval: the same for all its lives, so that a
 * reopened tuple goes on counting upwards (RFC 6191). */
uint32_t timestamp_offset(const struct siphash_key *secret, const struct tuple *tuple);

/* TSval: 1 ms ticks (RFC 7323 §5.4: between 1 ms and 1 s). */
static inline uint32_t timestamp_now(uint32_t offset, int64_t now)
{
    return (uint32_t)((uint64_t)now / 1000000u) + offset;
}

#endif
