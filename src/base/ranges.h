/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * ranges.h: a sorted set of disjoint ranges [from, to) of sequence numbers, in a balanced tree.
 *
 * Used for text that arrived out of order (reassembly) and, with `tag` and `at`, for bursts that
 * were sent (when, how often, sacked or not). Nodes are 32 bytes from one pool shared by all
 * connections; every operation is O(log n), and n is bounded by the caller. All numbers of one set
 * lie within 2^31.
 *
 *     set: root ── treap ordered by `from`, heap-ordered by a hash of the index: no rotations to
 *          get wrong, shape independent of the order in which an attacker sends.
 *
 * Ranges can be marked with flags; then "the next one behind x that has (lacks) this flag" is a
 * walk down too, since every node knows what stands under it. A set that was never marked does not
 * pay for that.
 */
#ifndef LASTACK_RANGES_H
#define LASTACK_RANGES_H

#include "check.h"
#include "pool.h"
#include "seq.h"

struct range {
    uint32_t left, right; /* POOL_NONE */
    struct seq from, to;
    int64_t at;     /* the owner's: when it was sent */
    uint16_t count; /* the owner's: segments in it */
    uint8_t flags;  /* the owner's; written by ranges_mark only */
    uint8_t under;  /* what its subtree, itself included, has (RANGE_HAS) or all has */
    uint32_t priority;
};

/* Flags of the low half are looked for where they are set, those of the high half where they are
 * not. */
enum { RANGE_HAS = 0x0f, RANGE_LACKS = 0xf0 };

struct ranges {
    uint32_t root;          /* POOL_NONE when empty */
    uint32_t has_marks : 1; /* since it was last empty some range had a flag */
    uint32_t count : 31;
};

static inline void ranges_init(struct ranges *set)
{
    *set = (struct ranges){.root = POOL_NONE};
}

/* Gives the nodes of a set that has some back. */
void ranges_give_back(struct ranges *set, struct pool *pool);

/* Gives all nodes back. */
static inline void ranges_clear(struct ranges *set, struct pool *pool)
{
    if (set->root != POOL_NONE)
        ranges_give_back(set, pool);
    ranges_init(set);
}

/* Union with [from, to): neighbours that touch or overlap are merged into one range. False if a
 * node was needed and the pool (or `max` ranges in this set) refused: nothing changed. *fresh:
 * bytes that were not in the set before (may be NULL). The merged range is returned through *merged
 * (may be NULL): DSACK and SACK need it. */
bool ranges_add(struct ranges *set, struct pool *pool, uint32_t max, struct seq from, struct seq to,
                uint32_t *fresh, struct range *merged);

/* Removes everything before `to`; a range that straddles it is cut. */
void ranges_trim_before(struct ranges *set, struct pool *pool, struct seq to);

/* Takes the first range out, if all of it lies before `to`: *taken is what it was. */
bool ranges_take_first(struct ranges *set, struct pool *pool, struct seq to, struct range *taken);

/* First range whose `to` lies after `at` (so it holds `at` or follows it); NULL if none. The
 * pointer is valid until the set changes. */
struct range *ranges_at_or_after(const struct ranges *set, const struct pool *pool, struct seq at);
struct range *ranges_first(const struct ranges *set, const struct pool *pool);
struct range *ranges_last(const struct ranges *set, const struct pool *pool);
/* The range behind this one; NULL at the end. */
struct range *ranges_next(const struct ranges *set, const struct pool *pool,
                          const struct range *range);

/* The one before it; NULL at the start. */
struct range *ranges_previous(const struct ranges *set, const struct pool *pool,
                              const struct range *range);

/* Sets the flags of a range of this set. */
void ranges_mark(struct ranges *set, struct pool *pool, struct range *range, uint8_t flags);
/* The first range whose `to` lies after `at` and that has `flag` (one of RANGE_HAS) or lacks it
 * (one of RANGE_LACKS); NULL if none. */
struct range *ranges_first_flagged(const struct ranges *set, const struct pool *pool, struct seq at,
                                   uint8_t flag);
/* The last such range whose `from` lies before `before`. */
struct range *ranges_last_flagged(const struct ranges *set, const struct pool *pool,
                                  struct seq before, uint8_t flag);
/* Joins a range with the one behind it, which it touches: flags and time are the first one's,
 * counts are added. */
void ranges_join_next(struct ranges *set, struct pool *pool, struct range *range);
/* Takes a range out. */
void ranges_remove(struct ranges *set, struct pool *pool, struct range *range);

/* Appends [from, to) behind the last range without merging (bursts sent); NULL if the pool
 * refused. */
struct range *ranges_append(struct ranges *set, struct pool *pool, struct seq from, struct seq to);
/* Splits the range that holds `at` strictly inside in two, both with the same time, flags and
 * count (the owner divides that). True if nothing is to be split or it was; false if the pool
 * refused. */
bool ranges_split(struct ranges *set, struct pool *pool, struct seq at);

#endif
