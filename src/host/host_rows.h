/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * host_rows.h: one call for every instrument: the host's sockets, with owners, ages, predictions,
 * of one namespace or of all.
 */
#ifndef LASTACK_HOST_ROWS_H
#define LASTACK_HOST_ROWS_H

#include "age.h"
#include "diag.h"
#include "owners.h"

struct host_query {
    bool tcp, udp;
    bool ipv4, ipv6;
    bool want_info, want_memory, want_tos;
    bool want_autobound;
    bool want_owners;
    bool all_netns;
    uint32_t states; /* as in diag_request */
};

struct host_rows {
    struct owners owners; /* of the last read, if it wanted them */
    bool has_owners;
    uint64_t malformed;     /* answers left out */
    size_t netns_count;     /* namespaces read */
    size_t netns_denied;    /* namespaces that could not be entered */
    struct age_table *ages; /* set by whoever looks more than once; else NULL */
    int64_t now;            /* of the last read: CLOCK_MONOTONIC */
};

/* Calls back row by row. 0 or a negative errno. Owners of an earlier read are freed. */
int host_rows_read(struct host_rows *rows, const struct host_query *query,
                   lastack_row_callback *callback, void *context);
void host_rows_free(struct host_rows *rows);

/* CLOCK_MONOTONIC and CLOCK_REALTIME in ns. */
int64_t host_now(void);
int64_t host_wall_time(void);

/* Sleeps so long; returns early, with false, when SIGINT or SIGTERM arrived. */
bool host_sleep(int64_t ns);

/* Is this stream a terminal? (The colour and the watch ask.) */
bool host_is_terminal(void *file);

#endif
