/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * calendar.c: days, hours and the hour at hand.
 *
 *     add ─▶ day ──(its time has come: today)──▶ hour ──(its time has come)──▶ due ─▶ the caller
 *                                                  │                            ▲
 *                                                  └─(not yet, to the ns)─▶ waiting
 *
 * Whatever is looked at goes where its deadline of now says. Those of the present hour that are not
 * due wait together; when the soonest of them is due, all of them are looked at again. Two chains
 * take turns for that, so that the work can be interrupted at any point: those to be looked at and
 * those that were.
 *
 * Times are biased by 2^63, so that unsigned order is the order of time for negative times too.
 */
#include "calendar.h"

#include "bits.h"

struct calendar_chunk {
    uint32_t next; /* POOL_NONE at the end of the chain */
    uint16_t chain;
    uint16_t used;
    uint32_t index[CALENDAR_CHUNK];
};

_Static_assert(sizeof(struct calendar_chunk) == 256, "four cache lines, 4.13 bytes an index");
_Static_assert(CALENDAR_DAY_SHIFT - CALENDAR_HOUR_SHIFT == 10 && CALENDAR_HOURS == 1 << 10,
               "the hours make up the day");

enum {
    CALENDAR_POSITION_BITS = 6,          /* place in the chunk; the chunk's number stands above */
    CALENDAR_LOOKS = 4 * CALENDAR_BATCH, /* objects that one call of expire may look at */
};

static uint64_t calendar_ticks(int64_t at)
{
    return (uint64_t)at ^ (uint64_t)1 << 63;
}

static int64_t calendar_time(uint64_t ticks)
{
    return (int64_t)(ticks ^ (uint64_t)1 << 63);
}

static uint32_t calendar_hour_chain(uint32_t hour)
{
    return CALENDAR_DAYS + hour;
}

/* Of the hour at hand: which == 0 or 1. */
static uint32_t calendar_present_chain(uint32_t which)
{
    return CALENDAR_DAYS + CALENDAR_HOURS + which;
}

static struct calendar_chunk *calendar_chunk_at(const struct calendar *calendar, uint32_t chunk)
{
    return (void *)(calendar->chunks.memory + (size_t)chunk * sizeof(struct calendar_chunk));
}

static void *calendar_object(const struct calendar *calendar, uint32_t index)
{
    return calendar->owner.memory + (size_t)index * calendar->owner.stride;
}

static uint32_t *calendar_position(const struct calendar *calendar, uint32_t index)
{
    return (void *)(calendar->owner.memory + (size_t)index * calendar->owner.stride +
                    calendar->owner.position);
}

static int64_t calendar_deadline(const struct calendar *calendar, uint32_t index)
{
    return calendar->owner.deadline(calendar->owner.context, index);
}

/* ---- chains of chunks ---- */

static bool calendar_is_occupied(const struct calendar *calendar, uint32_t chain)
{
    return (calendar->occupied[chain / 64] >> chain % 64 & 1) != 0;
}

static void calendar_set_occupied(struct calendar *calendar, uint32_t chain)
{
    calendar->occupied[chain / 64] |= (uint64_t)1 << chain % 64;
    calendar->busy[chain / 4096] |= (uint64_t)1 << chain / 64 % 64;
}

static void calendar_set_empty(struct calendar *calendar, uint32_t chain)
{
    calendar->occupied[chain / 64] &= ~((uint64_t)1 << chain % 64);
    if (calendar->occupied[chain / 64] == 0)
        calendar->busy[chain / 4096] &= ~((uint64_t)1 << chain / 64 % 64);
}

/* First word of `occupied` at or behind `word` that is not 0; CALENDAR_WORDS if there is none. */
static uint32_t calendar_busy_from(const struct calendar *calendar, uint32_t word)
{
    while (word < CALENDAR_WORDS) {
        const uint64_t bits = calendar->busy[word / 64] >> word % 64;

        if (bits != 0)
            return word + lowest_bit64(bits);
        word = (word / 64 + 1) * 64;
    }
    return CALENDAR_WORDS;
}

/* First occupied chain in [from, to), or `to`. */
static uint32_t calendar_occupied_from(const struct calendar *calendar, uint32_t from, uint32_t to)
{
    uint32_t word = from / 64;
    uint64_t bits = from < to ? calendar->occupied[word] >> from % 64 : 0;

    if (bits != 0)
        return min32(from + lowest_bit64(bits), to);
    word = calendar_busy_from(calendar, word + 1);
    if (word >= CALENDAR_WORDS)
        return to;
    return min32(word * 64 + lowest_bit64(calendar->occupied[word]), to);
}

/* A new head chunk for this chain. */
static struct calendar_chunk *calendar_grow(struct calendar *calendar, uint32_t chain)
{
    uint32_t next = calendar_is_occupied(calendar, chain) ? calendar->head[chain] : POOL_NONE;
    uint32_t number = pool_take(&calendar->chunks);
    struct calendar_chunk *chunk;

    CHECK(number != POOL_NONE); /* calendar_size leaves room for every raggedness */
    chunk = calendar_chunk_at(calendar, number);
    chunk->next = next;
    chunk->chain = (uint16_t)chain;
    chunk->used = 0;
    calendar->head[chain] = number;
    calendar_set_occupied(calendar, chain);
    return chunk;
}

static void calendar_push(struct calendar *calendar, uint32_t chain, uint32_t index)
{
    struct calendar_chunk *chunk = NULL;

    if (calendar_is_occupied(calendar, chain))
        chunk = calendar_chunk_at(calendar, calendar->head[chain]);
    if (chunk == NULL || chunk->used == CALENDAR_CHUNK)
        chunk = calendar_grow(calendar, chain);
    *calendar_position(calendar, index) =
        calendar->head[chain] << CALENDAR_POSITION_BITS | chunk->used;
    chunk->index[chunk->used++] = index;
}

/* The newest index of an occupied chain; its object's position is left as it was. */
static uint32_t calendar_pop(struct calendar *calendar, uint32_t chain)
{
    uint32_t number = calendar->head[chain];
    struct calendar_chunk *chunk = calendar_chunk_at(calendar, number);
    uint32_t index = chunk->index[--chunk->used];

    if (chunk->used == 0) {
        calendar->head[chain] = chunk->next;
        if (chunk->next == POOL_NONE)
            calendar_set_empty(calendar, chain);
        pool_give(&calendar->chunks, number);
    }
    return index;
}

/* Up to `max` of the newest indices of a chain; their objects are on their way into the cache. */
static size_t calendar_pop_batch(struct calendar *calendar, uint32_t chain, uint32_t *indices,
                                 size_t max)
{
    const struct calendar_chunk *chunk = calendar_chunk_at(calendar, calendar->head[chain]);
    size_t count = 0;

    if (chunk->next != POOL_NONE) {
        const uint8_t *next = (const uint8_t *)calendar_chunk_at(calendar, chunk->next);

        for (size_t line = 0; line < sizeof *chunk; line += 64)
            prefetch(next + line);
    }
    while (count < max && calendar_is_occupied(calendar, chain)) {
        uint32_t index = calendar_pop(calendar, chain);

        prefetch_object(calendar_object(calendar, index), calendar->owner.stride);
        indices[count++] = index;
    }
    return count;
}

/* ---- where a deadline belongs ---- */

/* Days before today are over: their hour is the first of today. A day a year or more ahead is
 * not told apart from the last day of this year. */
static uint32_t calendar_chain_of(const struct calendar *calendar, int64_t deadline)
{
    uint64_t ticks = calendar_ticks(deadline);
    uint64_t day = ticks >> CALENDAR_DAY_SHIFT;

    if (day < calendar->today)
        return calendar_hour_chain(0);
    if (day == calendar->today)
        return calendar_hour_chain((uint32_t)(ticks >> CALENDAR_HOUR_SHIFT) % CALENDAR_HOURS);
    if (day - calendar->today >= CALENDAR_DAYS)
        day = calendar->today + CALENDAR_DAYS - 1;
    return (uint32_t)day % CALENDAR_DAYS;
}

static int64_t calendar_day_start(uint64_t day)
{
    return calendar_time(day << CALENDAR_DAY_SHIFT);
}

static int64_t calendar_hour_start(const struct calendar *calendar, uint32_t hour)
{
    return calendar_time(calendar->today << CALENDAR_DAY_SHIFT | (uint64_t)hour
                                                                     << CALENDAR_HOUR_SHIFT);
}

static uint32_t calendar_today_chain(const struct calendar *calendar)
{
    return (uint32_t)calendar->today % CALENDAR_DAYS;
}

/* The first hour that holds something; CALENDAR_HOURS if none does. */
static uint32_t calendar_first_hour(const struct calendar *calendar)
{
    return calendar_occupied_from(calendar, calendar_hour_chain(0),
                                  calendar_hour_chain(CALENDAR_HOURS)) -
           calendar_hour_chain(0);
}

/* The first day after today that holds something; today + CALENDAR_DAYS if none does. */
static uint64_t calendar_first_day(const struct calendar *calendar)
{
    uint32_t today = calendar_today_chain(calendar);
    uint32_t chain = calendar_occupied_from(calendar, today + 1, CALENDAR_DAYS);

    if (chain == CALENDAR_DAYS)
        chain = CALENDAR_DAYS + calendar_occupied_from(calendar, 0, today);
    if (chain == CALENDAR_DAYS + today)
        return calendar->today + CALENDAR_DAYS;
    return calendar->today + chain - today;
}

/* ---- the interface ---- */

uint64_t calendar_size(uint32_t limit)
{
    return pool_size(sizeof(struct calendar_chunk),
                     limit / CALENDAR_CHUNK + min32(limit, CALENDAR_CHAINS) + 1);
}

void calendar_init(struct calendar *calendar, const struct calendar_owner *owner, void *memory,
                   uint32_t limit, int64_t now)
{
    const uint64_t chunks = calendar_size(limit) / sizeof(struct calendar_chunk);

    CHECK(chunks < UINT32_MAX >> CALENDAR_POSITION_BITS);
    CHECK(owner->position + sizeof(uint32_t) <= owner->stride);
    calendar->owner = *owner;
    pool_init(&calendar->chunks, memory, sizeof(struct calendar_chunk), (uint32_t)chunks);
    calendar->today = calendar_ticks(now) >> CALENDAR_DAY_SHIFT;
    calendar->soonest = NEVER;
    calendar->count = 0;
    calendar->waiting = 0;
    memset(calendar->occupied, 0, sizeof calendar->occupied);
    memset(calendar->busy, 0, sizeof calendar->busy);
}

void calendar_add(struct calendar *calendar, uint32_t index, int64_t deadline)
{
    calendar_push(calendar, calendar_chain_of(calendar, deadline), index);
    calendar->count++;
}

void calendar_remove(struct calendar *calendar, uint32_t index)
{
    uint32_t *position = calendar_position(calendar, index);
    uint32_t number = *position >> CALENDAR_POSITION_BITS;
    uint32_t place = *position & ((1u << CALENDAR_POSITION_BITS) - 1);
    struct calendar_chunk *chunk;
    uint32_t chain, newest;

    CHECK(*position != CALENDAR_NOWHERE && number < calendar->chunks.bump);
    chunk = calendar_chunk_at(calendar, number);
    CHECK(place < chunk->used && chunk->index[place] == index);
    chain = chunk->chain;
    newest = calendar_pop(calendar, chain);
    if (newest != index) {
        chunk->index[place] = newest;
        *calendar_position(calendar, newest) = *position;
    }
    *position = CALENDAR_NOWHERE;
    calendar->count--;
}

/* A batch of today's objects into their hours (or, when restarted meanwhile, their days). */
static size_t calendar_deal(struct calendar *calendar)
{
    uint32_t indices[CALENDAR_BATCH];
    size_t count =
        calendar_pop_batch(calendar, calendar_today_chain(calendar), indices, CALENDAR_BATCH);

    for (size_t i = 0; i < count; i++) {
        int64_t deadline = calendar_deadline(calendar, indices[i]);

        calendar_push(calendar, calendar_chain_of(calendar, deadline), indices[i]);
    }
    return count;
}

/* Looks at up to `max` objects of a chain whose time has come; returns how many are due. */
static size_t calendar_look(struct calendar *calendar, uint32_t chain, int64_t now, uint32_t *due,
                            size_t max, size_t *looked)
{
    uint32_t indices[CALENDAR_BATCH];
    size_t count = calendar_pop_batch(calendar, chain, indices, max);
    size_t due_count = 0;

    for (size_t i = 0; i < count; i++) {
        int64_t deadline = calendar_deadline(calendar, indices[i]);

        if (deadline <= now) {
            *calendar_position(calendar, indices[i]) = CALENDAR_NOWHERE;
            due[due_count++] = indices[i];
        } else if (calendar_ticks(deadline) >> CALENDAR_HOUR_SHIFT ==
                   calendar_ticks(now) >> CALENDAR_HOUR_SHIFT) {
            calendar_push(calendar, calendar_present_chain(calendar->waiting), indices[i]);
            calendar->soonest = min64(calendar->soonest, deadline);
        } else {
            calendar_push(calendar, calendar_chain_of(calendar, deadline), indices[i]);
        }
    }
    calendar->count -= (uint32_t)due_count;
    *looked += count;
    return due_count;
}

/* The chain to look at next, or CALENDAR_CHAINS when nothing can be due at `now`. May turn over
 * the two chains of the hour at hand. */
static uint32_t calendar_due_chain(struct calendar *calendar, int64_t now)
{
    uint32_t again = calendar_present_chain(calendar->waiting ^ 1);
    uint32_t hour;

    if (!calendar_is_occupied(calendar, again) && calendar->soonest <= now) {
        again = calendar_present_chain(calendar->waiting);
        calendar->waiting ^= 1;
        calendar->soonest = NEVER;
    }
    if (calendar_is_occupied(calendar, again))
        return again;
    hour = calendar_first_hour(calendar);
    if (hour < CALENDAR_HOURS && calendar_hour_start(calendar, hour) <= now)
        return calendar_hour_chain(hour);
    return CALENDAR_CHAINS;
}

/* Turns to the next day that holds something or, at the latest, to that of `now`. False if it is
 * that already, or if hours of today are still to come. */
static bool calendar_turn(struct calendar *calendar, int64_t now)
{
    uint64_t day = calendar_ticks(now) >> CALENDAR_DAY_SHIFT;
    uint64_t first;

    if (day <= calendar->today)
        return false;
    first = calendar_first_day(calendar);
    calendar->today = first < day ? first : day;
    return true;
}

size_t calendar_expire(struct calendar *calendar, int64_t now, uint32_t *indices, size_t max)
{
    size_t due = 0;
    size_t looked = 0;

    while (due < max && looked < CALENDAR_LOOKS) {
        uint32_t chain;

        if (calendar_is_occupied(calendar, calendar_today_chain(calendar))) {
            looked += calendar_deal(calendar);
            continue;
        }
        chain = calendar_due_chain(calendar, now);
        if (chain != CALENDAR_CHAINS) {
            size_t room = max - due < CALENDAR_BATCH ? max - due : CALENDAR_BATCH;

            due += calendar_look(calendar, chain, now, indices + due, room, &looked);
        } else if (!calendar_turn(calendar, now)) {
            break;
        }
    }
    return due;
}

int64_t calendar_next_held(const struct calendar *calendar)
{
    uint32_t hour;

    if (calendar_is_occupied(calendar, calendar_today_chain(calendar)) ||
        calendar_is_occupied(calendar, calendar_present_chain(calendar->waiting ^ 1)))
        return calendar_day_start(calendar->today);
    hour = calendar_first_hour(calendar);
    if (hour < CALENDAR_HOURS)
        return min64(calendar->soonest, calendar_hour_start(calendar, hour));
    return min64(calendar->soonest, calendar_day_start(calendar_first_day(calendar)));
}

/* An occupied chain that no other precedes, as far as they are ordered; CALENDAR_CHAINS when
 * empty. */
static uint32_t calendar_first_chain(const struct calendar *calendar)
{
    const uint32_t present = calendar_present_chain(0);
    uint32_t hour = calendar_first_hour(calendar);

    if (calendar->count == 0)
        return CALENDAR_CHAINS;
    if (calendar_is_occupied(calendar, present) || calendar_is_occupied(calendar, present + 1))
        return calendar_occupied_from(calendar, present, CALENDAR_CHAINS);
    if (hour < CALENDAR_HOURS)
        return calendar_hour_chain(hour);
    if (calendar_is_occupied(calendar, calendar_today_chain(calendar)))
        return calendar_today_chain(calendar);
    return (uint32_t)calendar_first_day(calendar) % CALENDAR_DAYS;
}

uint32_t calendar_oldest(struct calendar *calendar)
{
    uint32_t index = POOL_NONE;

    for (unsigned tries = 0; tries < CALENDAR_BATCH; tries++) {
        uint32_t chain = calendar_first_chain(calendar);
        const struct calendar_chunk *chunk;
        uint32_t better;

        if (chain == CALENDAR_CHAINS)
            return POOL_NONE;
        chunk = calendar_chunk_at(calendar, calendar->head[chain]);
        index = chunk->index[chunk->used - 1];
        better = calendar_chain_of(calendar, calendar_deadline(calendar, index));
        if (better == chain || chain >= calendar_present_chain(0) ||
            chain == calendar_today_chain(calendar))
            return index;
        /* Restarted since: it goes where it belongs, and another one is first. */
        calendar_pop(calendar, chain);
        calendar_push(calendar, better, index);
    }
    return index;
}
