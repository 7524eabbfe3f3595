/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * syn_flood.c: a server under a flood of SYNs from sources that do not exist, while honest clients
 * connect.
 *
 *     syn_flood [--rate SYNS_PER_SECOND] [--seconds N] [--clients N]
 *
 *     strangers ── SYNs, checksums right, sources and ports at random ──▶ ┌────────┐
 *                              (what answers them is counted and lost)    │ server │
 *     clients  ◀─────────── 10 ms, nothing is lost ──────────────────────▶ └────────┘
 *
 * The flood arrives evenly, 32 SYNs to a batch. Every client connects at its own moment, says one
 * byte and hears it again. At the end: every handshake was completed, half-open requests stayed
 * within their limit, no control block was made but for clients, and a refused SYN's cost in
 * nanoseconds is printed (building it is not counted).
 */
#define _POSIX_C_SOURCE 200809L /* clock_gettime */

#include "bytes.h"
#include "checksum.h"
#include "duration.h"
#include "ip_header.h"
#include "rng.h"
#include "tcp_header.h"

#include <lastack/lastack.h>

#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>

enum { BATCH = 32, LINK = 1, PORT = 80, SYN_ENTRIES = 1024, BACKLOG = 511 };
enum { DELAY_MS = 10, WIRE_MOST = 1 << 16, FRAME_MOST = 200, OUTPUT_MOST = 64 };

/* A packet between the server and the clients, on its way. */
struct frame {
    int64_t at;
    uint32_t length;
    uint8_t data[FRAME_MOST];
};

/* One direction of the honest link: first in, first out. */
struct wire {
    struct frame *frames;
    uint32_t head, count;
};

struct host {
    struct lastack *stack;
    struct wire out;
};

struct flood {
    int64_t now;
    struct host server, clients;
    int listener;
    struct rng rng;
    uint8_t syns[BATCH][64];
    struct lastack_packet_in batch[BATCH];
    uint64_t sent, answered, connected, echoed, failed;
    int64_t ns_in_server; /* of processor time, for batches of the flood */
    struct lastack_address server_address, client_address;
};

static void give_up(const char *what)
{
    fprintf(stderr, "FAILED: %s\n", what);
    exit(1);
}

static int64_t cpu_now(void)
{
    struct timespec at;

    clock_gettime(CLOCK_PROCESS_CPUTIME_ID, &at);
    return (int64_t)at.tv_sec * 1000000000 + at.tv_nsec;
}

/* ---- two hosts ---- */

static struct lastack *host_new(const struct lastack_address *address, uint8_t seed)
{
    const struct lastack_link_config link = {.kind = LASTACK_LINK_IP, .name = "wire", .mtu = 1500};
    const struct lastack_address any = lastack_ipv4(0, 0, 0, 0);
    struct lastack_config config;
    struct lastack *stack;
    void *memory;
    size_t size;

    lastack_config_default(&config);
    config.max_syn_entries = SYN_ENTRIES;
    config.trace_records = 0;
    config.trace_classes = 0;
    memset(config.seed, seed, sizeof config.seed);
    size = lastack_size(&config);
    memory = calloc(1, size + 64);
    if (memory == NULL)
        give_up("no memory");
    stack = lastack_create(&config, (void *)(((uintptr_t)memory + 63) & ~(uintptr_t)63), size,
                           SEC(1000));
    if (stack == NULL || lastack_add_link(stack, &link) != LINK ||
        lastack_add_address(stack, LINK, address, 24) != 0 ||
        lastack_add_route(stack, &any, 0, LINK, NULL) != 0)
        give_up("no stack");
    return stack;
}

static void wire_put(struct wire *wire, int64_t at, const struct lastack_packet_out *packet)
{
    struct frame *frame = &wire->frames[(wire->head + wire->count) % WIRE_MOST];

    if (wire->count == WIRE_MOST || packet->length > FRAME_MOST)
        give_up("the honest link is full: that may not happen");
    frame->at = at;
    frame->length = 0;
    for (unsigned i = 0; i < packet->iov_count; i++) {
        memcpy(frame->data + frame->length, packet->iov[i].base, packet->iov[i].length);
        frame->length += (uint32_t)packet->iov[i].length;
    }
    wire->count++;
}

/* Output until nothing is left; answers to strangers are lost. */
static void drain(struct flood *flood, struct host *host)
{
    static struct lastack_packet_out packets[OUTPUT_MOST];
    size_t count;

    while ((count = lastack_output(host->stack, packets, OUTPUT_MOST)) > 0) {
        for (size_t i = 0; i < count; i++) {
            if (host == &flood->server &&
                load32(packets[i].header + 16) != load32(flood->client_address.bytes + 12))
                flood->answered++;
            else
                wire_put(&host->out, flood->now + MS(DELAY_MS), &packets[i]);
        }
    }
}

static void deliver(struct flood *flood, struct host *from, struct host *to)
{
    struct wire *wire = &from->out;

    while (wire->count > 0 && wire->frames[wire->head].at <= flood->now) {
        const struct frame *frame = &wire->frames[wire->head];
        const struct lastack_packet_in packet = {frame->data, frame->length, LINK, 0};

        lastack_input(to->stack, flood->now, &packet, 1);
        wire->head = (wire->head + 1) % WIRE_MOST;
        wire->count--;
        drain(flood, to);
    }
}

/* ---- what their programs do ---- */

static void serve(struct flood *flood)
{
    struct lastack_event event;

    while (lastack_next_event(flood->server.stack, &event)) {
        char byte;
        int fd;

        if (event.descriptor == flood->listener) {
            while ((fd = lastack_accept(flood->server.stack, flood->listener, NULL)) >= 0)
                continue;
        } else if (lastack_recv(flood->server.stack, event.descriptor, &byte, 1, 0) == 1) {
            (void)lastack_send(flood->server.stack, event.descriptor, &byte, 1, 0);
        }
    }
}

static void run_clients(struct flood *flood)
{
    struct lastack_event event;

    while (lastack_next_event(flood->clients.stack, &event)) {
        struct lastack *stack = flood->clients.stack;
        char byte = 'x';

        if (event.kinds & 1u << LASTACK_EVENT_ERROR) {
            flood->failed++;
        } else if (event.kinds & 1u << LASTACK_EVENT_READABLE &&
                   lastack_recv(stack, event.descriptor, &byte, 1, 0) == 1) {
            flood->echoed += byte == 'x';
        } else if (event.kinds & 1u << LASTACK_EVENT_WRITABLE) {
            flood->connected++;
            (void)lastack_send(stack, event.descriptor, &byte, 1, 0);
        }
    }
}

static void connect_one(struct flood *flood)
{
    const struct lastack_endpoint server = {flood->server_address, PORT};
    const int fd = lastack_socket(flood->clients.stack, LASTACK_AF_INET, LASTACK_SOCK_STREAM, 0);

    if (fd < 0 || lastack_connect(flood->clients.stack, fd, &server) != -LASTACK_EINPROGRESS)
        give_up("a client cannot connect");
    drain(flood, &flood->clients);
}

/* ---- the flood ---- */

/* A SYN with the options of an ordinary one, from somewhere in 198.18.0.0/15. */
static void make_syn(struct flood *flood, unsigned which)
{
    struct segment seg = {.flags = LASTACK_SYN,
                          .wnd = 64240,
                          .options = OPTION_MSS | OPTION_SACK_PERMITTED | OPTION_TIMESTAMP |
                                     OPTION_WINDOW_SCALE,
                          .mss = 1460,
                          .window_scale = 7};
    struct ip_build ip = {.destination = flood->server_address,
                          .protocol = IP_PROTOCOL_TCP,
                          .ttl = 64,
                          .dont_fragment = true};
    const uint32_t random = rng_below(&flood->rng, UINT32_MAX);
    uint8_t *bytes = flood->syns[which];
    uint8_t header[TCP_HEADER_MAX];
    unsigned length, ip_length;

    ip.source =
        lastack_ipv4(198, (uint8_t)(18 + (random >> 31)), (uint8_t)(random >> 8), (uint8_t)random);
    seg.seq = seq_of(rng_below(&flood->rng, UINT32_MAX));
    seg.ts_value = random;
    seg.tuple = (struct tuple){ip.source, flood->server_address,
                               (uint16_t)(1024 + (random >> 16) % 60000), PORT};
    length = tcp_build(&seg, LASTACK_OPTIONS_LINUX, header);
    ip.payload_length = length;
    ip_length = ip_build(&ip, bytes);
    memcpy(bytes + ip_length, header, length);
    tcp_store_checksum(bytes + ip_length, length, &ip.source, &ip.destination, length, 0);
    flood->batch[which] = (struct lastack_packet_in){bytes, ip_length + length, LINK, 0};
}

static void attack(struct flood *flood)
{
    int64_t from;

    for (unsigned i = 0; i < BATCH; i++)
        make_syn(flood, i);
    from = cpu_now();
    lastack_input(flood->server.stack, flood->now, flood->batch, BATCH);
    drain(flood, &flood->server);
    flood->ns_in_server += cpu_now() - from;
    flood->sent += BATCH;
}

static void tick(struct flood *flood, struct host *host)
{
    if (lastack_next_deadline(host->stack) > flood->now)
        return;
    lastack_tick(host->stack, flood->now);
    drain(flood, host);
}

static void step(struct flood *flood)
{
    tick(flood, &flood->server);
    tick(flood, &flood->clients);
    deliver(flood, &flood->clients, &flood->server);
    serve(flood);
    drain(flood, &flood->server);
    deliver(flood, &flood->server, &flood->clients);
    run_clients(flood);
    drain(flood, &flood->clients);
}

static void start(struct flood *flood)
{
    const struct lastack_endpoint any = {lastack_ipv4(0, 0, 0, 0), PORT};

    flood->server_address = lastack_ipv4(192, 0, 2, 1);
    flood->client_address = lastack_ipv4(192, 0, 2, 2);
    flood->now = SEC(1000);
    rng_init(&flood->rng, 7);
    flood->server.stack = host_new(&flood->server_address, 1);
    flood->clients.stack = host_new(&flood->client_address, 2);
    flood->server.out.frames = calloc(WIRE_MOST, sizeof(struct frame));
    flood->clients.out.frames = calloc(WIRE_MOST, sizeof(struct frame));
    flood->listener = lastack_socket(flood->server.stack, LASTACK_AF_INET, LASTACK_SOCK_STREAM, 0);
    if (flood->server.out.frames == NULL || flood->clients.out.frames == NULL ||
        lastack_bind(flood->server.stack, flood->listener, &any) != 0 ||
        lastack_listen(flood->server.stack, flood->listener, BACKLOG) != 0)
        give_up("no listener");
}

static void check(const struct flood *flood, uint32_t clients)
{
    struct lastack_pool_usage syns, conns;

    lastack_pool_usage(flood->server.stack, LASTACK_POOL_SYN_ENTRIES, &syns);
    lastack_pool_usage(flood->server.stack, LASTACK_POOL_CONNECTIONS, &conns);
    printf("%" PRIu64 " spoofed SYNs, %" PRIu64 " answers to them, %" PRIu64 " of them cookies\n",
           flood->sent, flood->answered,
           lastack_counter(flood->server.stack, LASTACK_CAUSE_SYN_COOKIE));
    printf("%" PRIu64 " of %" PRIu32 " clients connected, %" PRIu64 " heard their byte, %" PRIu64
           " through a cookie\n",
           flood->connected, clients, flood->echoed,
           lastack_counter(flood->server.stack, LASTACK_CAUSE_COOKIE_ACK));
    printf("half-open at most: %" PRIu32 " of %" PRIu32 " entries, %" PRIu64 " bytes; control "
           "blocks at most: %" PRIu32 "\n",
           syns.peak, syns.limit, (uint64_t)syns.peak * syns.bytes_each, conns.peak);
    printf("a spoofed SYN and its answer: %" PRId64 " ns\n",
           flood->ns_in_server / (int64_t)flood->sent);
    if (flood->failed > 0 || flood->connected != clients || flood->echoed != clients)
        give_up("an honest handshake was not completed");
    if (syns.peak > BACKLOG + 1 || syns.peak > syns.limit)
        give_up("half-open memory beyond its limit");
    if (conns.peak > clients)
        give_up("a control block was made for a spoofed source");
    if (lastack_counter(flood->server.stack, LASTACK_CAUSE_SYN_COOKIE) < flood->sent / 2)
        give_up("the flood was none: too few cookies");
    if (lastack_counter(flood->server.stack, LASTACK_CAUSE_COOKIE_ACK) == 0)
        give_up("no client needed a cookie: this proves nothing");
}

static uint64_t number_after(const char *option, const char *text)
{
    char *end;
    const uint64_t value = text != NULL ? strtoull(text, &end, 10) : 0;

    if (text == NULL || end == text || *end != '\0' || value == 0) {
        fprintf(stderr, "syn_flood: %s takes a number, 1 or more\n", option);
        exit(2);
    }
    return value;
}

int main(int argc, char **argv)
{
    static struct flood flood;
    uint64_t rate = 1000000, seconds = 1, clients = 100, started = 0;
    int64_t end;

    for (int i = 1; i < argc; i += 2) {
        if (strcmp(argv[i], "--rate") == 0)
            rate = number_after(argv[i], argv[i + 1]);
        else if (strcmp(argv[i], "--seconds") == 0)
            seconds = number_after(argv[i], argv[i + 1]);
        else if (strcmp(argv[i], "--clients") == 0)
            clients = number_after(argv[i], argv[i + 1]);
        else {
            fprintf(stderr, "syn_flood: unknown option %s\n", argv[i]);
            return 2;
        }
    }
    start(&flood);
    end = flood.now + SEC((int64_t)seconds);
    for (uint64_t batch = 0; flood.now < end; batch++) {
        flood.now = SEC(1000) + (int64_t)(batch * BATCH * 1000000000 / rate);
        attack(&flood);
        while (started < clients &&
               flood.now - SEC(1000) >=
                   (int64_t)(SEC((int64_t)seconds) * (int64_t)started / (int64_t)clients)) {
            connect_one(&flood);
            started++;
        }
        step(&flood);
    }
    for (unsigned i = 0; i < 2000; i++) { /* what is under way arrives */
        flood.now += MS(1);
        step(&flood);
    }
    check(&flood, (uint32_t)clients);
    return 0;
}
