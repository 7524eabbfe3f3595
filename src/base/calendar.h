/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * calendar.h: a coarse wheel for very many long deadlines (TIME-WAIT).
 *
 *     4096 slots of 2^26 ns (67 ms): one turn is 275 s. Each slot is a chain of chunks of object indices:
 *
 *         slot ─▶ [chunk: 62 indices] ─▶ [chunk: 62 indices] ─▶ ...
 *
 * Chunks, not links through the objects: expiry reads indices in a row and can prefetch the objects it
 * names, where a linked list would wait for one cache miss after the other. Each object keeps only where it
 * stands (`position`, 4 bytes). The last index of a slot's chain fills the hole that a removal leaves, so
 * chains stay dense.
 *
 * The calendar orders coarsely; the object's own deadline decides: when a slot's time comes, an object whose
 * deadline was moved later is simply put into its new slot ("a restart writes the deadline only").
 */
#ifndef LASTACK_CALENDAR_H
#define LASTACK_CALENDAR_H

#include "check.h"
#include "duration.h"
#include "pool.h"

enum { CALENDAR_SLOTS = 4096, CALENDAR_SHIFT = 26, CALENDAR_CHUNK = 62, CALENDAR_BATCH = 32 };

#define CALENDAR_NOWHERE UINT32_MAX

/* How the calendar reaches into the objects. Both get the object's index. */
struct calendar_owner {
    void *context;
    /* Where the object's `position` word is kept. */
    uint32_t *(*position)(void *context, uint32_t index);
    /* Its present deadline, absolute ns. */
    int64_t (*deadline)(void *context, uint32_t index);
    /* A hint that the object will be looked at soon. */
    void (*prefetch)(void *context, uint32_t index);
};

struct calendar {
    struct calendar_owner owner;
    struct pool chunks;
    uint64_t slot_now;                         /* absolute number of the slot that time is in */
    uint32_t count;                            /* objects held */
    uint64_t occupied[CALENDAR_SLOTS / 64];
    uint32_t head[CALENDAR_SLOTS];             /* newest chunk of each slot; POOL_NONE */
};

/* Bytes of chunk memory for `limit` objects: dense chains need limit/62 chunks and one ragged one a slot. */
size_t calendar_size(uint32_t limit);
void calendar_init(struct calendar *calendar, const struct calendar_owner *owner, void *memory,
                   uint32_t limit, int64_t now);
/* Deadlines further than one turn away are looked at again each turn. */
void calendar_add(struct calendar *calendar, uint32_t index, int64_t deadline);
void calendar_remove(struct calendar *calendar, uint32_t index);
/* Up to `max` objects whose deadline is <= now, removed from the calendar; returns how many. Call again while
 * it returns max. Bounded work per call: O(max + slots skipped). */
size_t calendar_expire(struct calendar *calendar, int64_t now, uint32_t *indices, size_t max);
/* Nothing is due before this (early, never late); NEVER when empty. */
int64_t calendar_next(const struct calendar *calendar);
/* The object that would expire about first (to evict), or POOL_NONE. */
uint32_t calendar_oldest(const struct calendar *calendar);

#endif
