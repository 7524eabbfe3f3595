/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * calendar.h: a coarse wheel for very many long deadlines (TIME-WAIT).
 *
 *     a year of 4096 days of 67 ms (2^26 ns); today is dealt out into 1024 hours of 65 us (2^16)
 *
 *         day ─▶ [chunk: 62 indices] ─▶ [chunk: 62 indices] ─▶ ...   ──today──▶ hours ──▶ due
 *
 * Chunks, not links through the objects: expiry reads indices in a row and prefetches the objects
 * that they name, where a linked list would wait for one cache miss after the other. Each object
 * keeps only where it stands (`position`, 4 bytes). A removal fills the hole with the newest index
 * of the chain, so chains stay dense: limit / 62 chunks and one ragged one per chain hold
 * everything.
 *
 * The calendar orders coarsely; the object's own deadline decides, to the nanosecond. An object
 * whose deadline was moved later stays where it is until its old day or hour comes, and is then put
 * into its new one ("a restart writes the deadline only"). Moving a deadline earlier takes remove
 * and add.
 *
 * An object is looked at when its day comes, when its hour comes, and while its hour lasts whenever
 * another one of that hour is due: O(1), however many are held.
 */
#ifndef LASTACK_CALENDAR_H
#define LASTACK_CALENDAR_H

#include "check.h"
#include "duration.h"
#include "pool.h"

enum {
    CALENDAR_DAYS = 4096,
    CALENDAR_DAY_SHIFT = 26,
    CALENDAR_HOURS = 1024,
    CALENDAR_HOUR_SHIFT = 16,
    CALENDAR_CHUNK = 62,
    CALENDAR_BATCH = 32,
    /* Chains: one for each day and hour, and two for the hour at hand. */
    CALENDAR_CHAINS = CALENDAR_DAYS + CALENDAR_HOURS + 2,
    CALENDAR_WORDS = (CALENDAR_CHAINS + 63) / 64,
    CALENDAR_BUSY = (CALENDAR_WORDS + 63) / 64,
};

#define CALENDAR_NOWHERE UINT32_MAX

/* How the calendar reaches into the objects, which are named by their index. */
struct calendar_owner {
    uint8_t *memory; /* the objects; aligned to 4 */
    uint32_t stride;
    uint32_t position; /* offset of the word in which the calendar notes where the object stands */
    /* The object's present deadline, absolute ns. */
    const void *context;
    int64_t (*deadline)(const void *context, uint32_t index);
};

struct calendar {
    struct calendar_owner owner;
    struct pool chunks;
    uint64_t today;   /* number of the day that is dealt out */
    int64_t soonest;  /* none of those that wait in the present hour is due before this */
    uint32_t count;   /* objects held */
    uint32_t waiting; /* which of the last two chains they wait in; the other is to be looked at */
    uint64_t occupied[CALENDAR_WORDS]; /* a bit per chain; its head is valid if it is set */
    uint64_t busy[CALENDAR_BUSY];      /* a bit per word of `occupied` that is not 0 */
    uint32_t head[CALENDAR_CHAINS];    /* newest chunk: the only one not full */
};

/* Bytes of chunk memory for `limit` objects. */
uint64_t calendar_size(uint32_t limit);
void calendar_init(struct calendar *calendar, const struct calendar_owner *owner, void *memory,
                   uint32_t limit, int64_t now);
/* The object must not be held; its own deadline is `deadline`. Deadlines a year and more away are
 * looked at again each year. */
void calendar_add(struct calendar *calendar, uint32_t index, int64_t deadline);
/* The object must be held. */
void calendar_remove(struct calendar *calendar, uint32_t index);
/*
 * Up to `max` objects whose deadline is <= now, removed from the calendar; returns how many. The
 * work of one call is bounded, so it may return fewer than are due, even 0: call again while
 * calendar_next() <= now. `now` never goes back.
 */
size_t calendar_expire(struct calendar *calendar, int64_t now, uint32_t *indices, size_t max);
/* Of a calendar that holds something. */
int64_t calendar_next_held(const struct calendar *calendar);

/* Nothing is due before this (early, never late); NEVER when empty. */
static inline int64_t calendar_next(const struct calendar *calendar)
{
    return calendar->count == 0 ? NEVER : calendar_next_held(calendar);
}

/* The object that would expire about first (to evict), or POOL_NONE. It stays held. */
uint32_t calendar_oldest(struct calendar *calendar);

/* Bytes touched so far, for "memory grows with use". */
static inline size_t calendar_touched(const struct calendar *calendar)
{
    return sizeof *calendar + (size_t)calendar->chunks.bump * calendar->chunks.stride;
}

#endif
