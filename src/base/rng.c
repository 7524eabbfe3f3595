/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * rng.c: xoshiro256** (Blackman and Vigna, 2018), its state filled from one word by splitmix64,
 * which never yields the forbidden all-zero state.
 */
#include "rng.h"

#include "bits.h"
#include "check.h"

static uint64_t rng_splitmix(uint64_t *state)
{
    uint64_t z = *state += 0x9e3779b97f4a7c15u;

    z = (z ^ z >> 30) * 0xbf58476d1ce4e5b9u;
    z = (z ^ z >> 27) * 0x94d049bb133111ebu;
    return z ^ z >> 31;
}

void rng_init(struct rng *rng, uint64_t seed)
{
    for (unsigned i = 0; i < 4; i++)
        rng->state[i] = rng_splitmix(&seed);
}

uint64_t rng_next(struct rng *rng)
{
    uint64_t *s = rng->state;
    uint64_t result = rotate_left64(s[1] * 5, 7) * 9;
    uint64_t t = s[1] << 17;

    s[2] ^= s[0];
    s[3] ^= s[1];
    s[1] ^= s[2];
    s[0] ^= s[3];
    s[2] ^= t;
    s[3] = rotate_left64(s[3], 45);
    return result;
}

/*
 * Multiply and keep the high half (Lemire, 2019): x * bound / 2^32. The 2^32 mod bound lowest
 * products would favour some results; they are drawn again. At worst half of the draws are: the
 * loop ends soon.
 */
uint32_t rng_below(struct rng *rng, uint32_t bound)
{
    uint32_t threshold;
    uint64_t product;

    CHECK(bound > 0);
    threshold = (0 - bound) % bound;
    do {
        product = (rng_next(rng) >> 32) * bound;
    } while ((uint32_t)product < threshold);
    return (uint32_t)(product >> 32);
}
