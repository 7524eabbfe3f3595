/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * trace_text.c: see trace_text.h.
 */
#include "trace_text.h"

#include "words.h"

static const char *state_of(uint8_t state)
{
    return lastack_state_text((enum tcp_state)state);
}

static void add_time(struct text *out, int64_t time_ns)
{
    const int64_t us = time_ns / 1000;

    text_addf(out, "%lld.%06lld  ", (long long)(us / 1000000), (long long)(us % 1000000));
}

static void add_segment(struct text *out, const struct lastack_trace_record *record)
{
    text_addf(out, "%s%s%s%s seq %u len %u", record->flags & LASTACK_SYN ? "S" : "",
              record->flags & LASTACK_FIN ? "F" : "", record->flags & LASTACK_RST ? "R" : "",
              record->flags & LASTACK_ACK ? "." : "", record->u.detail.seq,
              record->u.detail.length);
}

static void add_ends(struct text *out, const struct lastack_trace_record *record)
{
    const struct lastack_endpoint local = {record->u.flow_addresses.local, record->local_port};
    const struct lastack_endpoint remote = {record->u.flow_addresses.remote, record->remote_port};
    char local_text[LASTACK_ENDPOINT_TEXT], remote_text[LASTACK_ENDPOINT_TEXT];

    lastack_endpoint_text(&local, local_text, sizeof local_text);
    lastack_endpoint_text(&remote, remote_text, sizeof remote_text);
    text_addf(out, "connection %s - %s", local_text, remote_text);
}

static void add_timer(struct text *out, const struct lastack_trace_record *record)
{
    const char *timer = lastack_timer_text((enum lastack_timer)record->u.detail.a);

    switch ((enum lastack_trace_what)record->what) {
    case LASTACK_TRACE_TIMER_FIRED:
        text_addf(out, "%s timer fired", timer);
        break;
    case LASTACK_TRACE_TIMER_ARMED:
        text_addf(out, "%s timer armed", timer);
        break;
    case LASTACK_TRACE_TIMER_STOPPED:
        text_addf(out, "%s timer off", timer);
        break;
    case LASTACK_TRACE_FLOW:
    case LASTACK_TRACE_STATE:
    case LASTACK_TRACE_ACCEPTED:
    case LASTACK_TRACE_GONE:
    case LASTACK_TRACE_RETRANSMIT:
    case LASTACK_TRACE_TIME_WAIT_RESTART:
    case LASTACK_TRACE_DROP:
    case LASTACK_TRACE_REFUSED:
    case LASTACK_TRACE_WARNING:
    case LASTACK_TRACE_SEGMENT_IN:
    case LASTACK_TRACE_SEGMENT_OUT:
    case LASTACK_TRACE_COUNT:
        break;
    }
}

void trace_record_text(struct text *out, const struct lastack_trace_record *record)
{
    const char *cause = lastack_cause_text((enum lastack_cause)record->cause);

    add_time(out, record->time_ns);
    switch ((enum lastack_trace_what)record->what) {
    case LASTACK_TRACE_FLOW:
        add_ends(out, record);
        break;
    case LASTACK_TRACE_STATE:
        text_addf(out, "%s -> %s: %s", state_of(record->old_state), state_of(record->new_state),
                  cause);
        break;
    case LASTACK_TRACE_ACCEPTED:
        text_add(out, "accepted");
        break;
    case LASTACK_TRACE_GONE:
        text_addf(out, "gone: %s", cause);
        break;
    case LASTACK_TRACE_TIMER_ARMED:
    case LASTACK_TRACE_TIMER_FIRED:
    case LASTACK_TRACE_TIMER_STOPPED:
        add_timer(out, record);
        break;
    case LASTACK_TRACE_RETRANSMIT:
        text_addf(out, "%s: retransmit %lld: ", state_of(record->new_state),
                  (long long)record->u.detail.a);
        add_segment(out, record);
        if (record->u.detail.b > 0) {
            text_add(out, ", next after ");
            words_duration(out, record->u.detail.b);
        }
        text_addf(out, ": %s", cause);
        break;
    case LASTACK_TRACE_TIME_WAIT_RESTART:
        text_addf(out, "2MSL restarts: %s", cause);
        break;
    case LASTACK_TRACE_DROP:
        text_add(out, "dropped ");
        add_segment(out, record);
        text_addf(out, ": %s", cause);
        break;
    case LASTACK_TRACE_REFUSED:
        text_addf(out, "refused: %s", cause);
        break;
    case LASTACK_TRACE_WARNING:
        text_addf(out, "warning: %s", cause);
        break;
    case LASTACK_TRACE_SEGMENT_IN:
        text_add(out, "in ");
        add_segment(out, record);
        break;
    case LASTACK_TRACE_SEGMENT_OUT:
        text_add(out, "out ");
        add_segment(out, record);
        break;
    case LASTACK_TRACE_COUNT:
        break;
    }
}

/* Of a retransmission timer that fires, the retransmission tells. */
bool trace_record_matters(const struct lastack_trace_record *record)
{
    const bool is_told_twice =
        record->what == LASTACK_TRACE_TIMER_FIRED && record->u.detail.a == LASTACK_TIMER_RETRANSMIT;

    return record->what != LASTACK_TRACE_TIMER_ARMED &&
           record->what != LASTACK_TRACE_TIMER_STOPPED && record->what != LASTACK_TRACE_COUNT &&
           !is_told_twice;
}
