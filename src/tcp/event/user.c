/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * user.c: RFC 9293 §3.10.1 OPEN, §3.10.2 SEND, §3.10.3 RECEIVE, §3.10.4 CLOSE, §3.10.5 ABORT.
 *
 * What BSD-shaped calls make of these (descriptors, blocking, options) is src/socket's business.
 * STATUS (§3.10.6) is a row.
 */
#include "isn.h"
#include "tcp.h"

/* ---- OPEN ---- */

/* RFC 9293 §3.10.1: "CLOSED STATE: create a new TCB, ... an initial send sequence number (ISS) is
 * selected" */
static inline ALWAYS_INLINE void first_window(struct tcp *tcp, struct tcp_conn *conn, uint32_t most)
{
    const struct lastack_params *params = &tcp->params;
    const uint32_t buffer = conn->options.receive_buffer != 0 ? conn->options.receive_buffer
                                                              : params->receive_buffer_max;
    uint32_t window;

    if (params->window_scaling)
        conn->rcv_shift = params->window_scale_fixed != 0xff
                              ? params->window_scale_fixed
                              : window_shift_for(min32(buffer, most), params->window_scale_max);
    if (conn->options.receive_buffer != 0)
        conn->space.limit = conn->options.receive_buffer;
    window = min32(conn->space.limit, most);
    window = params->receive_window_initial != 0
                 ? min32(params->receive_window_initial, window)
                 : receive_window_first(window, conn->mss_own, params->first_window_in_segs);
    conn->space.threshold = window;
    conn_set_receive_limit(tcp, conn, max32(window, min32(conn->space.limit, buffer)));
    conn->rcv.edge = seq_of(window); /* while RCV.NXT is unknown, the width of the window */
}

/* TCP_WINDOW_CLAMP of the socket. */
static NOINLINE void clamp_first_window(struct tcp *tcp, struct tcp_conn *conn, uint32_t clamp)
{
    first_window(tcp, conn, clamp);
    conn_clamp_from_start(tcp, conn, clamp);
}

void conn_start(struct tcp *tcp, struct tcp_conn *conn, const struct conn_options *options,
                uint32_t flags)
{
    conn->options = *options;
    conn->flags |= flags;
    conn->ts_offset = timestamp_offset(tcp_secret(tcp, &conn->tuple, conn->flow));
    conn_take_path(tcp, conn);
    first_window(tcp, conn, UINT32_MAX);
}

void conn_choose_iss(struct tcp_conn *conn, struct seq iss)
{
    conn->iss = iss;
    conn->snd.una = conn->snd.nxt = conn->snd.max = iss;
    conn->snd.end = seq_add(iss, 1);
    conn->window_use.end = iss;
}

uint32_t tcp_open_active(struct tcp *tcp, const struct tcp_open *open, enum lastack_cause *why)
{
    const struct tuple tuple = tuple_of(&open->local, &open->remote);
    const bool is_claimed = open->claim.flow != 0;
    const uint64_t flow = is_claimed ? open->claim.flow : flow_hash(&tcp->index, &tuple);
    const struct flow_ref old = is_claimed ? open->claim.owner : tcp_find(tcp, &tuple, flow);
    struct seq iss =
        isn_choose(tcp_secret(tcp, &tuple, flow), tcp->params.isn_tick_ns, tcp->report.now);
    uint32_t ts_recent = 0;
    bool is_reuse = false;
    struct tcp_conn *conn;

    if (old.kind != FLOW_NONE) {
        const bool is_record = old.kind != FLOW_CONNECTION && old.kind != FLOW_SYN_ENTRY;

        if (is_record &&
            pool_available(&tcp->conns) == 0) { /* the record would be gone for nothing */
            *why = LASTACK_CAUSE_NO_CONNECTION_LEFT;
            report_count(&tcp->report, *why);
            return POOL_NONE;
        }
        if (!tcp_reuse_time_wait(tcp, old, &iss, &ts_recent)) {
            *why = is_record ? LASTACK_CAUSE_PORT_TIME_WAIT : LASTACK_CAUSE_PORT_CONNECTION;
            report_count(&tcp->report, *why);
            return POOL_NONE;
        }
        is_reuse = true;
    }
    conn = conn_create(tcp, &tuple, flow, open->flags, why);
    if (conn == NULL)
        return POOL_NONE;
    conn->socket = open->socket;
    conn->fast_open = open->fast_open;
    conn_start(tcp, conn, &open->options, open->flags | CONN_ACTIVE);
    conn->cc.algorithm = (uint8_t)tcp_congestion(tcp, open->congestion);
    conn_choose_iss(conn, iss);
    conn->paws = paws_taken(ts_recent, tcp->report.now);
    report_flow(&tcp->report, flow, &tuple);
    tcp_enter(conn, TCP_SYN_SENT,
              is_reuse ? LASTACK_CAUSE_TIME_WAIT_REUSED : LASTACK_CAUSE_CALL_CONNECT, &tcp->report);
    conn->owe |= OWE_SEND;
    if (UNLIKELY(open->window_clamp != 0))
        clamp_first_window(tcp, conn, open->window_clamp);
    if (conn->options.user_timeout_ms != 0)
        conn_set_deadline(conn, LASTACK_TIMER_USER_TIMEOUT,
                          time_after(tcp->report.now, MS(conn->options.user_timeout_ms)),
                          &tcp->report);
    else if (open->connect_timeout_s != 0 || tcp->params.connect_timeout_ns != 0)
        conn_set_deadline(conn, LASTACK_TIMER_USER_TIMEOUT,
                          time_after(tcp->report.now, open->connect_timeout_s != 0
                                                          ? SEC(open->connect_timeout_s)
                                                          : tcp->params.connect_timeout_ns),
                          &tcp->report);
    settle(tcp, conn);
    return tcp_index_of(tcp, conn);
}

uint32_t tcp_open_passive(struct tcp *tcp, const struct tcp_open *open, uint32_t backlog,
                          uint8_t domain, enum lastack_cause *why)
{
    const uint32_t index = pool_take(&tcp->listeners);
    struct listener *listener;
    uint32_t generation;

    if (index == POOL_NONE) {
        *why = LASTACK_CAUSE_NO_SOCKET_LEFT;
        report_count(&tcp->report, *why);
        return POOL_NONE;
    }
    listener = pool_at(&tcp->listeners, index);
    generation = listener->generation + 1;
    *listener = (struct listener){
        .local = open->local,
        .socket = open->socket,
        .backlog = min32(backlog, tcp->params.somaxconn),
        .head = POOL_NONE,
        .tail = POOL_NONE,
        .first_syn = POOL_NONE,
        .last_syn = POOL_NONE,
        .cookie_at = NEVER,
        .next_woken = POOL_NONE,
        .generation = generation,
        .flags = open->flags & (CONN_NODELAY | CONN_CORK | CONN_KEEPALIVE | CONN_REUSE_ADDRESS |
                                CONN_REUSE_PORT | CONN_IPV6_SOCKET),
        .domain = domain,
        .is_open = true,
        .since = tcp->report.now,
        .options = open->options,
        .congestion = open->congestion,
        .defer = open->defer,
        .window_clamp = open->window_clamp,
    };
    return index;
}

static void report_listener(struct tcp *tcp, const struct listener *listener, enum tcp_state from,
                            enum tcp_state to, enum lastack_cause cause)
{
    const struct lastack_endpoint nobody = {.port = 0};
    const struct tuple tuple = tuple_of(&listener->local, &nobody);
    const uint64_t flow = flow_hash(&tcp->index, &tuple);

    if (to == TCP_LISTEN)
        report_flow(&tcp->report, flow, &tuple);
    report_state(&tcp->report, flow, &tuple, from, to, cause);
}

void tcp_listens(struct tcp *tcp, uint32_t listener_index)
{
    struct listener *listener = pool_at(&tcp->listeners, listener_index);

    listener->has_listened = true;
    report_listener(tcp, listener, TCP_CLOSED, TCP_LISTEN, LASTACK_CAUSE_CALL_LISTEN);
}

uint32_t tcp_accept(struct tcp *tcp, uint32_t listener_index, uint32_t socket)
{
    struct listener *listener = pool_at(&tcp->listeners, listener_index);
    const uint32_t index = listener_dequeue(listener, &tcp->conns);
    struct tcp_conn *conn;

    if (index == POOL_NONE)
        return POOL_NONE;
    conn = tcp_conn_at(tcp, index);
    fast_open_accepted(tcp, listener, conn);
    conn->socket = socket;
    conn->listener = POOL_NONE;
    report_note(&tcp->report, LASTACK_TRACE_ACCEPTED, conn->flow, &conn->tuple, conn->state,
                LASTACK_CAUSE_CALL_ACCEPT, listener_index, 0);
    report_count(&tcp->report, LASTACK_CAUSE_CALL_ACCEPT);
    if (conn_readable(conn) > 0 || conn_has(conn, CONN_FIN_RECEIVED))
        conn_wake(tcp, conn, WAKE_READABLE);
    if (conn->state == TCP_CLOSED)
        conn_wake(tcp, conn, WAKE_ERROR | WAKE_HANGUP);
    return index;
}

void tcp_close_listener(struct tcp *tcp, uint32_t listener_index, enum lastack_cause cause)
{
    struct listener *listener = pool_at(&tcp->listeners, listener_index);
    uint32_t index;

    CHECK(listener->is_open);
    listener->is_open = false;
    tcp_drop_syn_entries(tcp, listener_index, cause);
    while ((index = listener_dequeue(listener, &tcp->conns)) != POOL_NONE) {
        struct tcp_conn *conn = tcp_conn_at(tcp, index);

        conn->fast_open &= (uint8_t)~FAST_OPEN_PASSIVE; /* nobody counts it any more */
        conn->listener = POOL_NONE;
        if (conn->state == TCP_CLOSED) {
            tcp_release(tcp, conn);
        } else {
            tcp_disown(tcp, conn);
            tcp_abort(tcp, conn, LASTACK_CAUSE_LISTENER_CLOSED, 0);
        }
    }
    tcp_unwake_listener(tcp, listener_index);
    if (listener->has_listened)
        report_listener(tcp, listener, TCP_LISTEN, TCP_CLOSED, cause);
    pool_give(&tcp->listeners, listener_index);
}

/* ---- RECEIVE ---- */

/* BSD: two segments more that are also a quarter of the buffer, or all that a small or nearly full
 * one can do; or half of the buffer in any case. */
static bool is_two_segments_more(const struct tcp_conn *conn, uint32_t window, uint32_t more)
{
    const uint32_t limit = conn->space.limit;
    const uint32_t mss = conn_full_mss(conn);

    if (more >= 2 * mss && (more >= limit / 4 || window <= limit / 8 || limit <= 8 * mss ||
                            more >= 65535u << conn->rcv_shift))
        return true;
    return more >= limit / 2 + limit % 2;
}

/* The window may have opened far enough to be worth telling (MUST-39). Linux: by a segment or half
 * the buffer, and to at least twice what the peer knows of. */
static NOINLINE void offer_if_worth_it(const struct tcp *tcp, struct tcp_conn *conn,
                                       uint32_t offered)
{
    const uint32_t mss = conn->rcv_mss;
    const uint32_t window =
        receive_window_select(&conn->space, conn_readable(conn), offered, mss, conn->rcv_shift);

    if (window <= offered)
        return;
    switch (tcp->params.window_update) {
    case LASTACK_WINDOW_UPDATE_DOUBLED:
        if (window >= 2 * offered &&
            window - offered >= min32(mss, receive_space_most(&conn->space) / 2))
            conn->owe |= OWE_ACK;
        return;
    case LASTACK_WINDOW_UPDATE_TWO_SEGS:
        if (conn->deadline.at[LASTACK_TIMER_DELAYED_ACK] == NEVER &&
            is_two_segments_more(conn, window, window - offered))
            conn->owe |= OWE_ACK;
        return;
    }
}

static void offer_more(const struct tcp *tcp, struct tcp_conn *conn)
{
    const uint32_t offered = conn_rcv_wnd(conn);

    /* nearly never: what is offered cannot double */
    if (tcp->params.window_update != LASTACK_WINDOW_UPDATE_DOUBLED ||
        2 * offered <= receive_space_most(&conn->space))
        offer_if_worth_it(tcp, conn, offered);
}

void tcp_received(struct tcp *tcp, struct tcp_conn *conn, uint32_t length)
{
    CHECK(length <= conn_readable(conn));
    conn->rcv.read = seq_add(conn->rcv.read, length);
    stream_drop_before(&conn->receive, &tcp->pages, conn->rcv.read);
    if (conn->state == TCP_CLOSED || conn_has(conn, CONN_DETACHED))
        return;
    conn_tune_read(tcp, conn, length);
    if (tcp_state_may_receive(conn->state))
        offer_more(tcp, conn);
    settle(tcp, conn);
}

/* ---- CLOSE ---- */

void tcp_shutdown_send(struct tcp *tcp, struct tcp_conn *conn, enum lastack_cause cause)
{
    if (conn_has(conn, CONN_FIN_QUEUED))
        return; /* §3.10.4, FIN-WAIT and after: "no second FIN" */
    switch ((enum tcp_state)conn->state) {
    case TCP_SYN_SENT:
        conn_end(tcp, conn, cause, 0);
        return;
    case TCP_SYN_RECEIVED: /* queued until ESTABLISHED: the fifth step moves on to FIN-WAIT-1 */
        conn->flags |= CONN_FIN_QUEUED;
        break;
    case TCP_ESTABLISHED:
        conn->flags |= CONN_FIN_QUEUED;
        tcp_enter(conn, TCP_FIN_WAIT_1, cause, &tcp->report);
        break;
    case TCP_CLOSE_WAIT:
        conn->flags |= CONN_FIN_QUEUED;
        tcp_enter(conn, TCP_LAST_ACK, cause, &tcp->report);
        break;
    case TCP_FIN_WAIT_1:
    case TCP_FIN_WAIT_2:
    case TCP_CLOSING:
    case TCP_LAST_ACK:
    case TCP_TIME_WAIT:
    case TCP_CLOSED:
    case TCP_LISTEN:
        return;
    }
    conn->owe |= OWE_SEND;
    settle(tcp, conn);
}

void tcp_disown(struct tcp *tcp, struct tcp_conn *conn)
{
    CHECK(!conn_has(conn, CONN_ORPHAN));
    conn->socket = POOL_NONE;
    conn->wake = 0;
    conn->flags |= CONN_ORPHAN;
    tcp->orphans++;
}

void tcp_close(struct tcp *tcp, struct tcp_conn *conn, enum lastack_cause cause)
{
    if (conn->state == TCP_CLOSED || conn_has(conn, CONN_DETACHED)) {
        conn->socket = POOL_NONE;
        tcp_release(tcp, conn);
        return;
    }
    tcp_disown(tcp, conn);
    if (conn->state == TCP_SYN_SENT) { /* §3.10.4: "Delete the TCB" */
        conn_end(tcp, conn, cause, 0);
        return;
    }
    /* RFC 2525 §2.17, RFC 1122 §4.2.2.13 */
    if (tcp->params.abort_on_unread && conn_readable(conn) > 0) {
        /* in every state: also CLOSING and LAST-ACK, where ABORT would be silent */
        reply_rst_of(tcp, conn);
        conn_end(tcp, conn, LASTACK_CAUSE_UNREAD_DATA, 0);
        return;
    }
    if (tcp->orphans > tcp->params.max_orphans) {
        tcp_abort(tcp, conn, LASTACK_CAUSE_ORPHAN_LIMIT, 0);
        return;
    }
    stream_clear(&conn->receive, &tcp->pages);
    ranges_clear(&conn->arrived, &tcp->ranges);
    sack_told_clear(&conn->told, &tcp->ranges);
    conn->rcv.read = conn->rcv.nxt;
    /* half-closed before: nobody waits for the peer any more */
    if (conn->state == TCP_FIN_WAIT_2) {
        conn_enter_fin_wait_2_record(tcp, conn);
        return;
    }
    if (conn_has(conn, CONN_FIN_QUEUED))
        settle(tcp, conn); /* shut down before: only its owner is new */
    else
        tcp_shutdown_send(tcp, conn, cause);
}

/* ---- ABORT ---- */

/* §3.10.5: a RST in SYN-RECEIVED, ESTABLISHED, FIN-WAIT-1, FIN-WAIT-2, CLOSE-WAIT;
 * none elsewhere. */
static bool abort_sends_rst(enum tcp_state state)
{
    switch (state) {
    case TCP_SYN_RECEIVED:
    case TCP_ESTABLISHED:
    case TCP_FIN_WAIT_1:
    case TCP_FIN_WAIT_2:
    case TCP_CLOSE_WAIT:
        return true;
    case TCP_SYN_SENT:
    case TCP_CLOSING:
    case TCP_LAST_ACK:
    case TCP_TIME_WAIT:
    case TCP_CLOSED:
    case TCP_LISTEN:
        return false;
    }
    return false;
}

NOINLINE void tcp_abort(struct tcp *tcp, struct tcp_conn *conn, enum lastack_cause cause, int error)
{
    if (conn->state == TCP_CLOSED || conn_has(conn, CONN_DETACHED))
        return;
    if (abort_sends_rst(conn->state))
        reply_rst_of(tcp, conn);
    stream_clear(&conn->send, &tcp->pages);
    conn_end(tcp, conn, cause, error);
}

void tcp_set_congestion(struct tcp *tcp, struct tcp_conn *conn, enum lastack_congestion algorithm)
{
    struct cc_state *state = repair_cc(conn_recovery(tcp, conn));

    if (conn->cc.algorithm == algorithm)
        return;
    conn->cc.algorithm = (uint8_t)algorithm;
    conn->cc.acked = 0;
    if (state != NULL)
        *state = (struct cc_state){0};
}

void tcp_reconsider(struct tcp *tcp, struct tcp_conn *conn)
{
    if (conn->state == TCP_CLOSED || conn_has(conn, CONN_DETACHED))
        return;
    if (conn->options.receive_buffer != 0)
        conn_set_receive_limit(tcp, conn, conn->options.receive_buffer);
    conn_stop_holding(tcp, conn);
    conn->owe |= OWE_SEND;
    settle(tcp, conn);
}

/* Probes start after `idle` of silence since `since`; before the handshake is over nothing runs. */
static void arm_keepalive(struct tcp *tcp, struct tcp_conn *conn, int64_t since)
{
    const int64_t at = time_after(since, conn_keepalive_idle(tcp, conn));

    if (!tcp_state_is_synchronized(conn->state) || conn_has(conn, CONN_DETACHED))
        return;
    if (conn_has(conn, CONN_KEEPALIVE))
        conn_set_deadline(conn, LASTACK_TIMER_KEEPALIVE, max64(at, tcp->report.now), &tcp->report);
    else
        conn_stop_deadline(conn, LASTACK_TIMER_KEEPALIVE, &tcp->report);
    settle(tcp, conn);
}

void tcp_keepalive_switched(struct tcp *tcp, struct tcp_conn *conn)
{
    arm_keepalive(tcp, conn, tcp->report.now);
}

void tcp_keepalive_changed(struct tcp *tcp, struct tcp_conn *conn)
{
    arm_keepalive(tcp, conn, tcp->report.now - MS(tcp->report.now_ms - conn->last_received_ms));
}
