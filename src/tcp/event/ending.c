/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * ending.c: how a control block begins and ends, and what takes its place.
 *
 *     conn_create ─▶ index, endpoints ─▶ ... ─▶ conn_end ──────────────▶ CLOSED
 *                                          └──▶ conn_enter_time_wait ──▶ the record has the tuple
 *
 * The block itself is freed at once when nobody will read it: an orphan, or one that no socket
 * ever had. If a socket (or the accept queue) still points at it, it stays as a husk out of the
 * index, until tcp_release.
 */
#include "tcp.h"

struct tcp_conn *conn_create(struct tcp *tcp, const struct tuple *tuple, uint64_t flow,
                             uint32_t flags, enum lastack_cause *why)
{
    const uint32_t index = pool_take(&tcp->conns);
    struct tcp_conn *conn;

    if (index == POOL_NONE) {
        *why = LASTACK_CAUSE_NO_CONNECTION_LEFT;
        report_count(&tcp->report, *why);
        return NULL;
    }
    conn = tcp_conn_at(tcp, index);
    conn_init(conn, tuple, flow, &tcp->params, tcp->report.now);
    conn->flags = flags; /* the endpoints ask for SO_REUSEADDR */
    if (!tcp_index_connection(tcp, conn, index, why)) {
        report_count(&tcp->report, *why);
        pool_give(&tcp->conns, index);
        return NULL;
    }
    return conn;
}

/* Timers, queues and what it had in flight: nothing of it acts any more. Unread text stays for the
 * socket. */
static void quiesce(struct tcp *tcp, struct tcp_conn *conn)
{
    conn_unqueue(tcp, conn);
    wheel_cancel(&tcp->wheel, tcp_index_of(tcp, conn));
    deadlines_init(&conn->deadline);
    conn->owe = 0;
    stream_clear(&conn->send, &tcp->pages);
    ranges_clear(&conn->sent, &tcp->ranges);
    if (conn->write_queue != POOL_NONE) {
        conn_leave_page_waiters(tcp, conn);
        chunks_clear(&conn_queue(tcp, conn)->chunks, &tcp->ranges);
    }
    ranges_clear(&conn->arrived, &tcp->ranges);
    sack_told_clear(&conn->told, &tcp->ranges);
    conn_drop_recovery(tcp, conn);
}

void tcp_release(struct tcp *tcp, struct tcp_conn *conn)
{
    CHECK(conn->state == TCP_CLOSED || conn_has(conn, CONN_DETACHED));
    conn_unwake(tcp, conn);
    stream_clear(&conn->receive, &tcp->pages);
    if (conn->write_queue != POOL_NONE)
        pool_give(&tcp->write_queues, conn->write_queue);
    conn->generation++;
    pool_give(&tcp->conns, tcp_index_of(tcp, conn));
}

/* Nobody reads it any more: free. Else its socket learns of it, and releases it. */
static void leave_to_socket(struct tcp *tcp, struct tcp_conn *conn, uint8_t wake)
{
    if (conn_has(conn, CONN_ORPHAN)) {
        CHECK(tcp->orphans > 0);
        tcp->orphans--;
    }
    if (conn->socket == POOL_NONE && !conn_has(conn, CONN_IN_ACCEPT_QUEUE))
        tcp_release(tcp, conn);
    else
        conn_wake(tcp, conn, wake);
}

void conn_end(struct tcp *tcp, struct tcp_conn *conn, enum lastack_cause cause, int error)
{
    quiesce(tcp, conn);
    fast_open_is_over(tcp, conn, cause == LASTACK_CAUSE_RST);
    tcp_unindex_connection(tcp, conn);
    conn->error = (int16_t)error;
    tcp_enter(conn, TCP_CLOSED, cause, &tcp->report);
    report_note(&tcp->report, LASTACK_TRACE_GONE, conn->flow, &conn->tuple, TCP_CLOSED, cause, 0,
                0);
    conn->flags |= CONN_DETACHED;
    leave_to_socket(tcp, conn,
                    WAKE_HANGUP | WAKE_READABLE | WAKE_WRITABLE | (error != 0 ? WAKE_ERROR : 0));
}

void conn_leave_to_record(struct tcp *tcp, struct tcp_conn *conn)
{
    quiesce(tcp, conn);
    conn->flags |= CONN_DETACHED;
    leave_to_socket(tcp, conn, WAKE_HANGUP | WAKE_READABLE | WAKE_WRITABLE);
}

/* `size` rounded up to whole segments, as far as `max` allows. */
static uint32_t whole_segments(uint32_t size, uint32_t mss, uint32_t max)
{
    const uint32_t rounded = size + (mss - size % mss) % mss;

    return size <= mss ? size : max32(size, min32(rounded, max));
}

void conn_round_buffers(const struct tcp *tcp, struct tcp_conn *conn)
{
    const struct lastack_params *params = &tcp->params;
    const uint32_t mss = max32(conn_full_mss(conn), 1);

    if (!params->buffers_in_segs)
        return;
    conn_set_receive_limit(tcp, conn,
                           whole_segments(conn->space.limit, mss, params->receive_buffer_max));
    if (conn->options.send_buffer != 0)
        conn->options.send_buffer =
            whole_segments(conn->options.send_buffer, mss, params->send_buffer_max);
}

/* Linux: two segments fit into the largest window that the peer ever offered, so that one of them
 * is acknowledged while the other is under way. */
void conn_bound_mss(const struct tcp *tcp, struct tcp_conn *conn)
{
    const uint32_t seen = conn->snd.wnd_max;
    const uint32_t most = seen > 536 ? seen / 2 : seen;
    const uint32_t old = conn->mss;

    if (tcp->params.send_accounting != LASTACK_SNDBUF_LINUX_SKB || most == 0 || old <= most)
        return;
    conn->mss = (uint16_t)min32(max32(most, 48), old);
    cc_set_mss(&conn->cc, conn->mss, true);
}

void conn_take_path(struct tcp *tcp, struct tcp_conn *conn)
{
    const struct tcp_path *path = tcp->path(tcp->path_context, &conn->tuple.remote);
    const uint32_t most = path->payload > 20 ? path->payload - 20 : 1;
    uint32_t mss = most;

    if (conn->options.mss_clamp != 0)
        mss = min32(mss, conn->options.mss_clamp);
    if (conn->mss_hole != 0)
        mss = min32(mss, conn->mss_hole);
    conn->mss_path = (uint16_t)min32(mss, 65535 - 60);
    conn->mss_own = mss_offered(path, conn->options.mss_clamp);
    if (tcp->params.mss_option_of_path)
        conn->mss_own = (uint16_t)min32(conn->mss_own, most);
    if (conn->mss_peer != 0)
        mss = min32(conn->mss_path, conn->mss_peer);
    if (conn_has(conn, CONN_TIMESTAMP))
        mss = mss > 12 + 1 ? mss - 12 : 1; /* RFC 6691: options count */
    conn->mss = (uint16_t)mss;
    conn->gso_max = (uint16_t)path->gso_max;
    conn_bound_mss(tcp, conn);
    cc_set_mss(&conn->cc, conn->mss, tcp->params.cwnd_counts_segs);
    conn->path_seen = path->seen;
    if (conn->lane == path->lane)
        return;
    if (conn_has(conn, CONN_QUEUED))
        tcp_move_lane(tcp, tcp_index_of(tcp, conn), path->lane);
    else
        conn->lane = path->lane;
}

NOINLINE void conn_take_path_in_turn(struct tcp *tcp, struct tcp_conn *conn)
{
    const uint32_t queued = conn->flags & CONN_QUEUED;

    conn->flags &= ~queued; /* who has his turn is taken out of the lane that gave it */
    conn_take_path(tcp, conn);
    conn->flags |= queued;
}
