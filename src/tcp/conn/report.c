/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * report.c: see report.h.
 */
#include "report.h"

static struct lastack_trace_record record_of(const struct report *report,
                                             enum lastack_trace_what what, uint64_t flow,
                                             const struct tuple *tuple, enum tcp_state state,
                                             enum lastack_cause cause)
{
    return (struct lastack_trace_record){
        .time_ns = report->now,
        .flow = flow,
        .cause = (uint16_t)cause,
        .what = (uint8_t)what,
        .old_state = (uint8_t)state,
        .new_state = (uint8_t)state,
        .local_port = tuple->local_port,
        .remote_port = tuple->remote_port,
    };
}

static void describe(struct lastack_trace_record *record, const struct segment *seg,
                     uint32_t window)
{
    record->flags = seg->flags;
    record->local_port = seg->tuple.local_port;
    record->remote_port = seg->tuple.remote_port;
    record->u.detail.seq = seg->seq.v;
    record->u.detail.ack = seg->ack.v;
    record->u.detail.length = seg->text_length;
    record->u.detail.window = window;
}

NOINLINE void report_state_wanted(const struct report *report, uint64_t flow,
                                  const struct tuple *tuple, enum tcp_state from, enum tcp_state to,
                                  enum lastack_cause cause)
{
    struct lastack_trace_record record =
        record_of(report, LASTACK_TRACE_STATE, flow, tuple, from, cause);

    record.new_state = (uint8_t)to;
    trace_write(report->ring, &record);
}

void report_flow(const struct report *report, uint64_t flow, const struct tuple *tuple)
{
    if (trace_wants(report->ring, LASTACK_TRACE_FLOW)) {
        struct lastack_trace_record record =
            record_of(report, LASTACK_TRACE_FLOW, flow, tuple, TCP_CLOSED, LASTACK_CAUSE_NONE);

        record.u.flow_addresses.local = tuple->local;
        record.u.flow_addresses.remote = tuple->remote;
        trace_write(report->ring, &record);
    }
}

void report_drop(const struct report *report, uint64_t flow, enum tcp_state state,
                 const struct segment *seg, enum lastack_cause cause)
{
    report_count(report, cause);
    if (trace_wants(report->ring, LASTACK_TRACE_DROP)) {
        struct lastack_trace_record record = {.time_ns = report->now,
                                              .flow = flow,
                                              .cause = (uint16_t)cause,
                                              .what = LASTACK_TRACE_DROP,
                                              .old_state = (uint8_t)state,
                                              .new_state = (uint8_t)state};

        describe(&record, seg, seg->wnd);
        trace_write(report->ring, &record);
    }
}

void report_note_wanted(const struct report *report, enum lastack_trace_what what, uint64_t flow,
                        const struct tuple *tuple, enum tcp_state state, enum lastack_cause cause,
                        int64_t a, int64_t b)
{
    struct lastack_trace_record record = record_of(report, what, flow, tuple, state, cause);

    record.u.detail.a = a;
    record.u.detail.b = b;
    trace_write(report->ring, &record);
}

void report_segment_wanted(const struct report *report, enum lastack_trace_what what, uint64_t flow,
                           enum tcp_state state, const struct segment *seg, uint32_t window)
{
    struct lastack_trace_record record = {.time_ns = report->now,
                                          .flow = flow,
                                          .what = (uint8_t)what,
                                          .old_state = (uint8_t)state,
                                          .new_state = (uint8_t)state};

    describe(&record, seg, window);
    trace_write(report->ring, &record);
}

void report_retransmit(const struct report *report, uint64_t flow, enum tcp_state state,
                       const struct segment *seg, enum lastack_cause cause, int64_t times,
                       int64_t next_rto_ns)
{
    if (trace_wants(report->ring, LASTACK_TRACE_RETRANSMIT)) {
        struct lastack_trace_record record = {.time_ns = report->now,
                                              .flow = flow,
                                              .cause = (uint16_t)cause,
                                              .what = LASTACK_TRACE_RETRANSMIT,
                                              .old_state = (uint8_t)state,
                                              .new_state = (uint8_t)state};

        describe(&record, seg, seg->wnd);
        record.u.detail.a = times;
        record.u.detail.b = next_rto_ns;
        trace_write(report->ring, &record);
    }
}
