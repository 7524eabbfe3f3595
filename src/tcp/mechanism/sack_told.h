/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * sack_told.h: which blocks a receiver tells of and in which order, RFC 2018 §4 and RFC 2883 §4.
 *
 *     text arrives beyond a hole ──▶ its block is the first, the others keep their order behind it
 *     text arrives a second time ──▶ its range stands before all others, in the ACK of that segment
 *     RCV.NXT moves              ──▶ blocks that it has reached are forgotten
 *
 * The ranges themselves live in the connection's `arrived`; this is only the order of the latest
 * few: as many as a segment without other options has room for. It takes the place of one range in
 * their pool, and only while there are holes. Without it (the pool was empty) the lowest are told.
 *
 * Blocks stand without gaps from the first on; an empty one (from = to) ends them.
 */
#ifndef LASTACK_SACK_TOLD_H
#define LASTACK_SACK_TOLD_H

#include "ranges.h"
#include "segment.h"

struct sack_told {
    struct sack_block block[SEGMENT_SACK_MAX]; /* latest first */
};

_Static_assert(sizeof(struct sack_told) <= sizeof(struct range),
               "it lives in a node of their pool");

static inline bool sack_is_empty(struct sack_block block)
{
    return seq_equal(block.from, block.to);
}

/* The one at this place of the pool; POOL_NONE: NULL. */
static inline struct sack_told *sack_told_at(const struct pool *pool, uint32_t index)
{
    return index == POOL_NONE ? NULL : pool_at(pool, index);
}

/* Text made the block [from, to), which may have swallowed others. Takes a place in the pool when
 * *index is POOL_NONE. */
void sack_told_arrived(uint32_t *index, struct pool *pool, struct seq from, struct seq to);

/* RCV.NXT moved; `arrived` says whether any hole is left: if not, the place is given back. */
void sack_told_advance(uint32_t *index, struct pool *pool, const struct ranges *arrived,
                       struct seq rcv_nxt);
void sack_told_clear(uint32_t *index, struct pool *pool);

/* Up to `most` blocks for a segment that is about to leave: the duplicate (unless empty), the block
 * around it, the others as they came; then the lowest of those that nobody remembers the order
 * of. */
void sack_told_fill(const struct sack_told *told, const struct ranges *arrived,
                    const struct pool *pool, struct sack_block duplicate, unsigned most,
                    struct segment *seg);

#endif
