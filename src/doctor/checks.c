/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * checks.c: the list of all checks, in the order in which they run.
 */
#include "checks.h"

#include "duration.h"

#include <string.h>

const struct doctor_limits doctor_limits_default = {
    .close_wait_ns = SEC(5),
    .zero_window_ns = SEC(30),
    .resets_per_s = 50,
};

const struct check checks[] = {
    {"port-exhaustion", check_port_exhaustion,
     "half of the ephemeral ports towards one destination are in use, or will be within ten "
     "minutes"},
    {"bind-borrowed", check_bind_borrowed, "a port given with --port is taken: by whom, and why"},
    {"tw-overflow", check_tw_overflow,
     "TIME-WAITs are not kept, or their limit is far below the default"},
    {"close-wait-leak", check_close_wait_leak,
     "sockets stay in CLOSE-WAIT: a program does not close"},
    {"acceptor-stalled", check_acceptor_stalled, "connections wait for accept()"},
    {"half-closed-forever", check_half_closed_forever, "FIN-WAIT-2 with an owner and without end"},
    {"orphans", check_orphans,
     "closed connections that cannot finish; their number near its limit"},
    {"tcp-mem", check_tcp_mem, "TCP's memory under pressure"},
    {"syn-pressure", check_syn_pressure,
     "SYN queues overflow: flood, small backlog or stalled acceptor"},
    {"dead-peer", check_dead_peer, "data is resent again and again without an answer"},
    {"zero-window", check_zero_window, "a receiver does not read"},
    {"fd-leak", check_fd_leak, "descriptors of sockets that are in no table"},
    {"sysctl-folklore", check_sysctl_folklore, "settings that do not do what they are set for"},
    {"reset-storm", check_reset_storm, "many resets, and what they mean"},
    {"stale-tuple", check_stale_tuple,
     "a SYN meets an old connection with the same addresses and ports"},
    {"conntrack", check_conntrack, "the connection tracking table is nearly full"},
    {"kill-capability", check_kill_capability,
     "whether sockets can be ended here (only with --check)"},
    {"netns-scope", check_netns_scope,
     "which figures are not this namespace's (only with --check)"},
};

const size_t check_count = sizeof checks / sizeof checks[0];

const struct check *check_find(const char *id)
{
    for (size_t i = 0; i < check_count; i++)
        if (strcmp(checks[i].id, id) == 0)
            return &checks[i];
    return NULL;
}

static bool is_wanted(const char *id, const char *const *ids, size_t id_count)
{
    for (size_t i = 0; i < id_count; i++)
        if (strcmp(ids[i], id) == 0)
            return true;
    return id_count == 0;
}

void checks_run(const struct facts *facts, const struct doctor_limits *limits,
                const char *const *ids, size_t id_count, struct findings *findings)
{
    size_t kept = findings->count;
    for (size_t i = 0; i < check_count; i++)
        if (is_wanted(checks[i].id, ids, id_count))
            checks[i].run(facts, limits, findings);
    for (size_t i = kept; i < findings->count; i++) {
        findings->list[i].netns = facts->netns;
        if (id_count > 0 || !findings->list[i].is_note) /* notes are for those who ask */
            findings->list[kept++] = findings->list[i];
    }
    findings->count = kept;
    findings_sort(findings);
}
