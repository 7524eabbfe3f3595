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

struct write_queue {
    struct chunks chunks;
    struct seq small; /* end of the last small segment sent (Minshall's test) */
    struct seq push;  /* PSH belongs on the segment that carries the byte before this */
    uint32_t grown;   /* bytes that the send buffer has grown to (send_space.c) */
    struct chronograph chronograph;
    uint32_t conn;          /* whose it is */
    struct age_node waiter; /* while it waits for a page (page_waiters.c) */
    bool has_waited;        /* and has not written since */
};

_Static_assert(sizeof(struct write_queue) <= 96, "the budget of decision 0007");

#endif
