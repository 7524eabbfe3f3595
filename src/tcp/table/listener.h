/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * listener.h: a passive OPEN (RFC 9293 §3.10.1) and the queue of connections it has made.
 *
 *     SYN ─▶ SYN entry (one of `syns`) ─third ACK─▶ connection in the queue ─accept()─▶ socket
 *
 * The accept queue is a singly linked list through the connections themselves (queue_next),
 * oldest first. It is full at backlog + 1, as on Linux: then no third ACK is taken and no new SYN
 * answered.
 */
#ifndef LASTACK_LISTENER_H
#define LASTACK_LISTENER_H

#include "conn.h"
#include "fast_open.h"

struct listener {
    struct lastack_endpoint local;
    uint32_t socket; /* of the floor above */
    uint32_t backlog;
    uint32_t queued;              /* connections in the accept queue */
    uint32_t syns;                /* half-open requests */
    uint32_t head, tail;          /* of the accept queue; POOL_NONE */
    uint32_t old_syns;            /* ... whose SYN-ACK was repeated */
    uint32_t first_syn, last_syn; /* its half-open requests, youngest first; POOL_NONE */
    uint32_t next_woken;
    uint32_t generation;
    uint32_t link;  /* bound device + 1, 0 = any */
    uint32_t flags; /* CONN_... bits that its children inherit */
    uint8_t domain; /* enum lastack_domain of the socket */
    /* TCP_DEFER_ACCEPT: timeouts during which a bare ACK does not complete a handshake; 0: none */
    uint8_t defer;
    uint8_t congestion;    /* of its children: enum lastack_congestion + 1; 0: the stack's */
    uint32_t window_clamp; /* TCP_WINDOW_CLAMP of its children, bytes; 0: none */
    bool is_open;
    bool has_listened; /* it was in LISTEN, not only on its way there */
    bool is_woken;
    int64_t since;
    int64_t cookie_at;           /* last SYN cookie sent; NEVER */
    uint64_t overflows;          /* what was dropped because the queue was full */
    struct conn_options options; /* inherited by children */
    /* Fast Open: how many may be in SYN-RECEIVED with their text read already, and how many are;
     * those that a RST ended count on for a while. */
    uint32_t fast_open_limit, fast_open_pending, fast_open_resets;
    int64_t fast_open_reset_until;
    bool fast_open_no_cookie;
    struct fast_open_keys fast_open_keys; /* of its own, or none */
};

static inline bool listener_is_full(const struct listener *listener)
{
    return listener->queued > listener->backlog;
}

/* Half-open requests it may have: its backlog, as far as the stack allows, and one. */
static inline uint32_t listener_syns_most(const struct listener *listener, uint32_t most)
{
    return max32(min32(listener->backlog, most), 1) + 1;
}

void listener_enqueue(struct listener *listener, struct pool *conns, uint32_t index);
/* The oldest, or POOL_NONE. */
uint32_t listener_dequeue(struct listener *listener, struct pool *conns);

#endif
