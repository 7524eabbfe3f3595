/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * recover_timers.c: the timers of loss recovery have fired.
 *
 *      RETRANSMIT   all is lost, a loss window of one segment (RFC 5681 (4), RFC 6298 §5.4-5.6)
 *      LOSS         RACK's window is over (RFC 8985 §6.3), or a probe is due (§7.3)
 *
 * They are armed in recover_send.c.
 */
#include "recover_parts.h"

/* What was sent no later than this and is not acknowledged is lost. */
static int64_t lost_at_timeout(const struct tcp *tcp, const struct tcp_conn *conn,
                               const struct recovery *recovery)
{
    if (!conn_has_rack(tcp, conn) || recovery->rack.at < 0)
        return tcp->report.now;
    return tcp->report.now - (tcp->params.rack_window_at_timeout ? losses_patience(conn, recovery)
                                                                 : recovery->rack.rtt_ns);
}

static void mark_all_lost(struct tcp *tcp, struct tcp_conn *conn, struct recovery *recovery)
{
    const struct sent_set sent = conn_sent(tcp, conn);
    const struct range *first = sent_first(&sent);
    const uint32_t before = recovery->board.lost.segs;

    if (first != NULL && first->flags & SENT_SACKED) { /* RFC 2018 §8 */
        sent_reneged(&sent);
        recovery->has_reneged = true;
        sent_lost_all(&sent, tcp->report.now);
    } else {
        duplicates_forget(conn, recovery);
        sent_lost_all(&sent, lost_at_timeout(tcp, conn, recovery));
    }
    if (recovery->board.lost.segs > before)
        recovery->lost_segs += recovery->board.lost.segs - before;
}

void recover_timed_out(struct tcp *tcp, struct tcp_conn *conn)
{
    struct recovery *recovery = conn_need_recovery(tcp, conn);
    const struct cc_hooks *cc = cc_hooks(conn->cc.algorithm);
    bool is_new;

    ecn_window_came_down(&conn->ecn);
    if (recovery == NULL) { /* no room to be clever */
        if (conn->retries == 1)
            conn->cc.ssthresh = window_ssthresh(tcp, conn, NULL);
        conn->cc.cwnd = min32(conn->cc.cwnd, conn->cc.mss);
        return;
    }
    is_new = recovery->state < RECOVERY_RECOVERY;
    mark_all_lost(tcp, conn, recovery);
    /* RFC 5681 (4), once for each window of data */
    if (recovery->state <= RECOVERY_DISORDER || !seq_after(recovery->high, conn->snd.una) ||
        (recovery->state == RECOVERY_LOSS && conn->retries <= 1)) {
        recovery->ssthresh_before = window_present_ssthresh(conn, recovery);
        recovery->window_before = conn->cc.cwnd;
        conn->cc.ssthresh = window_ssthresh(tcp, conn, recovery);
        undo_begin(conn, recovery);
    }
    cc->timed_out(&conn->cc, repair_cc(recovery));
    if (conn->cc.algorithm != LASTACK_CC_NONE)
        conn->cc.cwnd = conn_pipe(tcp, conn) + conn->cc.mss; /* the loss window */
    if (recovery->state <= RECOVERY_DISORDER &&
        recovery->board.sacked.segs >= tcp->params.dupthresh)
        recovery->reordering = (uint16_t)min32(recovery->reordering, tcp->params.dupthresh);
    episode_set_state(recovery, RECOVERY_LOSS);
    recovery->high = conn->snd.max;
    recovery->has_probe = recovery->is_waiting = recovery->sends_new = false;
    recovery->was_too_big = false;
    recovery->is_frto = tcp->params.frto && (is_new || conn->retries > 1);
}

/* RACK's window is over for something. */
static void look_again(struct tcp *tcp, struct tcp_conn *conn, struct recovery *recovery)
{
    const uint32_t lost = recovery->board.lost.segs, again = recovery->board.again.segs;

    losses_find_by_time(tcp, conn, recovery);
    recovery->lost_segs += recovery->board.lost.segs - min32(lost, recovery->board.lost.segs);
    recovery->lost_segs += again - min32(again, recovery->board.again.segs);
}

void recover_loss_timer(struct tcp *tcp, struct tcp_conn *conn)
{
    struct recovery *recovery = conn_recovery(tcp, conn);
    const uint32_t pipe = conn_pipe(tcp, conn);

    if (recovery == NULL || !recovery->is_waiting) {
        if (recovery == NULL || !recovery->has_probe)
            conn->owe |= OWE_TAIL;
        conn_arm_timeout(tcp, conn, false);
        return;
    }
    recovery->is_waiting = false;
    look_again(tcp, conn, recovery);
    if (conn_pipe(tcp, conn) != pipe) {
        if (recovery->state != RECOVERY_RECOVERY && recovery->state != RECOVERY_LOSS) {
            struct recover_ack none = {.lost_before = 0};

            episode_begin(tcp, conn, recovery, NULL);
            none.news.delivered = (struct sent_amount){1, conn->cc.mss};
            window_reduce(tcp, conn, recovery, &none);
        }
        conn->owe |= OWE_SEND;
    }
    if (!recovery->is_waiting && !seq_equal(conn->snd.una, conn->snd.max))
        watch_flight(tcp, conn, recovery, false, false); /* this wait is part of the timeout */
}
