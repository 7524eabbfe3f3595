/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * write_segment.c: see write_segment.h.
 *
 *      seq, text, SYN, PSH, FIN   what leaves, by next_segment.c
 *      ack, window, TS, SACK      what the receiving half has to tell: any segment pays for the ACK
 *      ECE, CWR, ECT              RFC 3168
 *      URG                        urgent.c
 */
#include "write_segment.h"

/* ---- SYN ---- */

static uint16_t syn_options(const struct tcp *tcp, const struct tcp_conn *conn)
{
    uint16_t options = OPTION_MSS;

    if (conn_has(conn, CONN_NO_OPTIONS))
        return 0;
    /* simultaneous open: what the peer offered and we have */
    if (conn->state == TCP_SYN_RECEIVED) {
        options |= conn_has(conn, CONN_WINDOW_SCALE) ? OPTION_WINDOW_SCALE : 0;
        options |= conn_has(conn, CONN_SACK) ? OPTION_SACK_PERMITTED : 0;
        options |= conn_has(conn, CONN_TIMESTAMP) ? OPTION_TIMESTAMP : 0;
        return options;
    }
    if (tcp->params.syn_drops_options && conn->retries >= 3)
        return options;
    options |= tcp->params.window_scaling ? OPTION_WINDOW_SCALE : 0;
    options |= tcp->params.sack ? OPTION_SACK_PERMITTED : 0;
    options |= tcp->params.timestamps ? OPTION_TIMESTAMP : 0;
    return options;
}

/* RFC 3168 §6.1.1.1: a SYN that nobody answered may have been dropped for its flags. */
static uint16_t ask_ecn(const struct tcp *tcp, struct tcp_conn *conn)
{
    if (!tcp->params.ecn_request || conn->retries > tcp->params.ecn_retries)
        return 0;
    conn->ecn |= ECN_ASKED;
    return LASTACK_ECE | LASTACK_CWR;
}

/* Fast Open: what rides in our SYN. It is not among the bursts sent: what the SYN-ACK does not
 * acknowledge has never left. */
static void write_syn_text(const struct tcp *tcp, struct tcp_conn *conn, struct segment *seg,
                           uint32_t length)
{
    if (length == 0)
        return;
    seg->text_length = length;
    conn->stats.data_segs_out++;
    conn->last_sent_ms = tcp->report.now_ms;
}

void write_syn(struct tcp *tcp, struct tcp_conn *conn, struct tcp_out *out)
{
    const bool is_answer = conn->state == TCP_SYN_RECEIVED;
    const uint32_t window = is_answer ? conn_rcv_wnd(conn) : conn->rcv.edge.v;
    struct segment *seg = &out->seg;

    seg->seq = conn->iss;
    if (is_answer)
        seg->flags = LASTACK_SYN | LASTACK_ACK | (conn->ecn & ECN_ON ? LASTACK_ECE : 0);
    else
        seg->flags = LASTACK_SYN | ask_ecn(tcp, conn);
    seg->wnd = (uint16_t)min32(window, 65535); /* RFC 7323 §2.2: never scaled */
    seg->options = syn_options(tcp, conn);
    seg->mss = conn->mss_own;
    seg->window_scale = conn->rcv_shift;
    seg->ts_value = conn_ts_value(conn, &tcp->report);
    seg->ts_echo = is_answer ? conn->paws.recent : 0;
    if (is_answer)
        fast_open_fill_syn_ack(tcp, conn, seg);
    else
        write_syn_text(tcp, conn, seg, fast_open_fill_syn(tcp, conn, seg));
}

/* ---- text ---- */

/* PSH: the end of what the user wrote (MUST-60, MUST-61), unless more of it was announced; and by
 * policy the end of each frame of several segments. */
static bool wants_push(const struct tcp *tcp, const struct tcp_conn *conn, struct seq from,
                       struct seq to)
{
    const struct write_queue *queue = conn->write_queue != POOL_NONE ? conn_queue(tcp, conn) : NULL;

    if ((conn_has(conn, CONN_SEND_SMALL) && seq_equal(to, conn->snd.end)) || queue == NULL)
        return true;
    if (tcp->params.send_accounting == LASTACK_SNDBUF_LINUX_SKB &&
        seq_equal(from, conn->snd.nxt)) { /* it belongs to the end of a chunk */
        const struct chunks *chunks = &queue->chunks;
        const struct chunk chunk = chunks_at(chunks, &tcp->ranges, from, conn->snd.end);

        if (tcp->params.push_every_frame && chunks->is_long_frame &&
            seq_equal(to, chunks->frame_end))
            return true;
        return seq_equal(to, chunk.end) &&
               (chunk.is_tail ? seq_equal(queue->push, to) : chunk.is_pushed);
    }
    if (tcp->params.push_every_frame && seq_distance(from, to) > conn->mss)
        return true; /* sent again */
    return seq_after(queue->push, from) && seq_before_or_equal(queue->push, to);
}

/* SACK blocks go along with text as far as its segment has room for them (RFC 6691 §3: the MSS does
 * not count them); pure ACKs tell of all. */
static NOINLINE void fit_sack(struct segment *seg, uint32_t mss)
{
    enum { HEAD = 4, EACH = 8 }; /* NOP NOP kind length, then two numbers a block */
    const uint32_t room = seg->text_length < mss ? mss - seg->text_length : 0;
    const uint32_t most = room < HEAD + EACH ? 0 : (room - HEAD) / EACH;

    if (seg->text_length == 0 || seg->sack_count <= most)
        return;
    seg->sack_count = (uint8_t)most;
    if (most == 0)
        seg->options &= (uint16_t)~OPTION_SACK;
}

void write_text(const struct tcp *tcp, const struct tcp_conn *conn, struct tcp_out *out,
                struct seq from, uint32_t length)
{
    struct segment *seg = &out->seg;
    const struct seq to = seq_add(from, length);

    seg->seq = from;
    seg->text_length = length;
    seg->flags = LASTACK_ACK;
    if (length > 0 && wants_push(tcp, conn, from, to))
        seg->flags |= LASTACK_PSH;
    if (conn_has(conn, CONN_FIN_QUEUED) && seq_equal(to, conn->snd.end))
        seg->flags |= LASTACK_FIN;
}

/* ---- every segment ---- */

/* What the receiving half has to tell. */
static void write_received(struct tcp *tcp, struct tcp_conn *conn, struct segment *seg)
{
    seg->flags |= ecn_echo(conn->ecn);
    seg->wnd = conn_offer_window(conn);
    conn_fill_options(tcp, conn, seg);
    if (seg->sack_count > 0)
        fit_sack(seg, conn->mss);
}

/* The ACK it carries pays what was owed. */
static void pay_ack(struct tcp *tcp, struct tcp_conn *conn)
{
    conn->owe &= (uint8_t)~OWE_ACK;
    conn->rcv.acked = conn->rcv.nxt;
    ack_policy_ack_sent(&conn->ack);
    conn_stop_deadline(conn, LASTACK_TIMER_DELAYED_ACK, &tcp->report);
}

static NOINLINE void report_again(struct tcp *tcp, const struct tcp_conn *conn,
                                  const struct tcp_out *out)
{
    report_retransmit(&tcp->report, conn->flow, conn->state, &out->seg, out->again,
                      max32(conn->retries, 1), rtt_timeout(&conn->rtt, &tcp->params));
}

static NOINLINE void report_out(const struct tcp *tcp, const struct tcp_conn *conn,
                                const struct segment *seg)
{
    const unsigned shift = seg->flags & LASTACK_SYN ? 0 : conn->rcv_shift;

    report_segment_wanted(&tcp->report, LASTACK_TRACE_SEGMENT_OUT, conn->flow, conn->state, seg,
                          (uint32_t)seg->wnd << shift);
}

void write_rest(struct tcp *tcp, struct tcp_conn *conn, struct tcp_out *out)
{
    struct segment *seg = &out->seg;
    const bool is_syn = (seg->flags & LASTACK_SYN) != 0;

    seg->tuple = conn->tuple;
    seg->len = seg->text_length + is_syn + ((seg->flags & LASTACK_FIN) != 0);
    out->text = &conn->send;
    out->gso_size = seg->text_length > conn->mss ? conn->mss : 0;
    out->tos |= conn->options.tos & (uint8_t)~ECN_MASK;
    out->ttl = conn->options.ttl;
    if (!is_syn)
        write_received(tcp, conn, seg);
    if (seg->flags & LASTACK_ACK)
        seg->ack = conn->rcv.nxt;
    if (UNLIKELY(out->again != LASTACK_CAUSE_NONE))
        report_again(tcp, conn, out);
    if (conn_has(conn, CONN_URGENT_OUT))
        urgent_fill(tcp, conn, seg);
    if (seg->flags & LASTACK_ACK)
        pay_ack(tcp, conn);
    conn->stats.segs_out +=
        out->gso_size > 0 ? (seg->text_length + out->gso_size - 1) / out->gso_size : 1;
    if (UNLIKELY(trace_wants(tcp->report.ring, LASTACK_TRACE_SEGMENT_OUT)))
        report_out(tcp, conn, seg);
}
