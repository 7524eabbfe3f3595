/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * recover_window.c: the congestion window around losses.
 *
 *      cwnd ────┐ begin: ssthresh by the algorithm, once a window (RFC 5681 §3.2)
 *                ╲  reduce: RFC 9937 (PRR), ACK by ACK
 *                 └── end: ssthresh  ╱  grow: the algorithm, by what was delivered (RFC 5681 §3.1)
 *
 * How far down and how fast up is cc/'s business, what may be sent next_segment.c's.
 */
#include "recover_parts.h"

static uint32_t window_unit(const struct tcp *tcp, const struct tcp_conn *conn)
{
    return tcp->params.cwnd_counts_segs ? conn->cc.mss : 1;
}

uint32_t conn_repaired_pipe(const struct tcp *tcp, const struct tcp_conn *conn, uint32_t out)
{
    const struct scoreboard *board = &conn_recovery(tcp, conn)->board;
    const uint32_t used = out + conn_charge(tcp, conn, board->again);
    const uint32_t free =
        conn_charge(tcp, conn, board->sacked) + conn_charge(tcp, conn, board->lost);

    return used > free ? used - free : 0;
}

/* ---- down ---- */

static uint32_t reduction_from(const struct tcp *tcp, const struct tcp_conn *conn)
{
    return tcp->params.ssthresh_from_cwnd ? conn->cc.cwnd : conn_in_flight(conn);
}

/* What the algorithm sets ssthresh to when a loss tells of congestion now. */
uint32_t window_ssthresh(const struct tcp *tcp, struct tcp_conn *conn, struct recovery *recovery)
{
    return cc_hooks(conn->cc.algorithm)
        ->reduced(&conn->cc, repair_cc(recovery), reduction_from(tcp, conn));
}

/* What ssthresh would be if nothing had happened: growth in congestion avoidance counts. */
uint32_t window_present_ssthresh(const struct tcp_conn *conn, const struct recovery *recovery)
{
    if (recovery_is_reducing(recovery) || conn->cc.cwnd < conn->cc.ssthresh)
        return conn->cc.ssthresh;
    return max32(conn->cc.ssthresh, cc_three_quarters(&conn->cc));
}

/* One reduction per window of data (RFC 5681 §3.2, RFC 6675 §5 step 4.2, RFC 3168 §6.1.2). */
void window_begin_reduction(struct tcp *tcp, struct tcp_conn *conn, struct recovery *recovery)
{
    const struct scoreboard *board = &recovery->board;
    /* what Limited Transmit sent on top of the window does not count (RFC 5681 §3.2 step 2) */
    const uint32_t from = min32(reduction_from(tcp, conn), conn->cc.cwnd);
    uint32_t base = conn->cc.cwnd;

    ecn_window_came_down(&conn->ecn);
    recovery->high = conn->snd.max;
    recovery->has_probe = false;
    recovery->window_before = conn->cc.cwnd;
    if (tcp->params.prr == LASTACK_PRR_RFC9937) {
        const uint32_t sacked = conn_charge(tcp, conn, board->sacked);

        base = conn_out(tcp, conn);
        base = base > sacked ? base - sacked : 0;
    }
    prr_begin(&recovery->prr, max32(base, 1));
    conn->cc.ssthresh = cc_hooks(conn->cc.algorithm)->reduced(&conn->cc, repair_cc(recovery), from);
    if (tcp->params.prr == LASTACK_PRR_OFF)
        conn->cc.cwnd = conn->cc.ssthresh;
}

void window_end_reduction(struct tcp_conn *conn, const struct recovery *recovery)
{
    if (conn->cc.ssthresh != CC_INFINITE && (recovery->state == RECOVERY_CWR || recovery->may_undo))
        conn->cc.cwnd = conn->cc.ssthresh; /* RFC 9937 §6.4 */
}

NOINLINE void window_reduce(struct tcp *tcp, struct tcp_conn *conn, struct recovery *recovery,
                            const struct recover_ack *ack)
{
    const uint32_t pipe = conn_pipe(tcp, conn);
    const struct prr_ack prr = {
        .in_flight = pipe,
        .ssthresh = conn->cc.ssthresh,
        .mss = conn->cc.mss,
        .delivered = conn_charge(tcp, conn, ack->news.delivered),
        .unit = window_unit(tcp, conn),
        .is_safe = ack->is_advance && recovery->lost_segs == ack->lost_before,
    };

    if (tcp->params.prr == LASTACK_PRR_OFF || prr.delivered == 0)
        return;
    conn->cc.cwnd = pipe + prr_budget(&recovery->prr, &prr);
}

/* ---- up ---- */

/* The first slow start may end before anything is lost (cc.h). */
static void measure_round(const struct tcp *tcp, struct tcp_conn *conn, int64_t rtt_ns)
{
    const struct cc_round round = {
        .rtt_ns = rtt_ns,
        .una = conn->snd.una,
        .nxt = conn->snd.nxt,
        .hystart = tcp->params.hystart,
    };

    cc_hooks(conn->cc.algorithm)->round_trip(&conn->cc, &round);
}

static NOINLINE void grow_window(const struct tcp *tcp, struct tcp_conn *conn, struct recovery *own,
                                 const struct recover_ack *ack)
{
    const bool is_after_timeout = ack->recovery != NULL && ack->recovery->state == RECOVERY_LOSS &&
                                  !ack->recovery->was_too_big;
    const uint32_t limit = tcp->params.slow_start_limit;
    const struct cc_ack grown = {
        .acked = conn_charge(tcp, conn, ack->news.delivered),
        .limit = limit == 0 ? CC_INFINITE
                            : (is_after_timeout ? 1 : limit) * conn->cc.mss, /* RFC 3465 §2.3 */
        .now = tcp->report.now,
        .rtt_min_ns = rtt_ns(conn->rtt.min),
    };

    if (grown.acked > 0)
        cc_hooks(conn->cc.algorithm)->on_ack(&conn->cc, repair_cc(own), &grown);
}

/* Growth follows data acknowledged in order; where much reordering was seen, any that arrived. */
static bool may_grow(const struct tcp *tcp, const struct recover_ack *ack)
{
    const struct recovery *recovery = ack->recovery;

    if (ack->news.acked.segs > 0)
        return true;
    return recovery != NULL && recovery->reordering > tcp->params.dupthresh &&
           ack->news.delivered.segs > 0;
}

/* No episode reduces it. */
static void window_follows(struct tcp *tcp, struct tcp_conn *conn, const struct recover_ack *ack)
{
    const struct cc *cc = &conn->cc;
    struct recovery *const own = cc->cwnd >= cc->ssthresh
                                     ? conn_need_recovery(tcp, conn)
                                     : ack->recovery; /* out of slow start, CUBIC needs its state */
    const int64_t rtt_ns = ack->news.has_once ? tcp->report.now - ack->news.last_at : 0;

    if (rtt_ns > 0 && cc->ssthresh == CC_INFINITE)
        measure_round(tcp, conn, rtt_ns);
    if (cc_was_used(cc, conn_has(conn, CONN_WAS_LIMITED), conn->window_use.most))
        grow_window(tcp, conn, own, ack);
}

void window_take_ack(struct tcp *tcp, struct tcp_conn *conn, const struct recover_ack *ack)
{
    struct recovery *recovery = ack->recovery;

    if (recovery != NULL && recovery_is_reducing(recovery))
        window_reduce(tcp, conn, recovery, ack);
    else if (may_grow(tcp, ack))
        window_follows(tcp, conn, ack);
}
