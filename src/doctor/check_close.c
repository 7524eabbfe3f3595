/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * check_close.c: connections that do not come to their end: close-wait-leak, half-closed-forever,
 * orphans, fd-leak.
 *
 * A CLOSE-WAIT tells by its receive queue who is to blame (the peer's FIN counts 1):
 *     0    the program read to the end and did not close
 *     1    only the FIN is unread: the program never looked again
 *     > 1  data is unread: a worker is stuck before read()
 */
#include "checks.h"

#include "duration.h"

#include <stdlib.h>
#include <string.h>

/* ---- close-wait-leak ---- */

struct leak_group {
    uint32_t pid; /* 0: nobody's */
    uint32_t count, unread, fin_only, read_all, inherited, shared;
    int64_t oldest_ns;
    const struct lastack_connection_row *oldest;
};

static bool is_suspect(const struct lastack_connection_row *row, const struct doctor_limits *limits)
{
    if (row->state != TCP_CLOSE_WAIT || row->inode == 0 || row->age_ns < limits->close_wait_ns)
        return false;
    bool still_sends = row->send_q > 0 ||
                       (row->has_tcp_info &&
                        MS((int64_t)row->tcp_info.tcpi_last_data_sent) < limits->close_wait_ns &&
                        row->tcp_info.tcpi_bytes_sent > 0 &&
                        MS((int64_t)row->tcp_info.tcpi_last_data_sent) < row->age_ns);
    return !still_sends; /* a half-close that is being used is nobody's fault */
}

/* A holder that has no part in the listener of the port, and another process has: it came by
 * inheritance. */
static bool is_inherited(const struct facts *facts, const struct lastack_connection_row *row)
{
    const struct lastack_connection_row *listener = facts_listener(facts, row->local.port);
    size_t count;
    if (listener == NULL || row->pid == 0)
        return false;
    const struct owner_entry *entry = owners_find(&facts->owners, listener->inode, &count);
    for (size_t i = 0; i < count; i++)
        if (entry[i].pid == row->pid)
            return false;
    return count > 0;
}

static void group_add(const struct facts *facts, struct leak_group *group,
                      const struct lastack_connection_row *row)
{
    group->count++;
    group->unread += row->recv_q > 1;
    group->fin_only += row->recv_q == 1;
    group->read_all += row->recv_q == 0;
    group->inherited += is_inherited(facts, row);
    group->shared += row->holders > 1;
    if (group->oldest == NULL || row->age_ns > group->oldest_ns) {
        group->oldest = row;
        group->oldest_ns = row->age_ns;
    }
}

static bool is_parked(const struct facts *facts, const struct lastack_connection_row *row)
{
    return facts->has_owners && row->pid == 0 && facts->queue_count > 0;
}

/* The process that holds a UNIX socket with something unread in it: there the descriptor waits. */
static const struct owner_entry *queue_holder(const struct facts *facts)
{
    for (size_t i = 0; i < facts->queue_count; i++) {
        size_t count;
        const struct owner_entry *entry =
            owners_find(&facts->owners, facts->queues[i].inode, &count);
        if (entry != NULL)
            return entry;
    }
    return NULL;
}

static const char *blame(const struct leak_group *group)
{
    if (group->unread >= group->fin_only && group->unread >= group->read_all)
        return "data is unread: a worker is stuck before read(), not a forgotten close()";
    if (group->fin_only >= group->read_all)
        return "the end of data was never read: the program does not look at these sockets any "
               "more";
    return "the program read the end of data and did not close()";
}

static void describe_leak(const struct facts *facts, const struct leak_group *group,
                          struct finding *finding)
{
    const struct owner_process *process = owners_process(&facts->owners, group->pid);
    const char *name = process != NULL ? process->comm : "?";
    if (is_parked(facts, group->oldest)) {
        const struct owner_entry *holder = queue_holder(facts);
        finding->confidence = CONFIDENCE_MEDIUM;
        finding_summary(finding,
                        "%u sockets in CLOSE-WAIT that no process has as a descriptor, while %zu "
                        "UNIX sockets have "
                        "something unread: a descriptor sent with SCM_RIGHTS is parked there "
                        "(receiver: pid %u)",
                        group->count, facts->queue_count, holder == NULL ? 0 : holder->pid);
        finding_remedy(finding, "the receiver must recvmsg() and close() them");
        finding->pid = holder == NULL ? 0 : holder->pid;
    } else if (group->pid == 0) {
        finding->confidence = CONFIDENCE_LOW;
        finding_summary(
            finding, "%u sockets in CLOSE-WAIT whose owner is not to be seen (%s)", group->count,
            facts->owners.denied > 0 ? "root would see it" : "another container or the kernel");
        finding_remedy(finding, "look again as root, on the host");
    } else if (group->inherited == group->count) {
        finding_summary(finding,
                        "%u sockets in CLOSE-WAIT are held by pid %u (%s), which is not the server "
                        "of their port: "
                        "inherited over fork and exec; the server's own close() has no effect",
                        group->count, group->pid, name);
        finding_remedy(
            finding,
            "open sockets with SOCK_CLOEXEC (accept4) in the server; ending pid %u ends them now",
            group->pid);
    } else {
        finding_summary(finding,
                        "%u sockets in CLOSE-WAIT in pid %u (%s), the oldest for %.0f s: the peer "
                        "has closed, %s",
                        group->count, group->pid, name, (double)group->oldest_ns / 1e9,
                        blame(group));
        finding_remedy(
            finding, "find in the program where end of data is met without close()%s",
            group->shared > 0
                ? "; some are held by more than one descriptor (dup, fork): all must close"
                : "");
    }
}

static void report_leak(const struct facts *facts, const struct leak_group *group,
                        struct findings *findings)
{
    const struct owner_process *process = owners_process(&facts->owners, group->pid);
    bool is_near_limit =
        process != NULL && process->fd_limit > 0 && process->fd_count * 5 >= process->fd_limit * 4;
    enum severity severity = group->count >= 100 || is_near_limit ? SEVERITY_CRIT : SEVERITY_WARN;
    struct finding *finding = findings_add(findings, "close-wait-leak", severity, CONFIDENCE_HIGH);
    finding_concerns(finding, group->oldest);
    finding->pid = group->pid;
    describe_leak(facts, group, finding);
    finding_dont(finding, "no sysctl acts on CLOSE-WAIT, neither tcp_fin_timeout nor keepalive nor "
                          "tcp_tw_reuse; ending the "
                          "connection (lastack kill) leaves the descriptor open");
    finding_evidence(finding, "sockets", group->count);
    finding_evidence(finding, "oldest_s", (double)group->oldest_ns / 1e9);
    finding_evidence(finding, "unread_data", group->unread);
    finding_evidence(finding, "unread_fin", group->fin_only);
    finding_evidence(finding, "read_to_end", group->read_all);
    finding_evidence(finding, "inherited", group->inherited);
    finding_evidence(finding, "parked", is_parked(facts, group->oldest) ? group->count : 0);
    finding_evidence(finding, "holders_of_oldest", group->oldest->holders);
    if (process != NULL) {
        finding_evidence(finding, "descriptors", process->fd_count);
        finding_evidence(finding, "descriptor_limit", process->fd_limit);
    }
}

static int compare_pids(const void *left, const void *right)
{
    const struct lastack_connection_row *const *a = left, *const *b = right;
    return ((*a)->pid > (*b)->pid) - ((*a)->pid < (*b)->pid);
}

void check_close_wait_leak(const struct facts *facts, const struct doctor_limits *limits,
                           struct findings *findings)
{
    const struct lastack_connection_row **suspects =
        malloc((facts->now.row_count + 1) * sizeof *suspects);
    size_t count = 0;
    if (suspects == NULL)
        return;
    for (size_t i = 0; i < facts->now.row_count; i++)
        if (is_suspect(&facts->now.rows[i], limits))
            suspects[count++] = &facts->now.rows[i];
    if (count > 1)
        qsort(suspects, count, sizeof *suspects, compare_pids);
    for (size_t i = 0; i < count;) {
        struct leak_group group = {.pid = suspects[i]->pid};
        for (; i < count && suspects[i]->pid == group.pid; i++)
            group_add(facts, &group, suspects[i]);
        report_leak(facts, &group, findings);
    }
    free(suspects);
}

/* ---- half-closed-forever ---- */

static void report_half_close(const struct facts *facts, const struct lastack_connection_row *row,
                              struct findings *findings)
{
    const struct lastack_connection_row *twin = facts_twin(facts, row);
    struct finding *finding =
        findings_add(findings, "half-closed-forever", SEVERITY_WARN, CONFIDENCE_HIGH);
    finding_concerns(finding, row);
    if (twin != NULL)
        finding_summary(
            finding,
            "FIN-WAIT-2 for %.0f s with an open descriptor and no timer: pid %u (%s) shut down its "
            "sending side; the other end, pid %u (%s) in %s on this host, does not close",
            (double)row->age_ns / 1e9, row->pid, row->comm, twin->pid, twin->comm,
            lastack_state_text((enum tcp_state)twin->state));
    else
        finding_summary(
            finding,
            "FIN-WAIT-2 for %.0f s with an open descriptor and no timer: pid %u (%s) shut down its "
            "sending side and waits for a peer that does not close",
            (double)row->age_ns / 1e9, row->pid, row->comm);
    finding_remedy(finding, "close() instead of shutdown() once the answer no longer matters, or "
                            "set SO_RCVTIMEO; the peer's "
                            "program has a CLOSE-WAIT to close");
    finding_dont(finding, "tcp_fin_timeout does not apply: it ends only what no descriptor holds");
    finding_evidence(finding, "age_s", (double)row->age_ns / 1e9);
    finding_evidence(finding, "tcp_fin_timeout_s",
                     (double)facts_number(facts, "net.ipv4.tcp_fin_timeout", 0, 60));
    finding_evidence(finding, "peer_is_local", twin != NULL);
    finding_evidence(finding, "peer_pid", twin == NULL ? 0 : twin->pid);
}

void check_half_closed_forever(const struct facts *facts, const struct doctor_limits *limits,
                               struct findings *findings)
{
    int64_t limit_ns = limits->half_close_ns > 0
                           ? limits->half_close_ns
                           : 2 * SEC(facts_number(facts, "net.ipv4.tcp_fin_timeout", 0, 60));
    for (size_t i = 0; i < facts->now.row_count; i++) {
        const struct lastack_connection_row *row = &facts->now.rows[i];
        if (row->state == TCP_FIN_WAIT_2 && row->inode != 0 && row->timer < 0 &&
            row->age_ns >= limit_ns)
            report_half_close(facts, row, findings);
    }
}

/* ---- orphans ---- */

struct orphan_count {
    uint32_t fin_wait_2, unacknowledged, closed_window;
    const struct lastack_connection_row *waiting; /* an example in FIN-WAIT-2 */
    const struct lastack_connection_row *stuck;   /* and the one of the others that lasts longest */
};

static void count_orphan(struct orphan_count *count, const struct lastack_connection_row *row,
                         int64_t suspect_ns)
{
    bool is_closing =
        row->state == TCP_FIN_WAIT_1 || row->state == TCP_LAST_ACK || row->state == TCP_CLOSING;
    if (row->inode != 0 || row->protocol != LASTACK_PROTOCOL_TCP)
        return;
    if (row->state == TCP_FIN_WAIT_2 && row->age_ns >= suspect_ns) {
        count->fin_wait_2++;
        count->waiting = row;
    }
    if (!is_closing || row->timer_retries < 2)
        return;
    count->unacknowledged += row->timer == LASTACK_TIMER_RETRANSMIT;
    count->closed_window += row->timer == LASTACK_TIMER_PERSIST;
    if (count->stuck == NULL || row->gives_up_ns > count->stuck->gives_up_ns)
        count->stuck = row;
}

static void orphan_evidence(const struct facts *facts, const struct orphan_count *count,
                            struct finding *finding)
{
    finding_evidence(finding, "fin_wait_2", count->fin_wait_2);
    finding_evidence(finding, "fin_unacknowledged", count->unacknowledged);
    finding_evidence(finding, "window_closed", count->closed_window);
    finding_evidence(finding, "host_orphans", (double)facts_value(facts, "TCP", "orphan"));
    const int64_t limit = facts_number(facts, "net.ipv4.tcp_max_orphans", 0, -1);
    if (limit >= 0) /* there is one for the host, which network namespaces do not show */
        finding_evidence(finding, "tcp_max_orphans", (double)limit);
}

static void report_orphans(const struct facts *facts, const struct orphan_count *count,
                           struct findings *findings)
{
    if (count->fin_wait_2 > 0) {
        struct finding *finding = findings_add(findings, "orphans", SEVERITY_INFO, CONFIDENCE_HIGH);
        finding_concerns(finding, count->waiting);
        finding_summary(finding,
                        "%u orphan%s in FIN-WAIT-2: closed here, the peer's program has not "
                        "closed; tcp_fin_timeout (%lld s) ends %s",
                        count->fin_wait_2, count->fin_wait_2 == 1 ? "" : "s",
                        (long long)facts_number(facts, "net.ipv4.tcp_fin_timeout", 0, 60),
                        count->fin_wait_2 == 1 ? "it" : "them");
        finding_remedy(finding, "look for CLOSE-WAIT at the other end; here nothing is to be done");
        orphan_evidence(facts, count, finding);
    }
    if (count->unacknowledged + count->closed_window > 0) {
        struct finding *finding = findings_add(findings, "orphans", SEVERITY_WARN, CONFIDENCE_HIGH);
        finding_concerns(finding, count->stuck);
        finding_summary(finding,
                        "%u orphan%s whose FIN is not acknowledged (%s, resend %u), %u whose peer "
                        "keeps its window "
                        "closed; given up in about %.0f s",
                        count->unacknowledged, count->unacknowledged == 1 ? "" : "s",
                        lastack_state_text((enum tcp_state)count->stuck->state),
                        count->stuck->timer_retries, count->closed_window,
                        (double)max64(count->stuck->gives_up_ns, 0) / 1e9);
        finding_remedy(finding, "the path or the peer is dead, or a firewall eats the FIN; "
                                "tcp_orphan_retries decides how "
                                "long (0 means 8)");
        finding_dont(finding, "tcp_fin_timeout does not act on FIN-WAIT-1, CLOSING or LAST-ACK; "
                              "dropping packets by a "
                              "firewall rule makes it worse");
        orphan_evidence(facts, count, finding);
    }
}

void check_orphans(const struct facts *facts, const struct doctor_limits *limits,
                   struct findings *findings)
{
    struct orphan_count count = {0};
    for (size_t i = 0; i < facts->now.row_count; i++)
        count_orphan(&count, &facts->now.rows[i], limits->close_wait_ns);
    report_orphans(facts, &count, findings);
    int64_t orphans = facts_value(facts, "TCP", "orphan");
    int64_t limit = facts_number(facts, "net.ipv4.tcp_max_orphans", 0, 0);
    if (limit <= 0 || orphans * 4 <= limit)
        return;
    struct finding *finding = findings_add(findings, "orphans", SEVERITY_WARN, CONFIDENCE_HIGH);
    finding_summary(finding,
                    "%lld orphans on the whole host, %.0f %% of tcp_max_orphans: the kernel counts "
                    "sick ones twice "
                    "or four times and resets from a quarter on",
                    (long long)orphans, 100.0 * (double)orphans / (double)limit);
    finding_remedy(
        finding,
        "find what closes connections with unsent data towards dead peers; raise tcp_max_orphans "
        "(about 64 KB of memory each)");
    orphan_evidence(facts, &count, finding);
}

/* ---- fd-leak ---- */

static int compare_leaks(const void *left, const void *right)
{
    const struct facts_leak *a = left, *b = right;
    return (a->pid > b->pid) - (a->pid < b->pid);
}

void check_fd_leak(const struct facts *facts, const struct doctor_limits *limits,
                   struct findings *findings)
{
    (void)limits;
    if (facts->leak_count > 1)
        qsort(facts->leaks, facts->leak_count, sizeof *facts->leaks, compare_leaks);
    for (size_t i = 0; i < facts->leak_count;) {
        size_t from = i;
        while (i < facts->leak_count && facts->leaks[i].pid == facts->leaks[from].pid)
            i++;
        const struct owner_process *process =
            owners_process(&facts->owners, facts->leaks[from].pid);
        if (i - from <= 10 || process == NULL)
            continue;
        struct finding *finding = findings_add(findings, "fd-leak", SEVERITY_WARN, CONFIDENCE_HIGH);
        finding->pid = process->pid;
        memcpy(finding->comm, process->comm, sizeof finding->comm);
        finding_summary(finding,
                        "pid %u (%s) holds %zu TCP descriptors that are in no table (for example "
                        "fd %d): reset by "
                        "the peer, or never connected, and not closed",
                        process->pid, process->comm, i - from, facts->leaks[from].fd);
        finding_remedy(finding,
                       "close() sockets after an error, too; ss and netstat cannot show these");
        finding_evidence(finding, "descriptors_leaked", (double)(i - from));
        finding_evidence(finding, "descriptors", process->fd_count);
        finding_evidence(finding, "descriptor_limit", process->fd_limit);
    }
}
