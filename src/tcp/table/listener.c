/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * listener.c: see listener.h.
 */
#include "listener.h"

static struct tcp_conn *queued_conn(struct pool *conns, uint32_t index)
{
    return pool_at(conns, index);
}

void listener_enqueue(struct listener *listener, struct pool *conns, uint32_t index)
{
    struct tcp_conn *conn = queued_conn(conns, index);

    CHECK(!conn_has(conn, CONN_IN_ACCEPT_QUEUE));
    conn->flags |= CONN_IN_ACCEPT_QUEUE;
    conn->queue_next = POOL_NONE;
    if (listener->head == POOL_NONE)
        listener->head = index;
    else
        queued_conn(conns, listener->tail)->queue_next = index;
    listener->tail = index;
    listener->queued++;
}

uint32_t listener_dequeue(struct listener *listener, struct pool *conns)
{
    const uint32_t index = listener->head;

    if (index == POOL_NONE)
        return POOL_NONE;
    listener->head = queued_conn(conns, index)->queue_next;
    if (listener->head == POOL_NONE)
        listener->tail = POOL_NONE;
    queued_conn(conns, index)->flags &= ~(uint32_t)CONN_IN_ACCEPT_QUEUE;
    CHECK(listener->queued > 0);
    listener->queued--;
    return index;
}
