/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * timeouts.c: RFC 9293 §3.10.8 TIMEOUTS, and every other deadline.
 *
 *     connections  RETRANSMIT   back off, send the head again; give up at R2 (§3.8.3, RFC 6298 §5)
 *                  PERSIST      probe a closed window (§3.8.6.1)
 *                  DELAYED_ACK  the ACK may wait no longer (§3.8.6.3)
 *                  KEEPALIVE    probe a silent peer (§3.8.4)
 *                  USER_TIMEOUT §3.10.8 "USER TIMEOUT"
 *     SYN entries  SYN-ACK again
 *     records      2MSL is over: "delete the TCB", one slot rewritten
 *
 * Work per call is bounded: a flood of deadlines is dealt with in rounds.
 */
#include "recover.h"

enum { TIMEOUTS_PER_ROUND = 1024 };

/*
 * How long retransmission may go on, as Linux reckons it: the time that `retries` doublings of a
 * minimum RTO would take, counted from the first transmission. So "15" means 924.6 s on every path.
 */
static int64_t patience(const struct lastack_params *params, uint32_t retries, int64_t base_ns)
{
    int64_t total = 0;
    int64_t rto = base_ns;

    for (uint32_t i = 0; i <= retries; i++) {
        total = time_after(total, rto);
        rto = min64(rto * 2, params->rto_max_ns);
    }
    return total;
}

static bool is_worn_out(const struct tcp *tcp, const struct tcp_conn *conn, uint32_t retries)
{
    const struct lastack_params *params = &tcp->params;

    if (params->rto_formula != LASTACK_RTO_LINUX)
        return conn->retries >= retries;
    if (conn->first_retry_at == NEVER || conn->retries == 0)
        return false;
    return tcp->report.now - conn->first_retry_at >= patience(params, retries, params->rto_min_ns);
}

/* How long ago, in ns; a moment in ms means one within the last 49 days. */
static int64_t silence_since(const struct tcp *tcp, uint32_t moment_ms)
{
    return MS(tcp->report.now_ms - moment_ms);
}

static uint32_t orphan_retries(const struct tcp *tcp)
{
    return tcp->params.orphan_retries == 0 ? 8 : tcp->params.orphan_retries;
}

/*
 * The peer shut its window over text that is under way (RFC 9293 §3.8.6: SHLD-17). What is sent
 * again takes the place of probes then, and patience lasts as long as the peer says anything at
 * all.
 */
static bool is_shut_out(const struct tcp *tcp, struct tcp_conn *conn)
{
    if (conn->snd.wnd != 0 || conn_has(conn, CONN_ORPHAN) || conn->options.user_timeout_ms != 0 ||
        silence_since(tcp, conn->last_received_ms) > 2 * tcp->params.rto_max_ns)
        return false;
    conn->first_retry_at = tcp->report.now;
    return true;
}

/* §3.8.3 (b) R2: why the connection must be given up now, or NONE. */
static enum lastack_cause exhausted(struct tcp *tcp, struct tcp_conn *conn)
{
    const struct lastack_params *params = &tcp->params;

    if (conn->state == TCP_SYN_SENT || conn->state == TCP_SYN_RECEIVED) {
        const uint32_t retries =
            conn->options.syn_retries != 0 ? conn->options.syn_retries : params->syn_retries;
        const uint32_t linear = conn->state == TCP_SYN_SENT ? params->syn_linear_retries : 0;

        if (conn->options.user_timeout_ms != 0 && /* set when the SYN had left, or by a listener */
            tcp->report.now - conn->first_retry_at >= MS(conn->options.user_timeout_ms))
            return LASTACK_CAUSE_USER_TIMEOUT;
        if (conn->fast_open & FAST_OPEN_PASSIVE) /* the first one counts as no repetition (Linux) */
            return conn->retries > params->synack_retries ? LASTACK_CAUSE_SYNACK_TIMEOUT
                                                          : LASTACK_CAUSE_NONE;
        return conn->retries >= retries + linear ? LASTACK_CAUSE_SYN_TIMEOUT : LASTACK_CAUSE_NONE;
    }
    if (conn->options.user_timeout_ms != 0) {
        if (tcp->report.now - conn->first_retry_at >= MS(conn->options.user_timeout_ms))
            return LASTACK_CAUSE_USER_TIMEOUT;
        return LASTACK_CAUSE_NONE;
    }
    if (is_shut_out(tcp, conn))
        return LASTACK_CAUSE_NONE;
    if (conn_has(conn, CONN_ORPHAN) && is_worn_out(tcp, conn, orphan_retries(tcp)))
        return LASTACK_CAUSE_ORPHAN_RETRIES;
    if (is_worn_out(tcp, conn, params->retries2))
        return LASTACK_CAUSE_RETRIES_EXHAUSTED;
    return LASTACK_CAUSE_NONE;
}

/* Linux sends the first few SYNs a second apart before it starts doubling. */
static void back_off(struct tcp *tcp, struct tcp_conn *conn)
{
    if (conn->state == TCP_SYN_SENT && conn->retries <= tcp->params.syn_linear_retries)
        return;
    rtt_back_off(&conn->rtt);
}

/* RFC 5681 §3.1 and RFC 6582 §4. */
static void enter_loss(struct tcp *tcp, struct tcp_conn *conn)
{
    if (conn->state != TCP_SYN_SENT && conn->state != TCP_SYN_RECEIVED)
        recover_timed_out(tcp, conn);
}

/* §3.8.3 (a) R1: IP may look for another way, and the program learns that delivery is failing
 * (SHLD-9); once, until something is acknowledged. */
static void tell_r1(struct tcp *tcp, struct tcp_conn *conn)
{
    if (conn_has(conn, CONN_R1_TOLD) || !tcp_state_is_synchronized(conn->state) ||
        conn->retries < tcp->params.retries1)
        return;
    conn->flags |= CONN_R1_TOLD;
    report_note(&tcp->report, LASTACK_TRACE_WARNING, conn->flow, &conn->tuple, conn->state,
                LASTACK_CAUSE_R1, conn->retries, 0);
    report_count(&tcp->report, LASTACK_CAUSE_R1);
    tcp->doubt(tcp->path_context, &conn->tuple.remote);
    conn_wake(tcp, conn, WAKE_ADVICE);
}

/* RFC 4821 §7.7. What was cut to a size that got through since is lost for other reasons: that size
 * is suspected again after twice as many timeouts, for the path may have changed. */
static void watch_for_black_hole(struct tcp *tcp, struct tcp_conn *conn)
{
    if (!tcp->params.mtu_probing || !tcp_state_is_synchronized(conn->state))
        return;
    if (conn->mss_hole != 0 && conn->retries == 1)
        conn->is_hole_proven = true; /* something was acknowledged since it was cut */
    if (is_worn_out(tcp, conn, (conn->is_hole_proven ? 2 : 1) * tcp->params.retries1))
        conn_suspect_black_hole(tcp, conn);
}

/* True: the connection has ended. */
static bool retransmission_timeout(struct tcp *tcp, struct tcp_conn *conn)
{
    const enum lastack_cause why = exhausted(tcp, conn);

    report_count(&tcp->report, LASTACK_CAUSE_RETRANSMISSION_TIMEOUT);
    if (why != LASTACK_CAUSE_NONE) {
        const int error = conn->soft_error != 0 ? conn->soft_error : LASTACK_ETIMEDOUT;

        fast_open_timed_out(tcp, conn, true);
        conn_end(tcp, conn, why, error);
        return true;
    }
    fast_open_timed_out(tcp, conn, false);
    conn->retries++;
    conn->flags |= conn->state == TCP_SYN_SENT ? CONN_SYN_RETRANSMITTED : 0;
    watch_for_black_hole(tcp, conn);
    if (conn->path_seen != tcp->path_changes)
        conn_take_path(tcp, conn);
    tell_r1(tcp, conn);
    enter_loss(tcp, conn);
    back_off(tcp, conn);
    conn->owe |= OWE_RETRANSMIT; /* RFC 6298 §5.4 */
    if (conn->state == TCP_SYN_SENT ||
        (conn->state == TCP_SYN_RECEIVED && !(conn->fast_open & FAST_OPEN_PASSIVE)))
        conn->snd.nxt = conn->iss;
    conn_set_deadline(conn, LASTACK_TIMER_RETRANSMIT, conn_retransmit_at(tcp, conn), &tcp->report);
    return false;
}

/* RFC 9293 §3.8.6.1: probes go on as long as they are answered (MUST-37); unanswered ones count. */
static bool persist_timeout(struct tcp *tcp, struct tcp_conn *conn)
{
    const uint32_t most = conn_has(conn, CONN_ORPHAN) ? orphan_retries(tcp) : tcp->params.retries2;
    int64_t wait;

    /* not shut: what a cork or a small window held back has waited long enough (MUST-38) */
    if (conn->snd.wnd > 0) {
        conn->owe |= OWE_SEND;
        conn->flags |= CONN_SEND_SMALL;
        conn->since_probe_ms = 0;
        return false;
    }
    if (conn->probes >= most) {
        conn_end(tcp, conn, LASTACK_CAUSE_PERSIST_TIMEOUT,
                 conn->soft_error != 0 ? conn->soft_error : LASTACK_ETIMEDOUT);
        return true;
    }
    if (conn_has(conn, CONN_ORPHAN) &&
        rtt_timeout(&conn->rtt, &tcp->params) >= tcp->params.rto_max_ns) {
        /* Probes as far apart as they get, answered or not: nobody waits for this one any more,
         * and a peer could hold it for ever (MUST-37 leaves room for such a policy). */
        conn_end(tcp, conn, LASTACK_CAUSE_ORPHAN_RETRIES, 0);
        return true;
    }
    /* LNX-UTO: text has waited for so long, never mind that probes are answered */
    if (conn->options.user_timeout_ms != 0 && conn->since_probe_ms != 0 &&
        silence_since(tcp, conn->since_probe_ms) >= MS(conn->options.user_timeout_ms)) {
        conn_end(tcp, conn, LASTACK_CAUSE_USER_TIMEOUT, LASTACK_ETIMEDOUT);
        return true;
    }
    if (conn->since_probe_ms == 0)
        conn->since_probe_ms = max32(tcp->report.now_ms, 1);
    report_count(&tcp->report, LASTACK_CAUSE_PERSIST);
    conn->probes++;
    rtt_back_off(&conn->rtt); /* SHLD-30 */
    conn->owe |= OWE_PROBE;
    wait = clamp64(rtt_timeout(&conn->rtt, &tcp->params), tcp->params.persist_min_ns,
                   tcp->params.persist_max_ns);
    if (conn->options.user_timeout_ms != 0)
        wait = min64(wait,
                     MS(conn->options.user_timeout_ms) - silence_since(tcp, conn->since_probe_ms));
    conn_set_deadline(conn, LASTACK_TIMER_PERSIST, time_after(tcp->report.now, wait), &tcp->report);
    return false;
}

static bool keepalive_timeout(struct tcp *tcp, struct tcp_conn *conn)
{
    const uint32_t most = conn->options.keepalive_probes != 0 ? conn->options.keepalive_probes
                                                              : tcp->params.keepalive_probes;
    const int64_t interval = conn->options.keepalive_interval_s != 0
                                 ? SEC(conn->options.keepalive_interval_s)
                                 : tcp->params.keepalive_interval_ns;
    const int64_t patience_ns = MS(conn->options.user_timeout_ms);

    if (!conn_has(conn, CONN_KEEPALIVE))
        return false;
    /* retransmission already watches (MUST-26) */
    if (conn_in_flight(conn) > 0 || conn_send_held(conn) > 0) {
        conn_set_deadline(conn, LASTACK_TIMER_KEEPALIVE,
                          time_after(tcp->report.now, conn_keepalive_idle(tcp, conn)),
                          &tcp->report);
        return false;
    }
    if (patience_ns != 0
            ? conn->probes > 0 && silence_since(tcp, conn->last_received_ms) >= patience_ns
            /* LNX-KEEP: the user's patience takes the place of the count */
            : conn->probes >= most) {
        reply_rst_of(tcp, conn);
        conn_end(tcp, conn, LASTACK_CAUSE_KEEPALIVE_TIMEOUT, LASTACK_ETIMEDOUT);
        return true;
    }
    report_count(&tcp->report, LASTACK_CAUSE_KEEPALIVE);
    conn->probes++;
    conn->owe |= OWE_KEEPALIVE;
    conn_set_deadline(conn, LASTACK_TIMER_KEEPALIVE, time_after(tcp->report.now, interval),
                      &tcp->report);
    return false;
}

static bool user_timeout(struct tcp *tcp, struct tcp_conn *conn)
{
    conn_end(tcp, conn, LASTACK_CAUSE_USER_TIMEOUT, LASTACK_ETIMEDOUT);
    return true;
}

static bool fire(struct tcp *tcp, struct tcp_conn *conn, enum lastack_timer timer)
{
    const bool is_pace =
        timer == (enum lastack_timer)DEADLINE_PACE && tcp_state_is_synchronized(conn->state);

    report_note(&tcp->report, LASTACK_TRACE_TIMER_FIRED, conn->flow, &conn->tuple, conn->state,
                LASTACK_CAUSE_NONE, is_pace ? LASTACK_TIMER_PACE : timer, conn->retries);
    switch (timer) {
    case LASTACK_TIMER_RETRANSMIT:
        return retransmission_timeout(tcp, conn);
    case LASTACK_TIMER_PERSIST:
        return persist_timeout(tcp, conn);
    case LASTACK_TIMER_DELAYED_ACK:
        report_count(&tcp->report, LASTACK_CAUSE_DELAYED_ACK);
        ack_policy_waited(&conn->ack, &tcp->params, rtt_timeout(&conn->rtt, &tcp->params));
        conn->owe |= OWE_ACK;
        return false;
    case LASTACK_TIMER_KEEPALIVE:
        return keepalive_timeout(tcp, conn);
    case LASTACK_TIMER_USER_TIMEOUT:
        if (!is_pace)
            return user_timeout(tcp, conn);
        conn->owe |= OWE_SEND;
        return false;
    case LASTACK_TIMER_LOSS:
        recover_loss_timer(tcp, conn);
        return false;
    case LASTACK_TIMER_PACE:
    case LASTACK_TIMER_FIN_WAIT_2:
    case LASTACK_TIMER_TIME_WAIT:
    case LASTACK_TIMER_SYN_ACK:
    case LASTACK_TIMER_COUNT:
        break;
    }
    return false;
}

static void connection_timeouts(struct tcp *tcp, struct tcp_conn *conn)
{
    conn->flags |= CONN_DEADLINE_SET; /* nothing is armed any more */
    for (unsigned timer = 0; timer < DEADLINE_COUNT; timer++) {
        if (conn->deadline.at[timer] > tcp->report.now)
            continue;
        conn->deadline.at[timer] = NEVER;
        if (fire(tcp, conn, timer))
            return;
    }
    settle(tcp, conn);
}

/* ---- what viewers ask ---- */

uint32_t tcp_retries_most(const struct tcp *tcp, const struct tcp_conn *conn)
{
    if (conn->state == TCP_SYN_SENT || conn->state == TCP_SYN_RECEIVED)
        return (conn->options.syn_retries != 0 ? conn->options.syn_retries
                                               : tcp->params.syn_retries) +
               (conn->state == TCP_SYN_SENT ? tcp->params.syn_linear_retries : 0);
    return conn_has(conn, CONN_ORPHAN) ? orphan_retries(tcp) : tcp->params.retries2;
}

int64_t tcp_gives_up_in(const struct tcp *tcp, const struct tcp_conn *conn)
{
    int64_t at;

    if (conn->first_retry_at == NEVER || conn->retries == 0 ||
        tcp->params.rto_formula != LASTACK_RTO_LINUX || !tcp_state_is_synchronized(conn->state))
        return -1;
    at = conn->options.user_timeout_ms != 0
             ? conn->first_retry_at + MS(conn->options.user_timeout_ms)
             : conn->first_retry_at +
                   patience(&tcp->params, tcp_retries_most(tcp, conn), tcp->params.rto_min_ns);
    return max64(at - tcp->report.now, 0);
}

int64_t tcp_next_deadline(const struct tcp *tcp)
{
    int64_t next = min64(wheel_next(&tcp->wheel), syn_cache_next(&tcp->syns));

    return min64(next, time_wait_next(&tcp->time_waits));
}

bool tcp_timeouts(struct tcp *tcp)
{
    bool is_more;
    uint32_t index;

    for (unsigned i = 0; i < TIMEOUTS_PER_ROUND; i++) {
        index = wheel_pop(&tcp->wheel, tcp->report.now);
        if (index == WHEEL_NONE)
            break;
        connection_timeouts(tcp, tcp_conn_at(tcp, index));
    }
    is_more = tcp_syn_timeouts(tcp, TIMEOUTS_PER_ROUND);
    is_more = tcp_record_timeouts(tcp, TIMEOUTS_PER_ROUND) || is_more;
    return is_more || wheel_next(&tcp->wheel) <= tcp->report.now;
}
