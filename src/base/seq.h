/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * seq.h: sequence numbers, RFC 9293 §3.4.
 *
 * All arithmetic on sequence numbers is modulo 2^32, so `<` is meaningless on them. They are a type
 * of their own: `a < b` does not compile, seq_before(a, b) does. A comparison is right while both
 * numbers lie within 2^31 of each other, which every window guarantees (RFC 7323 §2.3).
 */
#ifndef LASTACK_SEQ_H
#define LASTACK_SEQ_H

#include <stdbool.h>
#include <stdint.h>

struct seq {
    uint32_t v;
};

static inline struct seq seq_of(uint32_t v)
{
    return (struct seq){v};
}

static inline struct seq seq_add(struct seq a, uint32_t n)
{
    return (struct seq){a.v + n};
}

static inline struct seq seq_sub(struct seq a, uint32_t n)
{
    return (struct seq){a.v - n};
}

/* How far `to` lies after `from`; the caller knows that it does. */
static inline uint32_t seq_distance(struct seq from, struct seq to)
{
    return to.v - from.v;
}

static inline int32_t seq_compare(struct seq a, struct seq b)
{
    return (int32_t)(a.v - b.v);
}

static inline bool seq_equal(struct seq a, struct seq b)
{
    return a.v == b.v;
}

static inline bool seq_before(struct seq a, struct seq b)
{
    return seq_compare(a, b) < 0;
}

static inline bool seq_after(struct seq a, struct seq b)
{
    return seq_compare(a, b) > 0;
}

static inline bool seq_before_or_equal(struct seq a, struct seq b)
{
    return seq_compare(a, b) <= 0;
}

static inline bool seq_after_or_equal(struct seq a, struct seq b)
{
    return seq_compare(a, b) >= 0;
}

static inline struct seq seq_max(struct seq a, struct seq b)
{
    return seq_after(a, b) ? a : b;
}

static inline struct seq seq_min(struct seq a, struct seq b)
{
    return seq_before(a, b) ? a : b;
}

/* from <= a < from + size. An empty window holds nothing. */
static inline bool seq_in_window(struct seq a, struct seq from, uint32_t size)
{
    return a.v - from.v < size;
}

#endif
