/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * write_queue.h: what a connection remembers about its queue to send, beside the text itself.
 *
 * It stands outside the control block, in a pool of its own: a connection has one from its first
 * write on, so that the many that only wait cost no more (docs/decisions/0007).
 */
#ifndef LASTACK_WRITE_QUEUE_H
#define LASTACK_WRITE_QUEUE_H

#include "age_list.h"
#include "chronograph.h"
#include "chunks.h"

/* One place in the line of those that wait for a page. */
struct page_waiter {
    uint32_t who; /* a connection, or a socket of the floor above */
    bool is_conn;
    bool wants_page; /* else something of the floor above is what it lacks: it holds up nobody */
    struct age_node node;
};

/* What who may wait remembers of it. */
struct page_turn {
    uint32_t waiter; /* its struct page_waiter; POOL_NONE: it does not stand in the line */
    bool has_waited; /* it did, and has not written since */
};

struct write_queue {
    struct chunks chunks;
    struct seq small; /* end of the last small segment sent (Minshall's test) */
    struct seq push;  /* PSH belongs on the segment that carries the byte before this */
    uint32_t grown;   /* bytes that the send buffer has grown to (send_space.c) */
    struct chronograph chronograph;
    struct page_turn turn; /* where pages are short (page_waiters.c) */
};

_Static_assert(sizeof(struct write_queue) <= 88, "the budget of decision 0007");

#endif
