/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * arrives_time_wait.c: what a record answers: TIME-WAIT in RFC 9293 §3.10.7.4, RFC 1122 §4.2.2.13,
 * RFC 6191, RFC 1337; and FIN-WAIT-2 of an orphan, which is a record too.
 *
 *     old (PAWS)                      ACK, restart (it had an ACK bit)
 *     RST                             at RCV.NXT: the record ends, unless tcp_rfc1337; else ignored
 *     SYN, newer than what we know    a listener is there: reopen, SYN-RECEIVED, ISS far above it
 *     SYN, not newer                  ACK or silence, by policy
 *     FIN again                       ACK, 2MSL restarts
 *     a bare ACK in place             2MSL restarts, silently (an ACK for an ACK would never end)
 *     anything else                   ACK, rate limited; restarts if it had an ACK bit
 */
#include "isn.h"
#include "tcp.h"

/* added to the old SND.NXT, as Linux does: beyond any old window */
enum { ISS_BEYOND = 65535 + 2 };

static void restart(struct tcp *tcp, struct time_wait_ref ref, const struct tuple *tuple,
                    uint64_t flow, enum lastack_cause cause)
{
    const int64_t at = time_after(tcp->report.now, tcp->params.time_wait_ns);

    time_wait_set_deadline(&tcp->time_waits, ref, at);
    report_note(&tcp->report, LASTACK_TRACE_TIME_WAIT_RESTART, flow, tuple, TCP_TIME_WAIT, cause, 0,
                at);
    report_count(&tcp->report, cause);
}

/* A record has no room for a count: it answers at the mean distance of what a connection may. */
static bool may_answer(struct tcp *tcp, struct time_wait_record *record)
{
    const struct lastack_params *params = &tcp->params;
    const struct challenge_rule rule = {
        .interval_ns = params->challenge_interval_ns / max32(params->challenge_count, 1),
        .count = params->challenge_count > 0 ? 1 : 0,
        .limit = params->challenge_limit,
    };
    struct challenge_window window = {record->challenge_at, 1};
    const bool is_allowed =
        challenge_allowed(&window, &tcp->challenges, &tcp->rng, &rule, tcp->report.now);

    record->challenge_at = window.start;
    return is_allowed;
}

static void answer(struct tcp *tcp, struct time_wait_ref ref, struct time_wait_record *record,
                   uint64_t flow, bool is_limited)
{
    struct reply *reply;

    if (is_limited && !may_answer(tcp, record)) {
        report_count(&tcp->report, LASTACK_CAUSE_CHALLENGE_LIMIT);
        return;
    }
    time_wait_write(&tcp->time_waits, ref, record);
    reply = replies_add(&tcp->replies);
    if (reply == NULL) {
        report_count(&tcp->report, LASTACK_CAUSE_NO_REPLY_LEFT);
        return;
    }
    reply->tuple = record->tuple;
    reply->flow = flow;
    reply->state = record->flags & TIME_WAIT_FIN_WAIT_2 ? TCP_FIN_WAIT_2 : TCP_TIME_WAIT;
    reply->flags = LASTACK_ACK;
    reply->seq = record->snd_nxt;
    reply->ack = record->rcv_nxt;
    reply->wnd = record->window;
    reply->window = (uint32_t)record->window << record->window_shift;
    if (record->flags & TIME_WAIT_TIMESTAMP) {
        reply->options = OPTION_TIMESTAMP;
        reply->ts_value =
            timestamp_now(timestamp_offset(tcp_secret(tcp, &record->tuple, flow)), tcp->report.now);
        reply->ts_echo = record->ts_recent;
    }
}

static bool is_old(const struct tcp *tcp, const struct time_wait_record *record,
                   const struct segment *seg)
{
    const struct paws paws = {record->ts_recent, record->ts_taken_at};

    return record->flags & TIME_WAIT_TIMESTAMP && seg->options & OPTION_TIMESTAMP &&
           paws_rejects(&paws, tcp_paws_rule(tcp, false), seg->ts_value, tcp->report.now);
}

/* RFC 6191 §2 and RFC 9293 MAY-2: the SYN is newer than everything of the old life. */
static bool is_new_life(const struct tcp *tcp, const struct time_wait_record *record,
                        const struct segment *seg)
{
    const bool had_timestamps = (record->flags & TIME_WAIT_TIMESTAMP) != 0;

    if (!had_timestamps && seg->options & OPTION_TIMESTAMP && tcp->params.time_wait_new_timestamps)
        return true;
    if (had_timestamps && seg->options & OPTION_TIMESTAMP &&
        timestamp_before(record->ts_recent, seg->ts_value))
        return true;
    return seq_after(seg->seq, record->rcv_nxt);
}

/* False: it is a segment out of place like any other. */
static bool reopen(struct tcp *tcp, struct time_wait_ref ref, struct time_wait_record *record,
                   const struct segment *seg, uint64_t flow)
{
    const struct lastack_endpoint local = tuple_local(&seg->tuple);
    const uint32_t listener_index = tcp_find_listener(tcp, &local, flow);
    const struct listener *listener;
    struct seq iss;

    if (listener_index == POOL_NONE || !tcp->params.time_wait_reopen)
        return false;
    listener = pool_at(&tcp->listeners, listener_index);
    if (listener_is_full(listener))
        return false;
    if (seg->flags & LASTACK_FIN && tcp->params.drop_syn_fin) {
        report_drop(&tcp->report, flow, TCP_TIME_WAIT, seg, LASTACK_CAUSE_DROP_SYN_FIN);
        return true;
    }
    if (!syn_limit_pass(&tcp->syn_limit, &seg->tuple.remote, seg->tuple.local_port,
                        tcp->report.now)) {
        report_drop(&tcp->report, flow, TCP_TIME_WAIT, seg, LASTACK_CAUSE_DROP_SYN_LIMIT);
        return true;
    }
    iss =
        isn_choose(tcp_secret(tcp, &record->tuple, flow), tcp->params.isn_tick_ns, tcp->report.now);
    if (seq_before(iss, seq_add(record->snd_nxt, ISS_BEYOND))) /* RFC 1122 §4.2.2.13 (a) */
        iss = seq_add(record->snd_nxt, ISS_BEYOND);
    record->flags |= TIME_WAIT_SUSPENDED;
    time_wait_write(&tcp->time_waits, ref, record);
    if (tcp_make_syn_entry(tcp, listener_index, seg, flow, iss, flow_of_record(ref), NULL))
        return true;
    record->flags &= (uint8_t)~TIME_WAIT_SUSPENDED;
    time_wait_write(&tcp->time_waits, ref, record);
    return false;
}

static void arrives_syn(struct tcp *tcp, struct time_wait_ref ref, struct time_wait_record *record,
                        const struct segment *seg, uint64_t flow)
{
    if (!is_old(tcp, record, seg) && !(seg->flags & LASTACK_ACK) && is_new_life(tcp, record, seg) &&
        reopen(tcp, ref, record, seg, flow))
        return;
    report_drop(&tcp->report, flow, TCP_TIME_WAIT, seg, LASTACK_CAUSE_DROP_OLD_SYN);
    if (tcp->params.time_wait_syn == LASTACK_TIME_WAIT_SYN_DROP && !(seg->flags & LASTACK_ACK))
        return; /* RFC 6191 §2; with an ACK it is a segment out of place like any other */
    if (seg->flags & LASTACK_ACK && !tcp->params.time_wait_fin_restarts)
        restart(tcp, ref, &record->tuple, flow, LASTACK_CAUSE_OLD_DUPLICATE);
    answer(tcp, ref, record, flow, true);
}

static void arrives_rst(struct tcp *tcp, struct time_wait_ref ref,
                        const struct time_wait_record *record, const struct segment *seg,
                        uint64_t flow)
{
    if (seq_equal(seg->seq, record->rcv_nxt) && !tcp->params.tcp_rfc1337) {
        tcp_end_record(tcp, ref, LASTACK_CAUSE_RST);
        return;
    }
    report_drop(&tcp->report, flow, TCP_TIME_WAIT, seg, LASTACK_CAUSE_DROP_RST_TIME_WAIT);
}

static void take_newer_timestamp(struct tcp *tcp, struct time_wait_record *record,
                                 const struct segment *seg)
{
    if (record->flags & TIME_WAIT_TIMESTAMP && seg->options & OPTION_TIMESTAMP &&
        !timestamp_before(seg->ts_value, record->ts_recent)) {
        record->ts_recent = seg->ts_value;
        record->ts_taken_at = paws_clock(tcp->report.now);
    }
}

/* A segment that is no repeated FIN: Linux starts 2MSL anew all the same (LNX-TW-ACK). */
static void restart_by_ack(struct tcp *tcp, struct time_wait_ref ref, const struct tuple *tuple,
                           uint64_t flow, enum lastack_cause cause)
{
    if (!tcp->params.time_wait_fin_restarts)
        restart(tcp, ref, tuple, flow, cause);
}

/* Does any of it lie in the window (§3.10.7.4, first)? */
static bool is_in_window_of(const struct time_wait_record *record, const struct segment *seg)
{
    const uint32_t wnd = max32((uint32_t)record->window << record->window_shift, 1);
    const struct seq end = seq_add(seg->seq, seg->len);

    return seq_in_window(seg->seq, record->rcv_nxt, wnd) ||
           (seq_before(seg->seq, record->rcv_nxt) && seq_after(end, record->rcv_nxt));
}

static void arrives_true_time_wait(struct tcp *tcp, struct time_wait_ref ref,
                                   struct time_wait_record *record, const struct segment *seg,
                                   uint64_t flow)
{
    const bool has_ack = (seg->flags & LASTACK_ACK) != 0;
    const bool is_repeated_fin =
        seg->flags & LASTACK_FIN && seq_equal(seq_add(seg->seq, seg->len), record->rcv_nxt);

    if (seg->flags & LASTACK_RST) {
        arrives_rst(tcp, ref, record, seg, flow);
        return;
    }
    if (seg->flags & LASTACK_SYN) {
        arrives_syn(tcp, ref, record, seg, flow);
        return;
    }
    if (!has_ack) { /* fifth step: "if the ACK bit is off, drop the segment" */
        report_drop(&tcp->report, flow, TCP_TIME_WAIT, seg, LASTACK_CAUSE_DROP_NO_ACK);
        if (!tcp->params.time_wait_needs_ack &&
            (!is_in_window_of(record, seg) || /* that was the first step */
             tcp->params.time_wait_syn == LASTACK_TIME_WAIT_SYN_ACK))
            answer(tcp, ref, record, flow, true);
        return;
    }
    if (is_old(tcp, record, seg)) {
        report_drop(&tcp->report, flow, TCP_TIME_WAIT, seg, LASTACK_CAUSE_DROP_PAWS);
        restart_by_ack(tcp, ref, &record->tuple, flow, LASTACK_CAUSE_OLD_DUPLICATE);
        answer(tcp, ref, record, flow, !is_repeated_fin);
        return;
    }
    if (seq_equal(seg->seq, record->rcv_nxt) && seg->len == 0) { /* LNX-TW-BARE */
        take_newer_timestamp(tcp, record, seg);
        time_wait_write(&tcp->time_waits, ref, record);
        restart_by_ack(tcp, ref, &record->tuple, flow, LASTACK_CAUSE_ACKED);
        return;
    }
    /* our last ACK was lost: "acknowledge it, and restart the 2 MSL timeout" */
    if (is_repeated_fin) {
        take_newer_timestamp(tcp, record, seg);
        restart(tcp, ref, &record->tuple, flow, LASTACK_CAUSE_FIN_REPEATED);
        answer(tcp, ref, record, flow, false);
        return;
    }
    report_drop(&tcp->report, flow, TCP_TIME_WAIT, seg, LASTACK_CAUSE_OLD_DUPLICATE);
    restart_by_ack(tcp, ref, &record->tuple, flow, LASTACK_CAUSE_OLD_DUPLICATE);
    answer(tcp, ref, record, flow, seg->text_length == 0);
}

/* FIN-WAIT-2 of an orphan: its FIN is acknowledged, it only waits for the peer's. */
static void arrives_fin_wait_2(struct tcp *tcp, struct time_wait_ref ref,
                               struct time_wait_record *record, const struct segment *seg,
                               uint64_t flow)
{
    if (!is_in_window_of(record, seg) ||
        (is_old(tcp, record, seg) && !(seg->flags & LASTACK_RST))) {
        report_drop(&tcp->report, flow, TCP_FIN_WAIT_2, seg, LASTACK_CAUSE_DROP_OUT_OF_WINDOW);
        if (!(seg->flags & LASTACK_RST))
            answer(tcp, ref, record, flow, seg->text_length == 0);
        return;
    }
    if (seg->flags & LASTACK_RST) {
        if (seq_equal(seg->seq, record->rcv_nxt) || tcp->params.insecure_rst)
            tcp_end_record(tcp, ref, LASTACK_CAUSE_RST);
        else
            answer(tcp, ref, record, flow, true); /* RFC 5961 §3.2 */
        return;
    }
    if (seg->flags & LASTACK_SYN) {
        answer(tcp, ref, record, flow, true); /* RFC 5961 §4.2 */
        return;
    }
    if (!(seg->flags & LASTACK_ACK)) {
        report_drop(&tcp->report, flow, TCP_FIN_WAIT_2, seg, LASTACK_CAUSE_DROP_NO_ACK);
        return;
    }
    if (seg->len > 0 && seq_after(seq_add(seg->seq, seg->text_length), record->rcv_nxt)) {
        /* text, or a FIN behind text that is still to come */
        report_drop(&tcp->report, flow, TCP_FIN_WAIT_2, seg, LASTACK_CAUSE_DATA_AFTER_CLOSE);
        reply_rst_to(tcp, seg, flow, TCP_FIN_WAIT_2); /* LNX-FW2-DATA: nobody will read it */
        tcp_end_record(tcp, ref, LASTACK_CAUSE_DATA_AFTER_CLOSE);
        return;
    }
    if (!(seg->flags & LASTACK_FIN)) {
        if (!seq_equal(seg->seq, record->rcv_nxt))
            answer(tcp, ref, record, flow, true);
        return;
    }
    record->flags &= (uint8_t)~TIME_WAIT_FIN_WAIT_2;
    record->rcv_nxt = seq_add(record->rcv_nxt, 1);
    record->cause = LASTACK_CAUSE_FIN;
    record->entered_ms = tcp->report.now_ms;
    take_newer_timestamp(tcp, record, seg);
    time_wait_write(&tcp->time_waits, ref, record);
    time_wait_set_deadline(&tcp->time_waits, ref,
                           time_after(tcp->report.now, tcp->params.time_wait_ns));
    report_state(&tcp->report, flow, &record->tuple, TCP_FIN_WAIT_2, TCP_TIME_WAIT,
                 LASTACK_CAUSE_FIN);
    answer(tcp, ref, record, flow, false);
}

NOINLINE void arrives_in_time_wait(struct tcp *tcp, struct time_wait_ref ref,
                                   const struct segment *seg, uint64_t flow)
{
    struct time_wait_record record;

    time_wait_read(&tcp->time_waits, ref, &record);
    report_segment(&tcp->report, LASTACK_TRACE_SEGMENT_IN, flow,
                   record.flags & TIME_WAIT_FIN_WAIT_2 ? TCP_FIN_WAIT_2 : TCP_TIME_WAIT, seg,
                   seg->wnd);
    if (record.flags & TIME_WAIT_FIN_WAIT_2)
        arrives_fin_wait_2(tcp, ref, &record, seg, flow);
    else
        arrives_true_time_wait(tcp, ref, &record, seg, flow);
}
