/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * settle.c: the common end of every event on a connection that lives on.
 *
 *     invariants hold?  ─▶  the one wheel entry is not later than the earliest deadline
 *                       ─▶  who owes is in the send queue of its lane
 *                       ─▶  who has news for its socket is in the wake queue
 *
 * Every event ends here, so no path can forget a timer or a debt.
 */
#include "tcp.h"

static NOINLINE void check_sometimes(struct tcp *tcp, const struct tcp_conn *conn)
{
    tcp->until_check = CHECK_PERIOD;
    conn_check(conn);
}

/* A deadline was set that is earlier than what is armed, or what was armed has fired. */
static NOINLINE void arm(struct tcp *tcp, struct tcp_conn *conn)
{
    const int64_t earliest = deadlines_minimum(&conn->deadline);

    conn->flags &= ~(uint32_t)CONN_DEADLINE_SET;
    /* Later than what is armed: found out when it fires. */
    if (earliest < conn->timer.at)
        wheel_arm(&tcp->wheel, tcp_index_of(tcp, conn), earliest);
}

/* Into its lane, behind the others. */
static NOINLINE void queue(struct tcp *tcp, struct tcp_conn *conn)
{
    struct send_queue *lane = &tcp->lanes[conn->lane];
    const uint32_t index = tcp_index_of(tcp, conn);

    conn->flags |= CONN_QUEUED;
    tcp->lanes_owing |= (uint64_t)1 << conn->lane;
    conn->send_next = POOL_NONE;
    conn->send_prev = lane->tail;
    if (lane->tail == POOL_NONE)
        lane->head = index;
    else
        tcp_conn_at(tcp, lane->tail)->send_next = index;
    lane->tail = index;
}

/* After an ACK or a departure there may be more to send; nearly always there is not, and nobody
 * needs to take a turn to find out. (What waits for room or for recovery is for next_segment.c to
 * see; in SYN-SENT and SYN-RECEIVED a SYN is owed.) */
static inline bool has_nothing_to_send(const struct tcp_conn *conn)
{
    return !seq_after(conn->snd.end, conn->snd.nxt) && conn->recovery == POOL_NONE &&
           !conn_has(conn, CONN_WANTS_ROOM) && conn->state != TCP_SYN_SENT &&
           conn->state != TCP_SYN_RECEIVED &&
           !(conn_has(conn, CONN_FIN_QUEUED) && seq_equal(conn->snd.nxt, conn->snd.end));
}

static inline void queue_if_owing(struct tcp *tcp, struct tcp_conn *conn)
{
    if (conn->owe == OWE_SEND && has_nothing_to_send(conn))
        conn->owe = 0;
    if (conn->owe != 0 && !conn_has(conn, CONN_QUEUED))
        queue(tcp, conn);
}

void conn_unqueue(struct tcp *tcp, struct tcp_conn *conn)
{
    struct send_queue *lane = &tcp->lanes[conn->lane];

    if (!conn_has(conn, CONN_QUEUED))
        return;
    conn->flags &= ~(uint32_t)CONN_QUEUED;
    if (conn->send_prev == POOL_NONE)
        lane->head = conn->send_next;
    else
        tcp_conn_at(tcp, conn->send_prev)->send_next = conn->send_next;
    if (conn->send_next == POOL_NONE)
        lane->tail = conn->send_prev;
    else
        tcp_conn_at(tcp, conn->send_next)->send_prev = conn->send_prev;
    conn->send_next = conn->send_prev = POOL_NONE;
    if (lane->head == POOL_NONE)
        tcp->lanes_owing &= ~((uint64_t)1 << conn->lane);
}

void settle(struct tcp *tcp, struct tcp_conn *conn)
{
    CHECK(conn->state != TCP_CLOSED && !conn_has(conn, CONN_DETACHED));
    if (conn_has(conn, CONN_DEADLINE_SET))
        arm(tcp, conn);
    if (conn->owe != 0)
        queue_if_owing(tcp, conn);
    if (--tcp->until_check == 0)
        check_sometimes(tcp, conn);
}

NOINLINE void tcp_move_lane(struct tcp *tcp, uint32_t index, unsigned lane)
{
    struct tcp_conn *conn = tcp_conn_at(tcp, index);

    CHECK(lane < TCP_LANES);
    conn_unqueue(tcp, conn);
    conn->lane = (uint8_t)lane;
    queue_if_owing(tcp, conn);
}

const struct tcp_conn *tcp_lane_head(const struct tcp *tcp, unsigned lane)
{
    CHECK(lane < TCP_LANES);
    return tcp->lanes[lane].head == POOL_NONE ? NULL : tcp_conn_at(tcp, tcp->lanes[lane].head);
}

void tcp_unpark(struct tcp *tcp, unsigned from_lane)
{
    uint32_t index = tcp->lanes[from_lane].head;

    while (index != POOL_NONE) {
        struct tcp_conn *conn = tcp_conn_at(tcp, index);

        index = conn->send_next;
        conn_take_path(tcp, conn);
    }
}

/* ---- what sockets are told ---- */

static void append_woken(struct tcp *tcp, uint32_t index)
{
    tcp_conn_at(tcp, index)->queue_next = POOL_NONE;
    if (tcp->wake_head == POOL_NONE)
        tcp->wake_head = index;
    else
        tcp_conn_at(tcp, tcp->wake_tail)->queue_next = index;
    tcp->wake_tail = index;
}

void conn_wake(struct tcp *tcp, struct tcp_conn *conn, uint8_t wake)
{
    if (conn->socket == POOL_NONE)
        return;
    conn->wake |= wake;
    if (conn_has(conn, CONN_WOKEN))
        return;
    conn->flags |= CONN_WOKEN;
    append_woken(tcp, tcp_index_of(tcp, conn));
}

struct tcp_conn *tcp_next_woken(struct tcp *tcp, uint8_t *wake)
{
    struct tcp_conn *conn;

    if (tcp->wake_head == POOL_NONE)
        return NULL;
    conn = tcp_conn_at(tcp, tcp->wake_head);
    tcp->wake_head = conn->queue_next;
    if (tcp->wake_head == POOL_NONE)
        tcp->wake_tail = POOL_NONE;
    conn->flags &= ~(uint32_t)CONN_WOKEN;
    *wake = conn->wake;
    conn->wake = 0;
    return conn;
}

/* Somewhere in the wake queue, which is short, since it is emptied after every call. */
static NOINLINE void remove_woken(struct tcp *tcp, struct tcp_conn *conn)
{
    const uint32_t index = tcp_index_of(tcp, conn);
    uint32_t before = POOL_NONE;

    conn->flags &= ~(uint32_t)CONN_WOKEN;
    for (uint32_t at = tcp->wake_head; at != POOL_NONE; at = tcp_conn_at(tcp, at)->queue_next) {
        if (at == index) {
            if (before == POOL_NONE)
                tcp->wake_head = conn->queue_next;
            else
                tcp_conn_at(tcp, before)->queue_next = conn->queue_next;
            if (tcp->wake_tail == index)
                tcp->wake_tail = before;
            return;
        }
        before = at;
    }
    UNREACHABLE();
}

/* A block that is freed leaves the queue. */
void conn_unwake(struct tcp *tcp, struct tcp_conn *conn)
{
    if (conn_has(conn, CONN_WOKEN))
        remove_woken(tcp, conn);
}

void tcp_wake_listener(struct tcp *tcp, uint32_t index)
{
    struct listener *listener = pool_at(&tcp->listeners, index);

    if (listener->is_woken)
        return;
    listener->is_woken = true;
    listener->next_woken = tcp->listener_wake;
    tcp->listener_wake = index;
}

uint32_t tcp_next_woken_listener(struct tcp *tcp)
{
    const uint32_t index = tcp->listener_wake;
    struct listener *listener;

    if (index == POOL_NONE)
        return POOL_NONE;
    listener = pool_at(&tcp->listeners, index);
    tcp->listener_wake = listener->next_woken;
    listener->is_woken = false;
    return index;
}

void tcp_unwake_listener(struct tcp *tcp, uint32_t index)
{
    uint32_t *at = &tcp->listener_wake;

    while (*at != POOL_NONE) {
        struct listener *listener = pool_at(&tcp->listeners, *at);

        if (*at == index) {
            *at = listener->next_woken;
            listener->is_woken = false;
            return;
        }
        at = &listener->next_woken;
    }
}
