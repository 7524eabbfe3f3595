/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * records.c: TIME-WAIT records come, wait, go: the moves between connection, record and nothing.
 *
 *      connection ──conn_enter_time_wait──────▶ record ──2MSL, RST, kill──▶ gone
 *                 ──conn_enter_fin_wait_2_record┘  │ ▲
 *                                    a new SYN ────┘ └── disproved: resumed (RFC 1122 §4.2.2.13)
 *
 * The table is capped (time_wait_max): the policy says whether the newcomer is refused or the
 * oldest evicted; both are counted, and a warning tells the operator once a minute that the cap
 * bites.
 */
#include "isn.h"
#include "tcp.h"

enum { ISS_BEYOND_OLD = 65535 + 2 };

struct flow_ref flow_of_record(struct time_wait_ref ref)
{
    return (struct flow_ref){ref.is_ipv6 ? FLOW_TIME_WAIT_IPV6 : FLOW_TIME_WAIT_IPV4, ref.index};
}

struct time_wait_ref record_ref(struct flow_ref ref)
{
    return (struct time_wait_ref){ref.kind == FLOW_TIME_WAIT_IPV6, ref.index};
}

/* ---- leaving ---- */

static enum tcp_state state_of(const struct time_wait_record *record)
{
    return record->flags & TIME_WAIT_FIN_WAIT_2 ? TCP_FIN_WAIT_2 : TCP_TIME_WAIT;
}

/* The record is over; it is still in pool and index, maybe in the calendar. */
static void close_record(struct tcp *tcp, struct time_wait_ref ref,
                         const struct time_wait_record *record, uint64_t flow,
                         enum lastack_cause cause)
{
    report_state(&tcp->report, flow, &record->tuple, state_of(record), TCP_CLOSED, cause);
    report_note(&tcp->report, LASTACK_TRACE_GONE, flow, &record->tuple, TCP_CLOSED, cause, 0, 0);
    (void)flow_remove(&tcp->index, flow, flow_of_record(ref));
    tcp_leave_record(tcp, record);
}

void tcp_end_record(struct tcp *tcp, struct time_wait_ref ref, enum lastack_cause cause)
{
    struct time_wait_record record;

    time_wait_read(&tcp->time_waits, ref, &record);
    close_record(tcp, ref, &record, flow_hash(&tcp->index, &record.tuple), cause);
    time_wait_remove(&tcp->time_waits, ref);
}

/* A suspended record's time came: the request that superseded it has nothing to return to any
 * more. */
static void expire_suspended(struct tcp *tcp, const struct time_wait_record *record, uint64_t flow)
{
    const struct flow_ref owner = tcp_find(tcp, &record->tuple, flow);

    if (owner.kind == FLOW_SYN_ENTRY)
        syn_cache_at(&tcp->syns, owner.index)->flags &= (uint8_t)~SYN_SUPERSEDES;
    tcp_leave_record(tcp, record);
}

static void expire_record(struct tcp *tcp, struct time_wait_ref ref,
                          const struct time_wait_record *record, uint64_t flow)
{
    if (record->flags & TIME_WAIT_SUSPENDED)
        expire_suspended(tcp, record, flow);
    else
        close_record(tcp, ref, record, flow,
                     record->flags & TIME_WAIT_FIN_WAIT_2 ? LASTACK_CAUSE_FIN_WAIT_2_TIMEOUT
                                                          : LASTACK_CAUSE_TIME_WAIT_OVER);
}

/* In passes, as input takes a batch (docs/decisions/0003): among millions, each index line is a
 * cache miss, and the misses of a batch overlap. */
static unsigned expire_family(struct tcp *tcp, bool is_ipv6)
{
    struct time_wait_ref due[CALENDAR_BATCH];
    struct time_wait_record record[CALENDAR_BATCH];
    uint64_t flow[CALENDAR_BATCH];
    const size_t count =
        time_wait_expire(&tcp->time_waits, is_ipv6, tcp->report.now, due, CALENDAR_BATCH);

    for (size_t i = 0; i < count; i++) {
        time_wait_read(&tcp->time_waits, due[i], &record[i]);
        flow[i] = flow_hash(&tcp->index, &record[i].tuple);
        tcp_prefetch_slot(tcp, flow[i]);
    }
    for (size_t i = 0; i < count; i++) {
        expire_record(tcp, due[i], &record[i], flow[i]);
        time_wait_free(&tcp->time_waits, due[i]);
    }
    return (unsigned)count;
}

bool tcp_record_timeouts(struct tcp *tcp, unsigned max)
{
    unsigned done = 0;

    if (time_wait_next(&tcp->time_waits) > tcp->report.now)
        return false;
    while (done < max) {
        const unsigned count = expire_family(tcp, false) + expire_family(tcp, true);

        if (count == 0)
            return false;
        done += count;
    }
    return true;
}

/* ---- entering ---- */

static void warn(struct tcp *tcp, const struct tcp_conn *conn)
{
    const int64_t now = tcp->report.now;

    if (tcp->time_wait_warned_at != NEVER && now - tcp->time_wait_warned_at < SEC(60))
        return;
    tcp->time_wait_warned_at = now;
    report_note(&tcp->report, LASTACK_TRACE_WARNING, conn->flow, &conn->tuple, conn->state,
                LASTACK_CAUSE_TIME_WAIT_OVERFLOW, time_wait_count(&tcp->time_waits),
                tcp->params.time_wait_max);
}

static bool make_room(struct tcp *tcp, bool is_ipv6)
{
    struct time_wait_ref oldest;

    if (tcp->params.time_wait_full != LASTACK_TIME_WAIT_EVICT_OLDEST)
        return false;
    if (!time_wait_oldest(&tcp->time_waits, is_ipv6, &oldest) &&
        !time_wait_oldest(&tcp->time_waits, !is_ipv6, &oldest))
        return false;
    tcp_end_record(tcp, oldest, LASTACK_CAUSE_TIME_WAIT_EVICTED);
    return true;
}

static void describe_conn(const struct tcp *tcp, const struct tcp_conn *conn,
                          struct time_wait_record *record)
{
    *record = (struct time_wait_record){
        .tuple = conn->tuple,
        .snd_nxt = conn->snd.nxt,
        .rcv_nxt = conn->rcv.nxt,
        .window = (uint16_t)min32(conn_rcv_wnd(conn) >> conn->rcv_shift, 65535),
        .window_shift = conn->rcv_shift,
        .flags = (uint8_t)((conn_has(conn, CONN_TIMESTAMP) ? TIME_WAIT_TIMESTAMP : 0) |
                           (conn_has(conn, CONN_REUSE_ADDRESS) ? TIME_WAIT_REUSE_ADDRESS : 0) |
                           (conn_has(conn, CONN_REUSE_PORT) ? TIME_WAIT_REUSE_PORT : 0) |
                           (conn_has(conn, CONN_IPV6_SOCKET) ? TIME_WAIT_IPV6_SOCKET : 0)),
        .cause = (uint8_t)conn->cause,
        .ts_recent = conn->paws.recent,
        .ts_taken_at = conn->paws.taken_at,
        .entered_ms = tcp->report.now_ms,
        .challenge_at = NEVER,
    };
}

/* The record takes the tuple over from the connection; false: the table is full and stays so. */
static bool record_takes_over(struct tcp *tcp, struct tcp_conn *conn,
                              struct time_wait_record *record)
{
    const bool is_ipv6 = !ip_is_ipv4(&conn->tuple.local);
    const struct flow_ref from = {FLOW_CONNECTION, tcp_index_of(tcp, conn)};
    struct time_wait_ref ref;

    if (time_wait_count(&tcp->time_waits) >= tcp->params.time_wait_max &&
        !make_room(tcp, is_ipv6)) {
        report_count(&tcp->report, LASTACK_CAUSE_TIME_WAIT_OVERFLOW);
        warn(tcp, conn);
        return false;
    }
    if (!time_wait_enter(&tcp->time_waits, record, &ref)) {
        if (!make_room(tcp, is_ipv6) || !time_wait_enter(&tcp->time_waits, record, &ref)) {
            report_count(&tcp->report, LASTACK_CAUSE_NO_TIME_WAIT_LEFT);
            report_count(&tcp->report, LASTACK_CAUSE_TIME_WAIT_OVERFLOW);
            warn(tcp, conn);
            return false;
        }
    }
    (void)flow_replace(&tcp->index, conn->flow, from, flow_of_record(ref));
    tcp_endpoint_to_record(tcp, conn);
    return true;
}

void conn_enter_time_wait(struct tcp *tcp, struct tcp_conn *conn, enum lastack_cause cause)
{
    struct time_wait_record record;

    if (conn->owe & OWE_ACK) /* the last ACK must not depend on the block that is about to go */
        reply_ack(tcp, conn);
    tcp_enter(conn, TCP_TIME_WAIT, cause, &tcp->report);
    describe_conn(tcp, conn, &record);
    record.deadline = time_after(tcp->report.now, tcp->params.time_wait_ns);
    if (!record_takes_over(tcp, conn, &record)) {
        conn_end(tcp, conn, LASTACK_CAUSE_TIME_WAIT_OVERFLOW, 0);
        return;
    }
    report_note(&tcp->report, LASTACK_TRACE_TIMER_ARMED, conn->flow, &conn->tuple, TCP_TIME_WAIT,
                LASTACK_CAUSE_NONE, LASTACK_TIMER_TIME_WAIT, record.deadline);
    conn_leave_to_record(tcp, conn);
}

void conn_enter_fin_wait_2_record(struct tcp *tcp, struct tcp_conn *conn)
{
    struct time_wait_record record;
    int64_t wait =
        conn->options.linger2_s > 0 ? SEC(conn->options.linger2_s) : tcp->params.fin_wait_2_ns;

    CHECK(conn->state == TCP_FIN_WAIT_2);
    if (conn->options.linger2_s < 0) { /* TCP_LINGER2 < 0: no FIN-WAIT-2 at all */
        tcp_abort(tcp, conn, LASTACK_CAUSE_FIN_WAIT_2_TIMEOUT, 0);
        return;
    }
    if (wait == 0) /* a profile without the limit: an orphan must end all the same */
        wait = max64(tcp->params.keepalive_idle_ns, tcp->params.time_wait_ns);
    describe_conn(tcp, conn, &record);
    record.flags |= TIME_WAIT_FIN_WAIT_2;
    record.deadline = time_after(tcp->report.now, wait);
    if (!record_takes_over(tcp, conn, &record)) {
        conn_end(tcp, conn, LASTACK_CAUSE_TIME_WAIT_OVERFLOW, 0);
        return;
    }
    report_note(&tcp->report, LASTACK_TRACE_TIMER_ARMED, conn->flow, &conn->tuple, TCP_FIN_WAIT_2,
                LASTACK_CAUSE_NONE, LASTACK_TIMER_FIN_WAIT_2, record.deadline);
    conn_leave_to_record(tcp, conn);
}

/* ---- superseded, and back ---- */

void tcp_resume_record(struct tcp *tcp, const struct tuple *tuple, uint64_t flow,
                       struct flow_ref from, uint32_t index)
{
    const struct time_wait_ref ref = {!ip_is_ipv4(&tuple->local), index};
    struct time_wait_record record;

    time_wait_read(&tcp->time_waits, ref, &record);
    CHECK(record.flags & TIME_WAIT_SUSPENDED);
    record.flags &= (uint8_t)~TIME_WAIT_SUSPENDED;
    time_wait_write(&tcp->time_waits, ref, &record);
    (void)flow_replace(&tcp->index, flow, from, flow_of_record(ref));
    report_note(&tcp->report, LASTACK_TRACE_TIME_WAIT_RESTART, flow, tuple, TCP_TIME_WAIT,
                LASTACK_CAUSE_OLD_DUPLICATE, 0, record.deadline);
}

void tcp_drop_superseded(struct tcp *tcp, const struct tuple *tuple, uint32_t index)
{
    const struct time_wait_ref ref = {!ip_is_ipv4(&tuple->local), index};
    struct time_wait_record record;

    time_wait_read(&tcp->time_waits, ref, &record);
    tcp_leave_record(tcp, &record);
    time_wait_remove(&tcp->time_waits, ref);
}

/* tcp_tw_reuse: connect() may take a tuple in TIME-WAIT when timestamps keep its lives apart (LNX-
 * TW-REUSE). */
static bool may_reuse(const struct tcp *tcp, const struct time_wait_record *record)
{
    const struct tuple *tuple = &record->tuple;
    const uint32_t age_ms = tcp->report.now_ms - record->entered_ms;

    if (tcp->params.time_wait_reuse == LASTACK_REUSE_OFF || record->flags & TIME_WAIT_FIN_WAIT_2 ||
        !(record->flags & TIME_WAIT_TIMESTAMP) || !tcp->params.timestamps ||
        MS(age_ms) <= tcp->params.time_wait_reuse_delay_ns)
        return false;
    return tcp->params.time_wait_reuse == LASTACK_REUSE_ON ||
           tcp->path(tcp->path_context, &tuple->remote)->is_loopback;
}

bool tcp_claim(const struct tcp *tcp, const struct tuple *tuple, struct tuple_claim *claim)
{
    struct time_wait_record record;

    claim->owner = tcp_find(tcp, tuple, claim->flow);
    if (claim->owner.kind == FLOW_NONE)
        return true;
    if (claim->owner.kind != FLOW_TIME_WAIT_IPV4 && claim->owner.kind != FLOW_TIME_WAIT_IPV6)
        return false;
    time_wait_read(&tcp->time_waits, record_ref(claim->owner), &record);
    return may_reuse(tcp, &record);
}

NOINLINE bool tcp_reuse_time_wait(struct tcp *tcp, struct flow_ref old, struct seq *iss,
                                  uint32_t *ts_recent)
{
    const struct time_wait_ref ref = record_ref(old);
    struct time_wait_record record;

    if (old.kind != FLOW_TIME_WAIT_IPV4 && old.kind != FLOW_TIME_WAIT_IPV6)
        return false;
    time_wait_read(&tcp->time_waits, ref, &record);
    if (!may_reuse(tcp, &record))
        return false;
    if (seq_before(*iss, seq_add(record.snd_nxt, ISS_BEYOND_OLD)))
        *iss = seq_add(record.snd_nxt, ISS_BEYOND_OLD);
    *ts_recent = record.ts_recent;
    tcp_end_record(tcp, ref, LASTACK_CAUSE_TIME_WAIT_REUSED);
    return true;
}

/* ---- kill ---- */

bool tcp_kill(struct tcp *tcp, const struct tuple *tuple)
{
    const uint64_t flow = flow_hash(&tcp->index, tuple);
    const struct flow_ref ref = tcp_find(tcp, tuple, flow);

    switch (ref.kind) {
    case FLOW_CONNECTION:
        tcp_abort(tcp, tcp_conn_at(tcp, ref.index), LASTACK_CAUSE_CALL_KILL, LASTACK_ECONNABORTED);
        return true;
    case FLOW_SYN_ENTRY:
        tcp_forget_syn_entry(tcp, ref.index, LASTACK_CAUSE_CALL_KILL);
        return true;
    case FLOW_TIME_WAIT_IPV4:
    case FLOW_TIME_WAIT_IPV6:
        tcp_end_record(tcp, record_ref(ref), LASTACK_CAUSE_CALL_KILL);
        return true;
    case FLOW_NONE:
        break;
    }
    return false;
}

bool tcp_abort_record(struct tcp *tcp, const struct tuple *tuple, struct seq rcv_nxt)
{
    const struct flow_ref ref = tcp_find(tcp, tuple, flow_hash(&tcp->index, tuple));
    struct time_wait_record record;

    if (ref.kind != FLOW_TIME_WAIT_IPV4 && ref.kind != FLOW_TIME_WAIT_IPV6)
        return false;
    time_wait_read(&tcp->time_waits, record_ref(ref), &record);
    if (!seq_equal(record.rcv_nxt, rcv_nxt))
        return false;
    tcp_end_record(tcp, record_ref(ref), LASTACK_CAUSE_CALL_ABORT);
    return true;
}
