/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * json_names.h: how enumerations are written in JSON.
 *
 * States are written as RFC 9293 writes them ("TIME-WAIT"), in every verb. All other
 * enumerations are their C names in lower case ("fin_acked", "time_wait"), so that a name in a
 * script is a name in the headers.
 */
#ifndef LASTACK_JSON_NAMES_H
#define LASTACK_JSON_NAMES_H

#include "text.h"

#include <lastack/row.h>

#include <jansson.h>

json_t *json_state(enum tcp_state state);
json_t *json_cause(enum lastack_cause cause); /* null for NONE */
json_t *json_timer(int timer);                /* null for -1 */
json_t *json_trace_what(enum lastack_trace_what what);
json_t *json_endpoint(const struct lastack_endpoint *endpoint);
/* What `text` holds; bytes that are no UTF-8, and control characters, escaped as text_add_safe
 * does. */
json_t *json_text(const struct text *text);
json_t *json_safe(const char *string);
/* Nanoseconds as whole milliseconds; null if negative. */
json_t *json_ms(int64_t ns);

/* One object as one line on `out`, and drops the reference. */
void json_line(FILE *out, json_t *object);

#endif
