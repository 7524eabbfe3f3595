/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * bench_tun.c: bytes over a tun with all offloads, to and from the kernel, beside the least that
 * could move them (bare_end.h).
 *
 *     lastack sends, bare sends   ──▶ the same reading program on the kernel's TCP
 *     lastack reads, bare reads   ◀── the same writing program
 *
 * In many short turns, who comes first changing, and the median of the pairs' ratios: the kernel's
 * share of the work is in both, and so is what else the machine does. Our program writes and reads
 * text as programs do: it keeps its buffers small enough for the processor's cache, and writes a
 * frame at a time, to where it is sent from.
 */
#include "bench.h"

#include "apart.h"
#include "bare_end.h"
#include "bulk_end.h"
#include "check.h"
#include "duration.h"
#include "event_loop.h"
#include "stack_memory.h"
#include "tun.h"

#include <lastack/lastack.h>

#include <stdlib.h>
#include <string.h>

static const double LEAST_TUN_RATIO = 0.7;

enum {
    TUN_ROUNDS = 21,
    TUN_ROUNDS_QUICK = 5,
    TUN_CHUNK = 64 * 1024, /* what the program writes at once */
    /* SO_SNDBUF and SO_RCVBUF, which Linux, and so we, doubles */
    TUN_SEND_BUFFER = 128 * 1024,
    TUN_RECEIVE_BUFFER = 2048 * 1024,
    TUN_PIECES = 16,
};

enum tun_way { TUN_SENDS, TUN_READS, TUN_WAYS };
enum tun_end { TUN_BARE, TUN_STACK, TUN_ENDS };

struct tun_work {
    enum tun_way way;
    enum tun_end end;
    int64_t length_ns;
};

struct tun_result {
    double bytes_per_s; /* 0: failed */
    struct trouble trouble;
};

/* ---- a program on our stack that sends, or reads, for ever ---- */

struct tun_program {
    struct lastack *stack;
    int socket;
    enum tun_way way;
    uint64_t moved;
};

/* Each byte is written, to where it is sent from. */
static void send_more(struct tun_program *program)
{
    struct lastack_buffer piece[TUN_PIECES];
    int count;

    while ((count = lastack_send_room(program->stack, program->socket, piece, TUN_PIECES,
                                      TUN_CHUNK)) > 0) {
        size_t length = 0;

        for (int i = 0; i < count; i++) {
            memset(piece[i].base, 'a' + i, piece[i].length);
            length += piece[i].length;
        }
        CHECK(lastack_send_done(program->stack, program->socket, length, 0) == (int64_t)length);
    }
}

static void read_more(struct tun_program *program)
{
    struct lastack_iovec piece[TUN_PIECES];
    int count;

    while ((count = lastack_recv_peek(program->stack, program->socket, piece, TUN_PIECES)) > 0) {
        size_t length = 0;

        for (int i = 0; i < count; i++)
            length += piece[i].length;
        CHECK(lastack_recv_done(program->stack, program->socket, length) == 0);
        program->moved += length;
    }
}

static void on_event(void *context, int64_t now, const struct lastack_event *event)
{
    struct tun_program *program = context;

    (void)now;
    (void)event;
    if (program->way == TUN_SENDS)
        send_more(program);
    else
        read_more(program);
}

static uint64_t run_stack(struct host_link *link, const struct tun_work *work,
                          struct trouble *trouble)
{
    static const struct lastack_endpoint remote = {
        {{[10] = 0xff, [11] = 0xff, [12] = 192, [13] = 0, [14] = 2, [15] = 2}}, BULK_END_PORT};
    const struct lastack_address address = lastack_ipv4(192, 0, 2, 1);
    struct tun_program program = {.way = work->way};
    const struct event_loop_hooks hooks = {.context = &program, .event = on_event};
    struct lastack_connection_row row;
    struct lastack_config config;
    struct stack_memory memory;
    struct event_loop *loop;
    uint64_t moved = 0;

    lastack_config_default(&config);
    program.stack = stack_memory_create(&memory, &config, event_loop_clock(), trouble);
    if (program.stack == NULL)
        return 0;
    loop = event_loop_create(program.stack, &hooks, trouble);
    if (loop != NULL && event_loop_add_link(loop, link, trouble)) {
        CHECK(lastack_add_address(program.stack, link->number, &address, 24) == 0);
        program.socket = lastack_socket(program.stack, LASTACK_AF_INET, LASTACK_SOCK_STREAM, 0);
        CHECK(lastack_connect(program.stack, program.socket, &remote) == -LASTACK_EINPROGRESS);
        CHECK(lastack_set_option(program.stack, program.socket, LASTACK_SO_SNDBUF,
                                 TUN_SEND_BUFFER) == 0);
        CHECK(lastack_set_option(program.stack, program.socket, LASTACK_SO_RCVBUF,
                                 TUN_RECEIVE_BUFFER) == 0);
        event_loop_settle(loop);
        event_loop_run(loop, event_loop_clock() + work->length_ns);
        CHECK(lastack_status(program.stack, program.socket, &row) == 0);
        moved = work->way == TUN_READS ? program.moved : row.tcp_info.tcpi_bytes_acked;
    }
    if (loop != NULL)
        event_loop_destroy(loop);
    stack_memory_release(&memory);
    return moved;
}

/* ---- rounds ---- */

static void run_work(const void *context, void *place)
{
    const struct tun_work *work = context;
    struct tun_result *result = place;
    struct host_link link;
    struct bulk_end end;
    uint64_t moved;

    if (!bulk_end_open(&end, work->way == TUN_READS, &result->trouble))
        return;
    tun_link_init(&link, end.packet_fd, "tun", 1500);
    if (work->end == TUN_STACK)
        moved = run_stack(&link, work, &result->trouble);
    else
        moved = (work->way == TUN_SENDS ? bare_send : bare_read)(&link, work->length_ns);
    result->bytes_per_s = (double)moved * 1e9 / (double)work->length_ns;
    if (moved == 0 && result->trouble.text[0] == '\0')
        trouble_set(&result->trouble, 0, "not a byte went over the tun");
    bulk_end_close(&end);
}

static bool measure(enum tun_way way, enum tun_end end, const struct bench_options *options,
                    struct tun_result *result)
{
    const struct tun_work work = {way, end, options->quick ? MS(200) : MS(500)};
    struct apart apart;

    if (!apart_begin(&apart, run_work, &work, sizeof *result, &result->trouble) ||
        !apart_finish(&apart, result, sizeof *result, &result->trouble))
        return false;
    return result->bytes_per_s > 0;
}

static int compare_doubles(const void *a, const void *b)
{
    const double x = *(const double *)a, y = *(const double *)b;

    return x < y ? -1 : x > y;
}

static double median_of(double *values, unsigned count)
{
    qsort(values, count, sizeof values[0], compare_doubles);
    return values[count / 2];
}

struct tun_rounds {
    unsigned count;
    double rate[TUN_ENDS][TUN_ROUNDS]; /* Gbit/s */
    double ratio[TUN_ROUNDS];
};

static bool run_rounds(enum tun_way way, const struct bench_options *options,
                       struct tun_rounds *rounds)
{
    rounds->count = options->quick ? TUN_ROUNDS_QUICK : TUN_ROUNDS;
    for (unsigned round = 0; round < rounds->count; round++) {
        for (unsigned i = 0; i < TUN_ENDS; i++) {
            const unsigned end = (i + round) % TUN_ENDS;
            struct tun_result result = {0};

            if (!measure(way, (enum tun_end)end, options, &result)) {
                fprintf(stderr, "lastack bench: tun: %s\n", result.trouble.text);
                return false;
            }
            rounds->rate[end][round] = result.bytes_per_s * 8e-9;
        }
        rounds->ratio[round] = rounds->rate[TUN_STACK][round] / rounds->rate[TUN_BARE][round];
    }
    return true;
}

/* 0, 1: the bound does not hold, 3: not possible here. */
static int run_way(enum tun_way way, const struct bench_options *options)
{
    static const char *const name[TUN_WAYS] = {"sends", "reads"};
    struct tun_rounds rounds;
    double middle;

    if (!run_rounds(way, options, &rounds))
        return 3;
    middle = median_of(rounds.ratio, rounds.count); /* sorts them too */
    fprintf(options->out,
            options->json ? "{\"bench\":\"tun\",\"op\":\"%s\",\"gbit_per_s\":%.2f,"
                            "\"bare_gbit_per_s\":%.2f,\"ratio_bare\":%.3f,"
                            "\"lowest\":%.3f,\"highest\":%.3f,\"pairs\":%u}\n"
                          : "%-10s %12.2f %12.2f %8.2f  (%.2f .. %.2f, %u pairs)\n",
            name[way], median_of(rounds.rate[TUN_STACK], rounds.count),
            median_of(rounds.rate[TUN_BARE], rounds.count), middle, rounds.ratio[0],
            rounds.ratio[rounds.count - 1], rounds.count);
    return middle < LEAST_TUN_RATIO && !options->quick ? 1 : 0;
}

static int run_tun(const struct bench_options *options)
{
    int worst = 0;

    if (!options->json)
        fprintf(options->out, "%-10s %12s %12s %8s\n", "tun", "Gbit/s", "bare Gbit/s", "ratio");
    for (unsigned way = 0; way < TUN_WAYS; way++) {
        const int result = run_way((enum tun_way)way, options);

        worst = result > worst ? result : worst;
    }
    return worst;
}

const struct bench bench_tun = {
    .name = "tun",
    .summary = "bytes over a tun to and from the kernel, beside the least that could move them",
    .run = run_tun,
    .is_long = true,
};
