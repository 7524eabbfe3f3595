/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * run_call.c: making calls and judging what they return.
 *
 *     posted ──▶ tried ──▶ returned ──▶ result as the script says? in time?
 *                  ▲  │
 *                  └──┘ after each packet and each deadline
 *
 * TIME...END calls stay posted while the events behind them happen; one at a time. Any other call
 * must return before the script goes on.
 */
#include "calls.h"

#include "call_value.h"
#include "duration.h"
#include "symbols.h"

#include <string.h>

enum { POSTED_WAIT_US = 1000000 };

enum call_outcome call_returns(struct posted_call *posted, int64_t value)
{
    posted->value = value < 0 ? -1 : value;
    posted->error = value < 0 ? (int)-value : 0;
    return CALL_RETURNED;
}

enum call_outcome call_returns_or_waits(struct posted_call *posted,
                                        const struct run_descriptor *descriptor, int64_t value)
{
    if (value == -LASTACK_EAGAIN && !descriptor->is_nonblocking)
        return CALL_WAITS;
    return call_returns(posted, value);
}

static const struct call_row *find_call(const char *name)
{
    static const struct call_row *const tables[] = {calls_on_sockets,    calls_that_transfer,
                                                    calls_on_options,    calls_on_readiness,
                                                    calls_with_messages, calls_on_files};

    for (size_t i = 0; i < sizeof tables / sizeof tables[0]; i++)
        for (const struct call_row *row = tables[i]; row->name != NULL; row++)
            if (strcmp(row->name, name) == 0)
                return row;
    return NULL;
}

/* ---- descriptors ---- */

struct run_descriptor *runner_descriptor(struct runner *runner, int script_fd)
{
    struct run_descriptor *descriptor = runner->descriptors;

    while (descriptor != NULL && descriptor->script != script_fd)
        descriptor = descriptor->next;
    return descriptor; /* the newest with this number */
}

void runner_keep_descriptor(struct runner *runner, int script_fd, const struct run_descriptor *made)
{
    struct run_descriptor *descriptor = script_take(&runner->memory, sizeof *descriptor);

    *descriptor = *made;
    descriptor->script = script_fd;
    descriptor->is_open = true;
    descriptor->next = runner->descriptors;
    runner->descriptors = descriptor;
    if (descriptor->conversation != NULL && descriptor->conversation->script_fd < 0)
        descriptor->conversation->script_fd = script_fd;
}

/* ---- results ---- */

static bool wrong_result(struct runner *runner, const struct posted_call *posted,
                         const char *expected)
{
    const struct drill_call *call = posted->call;

    if (runner->script->settings.non_fatal_call) {
        runner_note(runner, "%s:%u: warning: %s: Expected result %s but got %lld (%s)",
                    runner->script->path, call->place.line, call->name, expected,
                    (long long)posted->value, lastack_error_name(posted->error));
        return true;
    }
    if (posted->error != 0)
        return runner_fail(runner, DRILL_CLASS_BEHAVIOUR, call->place,
                           "runtime error in %s call: Expected result %s but got -1 with errno %d "
                           "(%s: %s)",
                           call->name, expected, posted->error, lastack_error_name(posted->error),
                           lastack_error_text(posted->error));
    return runner_fail(runner, DRILL_CLASS_BEHAVIOUR, call->place,
                       "runtime error in %s call: Expected result %s but got %lld", call->name,
                       expected, (long long)posted->value);
}

/* The name of the error that the script expects was checked by the parser. */
static bool check_error(struct runner *runner, const struct posted_call *posted)
{
    const struct symbol *symbol = symbol_find(posted->call->error);

    if (symbol != NULL && symbol->linux_value == posted->error)
        return true;
    return wrong_result(runner, posted,
                        script_format(&runner->memory, "-1 with errno %s", posted->call->error));
}

static bool check_result(struct runner *runner, const struct posted_call *posted)
{
    const struct drill_value *result = posted->call->result;
    const bool is_flags = strcmp(posted->call->name, "fcntl") == 0;
    int64_t expected;

    if (result->kind == VALUE_ELLIPSIS)
        return true;
    if (!value_number(runner, result, is_flags ? SYMBOL_OPEN : SYMBOL_OTHER, &expected))
        return false;
    if (posted->made.live >= 0 && expected >= 0) { /* any descriptor will do: it is mapped */
        runner_keep_descriptor(runner, (int)expected, &posted->made);
        return true;
    }
    if (expected != posted->value)
        return wrong_result(runner, posted,
                            script_format(&runner->memory, "%lld", (long long)expected));
    return posted->call->error == NULL || check_error(runner, posted);
}

/* A call with an end returns then, give or take a part of its own duration. */
static bool check_end(struct runner *runner, const struct posted_call *posted)
{
    const int64_t now_us = runner_now_us(runner);
    const int64_t tolerance = runner_tolerance_us(runner, posted->due_us - posted->started_us);

    if (!posted->call->is_blocking ||
        (now_us >= posted->due_us - tolerance && now_us <= posted->due_us + tolerance))
        return true;
    return runner_fail(runner, DRILL_CLASS_BEHAVIOUR, posted->call->place,
                       "timing error: expected end of %s call at %.6f sec but it returned at %.6f "
                       "sec; tolerance %.6f sec",
                       posted->call->name, (double)posted->due_us / 1e6, (double)now_us / 1e6,
                       (double)tolerance / 1e6);
}

/* ---- making them ---- */

bool runner_try_posted(struct runner *runner)
{
    struct posted_call posted = runner->posted;
    enum call_outcome outcome;

    if (posted.call == NULL)
        return true;
    outcome = find_call(posted.call->name)->run(runner, &posted);
    target_settle(&runner->target);
    posted.has_begun = true;
    runner->posted = posted;
    if (outcome == CALL_WAITS)
        return true;
    runner->posted.call = NULL;
    runner->posted.waits_for_handshake = false;
    return outcome == CALL_RETURNED && check_end(runner, &posted) && check_result(runner, &posted);
}

bool runner_finish_posted(struct runner *runner)
{
    const struct drill_call *call = runner->posted.call;
    const int64_t wait_us = runner_now_us(runner) + POSTED_WAIT_US;
    const int64_t until = target_epoch + US(wait_us);
    bool is_left = true;

    while (runner->posted.call != NULL && is_left)
        if (!runner_step(runner, until, &is_left))
            return false;
    return runner->posted.call == NULL ||
           runner_fail(runner, DRILL_CLASS_BEHAVIOUR, call->place,
                       "runtime error in %s call: it has not returned by %.6f sec", call->name,
                       (double)runner_now_us(runner) / 1e6);
}

static bool check_arguments(struct runner *runner, const struct drill_call *call,
                            const struct call_row *row)
{
    if (row == NULL)
        return runner_fail(runner, DRILL_CLASS_NOT_SUPPORTED, call->place,
                           "not supported: the call %s", call->name);
    if (call->argument_count >= row->least && call->argument_count <= row->most)
        return true;
    return runner_fail(runner, DRILL_CLASS_SCRIPT, call->place,
                       "%s takes %u%s%.0u arguments, not %u", call->name, row->least,
                       row->least == row->most ? "" : " to ",
                       row->least == row->most ? 0 : row->most, call->argument_count);
}

bool runner_call(struct runner *runner, const struct drill_call *call)
{
    if (!check_arguments(runner, call, find_call(call->name)) ||
        !runner_advance(runner, runner->event_us) ||
        !runner_check_time(runner, call->place, "system call start", runner_now_us(runner)) ||
        !runner_finish_posted(runner))
        return false;
    runner->posted = (struct posted_call){
        .call = call,
        .started_us = runner->event_us,
        .due_us = runner->event_us - runner->event->time_us + call->end_us,
        .deadline = NEVER,
        .made = {.live = -1},
    };
    if (!runner_try_posted(runner))
        return false;
    return call->is_blocking || runner_finish_posted(runner);
}
