/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * recover.c: what an ACK means for loss recovery.
 *
 *     SACK blocks read ─▶ (SND.UNA moves, round trip sampled) ─▶ RACK's newest ─▶ a probe answered?
 *        ─▶ is anything dubious? undo, or end, or go on, or begin an episode
 *        ─▶ timer ─▶ window: PRR in an episode, else the algorithm grows it
 *
 * Exactly one way of noticing losses is in force for a connection (RFC 8985 §9.2): RACK, RFC 6675's
 * counting, or, without SACK, duplicate ACKs (then `sacked` counts them: each tells of one segment
 * that has left the network).
 *
 * Nothing is sent here: holes are marked, the window is set, next_segment.c does the rest.
 */
#include "recover.h"

static bool has_rack(const struct tcp *tcp, const struct tcp_conn *conn)
{
    return conn_has(conn, CONN_SACK) && tcp->params.loss_detection == LASTACK_LOSS_RACK;
}

static uint32_t unit_of(const struct tcp *tcp, const struct tcp_conn *conn)
{
    return tcp->params.cwnd_counts_segs ? conn->cc.mss : 1;
}

uint32_t conn_pipe(const struct tcp *tcp, const struct tcp_conn *conn)
{
    const struct sent_amount out = {conn->packets, conn_in_flight(conn)};
    const struct recovery *recovery = conn_recovery(tcp, conn);
    uint32_t used, free;

    if (recovery == NULL)
        return conn_charge(tcp, conn, out);
    used = conn_charge(tcp, conn, out) + conn_charge(tcp, conn, recovery->board.again);
    free = conn_charge(tcp, conn, recovery->board.sacked) +
           conn_charge(tcp, conn, recovery->board.lost);
    return used > free ? used - free : 0;
}

/* ---- SACK blocks ---- */

/* RFC 2883 §4: the first block tells of a duplicate when it lies below the ACK, or inside the
 * second block. */
static bool is_duplicate_block(const struct segment *seg)
{
    const struct sack_block *first = &seg->sack[0], *second = &seg->sack[1];

    if (seq_before(first->from, seg->ack))
        return true;
    return seg->sack_count > 1 && !seq_before(first->from, second->from) &&
           !seq_after(first->to, second->to);
}

static void take_duplicate_block(struct tcp_conn *conn, struct recovery *recovery,
                                 const struct segment *seg, struct recover_ack *ack)
{
    const struct sack_block *block = &seg->sack[0];
    const uint32_t length = seq_distance(block->from, block->to);

    if (!seq_before(block->from, block->to) || length > conn->snd.wnd_max + conn->mss ||
        seq_after(block->to, conn->snd.max))
        return;
    ack->dsack_segs = (length + conn->mss - 1) / conn->mss;
    if (recovery->has_probe && recovery->was_probe_again && ack->dsack_segs == 1 &&
        seq_equal(block->to, recovery->probe_end))
        ack->is_dsack_of_probe = true;
    recovery->dsack_dups += ack->dsack_segs;
    if (recovery->dsack_dups > recovery->again_segs) {
        ack->dsack_segs = 0; /* duplicated by the network */
        return;
    }
    ack->is_dsack = true;
    if (recovery->reordering_seen > 0 && !ack->is_dsack_of_probe)
        recovery->rack.was_dsack = true;
    if (recovery->may_undo && recovery->undo_left > 0 && seq_after(block->to, recovery->undo))
        recovery->undo_left -= (int32_t)min32(ack->dsack_segs, (uint32_t)recovery->undo_left);
}

/* In ascending order, so that the highest block is seen last. */
static unsigned sorted_blocks(const struct segment *seg, unsigned first,
                              struct sack_block blocks[SEGMENT_SACK_MAX])
{
    unsigned count = 0;

    for (unsigned i = first; i < seg->sack_count; i++) {
        unsigned at = count++;

        for (; at > 0 && seq_before(seg->sack[i].from, blocks[at - 1].from); at--)
            blocks[at] = blocks[at - 1];
        blocks[at] = seg->sack[i];
    }
    return count;
}

/* RFC 2018 §5: blocks that cannot be are not believed. */
static void take_blocks(struct tcp *tcp, struct tcp_conn *conn, struct recovery *recovery,
                        const struct segment *seg, struct recover_ack *ack)
{
    const struct sent_set sent = conn_sent(tcp, conn);
    struct sack_block blocks[SEGMENT_SACK_MAX];
    const bool is_duplicate = is_duplicate_block(seg);
    unsigned count;

    if (is_duplicate)
        take_duplicate_block(conn, recovery, seg, ack);
    count = sorted_blocks(seg, is_duplicate ? 1 : 0, blocks);
    for (unsigned i = 0; i < count; i++) {
        const struct sack_block *block = &blocks[i];

        if (!seq_before(block->from, block->to) || seq_after(block->to, conn->snd.max) ||
            seq_before(block->from, conn->snd.una))
            continue;
        if (sent_sacked(&sent, block->from, block->to, &ack->news))
            ack->is_sack_news = true;
    }
}

void recover_begin(struct tcp *tcp, struct tcp_conn *conn, const struct segment *seg,
                   struct recover_ack *ack)
{
    struct recovery *recovery = conn_recovery(tcp, conn);
    const bool has_blocks = seg->options & OPTION_SACK && seg->sack_count > 0 &&
                            conn_has(conn, CONN_SACK) && conn->packets > 0;

    if (has_blocks)
        recovery = conn_need_recovery(tcp, conn);
    *ack = (struct recover_ack){
        .prior_una = conn->snd.una,
        .in_flight = conn_pipe(tcp, conn),
        .lost_before = recovery == NULL ? 0 : recovery->lost_segs,
        .is_advance = seq_after(seg->ack, conn->snd.una),
        .is_old = seq_before(seg->ack, conn->snd.una),
        .has_text = seg->text_length > 0 || seg->flags & (LASTACK_SYN | LASTACK_FIN),
    };
    sent_news_init(&ack->news, recovery == NULL ? NULL : &recovery->board, tcp->report.now,
                   rtt_ns(conn->rtt.min), recovery == NULL ? conn->snd.una : recovery->high);
    if (has_blocks && recovery != NULL)
        take_blocks(tcp, conn, recovery, seg, ack);
}

/* ---- reordering ---- */

/* Something arrived from `from` on after what was sent later, up to `fack`, had. */
static void note_reordering(const struct tcp *tcp, struct tcp_conn *conn,
                            struct recovery *recovery, struct seq from, struct seq fack)
{
    const uint32_t bytes = seq_after(fack, from) ? seq_distance(from, fack) : 0;
    const uint32_t segs = (bytes + conn->mss - 1) / conn->mss;

    if (bytes == 0)
        return;
    if (bytes > (uint32_t)recovery->reordering * conn->mss)
        recovery->reordering = (uint16_t)min32(segs, tcp->params.reordering_max);
    recovery->reordering_seen++;
}

/* ---- without SACK: each duplicate ACK is one segment that arrived somewhere ---- */

/* There cannot be more duplicates than segments behind the hole: then it was overtaking. */
static void limit_duplicates(const struct tcp *tcp, struct tcp_conn *conn,
                             struct recovery *recovery, uint32_t more)
{
    struct scoreboard *board = &recovery->board;
    const uint32_t holes = min32(max32(board->lost.segs, 1), conn->packets);

    if (board->sacked.segs + holes <= conn->packets)
        return;
    board->sacked.segs = conn->packets - holes;
    recovery->reordering =
        (uint16_t)min32(conn->packets + more, tcp->params.reordering_max);
    recovery->reordering_seen++;
}

static void set_duplicates(struct tcp_conn *conn, struct recovery *recovery)
{
    recovery->board.sacked.bytes =
        min32(recovery->board.sacked.segs * conn->mss, conn_in_flight(conn));
}

static void add_duplicate(const struct tcp *tcp, struct tcp_conn *conn,
                          struct recovery *recovery, struct recover_ack *ack)
{
    const uint32_t before = recovery->board.sacked.segs;

    /* RFC 9937 §6.2: no more arrived in an episode than was in flight when it began */
    if (tcp->params.prr == LASTACK_PRR_RFC9937 && recovery_is_reducing(recovery) &&
        recovery->prr.delivered >= recovery->prr.base)
        return;
    recovery->board.sacked.segs++;
    limit_duplicates(tcp, conn, recovery, 0);
    set_duplicates(conn, recovery);
    if (recovery->board.sacked.segs > before) {
        ack->news.delivered.segs++;
        ack->news.delivered.bytes += conn->mss;
    }
}

/* One ACK acknowledged the hole; the rest of what it acknowledged had made duplicates. */
static void remove_duplicates(const struct tcp *tcp, struct tcp_conn *conn,
                              struct recovery *recovery, struct recover_ack *ack)
{
    const uint32_t acked = ack->news.acked.segs, sacked = recovery->board.sacked.segs;

    if (acked > 0) {
        ack->news.delivered.segs = acked > sacked ? acked - sacked : 1;
        ack->news.delivered.bytes =
            min32(ack->news.delivered.segs * conn->mss, ack->news.acked.bytes);
        recovery->board.sacked.segs = sacked - min32(acked - 1, sacked);
    }
    limit_duplicates(tcp, conn, recovery, acked);
    set_duplicates(conn, recovery);
}

static void forget_duplicates(const struct tcp_conn *conn, struct recovery *recovery)
{
    if (!conn_has(conn, CONN_SACK))
        recovery->board.sacked = (struct sent_amount){0, 0};
}

/* ---- losses ---- */

static void find_by_time(struct tcp *tcp, struct tcp_conn *conn, struct recovery *recovery)
{
    const struct sent_set sent = conn_sent(tcp, conn);
    const struct rack_view view = {
        .rtt_min_ns = rtt_ns(conn->rtt.min),
        .srtt_ns = rtt_smoothed(&conn->rtt),
        .is_eager = recovery->reordering_seen == 0 &&
                    (recovery->state >= RECOVERY_RECOVERY ||
                     recovery->board.sacked.segs >= recovery->reordering),
    };
    const int64_t patience = recovery->rack.rtt_ns + rack_window(&recovery->rack, &view);
    int64_t doubt;

    recovery->is_waiting = false;
    doubt = sent_lost_by_time(&sent, recovery->rack.at, recovery->rack.end,
                              tcp->report.now - patience);
    if (doubt == NEVER)
        return;
    recovery->is_waiting = true;
    conn_stop_deadline(conn, LASTACK_TIMER_RETRANSMIT, &tcp->report);
    conn_set_deadline(conn, LASTACK_TIMER_LOSS,
                      max64(doubt + patience, tcp->report.now) + LOSS_TIMER_MIN_NS, &tcp->report);
}

static void find_without_sack(struct tcp *tcp, struct tcp_conn *conn, struct recovery *recovery,
                              bool is_advance)
{
    const struct sent_set sent = conn_sent(tcp, conn);

    if (recovery->state < RECOVERY_RECOVERY
            ? recovery->board.sacked.segs >= recovery->reordering
            : recovery->state == RECOVERY_RECOVERY && is_advance)
        conn->packets += sent_lost_first(&sent);
}

static void find_by_sack(struct tcp *tcp, struct tcp_conn *conn, struct recovery *recovery,
                         bool is_advance)
{
    const struct sent_set sent = conn_sent(tcp, conn);

    sent_lost_by_sack(&sent, recovery->reordering);
    /* small segments: so many duplicates are enough too; a partial ACK uncovers the next hole */
    if (recovery->state < RECOVERY_RECOVERY
            ? recovery->board.sacked.segs >= recovery->reordering
            : recovery->state == RECOVERY_RECOVERY && is_advance &&
                  recovery->board.lost.segs == 0)
        conn->packets += sent_lost_first(&sent);
}

/* Looks for losses. True: a retransmission was found lost. */
static bool find_losses(struct tcp *tcp, struct tcp_conn *conn, struct recovery *recovery,
                        const struct recover_ack *ack)
{
    const uint32_t lost = recovery->board.lost.segs, again = recovery->board.again.segs;

    if (conn->packets == 0)
        return false;
    if (!conn_has(conn, CONN_SACK)) {
        find_without_sack(tcp, conn, recovery, ack->is_advance);
    } else if (!has_rack(tcp, conn)) {
        find_by_sack(tcp, conn, recovery, ack->is_advance);
    } else if (recovery->rack.is_advanced) {
        recovery->rack.is_advanced = false;
        find_by_time(tcp, conn, recovery);
    }
    if (recovery->board.lost.segs > lost)
        recovery->lost_segs += recovery->board.lost.segs - lost;
    if (recovery->board.again.segs >= again)
        return false;
    recovery->lost_segs += again - recovery->board.again.segs;
    return true;
}

/* ---- episodes ---- */

static void set_state(struct recovery *recovery, enum recovery_state state)
{
    recovery->state = (uint8_t)state;
}

static bool is_any_again(const struct recovery *recovery)
{
    return recovery->board.again.segs > 0;
}

/* DISORDER while something is sacked, lost or under way again, else OPEN. */
static void keep_open(struct tcp_conn *conn, struct recovery *recovery)
{
    const struct scoreboard *board = &recovery->board;
    const enum recovery_state state =
        board->sacked.segs > 0 || board->lost.segs > 0 || is_any_again(recovery)
            ? RECOVERY_DISORDER
            : RECOVERY_OPEN;

    if (recovery->state == (uint8_t)state)
        return;
    set_state(recovery, state);
    recovery->high = conn->snd.max;
}

static uint32_t reduction_from(const struct tcp *tcp, const struct tcp_conn *conn)
{
    return tcp->params.ssthresh_from_cwnd ? conn->cc.cwnd : conn_in_flight(conn);
}

static void begin_undo(struct tcp_conn *conn, struct recovery *recovery)
{
    recovery->undo = conn->snd.una;
    recovery->may_undo = true;
    recovery->undo_left = (int32_t)recovery->board.again.segs;
    if (recovery->has_probe && recovery->was_probe_again)
        recovery->undo_left++;
    if (recovery->undo_left == 0)
        recovery->undo_left = -1;
}

/* What ssthresh would be if nothing had happened: growth in congestion avoidance counts. */
static uint32_t present_ssthresh(const struct tcp_conn *conn, const struct recovery *recovery)
{
    if (recovery_is_reducing(recovery) || conn->cc.cwnd < conn->cc.ssthresh)
        return conn->cc.ssthresh;
    return max32(conn->cc.ssthresh, conn->cc.cwnd / 2 + conn->cc.cwnd / 4);
}

/* One reduction per window of data (RFC 5681 §3.2, RFC 6675 §5 step 4.2, RFC 3168 §6.1.2). */
static void begin_reduction(struct tcp *tcp, struct tcp_conn *conn, struct recovery *recovery)
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

        base = conn_charge(tcp, conn, (struct sent_amount){conn->packets, conn_in_flight(conn)});
        base = base > sacked ? base - sacked : 0;
    }
    prr_begin(&recovery->prr, max32(base, 1));
    conn->cc.ssthresh =
        cc_hooks(conn->cc.algorithm)->reduced(&conn->cc, repair_cc(recovery), from);
    if (tcp->params.prr == LASTACK_PRR_OFF)
        conn->cc.cwnd = conn->cc.ssthresh;
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

static void begin_recovery(struct tcp *tcp, struct tcp_conn *conn, struct recovery *recovery,
                           struct recover_ack *ack)
{
    recovery->ssthresh_before = 0;
    begin_undo(conn, recovery);
    if (!recovery_is_reducing(recovery)) {
        recovery->ssthresh_before = present_ssthresh(conn, recovery);
        begin_reduction(tcp, conn, recovery);
        if (ack != NULL && tcp->params.prr == LASTACK_PRR_RFC9937)
            /* §6.1: what this ACK delivered was in flight when the loss happened */
            recovery->prr.base += conn_charge(tcp, conn, ack->news.delivered);
    }
    set_state(recovery, RECOVERY_RECOVERY);
    recovery->had_partial = false;
    owe_first_hole(tcp, conn);
    report_count(&tcp->report, LASTACK_CAUSE_FAST_RETRANSMIT);
}

static void end_reduction(struct tcp_conn *conn, const struct recovery *recovery)
{
    if (conn->cc.ssthresh != CC_INFINITE &&
        (recovery->state == RECOVERY_CWR || recovery->may_undo))
        conn->cc.cwnd = conn->cc.ssthresh; /* RFC 9937 §6.4 */
}

/* ---- undo ---- */

/* Eifel (RFC 3522): the ACK answers something sent before the first retransmission. */
static bool is_answer_to_original(const struct tcp_conn *conn, const struct recovery *recovery,
                                  const struct segment *seg)
{
    if (!recovery->has_retry_stamp) /* nothing was retransmitted at all, unless its stamp is gone */
        return conn_has(conn, CONN_SACK) || seq_before(conn->snd.una, recovery->high);
    return conn_has(conn, CONN_TIMESTAMP) && seg->options & OPTION_TIMESTAMP &&
           seg->ts_echo != 0 && timestamp_before(seg->ts_echo, recovery->retry_stamp);
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

/* Without SACK the end of an episode waits until something above it is acknowledged: duplicates of
 * it may still come (RFC 6582 §3.2 step 1). */
static bool is_held_open(const struct tcp_conn *conn, struct recovery *recovery)
{
    if (conn_has(conn, CONN_SACK) || !seq_equal(conn->snd.una, recovery->high))
        return false;
    if (!is_any_again(recovery))
        recovery->has_retry_stamp = false;
    return true;
}

/* The episode is over. True: but its state is held. */
static bool finish_recovery(struct tcp *tcp, struct tcp_conn *conn, struct recovery *recovery,
                            const struct segment *seg)
{
    if (may_undo(tcp, conn, recovery, seg))
        undo_reduction(tcp, conn, recovery, false);
    else
        rack_recovered(&recovery->rack);
    if (is_held_open(conn, recovery))
        return true;
    set_state(recovery, RECOVERY_OPEN);
    recovery->has_reneged = false;
    return false;
}

static bool undo_by_duplicates(struct tcp *tcp, struct tcp_conn *conn, struct recovery *recovery)
{
    if (!tcp->params.undo || !recovery->may_undo || recovery->undo_left != 0)
        return false;
    undo_reduction(tcp, conn, recovery, false);
    return true;
}

/* A partial ACK that answers an original: what was overtaken was not lost. True: dealt with. */
static bool undo_in_part(struct tcp *tcp, struct tcp_conn *conn, struct recovery *recovery,
                         const struct segment *seg, const struct recover_ack *ack)
{
    if (!tcp->params.undo || !recovery->may_undo || !is_answer_to_original(conn, recovery, seg))
        return false;
    note_reordering(tcp, conn, recovery, ack->prior_una,
                    recovery->board.sacked.segs > 0 ? recovery->board.fack : conn->snd.una);
    if (is_any_again(recovery))
        return true; /* some is under way again: mark no more */
    recovery->has_retry_stamp = false;
    undo_reduction(tcp, conn, recovery, true);
    keep_open(conn, recovery);
    return false;
}

static bool undo_loss(struct tcp *tcp, struct tcp_conn *conn, struct recovery *recovery,
                      const struct segment *seg, bool by_frto)
{
    if (!by_frto && !may_undo(tcp, conn, recovery, seg))
        return false;
    undo_reduction(tcp, conn, recovery, true);
    conn->retries = 0;
    if (is_held_open(conn, recovery))
        return true;
    if (by_frto || conn_has(conn, CONN_SACK)) {
        set_state(recovery, RECOVERY_OPEN);
        recovery->has_reneged = false;
    }
    return true;
}

/* RFC 5682 §3: new data after the first retransmission tells whether the timeout was spurious.
 * True: undone, or new data is sent first. */
static bool judge_timeout(struct tcp *tcp, struct tcp_conn *conn, struct recovery *recovery,
                          const struct segment *seg, const struct recover_ack *ack,
                          bool is_duplicate, bool is_over)
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

static void in_loss(struct tcp *tcp, struct tcp_conn *conn, struct recovery *recovery,
                    const struct segment *seg, struct recover_ack *ack, bool is_duplicate)
{
    const bool is_over = !seq_before(conn->snd.una, recovery->high);

    if (ack->is_advance && undo_loss(tcp, conn, recovery, seg, false))
        return;
    if (recovery->is_frto &&
        judge_timeout(tcp, conn, recovery, seg, ack, is_duplicate, is_over))
        return;
    if (is_over) {
        (void)finish_recovery(tcp, conn, recovery, seg);
        return;
    }
    if (conn_has(conn, CONN_SACK))
        return;
    if (seq_after(conn->snd.max, recovery->high) && is_duplicate)
        add_duplicate(tcp, conn, recovery, ack);
    else if (ack->is_advance)
        forget_duplicates(conn, recovery);
}

/* ---- the ACK is dubious, or an episode runs ---- */

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
        end_reduction(conn, recovery);
        set_state(recovery, RECOVERY_OPEN);
    } else if (recovery->state == RECOVERY_RECOVERY) {
        forget_duplicates(conn, recovery);
        if (finish_recovery(tcp, conn, recovery, seg))
            return true;
        end_reduction(conn, recovery);
    }
    return false;
}

static void alert(struct tcp *tcp, struct tcp_conn *conn, struct recovery *recovery,
                  const struct segment *seg, struct recover_ack *ack, bool is_duplicate)
{
    if (end_episode(tcp, conn, recovery, seg))
        return;
    switch ((enum recovery_state)recovery->state) {
    case RECOVERY_RECOVERY:
        if (!ack->is_advance) {
            if (!conn_has(conn, CONN_SACK) && is_duplicate)
                add_duplicate(tcp, conn, recovery, ack);
        } else if (undo_in_part(tcp, conn, recovery, seg, ack)) {
            return;
        }
        if (undo_by_duplicates(tcp, conn, recovery))
            keep_open(conn, recovery);
        ack->was_lost_again = find_losses(tcp, conn, recovery, ack);
        if (recovery->state == RECOVERY_RECOVERY && ack->is_advance)
            owe_first_hole(tcp, conn);
        if (recovery->state == RECOVERY_RECOVERY || recovery->board.lost.segs == 0)
            return;
        break;
    case RECOVERY_LOSS:
        in_loss(tcp, conn, recovery, seg, ack, is_duplicate);
        ack->was_lost_again = find_losses(tcp, conn, recovery, ack);
        if (recovery->state != RECOVERY_OPEN && !ack->was_lost_again)
            return;
        if (recovery->board.lost.segs == 0) {
            if (recovery->state == RECOVERY_OPEN)
                keep_open(conn, recovery);
            return;
        }
        break;
    case RECOVERY_OPEN:
    case RECOVERY_DISORDER:
    case RECOVERY_CWR:
        if (!conn_has(conn, CONN_SACK)) {
            if (ack->is_advance)
                forget_duplicates(conn, recovery);
            if (is_duplicate)
                add_duplicate(tcp, conn, recovery, ack);
        }
        if (recovery->state <= RECOVERY_DISORDER)
            (void)undo_by_duplicates(tcp, conn, recovery);
        ack->was_lost_again = find_losses(tcp, conn, recovery, ack);
        if (recovery->board.lost.segs == 0) {
            if (!is_any_again(recovery))
                recovery->has_retry_stamp = false;
            if (recovery->state != RECOVERY_CWR)
                keep_open(conn, recovery);
            return;
        }
        break;
    }
    begin_recovery(tcp, conn, recovery, ack);
}

/* ---- a tail loss probe was answered: RFC 8985 §7.4 ---- */

static void judge_probe(struct tcp *tcp, struct tcp_conn *conn, struct recovery *recovery,
                        const struct segment *seg, const struct recover_ack *ack)
{
    if (!recovery->has_probe || seq_before(seg->ack, recovery->probe_end))
        return;
    if (!recovery->was_probe_again || ack->is_dsack_of_probe) {
        recovery->has_probe = false;
    } else if (seq_after(seg->ack, recovery->probe_end)) {
        /* the probe repaired a loss: one congestion response */
        begin_reduction(tcp, conn, recovery);
        set_state(recovery, RECOVERY_CWR);
        end_reduction(conn, recovery);
        keep_open(conn, recovery);
    } else if (!ack->is_advance && !ack->has_text && !ack->is_window_update &&
               !ack->is_sack_news) {
        recovery->has_probe = false; /* a plain duplicate: both copies arrived */
    }
}

/* ---- the window ---- */

static void reduce_window(struct tcp *tcp, struct tcp_conn *conn, struct recovery *recovery,
                          const struct recover_ack *ack)
{
    const uint32_t pipe = conn_pipe(tcp, conn);
    const struct prr_ack prr = {
        .in_flight = pipe,
        .ssthresh = conn->cc.ssthresh,
        .mss = conn->cc.mss,
        .delivered = conn_charge(tcp, conn, ack->news.delivered),
        .unit = unit_of(tcp, conn),
        .is_safe = ack->is_advance && recovery->lost_segs == ack->lost_before,
    };

    if (tcp->params.prr == LASTACK_PRR_OFF || prr.delivered == 0)
        return;
    conn->cc.cwnd = pipe + prr_budget(&recovery->prr, &prr);
}

static void grow_window(struct tcp *tcp, struct tcp_conn *conn, struct recovery *recovery,
                        const struct recover_ack *ack)
{
    const struct lastack_params *params = &tcp->params;
    struct recovery *const own = conn->cc.cwnd >= conn->cc.ssthresh
                                     ? conn_need_recovery(tcp, conn)
                                     : recovery; /* out of slow start, CUBIC needs its state */
    const bool is_after_timeout = recovery != NULL && recovery->state == RECOVERY_LOSS;
    const uint32_t limit = params->slow_start_limit;
    const struct cc_ack grown = {
        .acked = conn_charge(tcp, conn, ack->news.delivered),
        .in_flight = ack->in_flight,
        .una = conn->snd.una,
        .nxt = conn->snd.nxt,
        .now = tcp->report.now,
        .rtt_ns = ack->news.last_at != NEVER ? tcp->report.now - ack->news.last_at : 0,
        .rtt_min_ns = rtt_ns(conn->rtt.min),
        .srtt_ns = rtt_smoothed(&conn->rtt),
        .most_out = conn->window_use.most,
        .limit = limit == 0 ? CC_INFINITE
                            : (is_after_timeout ? 1 : limit) * conn->cc.mss, /* RFC 3465 §2.3 */
        .hystart = params->hystart,
        .was_limited = conn_has(conn, CONN_WAS_LIMITED),
    };

    if (grown.acked > 0)
        cc_hooks(conn->cc.algorithm)
            ->on_ack(&conn->cc, repair_cc(own), &grown);
}

/* Growth follows data acknowledged in order; where much reordering was seen, any that arrived. */
static bool may_grow(const struct tcp *tcp, const struct recovery *recovery,
                     const struct recover_ack *ack)
{
    if (ack->news.acked.segs > 0)
        return true;
    return recovery != NULL && recovery->reordering > tcp->params.dupthresh &&
           ack->news.delivered.segs > 0;
}

/* RFC 5681 §2 and RFC 6675 §2: what counts as a duplicate ACK. */
static bool is_duplicate_ack(const struct tcp_conn *conn, const struct recover_ack *ack)
{
    return !ack->is_advance && !ack->has_text && !ack->is_window_update && !ack->is_dsack &&
           !ack->is_old && conn->packets > 0;
}

static bool is_dubious(const struct recovery *recovery, const struct recover_ack *ack,
                       bool is_duplicate)
{
    return is_duplicate || ack->is_sack_news || ack->is_dsack ||
           (recovery != NULL && recovery->state != RECOVERY_OPEN);
}

/* The timer restarts when something was acknowledged (RFC 6298 §5.3), or sacked that was sent
 * after the first segment was. */
static bool moves_timer(const struct tcp *tcp, const struct tcp_conn *conn,
                        const struct recover_ack *ack)
{
    const struct ranges *ranges = &conn->sent;
    const struct range *first;

    if (ack->news.acked.segs > 0)
        return true;
    if (!ack->is_rtt_known || ack->news.first_sacked_at == NEVER || ranges->count == 0)
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

    if (recovery == NULL || recovery->state != RECOVERY_RECOVERY || !ack->is_advance ||
        !seq_before(conn->snd.una, recovery->high))
        return false;
    is_later = recovery->had_partial;
    recovery->had_partial = true;
    return is_later && tcp->params.impatient_newreno && !conn_has(conn, CONN_SACK);
}

static void learn_of_ack(struct tcp *tcp, struct tcp_conn *conn, struct recovery *recovery,
                         const struct segment *seg, struct recover_ack *ack)
{
    const struct sent_news *news = &ack->news;

    if (!conn_has(conn, CONN_SACK)) {
        if (news->acked.segs > 0)
            remove_duplicates(tcp, conn, recovery, ack);
    } else if (news->is_reordered) {
        const struct seq fack =
            recovery->board.sacked.segs > 0
                ? seq_max(recovery->board.fack, news->had_sacked ? news->fack : conn->snd.una)
                : news->fack;

        note_reordering(tcp, conn, recovery, news->reordered, fack);
    }
    if (news->newest_at != NEVER)
        rack_advance(&recovery->rack, news->newest_at, news->newest_end, news->now);
    rack_update_steps(&recovery->rack, conn->snd.una, conn->snd.nxt);
    judge_probe(tcp, conn, recovery, seg, ack);
}

void recover_end(struct tcp *tcp, struct tcp_conn *conn, const struct segment *seg,
                 struct recover_ack *ack)
{
    struct recovery *recovery = conn_recovery(tcp, conn);
    const bool is_duplicate = is_duplicate_ack(conn, ack);
    const bool was_waiting = recovery != NULL && recovery->is_waiting;

    if (recovery == NULL && is_duplicate)
        recovery = conn_need_recovery(tcp, conn);
    if (recovery != NULL) {
        recovery->sends_new = false;
        learn_of_ack(tcp, conn, recovery, seg, ack);
        if (is_dubious(recovery, ack, is_duplicate))
            alert(tcp, conn, recovery, seg, ack, is_duplicate);
    }
    if (recovery != NULL && conn->packets == 0)
        recovery->is_waiting = false; /* all arrived: RACK has nothing left to wait for */
    if (is_duplicate)
        report_count(&tcp->report, LASTACK_CAUSE_DROP_ACK_DUPLICATE);
    if (!is_later_partial(tcp, conn, recovery, ack) &&
        (was_waiting || moves_timer(tcp, conn, ack)) &&
        !(recovery != NULL && recovery->is_waiting))
        conn_arm_loss(tcp, conn, true);
    ack->news.delivered.segs += ack->dsack_segs;
    ack->news.delivered.bytes += ack->dsack_segs * conn->mss;
    if (recovery != NULL && recovery_is_reducing(recovery))
        reduce_window(tcp, conn, recovery, ack);
    else if (may_grow(tcp, recovery, ack))
        grow_window(tcp, conn, recovery, ack);
    if (is_dubious(recovery, ack, is_duplicate) || ack->news.acked.segs > 0)
        conn->owe |= OWE_SEND;
}

void recover_congestion_echoed(struct tcp *tcp, struct tcp_conn *conn)
{
    struct recovery *recovery = conn_need_recovery(tcp, conn);

    if (recovery == NULL ? (conn->ecn & ECN_OWES_CWR) != 0 : recovery->state > RECOVERY_DISORDER)
        return;
    report_count(&tcp->report, LASTACK_CAUSE_ECN_ECHO);
    if (recovery != NULL) {
        begin_reduction(tcp, conn, recovery);
        set_state(recovery, RECOVERY_CWR);
        return;
    }
    conn->cc.ssthresh =
        cc_hooks(conn->cc.algorithm)->reduced(&conn->cc, NULL, reduction_from(tcp, conn));
    conn->cc.cwnd = min32(conn->cc.cwnd, conn->cc.ssthresh);
    ecn_window_came_down(&conn->ecn);
}

/* ---- the timers ---- */

void recover_timed_out(struct tcp *tcp, struct tcp_conn *conn)
{
    struct recovery *recovery = conn_need_recovery(tcp, conn);
    const struct cc_hooks *cc = cc_hooks(conn->cc.algorithm);
    const struct sent_set sent = conn_sent(tcp, conn);
    bool is_new;

    ecn_window_came_down(&conn->ecn);
    if (recovery == NULL) { /* no room to be clever */
        if (conn->retries == 1)
            conn->cc.ssthresh = cc->reduced(&conn->cc, NULL, reduction_from(tcp, conn));
        conn->cc.cwnd = min32(conn->cc.cwnd, conn->cc.mss);
        return;
    }
    is_new = recovery->state < RECOVERY_RECOVERY;
    {
        const struct range *first = sent_first(&sent);
        const uint32_t before = recovery->board.lost.segs;

        if (first != NULL && first->flags & SENT_SACKED) { /* RFC 2018 §8 */
            sent_reneged(&sent);
            recovery->has_reneged = true;
            sent_lost_all(&sent, tcp->report.now);
        } else {
            forget_duplicates(conn, recovery);
            sent_lost_all(&sent, has_rack(tcp, conn) && recovery->rack.at >= 0
                                     ? tcp->report.now - recovery->rack.rtt_ns
                                     : tcp->report.now);
        }
        recovery->lost_segs += recovery->board.lost.segs > before
                                   ? recovery->board.lost.segs - before
                                   : 0;
    }
    /* RFC 5681 (4), once for each window of data */
    if (recovery->state <= RECOVERY_DISORDER || !seq_after(recovery->high, conn->snd.una) ||
        (recovery->state == RECOVERY_LOSS && conn->retries <= 1)) {
        recovery->ssthresh_before = present_ssthresh(conn, recovery);
        recovery->window_before = conn->cc.cwnd;
        conn->cc.ssthresh =
            cc->reduced(&conn->cc, repair_cc(recovery), reduction_from(tcp, conn));
        begin_undo(conn, recovery);
    }
    cc->timed_out(&conn->cc, repair_cc(recovery));
    if (conn->cc.algorithm != LASTACK_CC_NONE)
        conn->cc.cwnd = conn_pipe(tcp, conn) + conn->cc.mss; /* the loss window */
    if (recovery->state <= RECOVERY_DISORDER &&
        recovery->board.sacked.segs >= tcp->params.dupthresh)
        recovery->reordering = (uint16_t)min32(recovery->reordering, tcp->params.dupthresh);
    set_state(recovery, RECOVERY_LOSS);
    recovery->high = conn->snd.max;
    recovery->has_probe = recovery->is_waiting = recovery->sends_new = false;
    recovery->is_frto = tcp->params.frto && (is_new || conn->retries > 1);
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
    {
        const uint32_t lost = recovery->board.lost.segs;
        const uint32_t again = recovery->board.again.segs;

        find_by_time(tcp, conn, recovery);
        recovery->lost_segs += recovery->board.lost.segs - min32(lost, recovery->board.lost.segs);
        recovery->lost_segs += again - min32(again, recovery->board.again.segs);
    }
    if (conn_pipe(tcp, conn) != pipe) {
        if (recovery->state != RECOVERY_RECOVERY && recovery->state != RECOVERY_LOSS) {
            struct recover_ack none = {.lost_before = 0};

            begin_recovery(tcp, conn, recovery, NULL);
            none.news.delivered = (struct sent_amount){1, conn->cc.mss};
            reduce_window(tcp, conn, recovery, &none);
        }
        conn->owe |= OWE_SEND;
    }
    if (!recovery->is_waiting)
        conn_arm_loss(tcp, conn, false);
}
