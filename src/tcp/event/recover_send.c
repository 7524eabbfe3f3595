/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * recover_send.c: what loss recovery has to know of every departure, and the timer that watches
 * what is in flight.
 *
 *      RETRANSMIT   RFC 6298
 *      LOSS         a tail loss probe (RFC 8985 §7.2), or RACK's reordering window
 *
 * One of the two is armed while something is in flight (RFC 8985 §8). A probe is possible while no
 * episode runs; it comes before the timeout or not at all.
 */
#include "recover_parts.h"

struct recovery *conn_need_recovery(struct tcp *tcp, struct tcp_conn *conn)
{
    if (conn->recovery == POOL_NONE) {
        conn->recovery = pool_take(&tcp->recoveries);
        if (conn->recovery == POOL_NONE) {
            report_count(&tcp->report, LASTACK_CAUSE_NO_RECOVERY_LEFT);
            return NULL;
        }
        recovery_init(conn_recovery(tcp, conn), tcp->params.dupthresh);
        *repair_cc(conn_recovery(tcp, conn)) = (struct cc_state){0};
        *conn_delivery(tcp, conn) =
            (struct delivery){.delivered_at = tcp->report.now, .first_at = tcp->report.now};
        *conn_pace(tcp, conn) = (struct pace){0};
        *conn_window_clamp_at(tcp, conn) = 0;
        conn_recovery(tcp, conn)->high = conn->snd.una;
        conn_recovery(tcp, conn)->rack.dsack_round = conn->snd.una;
    }
    return conn_recovery(tcp, conn);
}

void conn_drop_recovery(struct tcp *tcp, struct tcp_conn *conn)
{
    if (conn->recovery == POOL_NONE)
        return;
    scoreboard_clear(&conn_recovery(tcp, conn)->board, &tcp->ranges);
    pool_give(&tcp->recoveries, conn->recovery);
    conn->recovery = POOL_NONE;
}

/* ---- timers ---- */

static bool may_probe(const struct tcp *tcp, const struct tcp_conn *conn,
                      const struct recovery *recovery)
{
    return tcp->params.tail_loss_probe && conn_has(conn, CONN_SACK) && conn->packets > 0 &&
           conn->state != TCP_SYN_RECEIVED &&
           (recovery == NULL || recovery->state == RECOVERY_OPEN ||
            recovery->state == RECOVERY_CWR);
}

/* RFC 8985 §7.2: two round trips, and if it is one segment the longest that its ACK may be
 * delayed (LNX-TLP). */
static int64_t probe_wait(const struct tcp *tcp, const struct tcp_conn *conn)
{
    if (rtt_smoothed(&conn->rtt) == 0)
        return tcp->params.rto_initial_ns;
    return 2 * rtt_smoothed(&conn->rtt) +
           (conn->packets == 1 ? tcp->params.rto_min_ns : LOSS_TIMER_MIN_NS);
}

int64_t conn_head_sent_at(const struct tcp *tcp, const struct tcp_conn *conn)
{
    const struct range *head = ranges_first(&conn->sent, &tcp->ranges);

    return head == NULL ? tcp->report.now : head->at;
}

/* When a segment has waited for an RTO. */
static int64_t times_out_at(const struct tcp *tcp, const struct tcp_conn *conn, int64_t sent_at)
{
    return time_after(sent_at, rtt_timeout(&conn->rtt, &tcp->params));
}

/* ... the first one, counted from its last departure. */
static int64_t first_times_out_at(const struct tcp *tcp, const struct tcp_conn *conn)
{
    return times_out_at(tcp, conn, conn_head_sent_at(tcp, conn));
}

void conn_arm_timeout(struct tcp *tcp, struct tcp_conn *conn, bool is_fresh)
{
    int64_t at = conn_retransmit_at(tcp, conn);

    if (!is_fresh)
        at = min64(at, max64(first_times_out_at(tcp, conn), tcp->report.now + 1));
    conn_stop_deadline(conn, LASTACK_TIMER_LOSS, &tcp->report);
    conn_set_deadline(conn, LASTACK_TIMER_RETRANSMIT, at, &tcp->report);
}

static void arm_probe(struct tcp *tcp, struct tcp_conn *conn, int64_t timeout_at)
{
    const int64_t now = tcp->report.now;
    int64_t at = time_after(now, probe_wait(tcp, conn));

    if (timeout_at > now)
        at = min64(at, timeout_at);
    conn_stop_deadline(conn, LASTACK_TIMER_RETRANSMIT, &tcp->report);
    conn_set_deadline(conn, LASTACK_TIMER_LOSS, at, &tcp->report);
}

NOINLINE void watch_flight(struct tcp *tcp, struct tcp_conn *conn, const struct recovery *recovery,
                           bool is_advance, bool is_fresh)
{
    if (may_probe(tcp, conn, recovery))
        arm_probe(tcp, conn,
                  is_advance ? conn_retransmit_at(tcp, conn) : first_times_out_at(tcp, conn));
    else
        conn_arm_timeout(tcp, conn, is_fresh);
}

/* ---- departures ---- */

void recover_sent_new(struct tcp *tcp, struct tcp_conn *conn, struct seq from, struct seq to,
                      uint32_t count)
{
    const struct sent_set sent = conn_sent(tcp, conn);
    struct recovery *recovery = conn_recovery(tcp, conn);
    const bool is_first = conn->packets == 0;

    if (recovery != NULL)
        delivery_sent(conn_delivery(tcp, conn), to, is_first, tcp->report.now);
    if (!sent_new(&sent, from, to, count, tcp->report.now))
        report_count(&tcp->report, LASTACK_CAUSE_NO_RANGE_LEFT);
    conn->packets += count;
    if (conn->first_retry_at == NEVER)
        conn->first_retry_at = tcp->report.now;
    if (recovery != NULL && recovery_is_reducing(recovery))
        recovery->prr.out +=
            conn_charge(tcp, conn, (struct sent_amount){count, seq_distance(from, to)});
    if (recovery != NULL && recovery->is_waiting)
        return;
    if (may_probe(tcp, conn, recovery))
        arm_probe(tcp, conn,
                  is_first ? times_out_at(tcp, conn, tcp->report.now)
                           : first_times_out_at(tcp, conn));
    else if (conn->deadline.at[LASTACK_TIMER_RETRANSMIT] == NEVER) /* RFC 6298 §5.1 */
        conn_arm_timeout(tcp, conn, true);
}

/* RFC 6298 §5.1, §5.6. After a timeout the next one stands already, counted from the timeout
 * itself: a departure that a full link holds back does not move it. */
static void arm_for_head(struct tcp *tcp, struct tcp_conn *conn, bool is_head)
{
    if (conn->deadline.at[LASTACK_TIMER_RETRANSMIT] == NEVER || (is_head && conn->retries == 0))
        conn_arm_timeout(tcp, conn, true);
}

void recover_sent_again(struct tcp *tcp, struct tcp_conn *conn, struct seq from, struct seq to,
                        uint32_t count)
{
    const struct sent_set sent = conn_sent(tcp, conn);
    struct recovery *recovery = conn_recovery(tcp, conn);
    bool is_first = !seq_after(from, conn->snd.una);

    conn->packets += sent_again(&sent, from, to, tcp->report.now);
    if (recovery == NULL) {
        arm_for_head(tcp, conn, true);
        return;
    }
    if (tcp->params.impatient_newreno && !conn_has(conn, CONN_SACK) && recovery->had_partial &&
        recovery->state == RECOVERY_RECOVERY)
        is_first = false; /* the first partial ACK has set the timer for all of the episode */
    recovery->again_segs += count;
    recovery->again_bytes += seq_distance(from, to);
    if (!recovery->has_retry_stamp) {
        recovery->retry_stamp = conn_ts_value(conn, &tcp->report);
        recovery->has_retry_stamp = true;
    }
    recovery->undo_left = (recovery->undo_left < 0 ? 0 : recovery->undo_left) + (int32_t)count;
    if (recovery_is_reducing(recovery))
        recovery->prr.out +=
            conn_charge(tcp, conn, (struct sent_amount){count, seq_distance(from, to)});
    if (!recovery->is_waiting)
        arm_for_head(tcp, conn, is_first);
}

void recover_sent_probe(struct tcp *tcp, struct tcp_conn *conn, bool is_again)
{
    struct recovery *recovery = conn_need_recovery(tcp, conn);

    report_count(&tcp->report, LASTACK_CAUSE_TAIL_LOSS_PROBE);
    conn_arm_timeout(tcp, conn, true); /* RFC 8985 §7.3 */
    if (recovery == NULL)
        return;
    recovery->has_probe = true;
    recovery->was_probe_again = is_again;
    recovery->probe_end = conn->snd.max;
}

/* ---- RFC 2861, RFC 7661: a window that is not used means nothing ---- */

/* A timeout long it was not full: half-way back to what was used. */
static NOINLINE void shrink_unused(struct tcp *tcp, struct tcp_conn *conn)
{
    struct cc *cc = &conn->cc;
    const struct recovery *recovery = conn_recovery(tcp, conn);
    const uint32_t initial = cc_initial_segs(&tcp->params, cc->mss) * cc->mss;
    const uint32_t used = max32(conn->window_use.most, initial);

    if ((recovery == NULL || recovery->state == RECOVERY_OPEN) && used < cc->cwnd &&
        cc->algorithm != LASTACK_CC_NONE) {
        if (cc->ssthresh != CC_INFINITE)
            cc->ssthresh = max32(cc->ssthresh, cc_three_quarters(cc));
        cc->cwnd = (cc->cwnd + used) / 2;
        cc->cwnd -= cc->cwnd % cc->mss;
    }
    conn->window_use.since_ms = tcp->report.now_ms;
}

void conn_note_window_use(struct tcp *tcp, struct tcp_conn *conn, bool is_deferred)
{
    struct window_use *use = &conn->window_use;
    const uint32_t out = conn_out(tcp, conn);
    /* not room for one segment more; cwnd need not be a multiple of them */
    const bool is_limited = is_deferred || conn_pipe(tcp, conn) + conn->cc.mss > conn->cc.cwnd;
    uint32_t unused_ms;

    if (!seq_before(conn->snd.una, use->end) || is_limited ||
        (!conn_has(conn, CONN_WAS_LIMITED) && out > use->most)) {
        conn->flags =
            (conn->flags & ~(uint32_t)CONN_WAS_LIMITED) | (is_limited ? CONN_WAS_LIMITED : 0);
        use->most = out;
        use->end = conn->snd.nxt;
    }
    if (conn_has(conn, CONN_WAS_LIMITED) ||
        (conn->cc.cwnd < conn->cc.ssthresh && conn->cc.cwnd / 2 < use->most)) {
        use->since_ms = tcp->report.now_ms;
        return;
    }
    unused_ms = tcp->report.now_ms - use->since_ms;
    if (unused_ms > 0 && tcp->params.slow_start_after_idle &&
        MS(unused_ms) >= rtt_timeout(&conn->rtt, &tcp->params))
        shrink_unused(tcp, conn);
}
