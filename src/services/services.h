/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * services.h: what answers on a stack: HTTP on 80, echo 7, discard 9, daytime 13, chargen 19.
 *
 *     event ─▶ services_event ─▶ accept: a new struct service_connection
 *                             └▶ advance: recv, think, send, until the stack says EAGAIN
 *
 * A pure user of lastack/socket.h: no clock, no system call, so the same services run in the
 * simulated world. Readiness is edge-triggered: each event is answered until nothing more can be
 * read or sent.
 *
 * Memory: one small record per connection. A request waits in the stack's own receive queue until
 * its head is complete; a reply is kept only for as long as the stack has not taken it. Bodies are
 * never held.
 */
#ifndef LASTACK_SERVICES_H
#define LASTACK_SERVICES_H

#include <lastack/socket.h>

enum service_kind {
    SERVICE_HTTP,
    SERVICE_ECHO,    /* RFC 862 */
    SERVICE_DISCARD, /* RFC 863 */
    SERVICE_DAYTIME, /* RFC 867 */
    SERVICE_CHARGEN, /* RFC 864 */
    SERVICE_COUNT,
};

/* "http", "echo" ...: also the name of the owner of its sockets. */
const char *service_name(enum service_kind kind);
uint16_t service_port(enum service_kind kind);

struct services_config {
    const char *stack_name;   /* as the page calls it */
    uint32_t max_connections; /* at a time; who comes then is closed at once, and counted */
    int64_t idle_ns;   /* an HTTP connection without a (complete) request is closed after this */
    int64_t linger_ns; /* so long we read on after closing our side with text unread */
    /* Seconds since 1970 UTC, for daytime and HTTP's Date; NULL: neither is served. */
    int64_t (*wall_clock)(void *context);
    void *context;
};

/* max_connections 65536, idle 75 s, linger 5 s, no wall clock. */
void services_config_default(struct services_config *config);

struct services_counters {
    uint64_t accepted[SERVICE_COUNT];
    uint64_t requests, refused_requests; /* HTTP: all, and those answered with 4xx or 5xx */
    uint64_t uploads, upload_bytes;
    uint64_t turned_away; /* max_connections */
    uint64_t timed_out;
    uint64_t failed; /* ended by an error of the connection */
};

struct services;

/* Opens the listeners, for IPv4 and IPv6. NULL, and *error (negative) and *failed, if that fails.
 * */
struct services *services_create(struct lastack *stack, const struct services_config *config,
                                 int *error, enum service_kind *failed);
/* Closes every listener and connection: FINs follow what is queued. */
void services_close_all(struct services *services);
/* The same, and gives the memory back. */
void services_destroy(struct services *services);

/* To be told of every event of the stack; those of other sockets are ignored. */
void services_event(struct services *services, int64_t now, const struct lastack_event *event);
/* When services_tick is to be called at the latest; INT64_MAX: never. */
int64_t services_next_deadline(const struct services *services);
void services_tick(struct services *services, int64_t now);

const struct services_counters *services_counters(const struct services *services);
/* Connections held now. */
uint32_t services_connections(const struct services *services);

#endif
