/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * check_ports.c: port-exhaustion, bind-borrowed, stale-tuple, tw-overflow.
 *
 * Ports do not run out "per host": each (source address, destination address, destination port)
 * has the whole range for itself. No counter of the kernel moves when one is full, so they are
 * counted here:
 *
 *     used = local ports in the range with this source, destination and destination port, in all
 *            states; a TIME-WAIT that connect() may reuse (tcp_tw_reuse) counts as free
 */
#include "checks.h"

#include "duration.h"

#include <inttypes.h>
#include <stdlib.h>
#include <string.h>

struct triple {
    struct lastack_address source;
    struct lastack_endpoint destination;
    uint32_t used, time_waits, reusable, recent; /* recent: TIME-WAITs of the last ten seconds */
    const struct lastack_connection_row *example;
};

static bool is_loopback(const struct lastack_address *address)
{
    static const uint8_t six[16] = {[15] = 1};
    return (lastack_is_ipv4(address) && address->bytes[12] == 127) ||
           memcmp(address->bytes, six, 16) == 0;
}

/* tcp_tw_reuse: 1 anywhere, 2 on loopback; after tcp_tw_reuse_delay, and with timestamps only. */
static bool is_reusable(const struct facts *facts, const struct lastack_connection_row *row)
{
    int64_t policy = facts_number(facts, "net.ipv4.tcp_tw_reuse", 0, 0);
    int64_t delay = MS(facts_number(facts, "net.ipv4.tcp_tw_reuse_delay", 0, 1000));
    if (row->state != TCP_TIME_WAIT || facts_number(facts, "net.ipv4.tcp_timestamps", 0, 1) == 0)
        return false;
    bool may = policy == 1 || (policy == 2 && is_loopback(&row->remote.address));
    return may && row->age_ns >= delay;
}

static int compare_triples(const void *left, const void *right, void *context)
{
    const struct lastack_connection_row *rows = context;
    const struct lastack_connection_row *a = &rows[*(const uint32_t *)left];
    const struct lastack_connection_row *b = &rows[*(const uint32_t *)right];
    int order = memcmp(&a->remote.address, &b->remote.address, 16);
    if (order == 0)
        order = (int)a->remote.port - (int)b->remote.port;
    return order != 0 ? order : memcmp(&a->local.address, &b->local.address, 16);
}

static void report_triple(const struct facts *facts, const struct triple *triple,
                          const struct port_range *range, struct findings *findings)
{
    uint32_t taken = triple->used - triple->reusable;
    double ratio = (double)taken / range->available;
    double per_s = triple->recent / 10.0;
    double limit_per_s = range->available / 60.0;
    bool will_fill =
        per_s > limit_per_s && ratio >= 0.25; /* each TIME-WAIT holds its port for 60 s */
    if (taken < 20 || (ratio < 0.5 && !will_fill))
        return;
    enum severity severity = ratio >= 0.95               ? SEVERITY_CRIT
                             : ratio >= 0.8 || will_fill ? SEVERITY_WARN
                                                         : SEVERITY_INFO;
    struct finding *finding = findings_add(findings, "port-exhaustion", severity, CONFIDENCE_HIGH);
    char source[LASTACK_ADDRESS_TEXT], destination[LASTACK_ENDPOINT_TEXT];
    lastack_address_text(&triple->source, source, sizeof source);
    lastack_endpoint_text(&triple->destination, destination, sizeof destination);
    finding_summary(
        finding, "%u of %u ports from %s to %s are in use (%.0f %%), %u of them TIME-WAIT%s", taken,
        range->available, source, destination, 100 * ratio, triple->time_waits,
        ratio >= 0.95 ? ": connect() fails with EADDRNOTAVAIL, after bind(port 0) with EADDRINUSE"
        : will_fill   ? ": at this rate of closing they run out within a minute"
                      : "");
    finding_remedy(
        finding,
        "keep connections open and reuse them (keep-alive, a pool); else several source or "
        "destination addresses, IP_BIND_ADDRESS_NO_PORT, a wider ip_local_port_range; "
        "tcp_tw_reuse=1 last. lastack kill --time-wait --yes frees the range now");
    finding_dont(
        finding,
        "tcp_fin_timeout does not shorten TIME-WAIT; tcp_max_tw_buckets only drops its protection");
    finding_evidence(finding, "ports_used", taken);
    finding_evidence(finding, "ports_available", range->available);
    finding_evidence(finding, "used_ratio", ratio);
    finding_evidence(finding, "time_waits", triple->time_waits);
    finding_evidence(finding, "time_waits_reusable", triple->reusable);
    finding_evidence(finding, "closes_per_s", per_s);
    finding_evidence(finding, "closes_per_s_sustainable", limit_per_s);
    finding_evidence(finding, "tcp_tw_reuse",
                     (double)facts_number(facts, "net.ipv4.tcp_tw_reuse", 0, 0));
    finding->has_peer = finding->has_local = true;
    finding->local.address = triple->source;
    finding->peer = triple->destination;
    finding->pid = triple->example->pid;
    memcpy(finding->comm, triple->example->comm, sizeof finding->comm);
}

static void count_into(const struct facts *facts, struct triple *triple,
                       const struct lastack_connection_row *row)
{
    triple->used++;
    triple->time_waits += row->state == TCP_TIME_WAIT;
    triple->reusable += is_reusable(facts, row);
    triple->recent += row->state == TCP_TIME_WAIT && row->age_ns <= SEC(10);
    if (triple->example == NULL || (triple->example->pid == 0 && row->pid != 0))
        triple->example = row;
}

/* Sockets that bind() gave a port before connect(): such a port is taken for every destination. */
static void report_bound(const struct facts *facts, uint32_t bound, const struct port_range *range,
                         struct findings *findings)
{
    (void)facts;
    double ratio = (double)bound / range->available;
    if (bound < 20 || ratio < 0.5)
        return;
    struct finding *finding =
        findings_add(findings, "port-exhaustion", ratio >= 0.95 ? SEVERITY_CRIT : SEVERITY_WARN,
                     CONFIDENCE_HIGH);
    finding_summary(
        finding,
        "%u of %u ports are held by sockets that are bound and not connected: bind(port 0) "
        "takes a port for all destinations at once",
        bound, range->available);
    finding_remedy(finding,
                   "set IP_BIND_ADDRESS_NO_PORT before bind(), so that connect() chooses the port");
    finding_evidence(finding, "ports_bound", bound);
    finding_evidence(finding, "ports_available", range->available);
}

typedef void triple_function(const struct facts *facts, const struct triple *triple,
                             const struct port_range *range, struct findings *findings);

static bool is_ephemeral(const struct lastack_connection_row *row, const struct port_range *range)
{
    return row->local.port >= range->first && row->local.port <= range->last &&
           row->protocol == LASTACK_PROTOCOL_TCP;
}

static void each_triple(const struct facts *facts, const struct port_range *range,
                        triple_function *function, struct findings *findings)
{
    uint32_t *order = malloc((facts->now.row_count + 1) * sizeof *order);
    uint32_t count = 0;
    for (size_t i = 0; i < facts->now.row_count && order != NULL; i++)
        if (is_ephemeral(&facts->now.rows[i], range) && facts->now.rows[i].remote.port != 0)
            order[count++] = (uint32_t)i;
    if (count > 1)
        qsort_r(order, count, sizeof *order, compare_triples, facts->now.rows);
    for (uint32_t i = 0; i < count;) {
        const struct lastack_connection_row *first = &facts->now.rows[order[i]];
        struct triple triple = {.source = first->local.address, .destination = first->remote};
        uint32_t from = i;
        for (; i < count && compare_triples(&order[from], &order[i], facts->now.rows) == 0; i++)
            count_into(facts, &triple, &facts->now.rows[order[i]]);
        function(facts, &triple, range, findings);
    }
    free(order);
}

void check_port_exhaustion(const struct facts *facts, const struct doctor_limits *limits,
                           struct findings *findings)
{
    (void)limits;
    struct port_range range = facts_ports(facts);
    uint32_t bound = 0;
    if (range.available == 0)
        return;
    each_triple(facts, &range, report_triple, findings);
    for (size_t i = 0; i < facts->now.row_count; i++)
        bound +=
            is_ephemeral(&facts->now.rows[i], &range) && facts->now.rows[i].state == TCP_CLOSED;
    report_bound(facts, bound, &range, findings);
}

static void note_triple(const struct facts *facts, const struct triple *triple,
                        const struct port_range *range, struct findings *findings)
{
    (void)facts;
    struct finding *finding =
        findings_add(findings, "port-exhaustion", SEVERITY_INFO, CONFIDENCE_HIGH);
    finding_evidence(finding, "used_ratio", (double)triple->used / range->available);
    finding_evidence(finding, "ports_used", triple->used);
    finding_evidence(finding, "ports_available", range->available);
    finding->local.address = triple->source;
    finding->peer = triple->destination;
    finding->has_local = finding->has_peer = true;
}

static int compare_busy(const void *left, const void *right)
{
    const struct finding *a = left, *b = right;
    return (a->evidence[0].value < b->evidence[0].value) -
           (a->evidence[0].value > b->evidence[0].value);
}

void ports_busiest(const struct facts *facts, size_t max, struct findings *findings)
{
    struct port_range range = facts_ports(facts);
    if (range.available == 0)
        return;
    each_triple(facts, &range, note_triple, findings);
    if (findings->count > 1)
        qsort(findings->list, findings->count, sizeof *findings->list, compare_busy);
    if (findings->count > max)
        findings->count = max;
}

/* ---- a service port that is not free ---- */

struct port_use {
    uint32_t listeners, time_waits, connections, outgoing;
    const struct lastack_connection_row *listener, *connection;
    int64_t longest_ns; /* until the last TIME-WAIT is over */
};

static struct port_use use_of_port(const struct facts *facts, uint16_t port)
{
    struct port_use use = {0};
    for (size_t i = 0; i < facts->now.row_count; i++) {
        const struct lastack_connection_row *row = &facts->now.rows[i];
        if (row->local.port != port || row->protocol != LASTACK_PROTOCOL_TCP)
            continue;
        if (row->state == TCP_LISTEN) {
            use.listeners++;
            use.listener = row;
        } else if (row->state == TCP_TIME_WAIT) {
            use.time_waits++;
            use.longest_ns = max64(use.longest_ns, row->timer_left_ns);
        } else {
            use.connections++;
            use.connection = row;
        }
    }
    return use;
}

static void report_port(const struct facts *facts, uint16_t port, struct findings *findings)
{
    struct port_use use = use_of_port(facts, port);
    struct port_range range = facts_ports(facts);
    bool is_in_range =
        port >= range.first && port <= range.last && !facts_port_is_reserved(facts, port);
    if (use.listeners > 0 || use.time_waits + use.connections == 0)
        return; /* it listens, or it is free */
    struct finding *finding =
        findings_add(findings, "bind-borrowed", SEVERITY_WARN,
                     use.connections > 0 ? CONFIDENCE_HIGH : CONFIDENCE_MEDIUM);
    if (use.connections > 0) {
        char peer[LASTACK_ENDPOINT_TEXT];
        lastack_endpoint_text(&use.connection->remote, peer, sizeof peer);
        finding_concerns(finding, use.connection);
        finding_summary(
            finding,
            "port %u does not listen and a connection to %s has it: bind() fails with EADDRINUSE "
            "even with SO_REUSEADDR%s",
            port, peer, is_in_range ? "; the kernel gave it out as an ephemeral port" : "");
        finding_remedy(
            finding,
            "end that connection (lastack kill sport = :%u), then keep the port out of the "
            "ephemeral range: net.ipv4.ip_local_reserved_ports=%u",
            port, port);
    } else {
        finding_summary(
            finding,
            "port %u does not listen and %u TIME-WAIT records hold it for up to %.0f s more: "
            "bind() "
            "fails with EADDRINUSE unless both the old and the new socket have SO_REUSEADDR",
            port, use.time_waits, (double)use.longest_ns / 1e9);
        finding_remedy(finding,
                       "set SO_REUSEADDR before bind(); the first restart after that change still "
                       "meets records "
                       "of sockets without it: lastack kill --time-wait sport = :%u --yes",
                       port);
        finding_dont(finding, "SO_REUSEADDR on the new socket alone is not enough, and it does not "
                              "shorten TIME-WAIT");
    }
    finding->has_local = true;
    finding->local.port = port;
    finding_evidence(finding, "port", port);
    finding_evidence(finding, "connections", use.connections);
    finding_evidence(finding, "time_waits", use.time_waits);
    finding_evidence(finding, "time_wait_left_ms", (double)use.longest_ns / 1e6);
    finding_evidence(finding, "in_ephemeral_range", is_in_range);
}

void check_bind_borrowed(const struct facts *facts, const struct doctor_limits *limits,
                         struct findings *findings)
{
    for (size_t i = 0; i < limits->wanted_count; i++)
        report_port(facts, limits->wanted[i], findings);
}

/* ---- SYNs that meet an old connection ---- */

void check_stale_tuple(const struct facts *facts, const struct doctor_limits *limits,
                       struct findings *findings)
{
    (void)limits;
    for (size_t i = 0; i < facts->now.row_count; i++) {
        const struct lastack_connection_row *row = &facts->now.rows[i];
        if (row->state != TCP_SYN_SENT || row->protocol != LASTACK_PROTOCOL_TCP ||
            row->timer_retries == 0)
            continue;
        const struct lastack_connection_row *twin = facts_twin(facts, row);
        if (twin == NULL || twin->state == TCP_SYN_RECEIVED || twin->state == TCP_LISTEN ||
            twin->state == TCP_SYN_SENT)
            continue;
        struct finding *finding =
            findings_add(findings, "stale-tuple", SEVERITY_WARN, CONFIDENCE_HIGH);
        finding_concerns(finding, row);
        finding_summary(finding,
                        "a SYN is resent (%u times) because the other end still has the same "
                        "addresses and ports "
                        "in %s",
                        row->timer_retries, lastack_state_text((enum tcp_state)twin->state));
        finding_remedy(finding, "close the old socket%s; lastack kill ends it",
                       twin->pid != 0 ? " in its process" : "");
        finding_evidence(finding, "syn_retries", row->timer_retries);
        finding_evidence(finding, "stale_state", twin->state);
        finding_evidence(finding, "stale_pid", twin->pid);
        finding_evidence(finding, "stale_age_ms",
                         twin->age_ns < 0 ? 0 : (double)twin->age_ns / 1e6);
    }
}

/* ---- TIME-WAITs that are not kept ---- */

void check_tw_overflow(const struct facts *facts, const struct doctor_limits *limits,
                       struct findings *findings)
{
    (void)limits;
    int64_t delta = facts_delta(facts, "TcpExt", "TCPTimeWaitOverflow");
    int64_t limit = facts_number(facts, "net.ipv4.tcp_max_tw_buckets", 0, -1);
    int64_t ehash = llabs(facts_number(facts, "net.ipv4.tcp_ehash_entries", 0, 0));
    int64_t usual = ehash / 2; /* what the kernel sets at boot */
    bool is_low = limit >= 0 && usual > 0 && limit < usual / 4;
    if (delta == 0 && !is_low)
        return;
    struct finding *finding = findings_add(findings, "tw-overflow", SEVERITY_WARN,
                                           delta > 0 ? CONFIDENCE_HIGH : CONFIDENCE_MEDIUM);
    finding_summary(finding,
                    "tcp_max_tw_buckets is %" PRId64 "%s: %" PRId64
                    " connections ended without TIME-WAIT in "
                    "%.1f s, %" PRId64 " since the namespace exists",
                    limit, is_low ? ", far below the default" : "", delta, facts->seconds,
                    facts_value(facts, "TcpExt", "TCPTimeWaitOverflow"));
    finding_remedy(finding, "give back the default%s: records cost a few hundred bytes each",
                   usual > 0 ? " (half of tcp_ehash_entries)" : "");
    finding_dont(finding, "a low limit does not cure TIME-WAITs: it lets old duplicates into new "
                          "connections, unseen");
    finding_evidence(finding, "overflow_delta", (double)delta);
    finding_evidence(finding, "overflow_total",
                     (double)facts_value(facts, "TcpExt", "TCPTimeWaitOverflow"));
    finding_evidence(finding, "tcp_max_tw_buckets", (double)limit);
    finding_evidence(finding, "default_estimate", (double)usual);
    finding_evidence(finding, "time_waits", (double)facts_value(facts, "TCP", "tw"));
}
