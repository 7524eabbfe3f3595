/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * blind_attack.c: RFC 5961: somebody who does not see a transfer guesses at its sequence numbers.
 *
 *     blind_attack [--guesses N]
 *
 *     host 1 ◀══ a transfer in both directions ══▶ host 0
 *                        ▲
 *        RST, RST+ACK, SYN, SYN+ACK, text, FIN with the transfer's addresses and ports; sequence
 *        numbers spread over all of the space (exact hits of RCV.NXT by a RST left out), ACKs
 *        outside of what RFC 5961 §5.2 accepts
 *
 * covers: 5961-3.2-impl 5961-4.2 5961-7 5961-7-side
 *
 * The transfer must be neither closed nor corrupted, RSTs and SYNs must not be answered more often
 * than the limit says, and a second connection between the same hosts must not be able to tell that
 * the first one is attacked. Timestamps are off: only sequence numbers protect it.
 */
#include "bytes.h"
#include "ip_header.h"
#include "rng.h"
#include "sim_world.h"
#include "tcp_header.h"

#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

enum { PORT = 80, PER_ROUND = 500, CHUNK = 2000, KINDS = 6, LINK = 1 };

static const uint16_t kinds[KINDS] = {
    LASTACK_RST,
    LASTACK_RST | LASTACK_ACK,
    LASTACK_SYN,
    LASTACK_SYN | LASTACK_ACK,
    LASTACK_ACK | LASTACK_PSH, /* with text */
    LASTACK_FIN | LASTACK_ACK,
};

/* One end of a connection as its packets show it. */
struct end {
    int fd;
    uint16_t port;
    uint32_t ack; /* RCV.NXT, as it said last */
    uint32_t nxt; /* SND.NXT */
    uint64_t sent, received;
};

struct attack {
    struct sim_world world;
    struct end end[SIM_HOSTS], second[SIM_HOSTS]; /* the transfer; an idle connection beside it */
    unsigned victim; /* host that is guessed at now, while `is_guessing` */
    bool is_guessing;
    uint64_t answers, guesses[KINDS], answered[KINDS];
    struct rng rng;
};

static struct attack attack;

static void give_up(const char *what)
{
    fprintf(stderr, "FAILED at %.3f s: %s\n", (double)attack.world.now / 1e9, what);
    exit(1);
}

static uint8_t pattern(uint64_t at, unsigned host)
{
    return (uint8_t)(at * 2654435761u >> 11) ^ (uint8_t)(host * 0x5a);
}

/* ---- what the packets show ---- */

static struct end *end_of(unsigned host, uint16_t own, uint16_t other)
{
    const unsigned peer = 1 - host;

    if (own == attack.end[host].port && other == attack.end[peer].port)
        return &attack.end[host];
    if (own == attack.second[host].port && other == attack.second[peer].port)
        return &attack.second[host];
    return NULL;
}

static void see(void *context, int64_t now, unsigned host, const uint8_t *data, uint32_t length)
{
    const uint8_t *tcp = data + IPV4_HEADER;
    const unsigned header = (unsigned)(tcp[12] >> 4) * 4;
    struct end *end = end_of(host, load16(tcp), load16(tcp + 2));

    (void)context;
    (void)now;
    if (end == NULL)
        return;
    if (attack.is_guessing && host == attack.victim)
        attack.answers++;
    if (tcp[13] & LASTACK_RST)
        give_up("the victim sent a RST");
    if (tcp[13] & LASTACK_ACK)
        end->ack = load32(tcp + 8);
    end->nxt = load32(tcp + 4) + length - IPV4_HEADER - header;
}

/* ---- the transfer ---- */

static void send_some(unsigned host)
{
    struct end *end = &attack.end[host];
    uint8_t bytes[CHUNK];
    int64_t sent;

    for (unsigned i = 0; i < CHUNK; i++)
        bytes[i] = pattern(end->sent + i, host);
    sent = lastack_send(attack.world.host[host].stack, end->fd, bytes, CHUNK, 0);
    if (sent < 0 && sent != -LASTACK_EAGAIN)
        give_up("send() failed: the connection was closed");
    end->sent += sent > 0 ? (uint64_t)sent : 0;
}

static void receive_all(unsigned host)
{
    struct end *end = &attack.end[host];
    uint8_t bytes[4096];
    int64_t got;

    while ((got = lastack_recv(attack.world.host[host].stack, end->fd, bytes, sizeof bytes, 0)) >
           0) {
        for (int64_t i = 0; i < got; i++) {
            if (bytes[i] != pattern(end->received + (uint64_t)i, 1 - host))
                give_up("a byte is wrong");
        }
        end->received += (uint64_t)got;
    }
    if (got != -LASTACK_EAGAIN)
        give_up("recv() says that the connection is over");
}

static void transfer_for(int64_t ns)
{
    for (unsigned host = 0; host < SIM_HOSTS; host++) {
        receive_all(host);
        send_some(host);
    }
    sim_settle(&attack.world);
    sim_run(&attack.world, attack.world.now + ns);
}

static void open_pair(struct end pair[SIM_HOSTS], int listener)
{
    struct lastack *client = attack.world.host[1].stack, *server = attack.world.host[0].stack;
    const struct lastack_endpoint to = {sim_address(0, false), PORT};
    struct lastack_endpoint local;

    pair[1].fd = lastack_socket(client, LASTACK_AF_INET, LASTACK_SOCK_STREAM, 0);
    if (lastack_connect(client, pair[1].fd, &to) != -LASTACK_EINPROGRESS ||
        lastack_getsockname(client, pair[1].fd, &local) != 0)
        give_up("connect() failed");
    pair[1].port = local.port;
    pair[0].port = PORT;
    sim_settle(&attack.world);
    sim_run(&attack.world, attack.world.now + MS(100));
    pair[0].fd = lastack_accept(server, listener, NULL);
    if (pair[0].fd < 0)
        give_up("accept() failed");
}

static void start(void)
{
    const struct lastack_endpoint any = {lastack_ipv4(0, 0, 0, 0), PORT};
    const struct sim_recipe recipe = {.delay_ns = MS(1)};
    struct lastack_config config;
    int listener;

    lastack_config_default(&config);
    config.params.timestamps = false;
    config.trace_records = 0;
    config.trace_classes = 0;
    if (!sim_world_init(&attack.world, &config, &recipe, 1500, 1))
        give_up("no memory");
    attack.world.on_packet = see;
    rng_init(&attack.rng, 99);
    listener = lastack_socket(attack.world.host[0].stack, LASTACK_AF_INET, LASTACK_SOCK_STREAM, 0);
    if (lastack_bind(attack.world.host[0].stack, listener, &any) != 0 ||
        lastack_listen(attack.world.host[0].stack, listener, 5) != 0)
        give_up("no listener");
    open_pair(attack.end, listener);
    open_pair(attack.second, listener);
}

/* ---- guesses ---- */

/* A segment as if from `host`'s peer; returns how many packets the victim answered with. */
static uint64_t forge(unsigned host, const struct end pair[SIM_HOSTS], uint16_t flags, uint32_t seq,
                      uint32_t ack, uint32_t text)
{
    static uint8_t bytes[256];
    struct ip_build ip = {.source = sim_address(1 - host, false),
                          .destination = sim_address(host, false),
                          .protocol = IP_PROTOCOL_TCP,
                          .ttl = 64,
                          .dont_fragment = true};
    const struct segment seg = {
        .seq = seq_of(seq),
        .ack = seq_of(flags & LASTACK_ACK ? ack : 0),
        .flags = flags,
        .wnd = 1000,
        .tuple = {ip.source, ip.destination, pair[1 - host].port, pair[host].port}};
    struct lastack_packet_in packet = {bytes, 0, LINK, 0};
    uint8_t header[TCP_HEADER_MAX];
    const unsigned length = tcp_build(&seg, LASTACK_OPTIONS_LINUX, header);
    unsigned ip_length;

    ip.payload_length = length + text;
    ip_length = ip_build(&ip, bytes);
    memcpy(bytes + ip_length, header, length);
    memset(bytes + ip_length + length, 'X', text);
    packet.flags = LASTACK_CHECKSUM_TRUSTED;
    packet.length = ip_length + length + text;
    attack.victim = host;
    attack.is_guessing = true;
    attack.answers = 0;
    lastack_input(attack.world.host[host].stack, attack.world.now, &packet, 1);
    sim_settle(&attack.world);
    attack.is_guessing = false;
    return attack.answers;
}

static void guess(uint64_t number)
{
    const unsigned host = (unsigned)(number & 1), kind = (unsigned)(number / 2 % KINDS);
    const struct end *end = &attack.end[host];
    /* the golden ratio's steps leave no part of the space out */
    const uint32_t seq = (uint32_t)(number * 2654435761u + number / 7);
    /* far from SND.UNA: neither sent nor within the largest window */
    const uint32_t ack = end->nxt + (1u << 30) + rng_below(&attack.rng, 1u << 31);
    const bool is_text = kinds[kind] == (LASTACK_ACK | LASTACK_PSH);

    if (seq == end->ack && kinds[kind] & LASTACK_RST)
        return; /* that one would be no guess any more */
    attack.guesses[kind]++;
    attack.answered[kind] += forge(host, attack.end, kinds[kind], seq, ack, is_text ? 100 : 0);
}

/* RSTs in the window of one connection use up its limit, and nobody else's. */
static void check_side_channel(void)
{
    const unsigned host = 0;
    uint64_t first = 0, second;

    for (unsigned i = 0; i < 100; i++) /* nothing else happens meanwhile */
        sim_run(&attack.world, attack.world.now + MS(10));
    for (uint32_t i = 1; i <= 1000; i++)
        first += forge(host, attack.end, LASTACK_RST, attack.end[host].ack + i, 0, 0);
    second = forge(host, attack.second, LASTACK_RST, attack.second[host].ack + 1, 0, 0);
    printf("1000 RSTs in the window: %" PRIu64 " answer; one for the other connection: %" PRIu64
           " answer\n",
           first, second);
    if (first != 1)
        give_up("the limit of one challenge ACK in 500 ms does not hold");
    if (second != 1)
        give_up("one connection's limit is felt by another");
}

static void check_limit(int64_t ns)
{
    /* each of two hosts: one in 500 ms, whatever provoked it */
    const uint64_t most = 2 * ((uint64_t)(ns / MS(500)) + 1);
    uint64_t answered = 0;

    for (unsigned kind = 0; kind < KINDS; kind++) {
        printf("%-8s %9" PRIu64 " guesses, %7" PRIu64 " answered\n",
               (const char *[]){"RST", "RST ACK", "SYN", "SYN ACK", "text", "FIN"}[kind],
               attack.guesses[kind], attack.answered[kind]);
        if (kind < 4)
            answered += attack.answered[kind];
    }
    printf("challenge ACKs: %" PRIu64 " in %.1f s, %" PRIu64 " allowed\n", answered,
           (double)ns / 1e9, most);
    if (answered > most)
        give_up("more challenge ACKs than the limit");
    if (answered == 0)
        give_up("no guess was ever near: this proves nothing");
}

int main(int argc, char **argv)
{
    uint64_t guesses = 100000;
    int64_t began;

    if (argc == 3 && strcmp(argv[1], "--guesses") == 0)
        guesses = strtoull(argv[2], NULL, 10);
    else if (argc != 1) {
        fprintf(stderr, "usage: blind_attack [--guesses N]\n");
        return 2;
    }
    start();
    began = attack.world.now;
    for (uint64_t number = 0; number < guesses; number++) {
        guess(number);
        if (number % PER_ROUND == 0)
            transfer_for(MS(5));
    }
    check_limit(attack.world.now - began);
    for (unsigned i = 0; i < 2000; i++) /* what the guesses provoked has settled */
        transfer_for(MS(5));
    printf("the transfer: %" PRIu64 " and %" PRIu64 " bytes, all right\n", attack.end[0].received,
           attack.end[1].received);
    if (attack.end[0].received < 1000000 || attack.end[1].received < 1000000)
        give_up("there was hardly a transfer");
    check_side_channel();
    sim_world_free(&attack.world);
    return 0;
}
