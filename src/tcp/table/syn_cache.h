/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * syn_cache.h: half-open requests of listeners, RFC 4987 §3.3.
 *
 * A SYN is remembered in a small entry (not a control block) until the third ACK arrives; its
 * deadline repeats the SYN-ACK. Everything that the handshake decided is in the entry's first 64
 * bytes, so that the connection can be made from it; the timer and the lists it hangs in stand
 * behind. The tuple's slot in the flow index and the listener's list are the caller's business.
 */
#ifndef LASTACK_SYN_CACHE_H
#define LASTACK_SYN_CACHE_H

#include "pool.h"
#include "seq.h"
#include "tuple.h"
#include "wheel.h"

#include <lastack/trace.h>

enum syn_flag {
    SYN_WINDOW_SCALE = 1 << 0,
    SYN_SACK = 1 << 1,
    SYN_TIMESTAMP = 1 << 2,
    SYN_ECN = 1 << 3,
    SYN_SUPERSEDES = 1 << 4, /* `superseded` names a suspended TIME-WAIT record */
    SYN_COOKIE = 1 << 5,     /* not in the cache: the peer remembers it (syn_cookie.h) */
    /* the ACK of its SYN-ACK tells no time: that was repeated, or leaves only later (Fast Open) */
    SYN_UNTIMED = 1 << 6,
    SYN_ACKED = 1 << 7, /* acknowledged, but its listener waits for text (TCP_DEFER_ACCEPT) */
};

struct syn_entry {
    struct tuple tuple;
    struct seq iss, irs;
    uint32_t ts_recent; /* taken when the entry was made: at entered_ms */
    uint32_t listener;  /* POOL_NONE in a free entry */
    uint16_t mss_peer;
    uint16_t rcv_wnd; /* offered in the SYN-ACK, bytes (the window of a SYN is never scaled) */
    uint16_t snd_wnd; /* from the SYN, bytes */
    uint8_t flags;    /* enum syn_flag */
    uint8_t retries;  /* timeouts: SYN-ACKs repeated, but in silence where SYN_ACKED */
    uint8_t snd_shift, rcv_shift;
    uint8_t cause; /* enum lastack_cause */
    uint8_t tos;
    /* line 1: bookkeeping */
    uint64_t flow;
    struct wheel_node timer;
    uint32_t listener_next, listener_prev; /* all entries of one listener; POOL_NONE */
    uint32_t superseded;                   /* record index; family as the tuple's; POOL_NONE */
    uint32_t entered_ms;
};

_Static_assert(offsetof(struct syn_entry, flow) == 64, "the budget of decision 0007");
_Static_assert(sizeof(struct syn_entry) <= 112, "48 bytes for timer, lists and record");
_Static_assert((int)LASTACK_CAUSE_COUNT <= 256, "a cause fits into 8 bits");

struct syn_cache {
    struct pool entries;
    struct wheel wheel;
};

uint64_t syn_cache_size(uint32_t limit);
/* The memory need not be zero. */
void syn_cache_init(struct syn_cache *cache, void *memory, uint32_t limit, int64_t now);

/* A fresh entry: zero, its timer unarmed, its indices POOL_NONE. POOL_NONE when there is no room
 * (counted in the pool). It counts as in use once it has a listener. */
uint32_t syn_cache_add(struct syn_cache *cache);
/* Is there room for another? What is refused for want of it counts. */
static inline bool syn_cache_has_room(struct syn_cache *cache)
{
    const bool has_room = pool_available(&cache->entries) > 0;

    cache->entries.refusals += !has_room;
    return has_room;
}

static inline struct syn_entry *syn_cache_at(const struct syn_cache *cache, uint32_t index)
{
    return pool_at(&cache->entries, index);
}
/* Out of wheel and pool. */
void syn_cache_remove(struct syn_cache *cache, uint32_t index);
/* Next SYN-ACK at `at`; NEVER stops the timer. */
void syn_cache_arm(struct syn_cache *cache, uint32_t index, int64_t at);
/* The next entry that is due, its timer unarmed again, or POOL_NONE. */
uint32_t syn_cache_due(struct syn_cache *cache, int64_t now);
/* Nothing is due before this; NEVER when no timer is armed. */
int64_t syn_cache_next(const struct syn_cache *cache);
/* For rows: moves *index to the first entry at or behind it that is in use; false at the end. */
bool syn_cache_walk(const struct syn_cache *cache, uint32_t *index);

#endif
