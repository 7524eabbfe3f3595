/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * time_wait.h: the records that outlive connections: TIME-WAIT, and FIN-WAIT-2 of orphans.
 *
 *      IPv4: 48 bytes, IPv6: 72, each + 4.1 in the calendar + 10.7 to 11.9 in the flow index
 *      (docs/decisions/0007)
 *
 * A record keeps what RFC 9293 §3.10.7.4 and RFC 1122 §4.2.2.13 need to answer for a connection
 * that is over, and the flags of its dead socket that bind() will ask about. Restarting 2MSL writes
 * the deadline only; the calendar finds out when the old day comes. What to answer is not decided
 * here but in event/arrives_time_wait.c; who owns the tuple is the flow index's business, which the
 * caller updates.
 *
 * Callers read and write records as values (struct time_wait_record); in memory they are packed:
 *
 *      | tuple 12 or 36 | snd_nxt | rcv_nxt | deadline 54 bits, shift 4, flags 6 |
 *      | ts_recent | ts_taken_at 24, cause 8 | entered_ms | window 16, challenge 16 | position |
 *
 *      deadline   in ns modulo 2^54 (208 days): the one nearest to the table's clock is meant
 *      ts_taken_at   in units of paws_clock modulo 2^24 (208 days): nearest to that clock, too
 *      challenge  8.4 ms units after the entry, at most 9 minutes; 0 = none yet
 *      position   the calendar's; CALENDAR_NOWHERE in a record that is free or was just expired
 */
#ifndef LASTACK_TIME_WAIT_H
#define LASTACK_TIME_WAIT_H

#include "calendar.h"
#include "paws.h"
#include "seq.h"
#include "tuple.h"
#include "wide_pool.h"

#include <lastack/trace.h>

enum time_wait_flag {
    TIME_WAIT_FIN_WAIT_2 = 1 << 0, /* substate: the peer's FIN has not come */
    TIME_WAIT_TIMESTAMP = 1 << 1,
    TIME_WAIT_REUSE_ADDRESS = 1 << 2, /* of the dead socket */
    TIME_WAIT_REUSE_PORT = 1 << 3,
    TIME_WAIT_IPV6_SOCKET = 1 << 4,
    /* A SYN has superseded it and must still prove itself (RFC 1122 §4.2.2.13). */
    TIME_WAIT_SUSPENDED = 1 << 5,
};

/* The furthest deadline: later ones are taken for this one. */
#define TIME_WAIT_LONGEST SEC(20 * 24 * 3600)

/* A record as a value. */
struct time_wait_record {
    struct tuple tuple;
    struct seq snd_nxt, rcv_nxt;
    uint16_t window;      /* as it goes on the wire */
    uint8_t window_shift; /* what it stands for is window << window_shift bytes */
    uint8_t flags;        /* enum time_wait_flag */
    uint8_t cause;        /* enum lastack_cause that led here */
    uint32_t ts_recent;
    uint32_t ts_taken_at; /* as paws_clock says it */
    uint32_t entered_ms;
    int64_t deadline;
    int64_t challenge_at; /* last rate-limited answer (coarse), NEVER = none yet */
};

/* Names a record: which pool, and where. */
struct time_wait_ref {
    bool is_ipv6;
    uint32_t index;
};

/* What a packed record holds behind its tuple. */
struct time_wait_packed {
    uint32_t snd_nxt, rcv_nxt;
    uint32_t deadline_low, deadline_high;
    uint32_t ts_recent, ts_taken_at;
    uint32_t entered_ms;
    uint16_t window, challenge;
    uint32_t position;
};

struct time_wait_ipv4 {
    struct tuple_ipv4 tuple;
    struct time_wait_packed rest;
};

struct time_wait_ipv6 {
    struct tuple tuple;
    struct time_wait_packed rest;
};

_Static_assert(sizeof(struct time_wait_ipv4) == 48, "the budget of decision 0007");
_Static_assert(sizeof(struct time_wait_ipv6) == 72, "the budget of decision 0007");

struct time_wait_pool {
    struct wide_pool records;
    uint32_t packed; /* where in a record struct time_wait_packed stands */
    int64_t clock;   /* a time near to all deadlines: their upper bits are taken from it */
    struct calendar calendar;
};

struct time_wait {
    struct time_wait_pool ipv4, ipv6;
};

/* Bytes for both pools and their calendars; the memory need not be zero. */
uint64_t time_wait_size(uint32_t limit_ipv4, uint32_t limit_ipv6);
void time_wait_init(struct time_wait *table, void *memory, uint32_t limit_ipv4, uint32_t limit_ipv6,
                    int64_t now);

static inline uint32_t time_wait_count(const struct time_wait *table)
{
    return table->ipv4.records.pool.used + table->ipv6.records.pool.used;
}

static inline const struct time_wait_pool *time_wait_family(const struct time_wait *table,
                                                            bool is_ipv6)
{
    return is_ipv6 ? &table->ipv6 : &table->ipv4;
}

/* A new record, in its pool and calendar; false when the pool is full (a limit for both pools
 * together is the caller's policy). */
bool time_wait_enter(struct time_wait *table, const struct time_wait_record *record,
                     struct time_wait_ref *ref);

/* All of it, unpacked. */
void time_wait_read(const struct time_wait *table, struct time_wait_ref ref,
                    struct time_wait_record *record);

/* Is it the record of this tuple? */
static inline bool time_wait_is(const struct time_wait *table, struct time_wait_ref ref,
                                const struct tuple *tuple)
{
    const void *record = pool_at(&time_wait_family(table, ref.is_ipv6)->records.pool, ref.index);
    struct tuple_ipv4 packed;

    if (ref.is_ipv6)
        return tuple_equal(record, tuple);
    packed = tuple_pack_ipv4(tuple);
    return memcmp(record, &packed, sizeof packed) == 0 && tuple_is_ipv4(tuple);
}

/* For batches: the record will be looked at soon. */
static inline void time_wait_prefetch(const struct time_wait *table, struct time_wait_ref ref)
{
    const struct pool *records = &time_wait_family(table, ref.is_ipv6)->records.pool;

    prefetch_object(records->memory + (size_t)ref.index * records->stride, records->stride);
}

/* A later deadline is only written ("restart"); an earlier one moves the record at once. */
void time_wait_set_deadline(struct time_wait *table, struct time_wait_ref ref, int64_t deadline);
/* What segments may change: all but tuple and deadline, which stay as they are. */
void time_wait_write(struct time_wait *table, struct time_wait_ref ref,
                     const struct time_wait_record *record);
/* Out of calendar and pool at once. */
void time_wait_remove(struct time_wait *table, struct time_wait_ref ref);

/*
 * Up to `max` records whose deadline has passed. They are out of the calendar but still in the
 * pool: the caller takes each out of the flow index and then calls time_wait_free. Work is bounded,
 * so fewer may come than are due, even none: more are while time_wait_next() <= now. Call for both
 * families.
 */
size_t time_wait_expire(struct time_wait *table, bool is_ipv6, int64_t now,
                        struct time_wait_ref *refs, size_t max);
void time_wait_free(struct time_wait *table, struct time_wait_ref ref);
/* Nothing is due before this: early, never late. NEVER when there is none. */
int64_t time_wait_next(const struct time_wait *table);
/* The record of that family that would expire about first; false if there is none. */
bool time_wait_oldest(struct time_wait *table, bool is_ipv6, struct time_wait_ref *ref);

/* For rows: moves *index to the first record at or behind it that is in use; false at the end. */
bool time_wait_walk(const struct time_wait *table, bool is_ipv6, uint32_t *index);

/* Bytes touched so far, calendars included, for "memory grows with use". */
size_t time_wait_touched(const struct time_wait *table);

#endif
