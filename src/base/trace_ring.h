/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * trace_ring.h: where trace records go: a ring for readers, a hash for proof.
 *
 *     trace_write ──▶ hash      every record of the classes STATE, TIMER, DROP while hash_on
 *                └──▶ ring      every record whose class is switched on; the oldest is overwritten
 *
 * The hash does not depend on which classes are switched on, on the ring's size or on the machine:
 * it takes the fields one by one, as numbers in big-endian order (decision 0006). Records of the
 * other classes never count, so that a caller need not even make them while nobody reads them: ask
 * trace_wants first.
 *
 * A reader holds a cursor, the number of the next record it wants. Numbers have 64 bits and never
 * wrap; `serial` in a record is the low half of its number.
 */
#ifndef LASTACK_TRACE_RING_H
#define LASTACK_TRACE_RING_H

#include "check.h"

#include <lastack/trace.h>

struct trace_ring {
    struct lastack_trace_record *records;
    uint64_t next; /* number of the record that will be written next */
    uint64_t hash;
    uint32_t count;   /* room in the ring: a power of two, or 0 */
    uint32_t classes; /* enum lastack_trace_class, or-ed: what goes into the ring */
    uint32_t wanted;  /* classes that anybody would notice: of ring or hash */
    bool hash_on;
};

enum {
    TRACE_HASHED_CLASSES =
        LASTACK_TRACE_CLASS_STATE | LASTACK_TRACE_CLASS_TIMER | LASTACK_TRACE_CLASS_DROP,
};

/* `memory` holds `count` records (a power of two, or 0: no ring, only a hash). Classes are off, the
 * hash is on. */
void trace_ring_init(struct trace_ring *ring, struct lastack_trace_record *memory, uint32_t count);

/* The class of what a record tells (enum lastack_trace_what). Folds to a constant where `what` is
 * one. */
static inline enum lastack_trace_class trace_class(uint8_t what)
{
    switch ((enum lastack_trace_what)what) {
#define LASTACK_X(class, name, text)                                                               \
    case LASTACK_TRACE_##name:                                                                     \
        return LASTACK_TRACE_CLASS_##class;
        LASTACK_TRACES(LASTACK_X)
#undef LASTACK_X
    case LASTACK_TRACE_COUNT:
        break;
    }
    lastack_check_failed("a kind of record", __FILE__, __LINE__);
}

/* Would anybody notice a record of this kind? Asked before a record is made: with everything off a
 * trace costs two instructions. */
static inline bool trace_wants(const struct trace_ring *ring, enum lastack_trace_what what)
{
    return (ring->wanted & trace_class((uint8_t)what)) != 0;
}

/* Which classes go into the ring (enum lastack_trace_class, or-ed), and whether
 * the hash is kept. */
void trace_ring_switch(struct trace_ring *ring, uint32_t classes, bool hash_on);

/* Hashes the record and keeps it, as the switches say; its `serial` is filled in, in the copy. */
void trace_write(struct trace_ring *ring, const struct lastack_trace_record *record);

/* Copies up to `max` records from *cursor on, oldest first, and moves the cursor behind them;
 * returns how many. A cursor whose record has been overwritten jumps to the oldest one left, and
 * *lost (may be NULL) grows by what it missed. */
size_t trace_read(const struct trace_ring *ring, uint64_t *cursor, struct lastack_trace_record *out,
                  size_t max, uint64_t *lost);

#endif
