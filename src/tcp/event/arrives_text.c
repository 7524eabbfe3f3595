/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * arrives_text.c: RFC 9293 §3.10.7.4, "seventh, process the segment text" and "eighth, check the
 * FIN bit".
 *
 *     in order:      copied to its place, RCV.NXT moves over it and whatever had waited behind it
 *     beyond a hole: copied to its place, remembered as a range, answered at once with a
 *                    duplicate ACK that tells what is there (RFC 5681 §3.2, RFC 2018)
 *
 * Text is copied once, from the packet into the stream (docs/decisions/0005). A FIN takes a number
 * behind it (§3.4): beyond a hole it stands among the ranges, too, and is told of as text is.
 */
#include "tcp.h"

/*
 * The peer's segment size, as far as its segments show it: delayed ACKs count full ones (RFC 9293
 * SHLD-18). It is at least what it was, or what two segments in a row had that nobody cut short
 * (no PSH, no FIN, not tiny). More than our MSS option allows is no segment but many, which the
 * link hands over in one frame.
 */
static void measure_mss(struct tcp_conn *conn, const struct segment *seg)
{
    const uint32_t length = seg->text_length;

    if (length >= conn->rcv_mss) {
        const uint32_t options = conn_has(conn, CONN_TIMESTAMP) ? 12 : 0; /* they take their part */

        conn->rcv_mss = (uint16_t)min32(length, conn->mss_own - min32(options, conn->mss_own - 1u));
    } else if (length >= 88 && !(seg->flags & (LASTACK_PSH | LASTACK_FIN | LASTACK_URG))) {
        if (length == conn->rcv_last)
            conn->rcv_mss = (uint16_t)length;
        conn->rcv_last = (uint16_t)length;
    }
}

/* The text cannot be kept: the peer will send it again. */
static NOINLINE enum verdict refuse_text(struct tcp *tcp, struct tcp_conn *conn,
                                         const struct segment *seg, enum lastack_cause cause)
{
    report_drop(&tcp->report, conn->flow, conn->state, seg, cause);
    reply_ack(tcp, conn);
    return STOP;
}

/* `fills_hole`: RFC 5681 §4.2, the peer waits to hear of it. */
static inline void acknowledge_text(struct tcp *tcp, struct tcp_conn *conn, bool fills_hole)
{
    const uint32_t unacked = seq_distance(conn->rcv.acked, conn->rcv.nxt);
    const int64_t armed_at = conn->deadline.at[LASTACK_TIMER_DELAYED_ACK];
    int64_t at;

    if (fills_hole ||
        ack_policy_is_due(&conn->ack, &tcp->params, unacked, conn->rcv_mss, armed_at != NEVER)) {
        conn->owe |= OWE_ACK;
        return;
    }
    at = ack_policy_deadline(&conn->ack, &tcp->params, tcp->report.now, rtt_smoothed(&conn->rtt),
                             armed_at);
    if (at <= tcp->report.now)
        conn->owe |= OWE_ACK;
    else if (at != armed_at)
        conn_set_deadline(conn, LASTACK_TIMER_DELAYED_ACK, at, &tcp->report);
}

/* ... and over what had waited for it beyond a hole. */
static NOINLINE void advance_over_ranges(struct tcp *tcp, struct tcp_conn *conn)
{
    const struct seq to = conn->rcv.nxt;
    const struct range *next;

    ranges_trim_before(&conn->arrived, &tcp->ranges, to);
    next = ranges_first(&conn->arrived, &tcp->ranges);
    if (next != NULL && seq_before_or_equal(next->from, to)) {
        const bool ends_by_fin = conn_has(conn, CONN_FIN_KNOWN) && !seq_after(to, conn->rcv.fin);

        conn->rcv.nxt = ends_by_fin ? seq_min(next->to, conn->rcv.fin) : next->to;
        conn->stats.bytes_received += seq_distance(to, conn->rcv.nxt);
        ranges_trim_before(&conn->arrived, &tcp->ranges, conn->rcv.nxt);
    }
    sack_told_advance(&conn->told, &tcp->ranges, &conn->arrived, conn->rcv.nxt);
}

/* RCV.NXT moves to the end of text that is there. */
static inline void advance(struct tcp *tcp, struct tcp_conn *conn, struct seq to)
{
    conn->stats.bytes_received += seq_distance(conn->rcv.nxt, to);
    conn->rcv.nxt = to;
    if (conn->arrived.count > 0)
        advance_over_ranges(tcp, conn);
    conn->rcv.edge = seq_max(conn->rcv.edge, conn->rcv.nxt);
}

/* A process that closed its socket will never read: RFC 9293 §3.10.7.4 and RFC 1122 §4.2.2.13 say
 * RST. */
static NOINLINE enum verdict text_after_close(struct tcp *tcp, struct tcp_conn *conn,
                                              const struct segment *seg)
{
    report_drop(&tcp->report, conn->flow, conn->state, seg, LASTACK_CAUSE_DATA_AFTER_CLOSE);
    reply_rst_by(tcp, conn, seg);
    conn_end(tcp, conn, LASTACK_CAUSE_DATA_AFTER_CLOSE, 0);
    return STOPPED_CONNECTION;
}

/* The first part of the segment that had arrived before (RFC 2883 §4): what was trimmed off its
 * front, else what overlaps a range. from = to: nothing. */
static struct sack_block arrived_again(const struct tcp *tcp, const struct tcp_conn *conn,
                                       const struct segment *seg)
{
    const struct seq end = seq_add(seg->seq, seg->len);
    const struct range *range;

    if (!sack_is_empty(seg->again) || conn->arrived.count == 0 || !conn_has(conn, CONN_SACK))
        return seg->again;
    range = ranges_at_or_after(&conn->arrived, &tcp->ranges, seg->seq);
    if (range == NULL || !seq_before(range->from, end))
        return seg->again;
    return (struct sack_block){seq_max(range->from, seg->seq), seq_min(range->to, end)};
}

static enum verdict take_in_order(struct tcp *tcp, struct tcp_conn *conn, struct segment *seg)
{
    const struct seq end = seq_add(seg->seq, seg->text_length);
    const bool fills_hole = conn->arrived.count > 0;
    const bool is_kept =
        conn_readable(conn) == 0 /* every reader can go on by a page, however full the pool is */
            ? stream_put_reserved(&conn->receive, &tcp->pages, seg->seq, seg->text,
                                  seg->text_length)
            : stream_put(&conn->receive, &tcp->pages, seg->seq, seg->text, seg->text_length);

    if (!is_kept)
        return refuse_text(tcp, conn, seg, LASTACK_CAUSE_NO_PAGE_LEFT);
    ack_policy_data_arrived(&conn->ack, &tcp->params, tcp->report.now,
                            rtt_timeout(&conn->rtt, &tcp->params), conn_rcv_wnd(conn),
                            conn->rcv_mss);
    if (fills_hole)
        seg->again = arrived_again(tcp, conn, seg); /* told when the FIN has been looked at */
    advance(tcp, conn, end);
    conn_tune_arrived(tcp, conn, seg);
    acknowledge_text(tcp, conn, fills_hole);
    conn_wake(tcp, conn, WAKE_READABLE);
    return GO_ON;
}

/* Where the segment ends. The first FIN seen is the peer's, and no other: its place is kept. One
 * that lies before text which has arrived is none. */
static struct seq end_with_fin(struct tcp_conn *conn, const struct segment *seg)
{
    const struct seq end = seq_add(seg->seq, seg->text_length);

    if (!(seg->flags & LASTACK_FIN) || seq_before(end, conn->rcv.nxt))
        return end;
    if (!conn_has(conn, CONN_FIN_KNOWN)) {
        conn->flags |= CONN_FIN_KNOWN;
        conn->rcv.fin = end;
    }
    return seq_equal(end, conn->rcv.fin) ? seq_add(end, 1) : end;
}

/* [from, to) waits beyond a hole; false: there is no room to remember it. */
static bool keep_range(struct tcp *tcp, struct tcp_conn *conn, struct seq from, struct seq to)
{
    struct range merged;

    if (!ranges_add(&conn->arrived, &tcp->ranges, tcp->params.reassembly_ranges_max, from, to, NULL,
                    &merged))
        return false;
    conn->rcv.edge = seq_max(conn->rcv.edge, to); /* accept_whole_buffer: it is promised now */
    if (conn_has(conn, CONN_SACK))
        sack_told_arrived(&conn->told, &tcp->ranges, merged.from, merged.to);
    return true;
}

static NOINLINE enum verdict take_beyond_hole(struct tcp *tcp, struct tcp_conn *conn,
                                              struct segment *seg)
{
    const struct sack_block again = arrived_again(tcp, conn, seg);

    if (!stream_put(&conn->receive, &tcp->pages, seg->seq, seg->text, seg->text_length))
        return refuse_text(tcp, conn, seg, LASTACK_CAUSE_NO_PAGE_LEFT);
    if (!keep_range(tcp, conn, seg->seq, end_with_fin(conn, seg)))
        return refuse_text(tcp, conn, seg,
                           conn->arrived.count >= tcp->params.reassembly_ranges_max
                               ? LASTACK_CAUSE_DROP_REASSEMBLY_LIMIT
                               : LASTACK_CAUSE_NO_RANGE_LEFT);
    if (tcp->params.quick_ack == LASTACK_QUICK_ACK_LINUX)
        ack_policy_quicken(&conn->ack, conn_rcv_wnd(conn), conn->rcv_mss, 16);
    conn->ack.last_data_at = tcp->report.now;
    seg->again = (struct sack_block){seg->seq, seg->seq};
    reply_ack_again(tcp, conn, again); /* one duplicate ACK per segment: never merged */
    return GO_ON;
}

NOINLINE void keep_rest_of_syn(struct tcp *tcp, struct tcp_conn *conn, const struct segment *syn)
{
    const struct seq from = conn->rcv.nxt;
    const uint32_t length = min32(syn->text_length, conn_rcv_wnd(conn));

    if (length > 0 && stream_put(&conn->receive, &tcp->pages, from, syn->text, length))
        (void)ranges_add(&conn->arrived, &tcp->ranges, tcp->params.reassembly_ranges_max, from,
                         seq_add(from, length), NULL, NULL);
    if (syn->flags & LASTACK_FIN && length == syn->text_length) {
        conn->flags |= CONN_FIN_KNOWN;
        conn->rcv.fin = seq_add(from, length);
    }
}

void take_rest_of_syn(struct tcp *tcp, struct tcp_conn *conn)
{
    if (conn->arrived.count == 0)
        return;
    advance(tcp, conn, conn->rcv.nxt);
    acknowledge_text(tcp, conn, false);
    conn_wake(tcp, conn, WAKE_READABLE);
}

/* The first step trimmed the segment to RCV.NXT, but the fifth may have moved that over the rest
 * of a SYN since. */
static void trim_taken(const struct tcp_conn *conn, struct segment *seg)
{
    uint32_t old;

    if (LIKELY(!seq_before(seg->seq, conn->rcv.nxt)))
        return;
    old = min32(seq_distance(seg->seq, conn->rcv.nxt), seg->text_length);
    seg->seq = seq_add(seg->seq, old);
    seg->text += old;
    seg->text_length -= old;
    seg->len -= old;
}

/* RFC 3168 §6.1.3. Text without ECT from a peer that had it is sent again: he waits for an ACK. */
static NOINLINE void take_congestion_marks(struct tcp *tcp, struct tcp_conn *conn,
                                           const struct segment *seg)
{
    const bool is_again = conn->ecn & ECN_SEEN && seg->ecn == ECN_NOT_ECT;

    if (seg->ecn == ECN_CE)
        report_count(&tcp->report, LASTACK_CAUSE_ECN_CE);
    if (ecn_text_arrived(&conn->ecn, seg->flags, seg->ecn))
        conn->owe |= OWE_ACK;
    else if (is_again && tcp->params.quick_ack == LASTACK_QUICK_ACK_LINUX)
        ack_policy_quicken(&conn->ack, conn_rcv_wnd(conn), conn->rcv_mss, 2);
}

static NOINLINE enum verdict text_arrives(struct tcp *tcp, struct tcp_conn *conn,
                                          struct segment *seg)
{
    if (!tcp_state_may_receive(conn->state) && !(conn->fast_open & FAST_OPEN_PASSIVE)) {
        /* CLOSE-WAIT, CLOSING, LAST-ACK: "This should not occur, since a FIN has been received" */
        report_drop(&tcp->report, conn->flow, conn->state, seg, LASTACK_CAUSE_DROP_TEXT_AFTER_FIN);
        return GO_ON;
    }
    if (conn_has(conn, CONN_ORPHAN))
        return text_after_close(tcp, conn, seg);
    if (conn->ecn & ECN_ON)
        take_congestion_marks(tcp, conn, seg);
    measure_mss(conn, seg);
    return seq_equal(seg->seq, conn->rcv.nxt) ? take_in_order(tcp, conn, seg)
                                              : take_beyond_hole(tcp, conn, seg);
}

enum verdict seventh_take_text(struct tcp *tcp, struct tcp_conn *conn, struct segment *seg)
{
    if (seg->text_length == 0)
        return GO_ON;
    trim_taken(conn, seg);
    return seg->text_length == 0 ? GO_ON : text_arrives(tcp, conn, seg);
}

/* RCV.NXT passes the FIN: §3.10.7.4 eighth, by state. */
static enum verdict fin_in_order(struct tcp *tcp, struct tcp_conn *conn)
{
    conn->rcv.nxt = seq_add(conn->rcv.nxt, 1);
    if (seq_after(conn->rcv.nxt, conn->rcv.edge))
        conn->rcv.edge = conn->rcv.nxt;
    if (conn->arrived.count > 0) { /* it waited there itself; nothing can follow */
        ranges_clear(&conn->arrived, &tcp->ranges);
        sack_told_clear(&conn->told, &tcp->ranges);
    }
    conn->flags |= CONN_FIN_RECEIVED;
    conn->owe |= OWE_ACK;
    conn_wake(tcp, conn, WAKE_READABLE | (conn_has(conn, CONN_FIN_QUEUED) ? WAKE_HANGUP : 0));
    switch ((enum tcp_state)conn->state) {
    case TCP_ESTABLISHED:
        tcp_enter(conn, TCP_CLOSE_WAIT, LASTACK_CAUSE_FIN, &tcp->report);
        return GO_ON;
    case TCP_FIN_WAIT_1: /* an ACK of our FIN would have left it in the fifth step */
        tcp_enter(conn, TCP_CLOSING, LASTACK_CAUSE_FIN, &tcp->report);
        if (tcp->params.closing_repeats_fin)
            conn->owe |= OWE_RETRANSMIT;
        return GO_ON;
    case TCP_FIN_WAIT_2:
        conn_enter_time_wait(tcp, conn, LASTACK_CAUSE_FIN); /* which pays the ACK */
        return STOPPED_CONNECTION;
    case TCP_SYN_RECEIVED: /* the fifth step has made it ESTABLISHED */
    case TCP_SYN_SENT:
    case TCP_CLOSE_WAIT:
    case TCP_CLOSING:
    case TCP_LAST_ACK:
    case TCP_TIME_WAIT:
    case TCP_LISTEN:
    case TCP_CLOSED:
        break;
    }
    UNREACHABLE();
}

/* A FIN without text beyond a hole: the answer asks for what is missing. Where it cannot be told of
 * its place is known all the same. */
static NOINLINE void keep_fin(struct tcp *tcp, struct tcp_conn *conn, const struct segment *seg)
{
    const struct sack_block again = arrived_again(tcp, conn, seg);

    if (seq_equal(seg->seq, conn->rcv.fin))
        (void)keep_range(tcp, conn, seg->seq, seq_add(seg->seq, 1));
    reply_ack_again(tcp, conn, again);
}

/* There is a FIN, or was one. */
static NOINLINE enum verdict fin_arrives(struct tcp *tcp, struct tcp_conn *conn,
                                         const struct segment *seg)
{
    if (conn_has(conn, CONN_FIN_RECEIVED)) {
        if (seg->flags & LASTACK_FIN)
            conn->owe |= OWE_ACK;
        return GO_ON;
    }
    if (seq_after(conn->rcv.nxt, conn->rcv.fin))
        conn->flags &= ~(uint32_t)CONN_FIN_KNOWN; /* text went past it: it was none */
    (void)end_with_fin(conn, seg);
    if (!conn_has(conn, CONN_FIN_KNOWN))
        return GO_ON;
    if (seq_equal(conn->rcv.nxt, conn->rcv.fin))
        return fin_in_order(tcp, conn);
    if (seg->flags & LASTACK_FIN && seg->text_length == 0)
        keep_fin(tcp, conn, seg);
    return GO_ON;
}

enum verdict eighth_check_fin(struct tcp *tcp, struct tcp_conn *conn, const struct segment *seg)
{
    if (!(seg->flags & LASTACK_FIN) && !conn_has(conn, CONN_FIN_KNOWN))
        return GO_ON;
    return fin_arrives(tcp, conn, seg);
}
