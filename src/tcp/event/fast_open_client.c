/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * fast_open_client.c: RFC 7413 §4.2.2, the client: what the first SYN carries, and what its answer
 * teaches.
 *
 *     cookie known          SYN, cookie, text
 *     none                  SYN, request
 *     repeated SYN          neither (§4.4)
 *     SYN-ACK of all        text is delivered
 *     SYN-ACK of the SYN    text leaves again, at once, as if it had never left
 *
 * A path that loses such SYNs is left alone for a while (§4.1.3): one server after two losses in a
 * row, for two minutes and then twice as long each time; all of them after three timeouts of one
 * connection, if params.fast_open_blackhole_ns says so.
 */
#include "tcp.h"

enum { SYN_OPTION_SPACE = 40, LOSSES_FORGIVEN = 1, BLACKHOLE_TIMEOUTS = 2 };

/* What the next SYN may carry. */
struct syn_offer {
    bool may_carry_text, has_option;
    const struct fast_open_memory *memory;
};

static bool is_left_alone(const struct tcp *tcp, const struct fast_open_memory *memory)
{
    const int64_t now = tcp->report.now;

    if (memory == NULL)
        return false;
    return memory->off_until > now ||
           (memory->losses > LOSSES_FORGIVEN &&
            now < memory->lost_at + (SEC(60) << min32(memory->losses, 6)));
}

static struct syn_offer offer_of(const struct tcp *tcp, const struct tcp_conn *conn)
{
    struct syn_offer offer = {0};

    if (!(conn->fast_open & FAST_OPEN_ASKED) || conn->fast_open & FAST_OPEN_SYN_LEFT ||
        tcp->report.now < tcp->fast_open_off_until)
        return offer;
    offer.memory = fast_open_recall(&tcp->fast_open_cache, &conn->tuple);
    if (is_left_alone(tcp, offer.memory))
        return offer;
    if (tcp->params.fast_open & LASTACK_FAST_OPEN_CLIENT_NO_COOKIE ||
        conn->fast_open & FAST_OPEN_NO_COOKIE) {
        offer.may_carry_text = true;
        return offer;
    }
    offer.has_option = true;
    offer.may_carry_text = offer.memory != NULL && offer.memory->length > 0;
    return offer;
}

/* The MSS of the server's last SYN-ACK and of the path bound it; room for all options stays free,
 * those of middleboxes too. */
static uint32_t syn_room(const struct tcp_conn *conn, const struct syn_offer *offer)
{
    uint32_t mss = conn->mss_path;

    if (!offer->may_carry_text)
        return 0;
    if (offer->memory != NULL && offer->memory->mss != 0)
        mss = min32(mss, offer->memory->mss);
    return mss > SYN_OPTION_SPACE ? mss - SYN_OPTION_SPACE : 0;
}

NOINLINE bool tcp_fast_open_is_ready(const struct tcp *tcp, const struct tuple *tuple)
{
    const struct fast_open_memory *memory = fast_open_recall(&tcp->fast_open_cache, tuple);

    if (tcp->report.now < tcp->fast_open_off_until || is_left_alone(tcp, memory))
        return false;
    return tcp->params.fast_open & LASTACK_FAST_OPEN_CLIENT_NO_COOKIE ||
           (memory != NULL && memory->length > 0);
}

uint32_t tcp_fast_open_room(const struct tcp *tcp, uint32_t index)
{
    const struct tcp_conn *conn = tcp_conn_at(tcp, index);
    const struct syn_offer offer = offer_of(tcp, conn);

    return conn->state == TCP_SYN_SENT ? syn_room(conn, &offer) : 0;
}

uint32_t fast_open_fill_syn(struct tcp *tcp, struct tcp_conn *conn, struct segment *seg)
{
    const struct syn_offer offer = offer_of(tcp, conn);
    const struct fast_open_memory *memory = offer.memory;
    uint32_t length;

    if (offer.has_option) {
        const bool has_cookie = memory != NULL && memory->length > 0;
        const bool is_experiment =
            memory != NULL && (has_cookie ? memory->is_experiment : memory->try_experiment == 1);

        seg->options |= is_experiment ? OPTION_FAST_OPEN_EXP : OPTION_FAST_OPEN;
        seg->fast_open_length = has_cookie ? memory->length : 0;
        if (has_cookie)
            memcpy(seg->fast_open, memory->cookie, memory->length);
        conn->fast_open |= FAST_OPEN_OPTION | (is_experiment ? FAST_OPEN_EXPERIMENT : 0);
    }
    length = min32(syn_room(conn, &offer), conn_send_held(conn));
    if (length > 0)
        conn->fast_open |= FAST_OPEN_SYN_TEXT;
    if (conn->fast_open & FAST_OPEN_ASKED)
        conn->fast_open |= FAST_OPEN_SYN_LEFT;
    return length;
}

/* A SYN-ACK without a cookie, though one was asked for. The option of the experiment is tried once
 * (RFC 7413 §4.1.1 took its place). */
static void learn_of_refusal(struct fast_open_memory *memory, const struct tcp_conn *conn)
{
    const uint8_t next = conn->fast_open & FAST_OPEN_EXPERIMENT ? 2 : 1;

    if (memory->length == 0 && !memory->is_experiment && next > memory->try_experiment)
        memory->try_experiment = next;
}

static NOINLINE void learn(struct tcp *tcp, const struct tcp_conn *conn,
                           const struct segment *syn_ack, bool is_text_acked)
{
    const bool has_text = (conn->fast_open & FAST_OPEN_SYN_TEXT) != 0;
    const bool has_cookie = conn->fast_open & FAST_OPEN_OPTION && syn_ack->fast_open_length > 0;
    struct fast_open_memory *memory =
        fast_open_remember(&tcp->fast_open_cache, &conn->tuple, tcp->report.now);

    if (memory == NULL)
        return;
    if (syn_ack->options & OPTION_MSS)
        memory->mss = syn_ack->mss;
    if (has_cookie) {
        memory->length = syn_ack->fast_open_length;
        memory->is_experiment = (syn_ack->options & OPTION_FAST_OPEN_EXP) != 0;
        memcpy(memory->cookie, syn_ack->fast_open, memory->length);
    } else if (conn->retries == 0 && !has_text && conn->fast_open & FAST_OPEN_OPTION) {
        learn_of_refusal(memory, conn);
    }
    if (!has_cookie && !is_text_acked && tcp->params.fast_open_path_disable_ns != 0)
        memory->off_until = time_after(tcp->report.now, tcp->params.fast_open_path_disable_ns);
    if (conn->retries > 0 && has_text && !has_cookie && !is_text_acked) {
        memory->losses = (uint8_t)min32(memory->losses + 1u, UINT8_MAX);
        memory->lost_at = tcp->report.now;
    } else {
        memory->losses = 0;
    }
}

void fast_open_answered(struct tcp *tcp, struct tcp_conn *conn, const struct segment *syn_ack)
{
    const bool has_text = (conn->fast_open & FAST_OPEN_SYN_TEXT) != 0;
    const bool is_text_acked = has_text && seq_equal(syn_ack->ack, conn->snd.max);

    if (conn->fast_open & (FAST_OPEN_OPTION | FAST_OPEN_SYN_TEXT))
        learn(tcp, conn, syn_ack, is_text_acked);
    if (has_text) {
        stream_drop_before(&conn->send, &tcp->pages, syn_ack->ack);
        conn->stats.bytes_acked += seq_distance(conn->iss, syn_ack->ack) - 1;
        conn->fast_open |= is_text_acked ? FAST_OPEN_TEXT_ACKED : 0;
        report_count(&tcp->report, is_text_acked ? LASTACK_CAUSE_FAST_OPEN_ACTIVE
                                                 : LASTACK_CAUSE_FAST_OPEN_ACTIVE_FAILED);
    }
    /* What was not taken leaves anew. It did leave: a peer who had opened too may have kept it and
     * acknowledge it later (§3.10.7.3), so SND.MAX stays. */
    conn->snd.nxt = syn_ack->ack;
}

void fast_open_timed_out(struct tcp *tcp, const struct tcp_conn *conn, bool is_over)
{
    const int64_t pause = tcp->params.fast_open_blackhole_ns;

    if (pause == 0 || !(conn->fast_open & (FAST_OPEN_OPTION | FAST_OPEN_SYN_TEXT)) ||
        !(conn->retries == BLACKHOLE_TIMEOUTS || (is_over && conn->retries < BLACKHOLE_TIMEOUTS)))
        return;
    report_count(&tcp->report, LASTACK_CAUSE_FAST_OPEN_BLACKHOLE);
    tcp->fast_open_off_until =
        time_after(tcp->report.now, pause << min32(tcp->fast_open_off_times, 6));
    tcp->fast_open_off_times++;
}
