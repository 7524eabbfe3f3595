/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * relay.h: Linux and lastack through one and the same bad link, in real time.
 *
 *     near 192.0.2.1  kernel's TCP ─ tun ─┐                                ┌─ tun ─ kernel's TCP
 *                                         ├─▶ sim_link: loss, rate ... ────▶      far 192.0.2.2
 *     ours 192.0.2.3  our stack ──────────┘ ◀─────────── sim_link ─────────◀
 *
 * The kernel here has no netem, so the link is ours: the same code and the same seed whoever sends.
 * The two kernel ends live in network namespaces of their own, made by this process; a socket stays
 * with the namespace in which it was opened, so one process and one thread drive everything. The
 * tuns have no offloads: what crosses the link are packets of at most the MTU.
 *
 * Invariant: a packet in a sim_link is in nobody else's queue; time is CLOCK_MONOTONIC everywhere.
 */
#ifndef LASTACK_RELAY_H
#define LASTACK_RELAY_H

#include "sim_link.h"
#include "stack_memory.h"

#include <lastack/lastack.h>

#include <stdio.h>

enum relay_direction { RELAY_FORWARD, RELAY_BACK, RELAY_DIRECTIONS };

enum { RELAY_MTU = 1500, RELAY_PORT = 9, RELAY_FLOWS_MAX = 4 };

#define RELAY_TRACE_NS INT64_C(20000000)

struct relay_config {
    struct sim_recipe recipe[RELAY_DIRECTIONS];
    uint64_t seed;
    unsigned kernel_senders, our_senders; /* together at most RELAY_FLOWS_MAX */
    uint64_t bytes;                       /* each sender has so many; 0: without end */
    /* True: this packet towards the receiver is lost, whatever the link would do. NULL: never. */
    bool (*drops)(void *context, const uint8_t *packet, uint32_t length);
    void *context;
    FILE *trace; /* every RELAY_TRACE_NS a line for each sender; NULL: none */
};

/* One sender and its receiver, which is always the far kernel. */
struct relay_flow {
    bool is_ours;
    int sender;       /* the near kernel's descriptor, or ours */
    int receiver;     /* the far kernel's; -1: not accepted yet */
    uint64_t left;    /* to send; UINT64_MAX: without end */
    uint64_t got;     /* read by the receiver */
    int64_t began_at; /* connect() */
    int64_t ended_at; /* the receiver read the last byte; 0: not yet */
};

struct relay {
    struct relay_config config;
    struct sim_link link[RELAY_DIRECTIONS];
    struct relay_flow flow[RELAY_FLOWS_MAX];
    unsigned flow_count;
    int tun[RELAY_DIRECTIONS]; /* of the side from which that direction starts */
    int listener, epoll;
    struct lastack *stack; /* NULL: no sender is ours */
    struct stack_memory memory;
    uint64_t refused; /* frames that the far tun would not take */
    int64_t trace_at; /* the next lines are due */
};

/* Makes namespaces, tuns, sockets and, where our_senders > 0, a stack with the parameters of the
 * linux profile; every sender uses CUBIC, and it is asked whether it really does. The process must
 * have one thread, and stays in the last namespace: fork first. */
bool relay_open(struct relay *relay, const struct relay_config *config, struct trouble *trouble);
/* All senders connect, one after the other, and send until `length_ns` is over, or, where bytes are
 * counted, until every receiver has all. False: a connection failed. */
bool relay_run(struct relay *relay, int64_t length_ns, struct trouble *trouble);
void relay_close(struct relay *relay);

#endif
