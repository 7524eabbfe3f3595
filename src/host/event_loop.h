/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * event_loop.h: drives one stack on the host: one epoll, any number of links, descriptors and one
 * clock.
 *
 *     ┌─▶ sleep in epoll until a packet, a descriptor, or min(stack, links, owner's deadline)
 *     │     packets ─▶ lastack_input, in batches of 64 packets or a large one; events ─▶ owner
 *     │     time    ─▶ lastack_tick
 *     │   settle: lastack_output until 0 ─▶ links; lastack_next_event until none ─▶ owner
 *     └─────┘
 *
 * The owner is told everything through a table of hooks: events for services, packets and the
 * moments after each call for whoever captures or narrates. Every hook may be NULL. Hooks may call
 * the stack's socket functions; what they cause is fetched before the loop sleeps.
 */
#ifndef LASTACK_EVENT_LOOP_H
#define LASTACK_EVENT_LOOP_H

#include "host_link.h"

#include <signal.h>

/* A batch ends with the packet that begins behind the first 48 KiB: one large frame, or many small
 * packets. */
enum { EVENT_LOOP_BATCH = 64, EVENT_LOOP_BATCH_BYTES = 48 * 1024 };

struct event_loop_hooks {
    void *context;
    void (*event)(void *context, int64_t now, const struct lastack_event *event);
    /* When `tick` is to be called at the latest (absolute ns, INT64_MAX: never). */
    int64_t (*next_deadline)(void *context);
    void (*tick)(void *context, int64_t now);
    /* A packet was given to the stack / was taken from it: called after that, so the trace tells
     * its effects. */
    void (*packet_in)(void *context, int64_t now, const struct lastack_packet_in *packet);
    void (*packet_out)(void *context, int64_t now, const struct lastack_packet_out *packet);
    /* The stack was called: there may be new trace records. */
    void (*traced)(void *context, int64_t now);
    /* SIGINT, SIGTERM ...: see event_loop_catch. */
    void (*signalled)(void *context, int signal_number);
    /* One packet per call of the stack, so that each packet's effects can be told apart. Slower. */
    bool one_by_one;
};

typedef void event_loop_callback(void *context, uint32_t epoll_events);

struct event_loop;

/* `stack` and `hooks` must outlive the loop. NULL and trouble if the system has no descriptors
 * left. */
struct event_loop *event_loop_create(struct lastack *stack, const struct event_loop_hooks *hooks,
                                     struct trouble *trouble);
/* Closes the loop's own descriptors and the links that were added. */
void event_loop_destroy(struct event_loop *loop);

/* Attaches a link to the stack and drives it. The link is the caller's memory and must outlive the
 * loop. */
bool event_loop_add_link(struct event_loop *loop, struct host_link *link, struct trouble *trouble);

/* Calls back while `fd` has one of these epoll events (level-triggered). The descriptor stays the
 * caller's. */
bool event_loop_watch(struct event_loop *loop, int fd, uint32_t events,
                      event_loop_callback *callback, void *context, struct trouble *trouble);
/* Other events for a watched descriptor. */
void event_loop_change(struct event_loop *loop, int fd, uint32_t events);
/* Before the descriptor is closed. */
void event_loop_forget(struct event_loop *loop, int fd);

/* These signals, from now on blocked, are told to the `signalled` hook. */
bool event_loop_catch(struct event_loop *loop, const sigset_t *signals, struct trouble *trouble);

/* Nanoseconds of CLOCK_MONOTONIC: the stack's time. */
int64_t event_loop_clock(void);

/* Runs until event_loop_stop, or until `until` (INT64_MAX: no end). */
void event_loop_run(struct event_loop *loop, int64_t until);
void event_loop_stop(struct event_loop *loop);

/* After socket calls from outside the loop: sends what they caused. */
void event_loop_settle(struct event_loop *loop);

#endif
