/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * run_report.c: what is said about a failure: where, what, which class, and what led there.
 *
 *     closing.pkt:12: error handling packet: live packet field tcp_ack_seq: ...
 *         script packet: 0.2 > . 1:1(0) ack 2
 *         actual packet: 0.2 > . 1:1(0) ack 1 win 256
 *                                       ^^^^^
 *         class: behaviour
 *         state: CLOSE-WAIT
 *         0.100000  LISTEN -> SYN-RECEIVED: SYN arrived
 *         ...
 */
#include "runner.h"

#include "duration.h"
#include "trace_text.h"

#include <inttypes.h>
#include <string.h>

enum { HISTORY_LINES = 10, RECORDS = 64 };

const char *drill_class_text(enum drill_class class)
{
    static const char *const texts[] = {
#define DRILL_X(name, text) text,
        DRILL_CLASSES(DRILL_X)
#undef DRILL_X
    };

    return texts[class];
}

void drill_report_free(struct drill_report *report)
{
    text_free(&report->message);
}

static void begin_failure(struct runner *runner, enum drill_class class, struct place place)
{
    struct drill_report *report = runner->report;

    report->has_passed = false;
    report->class = class;
    report->line = place.line;
    text_addf(&report->message, "%s:%u: ", runner->script->path, place.line);
}

bool runner_fail(struct runner *runner, enum drill_class class, struct place place,
                 const char *format, ...)
{
    va_list arguments;

    if (!runner->report->has_passed)
        return false;
    begin_failure(runner, class, place);
    va_start(arguments, format);
    text_addfv(&runner->report->message, format, arguments);
    va_end(arguments);
    text_add(&runner->report->message, "\n");
    return false;
}

bool runner_fail_error(struct runner *runner, enum drill_class class,
                       const struct script_error *error)
{
    return runner_fail(runner, class, error->place, "%s", error->message);
}

void runner_note(struct runner *runner, const char *format, ...)
{
    struct text line = {0};
    va_list arguments;

    if (runner->options->on_note == NULL)
        return;
    va_start(arguments, format);
    text_addfv(&line, format, arguments);
    va_end(arguments);
    runner->options->on_note(runner->options->context, text_string(&line));
    text_free(&line);
}

/* ---- the trace ---- */

void runner_tell_trace(struct runner *runner)
{
    struct lastack_trace_record records[RECORDS];
    size_t count;

    while ((count = lastack_trace_read(runner->target.stack, &runner->trace_cursor, records,
                                       RECORDS, NULL)) > 0) {
        for (size_t i = 0; i < count && runner->options->on_trace != NULL; i++) {
            records[i].time_ns -= target_epoch;
            runner->options->on_trace(runner->options->context, &records[i]);
        }
    }
}

/* The last lines that matter, oldest first. */
static void add_history(struct runner *runner)
{
    struct lastack_trace_record last[HISTORY_LINES], records[RECORDS];
    struct text *message = &runner->report->message;
    uint64_t cursor = 0;
    size_t count, kept = 0;

    while ((count = lastack_trace_read(runner->target.stack, &cursor, records, RECORDS, NULL)) >
           0) {
        for (size_t i = 0; i < count; i++)
            if (trace_record_matters(&records[i]))
                last[kept++ % HISTORY_LINES] = records[i];
    }
    for (size_t i = kept > HISTORY_LINES ? kept - HISTORY_LINES : 0; i < kept; i++) {
        struct lastack_trace_record *record = &last[i % HISTORY_LINES];

        record->time_ns -= target_epoch;
        text_add(message, "    ");
        trace_record_text(message, record);
        text_add(message, "\n");
    }
}

/* ---- the state ---- */

struct state_search {
    const struct conversation *conversation;
    const char *state;
};

static bool same_endpoint(const struct lastack_endpoint *a, const struct lastack_endpoint *b)
{
    return a->port == b->port && lastack_address_equal(&a->address, &b->address);
}

static bool look_at_row(void *context, const struct lastack_connection_row *row)
{
    struct state_search *search = context;

    if (!same_endpoint(&row->local, &search->conversation->local) ||
        !same_endpoint(&row->remote, &search->conversation->remote))
        return true;
    search->state = lastack_state_text((enum tcp_state)row->state);
    return false;
}

static const char *current_state(const struct runner *runner)
{
    struct state_search search = {runner->current, "-"};
    uint64_t cursor = 0;

    if (runner->current != NULL)
        lastack_rows(runner->target.stack, LASTACK_ROWS_ALL, &cursor, look_at_row, &search);
    return search.state;
}

void runner_report_end(struct runner *runner)
{
    struct drill_report *report = runner->report;

    report->state = current_state(runner);
    report->trace_hash = lastack_trace_hash(runner->target.stack);
    report->lasted_ns = runner->target.now - target_epoch;
    if (report->has_passed)
        return;
    text_addf(&report->message, "    class: %s\n    state: %s\n", drill_class_text(report->class),
              report->state);
    add_history(runner);
}
