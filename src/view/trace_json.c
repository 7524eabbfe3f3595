/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * trace_json.c: which fields a record has, by its kind.
 */
#include "trace_json.h"

#include "json_names.h"
#include "ladder.h"

#include "check.h"

#include <inttypes.h>

static void set(json_t *object, const char *name, json_t *value)
{
    CHECK(value != NULL);
    int failed = json_object_set_new(object, name, value);
    CHECK(!failed);
}

static json_t *state_or_null(uint8_t state)
{
    bool is_state = state >= TCP_ESTABLISHED && state <= TCP_CLOSING;

    return is_state ? json_state((enum tcp_state)state) : json_null();
}

static bool has_segment(const struct lastack_trace_record *record)
{
    switch ((enum lastack_trace_what)record->what) {
    case LASTACK_TRACE_SEGMENT_IN:
    case LASTACK_TRACE_SEGMENT_OUT:
    case LASTACK_TRACE_RETRANSMIT:
        return true;
    case LASTACK_TRACE_STATE:
    case LASTACK_TRACE_DROP:
        return record->flags != 0; /* caused by a segment, or not */
    case LASTACK_TRACE_FLOW:
    case LASTACK_TRACE_ACCEPTED:
    case LASTACK_TRACE_GONE:
    case LASTACK_TRACE_TIMER_ARMED:
    case LASTACK_TRACE_TIMER_FIRED:
    case LASTACK_TRACE_TIMER_STOPPED:
    case LASTACK_TRACE_TIME_WAIT_RESTART:
    case LASTACK_TRACE_REFUSED:
    case LASTACK_TRACE_WARNING:
    case LASTACK_TRACE_COUNT:
        return false;
    }
    return false;
}

static void set_segment(json_t *object, const struct lastack_trace_record *record)
{
    bool is_there = has_segment(record);
    struct text flags = {0};

    ladder_flags_text(&flags, record->flags);
    set(object, "seq", is_there ? json_integer(record->u.detail.seq) : json_null());
    set(object, "ack",
        is_there && (record->flags & LASTACK_ACK) ? json_integer(record->u.detail.ack)
                                                  : json_null());
    set(object, "flags", is_there ? json_text(&flags) : json_null());
    set(object, "len", is_there ? json_integer(record->u.detail.length) : json_null());
    if (is_there)
        set(object, "win", json_integer(record->u.detail.window));
    text_free(&flags);
}

/* The two numbers whose meaning depends on the kind. */
static void set_numbers(json_t *object, const struct lastack_trace_record *record)
{
    int64_t a = record->u.detail.a, b = record->u.detail.b;

    switch ((enum lastack_trace_what)record->what) {
    case LASTACK_TRACE_TIMER_ARMED:
        set(object, "timer", json_timer((int)a));
        set(object, "deadline_ns", json_integer(b));
        break;
    case LASTACK_TRACE_TIMER_FIRED:
        set(object, "timer", json_timer((int)a));
        set(object, "times", json_integer(b));
        break;
    case LASTACK_TRACE_TIMER_STOPPED:
        set(object, "timer", json_timer((int)a));
        break;
    case LASTACK_TRACE_RETRANSMIT:
        set(object, "times", json_integer(a));
        set(object, "next_rto_ns", json_integer(b));
        break;
    case LASTACK_TRACE_TIME_WAIT_RESTART:
        set(object, "timer", json_timer(LASTACK_TIMER_TIME_WAIT));
        set(object, "deadline_ns", json_integer(b));
        break;
    case LASTACK_TRACE_FLOW:
    case LASTACK_TRACE_STATE:
    case LASTACK_TRACE_ACCEPTED:
    case LASTACK_TRACE_GONE:
    case LASTACK_TRACE_DROP:
    case LASTACK_TRACE_REFUSED:
    case LASTACK_TRACE_WARNING:
    case LASTACK_TRACE_SEGMENT_IN:
    case LASTACK_TRACE_SEGMENT_OUT:
    case LASTACK_TRACE_COUNT:
        break;
    }
}

static void set_flow(json_t *object, const struct lastack_trace_record *record)
{
    const struct lastack_endpoint local = {record->u.flow_addresses.local, record->local_port};
    const struct lastack_endpoint remote = {record->u.flow_addresses.remote, record->remote_port};

    set(object, "local", json_endpoint(&local));
    set(object, "remote", json_endpoint(&remote));
}

json_t *trace_json(const struct lastack_trace_record *record, const char *conn)
{
    json_t *object = json_object();
    char number[32];

    CHECK(object != NULL);
    snprintf(number, sizeof number, "flow %016" PRIx64, record->flow);
    set(object, "time_ns", json_integer(record->time_ns));
    set(object, "conn", json_safe(conn != NULL ? conn : number));
    set(object, "what", json_trace_what((enum lastack_trace_what)record->what));
    set(object, "old", state_or_null(record->old_state));
    set(object, "new", state_or_null(record->new_state));
    set(object, "cause", json_cause((enum lastack_cause)record->cause));
    set_segment(object, record);
    if (record->what == LASTACK_TRACE_FLOW)
        set_flow(object, record);
    else
        set_numbers(object, record);
    return object;
}
