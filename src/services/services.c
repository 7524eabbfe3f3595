/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * services.c: listeners, the table of connections, time. What each service does is in http.c and
 * small_services.c.
 *
 * The `user` number of a socket (lastack_set_user) names it: LISTENER + kind, or the connection's
 * index. An event whose descriptor is not that connection's is a leftover of a closed one, and
 * ignored.
 */
#include "service_connection.h"

#include "check.h"
#include "duration.h"

#include <stdlib.h>
#include <string.h>

#define LISTENER ((uint64_t)1 << 32)

static const struct {
    const char *name;
    uint16_t port;
    service_advance *advance;
} kinds[SERVICE_COUNT] = {
    [SERVICE_HTTP] = {"http", 80, http_advance},
    [SERVICE_ECHO] = {"echo", 7, echo_advance},
    [SERVICE_DISCARD] = {"discard", 9, discard_advance},
    [SERVICE_DAYTIME] = {"daytime", 13, daytime_advance},
    [SERVICE_CHARGEN] = {"chargen", 19, chargen_advance},
};

const char *service_name(enum service_kind kind)
{
    return kinds[kind].name;
}

uint16_t service_port(enum service_kind kind)
{
    return kinds[kind].port;
}

void services_config_default(struct services_config *config)
{
    *config = (struct services_config){
        .stack_name = "lastack", .max_connections = 65536, .idle_ns = SEC(75), .linger_ns = SEC(5)};
}

/* ---- listeners ---- */

static int listen_on(struct services *services, enum service_kind kind, enum lastack_domain domain)
{
    struct lastack_endpoint any = {.port = kinds[kind].port};
    uint32_t owner = 1 + (uint32_t)kind;
    int descriptor = lastack_socket(services->stack, domain, LASTACK_SOCK_STREAM, owner), error;

    if (descriptor < 0)
        return descriptor;
    if (domain == LASTACK_AF_INET)
        any.address = lastack_ipv4(0, 0, 0, 0);
    else
        (void)lastack_set_option(services->stack, descriptor, LASTACK_IPV6_V6ONLY, 1);
    (void)lastack_set_option(services->stack, descriptor, LASTACK_SO_REUSEADDR, 1);
    error = lastack_bind(services->stack, descriptor, &any);
    if (error == 0)
        error = lastack_listen(services->stack, descriptor, 511);
    if (error == 0)
        error = lastack_set_user(services->stack, descriptor, LISTENER + (uint64_t)kind);
    if (error == 0)
        return descriptor;
    (void)lastack_close(services->stack, descriptor);
    return error;
}

static int open_kind(struct services *services, enum service_kind kind)
{
    static const enum lastack_domain domains[2] = {LASTACK_AF_INET, LASTACK_AF_INET6};

    (void)lastack_name_owner(services->stack, 1 + (uint32_t)kind, kinds[kind].name);
    for (unsigned i = 0; i < 2; i++) {
        services->listeners[kind][i] = listen_on(services, kind, domains[i]);
        if (services->listeners[kind][i] < 0)
            return services->listeners[kind][i];
    }
    return 0;
}

struct services *services_create(struct lastack *stack, const struct services_config *config,
                                 int *error, enum service_kind *failed)
{
    struct services *services = calloc(1, sizeof *services);

    *failed = SERVICE_HTTP;
    *error = -LASTACK_ENOMEM;
    if (services == NULL)
        return NULL;
    services->stack = stack;
    services->config = *config;
    memset(services->listeners, 0xff, sizeof services->listeners); /* -1 */
    for (enum service_kind kind = SERVICE_HTTP; kind < SERVICE_COUNT; kind++) {
        if (kind == SERVICE_DAYTIME && config->wall_clock == NULL)
            continue;
        *failed = kind;
        *error = open_kind(services, kind);
        if (*error != 0) {
            services_destroy(services);
            return NULL;
        }
    }
    return services;
}

/* ---- the table of connections ---- */

/* Doubles the table; the new indexes go on the free list. */
static bool grow(struct services *services)
{
    uint32_t count = services->index_count > 0 ? 2 * services->index_count : 16;
    struct service_connection **connections =
        realloc(services->connections, count * sizeof connections[0]);
    uint32_t *free_indexes;

    if (connections == NULL)
        return false;
    services->connections = connections;
    free_indexes = realloc(services->free_indexes, count * sizeof free_indexes[0]);
    if (free_indexes == NULL)
        return false;
    services->free_indexes = free_indexes;
    for (uint32_t index = count; index-- > services->index_count;) {
        connections[index] = NULL;
        free_indexes[services->free_count++] = index;
    }
    services->index_count = count;
    return true;
}

static struct service_connection *new_connection(struct services *services, enum service_kind kind,
                                                 int descriptor)
{
    struct service_connection *connection;

    if (services->connection_count >= services->config.max_connections)
        return NULL;
    if (services->free_count == 0 && !grow(services))
        return NULL;
    connection = calloc(1, sizeof *connection);
    if (connection == NULL)
        return NULL;
    connection->descriptor = descriptor;
    connection->kind = kind;
    connection->accepted_at = services->now;
    connection->index = services->free_indexes[--services->free_count];
    services->connections[connection->index] = connection;
    services->connection_count++;
    return connection;
}

static void drop(struct services *services, struct service_connection *connection)
{
    service_wait_in(services, connection, SERVICE_WAIT_NONE);
    services->connections[connection->index] = NULL;
    services->free_indexes[services->free_count++] = connection->index;
    services->connection_count--;
    free(connection->pending);
    free(connection);
}

void services_close_all(struct services *services)
{
    for (uint32_t i = 0; i < services->index_count; i++) {
        struct service_connection *connection = services->connections[i];

        if (connection == NULL)
            continue;
        (void)lastack_close(services->stack, connection->descriptor);
        drop(services, connection);
    }
    for (unsigned i = 0; i < SERVICE_COUNT; i++) {
        for (unsigned j = 0; j < 2; j++) {
            if (services->listeners[i][j] >= 0)
                (void)lastack_close(services->stack, services->listeners[i][j]);
            services->listeners[i][j] = -1;
        }
    }
}

void services_destroy(struct services *services)
{
    services_close_all(services);
    free(services->connections);
    free(services->free_indexes);
    free(services);
}

/* ---- events ---- */

static void advance(struct services *services, struct service_connection *connection)
{
    enum service_verdict verdict = kinds[connection->kind].advance(services, connection);

    if (verdict == SERVICE_LIVES)
        return;
    services->counters.failed += verdict == SERVICE_FAILED;
    (void)lastack_close(services->stack, connection->descriptor);
    drop(services, connection);
}

/* Takes every finished connection. */
static void accept_all(struct services *services, enum service_kind kind, int listener)
{
    int descriptor;

    while ((descriptor = lastack_accept(services->stack, listener, NULL)) >= 0) {
        struct service_connection *connection = new_connection(services, kind, descriptor);

        if (connection == NULL) {
            services->counters.turned_away++;
            (void)lastack_close(services->stack, descriptor);
            continue;
        }
        services->counters.accepted[kind]++;
        (void)lastack_set_user(services->stack, descriptor, connection->index);
        (void)lastack_set_option(services->stack, descriptor, LASTACK_TCP_NODELAY, 1);
        advance(services, connection);
    }
}

void services_event(struct services *services, int64_t now, const struct lastack_event *event)
{
    struct service_connection *connection;

    services->now = now;
    if (event->user >= LISTENER) {
        uint64_t kind = event->user - LISTENER;

        if (kind < SERVICE_COUNT && (services->listeners[kind][0] == event->descriptor ||
                                     services->listeners[kind][1] == event->descriptor))
            accept_all(services, (enum service_kind)kind, event->descriptor);
        return;
    }
    if (event->user >= services->index_count)
        return;
    connection = services->connections[event->user];
    if (connection != NULL && connection->descriptor == event->descriptor)
        advance(services, connection);
}

/* ---- time ---- */

void service_wait_in(struct services *services, struct service_connection *connection,
                     enum service_wait wait)
{
    enum service_wait old = connection->wait;

    if (old != SERVICE_WAIT_NONE) {
        if (connection->earlier != NULL)
            connection->earlier->later = connection->later;
        else
            services->waiting[old].first = connection->later;
        if (connection->later != NULL)
            connection->later->earlier = connection->earlier;
        else
            services->waiting[old].last = connection->earlier;
    }
    connection->wait = wait;
    if (wait == SERVICE_WAIT_NONE)
        return;
    connection->wait_until =
        time_after(services->now, wait == SERVICE_WAIT_IDLE ? services->config.idle_ns
                                                            : services->config.linger_ns);
    connection->later = NULL;
    connection->earlier = services->waiting[wait].last;
    if (connection->earlier != NULL)
        connection->earlier->later = connection;
    else
        services->waiting[wait].first = connection;
    services->waiting[wait].last = connection;
}

int64_t services_next_deadline(const struct services *services)
{
    int64_t deadline = NEVER;

    for (enum service_wait wait = SERVICE_WAIT_IDLE; wait < SERVICE_WAIT_COUNT; wait++)
        if (services->waiting[wait].first != NULL)
            deadline = min64(deadline, services->waiting[wait].first->wait_until);
    return deadline;
}

void services_tick(struct services *services, int64_t now)
{
    services->now = now;
    for (enum service_wait wait = SERVICE_WAIT_IDLE; wait < SERVICE_WAIT_COUNT; wait++) {
        struct service_connection *first;

        while ((first = services->waiting[wait].first) != NULL && first->wait_until <= now) {
            services->counters.timed_out++;
            (void)lastack_close(services->stack, first->descriptor);
            drop(services, first);
        }
    }
}

/* ---- what every service uses ---- */

/* Sends until all is sent or the stack says EAGAIN, which a short count is not: only EAGAIN
 * promises an event when there is room. Returns how much was sent, or a negative error. */
static int64_t send_all(struct services *services, const struct service_connection *connection,
                        const uint8_t *text, size_t length, uint32_t flags)
{
    size_t done = 0;

    while (done < length) {
        int64_t sent = lastack_send(services->stack, connection->descriptor, text + done,
                                    length - done, flags);

        if (sent == -LASTACK_EAGAIN)
            break;
        if (sent < 0)
            return sent;
        done += (size_t)sent;
    }
    return (int64_t)done;
}

enum service_verdict service_send_text(struct services *services,
                                       struct service_connection *connection, const void *text,
                                       size_t length, bool more_follows)
{
    int64_t sent =
        send_all(services, connection, text, length, more_follows ? LASTACK_MSG_MORE : 0);

    CHECK(connection->pending == NULL);
    if (sent < 0)
        return SERVICE_FAILED;
    if ((size_t)sent == length)
        return SERVICE_LIVES;
    connection->pending_length = length - (size_t)sent;
    connection->pending_at = 0;
    connection->pending = malloc(connection->pending_length);
    if (connection->pending == NULL)
        return SERVICE_FAILED;
    memcpy(connection->pending, (const uint8_t *)text + sent, connection->pending_length);
    return SERVICE_LIVES;
}

enum service_verdict service_flush(struct services *services, struct service_connection *connection)
{
    int64_t sent;

    if (connection->pending == NULL)
        return SERVICE_LIVES;
    sent = send_all(services, connection, connection->pending + connection->pending_at,
                    connection->pending_length - connection->pending_at, 0);
    if (sent < 0)
        return SERVICE_FAILED;
    connection->pending_at += (size_t)sent;
    if (connection->pending_at == connection->pending_length) {
        free(connection->pending);
        connection->pending = NULL;
    }
    return SERVICE_LIVES;
}

int service_peek(struct services *services, struct service_connection *connection,
                 struct lastack_iovec pieces[SERVICE_PIECES])
{
    int count = lastack_recv_peek(services->stack, connection->descriptor, pieces, SERVICE_PIECES);

    if (count != 0)
        return count;
    /* Nothing there: for now, or for ever? */
    return (int)lastack_recv(services->stack, connection->descriptor, services->scratch, 1,
                             LASTACK_MSG_PEEK);
}

void service_read_done(struct services *services, struct service_connection *connection,
                       size_t length)
{
    CHECK(lastack_recv_done(services->stack, connection->descriptor, length) >= 0);
}

int service_discard(struct services *services, struct service_connection *connection)
{
    struct lastack_iovec pieces[SERVICE_PIECES];
    int count;

    while ((count = service_peek(services, connection, pieces)) > 0) {
        size_t length = 0;

        for (int i = 0; i < count; i++)
            length += pieces[i].length;
        service_read_done(services, connection, length);
    }
    return count;
}

const struct services_counters *services_counters(const struct services *services)
{
    return &services->counters;
}

uint32_t services_connections(const struct services *services)
{
    return services->connection_count;
}
