/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * arrives_ack.c: RFC 9293 §3.10.7.4, "fifth, check the ACK field".
 *
 *     SYN-RECEIVED ─ our SYN is acknowledged ─▶ ESTABLISHED, and on with the rest
 *     otherwise:  is it in range (RFC 5961 §5.2)?
 *                 new data acknowledged: free the queue, sample the round trip, grow the window,
 *                 re-arm the timer
 *                 SACK blocks, duplicates, losses: recover*.c
 *                 window update (SND.WL1, SND.WL2)
 *     and then what the state makes of it:
 *                 FIN-WAIT-1 ─▶ FIN-WAIT-2, CLOSING ─▶ TIME-WAIT, LAST-ACK ─▶ CLOSED
 */
#include "recover.h"

/* The ACK is of something in range: una - max window <= ack <= max (RFC 5961 §5.2). RFC 9293
 * §3.10.7.4 has an ACK for one of what was not sent; Linux drops it in silence. */
static enum verdict check_range(struct tcp *tcp, struct tcp_conn *conn, const struct segment *seg)
{
    if (seq_after(seg->ack, conn->snd.max)) {
        report_drop(&tcp->report, conn->flow, conn->state, seg, LASTACK_CAUSE_DROP_ACK_OF_UNSENT);
        if (!tcp->params.ack_of_unsent_silent)
            reply_challenge(tcp, conn);
        return STOP;
    }
    if (seq_before(seg->ack, seq_sub(conn->snd.una, conn->snd.wnd_max))) {
        report_drop(&tcp->report, conn->flow, conn->state, seg, LASTACK_CAUSE_DROP_ACK_TOO_OLD);
        reply_challenge(tcp, conn);
        return STOP;
    }
    return GO_ON;
}

/*
 * §3.10.7.4: "if SND.WL1 < SEG.SEQ or (SND.WL1 = SEG.SEQ and SND.WL2 =< SEG.ACK)". True: the
 * window changed.
 *
 * And whenever something new is acknowledged, as Linux does: SND.WND counts from SND.UNA, so an ACK
 * on an old sequence number that moved the one and not the other would push the right edge beyond
 * anything that was ever offered.
 */
static bool update_window(struct tcp_conn *conn, const struct segment *seg)
{
    const uint32_t wnd = seg->window;
    bool is_changed;

    if (!seq_after(seg->ack, conn->snd.una) && !seq_before(conn->snd.wl1, seg->seq) &&
        !(seq_equal(conn->snd.wl1, seg->seq) && seq_before_or_equal(conn->snd.wl2, seg->ack)))
        return false;
    is_changed = conn->snd.wnd != wnd;
    conn->snd.wnd = wnd;
    conn->snd.wl1 = seg->seq;
    conn->snd.wl2 = seg->ack;
    conn->snd.wnd_max = max32(conn->snd.wnd_max, wnd);
    return is_changed;
}

/*
 * Karn (RFC 6298 §3): a segment sent once gives a sample, acknowledged or sacked; of a repeated one
 * only the timestamp can (RFC 7323 §4.1). The oldest counts for the timeout, the newest for the
 * least: that of the others holds the delay of an ACK that waited for them.
 */
static bool sample_round_trip(struct tcp *tcp, struct tcp_conn *conn, const struct segment *seg,
                              const struct sent_news *news)
{
    const int64_t now = tcp->report.now;
    int64_t sample = -1, least = -1;

    if (news->has_once && !news->was_repeated) {
        sample = now - news->first_at;
        least = now - news->last_at;
    } else if (news->has_once_sacked) {
        sample = now - news->first_sacked_at;
        least = now - news->last_sacked_at;
    } else if (news->acked.segs > 0 && conn_has(conn, CONN_TIMESTAMP) &&
               seg->options & OPTION_TIMESTAMP && seg->ts_echo != 0) {
        const uint32_t ticks = conn_ts_value(conn, &tcp->report) - seg->ts_echo;

        if (ticks < 0x7fffffff / 1000)            /* not from the future, not ages old */
            sample = least = MS(max32(ticks, 1)); /* within one: no zero (Linux) */
    }
    if (sample < 0)
        return false;
    rtt_sample(&conn->rtt, &tcp->params, sample, least, conn->snd.una.v, conn->snd.nxt.v);
    return true;
}

/* SND.UNA moves. */
static void acknowledge(struct tcp *tcp, struct tcp_conn *conn, const struct segment *seg,
                        struct recover_ack *ack)
{
    struct scoreboard *board = ack->recovery == NULL ? NULL : &ack->recovery->board;
    const struct sent_set sent = {&conn->sent, &tcp->ranges, board, conn->mss};
    const bool is_all = seq_equal(seg->ack, conn->snd.max);
    const uint32_t acked = seq_distance(conn->snd.una, seg->ack);
    const bool is_fin_acked = conn_has(conn, CONN_FIN_QUEUED) && seq_after(seg->ack, conn->snd.end);
    const uint32_t text = acked - (is_fin_acked ? 1 : 0) - (conn_syn_acked(conn) ? 0 : 1);

    sent_acknowledged(&sent, seg->ack, &ack->news);
    conn->packets -= min32(ack->news.acked.segs, conn->packets);
    conn->snd.una = seg->ack;
    conn->snd.nxt = seq_max(conn->snd.nxt, seg->ack);
    if (is_all)
        conn->packets = 0; /* what was never recorded is gone too */
    if (is_all && board != NULL) {
        const struct sent_amount sacked = board->sacked;

        scoreboard_clear(board, &tcp->ranges);
        if (!conn_has(conn, CONN_SACK))
            board->sacked = sacked; /* duplicate ACKs: recover_sack.c still counts them */
    }
    stream_drop_before(&conn->send, &tcp->pages, is_fin_acked ? conn->snd.end : seg->ack);
    conn->stats.bytes_acked += text;
    conn->retries = 0;
    /* what is left was sent before, but patience with it starts now */
    conn->first_retry_at = is_all ? NEVER : tcp->report.now;
    conn->soft_error = 0;
    conn->flags = (conn->flags & ~(uint32_t)CONN_R1_TOLD) | (is_fin_acked ? CONN_FIN_ACKED : 0);
    conn_stop_deadline(conn, LASTACK_TIMER_USER_TIMEOUT, &tcp->report);
    conn->owe |= OWE_SEND;
    if (seq_after_or_equal(conn->snd.una, conn->snd.end))
        conn_chrono_stop(tcp, conn, CHRONO_BUSY);
}

static void take_ack(struct tcp *tcp, struct tcp_conn *conn, const struct segment *seg,
                     bool is_window_changed)
{
    struct recover_ack ack;

    if (conn->packets == 0 && !seq_after(seg->ack, conn->snd.una)) {
        recover_late(tcp, conn, seg, is_window_changed);
        return;
    }
    recover_begin(tcp, conn, seg, &ack);
    ack.is_window_update = is_window_changed;
    if (ack.is_advance)
        acknowledge(tcp, conn, seg, &ack);
    ack.is_rtt_known = sample_round_trip(tcp, conn, seg, &ack.news);
    recover_end(tcp, conn, seg, &ack);
}

/* The peer had taken its window back from under what is in flight, and gives it again. What was
 * sent again meanwhile was no more than a probe (§3.8.6, SHLD-17) and is gone: it leaves now, and
 * not when a timeout is over that grew with the probes; nor do they count as attempts. At most
 * once a round trip, whatever the window does. */
static NOINLINE void window_reopened(struct tcp *tcp, struct tcp_conn *conn)
{
    if (tcp->report.now - conn_head_sent_at(tcp, conn) < rtt_smoothed(&conn->rtt))
        return;
    conn->retries = 0;
    conn->rtt.backoff = 0;
    conn->owe |= OWE_RETRANSMIT;
    conn_arm_timeout(tcp, conn, true);
}

/* Zero window: the persist timer takes over from the retransmission timer (§3.8.6.1). */
static void window_changed(struct tcp *tcp, struct tcp_conn *conn, bool is_probing, bool was_shut)
{
    if (is_probing)
        conn->probes = 0; /* an answered probe: never give up on it (MUST-37) */
    if (conn->snd.wnd == 0)
        return;
    if (is_probing) {
        conn_stop_deadline(conn, LASTACK_TIMER_PERSIST, &tcp->report);
        conn->rtt.backoff = 0;
        conn->since_probe_ms = 0;
    } else if (was_shut && conn->retries > 0) {
        window_reopened(tcp, conn);
    }
    conn->owe |= OWE_SEND;
}

static enum verdict syn_received_check_ack(struct tcp *tcp, struct tcp_conn *conn,
                                           const struct segment *seg)
{
    if (seq_before_or_equal(seg->ack, conn->iss) || seq_after(seg->ack, conn->snd.max)) {
        report_drop(&tcp->report, conn->flow, conn->state, seg, LASTACK_CAUSE_DROP_ACK_OF_UNSENT);
        reply_rst_by(tcp, conn, seg);
        return STOP;
    }
    conn->snd.wnd = seg->window;
    conn->snd.wnd_max = conn->snd.wnd; /* the SYN's was of no use yet */
    conn->snd.wl1 = seg->seq;
    conn->snd.wl2 = seg->ack;
    conn_bound_mss(tcp, conn);
    tcp_enter(conn, TCP_ESTABLISHED, LASTACK_CAUSE_HANDSHAKE_ACK, &tcp->report);
    if (conn->fast_open & FAST_OPEN_PASSIVE && conn->retries == 0)
        rtt_sample(&conn->rtt, &tcp->params, tcp->report.now - conn->first_retry_at,
                   tcp->report.now - conn->first_retry_at, conn->snd.una.v, conn->snd.nxt.v);
    fast_open_is_over(tcp, conn, false);
    if (conn_has(conn, CONN_ACTIVE)) {
        cc_init(&conn->cc, conn->cc.algorithm, conn->mss, cc_initial_segs(&tcp->params, conn->mss));
        conn_wake(tcp, conn, WAKE_WRITABLE);
    }
    take_rest_of_syn(tcp, conn);
    conn_stop_deadline(conn, LASTACK_TIMER_RETRANSMIT, &tcp->report);
    if (seq_after(conn->snd.max, seg->ack)) /* text left in SYN-RECEIVED (RFC 7413 §4.2.2) */
        conn_arm_timeout(tcp, conn, true);
    conn->owe |= OWE_SEND;
    if (conn_has(conn, CONN_FIN_QUEUED)) /* CLOSE was called in SYN-RECEIVED (§3.10.4) */
        tcp_enter(conn, TCP_FIN_WAIT_1, LASTACK_CAUSE_CALL_CLOSE, &tcp->report);
    return GO_ON;
}

/* What the state makes of an acknowledged FIN. */
static enum verdict fin_acknowledged(struct tcp *tcp, struct tcp_conn *conn)
{
    if (!conn_has(conn, CONN_FIN_ACKED))
        return GO_ON;
    switch ((enum tcp_state)conn->state) {
    case TCP_FIN_WAIT_1:
        tcp_enter(conn, TCP_FIN_WAIT_2, LASTACK_CAUSE_FIN_ACKED, &tcp->report);
        return GO_ON;
    case TCP_CLOSING:
        conn_enter_time_wait(tcp, conn, LASTACK_CAUSE_FIN_ACKED);
        return STOPPED_CONNECTION;
    case TCP_LAST_ACK:
        conn_end(tcp, conn, LASTACK_CAUSE_FIN_ACKED, 0);
        return STOPPED_CONNECTION;
    case TCP_FIN_WAIT_2:
    case TCP_ESTABLISHED:
    case TCP_SYN_SENT:
    case TCP_SYN_RECEIVED:
    case TCP_TIME_WAIT:
    case TCP_CLOSED:
    case TCP_CLOSE_WAIT:
    case TCP_LISTEN:
        return GO_ON;
    }
    return GO_ON;
}

enum verdict fifth_check_ack(struct tcp *tcp, struct tcp_conn *conn, const struct segment *seg)
{
    const bool was_shut = conn->snd.wnd == 0;
    bool is_old, is_window_changed, is_probing;

    if (!(seg->flags & LASTACK_ACK)) {
        report_drop(&tcp->report, conn->flow, conn->state, seg, LASTACK_CAUSE_DROP_NO_ACK);
        return STOP;
    }
    if (conn->state == TCP_SYN_RECEIVED && syn_received_check_ack(tcp, conn, seg) != GO_ON)
        return STOP;
    if (check_range(tcp, conn, seg) != GO_ON)
        return STOP;
    conn_take_timestamp(tcp, conn, seg); /* not for an ACK that a stranger may have guessed */
    conn_stop_holding(tcp, conn);
    is_old = seq_before(seg->ack, conn->snd.una);
    if (is_old && seg->sack_count == 0)
        return GO_ON; /* but its text may be new */
    is_window_changed = !is_old && update_window(conn, seg);
    take_ack(tcp, conn, seg, is_window_changed);
    if (is_old)
        return GO_ON;
    if (conn->ecn & ECN_ON && seg->flags & LASTACK_ECE)
        recover_congestion_echoed(tcp, conn);
    is_probing = conn->deadline.at[LASTACK_TIMER_PERSIST] != NEVER;
    if (is_window_changed || is_probing)
        window_changed(tcp, conn, is_probing, was_shut);
    return fin_acknowledged(tcp, conn);
}
