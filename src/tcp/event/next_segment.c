/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * next_segment.c: what leaves now. The only emitter (write_segment.c makes a segment of it).
 *
 * Replies first (they are small and somebody waits for them), then the connections of the lane in
 * turn, one segment each. For a connection, in this order:
 *
 *      SYN or SYN-ACK        while its own SYN is not acknowledged
 *      a retransmission      the earliest unacknowledged segment, or the next one of a loss episode
 *      new text, FIN         as the windows allow (RFC 9293 §3.8.6, RFC 5681), silly windows
 *                            avoided (MUST-38), Nagle (SHLD-7)
 *      a probe               of a zero window, or of a silent peer
 *      an ACK                if one is still owed
 *
 * Each takes everything along that is owed and fits: any segment with text pays for the ACK.
 */
#include "recover.h"
#include "write_segment.h"

static void arm_if_idle(struct tcp *tcp, struct tcp_conn *conn)
{
    const int64_t now = tcp->report.now;

    if (conn->first_retry_at == NEVER)
        conn->first_retry_at = now;
    if (conn->deadline.at[LASTACK_TIMER_RETRANSMIT] == NEVER) /* RFC 6298 §5.1 */
        conn_set_deadline(conn, LASTACK_TIMER_RETRANSMIT, conn_retransmit_at(tcp, conn),
                          &tcp->report);
}

/* ---- SYN ---- */

static NOINLINE bool emit_syn(struct tcp *tcp, struct tcp_conn *conn, struct tcp_out *out)
{
    write_syn(tcp, conn, out);
    /* text behind our SYN-ACK may have left already (Fast Open) */
    if (!(conn->fast_open & FAST_OPEN_PASSIVE) || seq_equal(conn->snd.nxt, conn->iss))
        conn->snd.nxt = seq_add(conn->iss, 1 + out->seg.text_length);
    conn->snd.max = seq_max(conn->snd.max, conn->snd.nxt);
    conn->owe &= (uint8_t)~OWE_RETRANSMIT;
    if (!(conn->fast_open & FAST_OPEN_PASSIVE))
        conn->owe &= (uint8_t)~OWE_SEND;
    arm_if_idle(tcp, conn);
    return true;
}

/* ---- text ---- */

/* Silly-window avoidance and Nagle: may a segment of less than an MSS leave? (RFC 9293 §3.8.6.2.1,
 * §3.7.4) */
static bool may_send_small(const struct tcp *tcp, const struct tcp_conn *conn, uint32_t length,
                           bool is_last)
{
    if (length >= conn->mss || conn_has(conn, CONN_SEND_SMALL))
        return true;
    if (!is_last) /* the window cuts it: worth it only if it is a good part of the window */
        return conn->snd.wnd_max > 0 && length >= conn->snd.wnd_max / 2;
    if (conn_has(conn, CONN_FIN_QUEUED))
        return true;
    if (conn_has(conn, CONN_CORK))
        return false;
    if (conn_has(conn, CONN_NODELAY))
        return true;
    /* Nagle as Minshall refined it: no *small* segment may be unacknowledged */
    return conn->write_queue == POOL_NONE || conn_in_flight(conn) == 0 ||
           !is_small_in_flight(conn, conn_queue(tcp, conn));
}

/* RFC 5681 §4.1: after silence the window has lost its meaning. */
static NOINLINE void restart_after(struct tcp *tcp, struct tcp_conn *conn, int64_t idle)
{
    const int64_t timeout = rtt_timeout(&conn->rtt, &tcp->params);

    cc_hooks(conn->cc.algorithm)
        ->idle(&conn->cc, repair_cc(conn_recovery(tcp, conn)), tcp->report.now, idle);
    if (tcp->params.slow_start_after_idle && idle > timeout)
        cc_after_idle(&conn->cc, cc_initial_segs(&tcp->params, conn->mss),
                      tcp->params.idle_restart_at_once ? 32 : (uint32_t)min64(idle / timeout, 32));
}

/* Text is about to leave, and none has for a while: what the last taught may be over. */
static void look_after_pause(struct tcp *tcp, struct tcp_conn *conn)
{
    const uint32_t idle_ms = tcp->report.now_ms - conn->last_sent_ms;

    if (idle_ms == 0)
        return;
    if (UNLIKELY(conn->path_seen != tcp->path_changes))
        conn_take_path_in_turn(tcp, conn);
    if (conn_in_flight(conn) == 0 && conn->stats.data_segs_out > 0)
        restart_after(tcp, conn, MS(idle_ms));
}

/* Nothing may leave because the offered window is shut: the persist timer watches (MUST-36). */
static NOINLINE void watch_zero_window(struct tcp *tcp, struct tcp_conn *conn)
{
    int64_t wait = rtt_timeout(&conn->rtt, &tcp->params);

    if (conn_in_flight(conn) > 0 || conn->deadline.at[LASTACK_TIMER_PERSIST] != NEVER)
        return;
    wait = clamp64(wait, tcp->params.persist_min_ns, tcp->params.persist_max_ns);
    conn_set_deadline(conn, LASTACK_TIMER_PERSIST, time_after(tcp->report.now, wait), &tcp->report);
}

/* Text of one frame: whole segments, as many as the link takes at once. */
static uint32_t frame_limit(const struct tcp_conn *conn)
{
    if (conn->ecn & ECN_OWES_CWR || conn_has(conn, CONN_URGENT_OUT))
        return conn->mss; /* CWR goes on one segment, a pointer counts from each */
    return conn->gso_max > conn->mss ? conn->gso_max - conn->gso_max % conn->mss : conn->mss;
}

/* How many segments a frame becomes. */
static uint32_t segs_of(const struct tcp_conn *conn, uint32_t text)
{
    return text <= conn->mss ? 1 : (text + conn->mss - 1) / conn->mss;
}

static void sent_text(struct tcp *tcp, struct tcp_conn *conn, struct write_queue *queue,
                      const struct segment *seg)
{
    const struct seq text_end = seq_add(seg->seq, seg->text_length);
    const struct seq to = seq_add(text_end, seg->flags & LASTACK_FIN ? 1 : 0);
    const uint32_t segs = segs_of(conn, seg->text_length);
    const bool is_again = conn->fast_open & FAST_OPEN_SYN_TEXT && /* it left with the SYN */
                          seq_equal(seg->seq, seq_add(conn->iss, 1));

    conn->snd.nxt = to;
    conn->snd.max = seq_max(conn->snd.max, to);
    recover_sent_new(tcp, conn, seg->seq, to, segs);
    if (seg->text_length > 0) {
        if (conn->owe & OWE_ACK && conn_has(conn, CONN_ACTIVE) && !is_again)
            ack_policy_connected(&conn->ack, &tcp->params, tcp->report.now);
        ack_policy_data_sent(&conn->ack, tcp->report.now);
        conn->stats.data_segs_out += segs;
        conn->last_sent_ms = tcp->report.now_ms;
        if (queue != NULL && seg->text_length % conn->mss != 0 && !is_again)
            queue->small = to;
    }
    if (queue != NULL)
        chunks_sent(&queue->chunks, &tcp->ranges, text_end);
    conn_note_window_use(tcp, conn, false);
}

/* Nothing leaves now, and nothing is in flight whose ACK would change that: time must. */
static NOINLINE void watch_held(struct tcp *tcp, struct tcp_conn *conn, enum frame_verdict verdict)
{
    const int64_t wait = max64(rtt_timeout(&conn->rtt, &tcp->params), MS(200));

    if (conn_in_flight(conn) > 0 || conn->deadline.at[LASTACK_TIMER_PERSIST] != NEVER)
        return;
    if (verdict == FRAME_NO_WINDOW)
        watch_zero_window(tcp, conn); /* MUST-38's override */
    else
        conn_set_deadline(conn, LASTACK_TIMER_PERSIST, time_after(tcp->report.now, wait),
                          &tcp->report); /* a cork holds no longer than 200 ms */
}

/* Of the next frame, as frame.c makes it of the queue; 0: nothing leaves. */
static uint32_t length_of_frame(struct tcp *tcp, struct tcp_conn *conn, struct write_queue *queue,
                                struct send_room room)
{
    const struct seq from = conn->snd.nxt;
    struct chunks *chunks = &queue->chunks;
    const enum frame_push push = seq_before(from, chunks->released) ? FRAME_ONE : FRAME_USUAL;
    uint32_t length;
    const enum frame_verdict verdict = conn_next_frame(tcp, conn, room, from, push, &length);

    if (verdict == FRAME_NO_CWND || verdict == FRAME_DEFERRED)
        conn_note_window_use(tcp, conn, verdict == FRAME_DEFERRED);
    if (verdict == FRAME_NO_WINDOW)
        chronograph_start(&queue->chronograph, CHRONO_RWND, tcp->report.now);
    else
        chronograph_stop(&queue->chronograph, CHRONO_RWND, false, tcp->report.now);
    if (verdict != FRAME_LEAVES)
        watch_held(tcp, conn, verdict);
    chunks->frame_end = seq_add(from, length);
    chunks->is_long_frame = length > conn->mss;
    return length;
}

/* Where the queue is cut into chunks: the rest of a frame that the link takes in pieces, if it
 * still may leave; else another frame. */
static uint32_t next_of_chunks(struct tcp *tcp, struct tcp_conn *conn, struct write_queue *queue,
                               struct send_room room)
{
    const struct seq from = conn->snd.nxt, end = queue->chunks.frame_end;
    const uint32_t left = seq_after(end, from) ? seq_distance(from, end) : 0;

    return left > 0 && left <= min32(room.congestion, room.offered)
               ? left
               : length_of_frame(tcp, conn, queue, room);
}

/* Where it is not. */
static NOINLINE uint32_t next_of_bytes(struct tcp *tcp, struct tcp_conn *conn, uint32_t waiting,
                                       struct send_room room)
{
    uint32_t length =
        min32(min32(waiting, frame_limit(conn)), min32(room.congestion, room.offered));

    if (length < waiting && length > conn->mss)
        length -= length % conn->mss; /* whole segments while more waits */
    if (length == 0)
        conn_note_window_use(tcp, conn, false);
    if (length > 0 && may_send_small(tcp, conn, length, length == waiting))
        return length;
    if (length > 0 && length == waiting && conn_has(conn, CONN_CORK) && conn_in_flight(conn) == 0 &&
        conn->deadline.at[LASTACK_TIMER_PERSIST] == NEVER)
        conn_set_deadline(conn, LASTACK_TIMER_PERSIST, time_after(tcp->report.now, MS(200)),
                          &tcp->report); /* a cork holds no longer than 200 ms */
    else if (room.offered < min32(waiting, conn->mss))
        watch_zero_window(tcp, conn); /* MUST-38's override */
    return 0;
}

/* How much of the text that waits leaves now. */
static uint32_t next_length(struct tcp *tcp, struct tcp_conn *conn, struct write_queue *queue,
                            uint32_t waiting, uint32_t offered)
{
    const struct send_room room = {offered, conn_congestion_room(tcp, conn)};

    if (queue == NULL || tcp->params.send_accounting != LASTACK_SNDBUF_LINUX_SKB)
        return next_of_bytes(tcp, conn, waiting, room);
    return min32(next_of_chunks(tcp, conn, queue, room), frame_limit(conn));
}

/* RFC 3168 §6.1.2: new text, and nothing else, is ECN-capable and tells of a smaller window. */
static void mark_new_text(struct tcp_conn *conn, struct tcp_out *out)
{
    if (!(conn->ecn & ECN_ON) || out->seg.text_length == 0)
        return;
    out->tos |= ECN_ECT_0;
    if (conn->ecn & ECN_OWES_CWR)
        out->seg.flags |= LASTACK_CWR;
    conn->ecn &= (uint8_t)~ECN_OWES_CWR;
}

/* New text, and the FIN when its turn has come. */
static bool emit_new(struct tcp *tcp, struct tcp_conn *conn, struct tcp_out *out, bool is_probe)
{
    struct write_queue *queue = conn->write_queue != POOL_NONE ? conn_queue(tcp, conn) : NULL;
    const struct seq from = conn->snd.nxt;
    const uint32_t offered = conn_offered_room(conn);
    const uint32_t waiting = seq_after(conn->snd.end, from) ? seq_distance(from, conn->snd.end) : 0;
    uint32_t length = 0;

    if (waiting == 0 && !(conn_has(conn, CONN_FIN_QUEUED) && seq_equal(from, conn->snd.end)))
        return false;
    look_after_pause(tcp, conn);
    if (offered == 0) {
        if (waiting > 0)
            conn_chrono_start(tcp, conn, CHRONO_RWND);
        watch_zero_window(tcp, conn);
        return false;
    }
    if (waiting > 0) {
        length = is_probe ? min32(waiting, min32(offered, conn->mss))
                          : next_length(tcp, conn, queue, waiting, offered);
        if (length == 0)
            return false;
    }
    write_text(tcp, conn, out, from, length);
    mark_new_text(conn, out);
    if (length == offered)
        out->seg.flags &= (uint16_t)~LASTACK_FIN; /* it takes a place in the window too (§3.4) */
    conn->flags &= ~(uint32_t)CONN_SEND_SMALL;
    sent_text(tcp, conn, queue, &out->seg);
    if (UNLIKELY(conn_is_paced(tcp, conn)))
        pace_sent(tcp, conn, length);
    return true;
}

/* Not what has not left before (its turn comes in emit_new), nor what has arrived (SACK). */
static bool fin_leaves_again(struct tcp *tcp, struct tcp_conn *conn)
{
    const struct sent_set sent = conn_sent(tcp, conn);
    const struct range *last = sent_last(&sent);

    return seq_after(conn->snd.max, conn->snd.end) &&
           (last == NULL || !(last->flags & SENT_SACKED));
}

/* [from, to) again, at most what a frame takes; with FIN if it reaches so far. */
static void emit_again(struct tcp *tcp, struct tcp_conn *conn, struct tcp_out *out, struct seq from,
                       uint32_t most, enum lastack_cause cause)
{
    const struct seq text_end = seq_min(conn->snd.end, conn->snd.max);
    const uint32_t left = seq_before(from, text_end) ? seq_distance(from, text_end) : 0;
    struct segment *seg = &out->seg;
    struct seq to;

    write_text(tcp, conn, out, from, min32(left, most));
    if (seg->flags & LASTACK_FIN && !fin_leaves_again(tcp, conn))
        seg->flags &= (uint16_t)~LASTACK_FIN;
    to = seq_add(from, seg->text_length + (seg->flags & LASTACK_FIN ? 1 : 0));
    conn->snd.nxt = seq_max(conn->snd.nxt, to);
    recover_sent_again(tcp, conn, from, to, segs_of(conn, seg->text_length));
    conn->last_sent_ms = tcp->report.now_ms; /* a FIN alone, too: nothing new can follow it */
    if (UNLIKELY(conn_is_paced(tcp, conn)))
        pace_sent(tcp, conn, seg->text_length);
    out->again = cause;
}

/* How far a hole reaches: over those that follow it without a gap too (small pieces leave as one
 * segment). */
static uint32_t hole_length(const struct tcp *tcp, const struct tcp_conn *conn,
                            const struct range *hole)
{
    struct seq to = hole->to;

    for (const struct range *next = hole;
         seq_distance(hole->from, to) < conn->mss &&
         (next = ranges_next(&conn->sent, &tcp->ranges, next)) != NULL &&
         seq_equal(next->from, to) && next->flags & SENT_HOLE;)
        to = next->to;
    return seq_distance(hole->from, to);
}

/* What of a hole may leave now: nothing if the window is full, or the peer has shut his over it
 * (RFC 9293 §3.8.6: SHLD-16, then only the first segment goes, as a probe). */
static uint32_t again_limit(const struct tcp *tcp, const struct tcp_conn *conn,
                            const struct range *hole)
{
    const uint32_t before = seq_distance(conn->snd.una, hole->from);
    const uint32_t length = hole_length(tcp, conn, hole);
    uint32_t room = conn_congestion_room(tcp, conn);

    if (room == 0 || (conn->snd.wnd <= before && before > 0))
        return 0;
    if (room < conn->mss && length > room)
        return 0; /* where bytes count: no small pieces */
    if (conn->snd.wnd > before)
        room = min32(room, max32(conn->snd.wnd - before, 1));
    room = min32(room, length);
    room = min32(room, frame_limit(conn));
    room = min32(room, conn_frame_segments(tcp, conn) * conn->mss);
    return room > conn->mss ? room - room % conn->mss : room;
}

static bool emit_retransmission(struct tcp *tcp, struct tcp_conn *conn, struct tcp_out *out)
{
    const struct recovery *recovery;
    struct sent_set sent;
    const struct range *hole;
    enum lastack_cause cause = LASTACK_CAUSE_RETRANSMISSION_TIMEOUT;
    uint32_t most;

    recovery = conn_recovery(tcp, conn);
    if (recovery != NULL && recovery->state == RECOVERY_RECOVERY)
        cause = LASTACK_CAUSE_FAST_RETRANSMIT;
    else if (recovery != NULL && recovery->state == RECOVERY_LOSS && recovery->was_too_big)
        cause = LASTACK_CAUSE_ICMP_TOO_BIG;
    if (conn->owe & OWE_RETRANSMIT) {
        conn->owe &= (uint8_t)~OWE_RETRANSMIT;
        if (seq_equal(conn->snd.una, conn->snd.max))
            return false; /* acknowledged meanwhile */
        emit_again(tcp, conn, out, conn->snd.una, conn->mss, cause);
        return true;
    }
    if (recovery == NULL || recovery->board.lost.segs == 0 || !(conn->owe & OWE_SEND))
        return false;
    sent = conn_sent(tcp, conn);
    hole = sent_hole(&sent);
    most = hole == NULL ? 0 : again_limit(tcp, conn, hole);
    if (most == 0)
        return false;
    emit_again(tcp, conn, out, hole->from, most, cause);
    return true;
}

/* F-RTO (RFC 5682 §2.1 step 2b): new data first. True: so it is, and retransmissions wait. */
static bool sends_new_first(struct tcp *tcp, struct tcp_conn *conn, struct tcp_out *out,
                            bool *is_out)
{
    struct recovery *recovery = conn_recovery(tcp, conn);

    if (recovery == NULL || !recovery->sends_new || conn->owe & OWE_RETRANSMIT)
        return false;
    *is_out = conn->owe & OWE_SEND && emit_new(tcp, conn, out, false);
    if (*is_out || seq_after(conn->snd.max, recovery->high))
        return true;
    recovery->sends_new = recovery->is_frto = false; /* nothing could be sent */
    return false;
}

/* What repairs comes before what is new, mostly. is_held: text has to wait (pace.c). */
static NOINLINE bool emit_repair(struct tcp *tcp, struct tcp_conn *conn, struct tcp_out *out,
                                 bool is_held)
{
    bool is_out = false;

    if (!is_held && sends_new_first(tcp, conn, out, &is_out)) {
        if (is_out)
            return true;
        conn->owe &= (uint8_t)~OWE_SEND;
    }
    return emit_retransmission(tcp, conn, out);
}

/* RFC 8985 §7.3: new data if there is some, else the last segment again. */
static NOINLINE bool emit_tail_probe(struct tcp *tcp, struct tcp_conn *conn, struct tcp_out *out)
{
    const struct recovery *recovery = conn_recovery(tcp, conn);
    struct sent_set sent;
    const struct range *last;
    uint32_t length, back;

    conn->owe &= (uint8_t)~OWE_TAIL;
    if (seq_equal(conn->snd.una, conn->snd.max) ||
        (recovery != NULL && recovery->state != RECOVERY_OPEN && recovery->state != RECOVERY_CWR))
        return false; /* a full link held it back, and meanwhile there was news */
    if (seq_after(conn->snd.end, conn->snd.nxt) && conn_offered_room(conn) > 0) {
        const bool is_small = conn_has(conn, CONN_SEND_SMALL);

        conn->flags |= CONN_SEND_SMALL;
        if (emit_new(tcp, conn, out, true)) {
            recover_sent_probe(tcp, conn, false);
            return true;
        }
        if (!is_small)
            conn->flags &= ~(uint32_t)CONN_SEND_SMALL;
        return false;
    }
    sent = conn_sent(tcp, conn);
    last = sent_last(&sent);
    if (last == NULL || conn_need_recovery(tcp, conn) == NULL)
        return false;
    length = seq_distance(last->from, last->to);
    back = last->count > 1 ? length - (last->count - 1u) * conn->mss : length;
    if (last->count > 1 && (last->count - 1u) * conn->mss >= length)
        back = min32(length, conn->mss);
    emit_again(tcp, conn, out, seq_sub(last->to, back), conn->mss, LASTACK_CAUSE_TAIL_LOSS_PROBE);
    recover_sent_probe(tcp, conn, true);
    return true;
}

/* ---- probes ---- */

/*
 * A zero-window probe. Linux sends an old sequence number without text (SND.UNA - 1): it must be
 * answered and cannot be taken; the RFC would send one byte of new text. Both are answered by
 * every TCP; the former keeps our sequence space clean when the window never opens.
 */
static bool emit_probe(struct tcp_conn *conn, struct tcp_out *out)
{
    if (!(conn->owe & (OWE_PROBE | OWE_KEEPALIVE)))
        return false;
    conn->owe &= (uint8_t) ~(OWE_PROBE | OWE_KEEPALIVE);
    out->seg.seq = seq_sub(conn->snd.una, 1);
    out->seg.flags = LASTACK_ACK;
    return true;
}

static bool emit_ack(const struct tcp_conn *conn, struct tcp_out *out)
{
    if (!(conn->owe & OWE_ACK))
        return false;
    out->seg.seq = conn_seq_without_text(conn);
    out->seg.flags = LASTACK_ACK;
    return true;
}

/* ---- one connection, then all of a lane ---- */

/* Whatever may leave now has left. */
static NOINLINE void all_was_sent(struct tcp *tcp, struct tcp_conn *conn)
{
    const struct recovery *recovery = conn_recovery(tcp, conn);

    if (recovery != NULL && recovery->board.lost.segs == 0 &&
        seq_distance(conn->snd.nxt, seq_max(conn->snd.nxt, conn->snd.end)) < conn->mss &&
        conn_pipe(tcp, conn) < conn->cc.cwnd)
        delivery_limited(conn_delivery(tcp, conn), conn->packets);
    conn_check_room(tcp, conn);
    if (conn_has(conn, CONN_WANTS_ROOM) && seq_after_or_equal(conn->snd.nxt, conn->snd.end) &&
        tcp_state_may_send(conn->state) && !tcp_is_writable(tcp, conn))
        conn_chrono_start(tcp, conn, CHRONO_SNDBUF);
}

/* What it has to send now, if anything. */
static bool next_of(struct tcp *tcp, struct tcp_conn *conn, struct tcp_out *out)
{
    bool is_held = false;

    if (conn->state == TCP_SYN_SENT || conn->state == TCP_SYN_RECEIVED) {
        if (conn->owe & (OWE_SEND | OWE_RETRANSMIT) &&
            (conn->owe & OWE_RETRANSMIT || seq_equal(conn->snd.nxt, conn->iss)))
            return emit_syn(tcp, conn, out);
        if (!(conn->fast_open & FAST_OPEN_PASSIVE)) {
            conn->owe &= OWE_ACK;
            return conn->state == TCP_SYN_RECEIVED && emit_ack(conn, out);
        }
    }
    if (conn->owe & OWE_TAIL && emit_tail_probe(tcp, conn, out))
        return true;
    if (conn->owe & OWE_SEND && UNLIKELY(conn_is_paced(tcp, conn)) && pace_holds(tcp, conn))
        is_held = true;
    if ((conn->recovery != POOL_NONE || conn->owe & OWE_RETRANSMIT) &&
        emit_repair(tcp, conn, out, is_held))
        return true;
    if (conn->owe & OWE_SEND) {
        if (emit_new(tcp, conn, out, false))
            return true;
        conn->owe &= (uint8_t)~OWE_SEND;
        all_was_sent(tcp, conn);
    }
    return emit_probe(conn, out) || emit_ack(conn, out);
}

bool tcp_next_reply(struct tcp *tcp, struct tcp_out *out)
{
    const struct reply *reply = replies_take(&tcp->replies);

    if (reply == NULL)
        return false;
    reply_segment(reply, &out->seg);
    out->seg.len = reply->flags & LASTACK_SYN ? 1 : 0;
    out->text = NULL;
    out->gso_size = 0;
    out->tos = reply->tos;
    out->ttl = reply->ttl;
    report_segment(&tcp->report, LASTACK_TRACE_SEGMENT_OUT, reply->flow, reply->state, &out->seg,
                   reply->window);
    return true;
}

void tcp_reply_later(struct tcp *tcp)
{
    replies_put_back(&tcp->replies);
}

/* conn_unqueue of the one whose turn it is. */
static void unqueue_head(struct tcp *tcp, unsigned lane, struct tcp_conn *conn)
{
    struct send_queue *queue = &tcp->lanes[lane];

    queue->head = conn->send_next;
    conn->flags &= ~(uint32_t)CONN_QUEUED;
    conn->send_next = POOL_NONE;
    if (queue->head != POOL_NONE) {
        tcp_conn_at(tcp, queue->head)->send_prev = POOL_NONE;
        return;
    }
    queue->tail = POOL_NONE;
    tcp->lanes_owing &= ~((uint64_t)1 << lane);
}

/* For link 0 and for the others: inlined, it would take the registers of both loops. */
NOINLINE bool tcp_next_segment(struct tcp *tcp, unsigned lane, struct tcp_out *out)
{
    struct send_queue *queue = &tcp->lanes[lane];

    CHECK(lane < TCP_LANES);
    while (queue->head != POOL_NONE) {
        const uint32_t index = queue->head;
        struct tcp_conn *conn = tcp_conn_at(tcp, index);
        bool is_out;

        segment_clear(&out->seg);
        out->tos = 0;
        out->again = LASTACK_CAUSE_NONE;
        is_out = next_of(tcp, conn, out);
        if (is_out)
            write_rest(tcp, conn, out);
        unqueue_head(tcp, lane, conn);
        settle(tcp, conn); /* behind the others if it still owes; its timers as they are now */
        if (is_out)
            return true;
    }
    return false;
}
