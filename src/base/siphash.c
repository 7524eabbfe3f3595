/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * siphash.c: SipHash-c-d, c rounds for each word, d at the end.
 *
 *     v0..v3 = key ^ "somepseudorandomlygeneratedbytes"
 *     each word w:  v3 ^= w; c rounds; v0 ^= w          last word: length mod 256 in the top byte
 *     end:          v2 ^= 0xff; d rounds; v0 ^ v1 ^ v2 ^ v3
 *
 * Bytes form words in little-endian order on every machine, as the reference has it. Hashing
 * `count` words therefore equals hashing their 8 * count little-endian bytes.
 */
#include "siphash.h"

#include "bits.h"

struct sip_state {
    uint64_t v0, v1, v2, v3;
};

static uint64_t sip_load_little(const uint8_t *p, size_t length)
{
    uint64_t word = 0;

    for (size_t i = 0; i < length; i++)
        word |= (uint64_t)p[i] << (8 * i);
    return word;
}

static inline void sip_rounds(struct sip_state *s, unsigned rounds)
{
    for (unsigned i = 0; i < rounds; i++) {
        s->v0 += s->v1;
        s->v2 += s->v3;
        s->v1 = rotate_left64(s->v1, 13) ^ s->v0;
        s->v3 = rotate_left64(s->v3, 16) ^ s->v2;
        s->v0 = rotate_left64(s->v0, 32);
        s->v2 += s->v1;
        s->v0 += s->v3;
        s->v1 = rotate_left64(s->v1, 17) ^ s->v2;
        s->v3 = rotate_left64(s->v3, 21) ^ s->v0;
        s->v2 = rotate_left64(s->v2, 32);
    }
}

static inline struct sip_state sip_start(const struct siphash_key *key)
{
    return (struct sip_state){
        .v0 = key->k0 ^ 0x736f6d6570736575u,
        .v1 = key->k1 ^ 0x646f72616e646f6du,
        .v2 = key->k0 ^ 0x6c7967656e657261u,
        .v3 = key->k1 ^ 0x7465646279746573u,
    };
}

static inline void sip_word(struct sip_state *s, uint64_t word, unsigned rounds)
{
    s->v3 ^= word;
    sip_rounds(s, rounds);
    s->v0 ^= word;
}

static inline uint64_t sip_finish(struct sip_state *s, unsigned rounds)
{
    s->v2 ^= 0xff;
    sip_rounds(s, rounds);
    return s->v0 ^ s->v1 ^ s->v2 ^ s->v3;
}

/* Inlined with constant rounds, so that each variant becomes straight code. `last` is what the
 * block of the length begins with. */
static inline ALWAYS_INLINE uint64_t sip_words(const struct siphash_key *key, const uint64_t *words,
                                               size_t count, uint64_t last, unsigned word_rounds,
                                               unsigned final_rounds)
{
    struct sip_state s = sip_start(key);

    for (size_t i = 0; i < count; i++)
        sip_word(&s, words[i], word_rounds);
    sip_word(&s, last, word_rounds);
    return sip_finish(&s, final_rounds);
}

struct siphash_key siphash_key(const uint8_t bytes[16])
{
    return (struct siphash_key){sip_load_little(bytes, 8), sip_load_little(bytes + 8, 8)};
}

uint64_t siphash13_words(const struct siphash_key *key, const uint64_t *words, size_t count)
{
    return sip_words(key, words, count, (uint64_t)(count * 8) << 56, 1, 3);
}

uint64_t siphash24_words(const struct siphash_key *key, const uint64_t *words, size_t count)
{
    return sip_words(key, words, count, (uint64_t)(count * 8) << 56, 2, 4);
}

uint64_t siphash13_words_and(const struct siphash_key *key, const uint64_t *words, size_t count,
                             uint32_t rest)
{
    const uint64_t last = (uint64_t)(count * 8 + 4) << 56 | rest;

    if (count == 1) /* an IPv4 tuple: what every packet asks for, without a loop */
        return sip_words(key, words, 1, last, 1, 3);
    return sip_words(key, words, count, last, 1, 3);
}

uint64_t siphash24_words_and(const struct siphash_key *key, const uint64_t *words, size_t count,
                             uint32_t rest)
{
    const uint64_t last = (uint64_t)(count * 8 + 4) << 56 | rest;

    if (count == 1)
        return sip_words(key, words, 1, last, 2, 4);
    return sip_words(key, words, count, last, 2, 4);
}

uint64_t siphash24(const struct siphash_key *key, const void *data, size_t length)
{
    const uint8_t *p = data;
    struct sip_state s = sip_start(key);
    size_t left = length;

    for (; left >= 8; p += 8, left -= 8)
        sip_word(&s, sip_load_little(p, 8), 2);
    sip_word(&s, (uint64_t)length << 56 | sip_load_little(p, left), 2);
    return sip_finish(&s, 4);
}
