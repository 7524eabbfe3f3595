/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * arrives_cookie.c: LISTEN without room for another request: SYN cookies, RFC 4987 §3.6.
 *
 *     SYN ─▶ SYN-ACK whose ISS and timestamp remember everything    (no entry, no control block)
 *     ACK ─▶ is ACK - 1 a cookie of this tuple and SEQ - 1? ─▶ the request as it was ─▶ connection
 *
 * A cookie is sent once and never repeated. An ACK is held against cookies only while this listener
 * sent one within the time that they count: at peace a stray ACK costs nothing and opens nothing.
 */
#include "isn.h"
#include "tcp.h"

void answer_with_cookie(struct tcp *tcp, uint32_t listener_index, const struct segment *seg,
                        uint64_t flow)
{
    struct listener *listener = pool_at(&tcp->listeners, listener_index);
    struct syn_entry request = {.tuple = seg->tuple, .flow = flow, .listener = listener_index};

    request_from_syn(tcp, listener, seg, &request);
    request.flags |= SYN_COOKIE;
    if (!(request.flags & SYN_TIMESTAMP)) { /* nothing remembers the options */
        request.flags &= (uint8_t) ~(SYN_WINDOW_SCALE | SYN_SACK | SYN_ECN);
        request.snd_shift = request.rcv_shift = 0;
    }
    request.iss = syn_cookie_make(&tcp->cookie_keys, &seg->tuple, seg->seq, request.mss_peer,
                                  tcp->report.now);
    request_offer_window(tcp, listener, &request);
    listener->cookie_at = tcp->report.now;
    report_note(&tcp->report, LASTACK_TRACE_REFUSED, flow, &seg->tuple, TCP_LISTEN,
                LASTACK_CAUSE_SYN_COOKIE, 0, 0);
    report_count(&tcp->report, LASTACK_CAUSE_SYN_COOKIE);
    reply_syn_ack(tcp, &request, NULL);
}

/* What the timestamp brings back; false: it has what we never offer. */
static bool recall_options(const struct tcp *tcp, const struct listener *listener,
                           const struct segment *seg, struct syn_entry *request)
{
    const struct lastack_params *params = &tcp->params;
    const struct syn_cookie_options options = syn_cookie_read_stamp(
        seg->ts_echo - timestamp_offset(tuple_secret(&tcp->isn_key, &request->tuple)));

    if (!(seg->options & OPTION_TIMESTAMP))
        return true;
    if (!params->timestamps || (options.has_sack && !params->sack) ||
        (options.has_window_scale && !params->window_scaling))
        return false;
    request->flags |= SYN_TIMESTAMP | (options.has_sack ? SYN_SACK : 0) |
                      (options.has_ecn && params->ecn_accept ? SYN_ECN : 0);
    request->ts_recent = seg->ts_value;
    if (options.has_window_scale) {
        request->flags |= SYN_WINDOW_SCALE;
        request->snd_shift = options.window_scale;
        request->rcv_shift = request_shift(tcp, listener);
    }
    return true;
}

static bool is_time_of_cookies(const struct tcp *tcp, const struct listener *listener)
{
    return tcp->params.syn_cookies != LASTACK_SYN_COOKIES_NEVER && listener->cookie_at != NEVER &&
           tcp->report.now - listener->cookie_at <= SYN_COOKIE_VALID_NS;
}

bool arrives_with_cookie(struct tcp *tcp, uint32_t listener_index, struct segment *seg,
                         uint64_t flow)
{
    struct listener *listener = pool_at(&tcp->listeners, listener_index);
    struct syn_entry request = {.tuple = seg->tuple, .flow = flow, .listener = listener_index};
    struct tcp_conn *conn;
    uint32_t mss;

    if (seg->flags & LASTACK_SYN || !is_time_of_cookies(tcp, listener))
        return false;
    request.flags = SYN_COOKIE;
    request.iss = seq_sub(seg->ack, 1);
    request.irs = seq_sub(seg->seq, 1);
    mss =
        syn_cookie_check(&tcp->cookie_keys, &seg->tuple, request.irs, request.iss, tcp->report.now);
    if (mss == 0 || !recall_options(tcp, listener, seg, &request)) {
        report_count(&tcp->report, LASTACK_CAUSE_DROP_COOKIE);
        return false; /* RST, as for any ACK in LISTEN */
    }
    if (listener_is_full(listener)) {
        listener->overflows++;
        report_drop(&tcp->report, flow, TCP_LISTEN, seg, LASTACK_CAUSE_DROP_ACK_QUEUE_FULL);
        return tcp->params.accept_overflow == LASTACK_ACCEPT_OVERFLOW_DROP;
    }
    request.mss_peer = (uint16_t)mss;
    request.tos = listener->options.tos;
    request.entered_ms = tcp->report.now_ms;
    request_offer_window(tcp, listener, &request);
    conn = conn_from_request(tcp, &request);
    if (conn == NULL || !request_enters_index(tcp, conn, seg))
        return true;
    report_flow(&tcp->report, flow, &seg->tuple);
    report_segment(&tcp->report, LASTACK_TRACE_SEGMENT_IN, flow, TCP_LISTEN, seg, seg->wnd);
    report_state(&tcp->report, flow, &seg->tuple, TCP_LISTEN, TCP_SYN_RECEIVED,
                 LASTACK_CAUSE_COOKIE_ACK);
    conn_is_accepted(tcp, conn, seg);
    return true;
}
