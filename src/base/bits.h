/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * bits.h: the compiler's builtins that the core uses, in one place.
 *
 * Everything here has a plain C meaning; a compiler without the builtin needs only this file
 * changed.
 */
#ifndef LASTACK_BITS_H
#define LASTACK_BITS_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <string.h>

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

/* Their sum; true: there is none in 64 bits. */
static inline bool add_overflows64(int64_t a, int64_t b, int64_t *sum)
{
    return __builtin_add_overflow(a, b, sum);
}

/* A bit for each of eight numbers that equals `wanted`. No branches: which one it is cannot be
 * predicted. */
#ifdef __SSE2__
typedef int32_t bits_quad __attribute__((vector_size(16)));
typedef short bits_eight __attribute__((vector_size(16)));

static inline uint32_t equal_of_eight(const uint32_t numbers[8], uint32_t wanted)
{
    const int32_t w = (int32_t)wanted;
    const bits_quad all = {w, w, w, w};
    bits_quad low, high;
    bits_eight both;

    memcpy(&low, numbers, sizeof low);
    memcpy(&high, numbers + 4, sizeof high);
    both = __builtin_ia32_packssdw128(low == all, high == all);
    return (uint32_t)__builtin_ia32_pmovmskb128(__builtin_ia32_packsswb128(both, both)) & 0xff;
}
#else
static inline uint32_t equal_of_eight(const uint32_t numbers[8], uint32_t wanted)
{
    uint32_t mask = 0;

    for (unsigned i = 0; i < 8; i++)
        mask |= (uint32_t)(numbers[i] == wanted) << i;
    return mask;
}
#endif

/* Between the machine's byte order and the network's, either way. */
#if __BYTE_ORDER__ == __ORDER_LITTLE_ENDIAN__
static inline uint16_t network16(uint16_t x)
{
    return __builtin_bswap16(x);
}

static inline uint32_t network32(uint32_t x)
{
    return __builtin_bswap32(x);
}

static inline uint64_t network64(uint64_t x)
{
    return __builtin_bswap64(x);
}
#else
static inline uint16_t network16(uint16_t x)
{
    return x;
}

static inline uint32_t network32(uint32_t x)
{
    return x;
}

static inline uint64_t network64(uint64_t x)
{
    return x;
}
#endif

/* x + y modulo 2^64 - 1: what is carried out at the top comes back in at the bottom. */
static inline uint64_t add_carried64(uint64_t x, uint64_t y)
{
    uint64_t sum;
    const bool is_carried = __builtin_add_overflow(x, y, &sum);

    return sum + is_carried;
}

static inline uint64_t rotate_left64(uint64_t x, unsigned n)
{
    return x << n | x >> (64 - n);
}

/* For what becomes little code when its arguments are constants, which a compiler does not see in
 * time to inline it by itself. */
#define ALWAYS_INLINE __attribute__((always_inline))
/* For what is seldom needed beside what every packet needs: who does not call it pays nothing for
 * the registers that it would like. */
#define NOINLINE __attribute__((noinline))

/* All bytes 0, of a size that the compiler knows. For more than a few lines gcc writes `rep stos`,
 * which takes its time before it begins: so line by line, two in a turn. */
static inline ALWAYS_INLINE void clear_object(void *p, size_t size)
{
    char *line = (char *)p;

    for (; size >= 128; size -= 128, line += 128) {
        memset(line, 0, 64);
        memset(line + 64, 0, 64);
    }
    if (size >= 64)
        memset(line, 0, 64);
    memset(line + size / 64 * 64, 0, size % 64);
}

#define LIKELY(x)   __builtin_expect(!!(x), 1)
#define UNLIKELY(x) __builtin_expect(!!(x), 0)

#endif
