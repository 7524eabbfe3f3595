/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * recover_undo.c: an episode turns out to have been needless, and the window is what it was.
 *
 *      DSACK         RFC 3708: the peer had each retransmission already (`undo_left` is 0)
 *      Eifel         RFC 3522: the ACK echoes a timestamp from before the first retransmission
 *      F-RTO         RFC 5682: after a timeout, something that was sent once is acknowledged
 *
 *           begin ──▶ may_undo ──▶ window_before, ssthresh_before restored, once
 *
 * Restored is never less than what there is; what was marked lost is found again where the timeout
 * itself was spurious.
 */
#include "recover_parts.h"

void undo_begin(struct tcp_conn *conn, struct recovery *recovery)
{
    recovery->undo = conn->snd.una;
    recovery->may_undo = true;
    recovery->undo_left = (int32_t)recovery->board.again.segs;
    if (recovery->has_probe && recovery->was_probe_again)
        recovery->undo_left++;
    if (recovery->undo_left == 0)
        recovery->undo_left = -1;
}

/* Eifel (RFC 3522): the ACK answers something sent before the first retransmission. */
static bool is_answer_to_original(const struct tcp_conn *conn, const struct recovery *recovery,
                                  const struct segment *seg)
{
    if (!recovery->has_retry_stamp) /* nothing was retransmitted at all, unless its stamp is gone */
        return conn_has(conn, CONN_SACK) || seq_before(conn->snd.una, recovery->high);
    return conn_has(conn, CONN_TIMESTAMP) && seg->options & OPTION_TIMESTAMP && seg->ts_echo != 0 &&
           timestamp_before(seg->ts_echo, recovery->retry_stamp);
}

static bool may_undo(const struct tcp *tcp, const struct tcp_conn *conn,
                     const struct recovery *recovery, const struct segment *seg)
{
    return tcp->params.undo && recovery->may_undo &&
           (recovery->undo_left == 0 || is_answer_to_original(conn, recovery, seg));
}

static void undo_reduction(struct tcp *tcp, struct tcp_conn *conn, struct recovery *recovery,
                           bool is_nothing_lost)
{
    const struct sent_set sent = conn_sent(tcp, conn);

    if (is_nothing_lost)
        sent_found(&sent);
    if (recovery->ssthresh_before != 0) {
        conn->cc.cwnd = max32(conn->cc.cwnd, recovery->window_before);
        conn->cc.ssthresh = max32(conn->cc.ssthresh, recovery->ssthresh_before);
    }
    recovery->may_undo = false;
    recovery->rack.is_advanced = true; /* look again */
    report_count(&tcp->report, LASTACK_CAUSE_RECOVERY_UNDONE);
}

/* The episode is over, or news came in it: was all that was sent again sent needlessly? */
bool undo_if_needless(struct tcp *tcp, struct tcp_conn *conn, struct recovery *recovery,
                      const struct segment *seg)
{
    if (!may_undo(tcp, conn, recovery, seg))
        return false;
    undo_reduction(tcp, conn, recovery, false);
    return true;
}

bool undo_by_duplicates(struct tcp *tcp, struct tcp_conn *conn, struct recovery *recovery)
{
    if (!tcp->params.undo || !recovery->may_undo || recovery->undo_left != 0)
        return false;
    undo_reduction(tcp, conn, recovery, false);
    return true;
}

/* A partial ACK that answers an original: what was overtaken was not lost. True: dealt with. */
bool undo_in_part(struct tcp *tcp, struct tcp_conn *conn, struct recovery *recovery,
                  const struct segment *seg, const struct recover_ack *ack)
{
    if (!tcp->params.undo || !recovery->may_undo || !is_answer_to_original(conn, recovery, seg))
        return false;
    losses_note_reordering(tcp, conn, recovery, ack->prior_una,
                           recovery->board.sacked.segs > 0 ? recovery->board.fack : conn->snd.una);
    if (episode_is_any_again(recovery))
        return true; /* some is under way again: mark no more */
    recovery->has_retry_stamp = false;
    undo_reduction(tcp, conn, recovery, true);
    episode_keep_open(conn, recovery);
    return false;
}

bool undo_loss(struct tcp *tcp, struct tcp_conn *conn, struct recovery *recovery,
               const struct segment *seg, bool by_frto)
{
    if (!by_frto && !may_undo(tcp, conn, recovery, seg))
        return false;
    undo_reduction(tcp, conn, recovery, true);
    conn->retries = 0;
    if (episode_is_held_open(conn, recovery))
        return true;
    if (by_frto || conn_has(conn, CONN_SACK)) {
        episode_set_state(recovery, RECOVERY_OPEN);
        recovery->has_reneged = false;
    }
    return true;
}

/* RFC 5682 §3: new data after the first retransmission tells whether the timeout was spurious.
 * True: undone, or new data is sent first. */
bool undo_by_frto(struct tcp *tcp, struct tcp_conn *conn, struct recovery *recovery,
                  const struct segment *seg, const struct recover_ack *ack, bool is_duplicate,
                  bool is_over)
{
    if (ack->news.was_original && undo_loss(tcp, conn, recovery, seg, true))
        return true; /* step 3b: something that was sent once got there */
    if (seq_after(conn->snd.max, recovery->high)) {
        if (ack->is_sack_news || is_duplicate)
            recovery->is_frto = false; /* step 3a: the loss was real */
        return false;
    }
    if (!ack->is_advance || is_over)
        return false;
    recovery->high = conn->snd.max; /* step 2b */
    if (seq_after(conn->snd.end, conn->snd.nxt) && conn->snd.wnd > conn_in_flight(conn)) {
        recovery->sends_new = true;
        return true;
    }
    recovery->is_frto = false;
    return false;
}
