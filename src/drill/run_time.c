/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * run_time.c: script time, microseconds since the start, over the target's nanoseconds.
 *
 *     +.1 counts from now, where the event before ended; but an inbound packet behind an inbound
 *     one counts from when that one should have come.
 *
 * Something is on time if it is off by no more than the larger of --tolerance_usecs and
 * --tolerance_percent of the script time since the event before (of a call's end: since its start).
 */
#include "runner.h"

#include "duration.h"

enum { STEPS_MAX = 10000000 };

int64_t runner_now_us(const struct runner *runner)
{
    return (runner->target.now - target_epoch) / US(1);
}

static bool is_inbound(const struct drill_event *event)
{
    return event->kind == EVENT_PACKET && event->action.packet->direction == DRILL_IN;
}

void runner_set_event_time(struct runner *runner, const struct drill_event *event)
{
    const bool is_relative =
        event->time_kind == TIME_RELATIVE || event->time_kind == TIME_RELATIVE_RANGE;
    int64_t base = is_relative || event->time_kind == TIME_ANY ? runner_now_us(runner) : 0;

    if (is_relative && is_inbound(event) && runner->before_was_inbound)
        base = runner->before_us;
    runner->event = event;
    runner->event_us = base + event->time_us;
    runner->event_end_us = runner->event_us;
    if (event->time_kind == TIME_ABSOLUTE_RANGE || event->time_kind == TIME_RELATIVE_RANGE)
        runner->event_end_us = base + event->time_end_us;
    if (event->time_kind == TIME_ANY)
        runner->event_us = runner->event_end_us = base;
}

bool runner_step(struct runner *runner, int64_t until, bool *is_left)
{
    const bool has_deadline = runner->posted.call != NULL && runner->posted.deadline < until;
    const uint64_t steps_max = runner->options->steps_max;

    if (++runner->steps > (steps_max != 0 ? steps_max : STEPS_MAX))
        return runner_fail(runner, DRILL_CLASS_NOT_SUPPORTED, runner->event->place,
                           "the stack does too much by itself: more than %llu deadlines",
                           (unsigned long long)(runner->steps - 1));
    (void)target_step(&runner->target, has_deadline ? runner->posted.deadline : until);
    *is_left = runner->target.now < until;
    if (runner->options->on_trace != NULL)
        runner_tell_trace(runner);
    return runner_try_posted(runner);
}

bool runner_advance(struct runner *runner, int64_t until_us)
{
    const int64_t until = target_epoch + US(until_us);
    bool is_left = until > runner->target.now;

    while (is_left)
        if (!runner_step(runner, until, &is_left))
            return false;
    return true;
}

int64_t runner_tolerance_us(const struct runner *runner, int64_t since_us)
{
    const struct drill_settings *settings = &runner->script->settings;

    return max64(settings->tolerance_us, since_us * settings->tolerance_millis / 1000);
}

bool runner_check_time(struct runner *runner, struct place place, const char *what,
                       int64_t actual_us)
{
    const int64_t since_us = runner->has_before ? runner->event_us - runner->before_us : 0;
    const int64_t tolerance = runner_tolerance_us(runner, since_us);

    if (runner->event->time_kind == TIME_ANY)
        return true;
    if (actual_us >= runner->event_us - tolerance && actual_us <= runner->event_end_us + tolerance)
        return true;
    return runner_fail(runner, DRILL_CLASS_BEHAVIOUR, place,
                       "timing error: expected %s at %.6f sec but happened at %.6f sec; "
                       "tolerance %.6f sec",
                       what, (double)runner->event_us / 1e6, (double)actual_us / 1e6,
                       (double)tolerance / 1e6);
}
