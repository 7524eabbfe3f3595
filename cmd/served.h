/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * served.h: a stack on one link of the host, with its services, its control socket and one clock:
 * what `run` and `serve` have in common.
 *
 *     link ─▶ event loop ─▶ stack ─▶ services
 *                 │           └────▶ trace ─▶ viewer
 *                 └─ control socket: ss, kill, sysctl --stack
 */
#ifndef LASTACK_SERVED_H
#define LASTACK_SERVED_H

#include "control.h"
#include "services.h"
#include "stack_memory.h"
#include "viewer.h"

enum { SERVED_ADDRESSES_MAX = 4 };

struct served_address {
    struct lastack_address address;
    unsigned prefix_length;
};

struct served_config {
    const char *name; /* of the stack, for the control socket */
    struct lastack_params params;
    struct served_address addresses[SERVED_ADDRESSES_MAX];
    unsigned address_count;
    struct viewer *viewer; /* whom everything is shown to */
    void *context;
    void (*signalled)(void *context, int signal_number); /* SIGINT, SIGTERM */
};

struct served {
    struct stack_memory memory;
    struct lastack *stack;
    struct event_loop *loop;
    struct services *services;
    struct control *control;
    struct host_link *link;
    struct viewer *viewer;
    void *context;
    void (*signalled)(void *context, int signal_number);
    int64_t started_at;
};

/* 192.0.2.1/24 and 2001:db8::1/64. */
void served_default_addresses(struct served_config *config);

/* Takes the link over, also when it fails. */
bool served_open(struct served *served, const struct served_config *config, struct host_link *link,
                 struct trouble *trouble);
void served_close(struct served *served);

/* Connections that still have something to do, and TIME-WAIT records. */
uint32_t served_connections(const struct served *served);
uint32_t served_time_waits(const struct served *served);

#endif
