/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * trace_json.h: a trace record as one JSON object.
 *
 * Fields: time_ns conn what old new cause seq ack flags len; where they apply also win, timer,
 * deadline_ns, times, next_rto_ns, call, result, cwnd, ssthresh. `old` and `new` are states, the
 * same where nothing changed; what does not apply is absent, but for the ten fields first named,
 * which are then null.
 */
#ifndef LASTACK_TRACE_JSON_H
#define LASTACK_TRACE_JSON_H

#include <lastack/trace.h>

#include <jansson.h>

/* A new reference. `conn` names the connection ("192.0.2.1:80 192.0.2.2:41822"); NULL: the
 * numbers that the record itself has, "flow 0123456789abcdef". */
json_t *trace_json(const struct lastack_trace_record *record, const char *conn);

#endif
