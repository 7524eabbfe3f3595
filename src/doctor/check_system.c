/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * check_system.c: what counters and settings tell: tcp-mem, reset-storm, sysctl-folklore,
 * conntrack, and two notes about the doctor itself: kill-capability, netns-scope.
 */
#include "checks.h"

#include "duration.h"

#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

/* ---- tcp-mem ---- */

void check_tcp_mem(const struct facts *facts, const struct doctor_limits *limits,
                   struct findings *findings)
{
    (void)limits;
    int64_t pages = facts_value(facts, "TCP", "mem");
    int64_t pressure = facts_number(facts, "net.ipv4.tcp_mem", 1, 0);
    int64_t limit = facts_number(facts, "net.ipv4.tcp_mem", 2, 0);
    int64_t aborts = facts_delta(facts, "TcpExt", "TCPAbortOnMemory");
    int64_t pressures = facts_delta(facts, "TcpExt", "TCPMemoryPressures");
    bool is_pressed = pressure > 0 && pages > pressure;
    if (!is_pressed && aborts == 0 && pressures == 0)
        return;
    struct finding *finding = findings_add(findings, "tcp-mem", SEVERITY_CRIT, CONFIDENCE_HIGH);
    finding_summary(
        finding,
        "TCP of the whole host uses %lld pages (pressure from %lld, limit %lld); in %.1f s %lld "
        "connections were aborted for memory",
        (long long)pages, (long long)pressure, (long long)limit, facts->seconds, (long long)aborts);
    finding_remedy(finding, "find the sockets that hold it (lastack ss -tm), most often unread "
                            "data; then raise tcp_mem");
    finding_dont(finding, "raising tcp_rmem and tcp_wmem makes it worse");
    finding_evidence(finding, "host_pages", (double)pages);
    finding_evidence(finding, "pressure_pages", (double)pressure);
    finding_evidence(finding, "limit_pages", (double)limit);
    finding_evidence(finding, "aborts_delta", (double)aborts);
    finding_evidence(finding, "pressures_delta", (double)pressures);
}

/* ---- reset-storm ---- */

struct reset_kind {
    const char *group, *counter, *evidence, *meaning, *remedy;
};

static const struct reset_kind reset_kinds[] = {
    {"TcpExt", "TCPAbortOnClose", "abort_on_close_per_s",
     "close() with unread data in the receive queue",
     "read to the end before close(), or shut down and drain"},
    {"TcpExt", "TCPAbortOnData", "abort_on_data_per_s",
     "close() with SO_LINGER 0, or data that arrives after close()",
     "do not close with SO_LINGER {1, 0}: the peer may lose what it has not read"},
    {"TcpExt", "TCPAbortOnLinger", "abort_on_linger_per_s",
     "an orphan in FIN-WAIT-2 with TCP_LINGER2 < 0", "see the program's TCP_LINGER2"},
    {"TcpExt", "TCPAbortOnTimeout", "abort_on_timeout_per_s",
     "connections given up after all retransmissions",
     "the path or the peers are dead: see dead-peer"},
    {"TcpExt", "TCPAbortOnMemory", "abort_on_memory_per_s", "too many orphans, or no memory",
     "see orphans and tcp-mem"},
    {"TcpExt", "EmbryonicRsts", "embryonic_resets_per_s", "resets of half-open connections",
     "with tcp_abort_on_overflow=1 these are our own, because an accept queue is full"},
    {"Tcp", "EstabResets", "established_resets_per_s",
     "established connections that were reset, by either side", "see which side: OutRsts are ours"},
    {"Tcp", "OutRsts", "resets_sent_per_s",
     "RST sent, also as the answer to segments for no connection",
     "a service that does not listen, or closed too early"},
};

enum { RESET_KINDS = sizeof reset_kinds / sizeof reset_kinds[0] };

static int compare_cookies(const void *left, const void *right)
{
    uint64_t a = *(const uint64_t *)left, b = *(const uint64_t *)right;
    return (a > b) - (a < b);
}

/* TIME-WAITs that ended before their time though no connection was opened: a RST ends them while
 * tcp_rfc1337 is 0, and no counter tells. */
static void report_killed_time_waits(const struct facts *facts, struct findings *findings)
{
    if (facts_delta(facts, "Tcp", "PassiveOpens") + facts_delta(facts, "Tcp", "ActiveOpens") > 0)
        return;
    uint32_t killed = 0;
    const struct lastack_connection_row *example = NULL;
    size_t count = facts->now.row_count;
    uint64_t *alive = malloc((count + 1) * sizeof *alive);
    if (alive == NULL)
        return;
    for (size_t i = 0; i < count; i++)
        alive[i] = facts->now.rows[i].cookie;
    if (count > 1)
        qsort(alive, count, sizeof *alive, compare_cookies);
    for (size_t i = 0; i < facts->before.row_count; i++) {
        const struct lastack_connection_row *row = &facts->before.rows[i];
        int64_t left = row->timer_left_ns - (int64_t)(facts->seconds * 1e9);
        if (row->state != TCP_TIME_WAIT || left < SEC(2) ||
            (count > 0 &&
             bsearch(&row->cookie, alive, count, sizeof *alive, compare_cookies) != NULL))
            continue;
        killed++;
        example = row;
    }
    free(alive);
    if (killed == 0)
        return;
    struct finding *finding =
        findings_add(findings, "reset-storm", SEVERITY_INFO, CONFIDENCE_MEDIUM);
    finding_concerns(finding, example);
    finding_summary(finding,
                    "%u TIME-WAITs ended before their time and no new connection explains it: a "
                    "RST ends them%s",
                    killed,
                    facts_number(facts, "net.ipv4.tcp_rfc1337", 0, 0) == 0
                        ? ", as tcp_rfc1337 is 0"
                        : ", or somebody killed them");
    finding_remedy(
        finding,
        "tcp_rfc1337=1 makes TIME-WAIT ignore RST (RFC 1337); no counter moves either way");
    finding_evidence(finding, "time_waits_killed", killed);
    finding_evidence(finding, "tcp_rfc1337",
                     (double)facts_number(facts, "net.ipv4.tcp_rfc1337", 0, 0));
}

void check_reset_storm(const struct facts *facts, const struct doctor_limits *limits,
                       struct findings *findings)
{
    double rates[RESET_KINDS];
    int worst = -1;
    for (int i = 0; i < RESET_KINDS; i++) {
        rates[i] = (double)facts_delta(facts, reset_kinds[i].group, reset_kinds[i].counter) /
                   facts->seconds;
        /* the specific ones come first and win over the totals */
        bool wins = worst < 0 || (rates[i] > 2 * rates[worst]);
        if (rates[i] >= limits->resets_per_s && wins)
            worst = i;
    }
    if (worst >= 0) {
        struct finding *finding =
            findings_add(findings, "reset-storm", SEVERITY_WARN, CONFIDENCE_HIGH);
        finding_summary(finding, "%.0f resets a second: %s (%s)", rates[worst],
                        reset_kinds[worst].meaning, reset_kinds[worst].counter);
        finding_remedy(finding, "%s", reset_kinds[worst].remedy);
        for (int i = 0; i < RESET_KINDS; i++)
            finding_evidence(finding, reset_kinds[i].evidence, rates[i]);
        finding_evidence(finding, "dominant_counter", worst);
    }
    report_killed_time_waits(facts, findings);
}

/* ---- sysctl-folklore ---- */

struct folklore {
    const char *name; /* of a file or of the running kernel */
    bool (*is_wrong)(const struct facts *facts, int64_t value);
    const char *what; /* what it does not do */
    const char *remedy;
};

static bool any_value(const struct facts *facts, int64_t value)
{
    (void)facts;
    (void)value;
    return true;
}

static bool is_set(const struct facts *facts, int64_t value)
{
    (void)facts;
    return value != 0;
}

static bool is_below_15(const struct facts *facts, int64_t value)
{
    (void)facts;
    return value < 15;
}

static bool is_zero_with_reuse(const struct facts *facts, int64_t value)
{
    return value == 0 && facts_number(facts, "net.ipv4.tcp_tw_reuse", 0, 0) == 1;
}

static bool is_zero(const struct facts *facts, int64_t value)
{
    (void)facts;
    return value == 0;
}

static const struct folklore folklore[] = {
    {"net.ipv4.tcp_tw_recycle", any_value,
     "is gone since Linux 4.12, and before broke clients behind NAT at random", "delete the line"},
    {"net.ipv4.tcp_fin_timeout", is_below_15,
     "ends orphans in FIN-WAIT-2 only: TIME-WAIT lasts 60 s whatever it says", "leave it at 60"},
    {"net.ipv4.tcp_timestamps", is_zero_with_reuse,
     "is off, so tcp_tw_reuse=1 does nothing: it needs timestamps", "switch timestamps on"},
    {"net.ipv4.tcp_abort_on_overflow", is_set,
     "turns a short burst into errors for clients that would have got through a second later",
     "set it to 0"},
    {"net.ipv4.tcp_syncookies", is_zero,
     "is 0: the first SYN flood, or an ordinary burst, shuts new clients out", "set it to 1"},
};

static void report_folklore(const struct folklore *item, const char *value, const char *file,
                            int line, struct findings *findings)
{
    struct finding *finding =
        findings_add(findings, "sysctl-folklore", SEVERITY_WARN, CONFIDENCE_HIGH);
    if (file != NULL)
        finding_summary(finding, "%s:%d sets %s = %s: it %s", file, line, item->name, value,
                        item->what);
    else
        finding_summary(finding, "%s = %s: it %s", item->name, value, item->what);
    finding_remedy(finding, "%s", item->remedy);
    finding_evidence(finding, "value", strtod(value, NULL));
    finding_evidence(finding, "line", line);
}

void check_sysctl_folklore(const struct facts *facts, const struct doctor_limits *limits,
                           struct findings *findings)
{
    (void)limits;
    for (size_t i = 0; i < sizeof folklore / sizeof folklore[0]; i++) {
        const struct folklore *item = &folklore[i];
        const char *live = facts_setting(facts, item->name);
        bool is_live = live != NULL && item->is_wrong(facts, strtoll(live, NULL, 10));
        if (is_live)
            report_folklore(item, live, NULL, 0, findings);
        for (size_t n = 0; n < facts->assignment_count; n++) {
            const struct facts_assignment *assignment = &facts->assignments[n];
            if (strcmp(assignment->name, item->name) == 0 && !is_live &&
                item->is_wrong(facts, strtoll(assignment->value, NULL, 10)))
                report_folklore(item, assignment->value, assignment->file, assignment->line,
                                findings);
        }
    }
}

/* ---- conntrack ---- */

void check_conntrack(const struct facts *facts, const struct doctor_limits *limits,
                     struct findings *findings)
{
    (void)limits;
    int64_t count = facts_number(facts, "net.netfilter.nf_conntrack_count", 0, 0);
    int64_t max = facts_number(facts, "net.netfilter.nf_conntrack_max", 0, 0);
    if (max <= 0 || count * 5 <= max * 4)
        return;
    struct finding *finding =
        findings_add(findings, "conntrack", count * 20 > max * 19 ? SEVERITY_CRIT : SEVERITY_WARN,
                     CONFIDENCE_HIGH);
    int64_t close_wait_s =
        facts_number(facts, "net.netfilter.nf_conntrack_tcp_timeout_close_wait", 0, 60);
    finding_summary(
        finding,
        "connection tracking holds %lld of %lld entries (%.0f %%): when full, new connections are "
        "dropped"
        "%s",
        (long long)count, (long long)max, 100.0 * (double)count / (double)max,
        close_wait_s >= 600 ? "; its CLOSE-WAIT timeout is long, though no socket needs it" : "");
    finding_remedy(finding,
                   "raise nf_conntrack_max and its hash size, or do not track this traffic");
    finding_evidence(finding, "entries", (double)count);
    finding_evidence(finding, "max", (double)max);
    finding_evidence(finding, "close_wait_timeout_s", (double)close_wait_s);
}

/* ---- notes about the doctor ---- */

void check_kill_capability(const struct facts *facts, const struct doctor_limits *limits,
                           struct findings *findings)
{
    (void)limits;
    struct finding *finding =
        findings_add(findings, "kill-capability", SEVERITY_INFO, CONFIDENCE_HIGH);
    finding->is_note = true;
    finding_evidence(finding, "errno", -facts->destroy_status);
    if (facts->destroy_status == 0)
        finding_summary(finding, "this kernel ends sockets (SOCK_DESTROY), and we may ask it to");
    else if (facts->destroy_status == -EOPNOTSUPP)
        finding_summary(finding, "this kernel cannot end sockets: CONFIG_INET_DIAG_DESTROY is off");
    else
        finding_summary(finding, "ending sockets is not permitted here: %s",
                        strerror(-facts->destroy_status));
    if (facts->destroy_status != 0)
        finding_remedy(finding, "CAP_NET_ADMIN in this network namespace is what it takes");
}

void check_netns_scope(const struct facts *facts, const struct doctor_limits *limits,
                       struct findings *findings)
{
    (void)limits;
    struct finding *finding = findings_add(findings, "netns-scope", SEVERITY_INFO, CONFIDENCE_HIGH);
    finding->is_note = true;
    finding_summary(finding,
                    "rows, counters and TIME-WAIT numbers are of network namespace %llu; the "
                    "numbers of orphans "
                    "(%lld) and of memory pages (%lld) are of the whole host",
                    (unsigned long long)facts->netns,
                    (long long)facts_value(facts, "TCP", "orphan"),
                    (long long)facts_value(facts, "TCP", "mem"));
    finding_evidence(finding, "netns", (double)facts->netns);
    finding_evidence(finding, "host_orphans", (double)facts_value(facts, "TCP", "orphan"));
    finding_evidence(finding, "host_pages", (double)facts_value(facts, "TCP", "mem"));
    finding_evidence(finding, "malformed_answers", (double)facts->malformed);
}
