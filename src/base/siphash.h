/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * siphash.h: a keyed hash that an attacker cannot aim (Aumasson and Bernstein, 2012).
 *
 * 1-3 for tables, where speed counts and only flooding must be hard; 2-4 for initial sequence
 * numbers and cookies, where a guess must be hard too.
 */
#ifndef LASTACK_SIPHASH_H
#define LASTACK_SIPHASH_H

#include <stddef.h>
#include <stdint.h>

struct siphash_key {
    uint64_t k0, k1;
};

/* The key in 16 bytes of a seed. */
struct siphash_key siphash_key(const uint8_t bytes[16]);

/* Over whole 64-bit words: the form for fixed keys such as tuples. `count` words. */
uint64_t siphash13_words(const struct siphash_key *key, const uint64_t *words, size_t count);
uint64_t siphash24_words(const struct siphash_key *key, const uint64_t *words, size_t count);

/* The same with four bytes more behind the words: 8 * count + 4 bytes in all. An IPv4 tuple is one
 * word and a half, and its second block holds the length too: a block less than two whole words. */
uint64_t siphash13_words_and(const struct siphash_key *key, const uint64_t *words, size_t count,
                             uint32_t rest);
uint64_t siphash24_words_and(const struct siphash_key *key, const uint64_t *words, size_t count,
                             uint32_t rest);

/* Over bytes, as the reference implementation has it (the published test vectors hold for 2-4). */
uint64_t siphash24(const struct siphash_key *key, const void *data, size_t length);

#endif
