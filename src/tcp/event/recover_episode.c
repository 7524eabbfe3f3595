/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * recover_episode.c: where recovery stands (recovery.h draws the states), and what an ACK does to
 * it.
 *
 *      OPEN, DISORDER, CWR   a loss found ──▶ RECOVERY, one reduction for a window of data
 *      RECOVERY              goes on until `high` is acknowledged (RFC 6675 §5, RFC 6582 §3.2)
 *      LOSS                  entered by the timer; spurious (RFC 5682), or over at `high`
 *                            ... or because the path takes smaller segments: no reduction
 *      a probe answered      it repaired a loss: a reduction without an episode (RFC 8985 §7.4)
 */
#include "recover_parts.h"

/* DISORDER while something is sacked, lost or under way again, else OPEN. */
void episode_keep_open(struct tcp_conn *conn, struct recovery *recovery)
{
    const struct scoreboard *board = &recovery->board;
    const enum recovery_state state =
        board->sacked.segs > 0 || board->lost.segs > 0 || episode_is_any_again(recovery)
            ? RECOVERY_DISORDER
            : RECOVERY_OPEN;

    if (recovery->state == (uint8_t)state)
        return;
    episode_set_state(recovery, state);
    recovery->high = conn->snd.max;
}

/* The first hole leaves whatever the window says (RFC 5681 §3.2 step 3, RFC 6582 §3.2 step 3); PRR
 * has room for it anyway. */
static void owe_first_hole(struct tcp *tcp, struct tcp_conn *conn)
{
    const struct sent_set sent = conn_sent(tcp, conn);
    const struct range *first = sent_first(&sent);

    if (tcp->params.prr == LASTACK_PRR_OFF && first != NULL && first->flags & SENT_HOLE)
        conn->owe |= OWE_RETRANSMIT;
}

void episode_begin(struct tcp *tcp, struct tcp_conn *conn, struct recovery *recovery,
                   struct recover_ack *ack)
{
    recovery->ssthresh_before = 0;
    undo_begin(conn, recovery);
    if (!recovery_is_reducing(recovery)) {
        recovery->ssthresh_before = window_present_ssthresh(conn, recovery);
        window_begin_reduction(tcp, conn, recovery);
        if (ack != NULL && tcp->params.prr == LASTACK_PRR_RFC9937)
            /* §6.1: what this ACK delivered was in flight when the loss happened */
            recovery->prr.base += conn_charge(tcp, conn, ack->news.delivered);
    }
    episode_set_state(recovery, RECOVERY_RECOVERY);
    recovery->had_partial = false;
    owe_first_hole(tcp, conn);
    report_count(&tcp->report, LASTACK_CAUSE_FAST_RETRANSMIT);
}

/* Without SACK the end of an episode waits until something above it is acknowledged: duplicates of
 * it may still come (RFC 6582 §3.2 step 1). */
bool episode_is_held_open(const struct tcp_conn *conn, struct recovery *recovery)
{
    if (conn_has(conn, CONN_SACK) || !seq_equal(conn->snd.una, recovery->high))
        return false;
    if (!episode_is_any_again(recovery))
        recovery->has_retry_stamp = false;
    return true;
}

/* The episode is over. True: but its state is held. */
static bool finish_recovery(struct tcp *tcp, struct tcp_conn *conn, struct recovery *recovery,
                            const struct segment *seg)
{
    if (!undo_if_needless(tcp, conn, recovery, seg))
        rack_recovered(&recovery->rack);
    if (episode_is_held_open(conn, recovery))
        return true;
    episode_set_state(recovery, RECOVERY_OPEN);
    recovery->has_reneged = false;
    return false;
}

static void in_loss(struct tcp *tcp, struct tcp_conn *conn, struct recovery *recovery,
                    const struct segment *seg, struct recover_ack *ack, bool is_duplicate)
{
    const bool is_over = !seq_before(conn->snd.una, recovery->high);

    if (ack->is_advance && undo_loss(tcp, conn, recovery, seg, false))
        return;
    if (recovery->is_frto && undo_by_frto(tcp, conn, recovery, seg, ack, is_duplicate, is_over))
        return;
    if (is_over) {
        (void)finish_recovery(tcp, conn, recovery, seg);
        return;
    }
    if (conn_has(conn, CONN_SACK))
        return;
    if (seq_after(conn->snd.max, recovery->high) && is_duplicate)
        duplicates_add(tcp, conn, recovery, ack);
    else if (ack->is_advance)
        duplicates_forget(conn, recovery);
}

/* True: nothing more to do. */
static bool end_episode(struct tcp *tcp, struct tcp_conn *conn, struct recovery *recovery,
                        const struct segment *seg)
{
    if (recovery->state == RECOVERY_OPEN) {
        recovery->has_retry_stamp = false;
        return false;
    }
    if (seq_before(conn->snd.una, recovery->high))
        return false;
    if (recovery->state == RECOVERY_CWR && !seq_equal(conn->snd.una, recovery->high)) {
        window_end_reduction(conn, recovery);
        episode_set_state(recovery, RECOVERY_OPEN);
    } else if (recovery->state == RECOVERY_RECOVERY) {
        duplicates_forget(conn, recovery);
        if (finish_recovery(tcp, conn, recovery, seg))
            return true;
        window_end_reduction(conn, recovery);
    }
    return false;
}

void episode_take_ack(struct tcp *tcp, struct tcp_conn *conn, struct recovery *recovery,
                      const struct segment *seg, struct recover_ack *ack, bool is_duplicate)
{
    if (end_episode(tcp, conn, recovery, seg))
        return;
    switch ((enum recovery_state)recovery->state) {
    case RECOVERY_RECOVERY:
        if (!ack->is_advance) {
            if (!conn_has(conn, CONN_SACK) && is_duplicate)
                duplicates_add(tcp, conn, recovery, ack);
        } else if (undo_in_part(tcp, conn, recovery, seg, ack)) {
            return;
        }
        if (undo_by_duplicates(tcp, conn, recovery))
            episode_keep_open(conn, recovery);
        ack->was_lost_again = losses_find(tcp, conn, recovery, ack);
        if (recovery->state == RECOVERY_RECOVERY && ack->is_advance)
            owe_first_hole(tcp, conn);
        if (recovery->state == RECOVERY_RECOVERY || recovery->board.lost.segs == 0)
            return;
        break;
    case RECOVERY_LOSS:
        in_loss(tcp, conn, recovery, seg, ack, is_duplicate);
        ack->was_lost_again = losses_find(tcp, conn, recovery, ack);
        if (recovery->state != RECOVERY_OPEN && !ack->was_lost_again)
            return;
        if (recovery->board.lost.segs == 0) {
            if (recovery->state == RECOVERY_OPEN)
                episode_keep_open(conn, recovery);
            return;
        }
        break;
    case RECOVERY_OPEN:
    case RECOVERY_DISORDER:
    case RECOVERY_CWR:
        if (!conn_has(conn, CONN_SACK)) {
            if (ack->is_advance)
                duplicates_forget(conn, recovery);
            if (is_duplicate)
                duplicates_add(tcp, conn, recovery, ack);
        }
        if (recovery->state <= RECOVERY_DISORDER)
            (void)undo_by_duplicates(tcp, conn, recovery);
        ack->was_lost_again = losses_find(tcp, conn, recovery, ack);
        if (recovery->board.lost.segs == 0) {
            if (!episode_is_any_again(recovery))
                recovery->has_retry_stamp = false;
            if (recovery->state != RECOVERY_CWR)
                episode_keep_open(conn, recovery);
            return;
        }
        break;
    }
    episode_begin(tcp, conn, recovery, ack);
}

void episode_judge_probe(struct tcp *tcp, struct tcp_conn *conn, struct recovery *recovery,
                         const struct segment *seg, const struct recover_ack *ack)
{
    if (!recovery->has_probe || seq_before(seg->ack, recovery->probe_end))
        return;
    if (!recovery->was_probe_again || ack->is_dsack_of_probe) {
        recovery->has_probe = false;
    } else if (seq_after(seg->ack, recovery->probe_end)) {
        /* the probe repaired a loss: one congestion response */
        window_begin_reduction(tcp, conn, recovery);
        recovery->may_undo = false; /* an earlier episode's proof says nothing of this */
        episode_set_state(recovery, RECOVERY_CWR);
        window_end_reduction(conn, recovery);
        episode_keep_open(conn, recovery);
    } else if (!ack->is_advance && seg->len == 0 && !ack->is_window_update && !ack->is_sack_news) {
        recovery->has_probe = false; /* a plain duplicate: both copies arrived */
    }
}

/* As Linux does it (tcp_simple_retransmit): an episode without a reduction, that nothing undoes. In
 * an episode that runs the segments are lost once more, and it stays what it is. */
void recover_path_shrank(struct tcp *tcp, struct tcp_conn *conn, uint32_t old_mss)
{
    struct recovery *recovery = conn_need_recovery(tcp, conn);

    if (recovery == NULL) {
        conn->owe |= conn->mss < old_mss ? OWE_RETRANSMIT : 0;
        return;
    }
    if (!losses_find_too_large(tcp, conn, recovery, old_mss))
        return;
    conn->owe |= OWE_SEND;
    if (recovery->state == RECOVERY_LOSS)
        return;
    conn->cc.ssthresh = window_present_ssthresh(conn, recovery);
    recovery->ssthresh_before = 0;
    recovery->high = conn->snd.max;
    recovery->may_undo = recovery->is_frto = recovery->sends_new = recovery->has_probe = false;
    recovery->was_too_big = true;
    episode_set_state(recovery, RECOVERY_LOSS);
}

NOINLINE void recover_congestion_echoed(struct tcp *tcp, struct tcp_conn *conn)
{
    struct recovery *recovery = conn_need_recovery(tcp, conn);

    if (recovery == NULL ? (conn->ecn & ECN_OWES_CWR) != 0 : recovery->state > RECOVERY_DISORDER)
        return;
    report_count(&tcp->report, LASTACK_CAUSE_ECN_ECHO);
    if (recovery != NULL) {
        window_begin_reduction(tcp, conn, recovery);
        recovery->may_undo = false; /* a mark is no guess */
        episode_set_state(recovery, RECOVERY_CWR);
        return;
    }
    conn->cc.ssthresh = window_ssthresh(tcp, conn, NULL);
    conn->cc.cwnd = min32(conn->cc.cwnd, conn->cc.ssthresh);
    ecn_window_came_down(&conn->ecn);
}
