/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * call_epoll.c: epoll_create, epoll_ctl, epoll_wait; poll; ioctl.
 *
 * What a script puts into an epoll event beside `events` (fd, ptr, u32, u64) is a number that comes
 * back as it was. A call with a time-out waits, in script time, until there are events.
 */
#include "call_value.h"
#include "calls.h"

#include "check.h"
#include "duration.h"

#include <stdlib.h>

enum { EVENTS_MOST = 1024 };

/* ---- epoll ---- */

static enum call_outcome call_epoll_create(struct runner *runner, struct posted_call *posted)
{
    int64_t size;
    int live;

    if (!value_in_range(runner, call_argument(posted->call, 0), SYMBOL_OTHER, "a size", INT32_MIN,
                        INT32_MAX, &size))
        return CALL_BROKEN;
    if (posted->call->name[sizeof "epoll_create" - 1] == '\0' && size <= 0)
        return call_returns(posted, -LASTACK_EINVAL);
    live = lastack_epoll_create(runner->target.stack, 0);
    posted->made.live = live;
    return call_returns(posted, live);
}

static bool read_event(struct runner *runner, const struct drill_value *value,
                       struct lastack_epoll_event *event)
{
    static const char *const names[] = {"fd", "ptr", "u32", "u64"};
    int64_t events, data = 0;

    if (!value_member_number(runner, value, "events", SYMBOL_EPOLL, 0, &events))
        return false;
    for (size_t i = 0; i < sizeof names / sizeof names[0]; i++)
        if (value_member(value, names[i]) != NULL &&
            !value_member_number(runner, value, names[i], SYMBOL_OTHER, 0, &data))
            return false;
    *event = (struct lastack_epoll_event){(uint32_t)events, (uint64_t)data};
    return true;
}

static enum call_outcome call_epoll_ctl(struct runner *runner, struct posted_call *posted)
{
    const struct drill_value *value = call_argument(posted->call, 3);
    const bool has_event = value->kind != VALUE_NULL && value->kind != VALUE_INTEGER;
    struct run_descriptor epoll, descriptor;
    struct lastack_epoll_event event = {0};
    int64_t operation;

    if (!value_descriptor(runner, call_argument(posted->call, 0), &epoll) ||
        !value_number(runner, call_argument(posted->call, 1), SYMBOL_OTHER, &operation) ||
        !value_descriptor(runner, call_argument(posted->call, 2), &descriptor) ||
        (has_event && !read_event(runner, value, &event)))
        return CALL_BROKEN;
    return call_returns(posted, lastack_epoll_control(runner->target.stack, epoll.live,
                                                      (enum lastack_epoll_operation)operation,
                                                      descriptor.live, has_event ? &event : NULL));
}

/* The events that came against those that the script has, one or [a, list]. */
static bool check_events(struct runner *runner, const struct drill_value *expected,
                         const struct lastack_epoll_event *events, int count)
{
    const struct drill_value *entry = expected->kind == VALUE_LIST ? expected->first : expected;

    for (int i = 0; i < count && entry != NULL; i++, entry = entry->next) {
        struct lastack_epoll_event wanted;

        if (entry->kind != VALUE_STRUCT)
            break; /* ... : whatever came */
        if (!read_event(runner, entry, &wanted))
            return false;
        if (wanted.events != events[i].events)
            return runner_fail(runner, DRILL_CLASS_BEHAVIOUR, entry->place,
                               "epoll_event->events does not match script: expected: 0x%x "
                               "actual: 0x%x",
                               wanted.events, events[i].events);
        if (wanted.data != events[i].data)
            return runner_fail(runner, DRILL_CLASS_BEHAVIOUR, entry->place,
                               "epoll_event->data does not match script: expected: 0x%llx "
                               "actual: 0x%llx",
                               (unsigned long long)wanted.data, (unsigned long long)events[i].data);
        if (expected->kind != VALUE_LIST)
            break;
    }
    return true;
}

/* Sets the end of a call that waits `timeout_ms` at the most; < 0: for ever. */
static void set_deadline(struct runner *runner, struct posted_call *posted, int64_t timeout_ms)
{
    if (!posted->has_begun && timeout_ms >= 0)
        posted->deadline = runner->target.now + MS(timeout_ms);
}

static enum call_outcome call_epoll_wait(struct runner *runner, struct posted_call *posted)
{
    struct lastack_epoll_event *events;
    struct run_descriptor epoll;
    int64_t most, timeout_ms;
    bool is_right;
    int count;

    if (!value_descriptor(runner, call_argument(posted->call, 0), &epoll) ||
        !value_in_range(runner, call_argument(posted->call, 2), SYMBOL_OTHER, "maxevents",
                        INT32_MIN, EVENTS_MOST, &most) ||
        !value_in_range(runner, call_argument(posted->call, 3), SYMBOL_OTHER, "a time-out in ms",
                        -1, INT32_MAX, &timeout_ms))
        return CALL_BROKEN;
    set_deadline(runner, posted, timeout_ms);
    events = calloc(EVENTS_MOST, sizeof *events);
    CHECK(events != NULL);
    count = lastack_epoll_wait(runner->target.stack, epoll.live, events, (int)most);
    if (count == 0 && runner->target.now < posted->deadline) {
        free(events);
        return CALL_WAITS;
    }
    is_right = check_events(runner, call_argument(posted->call, 1), events, count);
    free(events);
    return is_right ? call_returns(posted, count) : CALL_BROKEN;
}

/* ---- poll ---- */

/* Sets *ready to how many are ready; with `checks` their revents must be the script's. */
static bool poll_all(struct runner *runner, const struct drill_value *list, bool checks,
                     int64_t *ready)
{
    const uint32_t always = LASTACK_POLLERR | LASTACK_POLLHUP | LASTACK_POLLNVAL;

    *ready = 0;
    for (const struct drill_value *entry = list->first; entry != NULL; entry = entry->next) {
        const struct drill_value *fd = value_member(entry, "fd");
        struct run_descriptor descriptor;
        int64_t events, expected;
        uint32_t seen;

        if (fd == NULL || !value_descriptor(runner, fd, &descriptor) ||
            !value_member_number(runner, entry, "events", SYMBOL_POLL, 0, &events) ||
            !value_member_number(runner, entry, "revents", SYMBOL_POLL, 0, &expected))
            return fd != NULL || runner_fail(runner, DRILL_CLASS_SCRIPT, entry->place,
                                             "expected {fd=..., events=..., revents=...}");
        seen = 0;
        if (descriptor.script >= 0) /* a negative one is skipped */
            seen =
                lastack_poll(runner->target.stack, descriptor.live) & ((uint32_t)events | always);
        *ready += seen != 0;
        if (checks && seen != expected)
            return runner_fail(runner, DRILL_CLASS_BEHAVIOUR, entry->place,
                               "Bad poll revents: expected: 0x%llx actual: 0x%x",
                               (unsigned long long)expected, seen);
    }
    return true;
}

static enum call_outcome call_poll(struct runner *runner, struct posted_call *posted)
{
    const struct drill_value *list = call_argument(posted->call, 0);
    int64_t timeout_ms, ready;

    if (!value_in_range(runner, call_argument(posted->call, 2), SYMBOL_OTHER, "a time-out in ms",
                        -1, INT32_MAX, &timeout_ms) ||
        !value_is_count(runner, call_argument(posted->call, 1), list) ||
        !poll_all(runner, list, false, &ready))
        return CALL_BROKEN;
    set_deadline(runner, posted, timeout_ms);
    if (ready == 0 && runner->target.now < posted->deadline)
        return CALL_WAITS;
    return poll_all(runner, list, true, &ready) ? call_returns(posted, ready) : CALL_BROKEN;
}

/* ---- ioctl ---- */

static enum call_outcome call_ioctl(struct runner *runner, struct posted_call *posted)
{
    const struct drill_value *value =
        posted->call->argument_count > 2 ? call_argument(posted->call, 2) : NULL;
    struct run_descriptor descriptor;
    int64_t request, expected = 0;
    int seen, result;

    if (!value_descriptor(runner, call_argument(posted->call, 0), &descriptor) ||
        !value_in_range(runner, call_argument(posted->call, 1), SYMBOL_IOCTL, "a request", 0,
                        UINT32_MAX, &request) ||
        (value != NULL && value->kind != VALUE_ELLIPSIS &&
         !value_number(runner, value, SYMBOL_OTHER, &expected)))
        return CALL_BROKEN;
    seen = (int)expected;
    result = lastack_ioctl(runner->target.stack, descriptor.live, (unsigned)request, &seen);
    if (result == 0 && request == LASTACK_FIONBIO)
        runner_descriptor(runner, descriptor.script)->is_nonblocking = expected != 0;
    if (result == 0 && value != NULL && value->kind != VALUE_ELLIPSIS && seen != expected) {
        runner_fail(runner, DRILL_CLASS_BEHAVIOUR, value->place,
                    "Bad ioctl value: expected: %lld actual: %d", (long long)expected, seen);
        return CALL_BROKEN;
    }
    return call_returns(posted, result);
}

const struct call_row calls_on_readiness[] = {
    {"epoll_create", 1, 1, call_epoll_create},
    {"epoll_create1", 1, 1, call_epoll_create},
    {"epoll_ctl", 4, 4, call_epoll_ctl},
    {"epoll_wait", 4, 4, call_epoll_wait},
    {"poll", 3, 3, call_poll},
    {"ioctl", 2, 3, call_ioctl},
    {NULL, 0, 0, NULL},
};
