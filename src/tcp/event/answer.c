/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * answer.c: segments without text that answer at once and are never merged: RST, duplicate and
 * challenge ACKs, SYN-ACKs of half-open requests, ACKs of records. All become reply records
 * (docs/decisions/0009).
 */
#include "isn.h"
#include "tcp.h"

static struct reply *new_reply(struct tcp *tcp, const struct tuple *tuple, uint64_t flow,
                               enum tcp_state state, uint16_t flags)
{
    struct reply *reply = replies_add(&tcp->replies);

    if (reply == NULL) {
        report_count(&tcp->report, LASTACK_CAUSE_NO_REPLY_LEFT);
        return NULL;
    }
    reply->tuple = *tuple;
    reply->flow = flow;
    reply->state = (uint8_t)state;
    reply->flags = flags;
    return reply;
}

/* §3.10.7.1: "If the ACK bit is off, sequence number zero is used" */
static struct reply *rst_to(struct tcp *tcp, const struct segment *seg, uint64_t flow,
                            enum tcp_state state)
{
    const bool has_ack = (seg->flags & LASTACK_ACK) != 0;
    struct reply *reply;

    if (seg->flags & LASTACK_RST)
        return NULL;
    reply =
        new_reply(tcp, &seg->tuple, flow, state, has_ack ? LASTACK_RST : LASTACK_RST | LASTACK_ACK);
    if (reply == NULL)
        return NULL;
    if (has_ack)
        reply->seq = seg->ack;
    else
        reply->ack = seq_add(seg->seq, seg->len);
    return reply;
}

void reply_rst_to(struct tcp *tcp, const struct segment *seg, uint64_t flow, enum tcp_state state)
{
    (void)rst_to(tcp, seg, flow, state);
}

void reply_rst_by(struct tcp *tcp, const struct tcp_conn *conn, const struct segment *seg)
{
    struct reply *reply = rst_to(tcp, seg, conn->flow, conn->state);

    if (reply == NULL)
        return;
    reply->tos = conn->options.tos;
    reply->ttl = conn->options.ttl;
}

void reply_rst_of(struct tcp *tcp, const struct tcp_conn *conn)
{
    struct reply *reply =
        new_reply(tcp, &conn->tuple, conn->flow, conn->state, LASTACK_RST | LASTACK_ACK);

    if (reply == NULL)
        return;
    reply->seq = conn_seq_without_text(conn);
    reply->ack = conn->rcv.nxt;
    reply->wnd = 0;
    reply->tos = conn->options.tos;
    reply->ttl = conn->options.ttl;
}

void reply_ack(struct tcp *tcp, struct tcp_conn *conn)
{
    reply_ack_again(tcp, conn, (struct sack_block){conn->rcv.nxt, conn->rcv.nxt});
}

/* What 40 bytes of options hold of what arrived behind a hole, or again. */
static NOINLINE void fill_sack(const struct tcp *tcp, struct tcp_conn *conn, struct segment *seg)
{
    sack_told_fill(sack_told_at(&tcp->ranges, conn->told), &conn->arrived, &tcp->ranges, seg->again,
                   conn_has(conn, CONN_TIMESTAMP) ? 3 : 4, seg);
}

static bool tells_of_ranges(const struct tcp_conn *conn, struct sack_block again)
{
    return conn_has(conn, CONN_SACK) && (conn->arrived.count > 0 || !sack_is_empty(again));
}

static NOINLINE void reply_sack(const struct tcp *tcp, struct tcp_conn *conn, struct reply *reply,
                                struct sack_block again)
{
    struct segment seg = {.again = again};

    fill_sack(tcp, conn, &seg);
    reply->options |= seg.options;
    reply->sack_count = seg.sack_count;
    memcpy(reply->sack, seg.sack, seg.sack_count * sizeof seg.sack[0]);
}

void reply_ack_again(struct tcp *tcp, struct tcp_conn *conn, struct sack_block again)
{
    struct reply *reply =
        new_reply(tcp, &conn->tuple, conn->flow, conn->state, LASTACK_ACK | ecn_echo(conn->ecn));

    if (reply == NULL)
        return;
    reply->seq = conn_seq_without_text(conn);
    reply->ack = conn->rcv.nxt;
    reply->wnd = conn_offer_window(conn);
    reply->window = (uint32_t)reply->wnd << conn->rcv_shift;
    reply->tos = conn->options.tos & (uint8_t)~ECN_MASK;
    reply->ttl = conn->options.ttl;
    if (conn_has(conn, CONN_TIMESTAMP)) {
        reply->options |= OPTION_TIMESTAMP;
        reply->ts_value = conn_ts_value(conn, &tcp->report);
        reply->ts_echo = conn->paws.recent;
    }
    if (tells_of_ranges(conn, again))
        reply_sack(tcp, conn, reply, again);
    conn->rcv.acked = conn->rcv.nxt;
    conn->owe &= (uint8_t)~OWE_ACK;
    conn->stats.segs_out++;
    conn_stop_deadline(conn, LASTACK_TIMER_DELAYED_ACK, &tcp->report);
}

void reply_challenge(struct tcp *tcp, struct tcp_conn *conn)
{
    const int64_t now = tcp->report.now;
    const struct challenge_rule rule = {
        .interval_ns = tcp->params.challenge_interval_ns,
        .count = tcp->params.challenge_count,
        .limit = tcp->params.challenge_limit,
    };
    struct challenge_window window = {.start = NEVER};

    if (conn->challenge_ms != 0)
        window = (struct challenge_window){now - MS(clock_ms(now) - conn->challenge_ms),
                                           conn->challenge_count};
    if (!challenge_allowed(&window, &tcp->challenges, &tcp->rng, &rule, now)) {
        report_count(&tcp->report, LASTACK_CAUSE_CHALLENGE_LIMIT);
        return;
    }
    if (window.count == 1)
        conn->challenge_ms = max32(clock_ms(now), 1);
    conn->challenge_count = (uint8_t)min32(window.count, UINT8_MAX);
    reply_ack(tcp, conn);
}

uint16_t listener_mss(const struct tcp *tcp, const struct listener *listener,
                      const struct tuple *tuple)
{
    return mss_offered(tcp->path(tcp->path_context, &tuple->remote), listener->options.mss_clamp);
}

/* TSval of a SYN-ACK; a cookie's remembers the options. */
static uint32_t syn_ack_stamp(struct tcp *tcp, const struct syn_entry *entry)
{
    const uint32_t offset = timestamp_offset(tcp_secret(tcp, &entry->tuple, entry->flow));
    const struct syn_cookie_options options = {
        .has_window_scale = (entry->flags & SYN_WINDOW_SCALE) != 0,
        .window_scale = entry->snd_shift,
        .has_sack = (entry->flags & SYN_SACK) != 0,
        .has_ecn = (entry->flags & SYN_ECN) != 0,
    };

    if (!(entry->flags & SYN_COOKIE))
        return timestamp_now(offset, tcp->report.now);
    return syn_cookie_stamp(timestamp_now(0, tcp->report.now), &options) + offset;
}

void reply_syn_ack(struct tcp *tcp, const struct syn_entry *entry,
                   const struct fast_open_answer *answer)
{
    struct reply *reply =
        new_reply(tcp, &entry->tuple, entry->flow, TCP_SYN_RECEIVED,
                  LASTACK_SYN | LASTACK_ACK | (entry->flags & SYN_ECN ? LASTACK_ECE : 0));
    const struct listener *listener = pool_at(&tcp->listeners, entry->listener);

    if (reply == NULL)
        return;
    reply->seq = entry->iss;
    reply->ack = seq_add(entry->irs, 1);
    reply->wnd = (uint16_t)min32(entry->rcv_wnd, 65535);
    reply->window = reply->wnd;
    reply->tos = entry->tos & (uint8_t)~ECN_MASK;
    reply->ttl = listener->options.ttl;
    reply->options =
        (uint16_t)(OPTION_MSS | (entry->flags & SYN_WINDOW_SCALE ? OPTION_WINDOW_SCALE : 0) |
                   (entry->flags & SYN_SACK ? OPTION_SACK_PERMITTED : 0) |
                   (entry->flags & SYN_TIMESTAMP ? OPTION_TIMESTAMP : 0));
    reply->mss = listener_mss(tcp, listener, &entry->tuple);
    reply->window_scale = entry->rcv_shift;
    if (entry->flags & SYN_TIMESTAMP)
        reply->ts_value = syn_ack_stamp(tcp, entry);
    if (answer != NULL && answer->option != 0) {
        reply->options |= answer->option;
        memcpy(reply->fast_open, answer->cookie, FAST_OPEN_COOKIE);
    }
    reply->ts_echo = entry->ts_recent;
}

/* ---- what all segments of a synchronized connection carry ---- */

uint16_t conn_offer_window(struct tcp_conn *conn)
{
    const uint32_t mss = conn->rcv_mss;
    const uint32_t window = receive_window_select(&conn->space, conn_readable(conn),
                                                  conn_rcv_wnd(conn), mss, conn->rcv_shift);
    const struct seq edge = seq_add(conn->rcv.nxt, window);

    conn->rcv.edge = seq_max(conn->rcv.edge, edge);
    return (uint16_t)min32(window >> conn->rcv_shift, 65535);
}

void conn_fill_options(const struct tcp *tcp, struct tcp_conn *conn, struct segment *seg)
{
    if (conn_has(conn, CONN_TIMESTAMP)) {
        seg->options |= OPTION_TIMESTAMP;
        seg->ts_value = conn_ts_value(conn, &tcp->report);
        seg->ts_echo = conn->paws.recent;
    }
    if (tells_of_ranges(conn, seg->again))
        fill_sack(tcp, conn, seg);
}

void conn_take_syn_options(struct tcp *tcp, struct tcp_conn *conn, const struct segment *seg)
{
    const bool is_ipv4 = ip_is_ipv4(&conn->tuple.remote);
    const uint16_t options = conn_has(conn, CONN_NO_OPTIONS) ? 0 : seg->options;

    conn->mss_peer = options & OPTION_MSS ? seg->mss
                                          : (uint16_t)(is_ipv4 ? tcp->params.mss_default_ipv4
                                                               : tcp->params.mss_default_ipv6);
    conn->mss_peer = (uint16_t)max32(conn->mss_peer, tcp->params.mss_min);
    if (tcp->params.window_scaling && options & OPTION_WINDOW_SCALE) {
        conn->flags |= CONN_WINDOW_SCALE;
        conn->snd_shift = (uint8_t)min32(seg->window_scale, 14);
    } else {
        conn->snd_shift = conn->rcv_shift = 0; /* RFC 7323 §2.2: both or none */
    }
    if (tcp->params.sack && options & OPTION_SACK_PERMITTED)
        conn->flags |= CONN_SACK;
    if (tcp->params.timestamps && options & OPTION_TIMESTAMP) {
        conn->flags |= CONN_TIMESTAMP;
        conn->paws = paws_taken(seg->ts_value, tcp->report.now);
    }
    conn_take_path(tcp, conn);
    conn_round_buffers(tcp, conn);
}
