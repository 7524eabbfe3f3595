/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * hash_index.h: 8-byte slots in 64-byte lines; one array that stretches as it fills.
 *
 *     line:  | hash 0 ... hash 7 | ref 0 ... ref 7 |     the hashes side by side: compared at once
 *
 * A hash is read as a fraction of 2^32 and names the line at that fraction of the array, its home.
 * So the array lies in the order of hashes, and it grows by moving its records apart, from the top
 * down, one line at a time, while records go on coming and going:
 *
 *     lines    0                       edge              narrow        wide
 *              ├── home = h*narrow/2^32 ──┤   (being left)   ├────────────┤
 *                                            ├─── home = h*wide/2^32 ─────┤
 *
 * wide is 1/8 more than narrow (half more while the array is small). When edge reaches 0, wide
 * becomes narrow and it starts again from the top. The mean load stays the same at every count,
 * memory is touched in proportion to what is held, no insertion pays for more than its share, and
 * there are no pointers: a full line overflows into the next one.
 *
 * Invariants: the slots of a line are filled from 0 without holes. All lines between a record's
 * home and the line it lives in are full; so a search ends at the first line with room. Removing
 * pulls strays back.
 *
 * `hash` must be uniformly distributed and keyed: the whole promise of O(1) rests on it. `ref` is
 * the caller's: a kind and a pool index; never 0. Removing never shrinks the array. Decision 0003
 * says why not linear hashing.
 */
#ifndef LASTACK_HASH_INDEX_H
#define LASTACK_HASH_INDEX_H

#include "bits.h"
#include "check.h"

enum { HASH_LINE_SLOTS = 8 };

struct hash_line {
    uint32_t hash[HASH_LINE_SLOTS];
    uint32_t ref[HASH_LINE_SLOTS]; /* 0: empty */
};

struct hash_index {
    struct hash_line *lines;
    uint32_t narrow, wide, edge;
    uint32_t line_limit; /* lines that exist; a few more than `wide` ever reaches */
    uint32_t count;      /* slots held */
    uint32_t limit;
    uint64_t edge_count; /* slots that this edge is for: with more, it moves */
    uint64_t refusals;
};

/* Bytes for `limit` slots. The memory must be zero and aligned to 64. */
uint64_t hash_index_size(uint32_t limit);
void hash_index_init(struct hash_index *index, void *memory, uint32_t limit);

/* False when the index is full (counted). The same (hash, ref) must not be held already. */
bool hash_index_insert(struct hash_index *index, uint32_t hash, uint32_t ref);
/* True if (hash, ref) was held. */
bool hash_index_remove(struct hash_index *index, uint32_t hash, uint32_t ref);
/* Replaces ref under hash; true if it was held. */
bool hash_index_replace(struct hash_index *index, uint32_t hash, uint32_t old_ref,
                        uint32_t new_ref);

/* Bytes of lines touched so far, for "memory grows with use". */
size_t hash_index_touched(const struct hash_index *index);

/* Number of the line where a search for `hash` starts. */
static inline uint32_t hash_index_home(const struct hash_index *index, uint32_t hash)
{
    uint32_t line = (uint32_t)((uint64_t)hash * index->narrow >> 32);
    uint32_t moved = (uint32_t)((uint64_t)hash * index->wide >> 32);

    return line < index->edge ? line : moved;
}

static inline bool hash_line_is_full(const struct hash_line *line)
{
    return line->ref[HASH_LINE_SLOTS - 1] != 0;
}

/* A bit for each slot whose hash is equal (an empty slot may be among them when hash is 0). */
static inline uint32_t hash_line_matches(const struct hash_line *line, uint32_t hash)
{
    return equal_of_eight(line->hash, hash);
}

/* First pass of a batch: bring the home line of `hash` into the cache. Free of effects. */
static inline void hash_index_prefetch(const struct hash_index *index, uint32_t hash)
{
    prefetch(&index->lines[hash_index_home(index, hash)]);
}

/* Walk over the slots that may hold a hash. */
struct hash_cursor {
    const struct hash_index *index;
    struct hash_line *line;
    uint32_t hash;
    uint32_t mask; /* matching slots of `line`, from the one yielded last on */
    unsigned slot; /* that one */
};

/* The first that matches from where the cursor stands. */
static inline uint32_t hash_index_seek(struct hash_cursor *cursor)
{
    for (;;) {
        for (; cursor->mask != 0; cursor->mask &= cursor->mask - 1) {
            cursor->slot = lowest_bit64(cursor->mask);
            if (LIKELY(cursor->line->ref[cursor->slot] != 0))
                return cursor->line->ref[cursor->slot];
        }
        if (!hash_line_is_full(cursor->line) ||
            ++cursor->line == cursor->index->lines + cursor->index->line_limit)
            return 0;
        cursor->mask = hash_line_matches(cursor->line, cursor->hash);
    }
}

static inline uint32_t hash_index_next(struct hash_cursor *cursor)
{
    cursor->mask &= cursor->mask - 1;
    return hash_index_seek(cursor);
}

/*
 * for (ref = hash_index_first(index, hash, &cursor); ref != 0; ref = hash_index_next(&cursor)) ...
 * yields the ref of every slot whose hash equals `hash`. The caller compares the object. No
 * insertion or removal during a walk.
 */
static inline uint32_t hash_index_first(const struct hash_index *index, uint32_t hash,
                                        struct hash_cursor *cursor)
{
    struct hash_line *line = &index->lines[hash_index_home(index, hash)];

    *cursor = (struct hash_cursor){
        .index = index,
        .line = line,
        .hash = hash,
        .mask = hash_line_matches(line, hash),
    };
    return hash_index_seek(cursor);
}

#endif
