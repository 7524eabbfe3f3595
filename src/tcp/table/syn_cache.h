/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * syn_cache.h: half-open requests of listeners, RFC 4987 §3.3.
 *
 * A SYN is remembered in a small entry (not a control block) until the third ACK arrives; its deadline repeats the SYN-ACK. Everything
 * that the handshake decided is here, so that the connection can be made from it. The tuple's slot in the flow index is
 * the caller's business.
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
};

struct syn_entry {
    struct tuple tuple;
    uint64_t flow;
    struct seq iss, irs;
    uint32_t rcv_wnd;        /* offered in the SYN-ACK, bytes */
    uint32_t snd_wnd;        /* from the SYN, unscaled */
    uint32_t ts_recent;
    uint32_t ts_recent_ms;
    uint32_t listener;
    uint32_t superseded;     /* record index; family as the tuple's */
    uint32_t entered_ms;
    uint16_t mss_peer;
    uint8_t flags;           /* enum syn_flag */
    uint8_t retries;         /* SYN-ACKs repeated */
    uint8_t snd_shift, rcv_shift;
    uint8_t cause;           /* enum lastack_cause */
    uint8_t tos;
    uint32_t listener_next, listener_prev; /* all entries of one listener */
    struct wheel_node timer;
};

struct syn_cache {
    struct pool entries;
    struct wheel wheel;
};

size_t syn_cache_size(uint32_t limit);
void syn_cache_init(struct syn_cache *cache, void *memory, uint32_t limit, int64_t now);

/* A fresh entry (zeroed, timer unarmed) or POOL_NONE (counted in the pool). */
uint32_t syn_cache_add(struct syn_cache *cache);
static inline struct syn_entry *syn_cache_at(const struct syn_cache *cache, uint32_t index)
{
    return pool_at(&cache->entries, index);
}
void syn_cache_remove(struct syn_cache *cache, uint32_t index);
/* Next SYN-ACK at `at`. */
void syn_cache_arm(struct syn_cache *cache, uint32_t index, int64_t at);
/* The next entry that is due, or POOL_NONE. */
uint32_t syn_cache_due(struct syn_cache *cache, int64_t now);
int64_t syn_cache_next(const struct syn_cache *cache);
/* For rows: the first entry in use at or behind *index; false at the end. */
bool syn_cache_walk(const struct syn_cache *cache, uint32_t *index);

#endif
