/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * neighbor.c: the table, its states and timers; what arrives is in neighbor_arrives.c, what is sent
 * in neighbor_message.c.
 *
 * Invariants: an entry is in exactly one of `pending` (INCOMPLETE, FAILED) and `known`, and in
 * `due` if and only if is_due. Every entry has an armed timer.
 */
#include "neighbor_table.h"

#include "arena.h"
#include "ip_address.h"

struct neighbors_layout {
    void *pool, *index;
};

static void lay_out_neighbors(struct arena *arena, uint32_t limit, struct neighbors_layout *layout)
{
    layout->pool = arena_take(arena, pool_size(sizeof(struct neighbor), limit));
    layout->index = arena_take(arena, hash_index_size(limit));
}

uint64_t neighbors_size(uint32_t limit)
{
    struct arena arena = {0};
    struct neighbors_layout layout;

    lay_out_neighbors(&arena, limit, &layout);
    return arena.used;
}

void neighbors_init(struct neighbors *neighbors, void *memory, uint32_t limit,
                    const struct siphash_key *key, int64_t now)
{
    struct arena arena = {.base = memory};
    struct neighbors_layout layout;

    lay_out_neighbors(&arena, limit, &layout);
    *neighbors = (struct neighbors){.key = *key};
    rng_init(&neighbors->rng, key->k0 ^ key->k1);
    pool_init(&neighbors->pool, layout.pool, sizeof(struct neighbor), limit);
    hash_index_init(&neighbors->index, layout.index, limit);
    wheel_init(&neighbors->wheel, layout.pool, sizeof(struct neighbor),
               offsetof(struct neighbor, timer), now);
    age_list_init(&neighbors->pending, &neighbors->pool, offsetof(struct neighbor, age));
    age_list_init(&neighbors->known, &neighbors->pool, offsetof(struct neighbor, age));
    age_list_init(&neighbors->due, &neighbors->pool, offsetof(struct neighbor, due));
}

struct neighbor *neighbor_at(const struct neighbors *neighbors, uint32_t index)
{
    return pool_at(&neighbors->pool, index);
}

static uint32_t neighbor_hash(const struct neighbors *neighbors, uint32_t link,
                              const struct lastack_address *address)
{
    uint64_t words[3];

    words[0] = load64(address->bytes);
    words[1] = load64(address->bytes + 8);
    words[2] = link;
    return (uint32_t)siphash13_words(&neighbors->key, words, 3);
}

uint32_t neighbor_index(const struct neighbors *neighbors, uint32_t link,
                        const struct lastack_address *address)
{
    uint32_t hash = neighbor_hash(neighbors, link, address);
    struct hash_cursor cursor;

    for (uint32_t ref = hash_index_first(&neighbors->index, hash, &cursor); ref != 0;
         ref = hash_index_next(&cursor)) {
        const struct neighbor *neighbor = neighbor_at(neighbors, ref - 1);
        if (neighbor->link == link && ip_address_equal(&neighbor->address, address))
            return ref - 1;
    }
    return POOL_NONE;
}

const struct neighbor *neighbor_find(const struct neighbors *neighbors, uint32_t link,
                                     const struct lastack_address *address)
{
    uint32_t index = neighbor_index(neighbors, link, address);

    return index == POOL_NONE ? NULL : neighbor_at(neighbors, index);
}

static bool neighbor_is_pending(uint8_t state)
{
    return state == NEIGHBOR_INCOMPLETE || state == NEIGHBOR_FAILED;
}

static struct age_list *neighbor_list(struct neighbors *neighbors, uint8_t state)
{
    return neighbor_is_pending(state) ? &neighbors->pending : &neighbors->known;
}

static void neighbor_stop_asking(struct neighbors *neighbors, uint32_t index)
{
    struct neighbor *neighbor = neighbor_at(neighbors, index);

    if (neighbor->is_due)
        age_list_remove(&neighbors->due, index);
    neighbor->is_due = false;
}

static void neighbor_forget(struct neighbors *neighbors, uint32_t index)
{
    struct neighbor *neighbor = neighbor_at(neighbors, index);

    if (neighbor->state == NEIGHBOR_INCOMPLETE) /* who waits for it must ask again */
        neighbors->changes++;
    neighbor_stop_asking(neighbors, index);
    wheel_cancel(&neighbors->wheel, index);
    age_list_remove(neighbor_list(neighbors, neighbor->state), index);
    CHECK(hash_index_remove(&neighbors->index, neighbor->hash, index + 1));
    pool_give(&neighbors->pool, index);
}

/* Half of the table, but never nothing. */
static uint32_t neighbor_pending_limit(const struct neighbors *neighbors)
{
    return (neighbors->pool.limit + 1) / 2;
}

/* Who was asked for the first time and has had no second to answer keeps his place: else those who
 * wait for more than have one would take it from each other, a question each, for ever. */
static bool neighbor_may_still_answer(const struct neighbor *neighbor)
{
    return neighbor->state == NEIGHBOR_INCOMPLETE && neighbor->tries <= 1;
}

/* All places of the pending are held by such. */
static bool neighbor_pending_stay(const struct neighbors *neighbors)
{
    return neighbors->pending.count >= neighbor_pending_limit(neighbors) &&
           neighbors->pending.count > 0 &&
           neighbor_may_still_answer(neighbor_at(neighbors, neighbors->pending.oldest));
}

/* The oldest goes: of the pending if they have their half already, else of the known. */
static void neighbor_make_room(struct neighbors *neighbors, bool for_pending)
{
    bool is_full = pool_available(&neighbors->pool) == 0;
    bool pending_is_full = neighbors->pending.count >= neighbor_pending_limit(neighbors);

    if (neighbors->pool.limit == 0 || (!is_full && !(for_pending && pending_is_full)))
        return;
    if ((for_pending && pending_is_full) || neighbors->known.count == 0)
        neighbor_forget(neighbors, neighbors->pending.oldest);
    else
        neighbor_forget(neighbors, neighbors->known.oldest);
    neighbors->evictions++;
}

uint32_t neighbor_make(struct neighbors *neighbors, uint32_t link,
                       const struct lastack_address *address, enum neighbor_state state)
{
    struct neighbor *neighbor;
    uint32_t index;

    neighbor_make_room(neighbors, neighbor_is_pending((uint8_t)state));
    index = pool_take(&neighbors->pool);
    if (index == POOL_NONE)
        return POOL_NONE;
    neighbor = neighbor_at(neighbors, index);
    *neighbor = (struct neighbor){
        .address = *address,
        .link = link,
        .hash = neighbor_hash(neighbors, link, address),
        .state = (uint8_t)state,
    };
    wheel_node_init(&neighbor->timer);
    CHECK(hash_index_insert(&neighbors->index, neighbor->hash, index + 1));
    if (neighbor_is_pending(neighbor->state))
        age_list_add_newest(&neighbors->pending, index);
    else
        age_list_add_oldest(&neighbors->known, index);
    return index;
}

static void neighbor_ask(struct neighbors *neighbors, uint32_t index, int64_t now)
{
    struct neighbor *neighbor = neighbor_at(neighbors, index);

    neighbor->tries++;
    if (!neighbor->is_due)
        age_list_add_newest(&neighbors->due, index);
    neighbor->is_due = true;
    wheel_arm(&neighbors->wheel, index, time_after(now, NEIGHBOR_RETRANSMIT_NS));
}

static int64_t neighbor_reachable_ns(struct neighbors *neighbors)
{
    return NEIGHBOR_REACHABLE_NS / 2 +
           MS(rng_below(&neighbors->rng, NEIGHBOR_REACHABLE_NS / MS(1)));
}

void neighbor_enter(struct neighbors *neighbors, uint32_t index, enum neighbor_state state,
                    int64_t now)
{
    struct neighbor *neighbor = neighbor_at(neighbors, index);
    bool was_waited_for = neighbor->state == NEIGHBOR_INCOMPLETE;

    if (neighbor_is_pending(neighbor->state) != neighbor_is_pending((uint8_t)state)) {
        age_list_remove(neighbor_list(neighbors, neighbor->state), index);
        age_list_add_newest(neighbor_list(neighbors, (uint8_t)state), index);
    }
    neighbor_stop_asking(neighbors, index);
    neighbor->state = (uint8_t)state;
    neighbor->tries = 0;
    if (was_waited_for)
        neighbors->changes++;
    switch (state) {
    case NEIGHBOR_INCOMPLETE:
    case NEIGHBOR_PROBE:
        neighbor_ask(neighbors, index, now);
        break;
    case NEIGHBOR_REACHABLE:
        wheel_arm(&neighbors->wheel, index, time_after(now, neighbor_reachable_ns(neighbors)));
        break;
    case NEIGHBOR_STALE:
        wheel_arm(&neighbors->wheel, index, time_after(now, NEIGHBOR_KEEP_STALE_NS));
        break;
    case NEIGHBOR_DELAY:
        wheel_arm(&neighbors->wheel, index, time_after(now, NEIGHBOR_DELAY_NS));
        break;
    case NEIGHBOR_FAILED:
        neighbors->unresolved++;
        wheel_arm(&neighbors->wheel, index, time_after(now, NEIGHBOR_HOLD_DOWN_NS));
        break;
    }
}

/* Groups need nobody's answer. */
static bool neighbor_resolve_group(const struct links *links,
                                   const struct lastack_address *next_hop, uint8_t mac[MAC_BYTES])
{
    if (mac_of_group(next_hop, mac))
        return true;
    if (!links_is_broadcast(links, next_hop))
        return false;
    memcpy(mac, mac_broadcast, MAC_BYTES);
    return true;
}

static enum resolve_answer neighbor_start(struct neighbors *neighbors, const struct links *links,
                                          int64_t now, uint32_t link,
                                          const struct lastack_address *next_hop)
{
    uint32_t index;

    if (links_source(links, link, next_hop) == NULL) /* nobody to ask as */
        return RESOLVE_FAILED;
    if (neighbor_pending_stay(neighbors)) /* one of them answers or fails: `changes` moves */
        return RESOLVE_WAIT;
    index = neighbor_make(neighbors, link, next_hop, NEIGHBOR_INCOMPLETE);
    if (index == POOL_NONE)
        return RESOLVE_FAILED;
    neighbor_ask(neighbors, index, now);
    return RESOLVE_WAIT;
}

enum resolve_answer neighbor_resolve(struct neighbors *neighbors, const struct links *links,
                                     int64_t now, uint32_t link,
                                     const struct lastack_address *next_hop, uint8_t mac[MAC_BYTES])
{
    uint32_t index;
    const struct neighbor *neighbor;

    if (neighbor_resolve_group(links, next_hop, mac))
        return RESOLVE_READY;
    index = neighbor_index(neighbors, link, next_hop);
    if (index == POOL_NONE)
        return neighbor_start(neighbors, links, now, link, next_hop);
    neighbor = neighbor_at(neighbors, index);
    if (neighbor->state == NEIGHBOR_INCOMPLETE)
        return RESOLVE_WAIT;
    if (neighbor->state == NEIGHBOR_FAILED)
        return RESOLVE_FAILED;
    if (neighbor->state == NEIGHBOR_STALE) /* RFC 4861 §7.3.3: the first packet starts the clock */
        neighbor_enter(neighbors, index, NEIGHBOR_DELAY, now);
    age_list_touch(&neighbors->known, index);
    memcpy(mac, neighbor->mac, MAC_BYTES);
    return RESOLVE_READY;
}

void neighbor_doubt(struct neighbors *neighbors, int64_t now, uint32_t link,
                    const struct lastack_address *next_hop)
{
    const uint32_t index = neighbor_index(neighbors, link, next_hop);

    if (index != POOL_NONE && neighbor_at(neighbors, index)->state == NEIGHBOR_REACHABLE)
        neighbor_enter(neighbors, index, NEIGHBOR_STALE, now);
}

/* A deadline of one entry. */
static void neighbor_times_out(struct neighbors *neighbors, uint32_t index, int64_t now)
{
    const struct neighbor *neighbor = neighbor_at(neighbors, index);

    switch ((enum neighbor_state)neighbor->state) {
    case NEIGHBOR_INCOMPLETE:
        if (neighbor->tries < NEIGHBOR_TRIES)
            neighbor_ask(neighbors, index, now);
        else
            neighbor_enter(neighbors, index, NEIGHBOR_FAILED, now);
        break;
    case NEIGHBOR_PROBE:
        if (neighbor->tries < NEIGHBOR_TRIES)
            neighbor_ask(neighbors, index, now);
        else
            neighbor_forget(neighbors, index);
        break;
    case NEIGHBOR_REACHABLE:
        neighbor_enter(neighbors, index, NEIGHBOR_STALE, now);
        break;
    case NEIGHBOR_DELAY:
        neighbor_enter(neighbors, index, NEIGHBOR_PROBE, now);
        break;
    case NEIGHBOR_STALE:
    case NEIGHBOR_FAILED:
        neighbor_forget(neighbors, index);
        break;
    }
}

void neighbor_tick(struct neighbors *neighbors, int64_t now)
{
    uint32_t index;

    /* Every one that fires is armed for a later time or forgotten: at most `limit` of them. */
    while ((index = wheel_pop(&neighbors->wheel, now)) != WHEEL_NONE)
        neighbor_times_out(neighbors, index, now);
}

int64_t neighbor_next_deadline(const struct neighbors *neighbors)
{
    return wheel_next(&neighbors->wheel);
}
