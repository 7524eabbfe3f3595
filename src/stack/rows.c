/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * rows.c: STATUS of everything (RFC 9293 §3.10.6), one row each: listeners, connections, half-open
 * requests, records.
 *
 * The cursor says which table and where in it, so a walk can stop and go on; tables are pools,
 * walked in the order of their indices.
 */
#include "core.h"
#include "paws.h"

enum section {
    SECTION_LISTEN,
    SECTION_CONNECTIONS,
    SECTION_SYN,
    SECTION_TIME_WAIT_4,
    SECTION_TIME_WAIT_6,
    SECTION_UPPER,
    SECTION_COUNT
};

static int64_t age_from_ms(const struct lastack *stack, uint32_t entered_ms)
{
    return MS(clock_ms(stack->now) - entered_ms);
}

static void start_row(struct lastack_connection_row *row, const struct tuple *tuple,
                      enum tcp_state state)
{
    *row = (struct lastack_connection_row){
        .protocol = LASTACK_PROTOCOL_TCP,
        .state = (uint8_t)state,
        .local = tuple_local(tuple),
        .remote = tuple_remote(tuple),
        .is_ipv6 = !ip_is_ipv4(&tuple->local),
        .fd = -1,
        .timer = -1,
        .gives_up_ns = -1,
        .age_ns = -1,
    };
}

/* ---- connections ---- */

/* The deadline that a viewer wants to see: what keeps the connection going, not
 * the housekeeping. */
static void fill_timer(const struct lastack *stack, const struct tcp_conn *conn,
                       struct lastack_connection_row *row)
{
    static const uint8_t order[] = {LASTACK_TIMER_RETRANSMIT, LASTACK_TIMER_LOSS,
                                    LASTACK_TIMER_PERSIST, LASTACK_TIMER_KEEPALIVE,
                                    LASTACK_TIMER_DELAYED_ACK};
    const struct lastack_params *params = &stack->tcp.params;

    for (unsigned i = 0; i < sizeof order; i++) {
        const int64_t at = conn->deadline.at[order[i]];

        if (at == NEVER)
            continue;
        row->timer = (int8_t)order[i];
        row->timer_left_ns = at - stack->now;
        break;
    }
    switch (row->timer) {
    case LASTACK_TIMER_RETRANSMIT:
    case LASTACK_TIMER_LOSS:
        row->timer_retries = conn->retries;
        row->gives_up_ns = tcp_gives_up_in(&stack->tcp, conn);
        row->timer_retries_max = (uint8_t)min32(tcp_retries_most(&stack->tcp, conn), 255);
        break;
    case LASTACK_TIMER_PERSIST:
        row->timer_retries = conn->probes;
        row->timer_retries_max = (uint8_t)min32(params->retries2, 255);
        break;
    case LASTACK_TIMER_KEEPALIVE:
        row->timer_retries = conn->probes;
        row->timer_retries_max =
            (uint8_t)min32(conn->options.keepalive_probes != 0 ? conn->options.keepalive_probes
                                                               : params->keepalive_probes,
                           255);
        break;
    default:
        break;
    }
}

static uint32_t us_of(int64_t ns)
{
    return ns <= 0 ? 0 : (uint32_t)min64(ns / 1000, UINT32_MAX);
}

static uint32_t ms_since(const struct lastack *stack, int64_t at)
{
    return (uint32_t)min64((stack->now - at) / 1000000, UINT32_MAX);
}

/* Of a connection over which no text ever came: since it is in its state, which is as long as it is
 * there unless an end has closed. */
static int64_t text_arrived_at(const struct tcp_conn *conn)
{
    return conn->ack.last_data_at != 0 ? conn->ack.last_data_at : conn->since;
}

static uint32_t segments_of(uint32_t bytes, uint32_t mss)
{
    return mss == 0 ? 0 : (bytes + mss - 1) / mss;
}

static uint64_t us_busy(const struct lastack *stack, const struct tcp_conn *conn,
                        enum chronograph_kind kind)
{
    return conn->write_queue == POOL_NONE
               ? 0
               : chronograph_read(&conn_queue(&stack->tcp, conn)->chronograph, kind, stack->now);
}

/* What loss recovery knows, if it was ever needed. */
static void fill_recovery(const struct lastack *stack, const struct tcp_conn *conn,
                          struct lastack_tcp_info *info)
{
    const struct recovery *recovery = conn_recovery(&stack->tcp, conn);
    const struct delivery *delivery = conn_delivery(&stack->tcp, conn);

    if (recovery == NULL)
        return;
    info->tcpi_delivery_rate = delivery_rate(delivery, conn->mss);
    info->tcpi_delivery_rate_app_limited = delivery->rate_is_limited;
    if (conn_pace(&stack->tcp, conn)->most != 0)
        info->tcpi_max_pacing_rate = conn_pace(&stack->tcp, conn)->most;
    info->tcpi_ca_state = recovery->state;
    info->tcpi_sacked = recovery->board.sacked.segs;
    info->tcpi_lost = recovery->board.lost.segs;
    info->tcpi_retrans = recovery->board.again.segs;
    info->tcpi_reordering = recovery->reordering;
    info->tcpi_total_retrans = recovery->again_segs;
    info->tcpi_bytes_retrans = recovery->again_bytes;
    info->tcpi_bytes_sent += recovery->again_bytes;
    info->tcpi_data_segs_out += recovery->again_segs;
    info->tcpi_delivered += recovery->board.sacked.segs + recovery->dsack_dups;
    info->tcpi_dsack_dups = recovery->dsack_dups;
    info->tcpi_reord_seen = recovery->reordering_seen;
}

/* The text of the segments that our MSS option asks for, as Linux has it: once timestamps are
 * agreed on, they take their part of each. */
static uint32_t segment_offered(const struct tcp_conn *conn)
{
    const uint32_t options = conn_has(conn, CONN_TIMESTAMP) ? 12 : 0;

    return conn->mss_own - min32(conn->mss_own, options);
}

static void fill_congestion(struct lastack_connection_row *row, enum lastack_congestion algorithm)
{
    const char *name = cc_name(algorithm);

    for (unsigned i = 0; name[i] != '\0' && i < sizeof row->congestion - 1; i++)
        row->congestion[i] = name[i];
}

/* Why nothing came of a client's Fast Open, in Linux's numbers: 1 there was no cookie yet, 2 the
 * SYN-ACK did not acknowledge the text, 3 nor did that of a repeated SYN. */
static uint8_t fast_open_failure(const struct tcp_conn *conn)
{
    if (!conn_has(conn, CONN_ACTIVE) || conn->fast_open & FAST_OPEN_TEXT_ACKED)
        return 0;
    if (!(conn->fast_open & FAST_OPEN_SYN_TEXT))
        return conn->fast_open & FAST_OPEN_OPTION ? 1 : 0;
    if (!conn_syn_acked(conn))
        return 0;
    return conn_has(conn, CONN_SYN_RETRANSMITTED) ? 3 : 2;
}

/* The SYN (with its text, if it had any), and of what was sent what is not outstanding. */
static uint32_t segments_delivered(const struct tcp_conn *conn)
{
    const uint32_t with_syn = conn->fast_open & FAST_OPEN_SYN_TEXT ? 1 : 0;
    const uint32_t sent = conn->stats.data_segs_out - min32(with_syn, conn->stats.data_segs_out);

    return tcp_state_is_synchronized(conn->state) ? 1 + sent - min32(conn->packets, sent) : 0;
}

/* Linux counts as RFC 4898 does, by what SND.UNA moved: an active opener's SYN and the FIN are
 * among it. (Who is opened has his SND.UNA behind the SYN from the start.) */
static uint64_t bytes_acked(const struct tcp_conn *conn)
{
    return conn->stats.bytes_acked + (conn_has(conn, CONN_ACTIVE) && conn_syn_acked(conn) ? 1 : 0) +
           (conn_has(conn, CONN_FIN_ACKED) ? 1 : 0);
}

/* ... and the peer's FIN among what was received. */
static uint64_t bytes_received(const struct tcp_conn *conn)
{
    return conn->stats.bytes_received + (conn_has(conn, CONN_FIN_RECEIVED) ? 1 : 0);
}

static void fill_info(const struct lastack *stack, const struct tcp_conn *conn,
                      struct lastack_tcp_info *info)
{
    const uint32_t mss = conn->mss;

    *info = (struct lastack_tcp_info){
        .tcpi_state = conn->state,
        .tcpi_retransmits = conn->retries,
        .tcpi_probes = conn->probes,
        .tcpi_backoff = conn->rtt.backoff,
        .tcpi_options = (uint8_t)((conn_has(conn, CONN_TIMESTAMP) ? 1 : 0) |
                                  (conn_has(conn, CONN_SACK) ? 2 : 0) |
                                  (conn_has(conn, CONN_WINDOW_SCALE) ? 4 : 0) |
                                  (conn->ecn & ECN_ON ? 8 : 0) | (conn->ecn & ECN_SEEN ? 16 : 0) |
                                  (conn->fast_open & FAST_OPEN_TEXT_ACKED ? 32 : 0)),
        .tcpi_snd_wscale = conn->snd_shift,
        .tcpi_rcv_wscale = conn->rcv_shift,
        .tcpi_fastopen_client_fail = fast_open_failure(conn),
        .tcpi_rto = us_of(rtt_timeout(&conn->rtt, &stack->tcp.params)),
        .tcpi_ato = us_of(conn->ack.ato_ns),
        .tcpi_snd_mss = mss,
        .tcpi_rcv_mss = conn->rcv_mss,
        .tcpi_unacked = conn->packets,
        .tcpi_last_data_sent = clock_ms(stack->now) - conn->last_sent_ms,
        .tcpi_last_data_recv = ms_since(stack, text_arrived_at(conn)),
        .tcpi_last_ack_recv = clock_ms(stack->now) - conn->last_received_ms,
        .tcpi_pmtu = conn->mss_path + 20u + (ip_is_ipv4(&conn->tuple.remote) ? 20u : 40u),
        .tcpi_rtt = us_of(rtt_smoothed(&conn->rtt)),
        .tcpi_rttvar =
            us_of(rtt_ns(stack->tcp.params.rto_formula == LASTACK_RTO_LINUX ? conn->rtt.mdev
                                                                            : conn->rtt.rttvar)),
        .tcpi_snd_ssthresh =
            conn->cc.ssthresh == UINT32_MAX ? 0x7fffffff : segments_of(conn->cc.ssthresh, mss),
        .tcpi_snd_cwnd = mss == 0 ? 0 : conn->cc.cwnd / mss,
        .tcpi_advmss = segment_offered(conn),
        .tcpi_reordering = stack->tcp.params.dupthresh,
        .tcpi_rcv_ssthresh = conn->space.threshold,
        .tcpi_rcv_rtt = conn->space.rtt_us,
        .tcpi_rcv_space = conn->space.limit,
        .tcpi_bytes_acked = bytes_acked(conn),
        .tcpi_bytes_received = bytes_received(conn),
        .tcpi_segs_out = conn->stats.segs_out,
        .tcpi_segs_in = conn->stats.segs_in,
        .tcpi_notsent_bytes = seq_after(conn->snd.end, conn->snd.nxt)
                                  ? seq_distance(conn->snd.nxt, conn->snd.end)
                                  : 0,
        .tcpi_min_rtt = us_of(rtt_ns(conn->rtt.min)),
        .tcpi_data_segs_in = conn->stats.data_segs_in,
        .tcpi_data_segs_out = conn->stats.data_segs_out,
        .tcpi_busy_time = us_busy(stack, conn, CHRONO_BUSY) + us_busy(stack, conn, CHRONO_RWND) +
                          us_busy(stack, conn, CHRONO_SNDBUF),
        .tcpi_rwnd_limited = us_busy(stack, conn, CHRONO_RWND),
        .tcpi_sndbuf_limited = us_busy(stack, conn, CHRONO_SNDBUF),
        .tcpi_bytes_sent = conn_bytes_sent(conn),
        .tcpi_snd_wnd = conn->snd.wnd,
        .tcpi_rcv_wnd = conn_rcv_wnd(conn),
        .tcpi_delivered = segments_delivered(conn),
        .tcpi_pacing_rate = pace_rate(&stack->tcp, conn),
        .tcpi_max_pacing_rate = UINT64_MAX,
    };
    fill_recovery(stack, conn, info);
}

void row_of_conn(const struct lastack *stack, const struct tcp_conn *conn,
                 struct lastack_connection_row *row)
{
    start_row(row, &conn->tuple, conn->state);
    row->is_ipv6 = row->is_ipv6 || conn_has(conn, CONN_IPV6_SOCKET);
    row->cookie = conn->flow;
    row->cause = conn->cause;
    row->age_ns = stack->now - conn->since;
    row->recv_q = conn_readable(conn) + (conn_has(conn, CONN_FIN_RECEIVED) ? 1 : 0);
    row->send_q = conn_send_held(conn);
    row->shutdown = (uint8_t)((conn_has(conn, CONN_FIN_RECEIVED) ? 1 : 0) |
                              (conn_has(conn, CONN_FIN_QUEUED) ? 2 : 0));
    row->reuse_address = conn_has(conn, CONN_REUSE_ADDRESS);
    row->reuse_port = conn_has(conn, CONN_REUSE_PORT);
    row->owner_kind =
        conn_has(conn, CONN_IN_ACCEPT_QUEUE) ? LASTACK_OWNER_ACCEPT_QUEUE : LASTACK_OWNER_ORPHAN;
    fill_timer(stack, conn, row);
    row->has_tcp_info = true;
    fill_info(stack, conn, &row->tcp_info);
    fill_congestion(row, (enum lastack_congestion)conn->cc.algorithm);
    if (conn->socket != POOL_NONE && stack->describe_owner != NULL)
        stack->describe_owner(stack, conn->socket, row);
}

/* ---- the others ---- */

/* What Linux tells of a listener: its queue and the limit where a connection has `unacked` and
 * `sacked`, and what its connections begin with. */
static void fill_listener_info(const struct lastack *stack, const struct listener *listener,
                               struct lastack_tcp_info *info)
{
    *info = (struct lastack_tcp_info){
        .tcpi_state = TCP_LISTEN,
        .tcpi_unacked = listener->queued,
        .tcpi_sacked = listener->backlog,
        .tcpi_snd_cwnd = stack->tcp.params.initial_cwnd_segs,
        .tcpi_reordering = stack->tcp.params.dupthresh,
        .tcpi_max_pacing_rate = UINT64_MAX,
    };
}

void row_of_listener(const struct lastack *stack, const struct listener *listener,
                     struct lastack_connection_row *row)
{
    const struct tuple tuple = {.local = listener->local.address,
                                .local_port = listener->local.port};

    start_row(row, &tuple, TCP_LISTEN);
    row->is_ipv6 = listener->domain == LASTACK_AF_INET6;
    row->remote.address = listener->local.address; /* any address of the same family */
    memset(row->remote.address.bytes + (row->is_ipv6 ? 0 : 12), 0, row->is_ipv6 ? 16 : 4);
    row->recv_q = listener->queued;
    row->send_q = listener->backlog;
    row->age_ns = stack->now - listener->since;
    row->cause = LASTACK_CAUSE_CALL_LISTEN;
    row->owner_kind = LASTACK_OWNER_PROCESS;
    row->has_tcp_info = true;
    fill_listener_info(stack, listener, &row->tcp_info);
    fill_congestion(row, tcp_congestion(&stack->tcp, listener->congestion));
    if (stack->describe_owner != NULL)
        stack->describe_owner(stack, listener->socket, row);
}

static void row_of_syn(const struct lastack *stack, const struct syn_entry *entry,
                       struct lastack_connection_row *row)
{
    start_row(row, &entry->tuple, TCP_SYN_RECEIVED);
    row->cookie = entry->flow;
    row->cause = entry->cause;
    row->age_ns = age_from_ms(stack, entry->entered_ms);
    row->owner_kind = LASTACK_OWNER_SYN_REQUEST;
    row->timer = LASTACK_TIMER_SYN_ACK;
    row->timer_left_ns = entry->timer.at - stack->now;
    row->timer_retries = entry->retries;
    row->timer_retries_max = (uint8_t)min32(stack->tcp.params.synack_retries, 255);
}

static void row_of_record(const struct lastack *stack, const struct time_wait_record *record,
                          struct lastack_connection_row *row)
{
    const bool is_fin_wait_2 = (record->flags & TIME_WAIT_FIN_WAIT_2) != 0;

    start_row(row, &record->tuple, is_fin_wait_2 ? TCP_FIN_WAIT_2 : TCP_TIME_WAIT);
    row->cookie = flow_hash(&stack->tcp.index, &record->tuple);
    row->cause = record->cause;
    row->age_ns = age_from_ms(stack, record->entered_ms);
    row->owner_kind = is_fin_wait_2 ? LASTACK_OWNER_ORPHAN : LASTACK_OWNER_TIME_WAIT;
    row->timer = is_fin_wait_2 ? LASTACK_TIMER_FIN_WAIT_2 : LASTACK_TIMER_TIME_WAIT;
    row->timer_left_ns = record->deadline - stack->now;
    row->gives_up_ns = row->timer_left_ns;
    row->shutdown = is_fin_wait_2 ? 2 : 3;
    row->reuse_address = (record->flags & TIME_WAIT_REUSE_ADDRESS) != 0;
    row->reuse_port = (record->flags & TIME_WAIT_REUSE_PORT) != 0;
}

/* ---- the walk ---- */

/* The row at *index of a section, or of the next one in use behind it; false at
 * the section's end. */
static bool row_at(const struct lastack *stack, enum section section, uint32_t *index,
                   struct lastack_connection_row *row)
{
    const struct tcp *tcp = &stack->tcp;

    switch (section) {
    case SECTION_LISTEN:
        for (; *index < tcp->listeners.bump; ++*index) {
            const struct listener *listener = pool_at(&tcp->listeners, *index);

            if (listener->is_open) {
                row_of_listener(stack, listener, row);
                return true;
            }
        }
        return false;
    case SECTION_CONNECTIONS:
        for (; *index < tcp->conns.bump; ++*index) {
            const struct tcp_conn *conn = tcp_conn_at(tcp, *index);

            if (conn->state != TCP_CLOSED && !conn_has(conn, CONN_DETACHED)) {
                row_of_conn(stack, conn, row);
                return true;
            }
        }
        return false;
    case SECTION_SYN:
        if (!syn_cache_walk(&tcp->syns, index))
            return false;
        row_of_syn(stack, syn_cache_at(&tcp->syns, *index), row);
        return true;
    case SECTION_TIME_WAIT_4:
    case SECTION_TIME_WAIT_6: {
        const bool is_ipv6 = section == SECTION_TIME_WAIT_6;
        struct time_wait_record record;

        if (!time_wait_walk(&tcp->time_waits, is_ipv6, index))
            return false;
        time_wait_read(&tcp->time_waits, (struct time_wait_ref){is_ipv6, *index}, &record);
        row_of_record(stack, &record, row);
        return true;
    }
    case SECTION_UPPER:
        return stack->upper_row != NULL && stack->upper_row(stack, index, row);
    case SECTION_COUNT:
        break;
    }
    return false;
}

static bool is_wanted(enum section section, uint32_t flags)
{
    static const uint32_t flag_of[SECTION_COUNT] = {
        [SECTION_LISTEN] = LASTACK_ROWS_LISTEN,
        [SECTION_CONNECTIONS] = LASTACK_ROWS_CONNECTIONS,
        [SECTION_SYN] = LASTACK_ROWS_SYN,
        [SECTION_TIME_WAIT_4] = LASTACK_ROWS_TIME_WAIT,
        [SECTION_TIME_WAIT_6] = LASTACK_ROWS_TIME_WAIT,
        [SECTION_UPPER] = LASTACK_ROWS_BOUND | LASTACK_ROWS_UDP,
    };

    return (flags & flag_of[section]) != 0;
}

bool lastack_rows(const struct lastack *stack, uint32_t flags, uint64_t *cursor,
                  lastack_row_callback *callback, void *context)
{
    uint32_t section = (uint32_t)(*cursor >> 32);
    uint32_t index = (uint32_t)*cursor;

    for (; section < SECTION_COUNT; section++, index = 0) {
        struct lastack_connection_row row;

        while (is_wanted(section, flags) && row_at(stack, section, &index, &row)) {
            index++;
            *cursor = (uint64_t)section << 32 | index;
            if (!callback(context, &row))
                return false;
        }
    }
    *cursor = (uint64_t)SECTION_COUNT << 32;
    return true;
}
