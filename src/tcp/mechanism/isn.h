/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * isn.h: initial sequence numbers, RFC 9293 §3.4.1 (MUST-8, SHLD-1) and RFC 6528.
 *
 *     ISN = M + F(tuple, secret)     M: a clock of 64 ns (Linux; RFC 793 has 4 us), F: SipHash-2-4
 *
 * The clock keeps incarnations of one tuple apart, the keyed hash keeps strangers from guessing.
 * Timestamp offsets (RFC 7323 §7) come from the same function under another key.
 */
#ifndef LASTACK_ISN_H
#define LASTACK_ISN_H

#include "seq.h"
#include "siphash.h"
#include "tuple.h"

struct seq isn_choose(const struct siphash_key *secret, const struct tuple *tuple, int64_t now);

/* Added to the millisecond clock of a tuple's TSval: the same for all its lives, so that a
 * reopened tuple goes on counting upwards (RFC 6191). */
uint32_t timestamp_offset(const struct siphash_key *secret, const struct tuple *tuple);

/* TSval: 1 ms ticks (RFC 7323 §5.4: between 1 ms and 1 s). */
static inline uint32_t timestamp_now(uint32_t offset, int64_t now)
{
    return (uint32_t)((uint64_t)now / 1000000u) + offset;
}

#endif
