/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * isn.c: see isn.h.
 */
#include "isn.h"

#include "bytes.h"

enum { ISN_CLOCK_NS = 64, TUPLE_WORDS = 5 };

static uint64_t hash_tuple(const struct siphash_key *secret, const struct tuple *tuple)
{
    const uint64_t words[TUPLE_WORDS] = {
        load64(tuple->local.bytes),      load64(tuple->local.bytes + 8),
        load64(tuple->remote.bytes),     load64(tuple->remote.bytes + 8),
        (uint64_t)tuple->local_port << 16 | tuple->remote_port,
    };

    return siphash24_words(secret, words, TUPLE_WORDS);
}

struct seq isn_choose(const struct siphash_key *secret, const struct tuple *tuple, int64_t now)
{
    CHECK(now >= 0);
    return seq_of((uint32_t)hash_tuple(secret, tuple) + (uint32_t)((uint64_t)now / ISN_CLOCK_NS));
}

uint32_t timestamp_offset(const struct siphash_key *secret, const struct tuple *tuple)
{
    return (uint32_t)(hash_tuple(secret, tuple) >> 32);
}
