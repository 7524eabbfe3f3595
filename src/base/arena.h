/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * arena.h: the memory plan, walked twice.
 *
 * The same function lays out a stack twice: once with base == NULL to learn how many bytes it takes
 * (lastack_size), once to place it. So the two can never disagree. Bytes are counted in 64 bits on
 * any machine: limits that do not fit into 32 are found out, not wrapped around.
 */
#ifndef LASTACK_ARENA_H
#define LASTACK_ARENA_H

#include <stddef.h>
#include <stdint.h>

struct arena {
    uint8_t *base; /* NULL: only count */
    uint64_t used;
};

/* `size` bytes, aligned to 64 so that objects start on cache lines; NULL while only counting. */
static inline void *arena_take(struct arena *arena, uint64_t size)
{
    const uint64_t at = (arena->used + 63) & ~(uint64_t)63;

    arena->used = at + size;
    return arena->base == NULL ? NULL : arena->base + (size_t)at;
}

static inline void *arena_take_array(struct arena *arena, size_t size, uint32_t count)
{
    return arena_take(arena, (uint64_t)size * count);
}

#endif
