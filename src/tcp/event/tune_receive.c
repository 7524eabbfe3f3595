/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * tune_receive.c: how the receive buffer follows the path and the reader (receive_window.h).
 *
 *      text arrives ──▶ round trip, threshold        user reads ──▶ limit
 *
 *      RCVBUF set by the user     the limit stays (Linux: SO_RCVBUF locks it)
 *      a connection's share       no more than a quarter of the stack's pages
 *      memory is tight            nothing grows, and the window falls to four segments as what was
 *                                 promised is used up: however many peers send, what they can make
 *                                 us hold is what was promised while there was plenty
 *      TCP_WINDOW_CLAMP           the threshold goes no further; the buffer is what it was
 *
 * The clamp stands beside the state of loss recovery (struct repair): few connections have one, and
 * it is asked for only while the threshold is below the buffer. Where that pool is full when a
 * connection begins, its first window and its scale obey the clamp, its growth does not.
 *
 * It is set as Linux 6.18 does it (tcp_set_window_clamp): a smaller one takes the threshold with
 * it, what was offered stays offered; a larger one begins at the present window and is grown into.
 * It stays until it is set again, as tcp(7) says: there the kernel writes over it when it grows the
 * buffer or finds out what a segment costs in memory (tcp_rcvbuf_grow, tcp_measure_rcv_mss).
 */
#include "tcp.h"

enum {
    TIGHT_PART = 8,   /* memory is tight when less than one page in so many is left */
    SHARE_PART = 4,   /* one connection's buffer takes one page in so many at the most */
    TIGHT_WINDOW = 4, /* segments (Linux) */
};

bool tcp_memory_is_tight(const struct tcp *tcp)
{
    return page_pool_available(&tcp->pages, false) < tcp->pages.limit / TIGHT_PART;
}

uint32_t tcp_buffer_share(const struct tcp *tcp, uint32_t most)
{
    const uint64_t share = (uint64_t)tcp->pages.limit / SHARE_PART << tcp->pages.shift;

    return share < most ? (uint32_t)share : most;
}

/* How far the window may grow: as far as the buffer, or the user's clamp in whole units of the
 * window scale; rounded up, for a clamp below one unit would be a window of 0. */
static uint32_t threshold_most(const struct tcp *tcp, const struct tcp_conn *conn)
{
    const uint32_t clamp = conn_window_clamp(tcp, conn);
    const uint32_t below_unit = (1u << conn->rcv_shift) - 1;

    return clamp == 0 ? conn->space.limit
                      : min32(conn->space.limit, (clamp + below_unit) & ~below_unit);
}

/* A segment that was not full may have been held back by the peer's user. */
static void measure_round_trip(const struct tcp *tcp, struct tcp_conn *conn,
                               const struct segment *seg)
{
    uint32_t age_ms;

    if (!conn_has(conn, CONN_TIMESTAMP) || !(seg->options & OPTION_TIMESTAMP) ||
        seg->ts_echo == 0 || seg->text_length < conn->rcv_mss)
        return;
    age_ms = conn_ts_value(conn, &tcp->report) - seg->ts_echo;
    if (age_ms < 3600 * 1000) /* else it is no stamp of ours */
        receive_space_echoed(&conn->space, MS((int64_t)max32(age_ms, 1)));
}

void conn_tune_arrived(const struct tcp *tcp, struct tcp_conn *conn, const struct segment *seg)
{
    struct receive_space *space = &conn->space;

    if (tcp->params.autotune_receive)
        measure_round_trip(tcp, conn, seg);
    if (tcp_memory_is_tight(tcp))
        space->threshold = min32(space->threshold, TIGHT_WINDOW * conn_full_mss(conn));
    else if (space->threshold < space->limit && receive_space_heeds(seg->text_length))
        receive_space_arrived(space, threshold_most(tcp, conn), seg->text_length,
                              conn_full_mss(conn));
}

void conn_tune_read(const struct tcp *tcp, struct tcp_conn *conn, uint32_t length)
{
    uint32_t most;

    if (!tcp->params.autotune_receive || conn->options.receive_buffer != 0 ||
        !receive_space_read(&conn->space, length, (uint32_t)(rtt_smoothed(&conn->rtt) / 1000),
                            tcp->report.now))
        return;
    most = tcp_memory_is_tight(tcp) ? conn->space.limit
                                    : tcp_buffer_share(tcp, tcp->params.receive_buffer_max);
    if (receive_space_grow(&conn->space, most, tcp->report.now))
        conn_set_receive_limit(tcp, conn, conn->space.limit);
}

void conn_set_receive_limit(const struct tcp *tcp, struct tcp_conn *conn, uint32_t limit)
{
    conn->space.limit = limit;
    conn->space.threshold = tcp->params.receive_window_grows ? min32(conn->space.threshold, limit)
                                                             : threshold_most(tcp, conn);
}

/* ---- TCP_WINDOW_CLAMP ---- */

bool tcp_set_window_clamp(struct tcp *tcp, uint32_t index, uint32_t clamp)
{
    struct tcp_conn *conn = tcp_conn_at(tcp, index);
    struct receive_space *space = &conn->space;
    const uint32_t old = tcp_window_clamp(tcp, index);
    uint32_t most;

    if (clamp == conn_window_clamp(tcp, conn) || conn->state == TCP_CLOSED ||
        conn_has(conn, CONN_DETACHED))
        return true;
    if (conn_need_recovery(tcp, conn) == NULL)
        return false;
    *conn_window_clamp_at(tcp, conn) = clamp;
    most = threshold_most(tcp, conn);
    if (!tcp->params.receive_window_grows)
        space->threshold = most;
    else if (clamp < old)
        space->threshold = min32(space->threshold, most);
    else
        space->threshold = max32(space->threshold, min32(conn_rcv_wnd(conn), most));
    return true;
}

uint32_t tcp_window_clamp(const struct tcp *tcp, uint32_t index)
{
    const struct tcp_conn *conn = tcp_conn_at(tcp, index);
    const uint32_t clamp = conn_window_clamp(tcp, conn);

    return clamp != 0 ? clamp : conn->space.limit;
}

NOINLINE void conn_clamp_from_start(struct tcp *tcp, struct tcp_conn *conn, uint32_t clamp)
{
    if (!tcp_set_window_clamp(tcp, tcp_index_of(tcp, conn), clamp))
        conn->space.threshold = min32(conn->space.threshold, clamp);
}
