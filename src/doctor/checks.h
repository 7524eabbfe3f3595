/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * checks.h: the catalogue. Each check reads facts and adds findings, or nothing.
 */
#ifndef LASTACK_CHECKS_H
#define LASTACK_CHECKS_H

#include "facts.h"
#include "findings.h"

enum { WANTED_PORTS_MAX = 32 };

/* Thresholds: options of the verb. */
struct doctor_limits {
    int64_t close_wait_ns;             /* a CLOSE-WAIT is suspect from this age: 5 s */
    int64_t half_close_ns;             /* a half-close; 0 = twice tcp_fin_timeout */
    int64_t zero_window_ns;            /* a zero window: 30 s */
    int64_t idle_ns;                   /* an idle connection without keepalive; 0 = never */
    double resets_per_s;               /* 50 */
    uint16_t wanted[WANTED_PORTS_MAX]; /* service ports that must be free or listening */
    size_t wanted_count;
};

extern const struct doctor_limits doctor_limits_default;

typedef void check_function(const struct facts *facts, const struct doctor_limits *limits,
                            struct findings *findings);

struct check {
    const char *id;
    check_function *run;
    const char *fires; /* when, in words */
};

extern const struct check checks[];
extern const size_t check_count;

/* By id; NULL if there is none. */
const struct check *check_find(const char *id);

/* All checks, or those whose ids are given; sorted by severity. */
void checks_run(const struct facts *facts, const struct doctor_limits *limits,
                const char *const *ids, size_t id_count, struct findings *findings);

/* The `max` destinations with most ports in use, as findings with local address, peer and the
 * evidence used_ratio, ports_used, ports_available, however few they are. */
void ports_busiest(const struct facts *facts, size_t max, struct findings *findings);

check_function check_port_exhaustion, check_bind_borrowed, check_tw_overflow, check_close_wait_leak,
    check_acceptor_stalled, check_half_closed_forever, check_orphans, check_tcp_mem,
    check_syn_pressure, check_dead_peer, check_zero_window, check_fd_leak, check_sysctl_folklore,
    check_reset_storm, check_stale_tuple, check_conntrack, check_kill_capability, check_netns_scope;

#endif
