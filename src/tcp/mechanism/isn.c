/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * isn.c: see isn.h.
 */
#include "isn.h"

#include "bytes.h"

enum { TUPLE_WORDS = 5 };

static uint64_t hash_tuple(const struct siphash_key *secret, const struct tuple *tuple)
{
    const uint64_t ports = (uint64_t)tuple->local_port << 16 | tuple->remote_port;
    const uint64_t short_words[2] = {
        (uint64_t)load32(tuple->local.bytes + 12) << 32 | load32(tuple->remote.bytes + 12), ports};
    const uint64_t words[TUPLE_WORDS] = {
        load64(tuple->local.bytes),      load64(tuple->local.bytes + 8),
        load64(tuple->remote.bytes),     load64(tuple->remote.bytes + 8),
        ports,
    };

    if (tuple_is_ipv4(tuple))
        return siphash24_words(secret, short_words, 2);
    return siphash24_words(secret, words, TUPLE_WORDS);
}

struct seq isn_choose(const struct siphash_key *secret, const struct tuple *tuple, int64_t tick_ns,
                      int64_t now)
{
    CHECK(now >= 0 && tick_ns > 0);
    return seq_of((uint32_t)hash_tuple(secret, tuple) +
                  (uint32_t)((uint64_t)now / (uint64_t)tick_ns));
}

uint32_t timestamp_offset(const struct siphash_key *secret, const struct tuple *tuple)
{
    return (uint32_t)(hash_tuple(secret, tuple) >> 32);
}
