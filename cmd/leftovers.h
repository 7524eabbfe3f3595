/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * leftovers.h: the connections that are still there when a run ends, and what each waits for.
 *
 *     lastack: 1 connection still there
 *       192.0.2.1:80 192.0.2.2:41822 FIN-WAIT-1: FIN resend 3/8 in 1.6 s; close() of the last ...
 *
 * TIME-WAIT records are not meant: they wait for nobody, the closing table counts them.
 */
#ifndef LASTACK_LEFTOVERS_H
#define LASTACK_LEFTOVERS_H

#include <jansson.h>
#include <lastack/stack.h>

/* Lines on stderr; nothing if nothing is left. */
void leftovers_tell(const struct lastack *stack);

/* A new reference: an array of rows (row_json.h), the first LEFTOVERS_MAX. `source`: the stack. */
enum { LEFTOVERS_MAX = 100 };
json_t *leftovers_json(const struct lastack *stack, const char *source);

#endif
