/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * flow_index.h: who owns a tuple? One index for all kinds, docs/decisions/0003.
 *
 *     tuple ──SipHash-1-3──▶ 64-bit flow ──low half──▶ slots {hash, kind:3 | pool index:29}
 *
 * Every tuple has exactly one owner: a connection, a half-open request or a record. The slot says
 * which kind and where; the caller compares the tuple in that object (event/find.c knows all the
 * pools). The 64-bit flow also names the connection in traces.
 */
#ifndef LASTACK_FLOW_INDEX_H
#define LASTACK_FLOW_INDEX_H

#include "hash_index.h"
#include "siphash.h"
#include "tuple.h"

enum flow_kind {
    FLOW_NONE = 0,
    FLOW_CONNECTION = 1,
    FLOW_SYN_ENTRY = 2,
    FLOW_TIME_WAIT_IPV4 = 3,
    FLOW_TIME_WAIT_IPV6 = 4,
};

enum { FLOW_INDEX_BITS = 29 };

struct flow_ref {
    enum flow_kind kind;
    uint32_t index;
};

struct flow_index {
    struct hash_index slots;
    struct siphash_key key;
};

static inline uint32_t flow_pack(struct flow_ref ref)
{
    CHECK(ref.kind != FLOW_NONE && ref.index >> FLOW_INDEX_BITS == 0);
    return (uint32_t)ref.kind << FLOW_INDEX_BITS | ref.index;
}

static inline struct flow_ref flow_unpack(uint32_t packed)
{
    return (struct flow_ref){(enum flow_kind)(packed >> FLOW_INDEX_BITS),
                             packed & ((1u << FLOW_INDEX_BITS) - 1)};
}

/* The tuple's name: the same from SYN to the end of 2MSL, and for every later life of the tuple. */
uint64_t flow_hash(const struct flow_index *index, const struct tuple *tuple);

static inline bool flow_insert(struct flow_index *index, uint64_t flow, struct flow_ref ref)
{
    return hash_index_insert(&index->slots, (uint32_t)flow, flow_pack(ref));
}

static inline bool flow_remove(struct flow_index *index, uint64_t flow, struct flow_ref ref)
{
    return hash_index_remove(&index->slots, (uint32_t)flow, flow_pack(ref));
}

/* The tuple changes its owner: one slot rewritten, which cannot fail for want of room. */
static inline bool flow_replace(struct flow_index *index, uint64_t flow, struct flow_ref from,
                                struct flow_ref to)
{
    return hash_index_replace(&index->slots, (uint32_t)flow, flow_pack(from), flow_pack(to));
}

#endif
