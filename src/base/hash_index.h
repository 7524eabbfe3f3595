/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * hash_index.h: 8-byte slots in 64-byte buckets, growing one bucket at a time (linear hashing, Litwin 1980).
 *
 *     bucket of a hash:  h mod 2^(level+1) if that bucket exists already, else h mod 2^level
 *
 *        buckets 0 .. 2^level - 1  |  .. split so far      each: up to 8 slots {hash, ref}; a full bucket
 *        ^ next to split           ^                       turns its last slot into a link to an overflow bucket
 *
 * Inserting when the mean load passes the limit splits one bucket: no pause, no second table, and memory
 * touched in proportion to what is held. Removing does not shrink. `hash` must be uniformly distributed and keyed:
 * the whole promise of O(1) rests on it. `ref` is the caller's: a kind and a pool index; never 0.
 */
#ifndef LASTACK_HASH_INDEX_H
#define LASTACK_HASH_INDEX_H

#include "bits.h"
#include "check.h"
#include "pool.h"

struct hash_slot {
    uint32_t hash;
    uint32_t ref; /* 0: empty */
};

struct hash_bucket {
    struct hash_slot slot[8];
};

struct hash_index {
    struct hash_bucket *buckets;
    struct pool overflow;     /* of struct hash_bucket */
    uint32_t bucket_count;    /* in use: 2^level + split */
    uint32_t bucket_limit;
    uint32_t level_mask;      /* 2^level - 1 */
    uint32_t split;
    uint32_t count;           /* slots held */
    uint32_t limit;
    uint64_t refusals;
};

/* Walk over the slots that may hold a hash. */
struct hash_cursor {
    struct hash_bucket *bucket;
    uint32_t hash;
    unsigned at;
};

size_t hash_index_size(uint32_t limit);
void hash_index_init(struct hash_index *index, void *memory, uint32_t limit);

/* Bring the bucket of `hash` into the cache; free of effects. */
void hash_index_prefetch(const struct hash_index *index, uint32_t hash);

/* for (slot = hash_index_first(ix, h, &cur); slot != NULL; slot = hash_index_next(ix, &cur)) ...
 * yields every slot whose full 32-bit hash equals `hash`. The caller compares the object. A slot may be
 * rewritten in place (slot->ref = ...), which replaces its owner. No insert or remove during a walk, save
 * hash_index_remove_slot of the slot at hand, which ends the walk. */
struct hash_slot *hash_index_first(struct hash_index *index, uint32_t hash, struct hash_cursor *cursor);
struct hash_slot *hash_index_next(struct hash_index *index, struct hash_cursor *cursor);

/* False when the index is full (counted). The same (hash, ref) must not be held already. */
bool hash_index_insert(struct hash_index *index, uint32_t hash, uint32_t ref);
/* True if (hash, ref) was held. */
bool hash_index_remove(struct hash_index *index, uint32_t hash, uint32_t ref);
/* Replaces ref under hash; true if it was held. */
bool hash_index_replace(struct hash_index *index, uint32_t hash, uint32_t old_ref, uint32_t new_ref);

/* Bytes touched so far (buckets and overflow), for "memory grows with use". */
size_t hash_index_touched(const struct hash_index *index);

#endif
