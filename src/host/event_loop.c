/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * event_loop.c: see event_loop.h.
 *
 * Everything is level-triggered: a link with more packets than one batch is found ready again at
 * once, so links, descriptors and deadlines take turns. Time is read once per call of the stack and
 * never goes back.
 */
#include "event_loop.h"

#include "check.h"
#include "duration.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>
#include <sys/epoll.h>
#include <sys/signalfd.h>
#include <time.h>
#include <unistd.h>

enum {
    READY_MAX = 64,          /* descriptors served per turn */
    OUTPUT_BATCH = 4,        /* packets taken from the stack at once: of the largest, SENT_MAX */
    SENT_MAX = 256 * 1024,   /* bytes sent ... */
    OUTPUT_ROUNDS_MAX = 256, /* ... and batches, before looking at the input again */
    EVENT_ROUND_MAX = 1024,  /* events told before sending what they caused */
    READ_MAX = 1024 * 1024,  /* bytes read before they are answered */
    MEMORY = HOST_LINK_PACKET_MAX + EVENT_LOOP_BATCH_BYTES,
};

/* A watched descriptor: of a link, or of a callback. */
struct watch {
    int fd; /* -1: forgotten, freed at the end of the turn */
    uint32_t events;
    struct host_link *link;
    event_loop_callback *callback;
    void *context;
    struct watch *next;
};

struct event_loop {
    struct lastack *stack;
    struct event_loop_hooks hooks;
    int epoll_fd;
    int signal_fd;
    bool is_stopped;
    bool has_more;    /* a settlement was cut short: do not sleep */
    bool has_settled; /* in this turn */
    struct watch *watches;
    struct lastack_packet_in arrived[EVENT_LOOP_BATCH];
    struct lastack_packet_out leaving[OUTPUT_BATCH];
    uint8_t memory[MEMORY];
};

int64_t event_loop_clock(void)
{
    struct timespec t;

    clock_gettime(CLOCK_MONOTONIC, &t);
    return SEC(t.tv_sec) + t.tv_nsec;
}

struct event_loop *event_loop_create(struct lastack *stack, const struct event_loop_hooks *hooks,
                                     struct trouble *trouble)
{
    struct event_loop *loop = calloc(1, sizeof *loop);

    if (loop == NULL) {
        trouble_set(trouble, ENOMEM, "make an event loop");
        return NULL;
    }
    loop->stack = stack;
    loop->hooks = *hooks;
    loop->signal_fd = -1;
    loop->epoll_fd = epoll_create1(EPOLL_CLOEXEC);
    if (loop->epoll_fd < 0) {
        trouble_set(trouble, errno, "make an epoll descriptor");
        free(loop);
        return NULL;
    }
    return loop;
}

void event_loop_destroy(struct event_loop *loop)
{
    while (loop->watches != NULL) {
        struct watch *watch = loop->watches;

        loop->watches = watch->next;
        if (watch->link != NULL)
            host_link_close(watch->link);
        free(watch);
    }
    if (loop->signal_fd >= 0)
        close(loop->signal_fd);
    close(loop->epoll_fd);
    free(loop);
}

/* ---- watches ---- */

static struct watch *add_watch(struct event_loop *loop, int fd, uint32_t events,
                               struct trouble *trouble)
{
    struct watch *watch = calloc(1, sizeof *watch);
    struct epoll_event event = {.events = events, .data.ptr = watch};

    if (watch == NULL) {
        trouble_set(trouble, ENOMEM, "watch a descriptor");
        return NULL;
    }
    if (epoll_ctl(loop->epoll_fd, EPOLL_CTL_ADD, fd, &event) != 0) {
        trouble_set(trouble, errno, "watch descriptor %d", fd);
        free(watch);
        return NULL;
    }
    watch->fd = fd;
    watch->events = events;
    watch->next = loop->watches;
    loop->watches = watch;
    return watch;
}

static void change_watch(struct event_loop *loop, struct watch *watch, uint32_t events)
{
    struct epoll_event event = {.events = events, .data.ptr = watch};

    if (watch->events == events)
        return;
    watch->events = events;
    CHECK(epoll_ctl(loop->epoll_fd, EPOLL_CTL_MOD, watch->fd, &event) == 0);
}

static struct watch *find_watch(struct event_loop *loop, int fd)
{
    struct watch *watch = loop->watches;

    while (watch != NULL && watch->fd != fd)
        watch = watch->next;
    return watch;
}

bool event_loop_watch(struct event_loop *loop, int fd, uint32_t events,
                      event_loop_callback *callback, void *context, struct trouble *trouble)
{
    struct watch *watch = add_watch(loop, fd, events, trouble);

    if (watch == NULL)
        return false;
    watch->callback = callback;
    watch->context = context;
    return true;
}

void event_loop_change(struct event_loop *loop, int fd, uint32_t events)
{
    struct watch *watch = find_watch(loop, fd);

    CHECK(watch != NULL);
    change_watch(loop, watch, events);
}

void event_loop_forget(struct event_loop *loop, int fd)
{
    struct watch *watch = find_watch(loop, fd);

    CHECK(watch != NULL && watch->link == NULL);
    (void)epoll_ctl(loop->epoll_fd, EPOLL_CTL_DEL, fd, NULL);
    watch->fd = -1; /* epoll may already have reported it in this turn: freed later */
}

static void free_forgotten(struct event_loop *loop)
{
    struct watch **at = &loop->watches;

    while (*at != NULL) {
        struct watch *watch = *at;

        if (watch->fd >= 0) {
            at = &watch->next;
            continue;
        }
        *at = watch->next;
        free(watch);
    }
}

bool event_loop_add_link(struct event_loop *loop, struct host_link *link, struct trouble *trouble)
{
    struct watch *watch;

    if (!host_link_attach(link, loop->stack, trouble))
        return false;
    watch = add_watch(loop, link->fd, EPOLLIN, trouble);
    if (watch == NULL)
        return false;
    watch->link = link;
    return true;
}

/* ---- signals ---- */

static void read_signals(void *context, uint32_t events)
{
    struct event_loop *loop = context;
    struct signalfd_siginfo info;

    (void)events;
    while (read(loop->signal_fd, &info, sizeof info) == (ssize_t)sizeof info)
        if (loop->hooks.signalled != NULL)
            loop->hooks.signalled(loop->hooks.context, (int)info.ssi_signo);
}

bool event_loop_catch(struct event_loop *loop, const sigset_t *signals, struct trouble *trouble)
{
    CHECK(loop->signal_fd < 0);
    if (sigprocmask(SIG_BLOCK, signals, NULL) != 0)
        return trouble_set(trouble, errno, "block signals");
    loop->signal_fd = signalfd(-1, signals, SFD_NONBLOCK | SFD_CLOEXEC);
    if (loop->signal_fd < 0)
        return trouble_set(trouble, errno, "make a signal descriptor");
    return event_loop_watch(loop, loop->signal_fd, EPOLLIN, read_signals, loop, trouble);
}

/* ---- out ---- */

static void traced(struct event_loop *loop, int64_t now)
{
    if (loop->hooks.traced != NULL)
        loop->hooks.traced(loop->hooks.context, now);
}

static struct host_link *link_of(const struct event_loop *loop, uint32_t number)
{
    for (const struct watch *watch = loop->watches; watch != NULL; watch = watch->next)
        if (watch->link != NULL && watch->link->number == number)
            return watch->link;
    return NULL;
}

/* Sends one batch: how many bytes; 0 when there was nothing to send. */
static size_t output_batch(struct event_loop *loop, int64_t now)
{
    size_t sent = 0;
    size_t max = loop->hooks.one_by_one ? 1 : OUTPUT_BATCH;
    size_t count = lastack_output(loop->stack, loop->leaving, max);

    for (size_t i = 0; i < count; i++) {
        const struct lastack_packet_out *packet = &loop->leaving[i];
        struct host_link *link = link_of(loop, packet->link);

        CHECK(link !=
              NULL); /* every link but the loopback, which the stack keeps to itself, is ours */
        host_link_send(link, loop->stack, packet);
        sent += packet->length;
        if (loop->hooks.packet_out != NULL)
            loop->hooks.packet_out(loop->hooks.context, now, packet);
    }
    if (count > 0)
        traced(loop, now);
    return sent;
}

static bool tell_events(struct event_loop *loop, int64_t now)
{
    struct lastack_event event;
    unsigned told = 0;

    for (; told < EVENT_ROUND_MAX && lastack_next_event(loop->stack, &event); told++)
        if (loop->hooks.event != NULL)
            loop->hooks.event(loop->hooks.context, now, &event);
    if (told > 0)
        traced(loop, now);
    return told > 0;
}

/* Output until 0, then events until none, until both are. A stack that is never quiet gets its next
 * turn after the other descriptors have had theirs; and a long stream of text is left alone for a
 * look at the input, where the ACKs of its beginning may be waiting: they give back the pages that
 * its end is then written to, still in the processor's cache. */
static void settle(struct event_loop *loop, int64_t now)
{
    size_t sent = 0;

    loop->has_more = false;
    loop->has_settled = true;
    for (unsigned round = 0; round < OUTPUT_ROUNDS_MAX && sent < SENT_MAX; round++) {
        const size_t part = output_batch(loop, now);
        const bool has_told = tell_events(loop, now);

        if (part == 0 && !has_told)
            return;
        sent += part;
    }
    loop->has_more = true;
}

void event_loop_settle(struct event_loop *loop)
{
    int64_t now = event_loop_clock();

    traced(loop, now);
    settle(loop, now);
    traced(loop, now);
}

static void watch_room(struct event_loop *loop, struct watch *watch)
{
    if (watch->link->is_gone)
        return;
    change_watch(loop, watch, watch->link->wants_room ? EPOLLIN | EPOLLOUT : EPOLLIN);
}

/* ---- in ---- */

static void give(struct event_loop *loop, int64_t now, const struct lastack_packet_in *packets,
                 size_t count)
{
    lastack_input(loop->stack, now, packets, count);
    if (loop->hooks.packet_in != NULL)
        for (size_t i = 0; i < count; i++)
            loop->hooks.packet_in(loop->hooks.context, now, &packets[i]);
    traced(loop, now);
}

static size_t receive(struct event_loop *loop, struct host_link *link)
{
    return host_link_receive(link, loop->memory, sizeof loop->memory, loop->arrived,
                             EVENT_LOOP_BATCH);
}

static void read_one_by_one(struct event_loop *loop, struct host_link *link)
{
    const size_t count = receive(loop, link);

    for (size_t i = 0; i < count; i++) {
        const int64_t now = event_loop_clock();

        give(loop, now, &loop->arrived[i], 1);
        settle(loop, now);
    }
}

/* Batch by batch, each told to the owner, and all answered together. Who reads a batch at once
 * gives its pages back to the next one: so text stays in the processor's cache on its way from the
 * device to the program, and one ACK tells of all of it. */
static void read_batches(struct event_loop *loop, struct host_link *link)
{
    const uint64_t before = link->counters.bytes_in;
    size_t count, packets = 0;
    int64_t now = 0;

    do {
        count = receive(loop, link);
        if (count == 0)
            break;
        now = event_loop_clock();
        packets += count;
        give(loop, now, loop->arrived, count);
        (void)tell_events(loop, now);
    } while (link->has_more && packets < EVENT_LOOP_BATCH &&
             link->counters.bytes_in - before < READ_MAX);
    if (packets > 0)
        settle(loop, now);
}

static void serve_link(struct event_loop *loop, struct watch *watch, uint32_t events)
{
    if (events & EPOLLOUT) {
        host_link_flush(watch->link, loop->stack, event_loop_clock());
        settle(loop, event_loop_clock());
    }
    if (events & ~(uint32_t)EPOLLOUT && loop->hooks.one_by_one)
        read_one_by_one(loop, watch->link);
    else if (events & ~(uint32_t)EPOLLOUT)
        read_batches(loop, watch->link);
    if (watch->link->is_gone) /* or epoll would report its error for ever */
        (void)epoll_ctl(loop->epoll_fd, EPOLL_CTL_DEL, watch->fd, NULL);
}

/* ---- time ---- */

static int64_t owner_deadline(const struct event_loop *loop)
{
    return loop->hooks.next_deadline != NULL ? loop->hooks.next_deadline(loop->hooks.context)
                                             : NEVER;
}

static int64_t next_deadline(const struct event_loop *loop)
{
    int64_t at = min64(lastack_next_deadline(loop->stack), owner_deadline(loop));

    for (const struct watch *watch = loop->watches; watch != NULL; watch = watch->next)
        if (watch->link != NULL)
            at = min64(at, watch->link->retry_at);
    return at;
}

static void retry_links(struct event_loop *loop, int64_t now)
{
    for (struct watch *watch = loop->watches; watch != NULL; watch = watch->next)
        if (watch->link != NULL && watch->link->retry_at <= now)
            host_link_flush(watch->link, loop->stack, now);
}

static void let_time_pass(struct event_loop *loop)
{
    int64_t now = event_loop_clock();

    if (next_deadline(loop) > now)
        return;
    lastack_tick(loop->stack, now);
    traced(loop, now);
    retry_links(loop, now);
    if (owner_deadline(loop) <= now)
        loop->hooks.tick(loop->hooks.context, now);
    settle(loop, now);
}

static int sleep_until(struct event_loop *loop, int64_t until, struct epoll_event *ready)
{
    const bool is_endless = until == NEVER && !loop->has_more;
    int64_t left = loop->has_more ? 0 : max64(until - event_loop_clock(), 0);
    struct timespec pause = {.tv_sec = left / SEC(1), .tv_nsec = left % SEC(1)};
    int count = epoll_pwait2(loop->epoll_fd, ready, READY_MAX, is_endless ? NULL : &pause, NULL);

    /* before Linux 5.11 (or where a filter knows no newer call, EPERM): milliseconds, rounded up so
     * as never to spin */
    if (count < 0 && errno != EINTR)
        count = epoll_wait(loop->epoll_fd, ready, READY_MAX,
                           is_endless ? -1 : (int)min64((left + MS(1) - 1) / MS(1), 1000000));
    CHECK(count >= 0 || errno == EINTR);
    return count > 0 ? count : 0;
}

/* ---- the loop ---- */

static void serve_links(struct event_loop *loop, const struct epoll_event *ready, int count)
{
    for (int i = 0; i < count; i++) {
        struct watch *watch = ready[i].data.ptr;

        if (watch->fd >= 0 && watch->link != NULL)
            serve_link(loop, watch, ready[i].events);
    }
}

/* Says whether any callback was called. */
static bool call_back(const struct epoll_event *ready, int count)
{
    bool was_called = false;

    for (int i = 0; i < count; i++) {
        struct watch *watch = ready[i].data.ptr;

        if (watch->fd < 0 || watch->link != NULL)
            continue;
        watch->callback(watch->context, ready[i].events);
        was_called = true;
    }
    return was_called;
}

/* Packets first: one that waited for us while others had the processor, or while we were stopped,
 * came before the deadlines that passed meanwhile. An ACK that lies there must not be too late. */
static void turn(struct event_loop *loop, int64_t until)
{
    struct epoll_event ready[READY_MAX];
    const bool had_more = loop->has_more;
    bool was_called;
    int count;

    loop->has_settled = false;
    for (struct watch *watch = loop->watches; watch != NULL; watch = watch->next)
        if (watch->link != NULL)
            watch_room(loop, watch);
    count = sleep_until(loop, min64(next_deadline(loop), until), ready);
    serve_links(loop, ready, count);
    let_time_pass(loop);
    was_called = call_back(ready, count);
    free_forgotten(loop);
    if (was_called || (had_more && !loop->has_settled))
        event_loop_settle(loop); /* what the callback did to the stack, or was left over */
}

void event_loop_run(struct event_loop *loop, int64_t until)
{
    loop->is_stopped = false;
    event_loop_settle(loop);
    while (!loop->is_stopped && event_loop_clock() < until)
        turn(loop, until);
}

void event_loop_stop(struct event_loop *loop)
{
    loop->is_stopped = true;
}
