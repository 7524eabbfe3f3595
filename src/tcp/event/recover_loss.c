/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * recover_loss.c: what is held lost.
 *
 *      RACK                    RFC 8985 §6.2: sent a reordering window before what has arrived
 *      RFC 6675 §4, IsLost     so many segments, or bytes, sacked above it
 *      RFC 6582, without SACK  the first, after so many duplicates or a partial ACK
 *      RFC 1191 §6.4           what is larger than the path takes, as ICMP has told
 *
 * Not here: RFC 6675 §4's rule (4), one "rescue" of the last segment in an episode. Where RACK is
 * in force its window and a tail loss probe (RFC 8985 §7) find such a tail; where losses are
 * counted, the timeout does.
 *
 * Exactly one of the first three is in force for a connection (RFC 8985 §9.2). Each reordering seen
 * makes the second and third more patient, and keeps RACK from hurrying.
 */
#include "recover_parts.h"

/* Something arrived from `from` on after what was sent later, up to `fack`, had. */
void losses_note_reordering(const struct tcp *tcp, struct tcp_conn *conn, struct recovery *recovery,
                            struct seq from, struct seq fack)
{
    const uint32_t bytes = seq_after(fack, from) ? seq_distance(from, fack) : 0;
    const uint32_t segs = (bytes + conn->mss - 1) / conn->mss;

    if (bytes == 0)
        return;
    if (bytes > (uint32_t)recovery->reordering * conn->mss)
        recovery->reordering = (uint16_t)min32(segs, tcp->params.reordering_max);
    recovery->reordering_seen++;
}

int64_t losses_patience(const struct tcp_conn *conn, const struct recovery *recovery)
{
    const struct rack_view view = {
        .rtt_min_ns = rtt_ns(conn->rtt.min),
        .srtt_ns = rtt_smoothed(&conn->rtt),
        .is_eager =
            recovery->reordering_seen == 0 && (recovery->state >= RECOVERY_RECOVERY ||
                                               recovery->board.sacked.segs >= recovery->reordering),
    };

    return recovery->rack.rtt_ns + rack_window(&recovery->rack, &view);
}

void losses_find_by_time(struct tcp *tcp, struct tcp_conn *conn, struct recovery *recovery)
{
    const struct sent_set sent = conn_sent(tcp, conn);
    const int64_t patience = losses_patience(conn, recovery);
    int64_t doubt;

    recovery->is_waiting = false;
    doubt =
        sent_lost_by_time(&sent, recovery->rack.at, recovery->rack.end, tcp->report.now - patience);
    /* what is over, and could not be judged all the same, is left to the timeout */
    if (doubt == NEVER || doubt + patience <= tcp->report.now)
        return;
    recovery->is_waiting = true;
    conn_stop_deadline(conn, LASTACK_TIMER_RETRANSMIT, &tcp->report);
    conn_set_deadline(conn, LASTACK_TIMER_LOSS, doubt + patience + LOSS_TIMER_MIN_NS, &tcp->report);
}

static void find_without_sack(struct tcp *tcp, struct tcp_conn *conn, struct recovery *recovery,
                              bool is_advance)
{
    const struct sent_set sent = conn_sent(tcp, conn);

    if (recovery->state < RECOVERY_RECOVERY ? recovery->board.sacked.segs >= recovery->reordering
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
            : recovery->state == RECOVERY_RECOVERY && is_advance && recovery->board.lost.segs == 0)
        conn->packets += sent_lost_first(&sent);
}

/* A router dropped them, and said so (RFC 1191 §4, RFC 8201 §4). */
bool losses_find_too_large(struct tcp *tcp, struct tcp_conn *conn, struct recovery *recovery,
                           uint32_t old_mss)
{
    const struct sent_set sent = conn_sent(tcp, conn);
    const uint32_t before = recovery->board.lost.segs;

    if (!sent_lost_larger(&sent, old_mss, conn->snd.end))
        return false;
    recovery->lost_segs += recovery->board.lost.segs - before;
    duplicates_bound(conn, recovery);
    return true;
}

/* Looks for losses. True: a retransmission was found lost. */
bool losses_find(struct tcp *tcp, struct tcp_conn *conn, struct recovery *recovery,
                 const struct recover_ack *ack)
{
    const uint32_t lost = recovery->board.lost.segs, again = recovery->board.again.segs;

    if (conn->packets == 0)
        return false;
    if (!conn_has(conn, CONN_SACK)) {
        find_without_sack(tcp, conn, recovery, ack->is_advance);
    } else if (!conn_has_rack(tcp, conn)) {
        find_by_sack(tcp, conn, recovery, ack->is_advance);
    } else if (recovery->rack.is_advanced) {
        recovery->rack.is_advanced = false;
        losses_find_by_time(tcp, conn, recovery);
    }
    if (recovery->board.lost.segs > lost)
        recovery->lost_segs += recovery->board.lost.segs - lost;
    if (recovery->board.again.segs >= again)
        return false;
    recovery->lost_segs += again - recovery->board.again.segs;
    return true;
}
