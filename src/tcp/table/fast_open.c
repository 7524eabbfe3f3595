/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * fast_open.c: see fast_open.h.
 */
#include "fast_open.h"

#include "bytes.h"

void fast_open_cookie(const struct siphash_key *key, const struct tuple *tuple,
                      uint8_t cookie[FAST_OPEN_COOKIE])
{
    const size_t length = ip_wire_length(&tuple->local);
    uint8_t addresses[2 * IPV6_BYTES];
    uint64_t hash;

    memcpy(addresses, ip_wire_bytes(&tuple->remote), length);
    memcpy(addresses + length, ip_wire_bytes(&tuple->local), length);
    hash = siphash24(key, addresses, 2 * length);
    for (unsigned i = 0; i < FAST_OPEN_COOKIE; i++)
        cookie[i] = (uint8_t)(hash >> 8 * i);
}

unsigned fast_open_check(const struct fast_open_keys *keys, const struct tuple *tuple,
                         const uint8_t *cookie, size_t length)
{
    uint8_t right[FAST_OPEN_COOKIE];

    if (length != FAST_OPEN_COOKIE)
        return 0;
    for (unsigned i = 0; i < keys->count; i++) {
        fast_open_cookie(&keys->key[i], tuple, right);
        if (memcmp(cookie, right, FAST_OPEN_COOKIE) == 0)
            return i + 1;
    }
    return 0;
}

uint64_t fast_open_cache_size(uint32_t places)
{
    return (uint64_t)(places / FAST_OPEN_WAYS) * FAST_OPEN_WAYS * sizeof(struct fast_open_memory);
}

void fast_open_cache_init(struct fast_open_cache *cache, void *memory, uint32_t places,
                          const struct siphash_key *key)
{
    *cache = (struct fast_open_cache){memory, places / FAST_OPEN_WAYS, *key};
}

void fast_open_forget(struct fast_open_cache *cache)
{
    memset(cache->memories, 0,
           (size_t)cache->lines * FAST_OPEN_WAYS * sizeof(struct fast_open_memory));
}

static uint64_t name_of(const struct fast_open_cache *cache, const struct tuple *tuple)
{
    const uint64_t words[4] = {load64(tuple->local.bytes), load64(tuple->local.bytes + 8),
                               load64(tuple->remote.bytes), load64(tuple->remote.bytes + 8)};

    return siphash13_words(&cache->key, words, 4) | 1;
}

static struct fast_open_memory *line_of(const struct fast_open_cache *cache, uint64_t name)
{
    return cache->memories + (size_t)(((name >> 32) * cache->lines) >> 32) * FAST_OPEN_WAYS;
}

const struct fast_open_memory *fast_open_recall(const struct fast_open_cache *cache,
                                                const struct tuple *tuple)
{
    const uint64_t name = name_of(cache, tuple);
    const struct fast_open_memory *line = line_of(cache, name);

    for (unsigned i = 0; cache->lines > 0 && i < FAST_OPEN_WAYS; i++) {
        if (line[i].name == name)
            return &line[i];
    }
    return NULL;
}

struct fast_open_memory *fast_open_remember(struct fast_open_cache *cache,
                                            const struct tuple *tuple, int64_t now)
{
    const uint64_t name = name_of(cache, tuple);
    struct fast_open_memory *line = line_of(cache, name);
    struct fast_open_memory *oldest = line;

    if (cache->lines == 0)
        return NULL;
    for (unsigned i = 0; i < FAST_OPEN_WAYS; i++) {
        if (line[i].name == name) {
            line[i].used_at = now;
            return &line[i];
        }
        if (line[i].used_at < oldest->used_at)
            oldest = &line[i];
    }
    *oldest = (struct fast_open_memory){.name = name, .used_at = now};
    return oldest;
}
