/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * arrives.c: RFC 9293 §3.10.7 SEGMENT ARRIVES.
 *
 *     who owns the tuple?   connection ─▶ SYN-SENT (§3.10.7.3) or the eight steps (§3.10.7.4)
 *                           SYN entry  ─▶ SYN-RECEIVED (arrives_listen.c)
 *                           record     ─▶ arrives_time_wait.c
 *                           nobody     ─▶ a listener (arrives_listen.c), else CLOSED (§3.10.7.1)
 *
 * The steps are functions in the RFC's order: first_check_sequence ... eighth_check_fin. Each
 * answers GO_ON, or it has dealt with the segment. The fifth, seventh and eighth have files of
 * their own.
 */
#include "find.h"

static void arrives_in_closed(struct tcp *tcp, const struct segment *seg, uint64_t flow)
{
    if (seg->flags & LASTACK_RST) {
        report_drop(&tcp->report, flow, TCP_CLOSED, seg, LASTACK_CAUSE_DROP_RST_NO_CONNECTION);
        return;
    }
    report_drop(&tcp->report, flow, TCP_CLOSED, seg, LASTACK_CAUSE_DROP_NO_CONNECTION);
    if (!tcp->params.log_in_vain_silence)
        reply_rst_to(tcp, seg, flow, TCP_CLOSED);
}

/* ---- §3.10.7.3 SYN-SENT ---- */

/* "First, check the ACK bit": *is_ack_good tells the later steps. */
static enum verdict syn_sent_check_ack(struct tcp *tcp, struct tcp_conn *conn,
                                       const struct segment *seg, bool *is_ack_good)
{
    *is_ack_good = false;
    if (!(seg->flags & LASTACK_ACK))
        return GO_ON;
    /* SND.NXT stands before the SYN again while a repetition of it waits to leave */
    if (seq_before_or_equal(seg->ack, conn->iss) || seq_after(seg->ack, conn->snd.max)) {
        report_drop(&tcp->report, conn->flow, conn->state, seg, LASTACK_CAUSE_DROP_ACK_OF_UNSENT);
        if (!(seg->flags & LASTACK_RST))
            reply_rst_by(tcp, conn, seg);
        return STOP;
    }
    *is_ack_good = true;
    return GO_ON;
}

/* "Second, check the RST bit": believed only with an acceptable ACK (RFC 5961 §3.2
 * says the same). */
static enum verdict syn_sent_check_rst(struct tcp *tcp, struct tcp_conn *conn,
                                       const struct segment *seg, bool is_ack_good)
{
    if (!(seg->flags & LASTACK_RST))
        return GO_ON;
    if (!is_ack_good) {
        report_drop(&tcp->report, conn->flow, conn->state, seg,
                    LASTACK_CAUSE_DROP_RST_OUT_OF_WINDOW);
        return STOP;
    }
    conn_end(tcp, conn, LASTACK_CAUSE_REFUSED, LASTACK_ECONNREFUSED);
    return STOPPED_CONNECTION;
}

/* "Fourth, check the SYN bit", with the ACK of ours: ESTABLISHED. */
static enum verdict syn_sent_becomes_established(struct tcp *tcp, struct tcp_conn *conn,
                                                 const struct segment *seg)
{
    conn->snd.una = seg->ack;
    conn->snd.nxt = seq_max(conn->snd.nxt, seg->ack);
    conn->owe &= (uint8_t)~OWE_RETRANSMIT; /* a repetition need not leave any more */
    conn->snd.wnd = seg->wnd;              /* RFC 7323 §2.2: the window of a SYN is never scaled */
    conn->snd.wl1 = seg->seq;
    conn->snd.wl2 = seg->ack;
    conn->snd.wnd_max = max32(conn->snd.wnd_max, conn->snd.wnd);
    conn_bound_mss(tcp, conn);
    tcp_enter(conn, TCP_ESTABLISHED, LASTACK_CAUSE_SYN_ACK, &tcp->report);
    if (conn->retries == 0)
        rtt_sample(&conn->rtt, &tcp->params, tcp->report.now - conn->first_retry_at,
                   tcp->report.now - conn->first_retry_at, conn->snd.una.v, conn->snd.nxt.v);
    else
        rtt_fall_back(&conn->rtt, &tcp->params); /* RFC 6298 §5.7 */
    fast_open_answered(tcp, conn, seg);
    /* RFC 5681 §3.1; RFC 6928 §2 lets one loss pass, as for who is opened */
    cc_init(&conn->cc, conn->cc.algorithm, conn->mss,
            conn->retries > 1 ? 1 : cc_initial_segs(&tcp->params, conn->mss));
    conn->rtt.backoff = 0;
    conn->retries = 0;
    conn->first_retry_at = NEVER;
    conn_stop_deadline(conn, LASTACK_TIMER_RETRANSMIT, &tcp->report);
    conn_stop_deadline(conn, LASTACK_TIMER_USER_TIMEOUT, &tcp->report);
    conn->owe |= OWE_ACK | OWE_SEND;
    conn_wake(tcp, conn, WAKE_WRITABLE);
    return GO_ON;
}

/* ... without: our SYN and the peer's have crossed (Figure 7). */
static void syn_sent_becomes_syn_received(struct tcp *tcp, struct tcp_conn *conn)
{
    tcp_enter(conn, TCP_SYN_RECEIVED, LASTACK_CAUSE_SYN_CROSSED, &tcp->report);
    conn->snd.nxt = conn->iss; /* the SYN leaves once more, now with an ACK */
    conn->owe |= OWE_SEND;
}

/* "If there are other controls or text in the segment, then continue processing". */
static NOINLINE enum verdict syn_sent_take_rest(struct tcp *tcp, struct tcp_conn *conn,
                                                const struct segment *seg)
{
    struct segment rest = *seg;
    enum verdict v;

    rest.flags &= (uint16_t)~LASTACK_SYN;
    rest.seq = conn->rcv.nxt;
    rest.len = seg->len - 1;
    v = seventh_take_text(tcp, conn, &rest);
    return v == GO_ON ? eighth_check_fin(tcp, conn, &rest) : v;
}

static NOINLINE void arrives_in_syn_sent(struct tcp *tcp, struct tcp_conn *conn,
                                         const struct segment *seg)
{
    bool is_ack_good;
    enum verdict v;

    if (syn_sent_check_ack(tcp, conn, seg, &is_ack_good) != GO_ON)
        return;
    v = syn_sent_check_rst(tcp, conn, seg, is_ack_good);
    if (v != GO_ON)
        return;
    /* third: security: not implemented (RFC 9293 Appendix A.1) */
    if (!(seg->flags & LASTACK_SYN)) { /* fifth: neither SYN nor RST */
        report_drop(&tcp->report, conn->flow, conn->state, seg,
                    LASTACK_CAUSE_DROP_NOT_SYN_IN_LISTEN);
        return;
    }
    conn->irs = seg->seq;
    conn->rcv.nxt = conn->rcv.read = conn->rcv.acked = seq_add(seg->seq, 1);
    /* offered in our SYN */
    conn->rcv.edge = seq_add(conn->rcv.nxt, seq_distance(seq_of(0), conn->rcv.edge));
    conn_take_syn_options(tcp, conn, seg);
    if (is_ack_good)
        conn->ecn = ecn_agree(conn->ecn, seg->flags);
    else /* their SYN asks, and our SYN-ACK answers it */
        conn->ecn = tcp->params.ecn_accept && ecn_is_setup_syn(seg->flags, seg->ecn) ? ECN_ON : 0;
    if (!is_ack_good) {
        syn_sent_becomes_syn_received(tcp, conn);
        conn->snd.wnd = seg->wnd;
        conn->snd.wl1 = seg->seq;
        if (tcp->params.syn_text_kept)
            keep_rest_of_syn(tcp, conn, seg);
        settle(tcp, conn);
        return; /* what is not kept the peer sends again */
    }
    syn_sent_becomes_established(tcp, conn, seg);
    conn->last_received_ms = tcp->report.now_ms;
    if (conn_has(conn, CONN_KEEPALIVE))
        conn_set_deadline(conn, LASTACK_TIMER_KEEPALIVE,
                          time_after(tcp->report.now, conn_keepalive_idle(tcp, conn)),
                          &tcp->report);
    if (seg->len > 1 && syn_sent_take_rest(tcp, conn, seg) == STOPPED_CONNECTION)
        return;
    settle(tcp, conn);
}

/* ---- §3.10.7.4, steps one to four ---- */

/* RFC 7323 §5.3 R1, before anything else; not for RST (§5.2). */
static enum verdict check_paws(struct tcp *tcp, struct tcp_conn *conn, const struct segment *seg)
{
    if (!conn_has(conn, CONN_TIMESTAMP) || seg->flags & LASTACK_RST)
        return GO_ON;
    if (!(seg->options & OPTION_TIMESTAMP)) {
        if (tcp->params.missing_timestamp_ok)
            return GO_ON;
        report_drop(&tcp->report, conn->flow, conn->state, seg, LASTACK_CAUSE_DROP_NO_TIMESTAMP);
        return STOP;
    }
    if (!paws_rejects(&conn->paws, tcp_paws_rule(tcp, true), seg->ts_value, tcp->report.now))
        return GO_ON;
    report_drop(&tcp->report, conn->flow, conn->state, seg, LASTACK_CAUSE_DROP_PAWS);
    reply_challenge(tcp, conn);
    return STOP;
}

/*
 * The right edge of what is taken. The RFC's is the one that was offered; with accept_whole_buffer
 * it is the buffer's: the offer cannot tell all of it where the window field is too small.
 */
static struct seq acceptable_edge(const struct tcp *tcp, const struct tcp_conn *conn)
{
    const uint32_t held = conn_readable(conn);
    const uint32_t room = conn->space.limit > held ? conn->space.limit - held : 0;

    return tcp->params.accept_whole_buffer ? seq_max(conn->rcv.edge, seq_add(conn->rcv.nxt, room))
                                           : conn->rcv.edge;
}

static uint32_t acceptable_window(const struct tcp *tcp, const struct tcp_conn *conn)
{
    const struct seq edge = acceptable_edge(tcp, conn);

    return seq_after(edge, conn->rcv.nxt) ? seq_distance(conn->rcv.nxt, edge) : 0;
}

/* The four cases of the table in §3.10.7.4 ("acceptability"). */
static bool is_acceptable(const struct tcp *tcp, const struct tcp_conn *conn,
                          const struct segment *seg)
{
    const struct seq edge = acceptable_edge(tcp, conn);
    const uint32_t wnd = acceptable_window(tcp, conn);

    if (seg->len == 0)
        return wnd == 0 ? seq_equal(seg->seq, conn->rcv.nxt)
                        : seq_in_window(seg->seq, conn->rcv.nxt, wnd) ||
                              seq_equal(seg->seq, conn->rcv.nxt);
    /* The RFC asks whether its first or last octet lies in the window; one that covers all of the
     * window has text for it too. */
    return wnd > 0 && seq_before(seg->seq, edge) &&
           seq_after(seq_add(seg->seq, seg->len), conn->rcv.nxt);
}

static void trim_front(struct segment *seg, struct seq from)
{
    uint32_t old = seq_distance(seg->seq, from);

    if (!seq_before(seg->seq, from))
        return;
    if (seg->urgent >= old) /* it counts from SEG.SEQ */
        seg->urgent = (uint16_t)(seg->urgent - old);
    else
        seg->flags &= (uint16_t)~LASTACK_URG;
    seg->seq = from;
    if (old >= seg->len) { /* the FIN too; and a SYN may come again without the text it had */
        seg->flags &= (uint16_t) ~(LASTACK_SYN | LASTACK_FIN);
        seg->len = seg->text_length = 0;
        return;
    }
    seg->len -= old;
    if (seg->flags & LASTACK_SYN) {
        seg->flags &= (uint16_t)~LASTACK_SYN;
        old--;
    }
    if (old > 0) /* without text there is no place that it is at */
        seg->text += old;
    seg->text_length -= old;
}

static void trim_back(struct segment *seg, struct seq edge)
{
    const struct seq end = seq_add(seg->seq, seg->len);
    uint32_t beyond;

    if (!seq_after(end, edge))
        return;
    beyond = seq_distance(edge, end);
    if (beyond > seg->len)
        beyond = seg->len;
    seg->len -= beyond;
    if (seg->flags & LASTACK_FIN) {
        seg->flags &= (uint16_t)~LASTACK_FIN;
        beyond--;
    }
    seg->text_length -= min32(beyond, seg->text_length);
}

/* With a closed window only ACK, URG and RST are of use (§3.10.7.4: "special
 * allowance"; MUST-66). */
static bool is_probe_of_closed_window(const struct tcp *tcp, const struct tcp_conn *conn,
                                      const struct segment *seg)
{
    return acceptable_window(tcp, conn) == 0 && seq_equal(seg->seq, conn->rcv.nxt) &&
           !(seg->flags & (LASTACK_SYN | LASTACK_RST));
}

/* A repeated or crossing SYN-ACK in SYN-RECEIVED starts one before RCV.NXT, since its SYN was
 * counted already. (A reset that starts there lies before the window: RFC 5961 §3.2.) */
static bool is_syn_again(const struct tcp_conn *conn, const struct segment *seg)
{
    return conn->state == TCP_SYN_RECEIVED &&
           (seg->flags & (LASTACK_SYN | LASTACK_RST)) == LASTACK_SYN &&
           seq_equal(seg->seq, conn->irs);
}

/* Its text and FIN were here before, its ACK may be news (old_segment_acks). */
static bool is_old_with_ack(const struct tcp *tcp, const struct tcp_conn *conn,
                            const struct segment *seg)
{
    return tcp->params.old_segment_acks && !(seg->flags & (LASTACK_SYN | LASTACK_RST)) &&
           seg->flags & LASTACK_ACK && seq_before(seg->seq, conn->rcv.nxt) &&
           seq_before_or_equal(seq_add(seg->seq, seg->len), conn->rcv.nxt);
}

/* RFC 2883 §4: text before RCV.NXT was there before. */
static void note_old_text(const struct tcp_conn *conn, struct segment *seg)
{
    const struct seq from = seg->flags & LASTACK_SYN ? seq_add(seg->seq, 1) : seg->seq;
    const struct seq to = seq_min(seq_add(from, seg->text_length), conn->rcv.nxt);

    if (conn_has(conn, CONN_SACK) && seq_before(from, to))
        seg->again = (struct sack_block){from, to};
}

/* It does not begin at RCV.NXT, or goes beyond the window, or has a SYN. */
static NOINLINE enum verdict check_out_of_place(struct tcp *tcp, struct tcp_conn *conn,
                                                struct segment *seg)
{
    if (is_syn_again(conn, seg)) {
        if (!(seg->flags & LASTACK_ACK)) {
            if (conn->fast_open & FAST_OPEN_PASSIVE)
                conn->owe |= OWE_RETRANSMIT; /* our SYN-ACK was lost */
            else
                reply_challenge(tcp, conn); /* RFC 5961 §4.2 */
            return STOP;
        }
        trim_front(seg, conn->rcv.nxt);
        return GO_ON;
    }
    if (!is_acceptable(tcp, conn, seg)) {
        if (seg->flags & LASTACK_RST)
            return GO_ON; /* the second step knows better (RFC 5961 §3.2) */
        if (is_probe_of_closed_window(tcp, conn, seg)) {
            conn->owe |= OWE_ACK;
            report_count(&tcp->report, LASTACK_CAUSE_DROP_RECEIVE_BUFFER);
            trim_back(seg, conn->rcv.edge);
            return GO_ON;
        }
        if (is_old_with_ack(tcp, conn, seg)) {
            note_old_text(conn, seg);
            conn->owe |= OWE_ACK;
            seg->seq = conn->rcv.nxt;
            seg->len = seg->text_length = 0;
            seg->flags &= (uint16_t)~LASTACK_FIN;
            return GO_ON;
        }
        report_drop(&tcp->report, conn->flow, conn->state, seg, LASTACK_CAUSE_DROP_OUT_OF_WINDOW);
        if (seg->text_length > 0 || seg->flags & LASTACK_FIN) {
            if (tcp->params.quick_ack == LASTACK_QUICK_ACK_LINUX &&
                /* a repetition: our ACK was lost, answer quickly */
                seq_before(seg->seq, conn->rcv.nxt))
                ack_policy_quicken(&conn->ack, conn_rcv_wnd(conn), conn->rcv_mss, 16);
            note_old_text(conn, seg);
            /* What was acknowledged last comes again: that ACK was lost, and this one tells the
             * peer a round trip only if it echoes the repetition (as Linux and FreeBSD do it). */
            if (seq_equal(seq_add(seg->seq, seg->len), conn->rcv.acked))
                conn_take_timestamp(tcp, conn, seg);
            /* RFC 9293 §3.10.7.4: never limited, the peer needs it */
            reply_ack_again(tcp, conn, seg->again);
        } else {
            reply_challenge(tcp, conn);
        }
        return STOP;
    }
    if (!(seg->flags & (LASTACK_RST | LASTACK_SYN))) {
        note_old_text(conn, seg);
        trim_front(seg, conn->rcv.nxt);
        trim_back(seg, acceptable_edge(tcp, conn));
    }
    return GO_ON;
}

static enum verdict first_check_sequence(struct tcp *tcp, struct tcp_conn *conn,
                                         struct segment *seg)
{
    if (LIKELY(seq_equal(seg->seq, conn->rcv.nxt) && !(seg->flags & LASTACK_SYN) &&
               seq_before_or_equal(seq_add(seg->seq, seg->len), conn->rcv.edge)))
        return GO_ON;
    return check_out_of_place(tcp, conn, seg);
}

/* Linux also believes a RST behind the last text that we told of by SACK, and one before RCV.NXT
 * where the peer's FIN was the last thing (LNX-RST-EXTRA). */
static bool is_rst_exact(const struct tcp *tcp, const struct tcp_conn *conn,
                         const struct segment *seg)
{
    if (seq_equal(seg->seq, conn->rcv.nxt))
        return true;
    if (!tcp->params.rst_extra_linux)
        return false;
    if (conn_has(conn, CONN_SACK) && conn->arrived.count > 0 &&
        seq_equal(seg->seq, ranges_last(&conn->arrived, &tcp->ranges)->to))
        return true;
    if (!seq_equal(seg->seq, seq_sub(conn->rcv.nxt, 1)))
        return false;
    return conn->state == TCP_CLOSE_WAIT || conn->state == TCP_LAST_ACK ||
           conn->state == TCP_CLOSING;
}

/* What the user is told of a RST. In CLOSING and LAST-ACK the RFC has no error for him (both
 * directions are closed); Linux and BSD have, and Linux EPIPE in CLOSE-WAIT. */
static int error_of_rst(const struct tcp *tcp, const struct tcp_conn *conn)
{
    const enum tcp_state state = conn->state;

    if (state == TCP_SYN_RECEIVED && !(conn->fast_open & FAST_OPEN_PASSIVE))
        return LASTACK_ECONNREFUSED; /* an active OPEN */
    if (tcp->params.rst_extra_linux && state == TCP_CLOSE_WAIT)
        return LASTACK_EPIPE;
    if (!tcp->params.rst_error_closing && (state == TCP_CLOSING || state == TCP_LAST_ACK))
        return 0;
    return LASTACK_ECONNRESET;
}

/* RFC 5961 §3.2 replaces the RFC 793 text: exactly at RCV.NXT or a challenge. */
static NOINLINE enum verdict take_rst(struct tcp *tcp, struct tcp_conn *conn,
                                      const struct segment *seg)
{
    if (!is_rst_exact(tcp, conn, seg)) {
        if (!seq_in_window(seg->seq, conn->rcv.nxt, max32(acceptable_window(tcp, conn), 1))) {
            report_drop(&tcp->report, conn->flow, conn->state, seg,
                        LASTACK_CAUSE_DROP_RST_OUT_OF_WINDOW);
            return STOP;
        }
        if (!tcp->params.insecure_rst) {
            report_drop(&tcp->report, conn->flow, conn->state, seg,
                        LASTACK_CAUSE_DROP_RST_NOT_EXACT);
            reply_challenge(tcp, conn);
            return STOP;
        }
    }
    conn_end(tcp, conn, LASTACK_CAUSE_RST, error_of_rst(tcp, conn));
    return STOPPED_CONNECTION;
}

static enum verdict second_check_rst(struct tcp *tcp, struct tcp_conn *conn,
                                     const struct segment *seg)
{
    return seg->flags & LASTACK_RST ? take_rst(tcp, conn, seg) : GO_ON;
}

/* RFC 5961 §4.2: a SYN in a synchronized state is challenged, in the window or not. */
static NOINLINE enum verdict challenge_syn(struct tcp *tcp, struct tcp_conn *conn,
                                           const struct segment *seg)
{
    report_drop(&tcp->report, conn->flow, conn->state, seg, LASTACK_CAUSE_DROP_SYN_IN_CONNECTION);
    if (tcp->params.insecure_syn &&
        seq_in_window(seg->seq, conn->rcv.nxt, acceptable_window(tcp, conn))) {
        reply_rst_of(tcp, conn); /* RFC 793: "it is an error, send a reset" */
        conn_end(tcp, conn, LASTACK_CAUSE_SYN, LASTACK_ECONNRESET);
        return STOPPED_CONNECTION;
    }
    reply_challenge(tcp, conn);
    return STOP;
}

static enum verdict fourth_check_syn(struct tcp *tcp, struct tcp_conn *conn,
                                     const struct segment *seg)
{
    return seg->flags & LASTACK_SYN ? challenge_syn(tcp, conn, seg) : GO_ON;
}

/* Our FIN is acknowledged and the peer's has not come, or lies beyond a hole that nobody will
 * read: nothing is left that a record cannot do. */
static enum verdict orphan_check_fin_wait_2(struct tcp *tcp, struct tcp_conn *conn)
{
    if (conn->state != TCP_FIN_WAIT_2 || !conn_has(conn, CONN_ORPHAN))
        return GO_ON;
    conn_enter_fin_wait_2_record(tcp, conn);
    return STOPPED_CONNECTION;
}

static enum verdict eight_steps(struct tcp *tcp, struct tcp_conn *conn, struct segment *seg)
{
    enum verdict v;

    if ((v = check_paws(tcp, conn, seg)) != GO_ON)
        return v;
    if ((v = first_check_sequence(tcp, conn, seg)) != GO_ON)
        return v;
    if ((v = second_check_rst(tcp, conn, seg)) != GO_ON)
        return v;
    /* third: security: not implemented (RFC 9293 Appendix A.1) */
    if ((v = fourth_check_syn(tcp, conn, seg)) != GO_ON)
        return v;
    if ((v = fifth_check_ack(tcp, conn, seg)) != GO_ON)
        return v;
    sixth_check_urg(tcp, conn, seg);
    if ((v = seventh_take_text(tcp, conn, seg)) != GO_ON)
        return v;
    if ((v = eighth_check_fin(tcp, conn, seg)) != GO_ON)
        return v;
    if (!sack_is_empty(seg->again)) /* one ACK for text, FIN and duplicate */
        reply_ack_again(tcp, conn, seg->again);
    return orphan_check_fin_wait_2(tcp, conn);
}

void arrives_in_other_states(struct tcp *tcp, struct tcp_conn *conn, struct segment *seg)
{
    /* Now, for a SYN may be trimmed off later (RFC 7323 §2.2: its window is never scaled). */
    seg->window = (uint32_t)seg->wnd << (seg->flags & LASTACK_SYN ? 0 : conn->snd_shift);
    conn->last_received_ms = tcp->report.now_ms;
    conn->stats.segs_in++;
    if (seg->text_length > 0)
        conn->stats.data_segs_in++;
    if (conn_has(conn, CONN_KEEPALIVE)) {
        conn->probes = conn->deadline.at[LASTACK_TIMER_PERSIST] == NEVER ? 0 : conn->probes;
        conn->flags |= CONN_DEADLINE_SET;
        conn->deadline.at[LASTACK_TIMER_KEEPALIVE] =
            time_after(tcp->report.now, conn_keepalive_idle(tcp, conn));
    }
    if (eight_steps(tcp, conn, seg) != STOPPED_CONNECTION)
        settle(tcp, conn);
}

static NOINLINE void report_in(struct tcp *tcp, const struct tcp_conn *conn,
                               const struct segment *seg)
{
    const unsigned shift = seg->flags & LASTACK_SYN ? 0 : conn->snd_shift;

    report_segment_wanted(&tcp->report, LASTACK_TRACE_SEGMENT_IN, conn->flow, conn->state, seg,
                          (uint32_t)seg->wnd << shift);
}

static void arrives_for_conn(struct tcp *tcp, struct tcp_conn *conn, struct segment *seg)
{
    if (UNLIKELY(trace_wants(tcp->report.ring, LASTACK_TRACE_SEGMENT_IN)))
        report_in(tcp, conn, seg);
    if (conn->state == TCP_SYN_SENT)
        arrives_in_syn_sent(tcp, conn, seg);
    else
        arrives_in_other_states(tcp, conn, seg);
}

/* The tuple is nobody's: a listener's, if there is one (§3.10.7.2). */
static NOINLINE void arrives_for_nobody(struct tcp *tcp, struct segment *seg, uint64_t flow)
{
    const struct lastack_endpoint local = tuple_local(&seg->tuple);
    const uint32_t listener = tcp_find_listener(tcp, &local, flow);

    if (listener != POOL_NONE)
        arrives_in_listen(tcp, listener, seg, flow);
    else
        arrives_in_closed(tcp, seg, flow);
}

void tcp_arrives(struct tcp *tcp, struct segment *seg, uint64_t flow)
{
    const uint16_t both = LASTACK_SYN | LASTACK_FIN;
    struct flow_ref ref;

    if ((seg->flags & both) == both && tcp->params.drop_syn_fin_always) {
        report_drop(&tcp->report, flow, TCP_CLOSED, seg, LASTACK_CAUSE_DROP_SYN_FIN);
        return;
    }
    ref = find_owner(tcp, &seg->tuple, flow);
    switch (ref.kind) {
    case FLOW_CONNECTION:
        arrives_for_conn(tcp, tcp_conn_at(tcp, ref.index), seg);
        return;
    case FLOW_SYN_ENTRY:
        arrives_for_syn_entry(tcp, ref.index, seg, flow);
        return;
    case FLOW_TIME_WAIT_IPV4:
    case FLOW_TIME_WAIT_IPV6:
        arrives_in_time_wait(tcp, record_ref(ref), seg, flow);
        return;
    case FLOW_NONE:
        arrives_for_nobody(tcp, seg, flow);
        return;
    }
}
