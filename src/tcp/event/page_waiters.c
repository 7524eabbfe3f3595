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
 * Who waits has a node of a pool of their own; its owner remembers which (struct page_turn): a
 * connection in its write queue, for only who has written can wait, a datagram socket beside its
 * ring. A datagram socket that lacks no page but a place among the messages stands in the same
 * line, to be asked again, and holds up nobody.
 */
#include "tcp.h"

/* The first of those that wait may lack more pages (of page numbers) than there are: so many are
 * asked at a time. */
enum { WAITERS_ASKED = 8 };

static struct page_waiter *waiter_at(const struct tcp *tcp, uint32_t index)
{
    return pool_at(&tcp->waiters, index);
}

/* ---- the line ---- */

static void stand_in_line(struct tcp *tcp, struct page_turn *turn, struct page_waiter waiter)
{
    CHECK(turn->waiter == POOL_NONE);
    turn->waiter = pool_take(&tcp->waiters);
    CHECK(turn->waiter != POOL_NONE); /* there are as many as can wait */
    *waiter_at(tcp, turn->waiter) = waiter;
    if (turn->has_waited)
        age_list_add_oldest(&tcp->page_waiters, turn->waiter);
    else
        age_list_add_newest(&tcp->page_waiters, turn->waiter);
    turn->has_waited = true;
    tcp->pages_wanted += waiter.wants_page;
}

void page_turn_wait(struct tcp *tcp, struct page_turn *turn, uint32_t who, bool wants_page)
{
    stand_in_line(tcp, turn, (struct page_waiter){.who = who, .wants_page = wants_page});
}

NOINLINE void page_turn_leave(struct tcp *tcp, struct page_turn *turn)
{
    if (turn->waiter == POOL_NONE)
        return;
    tcp->pages_wanted -= waiter_at(tcp, turn->waiter)->wants_page;
    age_list_remove(&tcp->page_waiters, turn->waiter);
    pool_give(&tcp->waiters, turn->waiter);
    turn->waiter = POOL_NONE;
}

bool page_turn_has_come(const struct tcp *tcp, const struct page_turn *turn)
{
    return tcp->pages_wanted == 0 || (turn->has_waited && turn->waiter == POOL_NONE);
}

/* ---- connections in it ---- */

static void conn_stands_in_line(struct tcp *tcp, struct tcp_conn *conn, struct page_turn *turn)
{
    const struct page_waiter waiter = {
        .who = tcp_index_of(tcp, conn), .is_conn = true, .wants_page = true};

    conn->flags |= CONN_WANTS_PAGE;
    stand_in_line(tcp, turn, waiter);
}

void conn_wait_for_page(struct tcp *tcp, struct tcp_conn *conn)
{
    conn->flags |= CONN_WANTS_ROOM;
    if (conn_has(conn, CONN_WANTS_PAGE | CONN_FIN_QUEUED) || !tcp_state_may_send(conn->state))
        return;
    conn_stands_in_line(tcp, conn, &conn_need_queue(tcp, conn)->turn);
}

void conn_leave_page_waiters(struct tcp *tcp, struct tcp_conn *conn)
{
    if (!conn_has(conn, CONN_WANTS_PAGE))
        return;
    conn->flags &= ~(uint32_t)CONN_WANTS_PAGE;
    page_turn_leave(tcp, &conn_queue(tcp, conn)->turn);
}

bool conn_may_take_page(const struct tcp *tcp, const struct tcp_conn *conn)
{
    if (LIKELY(tcp->pages_wanted == 0))
        return true;
    return conn->write_queue != POOL_NONE && page_turn_has_come(tcp, &conn_queue(tcp, conn)->turn);
}

bool conn_has_page(const struct tcp *tcp, const struct tcp_conn *conn)
{
    const struct page_pool *pages = &tcp->pages;

    if (!conn_may_take_page(tcp, conn))
        return stream_has_room(&conn->send, pages, conn->snd.end, 1);
    return stream_may_put(&conn->send, pages, conn->snd.end, 1);
}

/* Its turn has come. False: there is not enough for it, or it had nothing to wait for. */
static bool tell_conn(struct tcp *tcp, struct tcp_conn *conn)
{
    conn_leave_page_waiters(tcp, conn);
    if (!conn_has_page(tcp, conn)) { /* behind the others, for this time */
        conn_queue(tcp, conn)->turn.has_waited = false;
        conn_stands_in_line(tcp, conn, &conn_queue(tcp, conn)->turn);
        return false;
    }
    conn_check_room(tcp, conn);
    return (conn->wake & WAKE_WRITABLE) != 0;
}

/* ---- turns ---- */

NOINLINE uint32_t tcp_tell_page_waiter(struct tcp *tcp)
{
    for (unsigned i = 0;
         i < WAITERS_ASKED && tcp->page_waiters.count > 0 && page_pool_has(&tcp->pages, 1, false);
         i++) {
        const struct page_waiter *first = waiter_at(tcp, tcp->page_waiters.oldest);

        if (!first->is_conn)
            return first->who;
        if (tell_conn(tcp, tcp_conn_at(tcp, first->who)))
            break;
    }
    return POOL_NONE;
}

uint32_t page_waiters_check(const struct tcp *tcp, uint32_t *others)
{
    const struct age_list *waiters = &tcp->page_waiters;
    uint32_t conns = 0, wanted = 0, older = POOL_NONE;

    *others = 0;
    for (uint32_t at = waiters->oldest; at != POOL_NONE; at = age_node_at(waiters, at)->newer) {
        const struct page_waiter *waiter = waiter_at(tcp, at);

        CHECK(age_node_at(waiters, at)->older == older && conns + *others < waiters->count);
        if (waiter->is_conn) {
            const struct tcp_conn *conn = tcp_conn_at(tcp, waiter->who);

            CHECK(conn_has(conn, CONN_WANTS_PAGE) && conn_queue(tcp, conn)->turn.waiter == at);
            conns++;
        } else {
            ++*others;
        }
        wanted += waiter->wants_page;
        older = at;
    }
    CHECK(waiters->newest == older && conns + *others == waiters->count);
    CHECK(wanted == tcp->pages_wanted && waiters->count == tcp->waiters.used);
    return conns;
}
