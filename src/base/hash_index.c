/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * hash_index.c: inserting, removing and stretching.
 *
 * Searching is in the header, inlined where objects are compared.
 */
#include "hash_index.h"

enum {
    HASH_FIRST_LINES = 8,
    /* Slots held per line, on average, and the array grows by one part in so many. Small arrays
     * have room to spare and grow in fewer, longer strides, which move each record less often. */
    HASH_SMALL_LINES = 8192,
    HASH_SMALL_LOAD = 4,
    HASH_SMALL_STRETCH = 2,
    HASH_LOAD = 6,
    HASH_STRETCH = 8,
    HASH_TAIL = 64, /* lines behind the last home, where the last lines overflow into */
    HASH_AHEAD = 4, /* lines that stretching prefetches */
};

#define HASH_NO_LINE UINT32_MAX

static uint32_t hash_index_stride(uint32_t narrow)
{
    return narrow < HASH_SMALL_LINES ? HASH_SMALL_STRETCH : HASH_STRETCH;
}

static uint32_t hash_index_wider(uint32_t narrow)
{
    const uint32_t part = hash_index_stride(narrow);

    return narrow + (narrow + part - 1) / part;
}

static uint32_t hash_index_load(uint32_t narrow)
{
    return narrow < HASH_SMALL_LINES ? HASH_SMALL_LOAD : HASH_LOAD;
}

/* The lines that `limit` slots stretch the array to: as inserting does. */
static uint32_t hash_index_lines(uint32_t limit)
{
    uint32_t narrow = HASH_FIRST_LINES;

    while ((uint64_t)narrow * hash_index_load(narrow) < limit)
        narrow = hash_index_wider(narrow);
    return hash_index_wider(narrow) + HASH_TAIL;
}

/* The edge stands where the mean load is as wanted: at narrow with narrow * load records, at 0 with
 * wide * load. How many it stands for. */
static uint64_t hash_index_edge_count(const struct hash_index *index)
{
    const uint32_t load = hash_index_load(index->narrow);
    const uint64_t span = (uint64_t)(index->wide - index->narrow) * load;

    return (uint64_t)index->wide * load - (index->edge * span + index->narrow - 1) / index->narrow;
}

uint64_t hash_index_size(uint32_t limit)
{
    return (uint64_t)hash_index_lines(limit) * sizeof(struct hash_line);
}

void hash_index_init(struct hash_index *index, void *memory, uint32_t limit)
{
    CHECK(memory != NULL && limit < UINT32_MAX / 2);
    *index = (struct hash_index){
        .lines = memory,
        .narrow = HASH_FIRST_LINES,
        .wide = hash_index_wider(HASH_FIRST_LINES),
        .edge = HASH_FIRST_LINES,
        .line_limit = hash_index_lines(limit),
        .limit = limit,
    };
    index->edge_count = hash_index_edge_count(index);
}

size_t hash_index_touched(const struct hash_index *index)
{
    uint32_t moved_from = (uint32_t)((uint64_t)index->edge * index->wide / index->narrow);
    uint32_t fresh = index->wide - (moved_from > index->narrow ? moved_from : index->narrow);

    return (size_t)(index->narrow + fresh) * sizeof(struct hash_line);
}

/* Records in a line that is not full: by halves, since they stand without holes. */
static unsigned hash_line_used(const struct hash_line *line)
{
    unsigned used = (unsigned)(line->ref[3] != 0) << 2;

    used += (unsigned)(line->ref[used + 1] != 0) << 1;
    return used + (line->ref[used] != 0);
}

static inline void hash_line_put(struct hash_line *line, unsigned slot, uint32_t hash, uint32_t ref)
{
    line->hash[slot] = hash;
    line->ref[slot] = ref;
}

/* The first line behind a full one that has room; HASH_NO_LINE if the array ends. */
static NOINLINE uint32_t hash_index_room_behind(const struct hash_index *index, uint32_t at)
{
    while (++at < index->line_limit)
        if (!hash_line_is_full(&index->lines[at]))
            return at;
    return HASH_NO_LINE;
}

/* Into line `home` or the first one behind it that has room: returns which; HASH_NO_LINE if the
 * array ends. */
static inline uint32_t hash_index_place(struct hash_index *index, uint32_t home, uint32_t hash,
                                        uint32_t ref)
{
    uint32_t at = home;
    struct hash_line *line = &index->lines[at];

    if (UNLIKELY(hash_line_is_full(line))) {
        at = hash_index_room_behind(index, at);
        if (at == HASH_NO_LINE)
            return at;
        line = &index->lines[at];
    }
    hash_line_put(line, hash_line_used(line), hash, ref);
    return at;
}

/* A record behind line `hole`, before the next line with room, that may live in `hole`: its home
 * is not behind it. False: there is none. */
static bool hash_index_stray(const struct hash_index *index, uint32_t hole, uint32_t *at,
                             unsigned *slot)
{
    for (*at = hole + 1; *at < index->line_limit; ++*at) {
        const struct hash_line *line = &index->lines[*at];

        for (*slot = 0; *slot < HASH_LINE_SLOTS && line->ref[*slot] != 0; ++*slot)
            if (hash_index_home(index, line->hash[*slot]) <= hole)
                return true;
        if (!hash_line_is_full(line))
            return false;
    }
    return false;
}

/* Empties a slot of line `at`: the line's last record moves into it, and if the line was full, a
 * stray may come home into the place that this leaves. The stray leaves a hole in turn, further
 * on. */
static void hash_index_empty(struct hash_index *index, uint32_t at, unsigned slot)
{
    for (;;) {
        struct hash_line *line = &index->lines[at];
        const bool was_full = hash_line_is_full(line);
        const unsigned last = (was_full ? HASH_LINE_SLOTS : hash_line_used(line)) - 1;
        const struct hash_line *from;

        hash_line_put(line, slot, line->hash[last], line->ref[last]);
        hash_line_put(line, last, 0, 0);
        if (!was_full || !hash_index_stray(index, at, &at, &slot))
            return;
        from = &index->lines[at];
        hash_line_put(line, last, from->hash[slot], from->ref[slot]);
    }
}

/* Those of line `at` that do not belong there any more go home; the others close ranks. */
static void hash_index_part_line(struct hash_index *index, uint32_t at)
{
    struct hash_line *line = &index->lines[at];
    unsigned kept = 0;

    for (unsigned i = 0; i < HASH_LINE_SLOTS; i++) {
        const uint32_t hash = line->hash[i], ref = line->ref[i];
        uint32_t home;

        if (ref == 0)
            break;
        hash_line_put(line, i, 0, 0);
        home = (uint32_t)((uint64_t)hash * index->wide >> 32);
        if (home > at && hash_index_home(index, hash) == home)
            CHECK(hash_index_place(index, home, hash, ref) != HASH_NO_LINE);
        else
            hash_line_put(line, kept++, hash, ref);
    }
}

/*
 * All records of lines first ... last are put in again. One that overflows while this goes on leans
 * on lines that are still to be emptied, so then the lines up to it are done too.
 */
static void hash_index_put_again(struct hash_index *index, uint32_t first, uint32_t last)
{
    for (uint32_t at = first; at <= last; at++) {
        const struct hash_line line = index->lines[at];

        index->lines[at] = (struct hash_line){0};
        for (unsigned i = 0; i < HASH_LINE_SLOTS && line.ref[i] != 0; i++) {
            const uint32_t home = hash_index_home(index, line.hash[i]);
            const uint32_t placed = hash_index_place(index, home, line.hash[i], line.ref[i]);

            CHECK(placed != HASH_NO_LINE);
            if (placed > last && home <= last)
                last = placed;
        }
    }
}

/* Line `edge - 1` leaves the narrow layout. Its records lie in it and, if it is full, in the lines
 * behind it, up to the first with room. */
static void hash_index_move_line(struct hash_index *index)
{
    const uint32_t at = --index->edge;

    if (!hash_line_is_full(&index->lines[at])) {
        hash_index_part_line(index, at);
    } else {
        const uint32_t last = hash_index_room_behind(index, at);

        CHECK(last != HASH_NO_LINE);
        hash_index_put_again(index, at, last);
    }
}

/* More records than the layout is for: line by line, until it is wide enough. */
static NOINLINE void hash_index_stretch(struct hash_index *index)
{
    while (index->count > index->edge_count) {
        uint32_t ahead = index->edge > HASH_AHEAD ? index->edge - HASH_AHEAD : 0;

        prefetch(&index->lines[ahead]);
        prefetch(&index->lines[ahead + ahead / hash_index_stride(index->narrow)]);
        hash_index_move_line(index);
        if (index->edge == 0) {
            index->narrow = index->edge = index->wide;
            index->wide = hash_index_wider(index->narrow);
        }
        index->edge_count = hash_index_edge_count(index);
    }
}

bool hash_index_insert(struct hash_index *index, uint32_t hash, uint32_t ref)
{
    CHECK(ref != 0);
    if (index->count == index->limit ||
        hash_index_place(index, hash_index_home(index, hash), hash, ref) == HASH_NO_LINE) {
        index->refusals++;
        return false;
    }
    if (UNLIKELY(++index->count > index->edge_count))
        hash_index_stretch(index);
    return true;
}

/* Leaves the cursor at (hash, ref); false: it is not held. */
static bool hash_index_find(const struct hash_index *index, uint32_t hash, uint32_t ref,
                            struct hash_cursor *cursor)
{
    uint32_t found = hash_index_first(index, hash, cursor);

    while (found != 0 && found != ref)
        found = hash_index_next(cursor);
    return found != 0;
}

bool hash_index_remove(struct hash_index *index, uint32_t hash, uint32_t ref)
{
    struct hash_cursor cursor;

    if (!hash_index_find(index, hash, ref, &cursor))
        return false;
    hash_index_empty(index, (uint32_t)(cursor.line - index->lines), cursor.slot);
    index->count--;
    return true;
}

bool hash_index_replace(struct hash_index *index, uint32_t hash, uint32_t old_ref, uint32_t new_ref)
{
    struct hash_cursor cursor;

    CHECK(new_ref != 0);
    if (!hash_index_find(index, hash, old_ref, &cursor))
        return false;
    cursor.line->ref[cursor.slot] = new_ref;
    return true;
}
