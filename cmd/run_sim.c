/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * run_sim.c: see run_sim.h.
 *
 *     host 1: the client ── 10 ms ──▶ host 0: services, seen by the viewer
 *
 * The viewer shall see a packet when it arrives, not when it is sent: what travels towards host 0
 * is kept and shown when the link says that it has delivered one more. The link neither loses nor
 * reorders.
 */
#include "run_sim.h"

#include "check.h"
#include "duration.h"
#include "entropy.h"
#include "services.h"
#include "sim_world.h"

#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#define ONE_WAY_NS  MS(10)
#define RATE_BPS    UINT64_C(100000000) /* so no two packets arrive at one instant */
#define PATIENCE_NS (SEC(3600))         /* of virtual time; the longest 2MSL fits */

enum { SERVER, CLIENT, HEAD_MAX = 16384 };

/* A packet on its way to the server. */
struct under_way {
    struct under_way *next;
    uint32_t length;
    uint8_t data[];
};

struct exchange {
    struct sim_world world;
    struct services *services;
    struct viewer *viewer;
    struct under_way *first, **last; /* in the order in which they will arrive */
    uint64_t shown;                  /* how many have */
    /* the client */
    const char *path;
    bool is_ipv6;
    int descriptor;
    bool has_asked, is_over, is_whole;
    char head[HEAD_MAX]; /* of the answer, until its empty line */
    size_t head_length;
    bool in_body;
};

/* ---- what the viewer sees ---- */

static void show_arrived(struct exchange *exchange, int64_t now)
{
    struct under_way *packet;

    while (exchange->shown < exchange->world.host[CLIENT].out.delivered) {
        struct lastack_packet_in in = {.link = 1};

        packet = exchange->first;
        in.data = packet->data;
        in.length = packet->length;
        exchange->shown++;
        exchange->first = packet->next;
        if (exchange->first == NULL)
            exchange->last = &exchange->first;
        viewer_packet_in(exchange->viewer, now, &in);
        free(packet);
    }
}

static void on_packet(void *context, int64_t now, unsigned host, const uint8_t *data,
                      uint32_t length)
{
    struct exchange *exchange = context;
    const uint32_t head = length < LASTACK_HEADER_MAX ? length : LASTACK_HEADER_MAX;
    struct lastack_packet_out out = {.link = 1, .iov_count = 2, .length = length};
    struct under_way *packet;

    show_arrived(exchange, now);
    if (host == SERVER) {
        out.iov[0] = (struct lastack_iovec){data, head};
        out.iov[1] = (struct lastack_iovec){data + head, length - head};
        viewer_packet_out(exchange->viewer, now, &out);
        return;
    }
    packet = malloc(sizeof *packet + length);
    CHECK(packet != NULL);
    *packet = (struct under_way){.length = length};
    memcpy(packet->data, data, length);
    *exchange->last = packet;
    exchange->last = &packet->next;
}

/* ---- the client ---- */

static void ask(struct exchange *exchange)
{
    char request[400];
    int length =
        snprintf(request, sizeof request,
                 "GET %s HTTP/1.1\r\nHost: %s\r\nUser-Agent: lastack\r\nConnection: close\r\n\r\n",
                 exchange->path, exchange->is_ipv6 ? "[2001:db8::1]" : "192.0.2.1");

    exchange->has_asked = lastack_send(exchange->world.host[CLIENT].stack, exchange->descriptor,
                                       request, (size_t)length, 0) == length;
}

/* Bytes of the answer: its head is kept back, its body is shown. */
static void take_answer(struct exchange *exchange, const char *data, size_t length)
{
    size_t part = HEAD_MAX - 1 - exchange->head_length;
    char *end;

    if (exchange->in_body) {
        fwrite(data, 1, length, stdout);
        return;
    }
    part = length < part ? length : part;
    memcpy(exchange->head + exchange->head_length, data, part);
    exchange->head_length += part;
    exchange->head[exchange->head_length] = '\0';
    end = strstr(exchange->head, "\r\n\r\n");
    if (end == NULL)
        return;
    exchange->in_body = true;
    end += 4;
    fwrite(end, 1, exchange->head_length - (size_t)(end - exchange->head), stdout);
    fwrite(data + part, 1, length - part, stdout);
}

static void listen_to_answer(struct exchange *exchange)
{
    struct lastack *stack = exchange->world.host[CLIENT].stack;
    char data[4096];
    int64_t got;

    while ((got = lastack_recv(stack, exchange->descriptor, data, sizeof data, 0)) > 0)
        take_answer(exchange, data, (size_t)got);
    if (got == -LASTACK_EAGAIN)
        return;
    exchange->is_over = true;
    exchange->is_whole = got == 0 && exchange->in_body;
    (void)lastack_close(stack, exchange->descriptor);
}

static void on_event(void *context, struct sim_world *world, unsigned host,
                     const struct lastack_event *event)
{
    struct exchange *exchange = context;

    if (host == SERVER) {
        services_event(exchange->services, world->now, event);
        return;
    }
    if (exchange->is_over)
        return;
    if (!exchange->has_asked &&
        (lastack_poll(world->host[CLIENT].stack, exchange->descriptor) & LASTACK_POLLOUT) != 0)
        ask(exchange);
    listen_to_answer(exchange);
}

/* The path and family of the URL among the words: those addresses are the ones that answer. */
static void find_url(struct exchange *exchange, char *const *command)
{
    static const char ipv4[] = "http://192.0.2.1/", ipv6[] = "http://[2001:db8::1]/";

    exchange->path = "/";
    for (; command != NULL && *command != NULL; command++) {
        size_t length = strlen(*command);

        exchange->is_ipv6 = strncmp(*command, ipv6, strlen(ipv6)) == 0;
        if (!exchange->is_ipv6 && strncmp(*command, ipv4, strlen(ipv4)) != 0)
            continue;
        if (length < 256 && strpbrk(*command, " \r\n") == NULL)
            exchange->path = strchr(*command + strlen("http://"), '/');
        return;
    }
}

/* ---- the world ---- */

static bool open_world(struct exchange *exchange, const struct lastack_params *params,
                       const char *name, struct trouble *trouble)
{
    const struct sim_recipe recipe = {.delay_ns = ONE_WAY_NS, .rate_bps = RATE_BPS};
    struct services_config services;
    struct lastack_config limits;
    enum service_kind failed;
    uint64_t seed;
    int error;

    lastack_config_default(&limits);
    limits.params = *params;
    limits.max_pages = 4096;
    limits.trace_records = 4096;
    limits.trace_classes = viewer_trace_classes(exchange->viewer);
    if (!entropy_seed(limits.seed, trouble))
        return false;
    memcpy(&seed, limits.seed, sizeof seed);
    if (!sim_world_init(&exchange->world, &limits, &recipe, 1500, seed))
        return trouble_set(trouble, 0, "no memory for two simulated hosts");
    exchange->world.context = exchange;
    exchange->world.on_event = on_event;
    exchange->world.on_packet = on_packet;
    services_config_default(&services);
    services.stack_name = name;
    exchange->services =
        services_create(exchange->world.host[SERVER].stack, &services, &error, &failed);
    return exchange->services != NULL ||
           trouble_set(trouble, -error, "listen for %s", service_name(failed));
}

static bool dial(struct exchange *exchange, struct trouble *trouble)
{
    struct lastack *stack = exchange->world.host[CLIENT].stack;
    struct lastack_endpoint server = {sim_address(SERVER, exchange->is_ipv6), 80};
    int error;

    exchange->descriptor = lastack_socket(
        stack, exchange->is_ipv6 ? LASTACK_AF_INET6 : LASTACK_AF_INET, LASTACK_SOCK_STREAM, 0);
    error = lastack_connect(stack, exchange->descriptor, &server);
    return error == -LASTACK_EINPROGRESS ||
           trouble_set(trouble, -error, "connect to the simulated server");
}

/* Until nothing is left to happen but at the services' own leisure. */
static void play(struct exchange *exchange)
{
    struct sim_world *world = &exchange->world;
    int64_t until = world->now + PATIENCE_NS;

    sim_settle(world);
    while (sim_step(world, min64(until, services_next_deadline(exchange->services)))) {
        show_arrived(exchange, world->now);
        viewer_traced(exchange->viewer, world->now);
        if (services_next_deadline(exchange->services) <= world->now) {
            services_tick(exchange->services, world->now);
            sim_settle(world);
        }
    }
}

static void close_world(struct exchange *exchange)
{
    while (exchange->first != NULL) {
        struct under_way *packet = exchange->first;

        exchange->first = packet->next;
        free(packet);
    }
    if (exchange->services != NULL)
        services_destroy(exchange->services);
    sim_world_free(&exchange->world);
}

bool run_sim(const struct lastack_params *params, const char *name, char *const *command,
             struct viewer *viewer, struct trouble *trouble)
{
    struct exchange *exchange = calloc(1, sizeof *exchange);
    bool is_done;

    if (exchange == NULL)
        return trouble_set(trouble, ENOMEM, "simulate");
    exchange->viewer = viewer;
    exchange->last = &exchange->first;
    find_url(exchange, command);
    is_done = open_world(exchange, params, name, trouble) && dial(exchange, trouble);
    if (is_done) {
        viewer_begin(viewer, exchange->world.host[SERVER].stack, LASTACK_LINK_IP, "sim", 0);
        play(exchange);
        fflush(stdout);
        viewer_end(viewer, NULL, exchange->is_whole ? 0 : 1);
        is_done =
            exchange->is_whole || trouble_set(trouble, 0, "the simulated exchange was cut short");
    }
    close_world(exchange);
    free(exchange);
    return is_done;
}
