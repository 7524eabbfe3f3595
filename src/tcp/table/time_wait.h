/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * time_wait.h: the records that outlive connections: TIME-WAIT, and FIN-WAIT-2 of orphans.
 *
 *      IPv4: 48 bytes, IPv6: 72, each + 4.1 in the calendar + 10 to 12 in the flow index (docs/decisions/0007)
 *
 * A record keeps what RFC 9293 §3.10.7.4 and RFC 1122 §4.2.2.13 need to answer for a connection that is over, and the flags
 * of its dead socket that bind() will ask about. Restarting 2MSL writes the deadline only; the calendar finds out when the slot
 * comes. What to answer is not decided here but in event/arrives_time_wait.c; who owns the tuple is the flow index's business,
 * which the caller updates.
 */
#ifndef LASTACK_TIME_WAIT_H
#define LASTACK_TIME_WAIT_H

#include "calendar.h"
#include "seq.h"
#include "tuple.h"

#include <lastack/params.h>
#include <lastack/trace.h>

enum time_wait_flag {
    TIME_WAIT_FIN_WAIT_2 = 1 << 0,   /* substate: the peer's FIN has not come */
    TIME_WAIT_TIMESTAMP = 1 << 1,
    TIME_WAIT_REUSE_ADDRESS = 1 << 2, /* of the dead socket */
    TIME_WAIT_REUSE_PORT = 1 << 3,
    TIME_WAIT_IPV6_SOCKET = 1 << 4,
    TIME_WAIT_SUSPENDED = 1 << 5,    /* a SYN has superseded it and must still prove itself (RFC 1122 §4.2.2.13) */
};

/* A record as a value: what callers read and write. In memory it is packed. */
struct time_wait_record {
    struct tuple tuple;
    struct seq snd_nxt, rcv_nxt;
    uint16_t window;      /* as it goes on the wire */
    uint8_t flags;        /* enum time_wait_flag */
    uint8_t cause;        /* enum lastack_cause that led here; fits 8 bits, asserted */
    uint32_t ts_recent;
    uint32_t ts_recent_ms;  /* on the stack's millisecond clock; seconds precision may be kept */
    uint32_t entered_ms;
    int64_t deadline;
    int64_t challenge_at; /* last rate-limited answer (coarse), NEVER = none yet */
};

/* Names a record: which pool, and where. */
struct time_wait_ref {
    bool is_ipv6;
    uint32_t index;
};

struct time_wait_pool {
    struct pool records;
    struct calendar calendar;
};

struct time_wait {
    struct time_wait_pool ipv4, ipv6;
};

size_t time_wait_size(uint32_t limit_ipv4, uint32_t limit_ipv6);
void time_wait_init(struct time_wait *table, void *memory, uint32_t limit_ipv4, uint32_t limit_ipv6,
                    int64_t now);

uint32_t time_wait_count(const struct time_wait *table);

/* A new record, in its pool and calendar; false when the pool is full (`max` for both pools together is the caller's
 * policy). */
bool time_wait_enter(struct time_wait *table, const struct time_wait_record *record,
                     struct time_wait_ref *ref);

/* All of it, unpacked. */
void time_wait_read(const struct time_wait *table, struct time_wait_ref ref, struct time_wait_record *record);
bool time_wait_is(const struct time_wait *table, struct time_wait_ref ref, const struct tuple *tuple);
void time_wait_prefetch(const struct time_wait *table, struct time_wait_ref ref);

/* Writes the deadline only (a later one); an earlier one moves it at once. */
void time_wait_set_deadline(struct time_wait *table, struct time_wait_ref ref, int64_t deadline);
/* What segments may change in a record: rcv_nxt, ts_recent, flags, challenge_at, cause, entered. Tuple and deadline stay. */
void time_wait_write(struct time_wait *table, struct time_wait_ref ref, const struct time_wait_record *record);
/* Out of calendar and pool at once. */
void time_wait_remove(struct time_wait *table, struct time_wait_ref ref);

/* Up to `max` (at most CALENDAR_BATCH) records whose deadline has passed. They are out of the calendar but still in
 * the pool: the caller takes each out of the flow index and then calls time_wait_free. Returns how many; fewer than max: nothing
 * more is due in that pool. Call for both families. */
size_t time_wait_expire(struct time_wait *table, bool is_ipv6, int64_t now, struct time_wait_ref *refs,
                        size_t max);
void time_wait_free(struct time_wait *table, struct time_wait_ref ref);
/* Early, never late. */
int64_t time_wait_next(const struct time_wait *table);
/* The record of that family that would expire about first; false if none. */
bool time_wait_oldest(const struct time_wait *table, bool is_ipv6, struct time_wait_ref *ref);

/* For rows: the first record at or behind position *index of a pool that is in use; false at the end. */
bool time_wait_walk(const struct time_wait *table, bool is_ipv6, uint32_t *index);

#endif
