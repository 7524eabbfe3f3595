/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * recover_parts.h: what the files of recover*.c have from each other (see recover.c). Nobody else
 * includes it.
 */
#ifndef LASTACK_RECOVER_PARTS_H
#define LASTACK_RECOVER_PARTS_H

#include "recover.h"

static inline bool conn_has_rack(const struct tcp *tcp, const struct tcp_conn *conn)
{
    return conn_has(conn, CONN_SACK) && tcp->params.loss_detection == LASTACK_LOSS_RACK;
}

/* ---- recover_send.c ---- */

/* Something is in flight: a tail loss probe where one can come first, else retransmission.
 * is_fresh: a timeout from now on; else it counts from when the first segment was sent. */
void watch_flight(struct tcp *tcp, struct tcp_conn *conn, const struct recovery *recovery,
                  bool is_advance, bool is_fresh);

/* The timer that watches what is in flight, if anything is. is_advance: an ACK has just moved
 * things on. */
static inline void restart_timer(struct tcp *tcp, struct tcp_conn *conn, struct recovery *recovery,
                                 bool is_advance)
{
    if (recovery != NULL)
        recovery->is_waiting = false;
    if (!seq_equal(conn->snd.una, conn->snd.max)) {
        watch_flight(tcp, conn, recovery, is_advance,
                     conn->deadline.at[LASTACK_TIMER_LOSS] == NEVER);
        return;
    }
    conn_stop_deadline(conn, LASTACK_TIMER_RETRANSMIT, &tcp->report); /* RFC 6298 §5.2 */
    conn_stop_deadline(conn, LASTACK_TIMER_LOSS, &tcp->report);
}

/* ---- recover_sack.c ---- */

/* RFC 2018 §5: blocks that cannot be are not believed. */
void blocks_take(struct tcp *tcp, struct tcp_conn *conn, struct recovery *recovery,
                 const struct segment *seg, struct recover_ack *ack);
/* Of an ACK that comes when nothing is in flight: a DSACK alone is news. */
void blocks_take_late(struct tcp_conn *conn, struct recovery *recovery, const struct segment *seg,
                      struct recover_ack *ack);
/* A duplicate ACK of a connection without SACK. */
void duplicates_add(const struct tcp *tcp, struct tcp_conn *conn, struct recovery *recovery,
                    struct recover_ack *ack);
/* One ACK acknowledged the hole; the rest of what it acknowledged had made duplicates. */
void duplicates_remove(const struct tcp *tcp, struct tcp_conn *conn, struct recovery *recovery,
                       struct recover_ack *ack);
/* More is lost than was thought: what cannot be a duplicate's is none. */
void duplicates_bound(const struct tcp_conn *conn, struct recovery *recovery);
void duplicates_forget(const struct tcp_conn *conn, struct recovery *recovery);

/* ---- recover_loss.c ---- */

/* Something arrived from `from` on after what was sent later, up to `fack`, had. */
void losses_note_reordering(const struct tcp *tcp, struct tcp_conn *conn, struct recovery *recovery,
                            struct seq from, struct seq fack);
/* Looks for losses. True: a retransmission was found lost. */
bool losses_find(struct tcp *tcp, struct tcp_conn *conn, struct recovery *recovery,
                 const struct recover_ack *ack);
/* How long after its departure a segment is lost when a later one has arrived: RACK.rtt and the
 * reordering window. */
int64_t losses_patience(const struct tcp_conn *conn, const struct recovery *recovery);
/* RACK's timer fired: looks again. */
void losses_find_by_time(struct tcp *tcp, struct tcp_conn *conn, struct recovery *recovery);
/* The path takes no more than conn->mss, and segments were of `old_mss`. True: some were found. */
bool losses_find_too_large(struct tcp *tcp, struct tcp_conn *conn, struct recovery *recovery,
                           uint32_t old_mss);

/* ---- recover_episode.c ---- */

static inline void episode_set_state(struct recovery *recovery, enum recovery_state state)
{
    recovery->state = (uint8_t)state;
}

static inline bool episode_is_any_again(const struct recovery *recovery)
{
    return recovery->board.again.segs > 0;
}

/* The ACK is dubious, or an episode runs. */
void episode_take_ack(struct tcp *tcp, struct tcp_conn *conn, struct recovery *recovery,
                      const struct segment *seg, struct recover_ack *ack, bool is_duplicate);
/* RFC 8985 §7.4: a tail loss probe was answered? */
void episode_judge_probe(struct tcp *tcp, struct tcp_conn *conn, struct recovery *recovery,
                         const struct segment *seg, const struct recover_ack *ack);
/* `ack`: the ACK that told of the loss, or NULL. */
void episode_begin(struct tcp *tcp, struct tcp_conn *conn, struct recovery *recovery,
                   struct recover_ack *ack);
/* DISORDER while something is sacked, lost or under way again, else OPEN. */
void episode_keep_open(struct tcp_conn *conn, struct recovery *recovery);
/* Without SACK the end of an episode waits until something above it is acknowledged: duplicates of
 * it may still come (RFC 6582 §3.2 step 1). */
bool episode_is_held_open(const struct tcp_conn *conn, struct recovery *recovery);

/* ---- recover_undo.c ---- */

/* What is sent again from now on may turn out needless. */
void undo_begin(struct tcp_conn *conn, struct recovery *recovery);
/* The episode ends: was all that was sent again sent needlessly? */
bool undo_if_needless(struct tcp *tcp, struct tcp_conn *conn, struct recovery *recovery,
                      const struct segment *seg);
bool undo_by_duplicates(struct tcp *tcp, struct tcp_conn *conn, struct recovery *recovery);
/* A partial ACK that answers an original: what was overtaken was not lost. True: dealt with. */
bool undo_in_part(struct tcp *tcp, struct tcp_conn *conn, struct recovery *recovery,
                  const struct segment *seg, const struct recover_ack *ack);
/* The timeout was spurious, as F-RTO says or everything else does. */
bool undo_loss(struct tcp *tcp, struct tcp_conn *conn, struct recovery *recovery,
               const struct segment *seg, bool by_frto);
/* RFC 5682 §3: new data after the first retransmission tells whether the timeout was spurious.
 * True: undone, or new data is sent first. */
bool undo_by_frto(struct tcp *tcp, struct tcp_conn *conn, struct recovery *recovery,
                  const struct segment *seg, const struct recover_ack *ack, bool is_duplicate,
                  bool is_over);

/* ---- recover_window.c ---- */

/* What the algorithm sets ssthresh to when a loss tells of congestion now; recovery may be NULL. */
uint32_t window_ssthresh(const struct tcp *tcp, struct tcp_conn *conn, struct recovery *recovery);
/* What ssthresh would be if nothing had happened: growth in congestion avoidance counts. */
uint32_t window_present_ssthresh(const struct tcp_conn *conn, const struct recovery *recovery);
/* One reduction per window of data (RFC 5681 §3.2, RFC 6675 §5 step 4.2, RFC 3168 §6.1.2). */
void window_begin_reduction(struct tcp *tcp, struct tcp_conn *conn, struct recovery *recovery);
void window_end_reduction(struct tcp_conn *conn, const struct recovery *recovery);
/* RFC 9937: an ACK in an episode. */
void window_reduce(struct tcp *tcp, struct tcp_conn *conn, struct recovery *recovery,
                   const struct recover_ack *ack);
/* The window follows an ACK, down in an episode, else up. */
void window_take_ack(struct tcp *tcp, struct tcp_conn *conn, const struct recover_ack *ack);

#endif
