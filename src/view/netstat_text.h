/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * netstat_text.h: rows in the classic columns of net-tools' netstat.
 *
 *     Proto Recv-Q Send-Q Local Address    Foreign Address  State    PID/Program name    Timer
 *
 * What netstat leaves as "-" is said: "- (time_wait)". Column positions are those of netstat
 * 2.10, so that scripts which cut columns go on working.
 */
#ifndef LASTACK_NETSTAT_TEXT_H
#define LASTACK_NETSTAT_TEXT_H

#include "text.h"

#include <lastack/row.h>

struct netstat_view {
    bool has_programs; /* -p */
    bool has_timers;   /* -o */
    bool has_extended; /* -e: user, inode */
    /* -a or -l: decides the title only; which rows come is the caller's business. */
    bool has_servers;
    bool is_servers_only; /* -l */
};

void netstat_header(const struct netstat_view *view, FILE *out);
void netstat_row(const struct netstat_view *view, const struct lastack_connection_row *row,
                 FILE *out);

#endif
