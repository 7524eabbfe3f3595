/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * page_waiters.c: who would write and found no page, in the order in which they came.
 *
 *      a page: told WRITABLE ◀── [ oldest ][ ... ][ newest ] ◀── no page
 *                    │              ▲
 *                    └──────────────┘ told, and the page was gone again: back to the front
 *
 * One is told each time that somebody asks for news while there is a page; whoever is told and does
 * not write keeps nobody waiting. While somebody waits, a page is only for those who were told:
 * neither who comes new nor whose own text was just acknowledged takes it from them, until
 * something could be written.
 *
 * The node stands in the write queue: only who has written can wait.
 */
#include "tcp.h"

/* The first of those that wait may lack more pages (of page numbers) than there are: so many are
 * asked at a time. */
enum { WAITERS_ASKED = 8 };

void conn_wait_for_page(struct tcp *tcp, struct tcp_conn *conn)
{
    struct write_queue *queue;

    conn->flags |= CONN_WANTS_ROOM;
    if (conn_has(conn, CONN_WANTS_PAGE | CONN_FIN_QUEUED) || !tcp_state_may_send(conn->state))
        return;
    conn->flags |= CONN_WANTS_PAGE;
    queue = conn_need_queue(tcp, conn);
    if (queue->has_waited)
        age_list_add_oldest(&tcp->page_waiters, conn->write_queue);
    else
        age_list_add_newest(&tcp->page_waiters, conn->write_queue);
    queue->has_waited = true;
}

void conn_leave_page_waiters(struct tcp *tcp, struct tcp_conn *conn)
{
    if (!conn_has(conn, CONN_WANTS_PAGE))
        return;
    conn->flags &= ~(uint32_t)CONN_WANTS_PAGE;
    age_list_remove(&tcp->page_waiters, conn->write_queue);
}

bool conn_may_take_page(const struct tcp *tcp, const struct tcp_conn *conn)
{
    if (LIKELY(tcp->page_waiters.count == 0))
        return true;
    return conn->write_queue != POOL_NONE && conn_queue(tcp, conn)->has_waited &&
           !conn_has(conn, CONN_WANTS_PAGE); /* it was told */
}

bool conn_has_page(const struct tcp *tcp, const struct tcp_conn *conn)
{
    const struct page_pool *pages = &tcp->pages;

    if (!conn_may_take_page(tcp, conn))
        return stream_has_room(&conn->send, pages, conn->snd.end, 1);
    return stream_may_put(&conn->send, pages, conn->snd.end, 1);
}

/* The longest waiting. */
static struct tcp_conn *first_waiter(const struct tcp *tcp)
{
    const struct write_queue *queue = pool_at(&tcp->write_queues, tcp->page_waiters.oldest);

    return tcp_conn_at(tcp, queue->conn);
}

static NOINLINE void tell_page_waiter(struct tcp *tcp)
{
    for (unsigned i = 0;
         i < WAITERS_ASKED && tcp->page_waiters.count > 0 && page_pool_has(&tcp->pages, 1, false);
         i++) {
        struct tcp_conn *conn = first_waiter(tcp);

        conn_leave_page_waiters(tcp, conn);
        if (!conn_has_page(tcp, conn)) { /* behind the others, for this time */
            conn->flags |= CONN_WANTS_PAGE;
            age_list_add_newest(&tcp->page_waiters, conn->write_queue);
            continue;
        }
        conn_check_room(tcp, conn);
        if (conn->wake & WAKE_WRITABLE)
            return;
    }
}

void tcp_tell_page_waiter(struct tcp *tcp)
{
    if (tcp->page_waiters.count > 0)
        tell_page_waiter(tcp);
}

uint32_t page_waiters_check(const struct tcp *tcp)
{
    const struct age_list *waiters = &tcp->page_waiters;
    uint32_t count = 0, older = POOL_NONE;

    for (uint32_t at = waiters->oldest; at != POOL_NONE; at = age_node_at(waiters, at)->newer) {
        const struct write_queue *queue = pool_at(&tcp->write_queues, at);
        const struct tcp_conn *conn = tcp_conn_at(tcp, queue->conn);

        CHECK(conn->write_queue == at && conn_has(conn, CONN_WANTS_PAGE) && queue->has_waited);
        CHECK(age_node_at(waiters, at)->older == older && ++count <= waiters->count);
        older = at;
    }
    CHECK(waiters->newest == older && count == waiters->count);
    return count;
}
