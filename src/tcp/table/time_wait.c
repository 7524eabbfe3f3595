/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * time_wait.c: packing, unpacking, and the two calendars; see time_wait.h for the layout.
 *
 * Invariant: every record in use is in its calendar, save between time_wait_expire and
 * time_wait_free. All deadlines lie within TIME_WAIT_LONGEST of the clock when they are written,
 * and the clock leaps by no more than that at a time, so the 2^53 ns that a deadline can tell are
 * never exhausted, however long nobody called.
 */
#include "time_wait.h"

#include "arena.h"

enum {
    TIME_WAIT_HIGH_BITS = 22, /* of the deadline, in deadline_high; above them the flags ... */
    TIME_WAIT_FLAG_BITS = 6,  /* ... and the window's shift */
    TIME_WAIT_TS_BITS = 24,   /* of ts_taken_at; above them the cause */
    TIME_WAIT_CHALLENGE_SHIFT = 23,
};

_Static_assert((int)LASTACK_CAUSE_COUNT <= 256, "a cause fits into 8 bits");
_Static_assert(TIME_WAIT_SUSPENDED < 1 << TIME_WAIT_FLAG_BITS, "the flags fit");

/* x, of which only the low `bits` count, as the number with these bits that is nearest to
 * `near`. */
static int64_t time_wait_nearest(uint64_t x, int64_t near, unsigned bits)
{
    const uint64_t sign = (uint64_t)1 << (bits - 1);
    const uint64_t mask = sign | (sign - 1);
    const uint64_t distance = (x - (uint64_t)near) & mask;

    return (int64_t)((uint64_t)near + (distance ^ sign) - sign);
}

static struct time_wait_pool *time_wait_pool_of(struct time_wait *table, bool is_ipv6)
{
    return is_ipv6 ? &table->ipv6 : &table->ipv4;
}

static struct time_wait_packed *time_wait_packed_at(const struct time_wait_pool *pool,
                                                    uint32_t index)
{
    return (void *)((uint8_t *)pool_at(&pool->records.pool, index) + pool->packed);
}

/* ---- packed fields ---- */

/* Returns what is kept of it. */
static int64_t time_wait_pack_deadline(const struct time_wait_pool *pool,
                                       struct time_wait_packed *packed, int64_t wanted)
{
    const int64_t deadline =
        clamp64(wanted, pool->clock - TIME_WAIT_LONGEST, pool->clock + TIME_WAIT_LONGEST);
    const uint32_t high = (uint32_t)((uint64_t)deadline >> 32) & ((1u << TIME_WAIT_HIGH_BITS) - 1);

    packed->deadline_low = (uint32_t)deadline;
    packed->deadline_high =
        (packed->deadline_high >> TIME_WAIT_HIGH_BITS << TIME_WAIT_HIGH_BITS) | high;
    return deadline;
}

static int64_t time_wait_deadline(const struct time_wait_pool *pool,
                                  const struct time_wait_packed *packed)
{
    const uint64_t bits = (uint64_t)packed->deadline_high << 32 | packed->deadline_low;

    return time_wait_nearest(bits, pool->clock, 32 + TIME_WAIT_HIGH_BITS);
}

/* The record's own deadline, as the calendar asks for it. */
static int64_t time_wait_deadline_at(const void *context, uint32_t index)
{
    const struct time_wait_pool *pool = context;

    return time_wait_deadline(pool, time_wait_packed_at(pool, index));
}

/* The stack's ms clock wraps after 49 days; the entry lies near the table's clock. */
static int64_t time_wait_entered_at(const struct time_wait_pool *pool, uint32_t entered_ms)
{
    return time_wait_nearest(entered_ms, pool->clock / MS(1), 32) * MS(1);
}

/* A challenge longer after the entry than 16 bits reach counts as older than it is: it limits
 * less. */
static uint16_t time_wait_pack_challenge(const struct time_wait_pool *pool,
                                         const struct time_wait_record *record)
{
    int64_t age;

    if (record->challenge_at == NEVER)
        return 0;
    age = record->challenge_at - time_wait_entered_at(pool, record->entered_ms);
    return (uint16_t)clamp64((age >> TIME_WAIT_CHALLENGE_SHIFT) + 1, 1, UINT16_MAX);
}

static int64_t time_wait_unpack_challenge(int64_t entered_at, uint16_t challenge)
{
    if (challenge == 0)
        return NEVER;
    return entered_at + ((int64_t)(challenge - 1) << TIME_WAIT_CHALLENGE_SHIFT);
}

/* What was taken longer ago than the bits reach (104 days) is taken for that old: no less stale. */
static uint32_t time_wait_pack_ts_at(const struct time_wait_pool *pool, uint32_t taken_at)
{
    const int32_t reach = 1 << (TIME_WAIT_TS_BITS - 1);
    const uint32_t now = paws_clock(pool->clock);
    const int64_t distance = clamp64((int32_t)(taken_at - now), -reach, reach - 1);

    return (now + (uint32_t)distance) & ((1u << TIME_WAIT_TS_BITS) - 1);
}

static void time_wait_pack(const struct time_wait_pool *pool, struct time_wait_packed *packed,
                           const struct time_wait_record *record)
{
    const uint32_t high = packed->deadline_high & ((1u << TIME_WAIT_HIGH_BITS) - 1);
    const uint32_t above = (uint32_t)record->window_shift << TIME_WAIT_FLAG_BITS | record->flags;

    CHECK(record->flags >> TIME_WAIT_FLAG_BITS == 0 && record->window_shift <= 14);
    packed->snd_nxt = record->snd_nxt.v;
    packed->rcv_nxt = record->rcv_nxt.v;
    packed->deadline_high = high | above << TIME_WAIT_HIGH_BITS;
    packed->ts_recent = record->ts_recent;
    packed->ts_taken_at = (uint32_t)record->cause << TIME_WAIT_TS_BITS |
                          time_wait_pack_ts_at(pool, record->ts_taken_at);
    packed->entered_ms = record->entered_ms;
    packed->window = record->window;
    packed->challenge = time_wait_pack_challenge(pool, record);
}

static void time_wait_unpack(const struct time_wait_pool *pool,
                             const struct time_wait_packed *packed, struct time_wait_record *record)
{
    const uint32_t above = packed->deadline_high >> TIME_WAIT_HIGH_BITS;

    record->snd_nxt = seq_of(packed->snd_nxt);
    record->rcv_nxt = seq_of(packed->rcv_nxt);
    record->window = packed->window;
    record->window_shift = (uint8_t)(above >> TIME_WAIT_FLAG_BITS);
    record->flags = (uint8_t)(above & ((1u << TIME_WAIT_FLAG_BITS) - 1));
    record->cause = (uint8_t)(packed->ts_taken_at >> TIME_WAIT_TS_BITS);
    record->ts_recent = packed->ts_recent;
    record->ts_taken_at = (uint32_t)time_wait_nearest(packed->ts_taken_at, paws_clock(pool->clock),
                                                      TIME_WAIT_TS_BITS);
    record->entered_ms = packed->entered_ms;
    record->deadline = time_wait_deadline(pool, packed);
    record->challenge_at = time_wait_unpack_challenge(
        time_wait_entered_at(pool, packed->entered_ms), packed->challenge);
}

/* ---- memory ---- */

struct time_wait_plan {
    void *records[2], *chunks[2]; /* by is_ipv6 */
};

static uint64_t time_wait_lay_out(struct arena *arena, const uint32_t limit[2],
                                  struct time_wait_plan *plan)
{
    static const uint32_t stride[2] = {sizeof(struct time_wait_ipv4),
                                       sizeof(struct time_wait_ipv6)};

    for (unsigned i = 0; i < 2; i++) {
        plan->records[i] = arena_take(arena, pool_size(stride[i], limit[i]));
        plan->chunks[i] = arena_take(arena, calendar_size(limit[i]));
    }
    return arena->used;
}

uint64_t time_wait_size(uint32_t limit_ipv4, uint32_t limit_ipv6)
{
    struct arena arena = {.base = NULL};
    struct time_wait_plan plan;

    return time_wait_lay_out(&arena, (const uint32_t[]){limit_ipv4, limit_ipv6}, &plan);
}

static void time_wait_init_pool(struct time_wait_pool *pool, void *records, void *chunks,
                                uint32_t limit, uint32_t stride, uint32_t packed, int64_t now)
{
    const struct calendar_owner owner = {
        .memory = records,
        .stride = stride,
        .position = packed + (uint32_t)offsetof(struct time_wait_packed, position),
        .context = pool,
        .deadline = time_wait_deadline_at,
    };

    /* A free record keeps its position, CALENDAR_NOWHERE, by which a walk passes it over. */
    wide_pool_init(&pool->records, records, stride, limit, owner.position);
    pool->packed = packed;
    pool->clock = now;
    calendar_init(&pool->calendar, &owner, chunks, limit, now);
}

void time_wait_init(struct time_wait *table, void *memory, uint32_t limit_ipv4, uint32_t limit_ipv6,
                    int64_t now)
{
    struct arena arena = {.base = memory};
    struct time_wait_plan plan;

    (void)time_wait_lay_out(&arena, (const uint32_t[]){limit_ipv4, limit_ipv6}, &plan);
    time_wait_init_pool(&table->ipv4, plan.records[0], plan.chunks[0], limit_ipv4,
                        sizeof(struct time_wait_ipv4), offsetof(struct time_wait_ipv4, rest), now);
    time_wait_init_pool(&table->ipv6, plan.records[1], plan.chunks[1], limit_ipv6,
                        sizeof(struct time_wait_ipv6), offsetof(struct time_wait_ipv6, rest), now);
}

size_t time_wait_touched(const struct time_wait *table)
{
    return sizeof *table - sizeof table->ipv4.calendar - sizeof table->ipv6.calendar +
           (size_t)table->ipv4.records.pool.bump * table->ipv4.records.pool.stride +
           (size_t)table->ipv6.records.pool.bump * table->ipv6.records.pool.stride +
           calendar_touched(&table->ipv4.calendar) + calendar_touched(&table->ipv6.calendar);
}

/* ---- a record's life ---- */

bool time_wait_enter(struct time_wait *table, const struct time_wait_record *record,
                     struct time_wait_ref *ref)
{
    const bool is_ipv6 = !tuple_is_ipv4(&record->tuple);
    struct time_wait_pool *pool = time_wait_pool_of(table, is_ipv6);
    const uint32_t index = wide_pool_take(&pool->records);
    struct time_wait_packed *packed;

    if (index == POOL_NONE)
        return false;
    if (pool->calendar.count == 0)
        pool->clock = record->deadline;
    if (is_ipv6) {
        memcpy(pool_at(&pool->records.pool, index), &record->tuple, sizeof record->tuple);
    } else {
        const struct tuple_ipv4 tuple = tuple_pack_ipv4(&record->tuple);

        memcpy(pool_at(&pool->records.pool, index), &tuple, sizeof tuple);
    }
    packed = time_wait_packed_at(pool, index);
    time_wait_pack(pool, packed, record);
    calendar_add(&pool->calendar, index, time_wait_pack_deadline(pool, packed, record->deadline));
    *ref = (struct time_wait_ref){is_ipv6, index};
    return true;
}

void time_wait_read(const struct time_wait *table, struct time_wait_ref ref,
                    struct time_wait_record *record)
{
    const struct time_wait_pool *pool = time_wait_family(table, ref.is_ipv6);
    const void *tuple = pool_at(&pool->records.pool, ref.index);

    if (ref.is_ipv6)
        memcpy(&record->tuple, tuple, sizeof record->tuple);
    else
        record->tuple = tuple_unpack_ipv4(tuple);
    time_wait_unpack(pool, time_wait_packed_at(pool, ref.index), record);
}

void time_wait_write(struct time_wait *table, struct time_wait_ref ref,
                     const struct time_wait_record *record)
{
    const struct time_wait_pool *pool = time_wait_family(table, ref.is_ipv6);

    time_wait_pack(pool, time_wait_packed_at(pool, ref.index), record);
}

void time_wait_set_deadline(struct time_wait *table, struct time_wait_ref ref, int64_t deadline)
{
    struct time_wait_pool *pool = time_wait_pool_of(table, ref.is_ipv6);
    struct time_wait_packed *packed = time_wait_packed_at(pool, ref.index);

    if (deadline >= time_wait_deadline(pool, packed)) {
        (void)time_wait_pack_deadline(pool, packed, deadline);
        return;
    }
    calendar_remove(&pool->calendar, ref.index);
    calendar_add(&pool->calendar, ref.index, time_wait_pack_deadline(pool, packed, deadline));
}

void time_wait_remove(struct time_wait *table, struct time_wait_ref ref)
{
    struct time_wait_pool *pool = time_wait_pool_of(table, ref.is_ipv6);

    calendar_remove(&pool->calendar, ref.index);
    wide_pool_give(&pool->records, ref.index);
}

size_t time_wait_expire(struct time_wait *table, bool is_ipv6, int64_t now,
                        struct time_wait_ref *refs, size_t max)
{
    struct time_wait_pool *pool = time_wait_pool_of(table, is_ipv6);
    uint32_t due[CALENDAR_BATCH];
    size_t count;

    if (calendar_next(&pool->calendar) > now)
        return 0;
    pool->clock = min64(now, time_after(pool->clock, TIME_WAIT_LONGEST));
    count = calendar_expire(&pool->calendar, pool->clock, due,
                            max < CALENDAR_BATCH ? max : CALENDAR_BATCH);
    for (size_t i = 0; i < count; i++)
        refs[i] = (struct time_wait_ref){is_ipv6, due[i]};
    return count;
}

void time_wait_free(struct time_wait *table, struct time_wait_ref ref)
{
    struct time_wait_pool *pool = time_wait_pool_of(table, ref.is_ipv6);

    CHECK(time_wait_packed_at(pool, ref.index)->position == CALENDAR_NOWHERE);
    wide_pool_give(&pool->records, ref.index);
}

int64_t time_wait_next(const struct time_wait *table)
{
    return min64(calendar_next(&table->ipv4.calendar), calendar_next(&table->ipv6.calendar));
}

bool time_wait_oldest(struct time_wait *table, bool is_ipv6, struct time_wait_ref *ref)
{
    *ref = (struct time_wait_ref){is_ipv6,
                                  calendar_oldest(&time_wait_pool_of(table, is_ipv6)->calendar)};
    return ref->index != POOL_NONE;
}

bool time_wait_walk(const struct time_wait *table, bool is_ipv6, uint32_t *index)
{
    const struct time_wait_pool *pool = time_wait_family(table, is_ipv6);

    while (*index < pool->records.pool.bump &&
           time_wait_packed_at(pool, *index)->position == CALENDAR_NOWHERE)
        ++*index;
    return *index < pool->records.pool.bump;
}
