/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * trace_text.h: a record of the trace as a line.
 *
 *     0.400000  ESTABLISHED -> FIN-WAIT-1: close()
 *     1.203000  retransmit 2, F 1001, next after 1.6 s: retransmission timeout
 */
#ifndef LASTACK_TRACE_TEXT_H
#define LASTACK_TRACE_TEXT_H

#include "text.h"

#include <lastack/trace.h>

/* Without a newline; `record` has its time as it is to be shown. */
void trace_record_text(struct text *out, const struct lastack_trace_record *record);

/* Is it worth a line in a short history? Timers that are armed and stopped are not. */
bool trace_record_matters(const struct lastack_trace_record *record);

#endif
