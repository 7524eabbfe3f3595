/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * lives.c: the programs of both ends, driven by events.
 *
 * The server listens on many ports, because one client address has only 28232 ports to one of them.
 */
#include "lives.h"

#include "check.h"
#include "duration.h"

static void serve(struct lives *lives, int descriptor)
{
    struct lastack *stack = lives->pair.stack[PAIR_SERVER];
    char text[LIFE_TEXT];
    const int64_t got = lastack_recv(stack, descriptor, text, sizeof text, 0);

    if (got > 0)
        CHECK(got == LIFE_TEXT && lastack_send(stack, descriptor, text, LIFE_TEXT, 0) == LIFE_TEXT);
    if (got == 0) {
        CHECK(lastack_close(stack, descriptor) == 0);
        lives->ended++;
    }
}

static void accept_all(struct lives *lives, int listener)
{
    int descriptor;

    while ((descriptor = lastack_accept(lives->pair.stack[PAIR_SERVER], listener, NULL)) >= 0)
        serve(lives, descriptor); /* the request came with the last ACK of the handshake */
}

static void ask(struct lives *lives, const struct lastack_event *event)
{
    struct lastack *stack = lives->pair.stack[PAIR_CLIENT];
    static const char request[LIFE_TEXT] = "GET";
    char text[LIFE_TEXT];

    CHECK((event->kinds & 1u << LASTACK_EVENT_ERROR) == 0);
    if (event->kinds & 1u << LASTACK_EVENT_READABLE &&
        lastack_recv(stack, event->descriptor, text, sizeof text, 0) == LIFE_TEXT) {
        if (lives->keep_open)
            lives->ended++;
        else
            CHECK(lastack_close(stack, event->descriptor) == 0);
    } else if (event->kinds & 1u << LASTACK_EVENT_WRITABLE) {
        CHECK(lastack_send(stack, event->descriptor, request, LIFE_TEXT, 0) == LIFE_TEXT);
    }
}

static void on_event(void *context, enum pair_end end, const struct lastack_event *event)
{
    struct lives *lives = context;

    if (end == PAIR_CLIENT)
        ask(lives, event);
    else if (event->descriptor <= lives->last_listener)
        accept_all(lives, event->descriptor);
    else
        serve(lives, event->descriptor);
}

static struct lastack_endpoint server_endpoint(unsigned listener)
{
    return (struct lastack_endpoint){pair_address(PAIR_SERVER),
                                     (uint16_t)(LIVES_FIRST_PORT + listener)};
}

static void listen_on_all(struct lives *lives)
{
    struct lastack *stack = lives->pair.stack[PAIR_SERVER];

    for (unsigned i = 0; i < LIVES_LISTENERS; i++) {
        const struct lastack_endpoint local = server_endpoint(i);
        const int listener = lastack_socket(stack, LASTACK_AF_INET, LASTACK_SOCK_STREAM, 0);

        CHECK(listener >= 0 && lastack_bind(stack, listener, &local) == 0);
        CHECK(lastack_listen(stack, listener, PAIR_BATCH) == 0);
        lives->listener[i] = lives->last_listener = listener;
    }
}

bool lives_make(struct lives *lives, uint32_t connections, uint32_t time_waits)
{
    struct lastack_config config;

    lastack_config_default(&config);
    config.max_connections = connections + 2 * PAIR_BATCH;
    config.max_time_waits_ipv4 = time_waits + 2 * PAIR_BATCH;
    config.max_time_waits_ipv6 = 1;
    config.params.time_wait_max = config.max_time_waits_ipv4;
    config.max_sockets = connections + LIVES_LISTENERS + 2 * PAIR_BATCH;
    config.max_descriptors = config.max_sockets;
    config.max_endpoints = 1u << 17;
    config.trace_classes = 0; /* nobody looks */
    *lives = (struct lives){0};
    if (!pair_make(&lives->pair, &config, 1500, 0))
        return false;
    lives->pair.on_event = on_event;
    lives->pair.context = lives;
    listen_on_all(lives);
    pair_settle(&lives->pair);
    return true;
}

void lives_release(struct lives *lives)
{
    pair_release(&lives->pair);
}

static void begin_one(struct lives *lives)
{
    struct lastack *stack = lives->pair.stack[PAIR_CLIENT];
    const struct lastack_endpoint remote = server_endpoint(lives->begun++ % LIVES_LISTENERS);
    const int descriptor = lastack_socket(stack, LASTACK_AF_INET, LASTACK_SOCK_STREAM, 0);

    CHECK(descriptor >= 0 && lastack_connect(stack, descriptor, &remote) == -LASTACK_EINPROGRESS);
}

void lives_run(struct lives *lives, uint64_t count, unsigned at_once)
{
    CHECK(at_once > 0 && at_once <= PAIR_BATCH);
    for (uint64_t done = 0; done < count; done += at_once) {
        for (unsigned i = 0; i < at_once; i++)
            begin_one(lives);
        pair_settle(&lives->pair);
        CHECK(lives->ended == lives->begun);
        pair_pass(&lives->pair, US(at_once));
    }
}
