/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * rng.h: a seeded generator for everything that may be guessed at no harm (simulation, jitter,
 * choice of a first port). Secrets (ISN, cookies) use siphash.h.
 */
#ifndef LASTACK_RNG_H
#define LASTACK_RNG_H

#include <stdint.h>

struct rng {
    uint64_t state[4]; /* xoshiro256** */
};

void rng_init(struct rng *rng, uint64_t seed);
uint64_t rng_next(struct rng *rng);
/* 0 <= result < bound, without bias; bound > 0. */
uint32_t rng_below(struct rng *rng, uint32_t bound);

#endif
