/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * kill_rows.h: end what a filter matches, and say of each socket what really happened.
 *
 *     rows that match ──▶ [more than one and not sure: only a list] ──▶ SOCK_DESTROY each
 *                     ──▶ wait a moment ──▶ second look: is it gone? who still holds it?
 *
 * SOCK_DESTROY frees the connection, never the descriptor: a process that does not notice keeps it
 * open. On CLOSE-WAIT its read() then looks like an ordinary end of data.
 */
#ifndef LASTACK_KILL_ROWS_H
#define LASTACK_KILL_ROWS_H

#include "filter.h"
#include "host_rows.h"

struct kill_options {
    bool is_sure;            /* --yes */
    bool is_dry;             /* --dry-run */
    bool may_kill_listeners; /* --force */
    bool is_json;
    bool all_netns;
    const char *stack; /* a running stack, or "all"; NULL: the host */
};

/* The exit status: 0 all ended, 1 nothing matched, 3 a dry run by default, or not all could be
 * ended, 4 not permitted. `verb` is for messages. */
int kill_rows(const char *verb, const struct filter *filter, const struct host_query *query,
              const struct kill_options *options);

#endif
