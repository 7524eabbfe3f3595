/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * recover_sack.c: what an ACK tells of segments that arrived behind a hole.
 *
 *      SACK blocks         RFC 2018: marked on the sent ranges, blocks that cannot be left out
 *      the first of them   RFC 2883: a duplicate, when it lies below the ACK or inside the second
 *      duplicate ACKs      without SACK: each is a segment that arrived somewhere; `sacked` counts
 */
#include "recover_parts.h"

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

void blocks_take_late(struct tcp_conn *conn, struct recovery *recovery, const struct segment *seg,
                      struct recover_ack *ack)
{
    if (seg->options & OPTION_SACK && seg->sack_count > 0 && conn_has(conn, CONN_SACK) &&
        is_duplicate_block(seg))
        take_duplicate_block(conn, recovery, seg, ack);
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
NOINLINE void blocks_take(struct tcp *tcp, struct tcp_conn *conn, struct recovery *recovery,
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

/* ---- without SACK ---- */

/* There cannot be more of them than segments in flight that are no holes. */
static uint32_t duplicates_most(const struct tcp_conn *conn, const struct scoreboard *board)
{
    return conn->packets - min32(max32(board->lost.segs, 1), conn->packets);
}

/* More duplicates than segments behind the hole: then it was overtaking. */
static void limit_duplicates(const struct tcp *tcp, struct tcp_conn *conn,
                             struct recovery *recovery, uint32_t more)
{
    struct scoreboard *board = &recovery->board;
    const uint32_t most = duplicates_most(conn, board);

    if (board->sacked.segs <= most)
        return;
    board->sacked.segs = most;
    recovery->reordering = (uint16_t)min32(conn->packets + more, tcp->params.reordering_max);
    recovery->reordering_seen++;
}

static void set_duplicates(const struct tcp_conn *conn, struct recovery *recovery)
{
    recovery->board.sacked.bytes =
        min32(recovery->board.sacked.segs * conn->mss, conn_in_flight(conn));
}

void duplicates_add(const struct tcp *tcp, struct tcp_conn *conn, struct recovery *recovery,
                    struct recover_ack *ack)
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
void duplicates_remove(const struct tcp *tcp, struct tcp_conn *conn, struct recovery *recovery,
                       struct recover_ack *ack)
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

void duplicates_bound(const struct tcp_conn *conn, struct recovery *recovery)
{
    struct scoreboard *board = &recovery->board;

    if (conn_has(conn, CONN_SACK))
        return;
    board->sacked.segs = min32(board->sacked.segs, duplicates_most(conn, board));
    set_duplicates(conn, recovery);
}

void duplicates_forget(const struct tcp_conn *conn, struct recovery *recovery)
{
    if (!conn_has(conn, CONN_SACK))
        recovery->board.sacked = (struct sent_amount){0, 0};
}
