/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * so_readiness.c: poll, epoll_create, epoll_ctl, epoll_wait. Time-outs are virtual time.
 */
#include "session.h"

#include "duration.h"

enum { ENTRIES_MOST = 256 };

static int64_t deadline_of(const struct session *session, int timeout_ms)
{
    return timeout_ms < 0 ? INT64_MAX : session->target.now + MS((int64_t)timeout_ms);
}

/* Nothing by the deadline is 0, no error. */
static int64_t await_ready(struct session *session, int timeout_ms, session_attempt *attempt,
                           void *context)
{
    const int64_t value = session_wait(session, deadline_of(session, timeout_ms), attempt, context);

    return value == -LASTACK_EAGAIN ? 0 : value;
}

/* ---- poll ---- */

struct polling {
    struct lastack_pollfd entries[ENTRIES_MOST];
    size_t count;
};

static int64_t try_poll(struct session *session, void *context)
{
    struct polling *polling = context;
    const int ready = lastack_poll_many(session->target.stack, polling->entries, polling->count);

    return ready == 0 ? -LASTACK_EAGAIN : ready;
}

static int so_poll(void *userdata, struct pollfd *entries, nfds_t count, int timeout_ms)
{
    struct session *session = session_enter(userdata);
    struct polling polling = {.count = count};
    int64_t value;

    if (count > ENTRIES_MOST)
        return (int)session_leave(session, -LASTACK_EINVAL);
    for (size_t i = 0; i < count; i++) {
        const int live = session_live(session, entries[i].fd);

        /* a number that is nobody's is told as POLLNVAL */
        polling.entries[i] = (struct lastack_pollfd){.descriptor = entries[i].fd < 0 ? -1
                                                                   : live < 0        ? INT32_MAX
                                                                                     : live,
                                                     .events = (uint16_t)entries[i].events};
    }
    value = await_ready(session, timeout_ms, try_poll, &polling);
    for (size_t i = 0; i < count; i++)
        entries[i].revents = (short)polling.entries[i].revents;
    return (int)session_leave(session, value);
}

/* ---- epoll ---- */

static int so_epoll_create(void *userdata, int size)
{
    struct session *session = session_enter(userdata);

    if (size <= 0)
        return (int)session_leave(session, -LASTACK_EINVAL);
    return (int)session_leave(
        session, session_new_fd(session, lastack_epoll_create(session->target.stack, 0)));
}

static int so_epoll_ctl(void *userdata, int epoll, int operation, int fd, struct epoll_event *event)
{
    struct session *session = session_enter(userdata);
    const int live_epoll = session_live(session, epoll);
    const int live = session_live(session, fd);
    struct lastack_epoll_event own = {0};

    if (live_epoll < 0 || live < 0)
        return (int)session_leave(session, -LASTACK_EBADF);
    if (event != NULL)
        own = (struct lastack_epoll_event){event->events, event->data.u64};
    return (int)session_leave(session,
                              lastack_epoll_control(session->target.stack, live_epoll,
                                                    (enum lastack_epoll_operation)operation, live,
                                                    event != NULL ? &own : NULL));
}

struct epoll_waiting {
    int live, most;
    struct lastack_epoll_event events[ENTRIES_MOST];
};

static int64_t try_epoll(struct session *session, void *context)
{
    struct epoll_waiting *waiting = context;
    const int count =
        lastack_epoll_wait(session->target.stack, waiting->live, waiting->events, waiting->most);

    return count == 0 ? -LASTACK_EAGAIN : count;
}

static int so_epoll_wait(void *userdata, int epoll, struct epoll_event *events, int most,
                         int timeout_ms)
{
    struct session *session = session_enter(userdata);
    struct epoll_waiting waiting = {.live = session_live(session, epoll),
                                    .most = most < ENTRIES_MOST ? most : ENTRIES_MOST};
    int64_t value;

    if (waiting.live < 0 || most <= 0)
        return (int)session_leave(session, waiting.live < 0 ? waiting.live : -LASTACK_EINVAL);
    value = await_ready(session, timeout_ms, try_epoll, &waiting);
    for (int64_t i = 0; i < value; i++) {
        events[i].events = waiting.events[i].events;
        events[i].data.u64 = waiting.events[i].data;
    }
    return (int)session_leave(session, value);
}

void so_fill_readiness(struct packetdrill_interface *interface)
{
    interface->poll = so_poll;
    interface->epoll_create = so_epoll_create;
    interface->epoll_ctl = so_epoll_ctl;
    interface->epoll_wait = so_epoll_wait;
}
