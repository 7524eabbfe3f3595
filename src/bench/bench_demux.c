/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * bench_demux.c: whose segment is this? One connection to one million.
 *
 * A random tuple in a batch of 32: hash, find the owner, compare the tuple, and do to the
 * connection what a pure ACK in order does: read and write both of its hot lines. The objects are
 * as large as connections, and scattered: neighbours in the order of making are not neighbours in
 * memory.
 */
#include "bench.h"

#include "figure.h"
#include "conn.h"
#include "flow_index.h"
#include "instructions.h"
#include "mapping.h"
#include "numbered.h"
#include "pool.h"
#include "resident.h"
#include "rng.h"
#include "stopwatch.h"

#include <stdlib.h>

enum {
    DEMUX_LIMIT = 1000000,
    DEMUX_BATCH = 32,
    DEMUX_BLOCK = 32 * DEMUX_BATCH,
    DEMUX_COUNTED = 100 * DEMUX_BLOCK,
};

static const double WORST_DEMUX_TIME = 4.0; /* 1 M against 1 k */

enum { DEMUX_POPULATIONS = 5, DEMUX_BASE = 1 };

static const uint64_t demux_populations[DEMUX_POPULATIONS] = {1, 1000, 10000, 100000, DEMUX_LIMIT};

struct demux {
    struct mapping mapping;
    struct flow_index index;
    struct pool objects;
    struct rng rng;
    uint64_t found;
};

/* One number of connections, and what is known about it. */
struct demux_population {
    struct demux d;
    uint64_t n;
    struct stopwatch batched, serial;
    double instructions, bytes;
};

static size_t demux_index_bytes(void)
{
    return (hash_index_size(DEMUX_LIMIT) + 4095) & ~(size_t)4095;
}

static size_t demux_touched(const struct demux *d)
{
    return hash_index_touched(&d->index.slots) + pool_size(d->objects.stride, d->objects.bump);
}

/* n objects, taken from the pool in random order. */
static bool demux_make(struct demux *d, enum bench_pages pages, uint64_t n)
{
    uint32_t *order = malloc(n * sizeof *order);
    struct trouble trouble;

    *d = (struct demux){.index.key = {0x0123456789abcdefu, 0xfedcba9876543210u}};
    if (order == NULL ||
        !mapping_make(&d->mapping,
                      demux_index_bytes() + pool_size(sizeof(struct tcp_conn), DEMUX_LIMIT),
                      &trouble)) {
        free(order);
        return false;
    }
    if (pages == PAGES_2M)
        mapping_use_large_pages(&d->mapping);
    rng_init(&d->rng, n);
    hash_index_init(&d->index.slots, d->mapping.base, DEMUX_LIMIT);
    pool_init(&d->objects, (uint8_t *)d->mapping.base + demux_index_bytes(),
              sizeof(struct tcp_conn), DEMUX_LIMIT);
    for (uint64_t i = 0; i < n; i++)
        order[i] = pool_take(&d->objects);
    for (uint64_t i = n; i-- > 0;) {
        const uint64_t j = rng_below(&d->rng, (uint32_t)i + 1);

        pool_give(&d->objects, order[j]);
        order[j] = order[i];
    }
    free(order);
    for (uint64_t i = 0; i < n; i++) {
        const uint32_t index = pool_take(&d->objects);
        struct tcp_conn *object = pool_at(&d->objects, index);

        memset(object, 0, sizeof *object);
        object->tuple = numbered_tuple(i, false);
        CHECK(flow_insert(&d->index, flow_hash(&d->index, &object->tuple),
                          (struct flow_ref){FLOW_CONNECTION, index}));
    }
    return true;
}

static struct tcp_conn *find_object(const struct demux *d, const struct tuple *tuple, uint64_t flow)
{
    struct hash_cursor cursor;

    for (uint32_t ref = hash_index_first(&d->index.slots, (uint32_t)flow, &cursor); ref != 0;
         ref = hash_index_next(&cursor)) {
        struct tcp_conn *object = pool_at(&d->objects, flow_unpack(ref).index);

        if (tuple_equal(&object->tuple, tuple))
            return object;
    }
    return NULL;
}

static void prefetch_owner(const struct demux *d, uint64_t flow)
{
    struct hash_cursor cursor;
    const uint32_t ref = hash_index_first(&d->index.slots, (uint32_t)flow, &cursor);

    if (ref != 0)
        prefetch_object(pool_at(&d->objects, flow_unpack(ref).index), 128);
}

/* What a pure ACK in order changes. */
static uint32_t acknowledge(struct tcp_conn *object)
{
    object->snd.una = seq_add(object->snd.una, 1);
    object->snd.wl1 = object->rcv.nxt;
    object->paws.recent++;
    return object->flags;
}

static void demux_batch(struct demux *d, const uint32_t *number)
{
    struct tuple tuple[DEMUX_BATCH];
    uint64_t flow[DEMUX_BATCH];

    for (unsigned i = 0; i < DEMUX_BATCH; i++) {
        tuple[i] = numbered_tuple(number[i], false);
        flow[i] = flow_hash(&d->index, &tuple[i]);
        hash_index_prefetch(&d->index.slots, (uint32_t)flow[i]);
    }
    for (unsigned i = 0; i < DEMUX_BATCH; i++)
        prefetch_owner(d, flow[i]);
    for (unsigned i = 0; i < DEMUX_BATCH; i++) {
        struct tcp_conn *object = find_object(d, &tuple[i], flow[i]);

        CHECK(object != NULL);
        d->found += acknowledge(object);
    }
}

static void demux_serially(struct demux *d, const uint32_t *number, unsigned count)
{
    uint32_t chain = 0;

    for (unsigned i = 0; i < count; i++) {
        const struct tuple tuple = numbered_tuple(number[i] + chain, false);
        struct tcp_conn *object = find_object(d, &tuple, flow_hash(&d->index, &tuple));

        CHECK(object != NULL);
        chain = acknowledge(object); /* 0, which the compiler cannot know */
    }
    d->found += chain;
}

static void demux_many(struct demux *d, uint64_t n, uint64_t count, bool is_serial,
                       struct stopwatch *watch)
{
    uint32_t number[DEMUX_BLOCK];

    for (uint64_t done = 0; done < count; done += DEMUX_BLOCK) {
        for (unsigned i = 0; i < DEMUX_BLOCK; i++)
            number[i] = rng_below(&d->rng, (uint32_t)n);
        if (watch != NULL)
            stopwatch_start(watch);
        if (is_serial)
            demux_serially(d, number, DEMUX_BLOCK);
        for (unsigned at = 0; at < DEMUX_BLOCK && !is_serial; at += DEMUX_BATCH)
            demux_batch(d, number + at);
        if (watch != NULL)
            stopwatch_stop(watch, DEMUX_BLOCK);
    }
}

static bool demux_population_make(struct demux_population *p, uint64_t n, enum bench_pages pages)
{
    const size_t before = resident_bytes();

    *p = (struct demux_population){.n = n};
    if (!demux_make(&p->d, pages, n))
        return false;
    if (pages == PAGES_GROWN)
        mapping_follow_use(&p->d.mapping, demux_touched(&p->d));
    p->bytes = (double)(resident_bytes() - before) / (double)n;
    demux_many(&p->d, n, 100 * DEMUX_BLOCK, false, NULL);
    return true;
}

static void demux_round(struct demux_population *p, uint64_t work)
{
    demux_many(&p->d, p->n, work, false, &p->batched);
    demux_many(&p->d, p->n, work / 4, true, &p->serial);
    stopwatch_round(&p->batched);
    stopwatch_round(&p->serial);
}

/* In the child: WHAT is the number of connections. */
static int count_demux(const struct bench_options *options)
{
    static struct demux d;
    unsigned long long n;

    if (sscanf(options->count, "%llu", &n) != 1 || n == 0 || n > DEMUX_LIMIT)
        return 2;
    if (!demux_make(&d, PAGES_4K, n))
        return 3;
    counting_begin();
    demux_many(&d, n, DEMUX_COUNTED, false, NULL);
    counting_end("ack", DEMUX_COUNTED);
    return 0;
}

static double demux_instructions(uint64_t n, const struct bench_options *options)
{
    struct instruction_counts counts;
    char what[32];
    const char *why;

    if (!options->instructions)
        return -1;
    snprintf(what, sizeof what, "%llu", (unsigned long long)n);
    if (!instructions_count("demux", what, &counts, &why)) {
        fprintf(stderr, "lastack bench: instructions are not counted: %s\n", why);
        return -1;
    }
    return instructions_of(&counts, "ack");
}

static void print_demux_json(const struct demux_population *p, enum bench_pages pages,
                             const struct bench_options *options)
{
    struct figure figure = figure_of("demux", "ack", p->n);

    figure.family = "ipv4";
    figure.pages = bench_pages_name(pages);
    figure.batch = DEMUX_BATCH;
    figure.ns_per_op = stopwatch_median(&p->batched);
    figure.instructions_per_op = p->instructions;
    figure.bytes_per_record = p->bytes;
    figure_print_json(&figure, options->out);
    figure.op = "serial";
    figure.batch = 1;
    figure.ns_per_op = stopwatch_median(&p->serial);
    figure.instructions_per_op = -1;
    figure_print_json(&figure, options->out);
}

static void print_demux_text(const struct demux_population *p, const struct demux_population *base,
                             FILE *out)
{
    fprintf(out, "%12llu    %6.1f %4.2fx    %6.1f %4.2fx", (unsigned long long)p->n,
            stopwatch_median(&p->batched), stopwatch_ratio(&p->batched, &base->batched),
            stopwatch_median(&p->serial), stopwatch_ratio(&p->serial, &base->serial));
    if (p->instructions >= 0)
        fprintf(out, "  %8.0f", p->instructions);
    fputc('\n', out);
    fflush(out);
}

static bool run_demux_populations(struct demux_population *p, unsigned count,
                                  enum bench_pages pages, const struct bench_options *options)
{
    const uint64_t work = (options->quick ? 20 : 400) * DEMUX_BLOCK;

    for (unsigned i = 0; i < count; i++)
        if (!demux_population_make(&p[i], demux_populations[i], pages))
            return false;
    for (unsigned round = 0; round < 9; round++)
        for (unsigned i = 0; i < count; i++)
            demux_round(&p[i], work);
    return true;
}

static int run_demux_pages(const struct bench_options *options, enum bench_pages pages)
{
    const uint64_t largest = options->largest != 0 ? options->largest
                             : options->quick      ? 10000
                                                   : DEMUX_LIMIT;
    static struct demux_population p[DEMUX_POPULATIONS];
    const struct demux_population *base = &p[DEMUX_BASE];
    unsigned count = DEMUX_BASE + 1;
    int code = 0;

    while (count < DEMUX_POPULATIONS && demux_populations[count] <= largest)
        count++;
    if (!run_demux_populations(p, count, pages, options))
        return 3;
    if (!options->json)
        fprintf(options->out,
                "\ndemux: a pure ACK to a random connection, pages: %s: ns, how much more than at "
                "%llu\n"
                " connections   in batches of %d     one by one  instructions\n",
                bench_pages_name(pages), (unsigned long long)base->n, DEMUX_BATCH);
    for (unsigned i = 0; i < count; i++) {
        mapping_release(&p[i].d.mapping);
        p[i].instructions = pages == PAGES_2M ? -1 : demux_instructions(p[i].n, options);
        if (options->json)
            print_demux_json(&p[i], pages, options);
        else
            print_demux_text(&p[i], base, options->out);
        if (stopwatch_ratio(&p[i].batched, &base->batched) > WORST_DEMUX_TIME) {
            fprintf(stderr,
                    "lastack bench: demux at %llu takes more than %.0f times as long as at %llu\n",
                    (unsigned long long)p[i].n, WORST_DEMUX_TIME, (unsigned long long)base->n);
            code = 1;
        }
    }
    return code;
}

static int run_demux(const struct bench_options *options)
{
    int worst = 0;

    for (enum bench_pages pages = 0; pages < PAGES_KINDS; pages++) {
        const int code = options->pages & 1u << pages ? run_demux_pages(options, pages) : 0;

        worst = code > worst ? code : worst;
    }
    return worst;
}

const struct bench bench_demux = {
    .name = "demux",
    .summary = "whose segment is this? 1 to 1,000,000 connections",
    .run = run_demux,
    .count = count_demux,
};
