/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * tcp_check.c: all tables of TCP looked at together: does what one says agree with what the others
 * say?
 *
 *     flow index ──▶ connection, half-open request, record: each tuple one owner, each in the index
 *     wheel      ──▶ never later than a connection's earliest deadline
 *     lanes      ──▶ exactly those who are queued; orphans, accept queues: counted right
 *     endpoints  ──▶ as many connections and records as there are
 *     ranges     ──▶ every node belongs to a connection
 *     pages      ──▶ told to the caller, who knows the rest
 *
 * It walks everything, so it is for tests and simulations; settle() checks one connection at a
 * time (conn_check). What does not hold stops the program.
 */
#include "tcp.h"

struct tally {
    uint32_t pages, ranges;   /* held by connections */
    uint32_t connections;     /* alive: they own a tuple */
    uint32_t orphans, queued; /* of these */
    uint32_t recoveries, page_waiters;
    uint32_t requests, records; /* records that own a tuple */
};

static bool is_alive(const struct tcp_conn *conn)
{
    return conn->state != TCP_CLOSED && !conn_has(conn, CONN_DETACHED);
}

static void check_owner(const struct tcp *tcp, const struct tuple *tuple, uint64_t flow,
                        enum flow_kind kind, uint32_t index)
{
    const struct flow_ref owner = tcp_find(tcp, tuple, flow);

    CHECK(owner.kind == kind && owner.index == index);
}

/* Ranges are in order, apart from each other, and within [from, to]. */
static void check_ranges(const struct tcp *tcp, const struct ranges *set, struct seq from,
                         struct seq to)
{
    const struct range *range = ranges_first(set, &tcp->ranges);
    uint32_t count = 0;

    for (; range != NULL; range = ranges_next(set, &tcp->ranges, range)) {
        CHECK(seq_before_or_equal(from, range->from) && seq_before(range->from, range->to));
        CHECK(seq_before_or_equal(range->to, to));
        from = range->to;
        count++;
    }
    CHECK(count == set->count);
}

/* Nodes of the pool of ranges: what was sent, what arrived and in which order, where writes end. */
static uint32_t ranges_of(const struct tcp *tcp, const struct tcp_conn *conn)
{
    uint32_t count = conn->sent.count + conn->arrived.count + (conn->told != POOL_NONE);

    if (conn->write_queue != POOL_NONE)
        count += conn_queue(tcp, conn)->chunks.closed.count;
    return count;
}

static void check_connection(const struct tcp *tcp, const struct tcp_conn *conn,
                             struct tally *tally)
{
    const uint32_t index = tcp_index_of(tcp, conn);

    conn_check(conn);
    CHECK(conn->flow == flow_hash(&tcp->index, &conn->tuple));
    check_owner(tcp, &conn->tuple, conn->flow, FLOW_CONNECTION, index);
    CHECK(conn->timer.at <= deadlines_minimum(&conn->deadline));
    CHECK(!conn_has(conn, CONN_ORPHAN) || conn->socket == POOL_NONE);
    CHECK(conn_has(conn, CONN_ORPHAN | CONN_IN_ACCEPT_QUEUE) || conn->socket != POOL_NONE);
    check_ranges(tcp, &conn->sent, conn->snd.una, conn->snd.max);
    /* each has a hole before it: what touches RCV.NXT has moved it (but waits in SYN-RECEIVED) */
    if (conn->state != TCP_SYN_SENT)
        check_ranges(tcp, &conn->arrived,
                     seq_add(conn->rcv.nxt, conn->state == TCP_SYN_RECEIVED ? 0 : 1),
                     seq_add(conn->rcv.edge, 1));
    if (conn->recovery != POOL_NONE)
        tally->ranges += scoreboard_check(&conn_recovery(tcp, conn)->board, &conn->sent,
                                          &tcp->ranges, conn_has(conn, CONN_SACK));
    tally->recoveries += conn->recovery != POOL_NONE;
    tally->connections++;
    tally->orphans += conn_has(conn, CONN_ORPHAN);
    tally->queued += conn_has(conn, CONN_QUEUED);
    tally->page_waiters += conn_has(conn, CONN_WANTS_PAGE);
    tally->ranges += ranges_of(tcp, conn);
    tally->pages += stream_pages(&conn->send) + stream_pages(&conn->receive);
}

static void check_connections(const struct tcp *tcp, struct tally *tally)
{
    for (uint32_t i = 0; i < tcp->conns.bump; i++) {
        const struct tcp_conn *conn = tcp_conn_at(tcp, i);

        if (is_alive(conn))
            check_connection(tcp, conn, tally);
    }
    CHECK(tally->orphans == tcp->orphans);
    CHECK(tally->ranges == tcp->ranges.used);
    CHECK(tally->connections <= tcp->conns.used);
    CHECK(tally->recoveries == tcp->recoveries.used);
}

static void check_lanes(const struct tcp *tcp, const struct tally *tally)
{
    uint32_t seen = 0;

    for (unsigned lane = 0; lane < TCP_LANES; lane++) {
        uint32_t before = POOL_NONE;

        for (uint32_t at = tcp->lanes[lane].head; at != POOL_NONE;
             at = tcp_conn_at(tcp, at)->send_next) {
            const struct tcp_conn *conn = tcp_conn_at(tcp, at);

            CHECK(is_alive(conn) && conn_has(conn, CONN_QUEUED) && conn->lane == lane);
            CHECK(conn->send_prev == before && ++seen <= tally->queued);
            before = at;
        }
        CHECK(tcp->lanes[lane].tail == before);
        CHECK((tcp->lanes_owing >> lane & 1) == (before != POOL_NONE));
    }
    CHECK(seen == tally->queued);
}

/* Those that ended while nobody had accepted them are counted in *pages and *husks. */
static void check_accept_queue(const struct tcp *tcp, uint32_t index, uint32_t *pages,
                               uint32_t *husks)
{
    const struct listener *listener = pool_at(&tcp->listeners, index);
    uint32_t queued = 0, last = POOL_NONE;

    for (uint32_t at = listener->head; at != POOL_NONE; at = tcp_conn_at(tcp, at)->queue_next) {
        const struct tcp_conn *conn = tcp_conn_at(tcp, at);

        CHECK(conn_has(conn, CONN_IN_ACCEPT_QUEUE) && conn->listener == index);
        CHECK(++queued <= listener->queued);
        last = at;
        if (!is_alive(conn)) {
            *pages += stream_pages(&conn->receive);
            ++*husks;
        }
    }
    CHECK(queued == listener->queued && last == listener->tail);
}

static void check_requests(const struct tcp *tcp, uint32_t index, struct tally *tally)
{
    const struct listener *listener = pool_at(&tcp->listeners, index);
    uint32_t syns = 0;

    for (uint32_t at = listener->first_syn; at != POOL_NONE;
         at = syn_cache_at(&tcp->syns, at)->listener_next) {
        const struct syn_entry *entry = syn_cache_at(&tcp->syns, at);

        CHECK(entry->listener == index && ++syns <= listener->syns);
        CHECK(entry->timer.at != NEVER); /* its way out */
        check_owner(tcp, &entry->tuple, entry->flow, FLOW_SYN_ENTRY, at);
        if (entry->flags & SYN_SUPERSEDES) {
            struct time_wait_record record;

            time_wait_read(
                &tcp->time_waits,
                (struct time_wait_ref){!ip_is_ipv4(&entry->tuple.local), entry->superseded},
                &record);
            CHECK(record.flags & TIME_WAIT_SUSPENDED && tuple_equal(&record.tuple, &entry->tuple));
        }
    }
    CHECK(syns == listener->syns);
    tally->requests += syns;
}

static void check_records(const struct tcp *tcp, bool is_ipv6, struct tally *tally,
                          uint32_t *suspended)
{
    struct time_wait_record record;
    uint32_t index = 0, seen = 0;

    for (; time_wait_walk(&tcp->time_waits, is_ipv6, &index); index++) {
        const struct time_wait_ref ref = {is_ipv6, index};

        time_wait_read(&tcp->time_waits, ref, &record);
        seen++;
        if (record.flags & TIME_WAIT_SUSPENDED) {
            ++*suspended;
            continue;
        }
        tally->records++;
        check_owner(tcp, &record.tuple, flow_hash(&tcp->index, &record.tuple),
                    is_ipv6 ? FLOW_TIME_WAIT_IPV6 : FLOW_TIME_WAIT_IPV4, index);
    }
    CHECK(seen == time_wait_family(&tcp->time_waits, is_ipv6)->records.pool.used);
}

static void check_endpoints(const struct tcp *tcp, const struct tally *tally, uint32_t suspended)
{
    uint32_t sum[ENDPOINT_KINDS] = {0};

    for (uint32_t i = 0; i < tcp->endpoints.entries.bump; i++) {
        const struct local_endpoint *entry = pool_at(&tcp->endpoints.entries, i);

        for (unsigned kind = 0; kind < ENDPOINT_KINDS; kind++)
            for (unsigned flags = 0; flags <= ENDPOINT_REUSE; flags++)
                sum[kind] += entry->count[kind][flags];
    }
    CHECK(sum[ENDPOINT_CONNECTION] == tally->connections);
    CHECK(sum[ENDPOINT_TIME_WAIT] == tally->records + suspended);
}

uint32_t tcp_check(const struct tcp *tcp, uint32_t *blocks)
{
    struct tally tally = {0};
    uint32_t suspended = 0, others;

    *blocks = 0;
    check_connections(tcp, &tally);
    check_lanes(tcp, &tally);
    CHECK(page_waiters_check(tcp, &others) == tally.page_waiters);
    for (uint32_t i = 0; i < tcp->listeners.bump; i++) {
        if (!((const struct listener *)pool_at(&tcp->listeners, i))->is_open)
            continue;
        check_accept_queue(tcp, i, &tally.pages, blocks);
        check_requests(tcp, i, &tally);
    }
    CHECK(tally.requests == tcp->syns.entries.used);
    check_records(tcp, false, &tally, &suspended);
    check_records(tcp, true, &tally, &suspended);
    check_endpoints(tcp, &tally, suspended);
    CHECK(tcp->index.slots.count == tally.connections + tally.requests + tally.records);
    *blocks += tally.connections;
    return tally.pages;
}
