/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * stack_source.h: rows of running lastack stacks, asked over their control sockets; the other
 * source beside the host.
 */
#ifndef LASTACK_STACK_SOURCE_H
#define LASTACK_STACK_SOURCE_H

#include "control.h"
#include "host_rows.h"

/* The value of an option --stack from getopt_long: a word that is an option itself is given back
 * (optind), and "--stack" alone means every stack. */
const char *stack_option(const char *value);

/* False: it failed, and has said so. */
typedef bool stack_function(void *context, const struct control_stack *stack,
                            struct control_client *client);

/* Connects to the stack `name`, or to every one ("all"), and calls back. How many there were; -1 if
 * the name is nobody's, if a stack does not answer or if a callback failed, with a message on
 * stderr after "lastack VERB: "; the other stacks were called all the same. */
int stack_each(const char *verb, const char *name, stack_function *function, void *context);

/* The rows that a query on the host would ask for: protocols, families, states. False: a message
 * is on stderr. */
bool stack_rows(const char *verb, struct control_client *client, const struct host_query *query,
                lastack_row_callback *callback, void *context);

#endif
