/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * page_waiters.c: who would write and found no page, in the order in which they came.
 *
 *      no page ──▶ [ turn 7 ][ turn 8 ][ turn 9 ] ──▶ a page: turn 7 leaves and is told WRITABLE
 *                    ▲
 *                    └─ told, and the page was gone again: back to the place of the turn
 *
 * One is told each time that somebody asks for news while there is a page; whoever is told and does
 * not write keeps nobody waiting. While somebody waits, a page is only for those who were told:
 * neither who comes new nor whose own text was just acknowledged takes it from them. A turn is over
 * when something could be written.
 *
 * The links stand in the write queue: only who has written can wait.
 */
#include "tcp.h"

/* The first of those that wait may lack more pages (of page numbers) than there are: so many are
 * asked at a time. */
enum { WAITERS_ASKED = 8 };

void page_waiters_init(struct page_waiters *waiters)
{
    *waiters = (struct page_waiters){.head = POOL_NONE, .tail = POOL_NONE};
}

static struct write_queue *waiter_queue(const struct tcp *tcp, uint32_t index)
{
    return conn_queue(tcp, tcp_conn_at(tcp, index));
}

/* The place of its turn: behind all that came before it. */
static uint32_t waiter_before(const struct tcp *tcp, uint32_t turn)
{
    uint32_t before = tcp->page_waiters.tail;

    while (before != POOL_NONE && (int32_t)(waiter_queue(tcp, before)->turn - turn) > 0)
        before = waiter_queue(tcp, before)->waiter_prev;
    return before;
}

static void waiter_insert(struct tcp *tcp, uint32_t index, uint32_t before)
{
    struct page_waiters *waiters = &tcp->page_waiters;
    struct write_queue *queue = waiter_queue(tcp, index);

    queue->waiter_prev = before;
    queue->waiter_next =
        before == POOL_NONE ? waiters->head : waiter_queue(tcp, before)->waiter_next;
    if (before == POOL_NONE)
        waiters->head = index;
    else
        waiter_queue(tcp, before)->waiter_next = index;
    if (queue->waiter_next == POOL_NONE)
        waiters->tail = index;
    else
        waiter_queue(tcp, queue->waiter_next)->waiter_prev = index;
}

void conn_wait_for_page(struct tcp *tcp, struct tcp_conn *conn)
{
    struct write_queue *queue;

    conn->flags |= CONN_WANTS_ROOM;
    if (conn_has(conn, CONN_WANTS_PAGE | CONN_FIN_QUEUED) || !tcp_state_may_send(conn->state))
        return;
    conn->flags |= CONN_WANTS_PAGE;
    queue = conn_need_queue(tcp, conn);
    if (queue->turn == 0) {
        tcp->page_waiters.turns += tcp->page_waiters.turns == UINT32_MAX ? 2 : 1;
        queue->turn = tcp->page_waiters.turns;
    }
    waiter_insert(tcp, tcp_index_of(tcp, conn), waiter_before(tcp, queue->turn));
}

void conn_leave_page_waiters(struct tcp *tcp, struct tcp_conn *conn)
{
    struct page_waiters *waiters = &tcp->page_waiters;
    const struct write_queue *queue;

    if (!conn_has(conn, CONN_WANTS_PAGE))
        return;
    conn->flags &= ~(uint32_t)CONN_WANTS_PAGE;
    queue = conn_queue(tcp, conn);
    if (queue->waiter_prev == POOL_NONE)
        waiters->head = queue->waiter_next;
    else
        waiter_queue(tcp, queue->waiter_prev)->waiter_next = queue->waiter_next;
    if (queue->waiter_next == POOL_NONE)
        waiters->tail = queue->waiter_prev;
    else
        waiter_queue(tcp, queue->waiter_next)->waiter_prev = queue->waiter_prev;
}

bool conn_may_take_page(const struct tcp *tcp, const struct tcp_conn *conn)
{
    if (LIKELY(tcp->page_waiters.head == POOL_NONE))
        return true;
    return conn->write_queue != POOL_NONE && conn_queue(tcp, conn)->turn != 0 &&
           !conn_has(conn, CONN_WANTS_PAGE); /* it was told */
}

bool conn_has_page(const struct tcp *tcp, const struct tcp_conn *conn)
{
    const struct page_pool *pages = &tcp->pages;

    if (!conn_may_take_page(tcp, conn))
        return stream_has_room(&conn->send, pages, conn->snd.end, 1);
    return stream_may_put(&conn->send, pages, conn->snd.end, 1);
}

void tcp_tell_page_waiter(struct tcp *tcp)
{
    for (unsigned i = 0; i < WAITERS_ASKED && tcp->page_waiters.head != POOL_NONE &&
                         page_pool_available(&tcp->pages, false) > 0;
         i++) {
        struct tcp_conn *conn = tcp_conn_at(tcp, tcp->page_waiters.head);

        conn_leave_page_waiters(tcp, conn);
        if (!conn_has_page(tcp, conn)) { /* behind the others, for this time */
            conn->flags |= CONN_WANTS_PAGE;
            waiter_insert(tcp, tcp_index_of(tcp, conn), tcp->page_waiters.tail);
            continue;
        }
        conn_check_room(tcp, conn);
        if (conn->wake & WAKE_WRITABLE)
            return;
    }
}

uint32_t page_waiters_check(const struct tcp *tcp)
{
    uint32_t count = 0, before = POOL_NONE;

    for (uint32_t at = tcp->page_waiters.head; at != POOL_NONE;
         at = waiter_queue(tcp, at)->waiter_next) {
        const struct tcp_conn *conn = tcp_conn_at(tcp, at);

        CHECK(conn_has(conn, CONN_WANTS_PAGE) && waiter_queue(tcp, at)->waiter_prev == before);
        CHECK(waiter_queue(tcp, at)->turn != 0 && ++count <= tcp->conns.used);
        before = at;
    }
    CHECK(tcp->page_waiters.tail == before);
    return count;
}
