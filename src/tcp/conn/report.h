/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * report.h: the one place where TCP tells what happened: a trace record and a counter for each
 * cause.
 */
#ifndef LASTACK_REPORT_H
#define LASTACK_REPORT_H

#include "bits.h"
#include "duration.h"
#include "segment.h"
#include "trace_ring.h"
#include "tuple.h"

struct report {
    struct trace_ring *ring;
    uint64_t *counters; /* by enum lastack_cause */
    int64_t now;        /* of the call being served */
    uint32_t now_ms;    /* the same on the clock of milliseconds */
};

static inline void report_set_time(struct report *report, int64_t now)
{
    if (report->now == now)
        return;
    report->now = now;
    report->now_ms = clock_ms(now);
}

static inline void report_count(const struct report *report, enum lastack_cause cause)
{
    report->counters[cause]++;
}

void report_state_wanted(const struct report *report, uint64_t flow, const struct tuple *tuple,
                         enum tcp_state from, enum tcp_state to, enum lastack_cause cause);

/* A state change of a flow (connection, SYN entry or record alike); counts the cause. */
static inline void report_state(const struct report *report, uint64_t flow,
                                const struct tuple *tuple, enum tcp_state from, enum tcp_state to,
                                enum lastack_cause cause)
{
    report_count(report, cause);
    if (UNLIKELY(trace_wants(report->ring, LASTACK_TRACE_STATE)))
        report_state_wanted(report, flow, tuple, from, to, cause);
}

/* The first record of a flow: its addresses. */
void report_flow(const struct report *report, uint64_t flow, const struct tuple *tuple);
/* A segment dropped, with its sequence numbers; counts the cause. */
void report_drop(const struct report *report, uint64_t flow, enum tcp_state state,
                 const struct segment *seg, enum lastack_cause cause);
/* Anything else: timers, retransmissions, warnings. */
void report_note_wanted(const struct report *report, enum lastack_trace_what what, uint64_t flow,
                        const struct tuple *tuple, enum tcp_state state, enum lastack_cause cause,
                        int64_t a, int64_t b);

static inline void report_note(const struct report *report, enum lastack_trace_what what,
                               uint64_t flow, const struct tuple *tuple, enum tcp_state state,
                               enum lastack_cause cause, int64_t a, int64_t b)
{
    if (UNLIKELY(trace_wants(report->ring, what)))
        report_note_wanted(report, what, flow, tuple, state, cause, a, b);
}
/* A segment in or out. window: in bytes. */
void report_segment_wanted(const struct report *report, enum lastack_trace_what what, uint64_t flow,
                           enum tcp_state state, const struct segment *seg, uint32_t window);

static inline void report_segment(const struct report *report, enum lastack_trace_what what,
                                  uint64_t flow, enum tcp_state state, const struct segment *seg,
                                  uint32_t window)
{
    if (UNLIKELY(trace_wants(report->ring, what)))
        report_segment_wanted(report, what, flow, state, seg, window);
}
/* A retransmission. */
void report_retransmit(const struct report *report, uint64_t flow, enum tcp_state state,
                       const struct segment *seg, enum lastack_cause cause, int64_t times,
                       int64_t next_rto_ns);

#endif
