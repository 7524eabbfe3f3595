/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * wide_pool.h: a pool (pool.h) whose free list goes through millions of cold objects.
 *
 * A plain list costs a cache miss for each object that is taken: the next one is known only when
 * the last has been read. Here a free object holds the indices of several others beside its link;
 * when it becomes the head of the list, they are prefetched together. The order stays last in,
 * first out:
 *
 *     free ──▶ [link, 7, 12, 3 ...] ──▶ [link, 40, 41 ...] ──▶ ...
 */
#ifndef LASTACK_WIDE_POOL_H
#define LASTACK_WIDE_POOL_H

#include "pool.h"

struct wide_pool {
    struct pool pool; /* taken from and given to by the functions below only */
    uint32_t fan;     /* indices that a free object holds beside its link; 0: a plain list */
    uint32_t held;    /* indices that the head of the list holds now */
};

/* The pool may write the first `free_bytes` (a multiple of 4, at most the stride) of a free
 * object. */
static inline void wide_pool_init(struct wide_pool *wide, void *memory, uint32_t stride,
                                  uint32_t limit, uint32_t free_bytes)
{
    CHECK(free_bytes >= sizeof(uint32_t) && free_bytes <= stride);
    pool_init(&wide->pool, memory, stride, limit);
    wide->fan = free_bytes / (uint32_t)sizeof(uint32_t) - 1;
    wide->held = 0;
}

/* Word `i` of a free object: 0 is the link, the others are held indices. */
static inline uint8_t *wide_pool_word(const struct wide_pool *wide, uint32_t index, uint32_t i)
{
    return pool_link(&wide->pool, index) + i * sizeof(uint32_t);
}

/* Those that will be taken next are asked for together. */
static inline void wide_pool_prefetch_held(const struct wide_pool *wide)
{
    for (uint32_t i = 0; i <= wide->fan; i++) {
        uint32_t index;

        memcpy(&index, wide_pool_word(wide, wide->pool.free, i), sizeof index);
        if (index != POOL_NONE)
            prefetch_object(pool_link(&wide->pool, index), wide->pool.stride);
    }
}

static inline uint32_t wide_pool_take_free(struct wide_pool *wide)
{
    struct pool *pool = &wide->pool;
    uint32_t index = pool->free;

    if (wide->held > 0) {
        memcpy(&index, wide_pool_word(wide, pool->free, wide->held), sizeof index);
        wide->held--;
        return index;
    }
    memcpy(&pool->free, pool_link(pool, index), sizeof pool->free);
    if (wide->fan > 0 && pool->free != POOL_NONE) {
        wide->held = wide->fan;
        wide_pool_prefetch_held(wide);
    }
    return index;
}

/* As pool_take. */
static inline uint32_t wide_pool_take(struct wide_pool *wide)
{
    struct pool *pool = &wide->pool;
    const uint32_t index =
        pool->free != POOL_NONE ? wide_pool_take_free(wide) : pool_take_fresh(pool);

    if (index != POOL_NONE)
        pool_count_taken(pool);
    return index;
}

/* As pool_give. */
static inline void wide_pool_give(struct wide_pool *wide, uint32_t index)
{
    struct pool *pool = &wide->pool;

    CHECK(index < pool->bump && pool->used > 0);
    pool->used--;
    if (pool->free != POOL_NONE && wide->held < wide->fan) {
        wide->held++;
        memcpy(wide_pool_word(wide, pool->free, wide->held), &index, sizeof index);
        return;
    }
    memcpy(pool_link(pool, index), &pool->free, sizeof pool->free);
    pool->free = index;
    wide->held = 0;
}

#endif
