/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * pool.h: objects of one size from given memory, named by index.
 *
 *     memory:  [ given out or on the free list ........ | never touched ........ ]
 *               0                                   bump                      limit
 *
 * A fresh object is taken by moving `bump`; a returned one goes on a last-in-first-out list, so the
 * object taken next is the one still in the cache, and memory is touched in proportion to use,
 * never to the limit. The link of the free list lives in the object's first four bytes. A full pool
 * is an ordinary answer (POOL_NONE), counted in `refusals`. For millions of cold objects there is
 * wide_pool.h.
 */
#ifndef LASTACK_POOL_H
#define LASTACK_POOL_H

#include "bits.h"
#include "check.h"

#include <string.h>

#define POOL_NONE UINT32_MAX

struct pool {
    uint8_t *memory;
    size_t stride;  /* bytes from one object to the next */
    uint32_t limit; /* objects at the most */
    uint32_t bump;  /* objects ever taken: the touched part */
    uint32_t used;  /* objects given out now */
    uint32_t free;  /* head of the free list, POOL_NONE when empty */
    uint32_t peak;  /* most objects given out at once */
    uint64_t refusals;
};

/* Bytes that a pool of `limit` objects needs. */
static inline uint64_t pool_size(size_t stride, uint32_t limit)
{
    return (uint64_t)stride * limit;
}

static inline void pool_init(struct pool *pool, void *memory, uint32_t stride, uint32_t limit)
{
    CHECK(stride >= sizeof(uint32_t) && limit < POOL_NONE);
    *pool = (struct pool){.memory = memory, .stride = stride, .limit = limit, .free = POOL_NONE};
}

static inline void *pool_at(const struct pool *pool, uint32_t index)
{
    CHECK(index < pool->bump);
    return pool->memory + (size_t)index * pool->stride;
}

/* Where the link of a free object lies. */
static inline uint8_t *pool_link(const struct pool *pool, uint32_t index)
{
    return pool->memory + (size_t)index * pool->stride;
}

/* The first object that was never touched; POOL_NONE if there is none. */
static inline uint32_t pool_take_fresh(struct pool *pool)
{
    if (pool->bump < pool->limit)
        return pool->bump++;
    pool->refusals++;
    return POOL_NONE;
}

static inline void pool_count_taken(struct pool *pool)
{
    pool->used++;
    if (pool->used > pool->peak)
        pool->peak = pool->used;
}

/* The index of a new object (its bytes are whatever was there), or POOL_NONE. */
static inline uint32_t pool_take(struct pool *pool)
{
    uint32_t index = pool->free;

    if (LIKELY(index != POOL_NONE)) {
        memcpy(&pool->free, pool_link(pool, index), sizeof pool->free);
    } else {
        index = pool_take_fresh(pool);
        if (index == POOL_NONE)
            return POOL_NONE;
    }
    pool_count_taken(pool);
    return index;
}

static inline void pool_give(struct pool *pool, uint32_t index)
{
    CHECK(index < pool->bump && pool->used > 0);
    pool->used--;
    memcpy(pool_link(pool, index), &pool->free, sizeof pool->free);
    pool->free = index;
}

static inline uint32_t pool_available(const struct pool *pool)
{
    return pool->limit - pool->used;
}

#endif
