/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * arena.h: the memory plan, walked twice.
 *
 * The same function lays out a stack twice: once with base == NULL to learn how many bytes it takes
 * (lastack_size), once to place it. So the two can never disagree.
 */
#ifndef LASTACK_ARENA_H
#define LASTACK_ARENA_H

#include <stddef.h>
#include <stdint.h>

struct arena {
    uint8_t *base; /* NULL: only count */
    size_t used;
};

/* `size` bytes, aligned to 64 so that objects start on cache lines; NULL while only counting. */
static inline void *arena_take(struct arena *arena, size_t size)
{
    size_t at = (arena->used + 63) & ~(size_t)63;

    arena->used = at + size;
    return arena->base == NULL ? NULL : arena->base + at;
}

#endif
