/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * syn_cache.c: a pool of entries and the wheel of their SYN-ACKs.
 *
 * An entry in use has a listener; a free one has none (rows walk by that). The pool's link lies in
 * the tuple, so it leaves the listener alone.
 */
#include "syn_cache.h"

uint64_t syn_cache_size(uint32_t limit)
{
    return pool_size(sizeof(struct syn_entry), limit);
}

void syn_cache_init(struct syn_cache *cache, void *memory, uint32_t limit, int64_t now)
{
    pool_init(&cache->entries, memory, sizeof(struct syn_entry), limit);
    wheel_init(&cache->wheel, memory, sizeof(struct syn_entry), offsetof(struct syn_entry, timer),
               now);
}

uint32_t syn_cache_add(struct syn_cache *cache)
{
    const uint32_t index = pool_take(&cache->entries);
    struct syn_entry *entry;

    if (index == POOL_NONE)
        return POOL_NONE;
    entry = syn_cache_at(cache, index);
    clear_object(entry, sizeof *entry);
    entry->listener = entry->superseded = POOL_NONE;
    entry->listener_next = entry->listener_prev = POOL_NONE;
    wheel_node_init(&entry->timer);
    return index;
}

void syn_cache_remove(struct syn_cache *cache, uint32_t index)
{
    wheel_cancel(&cache->wheel, index);
    syn_cache_at(cache, index)->listener = POOL_NONE;
    pool_give(&cache->entries, index);
}

void syn_cache_arm(struct syn_cache *cache, uint32_t index, int64_t at)
{
    CHECK(index < cache->entries.bump);
    wheel_arm(&cache->wheel, index, at);
}

uint32_t syn_cache_due(struct syn_cache *cache, int64_t now)
{
    const uint32_t index = wheel_pop(&cache->wheel, now);

    return index == WHEEL_NONE ? POOL_NONE : index;
}

int64_t syn_cache_next(const struct syn_cache *cache)
{
    return wheel_next(&cache->wheel);
}

bool syn_cache_walk(const struct syn_cache *cache, uint32_t *index)
{
    while (*index < cache->entries.bump && syn_cache_at(cache, *index)->listener == POOL_NONE)
        ++*index;
    return *index < cache->entries.bump;
}
