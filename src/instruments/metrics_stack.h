/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * metrics_stack.h: running lastack stacks as Prometheus text: connections by state, pools, causes.
 */
#ifndef LASTACK_METRICS_STACK_H
#define LASTACK_METRICS_STACK_H

/* `name`: of one stack, or "all". The exit status. */
int metrics_stack(const char *name);

#endif
