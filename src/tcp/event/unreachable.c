/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * unreachable.c: ICMP errors that quote one of our segments, RFC 9293 §3.9.2.2, RFC 5927.
 *
 * Believed only if the quoted sequence number is in flight (RFC 5927 §4.1). Before the connection
 * is established an error may end the attempt (by policy: Linux takes any, the RFC hard ones,
 * FreeBSD refusals and "time exceeded");
 * afterwards it is remembered and told only if retransmission gives up (soft: MUST-56; hard ones
 * too: RFC 5927 §5 and docs/decisions/0011).
 */
#include "recover.h"

static bool is_in_flight(const struct tcp_conn *conn, struct seq seq)
{
    return seq_after_or_equal(seq, conn->snd.una) && seq_before(seq, conn->snd.max);
}

/* RFC 1191 §6.4, RFC 8201 §5.2: smaller segments, and those that were too big again (it may have
 * been another connection that told of the path first). A SYN goes without the text that it had
 * (Fast Open). */
static void path_shrank(struct tcp *tcp, struct tcp_conn *conn)
{
    const uint16_t old = conn->mss;

    conn_take_path(tcp, conn);
    if (tcp_state_is_synchronized(conn->state))
        recover_path_shrank(tcp, conn, old);
    else if (conn->mss < old)
        conn->owe |= OWE_RETRANSMIT;
    settle(tcp, conn);
}

void conn_suspect_black_hole(struct tcp *tcp, struct tcp_conn *conn)
{
    const bool is_ipv4 = ip_is_ipv4(&conn->tuple.remote);
    const uint32_t floor = is_ipv4 ? 68 - 40 : 1280 - 60;
    const uint32_t base = max32(tcp->params.mss_base, floor);
    const uint32_t present = min32(conn->mss_path, conn->mss_peer);

    if (present <= floor)
        return;
    conn->mss_hole = (uint16_t)(present > base ? base : max32(present / 2, floor));
    conn->is_hole_proven = false;
    report_count(&tcp->report, LASTACK_CAUSE_BLACK_HOLE);
    conn_take_path(tcp, conn);
}

/* A half-open request whose SYN-ACK cannot be delivered goes where the policy is to believe it. */
static void request_unreachable(struct tcp *tcp, uint32_t index, struct seq seq,
                                enum lastack_cause cause)
{
    if (!seq_equal(seq, syn_cache_at(&tcp->syns, index)->iss)) {
        report_count(&tcp->report, LASTACK_CAUSE_ICMP_STALE);
        return;
    }
    if (cause != LASTACK_CAUSE_ICMP_TOO_BIG && tcp->params.icmp_in_syn == LASTACK_ICMP_SYN_ABORT)
        tcp_forget_syn_entry(tcp, index, cause);
    else
        report_count(&tcp->report, cause);
}

/* Before anybody holds it, a connection is no more than an attempt. */
static bool is_attempt(const struct tcp_conn *conn)
{
    if (conn->state == TCP_SYN_SENT)
        return true;
    return conn->state == TCP_SYN_RECEIVED &&
           (conn_has(conn, CONN_ACTIVE) || conn_has(conn, CONN_IN_ACCEPT_QUEUE));
}

static bool ends_attempt(const struct tcp *tcp, enum lastack_cause cause, bool is_hard, int error)
{
    switch (tcp->params.icmp_in_syn) {
    case LASTACK_ICMP_SYN_ABORT:
        return true;
    case LASTACK_ICMP_SYN_HARD_ONLY:
        return is_hard;
    case LASTACK_ICMP_SYN_REFUSED:
        return error == LASTACK_ECONNREFUSED || cause == LASTACK_CAUSE_ICMP_TIME_EXCEEDED;
    case LASTACK_ICMP_SYN_NEVER:
        break;
    }
    return false;
}

void tcp_unreachable(struct tcp *tcp, const struct tuple *tuple, struct seq seq,
                     enum lastack_cause cause, bool is_hard, int error)
{
    const uint64_t flow = flow_hash(&tcp->index, tuple);
    const struct flow_ref ref = tcp_find(tcp, tuple, flow);
    struct tcp_conn *conn;

    if (ref.kind == FLOW_SYN_ENTRY) {
        request_unreachable(tcp, ref.index, seq, cause);
        return;
    }
    /* records: ignored (RFC 9293 §3.9.2.2 has no use for them) */
    if (ref.kind != FLOW_CONNECTION) {
        report_count(&tcp->report, cause);
        return;
    }
    conn = tcp_conn_at(tcp, ref.index);
    if (!is_in_flight(conn, seq)) {
        report_count(&tcp->report, LASTACK_CAUSE_ICMP_STALE);
        return;
    }
    report_count(&tcp->report, cause);
    if (cause == LASTACK_CAUSE_ICMP_TOO_BIG) {
        path_shrank(tcp, conn);
        return;
    }
    if (is_attempt(conn) && ends_attempt(tcp, cause, is_hard, error)) {
        conn_end(tcp, conn, cause, error);
        return;
    }
    conn->soft_error = (int16_t)error;
    conn_wake(tcp, conn, WAKE_ADVICE);
}

bool tcp_is_in_flight(const struct tcp *tcp, const struct tuple *tuple, struct seq seq)
{
    const struct flow_ref ref = tcp_find(tcp, tuple, flow_hash(&tcp->index, tuple));

    return ref.kind == FLOW_CONNECTION && is_in_flight(tcp_conn_at(tcp, ref.index), seq);
}

void tcp_soft_error(struct tcp *tcp, uint32_t index, int error)
{
    tcp_conn_at(tcp, index)->soft_error = (int16_t)error;
}
