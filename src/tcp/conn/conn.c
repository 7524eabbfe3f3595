/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * conn.c: small questions to a control block, its first moment and its invariants; see conn.h.
 */
#include "conn.h"

#include "isn.h"

_Static_assert(sizeof(struct tcp_conn) <= 512, "the budget of decision 0007");
_Static_assert(offsetof(struct tcp_conn, timer) + sizeof(struct wheel_node) <= 136,
               "what a pure ACK touches stays within two cache lines and the wheel's link");

uint32_t conn_send_held(const struct tcp_conn *conn)
{
    const struct seq first = seq_add(conn->snd.una, conn_syn_acked(conn) ? 0 : 1);

    return seq_after(conn->snd.end, first) ? seq_distance(first, conn->snd.end) : 0;
}

uint32_t conn_readable(const struct tcp_conn *conn)
{
    const uint32_t past = seq_distance(conn->rcv.read, conn->rcv.nxt);

    return conn_has(conn, CONN_FIN_RECEIVED) && past > 0 ? past - 1 : past;
}

uint64_t conn_bytes_sent(const struct tcp_conn *conn)
{
    const struct seq first = seq_add(conn->snd.una, conn_syn_acked(conn) ? 0 : 1);
    const struct seq text_end = seq_min(conn->snd.max, conn->snd.end);

    return conn->stats.bytes_acked +
           (seq_after(text_end, first) ? seq_distance(first, text_end) : 0);
}

bool conn_fin_sent(const struct tcp_conn *conn)
{
    return conn_has(conn, CONN_FIN_QUEUED) && seq_after(conn->snd.max, conn->snd.end);
}

uint32_t conn_ts_value(const struct tcp_conn *conn, const struct report *report)
{
    return report->now_ms + conn->ts_offset;
}

void conn_init(struct tcp_conn *conn, const struct tuple *tuple, uint64_t flow,
               const struct lastack_params *params, int64_t now)
{
    const uint32_t generation = conn->generation;

    clear_object(conn, sizeof *conn);
    conn->tuple = *tuple;
    conn->flow = flow;
    conn->generation = generation + 1;
    conn->state = TCP_CLOSED;
    conn->socket = conn->listener = conn->told = conn->write_queue = conn->recovery = POOL_NONE;
    conn->send_next = conn->send_prev = conn->queue_next = POOL_NONE;
    conn->since = now;
    conn->first_retry_at = NEVER;
    conn->last_sent_ms = conn->last_received_ms = conn->window_use.since_ms = clock_ms(now);
    conn->space = (struct receive_space){.limit = params->receive_buffer,
                                         .threshold = params->receive_buffer,
                                         .since_us = (uint32_t)(now / 1000)};
    wheel_node_init(&conn->timer);
    deadlines_init(&conn->deadline);
    stream_init(&conn->send);
    stream_init(&conn->receive);
    ranges_init(&conn->arrived);
    ranges_init(&conn->sent);
    rtt_init(&conn->rtt, params);
    conn->cc.mss = conn->rcv_mss = 536;
}

void tcp_enter(struct tcp_conn *conn, enum tcp_state state, enum lastack_cause cause,
               const struct report *report)
{
    const enum tcp_state old = conn->state;

    CHECK(tcp_state_may_move(old, state));
    conn->state = (uint8_t)state;
    conn->cause = (uint16_t)cause;
    conn->since = report->now;
    report_state(report, conn->flow, &conn->tuple, old, state, cause);
}

NOINLINE void conn_note_timer(const struct tcp_conn *conn, enum lastack_trace_what what,
                              enum lastack_timer timer, int64_t at, const struct report *report)
{
    report_note_wanted(report, what, conn->flow, &conn->tuple, (enum tcp_state)conn->state,
                       LASTACK_CAUSE_NONE, (int64_t)timer, at);
}

/* A state that waits must have a reason to end: a deadline, or somebody who holds a descriptor. */
static bool has_a_way_out(const struct tcp_conn *conn)
{
    if (deadlines_minimum(&conn->deadline) != NEVER || conn->owe != 0)
        return true;
    return !conn_has(conn, CONN_ORPHAN);
}

void conn_check(const struct tcp_conn *conn)
{
    const struct conn_snd *snd = &conn->snd;
    const struct conn_rcv *rcv = &conn->rcv;

    if (conn->state == TCP_CLOSED || conn_has(conn, CONN_DETACHED))
        return;
    CHECK(seq_before_or_equal(snd->una, snd->nxt));
    CHECK(seq_before_or_equal(snd->nxt, snd->max));
    CHECK(seq_before_or_equal(snd->max, seq_add(snd->end, 1)));
    CHECK(seq_before_or_equal(snd->una, seq_add(snd->end, 1)));
    if (conn->state != TCP_SYN_SENT) {
        CHECK(seq_before_or_equal(rcv->read, rcv->nxt));
        CHECK(seq_before_or_equal(rcv->acked, rcv->nxt));
    }
    CHECK(conn_has(conn, CONN_FIN_QUEUED) || conn->state != TCP_FIN_WAIT_1);
    CHECK(!conn_has(conn, CONN_FIN_RECEIVED) || conn_has(conn, CONN_FIN_KNOWN));
    CHECK(conn->owe == 0 || conn_has(conn, CONN_QUEUED));
    CHECK(has_a_way_out(conn));
}
