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
 * is an ordinary answer (POOL_NONE), counted in `refusals`.
 *
 * A list through millions of cold objects costs a cache miss for each that is taken: the next one
 * is known only when the last has been read. pool_init_wide lets a free object hold the indices of
 * several others, which are then prefetched together (the order stays last in, first out):
 *
 *     free ──▶ [link, 7, 12, 3 ...] ──▶ [link, 40, 41 ...] ──▶ ...
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
    uint32_t fan;   /* indices that a free object holds beside its link; 0: a plain list */
    uint32_t held;  /* indices that the head of the list holds now */
    uint64_t refusals;
};

/* Bytes that a pool of `limit` objects needs. */
static inline size_t pool_size(size_t stride, uint32_t limit)
{
    return stride * limit;
}

static inline void pool_init(struct pool *pool, void *memory, uint32_t stride, uint32_t limit)
{
    CHECK(stride >= sizeof(uint32_t) && limit < POOL_NONE);
    *pool = (struct pool){.memory = memory, .stride = stride, .limit = limit, .free = POOL_NONE};
}

/* The pool may write the first `free_bytes` (a multiple of 4, at most the stride) of a free
 * object, instead of only its first four. */
static inline void pool_init_wide(struct pool *pool, void *memory, uint32_t stride, uint32_t limit,
                                  uint32_t free_bytes)
{
    CHECK(free_bytes >= sizeof(uint32_t) && free_bytes <= stride);
    pool_init(pool, memory, stride, limit);
    pool->fan = free_bytes / (uint32_t)sizeof(uint32_t) - 1;
}

static inline void *pool_at(const struct pool *pool, uint32_t index)
{
    CHECK(index < pool->bump);
    return pool->memory + (size_t)index * pool->stride;
}

/* Word `i` of a free object: 0 is the link, the others are held indices. */
static inline uint8_t *pool_free_word(const struct pool *pool, uint32_t index, uint32_t i)
{
    return pool->memory + (size_t)index * pool->stride + i * sizeof(uint32_t);
}

/* Those that will be taken next are asked for together. */
static inline void pool_prefetch_held(const struct pool *pool)
{
    for (uint32_t i = 0; i <= pool->fan; i++) {
        uint32_t index;

        memcpy(&index, pool_free_word(pool, pool->free, i), sizeof index);
        if (index != POOL_NONE)
            prefetch_object(pool_free_word(pool, index, 0), pool->stride);
    }
}

static inline uint32_t pool_take_free(struct pool *pool)
{
    uint32_t index = pool->free;

    if (pool->held > 0) {
        memcpy(&index, pool_free_word(pool, pool->free, pool->held), sizeof index);
        pool->held--;
        return index;
    }
    memcpy(&pool->free, pool_free_word(pool, index, 0), sizeof pool->free);
    if (pool->fan > 0 && pool->free != POOL_NONE) {
        pool->held = pool->fan;
        pool_prefetch_held(pool);
    }
    return index;
}

/* The index of a new object (its bytes are whatever was there), or POOL_NONE. */
static inline uint32_t pool_take(struct pool *pool)
{
    uint32_t index;

    if (pool->free != POOL_NONE) {
        index = pool_take_free(pool);
    } else if (pool->bump < pool->limit) {
        index = pool->bump++;
    } else {
        pool->refusals++;
        return POOL_NONE;
    }
    pool->used++;
    if (pool->used > pool->peak)
        pool->peak = pool->used;
    return index;
}

static inline void pool_give(struct pool *pool, uint32_t index)
{
    CHECK(index < pool->bump && pool->used > 0);
    pool->used--;
    if (pool->free != POOL_NONE && pool->held < pool->fan) {
        pool->held++;
        memcpy(pool_free_word(pool, pool->free, pool->held), &index, sizeof index);
        return;
    }
    memcpy(pool_free_word(pool, index, 0), &pool->free, sizeof pool->free);
    pool->free = index;
    pool->held = 0;
}

static inline uint32_t pool_available(const struct pool *pool)
{
    return pool->limit - pool->used;
}

#endif
