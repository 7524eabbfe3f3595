/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * arrives_listen.c: RFC 9293 §3.10.7.2 LISTEN, and SYN-RECEIVED of a passive OPEN while it is
 * still a half-open request.
 *
 *     SYN ─▶ entry, SYN-ACK ─▶ (repeated by its deadline) ─▶ third ACK ─▶ connection, accept queue
 *
 * "Third, check for a SYN": the request is an entry of the SYN cache (RFC 4987 §3.3), not a
 * control block. The control block is made when the handshake is complete, in SYN-RECEIVED, and
 * goes on with the fifth step as if it had always been there.
 *
 * Half-open memory is bounded twice, by the listener's backlog and by the pool of entries. Beyond
 * either, params.syn_cookies and syn_overflow say what happens (arrives_cookie.c, evict_oldest).
 */
#include "isn.h"
#include "tcp.h"

/* ---- §3.10.7.2 ---- */

static bool has_room(struct tcp *tcp, const struct listener *listener)
{
    return listener->syns < listener_syns_most(listener, tcp->params.syn_backlog_max) &&
           syn_cache_has_room(&tcp->syns);
}

/* What both ends can do, from the SYN's options. */
static void take_syn_options(const struct tcp *tcp, const struct listener *listener,
                             struct syn_entry *entry, const struct segment *seg)
{
    const struct lastack_params *params = &tcp->params;
    const bool is_ipv4 = ip_is_ipv4(&entry->tuple.remote);

    entry->mss_peer = seg->options & OPTION_MSS ? seg->mss
                                                : (uint16_t)(is_ipv4 ? params->mss_default_ipv4
                                                                     : params->mss_default_ipv6);
    entry->mss_peer = (uint16_t)max32(entry->mss_peer, params->mss_min);
    if (params->window_scaling && seg->options & OPTION_WINDOW_SCALE) {
        entry->flags |= SYN_WINDOW_SCALE;
        entry->snd_shift = (uint8_t)min32(seg->window_scale, 14);
        entry->rcv_shift = request_shift(tcp, listener);
    }
    if (params->ecn_accept && ecn_is_setup_syn(seg->flags, seg->ecn))
        entry->flags |= SYN_ECN;
    if (params->sack && seg->options & OPTION_SACK_PERMITTED)
        entry->flags |= SYN_SACK;
    if (params->timestamps && seg->options & OPTION_TIMESTAMP) {
        entry->flags |= SYN_TIMESTAMP;
        entry->ts_recent = seg->ts_value;
    }
}

static inline ALWAYS_INLINE uint32_t first_offer(const struct tcp *tcp,
                                                 const struct listener *listener,
                                                 const struct syn_entry *entry, uint32_t most)
{
    const struct lastack_params *params = &tcp->params;
    const uint32_t space =
        min32(listener->options.receive_buffer != 0 ? listener->options.receive_buffer
                                                    : params->receive_buffer,
              most);
    uint32_t mss = listener_mss(tcp, listener, &entry->tuple);

    if (params->receive_window_initial != 0)
        return min32(min32(params->receive_window_initial, space), 65535);
    if (entry->flags & SYN_TIMESTAMP && mss > 12)
        mss -= 12; /* what the option takes of every segment */
    return receive_window_first(space, mss, params->first_window_in_segs);
}

/* TCP_WINDOW_CLAMP of the listener. */
static NOINLINE void request_clamp_window(const struct tcp *tcp, const struct listener *listener,
                                          struct syn_entry *entry)
{
    const uint32_t clamp = listener->window_clamp;

    entry->rcv_wnd = (uint16_t)first_offer(tcp, listener, entry, clamp);
    if (tcp->params.window_scale_fixed == 0xff)
        entry->rcv_shift = (uint8_t)min32(entry->rcv_shift, window_shift_for(clamp, 14));
}

void request_from_syn(const struct tcp *tcp, const struct listener *listener,
                      const struct segment *seg, struct syn_entry *entry)
{
    entry->irs = seg->seq;
    entry->snd_wnd = seg->wnd;
    entry->entered_ms = tcp->report.now_ms;
    entry->cause = LASTACK_CAUSE_SYN;
    entry->tos = listener->options.tos;
    take_syn_options(tcp, listener, entry, seg);
}

void request_offer_window(const struct tcp *tcp, const struct listener *listener,
                          struct syn_entry *entry)
{
    entry->rcv_wnd = (uint16_t)first_offer(tcp, listener, entry, UINT32_MAX);
    if (UNLIKELY(listener->window_clamp != 0))
        request_clamp_window(tcp, listener, entry);
}

uint8_t request_shift(const struct tcp *tcp, const struct listener *listener)
{
    const uint32_t buffer = listener->options.receive_buffer != 0 ? listener->options.receive_buffer
                                                                  : tcp->params.receive_buffer_max;

    return tcp->params.window_scale_fixed != 0xff
               ? tcp->params.window_scale_fixed
               : window_shift_for(buffer, tcp->params.window_scale_max);
}

static void link_to_listener(struct tcp *tcp, struct listener *listener, struct syn_entry *entry,
                             uint32_t index)
{
    entry->listener_next = listener->first_syn;
    if (listener->first_syn != POOL_NONE)
        syn_cache_at(&tcp->syns, listener->first_syn)->listener_prev = index;
    else
        listener->last_syn = index;
    listener->first_syn = index;
    listener->syns++;
}

/* Out of listener and cache; the tuple's slot is the caller's business. */
static void unlink_from_listener(struct tcp *tcp, uint32_t index, const struct syn_entry *entry)
{
    struct listener *listener = pool_at(&tcp->listeners, entry->listener);

    if (entry->listener_prev == POOL_NONE)
        listener->first_syn = entry->listener_next;
    else
        syn_cache_at(&tcp->syns, entry->listener_prev)->listener_next = entry->listener_next;
    if (entry->listener_next == POOL_NONE)
        listener->last_syn = entry->listener_prev;
    else
        syn_cache_at(&tcp->syns, entry->listener_next)->listener_prev = entry->listener_prev;
    CHECK(listener->syns > 0);
    listener->syns--;
    listener->old_syns -= entry->retries > 0;
    syn_cache_remove(&tcp->syns, index);
}

/* From a SYN-ACK to its repetition, when so many repetitions have left. */
static int64_t syn_ack_wait(const struct lastack_params *params, uint32_t retries)
{
    return min64(params->rto_initial_ns << min32(retries, 20), params->rto_max_ns);
}

static void arm_syn_ack(struct tcp *tcp, const struct syn_entry *entry, uint32_t index)
{

    syn_cache_arm(&tcp->syns, index,
                  time_after(tcp->report.now, syn_ack_wait(&tcp->params, entry->retries)));
}

/* `record` >= 0: the tuple belongs to a TIME-WAIT record that this SYN supersedes. */
bool tcp_make_syn_entry(struct tcp *tcp, uint32_t listener_index, const struct segment *seg,
                        uint64_t flow, struct seq iss, struct flow_ref record,
                        const struct fast_open_answer *answer)
{
    const uint32_t index = syn_cache_add(&tcp->syns);
    const struct flow_ref ref = {FLOW_SYN_ENTRY, index};
    struct listener *listener = pool_at(&tcp->listeners, listener_index);
    struct syn_entry *entry;

    if (index == POOL_NONE) {
        report_drop(&tcp->report, flow, TCP_LISTEN, seg, LASTACK_CAUSE_NO_SYN_ENTRY_LEFT);
        return false;
    }
    entry = syn_cache_at(&tcp->syns, index);
    entry->tuple = seg->tuple;
    entry->flow = flow;
    entry->iss = iss;
    entry->listener = listener_index;
    request_from_syn(tcp, listener, seg, entry);
    request_offer_window(tcp, listener, entry);
    if (record.kind != FLOW_NONE) {
        entry->flags |= SYN_SUPERSEDES;
        entry->superseded = record.index;
        (void)flow_replace(&tcp->index, flow, record, ref);
    } else if (!flow_insert(&tcp->index, flow, ref)) {
        syn_cache_remove(&tcp->syns, index);
        report_drop(&tcp->report, flow, TCP_LISTEN, seg, LASTACK_CAUSE_NO_INDEX_LEFT);
        return false;
    }
    link_to_listener(tcp, listener, entry, index);
    report_flow(&tcp->report, flow, &seg->tuple);
    report_segment(&tcp->report, LASTACK_TRACE_SEGMENT_IN, flow, TCP_LISTEN, seg, seg->wnd);
    report_state(&tcp->report, flow, &seg->tuple,
                 record.kind != FLOW_NONE ? TCP_TIME_WAIT : TCP_LISTEN, TCP_SYN_RECEIVED,
                 record.kind != FLOW_NONE ? LASTACK_CAUSE_TIME_WAIT_REOPENED : LASTACK_CAUSE_SYN);
    reply_syn_ack(tcp, entry, answer);
    arm_syn_ack(tcp, entry, index);
    return true;
}

/* The request that has waited longest makes room (RFC 4987 §3.4); false: there is none. */
static bool evict_oldest(struct tcp *tcp, struct listener *listener)
{
    if (tcp->params.syn_overflow != LASTACK_SYN_OVERFLOW_EVICT_OLDEST ||
        listener->last_syn == POOL_NONE)
        return false;
    tcp_forget_syn_entry(tcp, listener->last_syn, LASTACK_CAUSE_SYN_EVICTED);
    return true;
}

/* A SYN that nothing speaks against: remembered by us, by the peer, or not at all. */
static void third_answer_syn(struct tcp *tcp, uint32_t listener_index, const struct segment *seg,
                             uint64_t flow)
{
    struct listener *listener = pool_at(&tcp->listeners, listener_index);
    const enum lastack_syn_cookies cookies = tcp->params.syn_cookies;
    struct fast_open_answer answer;
    bool is_room;

    if (listener_is_full(listener)) {
        listener->overflows++;
        report_drop(&tcp->report, flow, TCP_LISTEN, seg, LASTACK_CAUSE_DROP_ACK_QUEUE_FULL);
        return;
    }
    is_room = cookies != LASTACK_SYN_COOKIES_ALWAYS && has_room(tcp, listener);
    if (!is_room && cookies != LASTACK_SYN_COOKIES_NEVER) {
        answer_with_cookie(tcp, listener_index, seg, flow);
        return;
    }
    if (!is_room && !evict_oldest(tcp, listener)) {
        report_drop(&tcp->report, flow, TCP_LISTEN, seg,
                    pool_available(&tcp->syns.entries) == 0 ? LASTACK_CAUSE_NO_SYN_ENTRY_LEFT
                                                            : LASTACK_CAUSE_DROP_SYN_QUEUE_FULL);
        return;
    }
    if (fast_open_serves(tcp, listener_index, seg, flow, &answer))
        return;
    (void)tcp_make_syn_entry(
        tcp, listener_index, seg, flow,
        isn_choose(tcp_secret(tcp, &seg->tuple, flow), tcp->params.isn_tick_ns, tcp->report.now),
        (struct flow_ref){FLOW_NONE, 0}, &answer);
}

void arrives_in_listen(struct tcp *tcp, uint32_t listener_index, struct segment *seg, uint64_t flow)
{
    if (seg->flags & LASTACK_RST) { /* first */
        report_drop(&tcp->report, flow, TCP_LISTEN, seg, LASTACK_CAUSE_DROP_RST_NO_CONNECTION);
        return;
    }
    if (seg->flags & LASTACK_ACK) { /* second */
        if (arrives_with_cookie(tcp, listener_index, seg, flow))
            return;
        report_drop(&tcp->report, flow, TCP_LISTEN, seg, LASTACK_CAUSE_DROP_ACK_OF_UNSENT);
        if (!(tcp->params.listen_synack_silent && seg->flags & LASTACK_SYN))
            reply_rst_to(tcp, seg, flow, TCP_LISTEN);
        return;
    }
    if (!(seg->flags & LASTACK_SYN)) { /* fourth */
        report_drop(&tcp->report, flow, TCP_LISTEN, seg, LASTACK_CAUSE_DROP_NOT_SYN_IN_LISTEN);
        return;
    }
    if (seg->flags & LASTACK_FIN && tcp->params.drop_syn_fin) {
        report_drop(&tcp->report, flow, TCP_LISTEN, seg, LASTACK_CAUSE_DROP_SYN_FIN);
        return;
    }
    if (!syn_limit_pass(&tcp->syn_limit, &seg->tuple.remote, seg->tuple.local_port,
                        tcp->report.now)) {
        report_drop(&tcp->report, flow, TCP_LISTEN, seg, LASTACK_CAUSE_DROP_SYN_LIMIT);
        return;
    }
    third_answer_syn(tcp, listener_index, seg, flow);
}

/* ---- SYN-RECEIVED of a passive OPEN (§3.10.7.4) ---- */

/* The request is over: back to LISTEN, as if it had never been (MUST-11's other half). A suspended
 * record returns. */
static void forget(struct tcp *tcp, uint32_t index, enum lastack_cause cause)
{
    struct syn_entry *entry = syn_cache_at(&tcp->syns, index);
    const struct flow_ref ref = {FLOW_SYN_ENTRY, index};

    const enum tcp_state back = cause == LASTACK_CAUSE_LISTENER_CLOSED ? TCP_CLOSED : TCP_LISTEN;

    if (entry->flags & SYN_SUPERSEDES) {
        report_state(&tcp->report, entry->flow, &entry->tuple, TCP_SYN_RECEIVED, TCP_TIME_WAIT,
                     cause);
        tcp_resume_record(tcp, &entry->tuple, entry->flow, ref, entry->superseded);
    } else {
        report_state(&tcp->report, entry->flow, &entry->tuple, TCP_SYN_RECEIVED, back, cause);
        report_note(&tcp->report, LASTACK_TRACE_GONE, entry->flow, &entry->tuple, back, cause, 0,
                    0);
        (void)flow_remove(&tcp->index, entry->flow, ref);
    }
    unlink_from_listener(tcp, index, entry);
}

void tcp_drop_syn_entries(struct tcp *tcp, uint32_t listener_index, enum lastack_cause cause)
{
    struct listener *listener = pool_at(&tcp->listeners, listener_index);

    (void)cause;
    while (listener->first_syn != POOL_NONE)
        forget(tcp, listener->first_syn, LASTACK_CAUSE_LISTENER_CLOSED);
}

void tcp_forget_syn_entry(struct tcp *tcp, uint32_t index, enum lastack_cause cause)
{
    forget(tcp, index, cause);
}

/*
 * How often a SYN-ACK is repeated. Half of a listener's room is kept for requests that are young:
 * when old ones fill more than the other half, each is dropped the earlier, the more of them there
 * are (RFC 4987 §3.3; Linux reckons the same way).
 */
static uint32_t syn_ack_retries(const struct tcp *tcp, const struct listener *listener)
{
    uint32_t most = tcp->params.synack_retries;
    uint64_t young = 2 * (uint64_t)(listener->syns - listener->old_syns);

    if (!tcp->params.syn_queue_ages || 2 * (uint64_t)listener->syns <= max32(8, listener->backlog))
        return most;
    while (most > 2 && listener->syns >= young) {
        most--;
        young *= 2;
    }
    return most;
}

/* The SYN-ACK is not repeated while text is waited for (TCP_DEFER_ACCEPT), but at the end of that
 * time: the last chance for an ACK to make a connection, whatever it brings (Linux). */
static bool waits_in_silence(const struct syn_entry *entry, const struct listener *listener)
{
    return entry->flags & SYN_ACKED && entry->retries + 1 < listener->defer;
}

static bool is_given_up(const struct tcp *tcp, const struct syn_entry *entry,
                        const struct listener *listener)
{
    return entry->retries >= syn_ack_retries(tcp, listener) &&
           !(entry->flags & SYN_ACKED && entry->retries < listener->defer);
}

static void repeat_syn_ack(struct tcp *tcp, const struct syn_entry *entry)
{
    const struct segment syn_ack = {
        .seq = entry->iss, .ack = seq_add(entry->irs, 1), .flags = LASTACK_SYN | LASTACK_ACK};

    report_retransmit(&tcp->report, entry->flow, TCP_SYN_RECEIVED, &syn_ack,
                      LASTACK_CAUSE_RETRANSMISSION_TIMEOUT, entry->retries,
                      syn_ack_wait(&tcp->params, entry->retries));
    reply_syn_ack(tcp, entry, NULL);
}

bool tcp_syn_timeouts(struct tcp *tcp, unsigned max)
{
    for (unsigned i = 0; i < max; i++) {
        const uint32_t index = syn_cache_due(&tcp->syns, tcp->report.now);
        struct syn_entry *entry;
        struct listener *listener;
        bool is_silent;

        if (index == POOL_NONE)
            return false;
        entry = syn_cache_at(&tcp->syns, index);
        listener = pool_at(&tcp->listeners, entry->listener);
        if (is_given_up(tcp, entry, listener)) {
            forget(tcp, index, LASTACK_CAUSE_SYNACK_TIMEOUT);
            continue;
        }
        is_silent = waits_in_silence(entry, listener);
        listener->old_syns += entry->retries++ == 0;
        if (!is_silent) {
            entry->flags |= SYN_UNTIMED;
            repeat_syn_ack(tcp, entry);
        }
        arm_syn_ack(tcp, entry, index);
    }
    return true;
}

/* What the peer must hear when its segment does not fit: <SEQ=SND.NXT><ACK=RCV.NXT><CTL=ACK>. */
static void ack_for_entry(struct tcp *tcp, const struct syn_entry *entry)
{
    struct reply *reply = replies_add(&tcp->replies);

    if (reply == NULL) {
        report_count(&tcp->report, LASTACK_CAUSE_NO_REPLY_LEFT);
        return;
    }
    reply->tuple = entry->tuple;
    reply->flow = entry->flow;
    reply->state = TCP_SYN_RECEIVED;
    reply->flags = LASTACK_ACK;
    reply->seq = seq_add(entry->iss, 1);
    reply->ack = seq_add(entry->irs, 1);
    reply->wnd = (uint16_t)(entry->rcv_wnd >> entry->rcv_shift);
    reply->window = entry->rcv_wnd;
    if (entry->flags & SYN_TIMESTAMP) {
        reply->options = OPTION_TIMESTAMP;
        reply->ts_value = timestamp_now(
            timestamp_offset(tcp_secret(tcp, &entry->tuple, entry->flow)), tcp->report.now);
        reply->ts_echo = entry->ts_recent;
    }
}

/* Steps one to four for a request. GO_ON: the ACK may be looked at. */
static enum verdict check_request(struct tcp *tcp, uint32_t index, const struct syn_entry *entry,
                                  const struct segment *seg)
{
    const struct seq nxt = seq_add(entry->irs, 1);
    /* (a request is too young for its TS.Recent to be stale) */
    const struct paws paws = paws_taken(entry->ts_recent, tcp->report.now);
    const bool is_in_window = seq_in_window(seg->seq, nxt, max32(entry->rcv_wnd, 1));

    if (seg->flags & LASTACK_SYN && !(seg->flags & (LASTACK_ACK | LASTACK_RST)) &&
        seq_equal(seg->seq, entry->irs)) { /* our SYN-ACK was lost: again */
        reply_syn_ack(tcp, entry, NULL);
        return STOP;
    }
    if (entry->flags & SYN_TIMESTAMP && !(seg->options & OPTION_TIMESTAMP) &&
        !(seg->flags & LASTACK_RST) && !tcp->params.missing_timestamp_ok) {
        /* (a connection would drop it too, and wait for ever for another) */
        report_drop(&tcp->report, entry->flow, TCP_SYN_RECEIVED, seg,
                    LASTACK_CAUSE_DROP_NO_TIMESTAMP);
        return STOP;
    }
    if (entry->flags & SYN_TIMESTAMP && seg->options & OPTION_TIMESTAMP &&
        !(seg->flags & LASTACK_RST) &&
        paws_rejects(&paws, tcp_paws_rule(tcp, false), seg->ts_value, tcp->report.now)) {
        report_drop(&tcp->report, entry->flow, TCP_SYN_RECEIVED, seg, LASTACK_CAUSE_DROP_PAWS);
        ack_for_entry(tcp, entry);
        return STOP;
    }
    if (seg->flags & LASTACK_RST) {
        if (seq_equal(seg->seq, nxt) || (is_in_window && tcp->params.insecure_rst)) {
            report_drop(&tcp->report, entry->flow, TCP_SYN_RECEIVED, seg, LASTACK_CAUSE_RST);
            forget(tcp, index, LASTACK_CAUSE_RST);
        } else if (is_in_window) {
            report_drop(&tcp->report, entry->flow, TCP_SYN_RECEIVED, seg,
                        LASTACK_CAUSE_DROP_RST_NOT_EXACT);
            ack_for_entry(tcp, entry);
        } else {
            report_drop(&tcp->report, entry->flow, TCP_SYN_RECEIVED, seg,
                        LASTACK_CAUSE_DROP_RST_OUT_OF_WINDOW);
        }
        return STOP;
    }
    if (!is_in_window &&
        !(seq_before(seg->seq, nxt) && seq_after(seq_add(seg->seq, seg->len), nxt))) {
        report_drop(&tcp->report, entry->flow, TCP_SYN_RECEIVED, seg,
                    LASTACK_CAUSE_DROP_OUT_OF_WINDOW);
        ack_for_entry(tcp, entry);
        return STOP;
    }
    if (seg->flags & LASTACK_SYN) { /* "return this connection to the LISTEN state and return" */
        report_drop(&tcp->report, entry->flow, TCP_SYN_RECEIVED, seg,
                    LASTACK_CAUSE_DROP_SYN_IN_CONNECTION);
        if (tcp->params.request_syn_rst)
            reply_rst_to(tcp, seg, entry->flow, TCP_SYN_RECEIVED);
        forget(tcp, index, LASTACK_CAUSE_SYN);
        return STOP;
    }
    if (!(seg->flags & LASTACK_ACK)) {
        report_drop(&tcp->report, entry->flow, TCP_SYN_RECEIVED, seg, LASTACK_CAUSE_DROP_NO_ACK);
        return STOP;
    }
    if (!seq_equal(seg->ack, seq_add(entry->iss, 1))) {
        report_drop(&tcp->report, entry->flow, TCP_SYN_RECEIVED, seg,
                    LASTACK_CAUSE_DROP_ACK_OF_UNSENT);
        reply_rst_to(tcp, seg, entry->flow, TCP_SYN_RECEIVED);
        return STOP;
    }
    return GO_ON;
}

bool request_enters_index(struct tcp *tcp, struct tcp_conn *conn, const struct segment *seg)
{
    const uint32_t index = tcp_index_of(tcp, conn);

    if (flow_insert(&tcp->index, conn->flow, (struct flow_ref){FLOW_CONNECTION, index}))
        return true;
    report_drop(&tcp->report, conn->flow, TCP_LISTEN, seg, LASTACK_CAUSE_NO_INDEX_LEFT);
    tcp_leave_endpoint(tcp, conn);
    conn->generation++;
    pool_give(&tcp->conns, index);
    return false;
}

/* How long ago the only SYN-ACK left: to the nanosecond by the timer that would repeat it, which
 * fired in silence `retries` times; to the millisecond where it fired late or the parameter behind
 * it has changed since. */
static int64_t syn_ack_age(const struct tcp *tcp, const struct syn_entry *entry)
{
    int64_t sent_at = entry->timer.at - syn_ack_wait(&tcp->params, 0);

    for (uint32_t i = 1; i <= entry->retries; i++)
        sent_at -= syn_ack_wait(&tcp->params, i);
    return clock_ms(sent_at) == entry->entered_ms ? tcp->report.now - sent_at
                                                  : MS(tcp->report.now_ms - entry->entered_ms);
}

/* What the SYN-ACK's way there and back tells: until what makes the connection arrives, as on Linux
 * (tcp_synack_rtt_meas), so that what TCP_DEFER_ACCEPT waited for is in it. A cookie knows nothing
 * of its time, and of a SYN-ACK that was repeated nobody knows which one is acknowledged (Karn). */
static void time_handshake(const struct tcp *tcp, struct tcp_conn *conn,
                           const struct syn_entry *entry)
{
    int64_t age;

    if (UNLIKELY(entry->flags & (SYN_COOKIE | SYN_UNTIMED))) {
        if (entry->retries > 0)
            rtt_fall_back(&conn->rtt, &tcp->params);
        return;
    }
    age = syn_ack_age(tcp, entry);
    rtt_sample(&conn->rtt, &tcp->params, age, age, conn->snd.una.v, conn->snd.nxt.v);
}

struct tcp_conn *conn_from_request(struct tcp *tcp, const struct syn_entry *entry)
{
    const struct listener *listener = pool_at(&tcp->listeners, entry->listener);
    const uint32_t conn_index = pool_take(&tcp->conns);
    struct tcp_conn *conn;

    if (conn_index == POOL_NONE) {
        report_count(&tcp->report, LASTACK_CAUSE_NO_CONNECTION_LEFT);
        return NULL;
    }
    conn = tcp_conn_at(tcp, conn_index);
    conn_init(conn, &entry->tuple, entry->flow, &tcp->params, tcp->report.now);
    conn->flags |= listener->flags;
    if (!tcp_enter_endpoint(tcp, conn)) {
        report_count(&tcp->report, LASTACK_CAUSE_NO_ENDPOINT_LEFT);
        pool_give(&tcp->conns, conn_index);
        return NULL;
    }
    conn->flags |= (entry->flags & SYN_WINDOW_SCALE ? CONN_WINDOW_SCALE : 0) |
                   (entry->flags & SYN_SACK ? CONN_SACK : 0) |
                   (entry->flags & SYN_TIMESTAMP ? CONN_TIMESTAMP : 0);
    conn->ecn = entry->flags & SYN_ECN ? ECN_ON : 0;
    conn->mss_peer = entry->mss_peer;
    conn_start(tcp, conn, &listener->options, listener->flags);
    conn_round_buffers(tcp, conn);
    conn->snd_shift = entry->snd_shift;
    conn->rcv_shift = entry->rcv_shift;
    conn->paws = paws_taken(entry->ts_recent, tcp->report.now);
    conn_choose_iss(conn, entry->iss);
    conn->snd.nxt = conn->snd.max = seq_add(entry->iss, 1);
    conn->snd.wnd = conn->snd.wnd_max = entry->snd_wnd;
    conn->irs = entry->irs;
    conn->rcv.nxt = conn->rcv.read = conn->rcv.acked = seq_add(entry->irs, 1);
    conn->rcv.edge = seq_add(conn->rcv.nxt, entry->rcv_wnd);
    conn->snd.wl1 = entry->irs;
    conn->listener = entry->listener;
    cc_init(&conn->cc, tcp_congestion(tcp, listener->congestion), conn->mss,
            entry->retries > 1 && !(entry->flags & SYN_ACKED)
                ? 1
                : cc_initial_segs(&tcp->params, conn->mss));
    time_handshake(tcp, conn, entry);
    /* the request was in it since the SYN: no arrow is taken here */
    conn->state = TCP_SYN_RECEIVED;
    if (UNLIKELY(listener->window_clamp != 0))
        conn_clamp_from_start(tcp, conn, listener->window_clamp);
    return conn;
}

/* The handshake is complete: a control block takes the request's place in the index. */
static struct tcp_conn *promote(struct tcp *tcp, uint32_t index, const struct syn_entry *entry)
{
    struct tcp_conn *conn = conn_from_request(tcp, entry);

    if (conn == NULL)
        return NULL;
    (void)flow_replace(&tcp->index, entry->flow, (struct flow_ref){FLOW_SYN_ENTRY, index},
                       (struct flow_ref){FLOW_CONNECTION, tcp_index_of(tcp, conn)});
    if (entry->flags & SYN_SUPERSEDES)
        tcp_drop_superseded(tcp, &entry->tuple, entry->superseded);
    unlink_from_listener(tcp, index, entry);
    return conn;
}

void conn_is_accepted(struct tcp *tcp, struct tcp_conn *conn, struct segment *seg)
{
    const uint32_t listener_index = conn->listener;

    listener_enqueue(pool_at(&tcp->listeners, listener_index), &tcp->conns,
                     tcp_index_of(tcp, conn));
    tcp_wake_listener(tcp, listener_index);
    arrives_in_other_states(tcp, conn, seg);
}

/* TCP_DEFER_ACCEPT: a bare ACK makes no connection until its time is over. */
static bool is_deferred(struct tcp *tcp, struct syn_entry *entry, const struct listener *listener,
                        const struct segment *seg)
{
    if (entry->retries >= listener->defer || seg->text_length > 0 || seg->flags & LASTACK_FIN)
        return false;
    entry->flags |= SYN_ACKED;
    report_drop(&tcp->report, entry->flow, TCP_SYN_RECEIVED, seg, LASTACK_CAUSE_DROP_DEFERRED);
    return true;
}

NOINLINE void arrives_for_syn_entry(struct tcp *tcp, uint32_t index, struct segment *seg,
                                    uint64_t flow)
{
    struct syn_entry *entry = syn_cache_at(&tcp->syns, index);
    struct listener *listener = pool_at(&tcp->listeners, entry->listener);
    struct tcp_conn *conn;

    report_segment(&tcp->report, LASTACK_TRACE_SEGMENT_IN, flow, TCP_SYN_RECEIVED, seg, seg->wnd);
    if (check_request(tcp, index, entry, seg) != GO_ON)
        return;
    if (UNLIKELY(listener->defer > 0) && is_deferred(tcp, entry, listener, seg))
        return;
    if (listener_is_full(listener)) {
        listener->overflows++;
        report_drop(&tcp->report, flow, TCP_SYN_RECEIVED, seg, LASTACK_CAUSE_DROP_ACK_QUEUE_FULL);
        if (tcp->params.accept_overflow == LASTACK_ACCEPT_OVERFLOW_RST) {
            reply_rst_to(tcp, seg, flow, TCP_SYN_RECEIVED);
            forget(tcp, index, LASTACK_CAUSE_DROP_ACK_QUEUE_FULL);
        }
        return;
    }
    conn = promote(tcp, index, entry);
    if (conn != NULL)
        conn_is_accepted(tcp, conn, seg);
}
