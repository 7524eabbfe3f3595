/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * frame.c: how much text leaves in the next frame, where the queue is cut into chunks as Linux
 * does.
 *
 *     what is left of a chunk ─┬─ the congestion window has no room          ─▶ FRAME_NO_CWND
 *                              ├─ the peer's window has none for a segment   ─▶ FRAME_NO_WINDOW
 *                              ├─ one segment, small, the last, held (Nagle) ─▶ FRAME_HELD
 *                              ├─ more would leave together soon             ─▶ FRAME_DEFERRED
 *                              └─ else: at most half of the congestion window, at most what is sent
 *                                 in a millisecond, a small rest only if Nagle lets it go
 *
 * Nothing is changed here: a write that is longer than a chunk asks the same question of text that
 * has not left yet (send_space.c).
 */
#include "tcp.h"

/* gso_max_size of any device, less the headers: who cannot take so much gets it in pieces */
enum { FRAME_LARGEST = 65536 - 321 };

/* What is left of `room` when `ahead` bytes of it are taken. */
static uint32_t room_behind(uint32_t room, uint32_t ahead)
{
    return room > ahead ? room - ahead : 0;
}

/* Text that is sent in one millisecond, as Linux paces: twice the window per round trip in slow
 * start, else 1.2 times. On very short paths a frame is as large as it can be. */
static uint64_t millisecond_of_text(const struct tcp_conn *conn, uint32_t largest)
{
    const int64_t min_us = rtt_ns(conn->rtt.min) / 1000;
    const uint32_t percent = conn->cc.cwnd < conn->cc.ssthresh / 2 ? 200 : 120;
    const unsigned shift = (unsigned)min64(min_us >> 9, 32);
    const uint64_t srtt_us = (uint64_t)rtt_smoothed(&conn->rtt) / 1000;
    uint64_t bytes;

    if (srtt_us == 0)
        return largest;
    bytes = (uint64_t)conn->cc.cwnd * percent / 100 * 1000000 / srtt_us;
    return (bytes >> 10) + (shift < 32 ? largest >> shift : 0);
}

NOINLINE uint32_t conn_frame_segments(const struct tcp *tcp, const struct tcp_conn *conn)
{
    const uint32_t mss = conn->mss;
    const uint32_t largest = max32(conn->gso_max, FRAME_LARGEST);
    const uint32_t least = tcp->params.min_tso_segs;
    uint32_t segments = max32(largest / mss, 1);

    if (least == 0)
        return segments;
    if (segments > least) {
        const uint64_t bytes = millisecond_of_text(conn, largest);

        segments = max32(bytes < largest ? (uint32_t)bytes / mss : segments, least);
    }
    return max32(min32(segments, conn->cc.cwnd / mss / 2), 1);
}

/* Nagle as Minshall refined it (RFC 9293 SHLD-7): no *small* segment may be unacknowledged. A cork
 * holds, whatever is in flight. */
static bool is_held(const struct tcp_conn *conn, const struct write_queue *queue, struct seq from,
                    enum frame_push push)
{
    if (push != FRAME_USUAL || conn_has(conn, CONN_FIN_QUEUED | CONN_SEND_SMALL) ||
        seq_before(from, queue->chunks.unheld))
        return false;
    if (conn_has(conn, CONN_CORK) || queue->chunks.is_held)
        return true;
    if (conn_has(conn, CONN_NODELAY))
        return false;
    return seq_after(from, conn->snd.una) && is_small_in_flight(conn, queue);
}

static bool is_repairing(const struct tcp *tcp, const struct tcp_conn *conn)
{
    const struct recovery *recovery = conn_recovery(tcp, conn);

    return recovery != NULL && recovery->state >= RECOVERY_RECOVERY;
}

/* An ACK is expected before long and will let a larger part of this leave at once. */
static NOINLINE bool may_defer(const struct tcp *tcp, const struct tcp_conn *conn, struct seq from,
                               const struct chunk *chunk, uint32_t limit)
{
    const uint32_t divisor = tcp->params.tso_win_divisor;
    const uint32_t left = seq_distance(from, chunk->end);
    const int64_t now = tcp->report.now;
    int64_t head_at;

    if (divisor == 0 || conn_has(conn, CONN_FIN_QUEUED) || is_repairing(tcp, conn) ||
        chunk->is_pushed || tcp->report.now_ms - conn->last_sent_ms > 1)
        return false;
    if (limit >= conn_frame_segments(tcp, conn) * conn->mss || (!chunk->is_tail && limit >= left) ||
        limit >= min32(conn->snd.wnd, conn->cc.cwnd) / divisor)
        return false;
    if (seq_equal(from, conn->snd.una))
        return false;
    head_at = conn_head_sent_at(tcp, conn);
    return now - head_at >= rtt_smoothed(&conn->rtt) / 2;
}

/* So much of a chunk of several segments that the windows allow; its small rest
 * only if it may go. */
static uint32_t cut(const struct tcp_conn *conn, const struct write_queue *queue, struct seq from,
                    const struct chunk *chunk, uint32_t limit, enum frame_push push)
{
    const uint32_t mss = conn->mss;
    const uint32_t left = seq_distance(from, chunk->end);
    const uint32_t length = min32(left, limit);
    const uint32_t partial = length % mss;

    if (partial == 0)
        return length;
    if (length < left || (chunk->is_tail && is_held(conn, queue, from, push)))
        return length - partial;
    return length;
}

/* Bytes of text, whole segments where they count. */
uint32_t conn_congestion_room(const struct tcp *tcp, const struct tcp_conn *conn)
{
    const uint32_t used = conn_pipe(tcp, conn);
    const uint32_t room = room_behind(conn->cc.cwnd, used);

    return tcp->params.cwnd_counts_segs ? room / conn->cc.mss * conn->mss : room;
}

enum frame_verdict conn_next_frame(const struct tcp *tcp, const struct tcp_conn *conn,
                                   struct send_room room, struct seq from, enum frame_push push,
                                   uint32_t *length)
{
    const struct write_queue *queue = conn_queue(tcp, conn);
    const struct chunk chunk = chunks_at(&queue->chunks, &tcp->ranges, from, conn->snd.end);
    const uint32_t left = seq_after(chunk.end, from) ? seq_distance(from, chunk.end) : 0;
    const uint32_t ahead = seq_distance(conn->snd.nxt, from);
    /* (our SYN, not acknowledged yet, counts as a byte in flight, but it takes no place) */
    const uint32_t syn = seq_equal(conn->snd.una, conn->iss);
    const uint32_t window = room_behind(room.offered, ahead) + syn;
    uint32_t quota = (room_behind(room.congestion, ahead) + syn) / conn->mss;

    *length = 0;
    if (left == 0)
        return FRAME_NOTHING;
    if (quota == 0)
        return FRAME_NO_CWND;
    if (window < min32(left, conn->mss) && !conn_has(conn, CONN_SEND_SMALL))
        return FRAME_NO_WINDOW;
    if (left <= conn->mss) {
        if (chunk.is_tail && left < conn->mss && is_held(conn, queue, from, push))
            return FRAME_HELD;
        *length = min32(left, window);
        return *length > 0 ? FRAME_LEAVES : FRAME_NO_WINDOW;
    }
    if (push != FRAME_ONE && may_defer(tcp, conn, from, &chunk, min32(window, quota * conn->mss)))
        return FRAME_DEFERRED;
    quota = min32(quota, conn_frame_segments(tcp, conn));
    if (window < conn->mss) /* CONN_SEND_SMALL: into a window of less than a segment */
        *length = window;
    else
        *length = cut(conn, queue, from, &chunk, min32(window, quota * conn->mss), push);
    return *length > 0 ? FRAME_LEAVES : FRAME_NO_WINDOW;
}
