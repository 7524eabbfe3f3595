/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * ss_summary.h: `lastack ss -s`: how many sockets of each state there are.
 */
#ifndef LASTACK_SS_SUMMARY_H
#define LASTACK_SS_SUMMARY_H

#include "host_rows.h"

int ss_summary(const struct host_query *query, bool is_json);
/* Of the running stack of that name, or of "all". */
int ss_summary_of_stacks(const char *stack, const struct host_query *query, bool is_json);

#endif
