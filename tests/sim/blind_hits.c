/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * blind_hits.c: RFC 5961: how often a blind guess succeeds, against how often theory lets it.
 *
 *     blind_hits [--guesses N]
 *
 * Somebody who does not see a connection guesses a sequence number, and an acknowledgement number
 * where one is looked at. Of the 2^32 of each these succeed, and nothing else:
 *
 *     RST          SEG.SEQ = RCV.NXT                                            1          (§3.2)
 *     SYN          none                                                         0          (§4.2)
 *     text, L      SEG.SEQ in (RCV.NXT - L, RCV.NXT + RCV.WND)                  W + L - 1
 *     FIN          SEG.SEQ in [RCV.NXT, RCV.NXT + RCV.WND)                      W
 *       and both   SEG.ACK in [SND.UNA - MAX.SND.WND, SND.NXT]                  M + outstanding + 1
 *
 * Near the edges every number is tried, one after the other, and each answer is compared. Over all
 * of the space N are drawn for each kind, hits among them, and as many succeed as theory expects,
 * within five standard deviations and one. What succeeds is undone: the stack is one block of
 * memory, and a copy of it is put back.
 *
 * covers: 5961-3.2-exact 5961-4.2 5961-5.2-range
 */
#include "bytes.h"
#include "ip_header.h"
#include "rng.h"
#include "sim_world.h"
#include "socket_table.h"
#include "tcp_header.h"

#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

enum { PORT = 80, LINK = 1, TEXT = 100, IN_FLIGHT = 500, MARGIN = 3000, BATCH = 16 };

struct kind {
    const char *name;
    uint16_t flags;
    uint32_t text;
};

static const struct kind kinds[] = {
    {"RST", LASTACK_RST, 0},
    {"RST ACK", LASTACK_RST | LASTACK_ACK, 0},
    {"SYN", LASTACK_SYN, 0},
    {"SYN ACK", LASTACK_SYN | LASTACK_ACK, 0},
    {"text", LASTACK_ACK | LASTACK_PSH, TEXT},
    {"FIN", LASTACK_FIN | LASTACK_ACK, 0},
};

enum { KINDS = sizeof kinds / sizeof kinds[0] };

/* Host 0's end of a connection; nothing moves but what is forged. */
struct victim {
    struct sim_world world;
    struct tcp_conn *conn;
    uint16_t port;
    void *copy; /* of the stack's memory, as it was */
    /* the numbers that theory needs, as the connection's row and its packets told them */
    uint32_t rcv_nxt, rcv_wnd, snd_una, snd_nxt;
    uint16_t widest;  /* window of the peer's, on the wire; the SYN's left out (RFC 7323 §2.2) */
    uint32_t snd_wnd; /* MAX.SND.WND */
};

static struct victim victim;

static void give_up(const char *what)
{
    fprintf(stderr, "FAILED: %s\n", what);
    exit(1);
}

/* ---- theory ---- */

static bool lies_in(uint32_t number, uint32_t first, uint32_t count)
{
    return number - first < count;
}

static uint32_t good_acks(void)
{
    return victim.snd_wnd + (victim.snd_nxt - victim.snd_una) + 1;
}

static bool is_good_ack(uint32_t ack)
{
    return lies_in(ack, victim.snd_una - victim.snd_wnd, good_acks());
}

static uint32_t good_seqs(const struct kind *kind)
{
    if (kind->flags & LASTACK_RST)
        return 1;
    if (kind->flags & LASTACK_SYN)
        return 0;
    return kind->text > 0 ? victim.rcv_wnd + kind->text - 1 : victim.rcv_wnd;
}

static bool is_hit(const struct kind *kind, uint32_t seq, uint32_t ack)
{
    const uint32_t before = kind->text > 0 ? kind->text - 1 : 0;

    return lies_in(seq, victim.rcv_nxt - before, good_seqs(kind)) &&
           (kind->flags & (LASTACK_RST | LASTACK_SYN) || is_good_ack(ack));
}

/* ---- the victim ---- */

/* What the packets tell. */
static void see(void *context, int64_t now, unsigned host, const uint8_t *data, uint32_t length)
{
    const uint8_t *tcp = data + IPV4_HEADER;
    const uint32_t text = length - IPV4_HEADER - (uint32_t)(tcp[12] >> 4) * 4;

    (void)context;
    (void)now;
    if (host == 1 && !(tcp[13] & LASTACK_SYN) && load16(tcp + 14) > victim.widest)
        victim.widest = load16(tcp + 14);
    if (host == 1)
        return;
    victim.rcv_nxt = load32(tcp + 8);
    victim.snd_nxt = load32(tcp + 4) + text;
}

static void run_for(int64_t ns)
{
    sim_settle(&victim.world);
    sim_run(&victim.world, victim.world.now + ns);
}

static void say(unsigned host, int fd, uint32_t length)
{
    static const uint8_t bytes[IN_FLIGHT];

    if (lastack_send(victim.world.host[host].stack, fd, bytes, length, 0) != (int64_t)length)
        give_up("send() took less");
}

static struct tcp_conn *conn_of(struct lastack *stack, int fd)
{
    return (struct tcp_conn *)sock_conn(stack,
                                        sock_at(stack, sockets_of(stack)->descriptors[fd].socket));
}

/* A connection on which text has gone both ways, and IN_FLIGHT bytes of ours are on their way. */
static void set_up(uint32_t receive_buffer)
{
    const struct lastack_endpoint any = {lastack_ipv4(0, 0, 0, 0), PORT};
    const struct lastack_endpoint to = {sim_address(0, false), PORT};
    const struct sim_recipe recipe = {.delay_ns = MS(1)};
    struct lastack_connection_row row;
    struct lastack_config config;
    struct lastack_endpoint local;
    struct lastack *server, *client;
    uint8_t bytes[IN_FLIGHT];
    int listener, fd, peer;

    lastack_config_default(&config);
    config.params.timestamps = false;
    config.params.receive_buffer = config.params.receive_buffer_max = receive_buffer;
    config.params.receive_buffer_min = 256;
    config.max_connections = config.max_sockets = config.max_syn_entries = 4;
    config.max_descriptors = config.max_endpoints = 8;
    config.max_time_waits_ipv4 = config.max_time_waits_ipv6 = 1;
    config.max_pages = 64;
    config.max_ranges = config.max_replies = 64;
    config.max_neighbors = config.max_paths = 4;
    config.max_reassemblies = config.max_udp_sockets = 1;
    config.udp_queue_bytes = 2048;
    config.page_size = 1024;
    config.trace_records = config.trace_classes = 0;
    if (!sim_world_init(&victim.world, &config, &recipe, 1500, 7))
        give_up("no memory");
    victim.world.on_packet = see;
    server = victim.world.host[0].stack;
    client = victim.world.host[1].stack;
    listener = lastack_socket(server, LASTACK_AF_INET, LASTACK_SOCK_STREAM, 0);
    if (lastack_bind(server, listener, &any) != 0 || lastack_listen(server, listener, 1) != 0)
        give_up("no listener");
    peer = lastack_socket(client, LASTACK_AF_INET, LASTACK_SOCK_STREAM, 0);
    if (lastack_connect(client, peer, &to) != -LASTACK_EINPROGRESS ||
        lastack_getsockname(client, peer, &local) != 0)
        give_up("connect() failed");
    run_for(MS(100));
    fd = lastack_accept(server, listener, NULL);
    if (fd < 0)
        give_up("accept() failed");
    for (unsigned i = 0; i < 4; i++) { /* windows open */
        say(1, peer, IN_FLIGHT);
        say(0, fd, IN_FLIGHT);
        run_for(SEC(1));
        if (lastack_recv(server, fd, bytes, sizeof bytes, 0) != IN_FLIGHT ||
            lastack_recv(client, peer, bytes, sizeof bytes, 0) != IN_FLIGHT)
            give_up("the text did not arrive");
        run_for(SEC(1));
    }
    victim.snd_una = victim.snd_nxt;
    say(0, fd, IN_FLIGHT);
    sim_settle(&victim.world); /* on its way for ever: time stands still from here on */
    if (lastack_status(server, fd, &row) != 0 || victim.snd_nxt - victim.snd_una != IN_FLIGHT)
        give_up("not what was wanted");
    victim.port = local.port;
    victim.rcv_wnd = row.tcp_info.tcpi_rcv_wnd;
    victim.snd_wnd = (uint32_t)victim.widest << row.tcp_info.tcpi_snd_wscale;
    victim.conn = conn_of(server, fd);
    victim.copy = malloc(victim.world.host[0].size);
    if (victim.copy == NULL)
        give_up("no memory");
    memcpy(victim.copy, victim.world.host[0].memory, victim.world.host[0].size);
}

static void tear_down(void)
{
    free(victim.copy);
    sim_world_free(&victim.world);
    victim = (struct victim){0};
}

/* ---- guesses ---- */

static void forge(const struct kind *kind, uint32_t seq, uint32_t ack)
{
    static uint8_t bytes[256];
    struct lastack *stack = victim.world.host[0].stack;
    struct ip_build ip = {.source = sim_address(1, false),
                          .destination = sim_address(0, false),
                          .protocol = IP_PROTOCOL_TCP,
                          .ttl = 64,
                          .dont_fragment = true};
    const struct segment seg = {.seq = seq_of(seq),
                                .ack = seq_of(kind->flags & LASTACK_ACK ? ack : 0),
                                .flags = kind->flags,
                                .wnd = 1000,
                                .tuple = {ip.source, ip.destination, victim.port, PORT}};
    struct lastack_packet_in packet = {bytes, 0, LINK, LASTACK_CHECKSUM_TRUSTED};
    struct lastack_packet_out out[BATCH];
    struct lastack_event event;
    uint8_t header[TCP_HEADER_MAX];
    const unsigned length = tcp_build(&seg, LASTACK_OPTIONS_LINUX, header);
    unsigned ip_length;

    ip.payload_length = length + kind->text;
    ip_length = ip_build(&ip, bytes);
    memcpy(bytes + ip_length, header, length);
    memset(bytes + ip_length + length, 'X', kind->text);
    packet.length = ip_length + length + kind->text;
    lastack_input(stack, victim.world.now, &packet, 1);
    while (lastack_output(stack, out, BATCH) > 0)
        continue;
    while (lastack_next_event(stack, &event))
        continue;
}

/* Ended, fed or told of an end by somebody who is not the peer. */
static bool is_hurt(void)
{
    const struct tcp_conn *conn = victim.conn;

    return conn->state != TCP_ESTABLISHED || conn->rcv.nxt.v != victim.rcv_nxt ||
           conn->arrived.count > 0 || conn_has(conn, CONN_FIN_KNOWN | CONN_FIN_RECEIVED);
}

/* True: it succeeded, and is undone. */
static bool guess(const struct kind *kind, uint32_t seq, uint32_t ack)
{
    forge(kind, seq, ack);
    if (!is_hurt())
        return false;
    memcpy(victim.world.host[0].memory, victim.copy, victim.world.host[0].size);
    return true;
}

static void check_one(const struct kind *kind, uint32_t seq, uint32_t ack)
{
    const bool is_expected = is_hit(kind, seq, ack);

    if (guess(kind, seq, ack) == is_expected)
        return;
    fprintf(stderr, "%s at RCV.NXT %+" PRId32 ", ACK of SND.UNA %+" PRId32 ": %s\n", kind->name,
            (int32_t)(seq - victim.rcv_nxt), (int32_t)(ack - victim.snd_una),
            is_expected ? "had to be taken" : "was taken");
    give_up("not what theory says");
}

/* ---- every number near the edges ---- */

static void try_all_near(void)
{
    uint64_t tried = 0;

    for (unsigned i = 0; i < KINDS; i++) {
        const struct kind *kind = &kinds[i];
        const uint32_t first_seq = victim.rcv_nxt - MARGIN;
        const uint32_t first_ack = victim.snd_una - victim.snd_wnd - MARGIN;

        for (uint32_t n = 0; n < victim.rcv_wnd + 2 * MARGIN; n++, tried++)
            check_one(kind, first_seq + n, victim.snd_una);
        for (uint32_t n = 0; n < good_acks() + 2 * MARGIN; n++, tried++)
            check_one(kind, victim.rcv_nxt, first_ack + n);
    }
    printf("windows of %" PRIu32 " and %" PRIu32 " bytes: %" PRIu64 " numbers in and near them, "
           "each as theory says\n",
           victim.rcv_wnd, victim.snd_wnd, tried);
}

/* ---- over all of the space ---- */

static void check_count(const char *what, const struct kind *kind, uint64_t guesses,
                        uint64_t succeeded, double expected)
{
    const double away = (double)succeeded - expected;

    printf("%-8s %-22s %9" PRIu64 " guesses, %6" PRIu64 " succeeded, %9.4g expected\n", kind->name,
           what, guesses, succeeded, expected);
    if (away * away > 25 * expected + 1)
        give_up("more than five standard deviations from theory");
}

static void try_whole_space(uint64_t guesses)
{
    const double space = 4294967296.0;
    struct rng rng;

    rng_init(&rng, 5961);
    for (unsigned i = 0; i < KINDS; i++) {
        const struct kind *kind = &kinds[i];
        const double seqs = good_seqs(kind) / space, acks = good_acks() / space;
        const bool looks_at_ack = !(kind->flags & (LASTACK_RST | LASTACK_SYN));
        uint64_t by_seq = 0, by_ack = 0, by_both = 0;

        for (uint64_t n = 0; n < guesses; n++) {
            const uint32_t seq = (uint32_t)rng_next(&rng), ack = (uint32_t)rng_next(&rng);

            by_seq += guess(kind, seq, victim.snd_una);
            if (looks_at_ack)
                by_ack += guess(kind, victim.rcv_nxt, ack);
            by_both += guess(kind, seq, ack);
        }
        check_count("with a good ACK", kind, guesses, by_seq, seqs * (double)guesses);
        if (looks_at_ack)
            check_count("with SEG.SEQ = RCV.NXT", kind, guesses, by_ack, acks * (double)guesses);
        check_count("quite blind", kind, guesses, by_both,
                    seqs * (looks_at_ack ? acks : 1) * (double)guesses);
    }
}

int main(int argc, char **argv)
{
    uint64_t guesses = 50000;

    if (argc == 3 && strcmp(argv[1], "--guesses") == 0) {
        guesses = strtoull(argv[2], NULL, 10);
    } else if (argc != 1) {
        fprintf(stderr, "usage: blind_hits [--guesses N]\n");
        return 2;
    }
    set_up(4000);
    try_all_near();
    tear_down();
    set_up(64 << 20);
    try_whole_space(guesses);
    tear_down();
    return 0;
}
