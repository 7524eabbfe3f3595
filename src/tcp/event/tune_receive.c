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

/* A segment that was not full may have been held back by the peer's user. */
static void measure_round_trip(const struct tcp *tcp, struct tcp_conn *conn,
                               const struct segment *seg)
{
    uint32_t age_ms;

    if (!conn_has(conn, CONN_TIMESTAMP) || !(seg->options & OPTION_TIMESTAMP) ||
        seg->ts_echo == 0 || seg->text_length < conn_rcv_mss(conn))
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
    else if (space->threshold < space->limit)
        receive_space_arrived(space, seg->text_length, conn_full_mss(conn));
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
    conn->space.threshold =
        tcp->params.receive_window_grows ? min32(conn->space.threshold, limit) : limit;
}
