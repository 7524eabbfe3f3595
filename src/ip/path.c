/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * path.c: see path.h.
 */
#include "path.h"

#include "arena.h"
#include "ip_address.h"

struct paths_layout {
    void *pool, *index;
};

static void lay_out_paths(struct arena *arena, uint32_t limit, struct paths_layout *layout)
{
    layout->pool = arena_take(arena, pool_size(sizeof(struct path), limit));
    layout->index = arena_take(arena, hash_index_size(limit));
}

uint64_t paths_size(uint32_t limit)
{
    struct arena arena = {0};
    struct paths_layout layout;

    lay_out_paths(&arena, limit, &layout);
    return arena.used;
}

void paths_init(struct paths *paths, void *memory, uint32_t limit, const struct siphash_key *key)
{
    struct arena arena = {.base = memory};
    struct paths_layout layout;

    lay_out_paths(&arena, limit, &layout);
    *paths = (struct paths){.key = *key};
    pool_init(&paths->pool, layout.pool, sizeof(struct path), limit);
    hash_index_init(&paths->index, layout.index, limit);
    age_list_init(&paths->ages, &paths->pool, offsetof(struct path, age));
}

static uint32_t path_hash(const struct paths *paths, const struct lastack_address *destination)
{
    uint64_t words[2];

    words[0] = load64(destination->bytes);
    words[1] = load64(destination->bytes + 8);
    return (uint32_t)siphash13_words(&paths->key, words, 2);
}

static uint32_t path_index(const struct paths *paths, const struct lastack_address *destination,
                           uint32_t hash)
{
    struct hash_cursor cursor;

    for (uint32_t ref = hash_index_first(&paths->index, hash, &cursor); ref != 0;
         ref = hash_index_next(&cursor)) {
        const struct path *path = pool_at(&paths->pool, ref - 1);
        if (ip_address_equal(&path->destination, destination))
            return ref - 1;
    }
    return POOL_NONE;
}

struct path *path_find(const struct paths *paths, const struct lastack_address *destination)
{
    uint32_t index = path_index(paths, destination, path_hash(paths, destination));

    return index == POOL_NONE ? NULL : pool_at(&paths->pool, index);
}

static void path_evict_oldest(struct paths *paths)
{
    uint32_t index = paths->ages.oldest;
    const struct path *path = pool_at(&paths->pool, index);

    age_list_remove(&paths->ages, index);
    CHECK(hash_index_remove(&paths->index, path->hash, index + 1));
    pool_give(&paths->pool, index);
    paths->evictions++;
}

struct path *path_touch(struct paths *paths, const struct lastack_address *destination)
{
    uint32_t hash = path_hash(paths, destination);
    uint32_t index = path_index(paths, destination, hash);
    struct path *path;

    if (index != POOL_NONE) {
        age_list_touch(&paths->ages, index);
        return pool_at(&paths->pool, index);
    }
    if (pool_available(&paths->pool) == 0 && paths->ages.count > 0)
        path_evict_oldest(paths);
    index = pool_take(&paths->pool);
    if (index == POOL_NONE)
        return NULL;
    path = pool_at(&paths->pool, index);
    *path = (struct path){.destination = *destination, .hash = hash};
    age_list_add_newest(&paths->ages, index);
    CHECK(hash_index_insert(&paths->index, hash, index + 1));
    return path;
}

uint32_t path_mtu(const struct paths *paths, const struct lastack_address *destination,
                  uint32_t link_mtu, int64_t now)
{
    struct path *path = path_find(paths, destination);

    if (path == NULL)
        return link_mtu;
    if (path->mtu != 0 && now >= path->mtu_expires_at)
        path->mtu = 0;
    return path->mtu != 0 && path->mtu < link_mtu ? path->mtu : link_mtu;
}

/* RFC 1191 §7.1, table 7-1: MTUs that are in use somewhere; the largest below what did not fit. */
static uint32_t path_plateau_below(uint32_t length)
{
    static const uint16_t plateaus[] = {32000, 17914, 8166, 4352, 2002, 1492, 1006, 508, 296};

    for (size_t i = 0; i < sizeof plateaus / sizeof plateaus[0]; i++) {
        if (plateaus[i] < length)
            return plateaus[i];
    }
    return PATH_MTU_MIN_IPV4;
}

/* The MTU that a report means; 0 if it is not to be believed. */
static uint32_t path_reported_mtu(const struct lastack_address *destination, uint32_t reported,
                                  uint32_t quoted_length)
{
    if (!ip_is_ipv4(destination))
        return reported < PATH_MTU_MIN_IPV6 ? 0 : reported;
    if (reported == 0)
        return path_plateau_below(quoted_length);
    return max32(reported, PATH_MTU_MIN_IPV4);
}

bool path_too_big(struct paths *paths, const struct lastack_address *destination, uint32_t reported,
                  uint32_t quoted_length, uint32_t link_mtu, int64_t now)
{
    uint32_t present = path_mtu(paths, destination, link_mtu, now);
    uint32_t mtu = path_reported_mtu(destination, reported, quoted_length);
    struct path *path;

    if (mtu == 0 || mtu >= present)
        return false;
    path = path_touch(paths, destination);
    if (path == NULL)
        return false;
    path->mtu = mtu;
    path->mtu_expires_at = time_after(now, PATH_MTU_LIFETIME_NS);
    paths->has_learnt = true;
    return true;
}
