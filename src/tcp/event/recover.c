/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * recover.c: what an ACK means for loss recovery, step by step.
 *
 *     SACK blocks read ─▶ (SND.UNA moves, round trip sampled) ─▶ RACK's newest ─▶ a probe answered?
 *        ─▶ is anything dubious? undo, or end, or go on, or begin an episode
 *        ─▶ timer ─▶ window: PRR in an episode, else the algorithm grows it
 *
 *     recover_sack.c     what arrived behind a hole: SACK, DSACK, duplicate ACKs
 *     recover_loss.c     what is held lost: RACK, RFC 6675, NewReno; reordering
 *     recover_episode.c  episodes begin, go on and end
 *     recover_undo.c     ... and were needless: DSACK, Eifel, F-RTO
 *     recover_window.c   the window down (PRR) and up
 *     recover_timers.c   the timers have fired
 *     recover_send.c     departures, and the timers set
 *
 * Nothing is sent here: holes are marked, the window is set, next_segment.c does the rest.
 */
#include "recover_parts.h"

/* What the connection's recovery, if it has one, will ask of this ACK. */
static NOINLINE void note_repair(const struct tcp *tcp, const struct tcp_conn *conn,
                                 const struct recovery *recovery, struct recover_ack *ack)
{
    sent_news_init(&ack->news, &recovery->board, tcp->report.now, rtt_ns(conn->rtt.min),
                   recovery->high);
    ack->prior_una = conn->snd.una;
    ack->lost_before = recovery->lost_segs;
    ack->dsack_segs = 0;
    ack->was_lost_again = false;
}

static void note_recovery(const struct tcp *tcp, const struct tcp_conn *conn,
                          struct recovery *recovery, struct recover_ack *ack)
{
    ack->recovery = recovery;
    if (recovery != NULL)
        note_repair(tcp, conn, recovery, ack);
    else
        sent_news_clear(&ack->news);
}

void recover_begin(struct tcp *tcp, struct tcp_conn *conn, const struct segment *seg,
                   struct recover_ack *ack)
{
    const bool has_blocks = seg->sack_count > 0 && seg->options & OPTION_SACK &&
                            conn_has(conn, CONN_SACK) && conn->packets > 0;

    ack->is_advance = seq_after(seg->ack, conn->snd.una);
    ack->is_sack_news = ack->is_dsack = ack->is_dsack_of_probe = false;
    note_recovery(tcp, conn, has_blocks ? conn_need_recovery(tcp, conn) : conn_recovery(tcp, conn),
                  ack);
    if (has_blocks && ack->recovery != NULL)
        blocks_take(tcp, conn, ack->recovery, seg, ack);
}

/* RFC 5681 §2 and RFC 6675 §2: what counts as a duplicate ACK. */
static bool is_duplicate_ack(const struct tcp_conn *conn, const struct segment *seg,
                             const struct recover_ack *ack)
{
    return !ack->is_advance && seq_equal(seg->ack, conn->snd.una) && conn->packets > 0 &&
           seg->len == 0 && !ack->is_window_update && !ack->is_dsack;
}

static bool is_dubious(const struct recovery *recovery, const struct recover_ack *ack,
                       bool is_duplicate)
{
    return is_duplicate || ack->is_sack_news || ack->is_dsack || recovery->state != RECOVERY_OPEN;
}

/* The timer restarts when something was acknowledged (RFC 6298 §5.3), or sacked that was sent
 * before the first segment was (again); else SACKs would put it off for ever. */
static bool moves_timer(const struct tcp *tcp, const struct tcp_conn *conn,
                        const struct recover_ack *ack)
{
    const struct ranges *ranges = &conn->sent;
    const struct range *first;

    if (ack->news.acked.segs > 0)
        return true;
    if (!ack->is_rtt_known || !ack->news.has_once_sacked || ranges->count == 0)
        return false;
    first = ranges_first(ranges, &tcp->ranges);
    return ack->news.first_sacked_at < first->at;
}

/* RFC 6582 §3.2 step 3: "for the first partial ACK ... reset the retransmit timer". True: this one
 * leaves it alone. */
static bool is_later_partial(const struct tcp *tcp, const struct tcp_conn *conn,
                             struct recovery *recovery, const struct recover_ack *ack)
{
    bool is_later;

    if (recovery->state != RECOVERY_RECOVERY || !ack->is_advance ||
        !seq_before(conn->snd.una, recovery->high))
        return false;
    is_later = recovery->had_partial;
    recovery->had_partial = true;
    return is_later && tcp->params.impatient_newreno && !conn_has(conn, CONN_SACK);
}

static void learn_of_ack(struct tcp *tcp, struct tcp_conn *conn, struct recovery *recovery,
                         const struct segment *seg, struct recover_ack *ack)
{
    struct sent_news *news = &ack->news;

    if (!conn_has(conn, CONN_SACK)) {
        /* With what was sent again an ACK takes along what had arrived long ago behind it: no sign
         * that the original got there (RFC 5682 §2.1). */
        if (news->was_repeated)
            news->was_original = false;
        if (news->acked.segs > 0)
            duplicates_remove(tcp, conn, recovery, ack);
    } else if (news->is_reordered) {
        const struct seq fack =
            recovery->board.sacked.segs > 0
                ? seq_max(recovery->board.fack, news->had_sacked ? news->fack : conn->snd.una)
                : news->fack;

        losses_note_reordering(tcp, conn, recovery, news->reordered, fack);
    }
    if (news->has_newest)
        rack_advance(&recovery->rack, news->newest_at, news->newest_end, news->now);
    rack_update_steps(&recovery->rack, conn->snd.una, conn->snd.nxt);
    episode_judge_probe(tcp, conn, recovery, seg, ack);
}

/* What only a connection asks that has seen trouble. True: the timer starts again. */
static NOINLINE bool repair_take_ack(struct tcp *tcp, struct tcp_conn *conn,
                                     const struct segment *seg, struct recover_ack *ack,
                                     bool is_duplicate)
{
    struct recovery *recovery = ack->recovery;
    const bool was_waiting = recovery->is_waiting;
    bool is_later;

    recovery->sends_new = false;
    learn_of_ack(tcp, conn, recovery, seg, ack);
    if (is_dubious(recovery, ack, is_duplicate))
        episode_take_ack(tcp, conn, recovery, seg, ack, is_duplicate);
    if (is_dubious(recovery, ack, is_duplicate))
        conn->owe |= OWE_SEND;
    delivery_acked(conn_delivery(tcp, conn), conn->snd.una, ack->news.delivered.segs,
                   ack->news.was_repeated, rtt_ns(conn->rtt.min), tcp->report.now);
    ack->news.delivered.segs += ack->dsack_segs;
    ack->news.delivered.bytes += ack->dsack_segs * conn->mss;
    if (conn->packets == 0)
        recovery->is_waiting = false; /* all arrived: RACK has nothing left to wait for */
    is_later = is_later_partial(tcp, conn, recovery, ack);
    return !is_later && (was_waiting || moves_timer(tcp, conn, ack)) && !recovery->is_waiting;
}

/* Nothing is in flight. A DSACK may come this late, and tell that what was sent again was there
 * already; and a second ACK of a probe, that both copies of it were. */
NOINLINE void recover_late(struct tcp *tcp, struct tcp_conn *conn, const struct segment *seg,
                           bool is_window_update)
{
    struct recovery *recovery = conn_recovery(tcp, conn);
    struct recover_ack ack = {.is_window_update = is_window_update};

    if (recovery == NULL || !seq_equal(seg->ack, conn->snd.una))
        return;
    note_recovery(tcp, conn, recovery, &ack);
    blocks_take_late(conn, recovery, seg, &ack);
    if (ack.is_dsack && recovery->state <= RECOVERY_DISORDER)
        (void)undo_by_duplicates(tcp, conn, recovery);
    episode_judge_probe(tcp, conn, recovery, seg, &ack);
}

void recover_end(struct tcp *tcp, struct tcp_conn *conn, const struct segment *seg,
                 struct recover_ack *ack)
{
    const bool is_duplicate = is_duplicate_ack(conn, seg, ack);
    bool restarts_timer = ack->news.acked.segs > 0;

    if (is_duplicate) {
        report_count(&tcp->report, LASTACK_CAUSE_DROP_ACK_DUPLICATE);
        conn->owe |= OWE_SEND;
        if (ack->recovery == NULL)
            note_recovery(tcp, conn, conn_need_recovery(tcp, conn), ack);
    }
    if (ack->recovery != NULL)
        restarts_timer = repair_take_ack(tcp, conn, seg, ack, is_duplicate);
    if (restarts_timer)
        restart_timer(tcp, conn, ack->recovery, true);
    window_take_ack(tcp, conn, ack);
}
