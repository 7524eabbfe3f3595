/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * bench_attack.c: what one hostile packet costs, beside an ordinary one.
 *
 *     ordinary    a full segment in order, read by its program, acknowledged every second time
 *     attacks     what makes a stack work hardest for each packet: holes in text, SACK blocks
 *                 that split the scoreboard, options that are all different, fragments that
 *                 never become a whole, floods of SYNs, guesses
 *
 * Packets are made before they are counted, 32 to a batch; what the stack sends in answer is
 * counted with them. Bound: no attack may cost more than five ordinary packets (instructions of
 * callgrind, so the machine's load does not matter).
 */
#include "bench.h"

#include "bytes.h"
#include "check.h"
#include "checksum.h"
#include "duration.h"
#include "figure.h"
#include "instructions.h"
#include "ip_header.h"
#include "mapping.h"
#include "rng.h"
#include "stopwatch.h"
#include "tcp_header.h"

#include <lastack/lastack.h>

#include <stdlib.h>
#include <string.h>

enum {
    ATTACK_PACKETS = 4096,
    ATTACK_BATCH = 32,
    ATTACK_FRAME = 1536,
    ATTACK_LINK = 1,
    ATTACK_PORT = 80,
    ATTACK_MSS = 1448,
};

static const double WORST_ATTACK = 5.0;

struct attack_bench {
    struct mapping memory;
    struct lastack *stack;
    int64_t now;
    int listener, fd;
    struct rng rng;
    uint32_t rcv_nxt, snd_una, snd_nxt; /* of the stack */
    uint8_t (*frames)[ATTACK_FRAME];
    struct lastack_packet_in packets[ATTACK_PACKETS];
    unsigned count;
};

struct attack_kind {
    const char *name;
    const char *text;
    void (*prepare)(struct attack_bench *bench);
    void (*make)(struct attack_bench *bench, unsigned number);
    bool reads; /* a program reads what arrives */
};

/* ---- the stack that is attacked ---- */

static bool attack_open(struct attack_bench *bench)
{
    const struct lastack_link_config link = {.kind = LASTACK_LINK_IP, .name = "wire", .mtu = 1500};
    const struct lastack_endpoint any = {lastack_ipv4(0, 0, 0, 0), ATTACK_PORT};
    const struct lastack_address own = lastack_ipv4(192, 0, 2, 1), all = lastack_ipv4(0, 0, 0, 0);
    struct lastack_config config;
    struct trouble trouble;
    size_t size;

    lastack_config_default(&config);
    config.params.initial_cwnd_segs = 1000;
    config.params.congestion = LASTACK_CC_NEWRENO;
    config.trace_records = 0;
    config.trace_classes = 0;
    size = lastack_size(&config);
    *bench = (struct attack_bench){.now = SEC(1000)};
    if (!mapping_make(&bench->memory, size, &trouble)) {
        fprintf(stderr, "lastack bench: %s\n", trouble.text);
        return false;
    }
    bench->frames = malloc(sizeof *bench->frames * ATTACK_PACKETS);
    bench->stack = lastack_create(&config, bench->memory.base, size, bench->now);
    CHECK(bench->frames != NULL && bench->stack != NULL);
    CHECK(lastack_add_link(bench->stack, &link) == ATTACK_LINK);
    CHECK(lastack_add_address(bench->stack, ATTACK_LINK, &own, 24) == 0);
    CHECK(lastack_add_route(bench->stack, &all, 0, ATTACK_LINK, NULL) == 0);
    rng_init(&bench->rng, 5);
    bench->listener = lastack_socket(bench->stack, LASTACK_AF_INET, LASTACK_SOCK_STREAM, 0);
    bench->fd = -1;
    CHECK(lastack_bind(bench->stack, bench->listener, &any) == 0);
    CHECK(lastack_listen(bench->stack, bench->listener, 100) == 0);
    return true;
}

static void attack_close(struct attack_bench *bench)
{
    free(bench->frames);
    mapping_release(&bench->memory);
}

/* Output until nothing is left; sequence numbers are taken from it. */
static void attack_drain(struct attack_bench *bench)
{
    static struct lastack_packet_out out[ATTACK_BATCH];
    size_t count;

    while ((count = lastack_output(bench->stack, out, ATTACK_BATCH)) > 0) {
        for (size_t i = 0; i < count; i++) {
            const uint8_t *tcp = out[i].header + IPV4_HEADER;

            if (out[i].header[9] != IP_PROTOCOL_TCP)
                continue;
            bench->snd_nxt = load32(tcp + 4) + out[i].length - out[i].header_length +
                             (tcp[13] & LASTACK_SYN ? 1 : 0);
        }
    }
}

static void attack_read(struct attack_bench *bench)
{
    static uint8_t bytes[1 << 16];

    while (lastack_recv(bench->stack, bench->fd, bytes, sizeof bytes, 0) > 0)
        continue;
}

static void attack_deliver(struct attack_bench *bench, unsigned from, unsigned count, bool reads)
{
    lastack_input(bench->stack, bench->now, &bench->packets[from], count);
    if (reads)
        attack_read(bench);
    attack_drain(bench);
}

/* ---- packets ---- */

static struct segment attack_segment(const struct attack_bench *bench, uint16_t flags)
{
    return (struct segment){
        .flags = flags,
        .seq = seq_of(bench->rcv_nxt),
        .ack = seq_of(flags & LASTACK_ACK ? bench->snd_una : 0),
        .wnd = 65535,
        .tuple = {lastack_ipv4(192, 0, 2, 9), lastack_ipv4(192, 0, 2, 1), 4711, ATTACK_PORT},
    };
}

static void attack_frame(struct attack_bench *bench, const struct ip_build *ip,
                         const uint8_t *payload, unsigned length)
{
    uint8_t *frame = bench->frames[bench->count];
    const unsigned ip_length = ip_build(ip, frame);

    memcpy(frame + ip_length, payload, length);
    bench->packets[bench->count++] =
        (struct lastack_packet_in){frame, ip_length + length, ATTACK_LINK, 0};
}

static void attack_put(struct attack_bench *bench, const struct segment *seg, uint32_t text)
{
    uint8_t packet[ATTACK_FRAME] = {0};
    const unsigned header = tcp_build(seg, LASTACK_OPTIONS_LINUX, packet);
    const struct ip_build ip = {.source = seg->tuple.local,
                                .destination = seg->tuple.remote,
                                .payload_length = header + text,
                                .protocol = IP_PROTOCOL_TCP,
                                .ttl = 64,
                                .dont_fragment = true};

    tcp_store_checksum(packet, header, &ip.source, &ip.destination, header + text, 0);
    attack_frame(bench, &ip, packet, header + text);
}

/* A connection, opened by hand; its window is so large that everything of use fits. */
static void attack_connect(struct attack_bench *bench)
{
    struct segment seg;

    bench->rcv_nxt = 1000;
    seg = attack_segment(bench, LASTACK_SYN);
    seg.options = OPTION_MSS | OPTION_WINDOW_SCALE | OPTION_SACK_PERMITTED;
    seg.mss = ATTACK_MSS;
    seg.window_scale = 14;
    attack_put(bench, &seg, 0);
    attack_deliver(bench, 0, 1, false);
    bench->rcv_nxt++;
    bench->snd_una = bench->snd_nxt;
    seg = attack_segment(bench, LASTACK_ACK);
    attack_put(bench, &seg, 0);
    attack_deliver(bench, 1, 1, false);
    bench->fd = lastack_accept(bench->stack, bench->listener, NULL);
    CHECK(bench->fd >= 0);
    bench->count = 0;
}

/* Much in flight, for a scoreboard to speak of. */
static void attack_fill_flight(struct attack_bench *bench)
{
    static const uint8_t zeros[1 << 20];

    attack_connect(bench);
    CHECK(lastack_set_option(bench->stack, bench->fd, LASTACK_SO_SNDBUF, 1 << 21) == 0);
    CHECK(lastack_send(bench->stack, bench->fd, zeros, sizeof zeros, 0) > 500 * ATTACK_MSS);
    attack_drain(bench);
    CHECK(bench->snd_nxt - bench->snd_una > 500 * ATTACK_MSS);
}

static void make_ordinary(struct attack_bench *bench, unsigned number)
{
    struct segment seg = attack_segment(bench, LASTACK_ACK);

    seg.seq = seq_of(bench->rcv_nxt + number * ATTACK_MSS);
    attack_put(bench, &seg, ATTACK_MSS);
}

/* One byte, every second place taken, in an order that keeps no two neighbours together. */
static void make_holes(struct attack_bench *bench, unsigned number)
{
    struct segment seg = attack_segment(bench, LASTACK_ACK);

    seg.seq = seq_of(bench->rcv_nxt + 2 + 2 * (number * 7919u % ATTACK_PACKETS));
    attack_put(bench, &seg, 1);
}

/* Text that was there before, all of it. */
static void make_overlaps(struct attack_bench *bench, unsigned number)
{
    struct segment seg = attack_segment(bench, LASTACK_ACK);

    seg.seq = seq_of(bench->rcv_nxt + 100 + number * 3 % 20000);
    attack_put(bench, &seg, 1 + number % 1000);
}

static void make_sack(struct attack_bench *bench, unsigned number)
{
    struct segment seg = attack_segment(bench, LASTACK_ACK);
    const uint32_t flight = bench->snd_nxt - bench->snd_una;

    (void)number;
    seg.options = OPTION_SACK;
    seg.sack_count = 4;
    for (unsigned i = 0; i < 4; i++) {
        const uint32_t from =
            bench->snd_una + ATTACK_MSS + rng_below(&bench->rng, flight - 2 * ATTACK_MSS);

        seg.sack[i] = (struct sack_block){seq_of(from), seq_of(from + 1 + number % ATTACK_MSS)};
    }
    attack_put(bench, &seg, 0);
}

/* 40 bytes of options of two bytes each, none of which anybody knows, on a duplicate ACK. */
static void make_options(struct attack_bench *bench, unsigned number)
{
    const struct segment seg = attack_segment(bench, LASTACK_ACK);
    const struct ip_build ip = {.source = seg.tuple.local,
                                .destination = seg.tuple.remote,
                                .payload_length = TCP_HEADER_MAX,
                                .protocol = IP_PROTOCOL_TCP,
                                .ttl = 64,
                                .dont_fragment = true};
    uint8_t packet[TCP_HEADER_MAX] = {0};

    (void)tcp_build(&seg, LASTACK_OPTIONS_LINUX, packet);
    packet[12] = 0xf0;
    for (unsigned i = 20; i < TCP_HEADER_MAX; i += 2) {
        packet[i] = (uint8_t)(64 + (number + i) % 64);
        packet[i + 1] = 2;
    }
    tcp_store_checksum(packet, TCP_HEADER_MAX, &ip.source, &ip.destination, TCP_HEADER_MAX, 0);
    attack_frame(bench, &ip, packet, TCP_HEADER_MAX);
}

/* Eight bytes of a datagram, of many that are never finished, every second place of each. */
static void make_fragments(struct attack_bench *bench, unsigned number)
{
    const struct segment seg = attack_segment(bench, 0);
    const struct ip_build ip = {.source = seg.tuple.local,
                                .destination = seg.tuple.remote,
                                .payload_length = 8,
                                .protocol = IP_PROTOCOL_TCP,
                                .ttl = 64,
                                .id = (uint16_t)(number % 64)};
    const uint8_t bytes[8] = {0};
    uint8_t *frame = bench->frames[bench->count];

    attack_frame(bench, &ip, bytes, sizeof bytes);
    store16(frame + 6, (uint16_t)(0x2000 | (2 + 2 * (number * 37 % 4000)))); /* more to come */
    store16(frame + 10, 0);
    store16(frame + 10, checksum_finish(checksum_add(0, frame, IPV4_HEADER)));
}

static void make_syn(struct attack_bench *bench, unsigned number)
{
    struct segment seg = attack_segment(bench, LASTACK_SYN);
    const uint32_t random = rng_below(&bench->rng, UINT32_MAX);

    (void)number;
    seg.seq = seq_of(random);
    seg.tuple.local = lastack_ipv4(198, 18, (uint8_t)(random >> 8), (uint8_t)random);
    seg.tuple.local_port = (uint16_t)(random >> 16 | 1);
    seg.options = OPTION_MSS | OPTION_SACK_PERMITTED | OPTION_TIMESTAMP | OPTION_WINDOW_SCALE;
    seg.mss = 1460;
    attack_put(bench, &seg, 0);
}

/* 31 rules that do not fit, and one that has a budget for each address. */
static void prepare_rules(struct attack_bench *bench)
{
    struct lastack_syn_rule rule = {
        .prefix = lastack_ipv4(203, 0, 113, 0), .prefix_length = 24, .rate = 1, .burst = 1};

    for (unsigned i = 0; i < LASTACK_SYN_RULES_MAX - 1; i++)
        CHECK(lastack_add_syn_rule(bench->stack, &rule) >= 0);
    rule = (struct lastack_syn_rule){.prefix = lastack_ipv4(198, 18, 0, 0),
                                     .prefix_length = 15,
                                     .each_length = 32,
                                     .rate = 1,
                                     .burst = 1};
    CHECK(lastack_add_syn_rule(bench->stack, &rule) >= 0);
}

static void make_guess(struct attack_bench *bench, unsigned number)
{
    struct segment seg =
        attack_segment(bench, number % 2 == 0 ? LASTACK_RST : LASTACK_ACK | LASTACK_PSH);

    seg.seq = seq_of(bench->rcv_nxt + 1 + number * 2654435761u);
    seg.ack = seq_of(bench->snd_una + (1u << 30));
    attack_put(bench, &seg, number % 2);
}

/* A closed port. */
static void make_stray(struct attack_bench *bench, unsigned number)
{
    struct segment seg = attack_segment(bench, LASTACK_ACK);

    seg.tuple.remote_port = (uint16_t)(1000 + number % 60000);
    attack_put(bench, &seg, 0);
}

static void prepare_nothing(struct attack_bench *bench)
{
    (void)bench;
}

static const struct attack_kind attack_kinds[] = {
    {"ordinary", "a full segment in order, read", attack_connect, make_ordinary, true},
    {"holes", "one byte beyond a hole, no two neighbours", attack_connect, make_holes, false},
    {"overlaps", "text over text that is there", attack_connect, make_overlaps, false},
    {"sack", "four SACK blocks that split bursts", attack_fill_flight, make_sack, false},
    {"options", "twenty options nobody knows", attack_connect, make_options, false},
    {"fragments", "8 bytes of a datagram never finished", prepare_nothing, make_fragments, false},
    {"syn", "a SYN, answered with a cookie", prepare_nothing, make_syn, false},
    {"syn-rules", "a SYN, held against 32 rules", prepare_rules, make_syn, false},
    {"guesses", "RST or text at a guess", attack_connect, make_guess, false},
    {"strays", "an ACK to a closed port", prepare_nothing, make_stray, false},
};

enum { ATTACK_KINDS = sizeof attack_kinds / sizeof attack_kinds[0] };

/* ---- one kind ---- */

static bool attack_run(const struct attack_kind *kind, struct stopwatch *watch)
{
    static struct attack_bench bench;

    if (!attack_open(&bench))
        return false;
    kind->prepare(&bench);
    bench.count = 0;
    for (unsigned i = 0; i < ATTACK_PACKETS; i++)
        kind->make(&bench, i);
    if (watch == NULL)
        counting_begin();
    else
        stopwatch_start(watch);
    for (unsigned i = 0; i < ATTACK_PACKETS; i += ATTACK_BATCH)
        attack_deliver(&bench, i, ATTACK_BATCH, kind->reads);
    if (watch == NULL)
        counting_end(kind->name, ATTACK_PACKETS);
    else
        stopwatch_stop(watch, ATTACK_PACKETS);
    attack_close(&bench);
    return true;
}

/* In the child. */
static int count_attack(const struct bench_options *options)
{
    (void)options;
    for (unsigned i = 0; i < ATTACK_KINDS; i++) {
        if (!attack_run(&attack_kinds[i], NULL))
            return 3;
    }
    return 0;
}

static void print_attack(const struct attack_kind *kind, const struct stopwatch *watch,
                         double instructions, double ordinary, const struct bench_options *options)
{
    struct figure figure = figure_of("attack", kind->name, ATTACK_PACKETS);

    figure.batch = ATTACK_BATCH;
    figure.ns_per_op = stopwatch_median(watch);
    figure.instructions_per_op = instructions;
    if (options->json) {
        figure_print_json(&figure, options->out);
        return;
    }
    fprintf(options->out, "%-10s %9.0f", kind->name, figure.ns_per_op);
    if (instructions >= 0)
        fprintf(options->out, "  %12.0f  %5.2fx", instructions, instructions / ordinary);
    else
        fprintf(options->out, "             -       -");
    fprintf(options->out, "  %s\n", kind->text);
}

static int run_attack(const struct bench_options *options)
{
    static struct stopwatch watches[ATTACK_KINDS];
    struct instruction_counts counts = {.count = 0};
    const char *why;
    double ordinary;
    int code = 0;

    for (unsigned round = 0; round < (options->quick ? 1 : 7); round++) {
        for (unsigned i = 0; i < ATTACK_KINDS; i++) {
            if (!attack_run(&attack_kinds[i], &watches[i]))
                return 3;
            stopwatch_round(&watches[i]);
        }
    }
    if (options->instructions && !instructions_count("attack", "all", &counts, &why))
        fprintf(stderr, "lastack bench: instructions are not counted: %s\n", why);
    ordinary = instructions_of(&counts, attack_kinds[0].name);
    if (!options->json)
        fprintf(options->out,
                "\nattack: one packet, answers included, in batches of %d\n"
                "           ns/packet  instructions  ordinary\n",
                ATTACK_BATCH);
    for (unsigned i = 0; i < ATTACK_KINDS; i++) {
        const double cost = instructions_of(&counts, attack_kinds[i].name);

        print_attack(&attack_kinds[i], &watches[i], cost, ordinary, options);
        if (cost > WORST_ATTACK * ordinary) {
            fprintf(stderr, "lastack bench: a packet of %s costs more than %.0f ordinary ones\n",
                    attack_kinds[i].name, WORST_ATTACK);
            code = 1;
        }
    }
    return code;
}

const struct bench bench_attack = {
    .name = "attack",
    .summary = "what one hostile packet costs, beside an ordinary one",
    .run = run_attack,
    .count = count_attack,
};
