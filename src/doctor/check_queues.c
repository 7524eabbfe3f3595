/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * check_queues.c: somebody waits for somebody: acceptor-stalled, syn-pressure, dead-peer,
 * zero-window.
 *
 *     SYN ──▶ request queue ──ACK──▶ accept queue ──accept()──▶ descriptor
 *             SYN_RECV rows           inode 0, ESTAB or CLOSE-WAIT
 *             full: drop or cookie    full at backlog + 1: the SYN is dropped, without a word
 */
#include "checks.h"

#include "duration.h"

#include <stdlib.h>
#include <string.h>

/* ---- acceptor-stalled ---- */

struct accept_queue {
    uint32_t waiting, stuck,
        closed;        /* stuck: there at both samples; closed: the peer has given up already */
    uint32_t requests; /* half-open */
};

static bool is_in_accept_queue(const struct lastack_connection_row *row)
{
    return row->protocol == LASTACK_PROTOCOL_TCP && row->owner_kind == LASTACK_OWNER_ACCEPT_QUEUE;
}

static struct accept_queue queue_of(const struct facts *facts,
                                    const struct lastack_connection_row *listener)
{
    struct accept_queue queue = {0};
    for (size_t i = 0; i < facts->now.row_count; i++) {
        const struct lastack_connection_row *row = &facts->now.rows[i];
        if (row->local.port != listener->local.port || row->protocol != LASTACK_PROTOCOL_TCP)
            continue;
        if (!lastack_is_any(&listener->local.address) &&
            !lastack_address_equal(&listener->local.address, &row->local.address))
            continue;
        queue.requests += row->state == TCP_SYN_RECEIVED;
        if (!is_in_accept_queue(row))
            continue;
        const struct lastack_connection_row *earlier = facts_earlier(facts, row->cookie);
        queue.waiting++;
        queue.closed += row->state == TCP_CLOSE_WAIT;
        queue.stuck += earlier != NULL && is_in_accept_queue(earlier) && facts->seconds >= 1;
    }
    return queue;
}

static void report_acceptor(const struct facts *facts,
                            const struct lastack_connection_row *listener,
                            const struct accept_queue *queue, struct findings *findings)
{
    bool is_full = listener->recv_q > listener->send_q;
    int64_t overflows = facts_delta(facts, "TcpExt", "ListenOverflows");
    struct finding *finding =
        findings_add(findings, "acceptor-stalled", SEVERITY_CRIT, CONFIDENCE_HIGH);
    finding_concerns(finding, listener);
    finding_summary(
        finding,
        "%u of %u connections to port %u wait for accept() in pid %u (%s), %u of them for at least "
        "%.0f s%s%s",
        listener->recv_q, listener->send_q, listener->local.port, listener->pid, listener->comm,
        queue->stuck, facts->seconds,
        queue->closed > 0 ? "; some peers have already closed (CLOSE-WAIT that no process owns)"
                          : "",
        is_full ? "; the queue is full: new SYNs are dropped silently" : "");
    finding_remedy(finding,
                   "the program does not call accept(): see what its accepting thread waits for%s",
                   is_full && listener->send_q < 128
                       ? "; a listen() backlog this small overflows in ordinary bursts, too"
                       : "");
    finding_dont(finding, "a larger somaxconn alone changes nothing: the backlog is the smaller of "
                          "it and listen()'s; it is "
                          "no descriptor leak");
    finding_evidence(finding, "accept_queue", listener->recv_q);
    finding_evidence(finding, "backlog", listener->send_q);
    finding_evidence(finding, "stuck", queue->stuck);
    finding_evidence(finding, "closed_by_peer", queue->closed);
    finding_evidence(finding, "half_open", queue->requests);
    finding_evidence(finding, "listen_overflows_delta", (double)overflows);
    finding_evidence(finding, "listen_drops_delta",
                     (double)facts_delta(facts, "TcpExt", "ListenDrops"));
    finding_evidence(finding, "syn_ack_resends_delta",
                     (double)facts_delta(facts, "TcpExt", "TCPSynRetrans"));
}

void check_acceptor_stalled(const struct facts *facts, const struct doctor_limits *limits,
                            struct findings *findings)
{
    (void)limits;
    for (size_t i = 0; i < facts->listener_count; i++) {
        const struct lastack_connection_row *listener = &facts->now.rows[facts->listeners[i]];
        if (listener->recv_q == 0) /* as a rule; spares the walk */
            continue;
        const struct lastack_connection_row *earlier = facts_earlier(facts, listener->cookie);
        struct accept_queue queue = queue_of(facts, listener);
        bool was_full = earlier != NULL &&
                        (uint64_t)earlier->recv_q * 5 >= (uint64_t)earlier->send_q * 4 &&
                        earlier->recv_q > 0;
        bool is_full = (uint64_t)listener->recv_q * 5 >= (uint64_t)listener->send_q * 4;
        if (queue.stuck > 0 || (is_full && was_full && listener->recv_q > listener->send_q))
            report_acceptor(facts, listener, &queue, findings);
    }
}

/* ---- syn-pressure ---- */

struct syn_count {
    uint32_t requests, repeated, sources;
    uint32_t smallest_backlog;
    bool has_full_accept_queue;
    uint16_t port;
};

static int compare_addresses(const void *left, const void *right)
{
    return memcmp(left, right, sizeof(struct lastack_address));
}

static struct syn_count count_requests(const struct facts *facts)
{
    struct syn_count count = {.smallest_backlog = UINT32_MAX};
    struct lastack_address *sources = malloc((facts->now.row_count + 1) * sizeof *sources);
    for (size_t i = 0; i < facts->now.row_count && sources != NULL; i++) {
        const struct lastack_connection_row *row = &facts->now.rows[i];
        if (row->state != TCP_SYN_RECEIVED || row->protocol != LASTACK_PROTOCOL_TCP)
            continue;
        sources[count.requests++] = row->remote.address;
        count.repeated += row->timer_retries > 0;
        count.port = row->local.port;
    }
    if (count.requests > 1)
        qsort(sources, count.requests, sizeof *sources, compare_addresses);
    for (uint32_t i = 0; i < count.requests; i++)
        count.sources += i == 0 || compare_addresses(&sources[i - 1], &sources[i]) != 0;
    free(sources);
    for (size_t i = 0; i < facts->listener_count; i++) {
        const struct lastack_connection_row *listener = &facts->now.rows[facts->listeners[i]];
        if (count.port == 0 || listener->local.port == count.port)
            count.smallest_backlog = min32(count.smallest_backlog, listener->send_q);
        count.has_full_accept_queue =
            count.has_full_accept_queue || listener->recv_q > listener->send_q;
    }
    return count;
}

void check_syn_pressure(const struct facts *facts, const struct doctor_limits *limits,
                        struct findings *findings)
{
    (void)limits;
    struct syn_count count = count_requests(facts);
    int64_t cookies = facts_delta(facts, "TcpExt", "SyncookiesSent");
    int64_t drops = facts_delta(facts, "TcpExt", "TCPReqQFullDrop");
    int64_t do_cookies = facts_delta(facts, "TcpExt", "TCPReqQFullDoCookies");
    bool overflows = cookies + drops + do_cookies > 0;
    bool is_crowded = count.repeated >= 20 ||
                      (count.repeated >= 3 &&
                       (uint64_t)count.repeated * 5 >= (uint64_t)count.smallest_backlog * 4);
    if (!overflows && !is_crowded)
        return;
    int64_t completed = facts_delta(facts, "Tcp", "PassiveOpens");
    bool is_flood = (cookies + drops + do_cookies) > 10 * completed + 10;
    bool is_stalled = count.has_full_accept_queue;
    const char *kind = is_stalled ? "a stalled acceptor: its accept queue is full"
                       : is_flood ? "a flood, or many clients that cannot hear the answer"
                       : count.smallest_backlog < 128 ? "a small backlog in an ordinary burst"
                                                      : "half-open requests that are not completed";
    struct finding *finding = findings_add(
        findings, "syn-pressure", drops > 0 || is_stalled ? SEVERITY_CRIT : SEVERITY_WARN,
        is_stalled || overflows ? CONFIDENCE_HIGH : CONFIDENCE_MEDIUM);
    finding_summary(finding,
                    "SYN queue under pressure: %u half-open requests from %u sources, in %.1f s "
                    "%lld SYN cookies "
                    "sent and %lld SYNs dropped, %lld handshakes completed: %s",
                    count.requests, count.sources, facts->seconds, (long long)cookies,
                    (long long)drops, (long long)completed, kind);
    finding_remedy(finding,
                   is_stalled ? "see acceptor-stalled: the program must call accept()"
                   : is_flood
                       ? "leave tcp_syncookies=1; filter near the source"
                       : "raise the program's listen() backlog and net.core.somaxconn together");
    finding_dont(
        finding,
        "raising somaxconn alone does nothing; with tcp_syncookies=0 a flood shuts everybody out");
    finding_evidence(finding, "half_open", count.requests);
    finding_evidence(finding, "sources", count.sources);
    finding_evidence(finding, "syn_acks_resent_for", count.repeated);
    finding_evidence(finding, "cookies_sent_delta", (double)cookies);
    finding_evidence(finding, "queue_full_cookies_delta", (double)do_cookies);
    finding_evidence(finding, "queue_full_drops_delta", (double)drops);
    finding_evidence(finding, "listen_drops_delta",
                     (double)facts_delta(facts, "TcpExt", "ListenDrops"));
    finding_evidence(finding, "completed_delta", (double)completed);
    finding_evidence(finding, "backlog",
                     count.smallest_backlog == UINT32_MAX ? 0 : count.smallest_backlog);
    finding_evidence(finding, "tcp_syncookies",
                     (double)facts_number(facts, "net.ipv4.tcp_syncookies", 0, 1));
    if (count.port != 0) {
        const struct lastack_connection_row *listener = facts_listener(facts, count.port);
        if (listener != NULL)
            finding_concerns(finding, listener);
    }
}

/* ---- dead-peer ---- */

static bool has_no_keepalive(const struct lastack_connection_row *row, int64_t idle_ns)
{
    int64_t quiet = MS((int64_t)row->tcp_info.tcpi_last_data_recv);
    return idle_ns > 0 && row->state == TCP_ESTABLISHED && row->inode != 0 && row->has_tcp_info &&
           row->timer < 0 && quiet >= idle_ns &&
           MS((int64_t)row->tcp_info.tcpi_last_data_sent) >= idle_ns;
}

static void report_dead(const struct lastack_connection_row *row, struct findings *findings)
{
    char peer[LASTACK_ENDPOINT_TEXT];
    lastack_endpoint_text(&row->remote, peer, sizeof peer);
    struct finding *finding = findings_add(findings, "dead-peer", SEVERITY_WARN, CONFIDENCE_HIGH);
    finding_concerns(finding, row);
    finding_summary(finding,
                    "%s does not answer: data of pid %u (%s) has been resent %u times, %u bytes "
                    "wait; given up in "
                    "about %.0f s",
                    peer, row->pid, row->comm, row->timer_retries, row->send_q,
                    (double)max64(row->gives_up_ns, 0) / 1e9);
    finding_remedy(
        finding,
        "TCP_USER_TIMEOUT in the program bounds this wait per connection; tcp_retries2 for all");
    finding_dont(finding, "keepalive does not help while data is unacknowledged");
    finding_evidence(finding, "resends", row->timer_retries);
    finding_evidence(finding, "backoff", row->tcp_info.tcpi_backoff);
    finding_evidence(finding, "unsent_and_unacked_bytes", row->send_q);
    finding_evidence(finding, "silent_for_s", (double)row->tcp_info.tcpi_last_ack_recv / 1e3);
    finding_evidence(finding, "gives_up_in_s", (double)max64(row->gives_up_ns, 0) / 1e9);
}

void check_dead_peer(const struct facts *facts, const struct doctor_limits *limits,
                     struct findings *findings)
{
    uint32_t idle = 0;
    const struct lastack_connection_row *example = NULL;
    for (size_t i = 0; i < facts->now.row_count; i++) {
        const struct lastack_connection_row *row = &facts->now.rows[i];
        bool has_data_out = row->state == TCP_ESTABLISHED || row->state == TCP_CLOSE_WAIT;
        bool is_silent = row->timer_retries >= 4 || row->tcp_info.tcpi_backoff >= 4;
        if (has_data_out && row->timer == LASTACK_TIMER_RETRANSMIT && is_silent)
            report_dead(row, findings);
        if (has_no_keepalive(row, limits->idle_ns)) {
            idle++;
            example = row;
        }
    }
    if (idle == 0)
        return;
    struct finding *finding = findings_add(findings, "dead-peer", SEVERITY_INFO, CONFIDENCE_MEDIUM);
    finding_concerns(finding, example);
    finding_summary(finding,
                    "%u connections are idle for more than %.0f s without keepalive: if the peer "
                    "or a middlebox has "
                    "forgotten them, nobody will notice",
                    idle, (double)limits->idle_ns / 1e9);
    finding_remedy(finding,
                   "SO_KEEPALIVE with TCP_KEEPIDLE below the shortest idle limit on the path");
    finding_evidence(finding, "idle_connections", idle);
}

/* ---- zero-window ---- */

/* How long the window has been closed at least: no data left since then, and the probes answer for
 * themselves. */
static int64_t closed_for(const struct lastack_connection_row *row)
{
    return row->has_tcp_info ? MS((int64_t)row->tcp_info.tcpi_last_data_sent) : -1;
}

void check_zero_window(const struct facts *facts, const struct doctor_limits *limits,
                       struct findings *findings)
{
    for (size_t i = 0; i < facts->now.row_count; i++) {
        const struct lastack_connection_row *row = &facts->now.rows[i];
        bool is_stopped = row->timer == LASTACK_TIMER_PERSIST && row->inode != 0 && row->send_q > 0;
        if (!is_stopped || closed_for(row) < limits->zero_window_ns)
            continue;
        const struct lastack_connection_row *twin = facts_twin(facts, row);
        struct finding *finding =
            findings_add(findings, "zero-window", SEVERITY_WARN, CONFIDENCE_HIGH);
        finding_concerns(finding, row);
        if (twin != NULL)
            finding_summary(finding,
                            "pid %u (%s) cannot send %u bytes: the receiver, pid %u (%s) on this "
                            "host, has not read "
                            "for %.0f s and has %u bytes waiting",
                            row->pid, row->comm, row->send_q, twin->pid, twin->comm,
                            (double)closed_for(row) / 1e9, twin->recv_q);
        else
            finding_summary(finding,
                            "pid %u (%s) cannot send %u bytes: the peer's window has been closed "
                            "for %.0f s, its "
                            "program does not read",
                            row->pid, row->comm, row->send_q, (double)closed_for(row) / 1e9);
        finding_remedy(finding, "see what the reading program waits for; TCP_USER_TIMEOUT bounds "
                                "the wait of the sender");
        finding_dont(finding, "larger buffers only move the moment");
        finding_evidence(finding, "closed_for_s", (double)closed_for(row) / 1e9);
        finding_evidence(finding, "probes", row->timer_retries);
        finding_evidence(finding, "send_queue_bytes", row->send_q);
        finding_evidence(finding, "reader_pid", twin == NULL ? 0 : twin->pid);
        finding_evidence(finding, "reader_queue_bytes", twin == NULL ? 0 : twin->recv_q);
    }
}
