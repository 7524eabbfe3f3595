/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * fast_open_server.c: RFC 7413 §4.2.2, the server: text in a SYN is read before the handshake is
 * over.
 *
 *     SYN, valid cookie, text ─▶ control block in SYN-RECEIVED, in the accept queue, text readable
 *                             ─▶ SYN-ACK of SYN and text; our own text may follow it at once
 *     SYN, bad cookie or none ─▶ an ordinary request; its SYN-ACK brings a cookie
 *
 * How many may be in SYN-RECEIVED at once is the listener's limit (§4.2: PendingFastOpenRequests);
 * one that a RST ended counts on for a minute, or a client with many source addresses could make
 * us work without end. Who was accepted before his handshake was over counts for the whole stack.
 */
#include "isn.h"
#include "tcp.h"

static bool has_pending_room(struct tcp *tcp, struct listener *listener)
{
    if (listener->fast_open_limit == 0)
        return false;
    if (listener->fast_open_resets > 0 && tcp->report.now >= listener->fast_open_reset_until)
        listener->fast_open_resets = 0;
    if (listener->fast_open_pending + listener->fast_open_resets + tcp->fast_open_accepted <
        listener->fast_open_limit)
        return true;
    report_count(&tcp->report, LASTACK_CAUSE_FAST_OPEN_OVERFLOW);
    return false;
}

static const struct fast_open_keys *keys_of(const struct tcp *tcp, const struct listener *listener)
{
    return listener->fast_open_keys.count > 0 ? &listener->fast_open_keys : &tcp->fast_open_keys;
}

/* Text in order, as far as the window reaches; a FIN with it will come again. */
static void take_syn_text(struct tcp *tcp, struct tcp_conn *conn, const struct segment *syn)
{
    struct segment rest = *syn;

    rest.flags &= (uint16_t) ~(LASTACK_SYN | LASTACK_FIN);
    rest.seq = conn->rcv.nxt;
    rest.text_length = min32(syn->text_length, conn_rcv_wnd(conn));
    rest.len = rest.text_length;
    if (rest.len == 0)
        return;
    conn->fast_open |= FAST_OPEN_TEXT_ACKED;
    conn->stats.data_segs_in++;
    (void)seventh_take_text(tcp, conn, &rest);
}

/* `renewal`: FAST_OPEN_OPTION and its like, if the SYN-ACK brings a new cookie.
 * False: no room for it; an ordinary handshake may still do. */
static bool make_child(struct tcp *tcp, uint32_t listener_index, const struct segment *syn,
                       uint64_t flow, uint8_t renewal)
{
    struct listener *listener = pool_at(&tcp->listeners, listener_index);
    struct syn_entry request = {.tuple = syn->tuple, .flow = flow, .listener = listener_index};
    struct tcp_conn *conn;

    request_from_syn(tcp, listener, syn, &request);
    request.flags |= SYN_UNTIMED;
    request.iss =
        isn_choose(tcp_secret(tcp, &syn->tuple, flow), tcp->params.isn_tick_ns, tcp->report.now);
    request_offer_window(tcp, listener, &request);
    conn = conn_from_request(tcp, &request);
    if (conn == NULL || !request_enters_index(tcp, conn, syn))
        return false;
    conn->fast_open = FAST_OPEN_PASSIVE | renewal;
    conn->snd.nxt = conn->snd.max = conn->iss; /* the SYN-ACK is still to leave */
    conn->owe |= OWE_SEND;
    listener->fast_open_pending++;
    report_flow(&tcp->report, flow, &syn->tuple);
    report_segment(&tcp->report, LASTACK_TRACE_SEGMENT_IN, flow, TCP_LISTEN, syn, syn->wnd);
    report_state(&tcp->report, flow, &syn->tuple, TCP_LISTEN, TCP_SYN_RECEIVED,
                 LASTACK_CAUSE_FAST_OPEN_PASSIVE);
    conn->since = tcp->report.now;
    conn->cause = LASTACK_CAUSE_FAST_OPEN_PASSIVE;
    listener_enqueue(listener, &tcp->conns, tcp_index_of(tcp, conn));
    tcp_wake_listener(tcp, listener_index);
    conn->stats.segs_in++;
    take_syn_text(tcp, conn, syn);
    settle(tcp, conn);
    return true;
}

bool fast_open_serves(struct tcp *tcp, uint32_t listener_index, const struct segment *syn,
                      uint64_t flow, struct fast_open_answer *answer)
{
    struct listener *listener = pool_at(&tcp->listeners, listener_index);
    const uint16_t option = syn->options & (OPTION_FAST_OPEN | OPTION_FAST_OPEN_EXP);
    const struct fast_open_keys *keys = keys_of(tcp, listener);
    uint8_t renewal = 0;
    unsigned which;

    *answer = (struct fast_open_answer){0};
    if (!(tcp->params.fast_open & LASTACK_FAST_OPEN_SERVER) ||
        (option == 0 && syn->text_length == 0) || !has_pending_room(tcp, listener))
        return false;
    if (tcp->params.fast_open & LASTACK_FAST_OPEN_SERVER_NO_COOKIE || listener->fast_open_no_cookie)
        return make_child(tcp, listener_index, syn, flow, 0);
    if (option == 0)
        return false;
    which = fast_open_check(keys, &syn->tuple, syn->fast_open, syn->fast_open_length);
    if (which == 2) /* of the older key: good, and replaced */
        renewal = FAST_OPEN_OPTION | (option & OPTION_FAST_OPEN_EXP ? FAST_OPEN_EXPERIMENT : 0);
    if (which != 0 && make_child(tcp, listener_index, syn, flow, renewal))
        return true;
    if (syn->fast_open_length > 0)
        report_count(&tcp->report, LASTACK_CAUSE_FAST_OPEN_PASSIVE_FAILED);
    else
        report_count(&tcp->report, LASTACK_CAUSE_FAST_OPEN_COOKIE);
    answer->option = option;
    fast_open_cookie(&keys->key[0], &syn->tuple, answer->cookie);
    return false;
}

void fast_open_fill_syn_ack(const struct tcp *tcp, struct tcp_conn *conn, struct segment *seg)
{
    const struct fast_open_keys *keys =
        conn->listener == POOL_NONE ? &tcp->fast_open_keys
                                    : keys_of(tcp, pool_at(&tcp->listeners, conn->listener));

    if (!(conn->fast_open & FAST_OPEN_OPTION))
        return;
    seg->options |=
        conn->fast_open & FAST_OPEN_EXPERIMENT ? OPTION_FAST_OPEN_EXP : OPTION_FAST_OPEN;
    seg->fast_open_length = FAST_OPEN_COOKIE;
    fast_open_cookie(&keys->key[0], &conn->tuple, seg->fast_open);
    conn->fast_open &= (uint8_t)~FAST_OPEN_OPTION; /* once */
}

static NOINLINE void end_fast_open(struct tcp *tcp, struct tcp_conn *conn, bool is_reset)
{
    conn->fast_open &= (uint8_t)~FAST_OPEN_PASSIVE;
    if (conn->listener == POOL_NONE) {
        CHECK(tcp->fast_open_accepted > 0);
        tcp->fast_open_accepted--;
    } else {
        struct listener *listener = pool_at(&tcp->listeners, conn->listener);

        CHECK(listener->fast_open_pending > 0);
        listener->fast_open_pending--;
        if (is_reset) {
            listener->fast_open_resets++;
            listener->fast_open_reset_until = time_after(tcp->report.now, SEC(60));
        }
    }
}

void fast_open_is_over(struct tcp *tcp, struct tcp_conn *conn, bool is_reset)
{
    if (conn->fast_open & FAST_OPEN_PASSIVE)
        end_fast_open(tcp, conn, is_reset);
}

void fast_open_accepted(struct tcp *tcp, struct listener *listener, const struct tcp_conn *conn)
{
    if (!(conn->fast_open & FAST_OPEN_PASSIVE))
        return;
    CHECK(listener->fast_open_pending > 0);
    listener->fast_open_pending--;
    tcp->fast_open_accepted++;
}
