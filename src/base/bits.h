/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * bits.h: the compiler's builtins that the core uses, in one place.
 *
 * Everything here has a plain C meaning; a compiler without the builtin needs only this file
 * changed.
 */
#ifndef LASTACK_BITS_H
#define LASTACK_BITS_H

#include <stddef.h>
#include <stdint.h>

/* Ask for a cache line that will be read (and likely written) soon. No effect on the result,
 * ever. The empty statement behind it is for gcc, which takes a function that does nothing but
 * prefetch for one without effect and drops its calls. */
static inline void prefetch(const void *p)
{
    __builtin_prefetch(p, 1, 3);
    __asm__ volatile("");
}

/* The first two lines that an object of `size` bytes lies in. */
static inline void prefetch_object(const void *p, size_t size)
{
    const char *first = (const char *)p;

    prefetch(first);
    prefetch(first + (size < 64 ? size - 1 : 64));
}

/* Index of the lowest set bit; x must not be 0. */
static inline unsigned lowest_bit64(uint64_t x)
{
    return (unsigned)__builtin_ctzll(x);
}

/* Index of the highest set bit; x must not be 0. */
static inline unsigned highest_bit64(uint64_t x)
{
    return 63u - (unsigned)__builtin_clzll(x);
}

static inline uint64_t rotate_left64(uint64_t x, unsigned n)
{
    return x << n | x >> (64 - n);
}

#define LIKELY(x)   __builtin_expect(!!(x), 1)
#define UNLIKELY(x) __builtin_expect(!!(x), 0)

#endif
