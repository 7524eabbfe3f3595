/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * local_endpoints.c: entries by (address, port, link) and, in a list, by port.
 *
 * One hash index serves both, and each entry has one slot in it: the first of a port's list under
 * the port alone, every other under all that tells it apart. Nearly always the first is the only
 * one, and one look-up finds it. Invariants: an entry that exists counts at least one use, and one
 * that does not exist none; a port's list begins with the entry that its slot refers to.
 */
#include "local_endpoints.h"

#include "bytes.h"

/* Families that a form covers. */
enum { COVERS_IPV4 = 1, COVERS_IPV6 = 2 };

static const struct {
    uint8_t covers;
    bool is_any;
} endpoint_forms[ENDPOINT_FORMS] = {
    [ENDPOINT_IPV4] = {COVERS_IPV4, false},
    [ENDPOINT_IPV4_ANY] = {COVERS_IPV4, true},
    [ENDPOINT_IPV6] = {COVERS_IPV6, false},
    [ENDPOINT_IPV6_ANY] = {COVERS_IPV4 | COVERS_IPV6, true},
    [ENDPOINT_IPV6_ONLY_ANY] = {COVERS_IPV6, true},
};

/* What a slot refers to. */
enum endpoint_role { ENDPOINT_FURTHER = 0, ENDPOINT_FIRST_OF_PORT = 1 };

struct endpoint_listener {
    uint32_t listener;
    uint32_t next;
};

/* What tells entries apart. */
struct endpoint_key {
    struct lastack_address address;
    uint16_t port;
    uint16_t form;
    uint32_t link;
};

static inline enum endpoint_form endpoint_form_of(const struct lastack_address *address,
                                                  uint8_t flags)
{
    if (lastack_is_ipv4(address))
        return lastack_is_any(address) ? ENDPOINT_IPV4_ANY : ENDPOINT_IPV4;
    if (!lastack_is_any(address))
        return ENDPOINT_IPV6;
    return (flags & ENDPOINT_V6_ONLY) != 0 ? ENDPOINT_IPV6_ONLY_ANY : ENDPOINT_IPV6_ANY;
}

static inline struct endpoint_key endpoint_key_of(const struct endpoint_use *use)
{
    return (struct endpoint_key){
        .address = use->local.address,
        .port = use->local.port,
        .form = (uint16_t)endpoint_form_of(&use->local.address, use->flags),
        .link = use->link,
    };
}

static bool endpoint_is(const struct local_endpoint *entry, const struct endpoint_key *key)
{
    return entry->port == key->port && entry->form == key->form && entry->link == key->link &&
           lastack_address_equal(&entry->address, &key->address);
}

/* ---- finding ---- */

static struct local_endpoint *endpoint_at(const struct local_endpoints *table, uint32_t index)
{
    return pool_at(&table->entries, index);
}

static uint32_t endpoint_ref(uint32_t index, enum endpoint_role role)
{
    return (index + 1) << 1 | (uint32_t)role;
}

static uint32_t endpoint_index_of(uint32_t ref)
{
    return (ref >> 1) - 1;
}

/* A cheap keyed mix is enough: which local endpoints exist is our own choice, nobody outside can
 * aim at it. */
static uint64_t endpoint_mix(uint64_t hash, uint64_t word)
{
    hash = (hash ^ word) * 0x9e3779b97f4a7c15u;
    return hash ^ hash >> 32;
}

static uint32_t endpoint_hash(const struct local_endpoints *table, const struct endpoint_key *key)
{
    uint64_t hash = endpoint_mix(table->key.k0, load64(key->address.bytes));

    hash = endpoint_mix(hash, load64(key->address.bytes + 8));
    hash = endpoint_mix(hash, (uint64_t)key->port << 48 | (uint64_t)key->form << 32 | key->link);
    return (uint32_t)(hash * 0xd1b54a32d192ed03u >> 32);
}

static uint32_t endpoint_port_hash(const struct local_endpoints *table, uint16_t port)
{
    return (uint32_t)(endpoint_mix(table->key.k1, port) * 0xd1b54a32d192ed03u >> 32);
}

static NOINLINE uint32_t endpoint_look_up_port(const struct local_endpoints *table, uint16_t port)
{
    struct hash_cursor cursor;

    for (uint32_t ref = hash_index_first(&table->index, endpoint_port_hash(table, port), &cursor);
         ref != 0; ref = hash_index_next(&cursor)) {
        if ((ref & 1) == ENDPOINT_FIRST_OF_PORT &&
            endpoint_at(table, endpoint_index_of(ref))->port == port)
            return endpoint_index_of(ref);
    }
    return POOL_NONE;
}

/* First entry of the port, or POOL_NONE. */
static uint32_t endpoint_first_of(const struct local_endpoints *table, uint16_t port)
{
    return table->last.port == port ? table->last.first : endpoint_look_up_port(table, port);
}

/* The same, remembered: who asks for a port nearly always asks again. */
static uint32_t endpoint_first_from_now_on(struct local_endpoints *table, uint16_t port)
{
    if (table->last.port != port)
        table->last = (struct endpoint_port){port, endpoint_look_up_port(table, port)};
    return table->last.first;
}

/* Among those that are not the first of their port. */
static uint32_t endpoint_find_further(const struct local_endpoints *table,
                                      const struct endpoint_key *key)
{
    struct hash_cursor cursor;

    for (uint32_t ref = hash_index_first(&table->index, endpoint_hash(table, key), &cursor);
         ref != 0; ref = hash_index_next(&cursor)) {
        if ((ref & 1) == ENDPOINT_FURTHER &&
            endpoint_is(endpoint_at(table, endpoint_index_of(ref)), key))
            return endpoint_index_of(ref);
    }
    return POOL_NONE;
}

/* The entry where `first` is the first of its port; POOL_NONE: there is none. */
static uint32_t endpoint_find_behind(const struct local_endpoints *table, uint32_t first,
                                     const struct endpoint_key *key)
{
    const struct local_endpoint *entry;

    if (first == POOL_NONE)
        return POOL_NONE;
    entry = endpoint_at(table, first);
    if (endpoint_is(entry, key))
        return first;
    return entry->next == POOL_NONE ? POOL_NONE : endpoint_find_further(table, key);
}

/* Index of the entry, or POOL_NONE. */
static uint32_t endpoint_find(const struct local_endpoints *table, const struct endpoint_key *key)
{
    return endpoint_find_behind(table, endpoint_first_of(table, key->port), key);
}

/* ---- entries come and go ---- */

static struct endpoint_key endpoint_key_at(const struct local_endpoint *entry)
{
    return (struct endpoint_key){entry->address, entry->port, entry->form, entry->link};
}

static void endpoint_first_is(struct local_endpoints *table, uint16_t port, uint32_t first)
{
    if (table->last.port == port)
        table->last.first = first;
}

static bool endpoint_link_first(struct local_endpoints *table, uint32_t index, uint16_t port)
{
    if (!hash_index_insert(&table->index, endpoint_port_hash(table, port),
                           endpoint_ref(index, ENDPOINT_FIRST_OF_PORT)))
        return false;
    endpoint_first_is(table, port, index);
    return true;
}

/* Into the index, and behind the first of its port if there is one. False if the index is full. */
static bool endpoint_link(struct local_endpoints *table, uint32_t index, uint32_t first,
                          const struct endpoint_key *key)
{
    struct local_endpoint *entry = endpoint_at(table, index), *before;

    if (first == POOL_NONE)
        return endpoint_link_first(table, index, key->port);
    if (!hash_index_insert(&table->index, endpoint_hash(table, key),
                           endpoint_ref(index, ENDPOINT_FURTHER)))
        return false;
    before = endpoint_at(table, first);
    entry->prev = first;
    entry->next = before->next;
    if (before->next != POOL_NONE)
        endpoint_at(table, before->next)->prev = index;
    before->next = index;
    return true;
}

static void endpoint_unlink_further(struct local_endpoints *table, uint32_t index)
{
    const struct local_endpoint *entry = endpoint_at(table, index);
    const struct endpoint_key key = endpoint_key_at(entry);

    endpoint_at(table, entry->prev)->next = entry->next;
    if (entry->next != POOL_NONE)
        endpoint_at(table, entry->next)->prev = entry->prev;
    CHECK(hash_index_remove(&table->index, endpoint_hash(table, &key),
                            endpoint_ref(index, ENDPOINT_FURTHER)));
}

/* The next of its port, if there is one, becomes the first. */
static void endpoint_unlink_first(struct local_endpoints *table, uint32_t index)
{
    const struct local_endpoint *entry = endpoint_at(table, index);
    const uint32_t hash = endpoint_port_hash(table, entry->port), next = entry->next;
    const uint32_t ref = endpoint_ref(index, ENDPOINT_FIRST_OF_PORT);

    endpoint_first_is(table, entry->port, next);
    if (next == POOL_NONE) {
        CHECK(hash_index_remove(&table->index, hash, ref));
        return;
    }
    endpoint_unlink_further(table, next);
    endpoint_at(table, next)->prev = POOL_NONE;
    endpoint_at(table, next)->next = entry->next;
    if (entry->next != POOL_NONE)
        endpoint_at(table, entry->next)->prev = next;
    CHECK(hash_index_replace(&table->index, hash, ref, endpoint_ref(next, ENDPOINT_FIRST_OF_PORT)));
}

/* A new entry without uses (the counts of one that was given back are 0, as those of fresh memory
 * are), or POOL_NONE. */
static uint32_t endpoint_create(struct local_endpoints *table, const struct endpoint_key *key,
                                uint32_t first)
{
    const uint32_t index = pool_take(&table->entries);
    struct local_endpoint *entry;

    if (index == POOL_NONE)
        return POOL_NONE;
    entry = endpoint_at(table, index);
    entry->address = key->address;
    entry->port = key->port;
    entry->form = key->form;
    entry->link = key->link;
    entry->next = entry->prev = entry->listeners = POOL_NONE;
    if (endpoint_link(table, index, first, key))
        return index;
    pool_give(&table->entries, index);
    return POOL_NONE;
}

/* Nobody uses it any more. */
static void endpoint_forget(struct local_endpoints *table, uint32_t index,
                            const struct local_endpoint *entry)
{
    if (entry->prev == POOL_NONE)
        endpoint_unlink_first(table, index);
    else
        endpoint_unlink_further(table, index);
    pool_give(&table->entries, index);
}

static uint32_t *endpoint_counter(struct local_endpoint *entry, enum endpoint_kind kind,
                                  uint8_t flags)
{
    CHECK(kind < ENDPOINT_KINDS);
    return &entry->count[kind][flags & ENDPOINT_REUSE];
}

uint64_t local_endpoints_size(uint32_t limit)
{
    return hash_index_size(limit) +
           ((pool_size(sizeof(struct local_endpoint), limit) + 63) & ~(uint64_t)63) +
           pool_size(sizeof(struct endpoint_listener), limit);
}

void local_endpoints_init(struct local_endpoints *table, void *memory, uint32_t limit,
                          const struct siphash_key *key)
{
    uint8_t *at = memory;

    CHECK(limit > 0 && limit < UINT32_MAX / 8);
    *table = (struct local_endpoints){.key = *key, .last = {.first = POOL_NONE}};
    hash_index_init(&table->index, at, limit);
    at += hash_index_size(limit);
    pool_init(&table->entries, at, sizeof(struct local_endpoint), limit);
    at += (pool_size(sizeof(struct local_endpoint), limit) + 63) & ~(size_t)63;
    pool_init(&table->listeners, at, sizeof(struct endpoint_listener), limit);
}

/* ---- uses ---- */

static uint32_t endpoint_enter(struct local_endpoints *table, const struct endpoint_use *use)
{
    const struct endpoint_key key = endpoint_key_of(use);
    const uint32_t first = endpoint_first_from_now_on(table, key.port);
    uint32_t index = endpoint_find_behind(table, first, &key);
    struct local_endpoint *entry;

    if (index == POOL_NONE)
        index = endpoint_create(table, &key, first);
    if (index == POOL_NONE)
        return POOL_NONE;
    entry = endpoint_at(table, index);
    ++*endpoint_counter(entry, use->kind, use->flags);
    entry->uses++;
    return index;
}

uint32_t local_endpoints_enter(struct local_endpoints *table, const struct endpoint_use *use)
{
    CHECK(use->kind != ENDPOINT_LISTENER);
    return endpoint_enter(table, use);
}

static void endpoint_leave(struct local_endpoints *table, uint32_t index, enum endpoint_kind kind,
                           uint8_t flags)
{
    struct local_endpoint *entry = endpoint_at(table, index);
    uint32_t *count = endpoint_counter(entry, kind, flags);

    CHECK(*count > 0);
    --*count;
    if (--entry->uses == 0)
        endpoint_forget(table, index, entry);
}

void local_endpoints_leave_at(struct local_endpoints *table, uint32_t index,
                              enum endpoint_kind kind, uint8_t flags)
{
    CHECK(kind != ENDPOINT_LISTENER);
    endpoint_leave(table, index, kind, flags);
}

void local_endpoints_leave(struct local_endpoints *table, const struct endpoint_use *use)
{
    const struct endpoint_key key = endpoint_key_of(use);

    local_endpoints_leave_at(table, endpoint_find(table, &key), use->kind, use->flags);
}

void local_endpoints_change_at(struct local_endpoints *table, uint32_t index,
                               enum endpoint_kind from, uint8_t from_flags, enum endpoint_kind to,
                               uint8_t to_flags)
{
    struct local_endpoint *entry = endpoint_at(table, index);
    uint32_t *count = endpoint_counter(entry, from, from_flags);

    /* A listener is on a list as well: it may change its flags, not its kind. */
    CHECK(*count > 0 && (from == ENDPOINT_LISTENER) == (to == ENDPOINT_LISTENER));
    --*count;
    ++*endpoint_counter(entry, to, to_flags);
}

void local_endpoints_change(struct local_endpoints *table, const struct endpoint_use *from,
                            enum endpoint_kind kind, uint8_t flags)
{
    const struct endpoint_key key = endpoint_key_of(from);

    local_endpoints_change_at(table, endpoint_find(table, &key), from->kind, from->flags, kind,
                              flags);
}

uint32_t local_endpoints_count(const struct local_endpoints *table, const struct endpoint_use *use)
{
    const struct endpoint_key key = endpoint_key_of(use);
    uint32_t index = endpoint_find(table, &key), count = 0;

    if (index == POOL_NONE)
        return 0;
    for (uint8_t flags = 0; flags <= ENDPOINT_REUSE; flags++)
        count += *endpoint_counter(endpoint_at(table, index), use->kind, flags);
    return count;
}

/* ---- bind() ---- */

static bool endpoint_overlaps(const struct local_endpoint *entry, const struct endpoint_key *key)
{
    if (entry->link != 0 && key->link != 0 && entry->link != key->link)
        return false;
    if ((endpoint_forms[entry->form].covers & endpoint_forms[key->form].covers) == 0)
        return false;
    return endpoint_forms[entry->form].is_any || endpoint_forms[key->form].is_any ||
           lastack_address_equal(&entry->address, &key->address);
}

/* Uses of a kind in this entry that forbid a use with `flags`. */
static uint32_t endpoint_forbidding(const struct local_endpoint *entry, enum endpoint_kind kind,
                                    uint8_t flags)
{
    uint32_t forbidding = 0;

    for (uint8_t theirs = 0; theirs <= ENDPOINT_REUSE; theirs++) {
        uint8_t both = theirs & flags;

        if ((both & ENDPOINT_REUSE_PORT) != 0)
            continue;
        if ((both & ENDPOINT_REUSE_ADDRESS) != 0 && kind != ENDPOINT_LISTENER)
            continue;
        forbidding += entry->count[kind][theirs];
    }
    return forbidding;
}

/* The asking socket itself is among those that forbid it. */
static bool endpoint_forbids_itself(const struct local_endpoint *entry,
                                    const struct endpoint_use *self, enum endpoint_kind kind,
                                    uint8_t flags)
{
    struct local_endpoint alone = {.count = {{0}}};
    struct endpoint_key key;

    if (self == NULL || self->kind != kind)
        return false;
    key = endpoint_key_of(self);
    alone.count[kind][self->flags & ENDPOINT_REUSE] = 1;
    return endpoint_is(entry, &key) && endpoint_forbidding(&alone, kind, flags) > 0;
}

enum lastack_cause local_endpoints_conflict(const struct local_endpoints *table,
                                            const struct endpoint_use *wanted,
                                            const struct endpoint_use *self)
{
    /* What an operator must know first stands first. */
    static const struct {
        enum endpoint_kind kind;
        enum lastack_cause cause;
    } order[ENDPOINT_KINDS] = {
        {ENDPOINT_LISTENER, LASTACK_CAUSE_PORT_LISTENER},
        {ENDPOINT_BOUND, LASTACK_CAUSE_PORT_BOUND},
        {ENDPOINT_CONNECTION, LASTACK_CAUSE_PORT_CONNECTION},
        {ENDPOINT_TIME_WAIT, LASTACK_CAUSE_PORT_TIME_WAIT},
    };
    const struct endpoint_key key = endpoint_key_of(wanted);
    unsigned found = ENDPOINT_KINDS;

    for (uint32_t index = endpoint_first_of(table, key.port); index != POOL_NONE;
         index = endpoint_at(table, index)->next) {
        const struct local_endpoint *entry = endpoint_at(table, index);

        if (!endpoint_overlaps(entry, &key))
            continue;
        for (unsigned i = 0; i < found; i++) {
            enum endpoint_kind kind = order[i].kind;

            if (endpoint_forbidding(entry, kind, wanted->flags) >
                endpoint_forbids_itself(entry, self, kind, wanted->flags))
                found = i;
        }
    }
    return found < ENDPOINT_KINDS ? order[found].cause : LASTACK_CAUSE_NONE;
}

bool local_endpoints_is_unused(const struct local_endpoints *table,
                               const struct endpoint_use *wanted)
{
    const struct endpoint_key key = endpoint_key_of(wanted);

    for (uint32_t index = endpoint_first_of(table, key.port); index != POOL_NONE;
         index = endpoint_at(table, index)->next)
        if (endpoint_overlaps(endpoint_at(table, index), &key))
            return false;
    return true;
}

/* ---- connect() ---- */

bool local_endpoints_may_borrow(struct local_endpoints *table, uint16_t port)
{
    for (uint32_t index = endpoint_first_from_now_on(table, port); index != POOL_NONE;
         index = endpoint_at(table, index)->next) {
        const struct local_endpoint *entry = endpoint_at(table, index);

        for (unsigned flags = 0; flags <= ENDPOINT_REUSE; flags++)
            if (entry->count[ENDPOINT_BOUND][flags] + entry->count[ENDPOINT_LISTENER][flags] > 0)
                return false;
    }
    return true;
}

/* ---- listeners ---- */

static struct endpoint_listener *endpoint_listener_at(const struct local_endpoints *table,
                                                      uint32_t index)
{
    return pool_at(&table->listeners, index);
}

bool local_endpoints_listen(struct local_endpoints *table, const struct endpoint_use *use,
                            uint32_t listener)
{
    uint32_t link = pool_take(&table->listeners), index;
    struct local_endpoint *entry;

    CHECK(use->kind == ENDPOINT_LISTENER);
    if (link == POOL_NONE)
        return false;
    index = endpoint_enter(table, use);
    if (index == POOL_NONE) {
        pool_give(&table->listeners, link);
        return false;
    }
    entry = endpoint_at(table, index);
    *endpoint_listener_at(table, link) =
        (struct endpoint_listener){.listener = listener, .next = entry->listeners};
    entry->listeners = link;
    table->listening[entry->form]++;
    table->listening_on_link += entry->link != 0;
    return true;
}

void local_endpoints_unlisten(struct local_endpoints *table, const struct endpoint_use *use,
                              uint32_t listener)
{
    const struct endpoint_key key = endpoint_key_of(use);
    uint32_t index = endpoint_find(table, &key), *hole, link;
    struct local_endpoint *entry;

    CHECK(index != POOL_NONE && use->kind == ENDPOINT_LISTENER);
    entry = endpoint_at(table, index);
    hole = &entry->listeners;
    while (*hole != POOL_NONE && endpoint_listener_at(table, *hole)->listener != listener)
        hole = &endpoint_listener_at(table, *hole)->next;
    link = *hole;
    CHECK(link != POOL_NONE);
    *hole = endpoint_listener_at(table, link)->next;
    pool_give(&table->listeners, link);
    table->listening[entry->form]--;
    table->listening_on_link -= entry->link != 0;
    endpoint_leave(table, index, use->kind, use->flags);
}

/* One of the entry's listeners: the one at the fraction spread / 2^32 of the list. */
static uint32_t endpoint_choose_listener(const struct local_endpoints *table,
                                         const struct local_endpoint *entry, uint32_t spread)
{
    const struct endpoint_listener *link;
    uint64_t count = 0;

    for (unsigned flags = 0; flags <= ENDPOINT_REUSE; flags++)
        count += entry->count[ENDPOINT_LISTENER][flags];
    if (count == 0)
        return POOL_NONE;
    link = endpoint_listener_at(table, entry->listeners);
    for (uint64_t skip = spread * count >> 32; skip > 0; skip--)
        link = endpoint_listener_at(table, link->next);
    return link->listener;
}

static uint32_t endpoint_listener_of(const struct local_endpoints *table, uint32_t first,
                                     const struct endpoint_key *key, uint32_t spread)
{
    uint32_t index = endpoint_find_behind(table, first, key);

    if (index == POOL_NONE)
        return POOL_NONE;
    return endpoint_choose_listener(table, endpoint_at(table, index), spread);
}

uint32_t local_endpoints_find_listener(struct local_endpoints *table,
                                       const struct lastack_endpoint *local, uint32_t link,
                                       uint32_t spread)
{
    static const uint8_t forms_ipv4[] = {ENDPOINT_IPV4, ENDPOINT_IPV4_ANY, ENDPOINT_IPV6_ANY};
    static const uint8_t forms_ipv6[] = {ENDPOINT_IPV6, ENDPOINT_IPV6_ANY, ENDPOINT_IPV6_ONLY_ANY};
    const uint8_t *forms = lastack_is_ipv4(&local->address) ? forms_ipv4 : forms_ipv6;
    const uint32_t first = endpoint_first_from_now_on(table, local->port);

    if (first == POOL_NONE)
        return POOL_NONE;
    for (unsigned i = 0; i < 3; i++) {
        struct endpoint_key key = {.port = local->port, .form = forms[i], .link = link};
        uint32_t listener = POOL_NONE;

        if (table->listening[forms[i]] == 0)
            continue;
        if (!endpoint_forms[forms[i]].is_any)
            key.address = local->address;
        else if (forms[i] == ENDPOINT_IPV4_ANY)
            key.address = lastack_ipv4(0, 0, 0, 0);
        if (link != 0 && table->listening_on_link > 0)
            listener = endpoint_listener_of(table, first, &key, spread);
        key.link = 0;
        if (listener == POOL_NONE)
            listener = endpoint_listener_of(table, first, &key, spread);
        if (listener != POOL_NONE)
            return listener;
    }
    return POOL_NONE;
}
