/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * bench_life.c: a connection's whole life, both ends on one core, beside lwIP doing the same.
 *
 * Lives are timed in blocks of 64. Behind each block 2MSL pass, so that in an empty table there are
 * 32 TIME-WAITs on average, for both; ours end inside the time that is measured, lwIP's outside of
 * it. With a population, so many lives have gone before, and their TIME-WAITs stay. All take turns,
 * block by block.
 */
#include "bench.h"

#include "duration.h"
#include "figure.h"
#include "instructions.h"
#include "lives.h"
#include "lwip_pair.h"
#include "stopwatch.h"

#include <stdlib.h>
#include <string.h>

enum { LIFE_BLOCK = 64, LIFE_COUNTED = 20 * LIFE_BLOCK };

/* Acceptance: against lwIP, against ourselves with empty tables, and instructions. */
static const double WORST_LIFE_RATIO = 1.0, WORST_LIFE_GROWTH = 2.0,
                    WORST_LIFE_INSTRUCTIONS = 12000;

enum life_kind { LIFE_OURS, LIFE_OURS_BATCHED, LIFE_LWIP };

/* One way to live. */
struct life_row {
    enum life_kind kind;
    uint64_t time_waits; /* that stand around */
    struct lives lives;  /* of ours; batched rows use those of the row before */
    struct lives *used;
    struct stopwatch watch;
    double instructions, packets;
};

static const char *life_name(enum life_kind kind)
{
    return kind == LIFE_LWIP ? "lwip" : kind == LIFE_OURS_BATCHED ? "batched" : "life";
}

/* ---- set-up ---- */

static bool life_populate(struct lives *lives, uint64_t time_waits)
{
    const uint32_t limit = (uint32_t)(time_waits * 2 + 100000);

    if (!lives_make(lives, PAIR_BATCH, limit))
        return false;
    lives_run(lives, time_waits / PAIR_BATCH * PAIR_BATCH, PAIR_BATCH);
    return true;
}

/* ---- a block of each ---- */

static void block_of_ours(struct life_row *row, unsigned at_once)
{
    const uint64_t packets = row->used->pair.packets;

    stopwatch_start(&row->watch);
    lives_run(row->used, LIFE_BLOCK, at_once);
    if (row->time_waits == 0)
        pair_pass(&row->used->pair, SEC(61));
    stopwatch_stop(&row->watch, LIFE_BLOCK);
    row->packets = (double)(row->used->pair.packets - packets) / LIFE_BLOCK;
}

static void block_of_lwip(struct life_row *row, struct lwip_pair *lwip)
{
    const uint64_t packets = lwip_pair_packets(lwip);
    const uint64_t count = row->time_waits > 0 ? 4 : LIFE_BLOCK;

    stopwatch_start(&row->watch);
    lwip_pair_lives(lwip, count);
    stopwatch_stop(&row->watch, count);
    row->packets = (double)(lwip_pair_packets(lwip) - packets) / (double)count;
    if (row->time_waits == 0)
        lwip_pair_pass_2msl(lwip);
}

static void life_block(struct life_row *row, struct lwip_pair *lwip)
{
    switch (row->kind) {
    case LIFE_OURS:
        block_of_ours(row, 1);
        break;
    case LIFE_OURS_BATCHED:
        block_of_ours(row, PAIR_BATCH);
        break;
    case LIFE_LWIP:
        block_of_lwip(row, lwip);
        break;
    }
}

/* ---- instructions ---- */

/* In the child: WHAT is the kind. */
static int count_life(const struct bench_options *options)
{
    static struct lives lives;
    const char *why;

    if (strcmp(options->count, "lwip") == 0) {
        struct lwip_pair *lwip = lwip_pair_make(&why);

        if (lwip == NULL)
            return 3;
        lwip_pair_lives(lwip, LIFE_BLOCK);
        lwip_pair_pass_2msl(lwip);
        counting_begin();
        lwip_pair_lives(lwip, LIFE_BLOCK);
        counting_end("lwip", LIFE_BLOCK);
        return 0;
    }
    if (!lives_make(&lives, PAIR_BATCH, 100000))
        return 3;
    /* The tables have their size already: growing belongs to the first lives of all. */
    lives_run(&lives, LIFE_COUNTED, 1);
    pair_pass(&lives.pair, SEC(61));
    counting_begin();
    lives_run(&lives, LIFE_COUNTED, 1);
    counting_end("life", LIFE_COUNTED);
    pair_pass(&lives.pair, SEC(61));
    counting_begin();
    lives_run(&lives, LIFE_COUNTED, PAIR_BATCH);
    counting_end("batched", LIFE_COUNTED);
    return 0;
}

/* ---- printing ---- */

static void print_life(const struct life_row *row, const struct life_row *ours,
                       const struct life_row *lwip, const struct bench_options *options)
{
    struct figure figure = figure_of("life", life_name(row->kind), row->time_waits);

    figure.batch = row->kind == LIFE_OURS_BATCHED ? PAIR_BATCH : 1;
    figure.ns_per_op = stopwatch_median(&row->watch);
    figure.instructions_per_op = row->instructions;
    if (lwip != NULL)
        figure.ratio_lwip = stopwatch_ratio(&row->watch, &lwip->watch);
    if (options->json) {
        figure_print_json(&figure, options->out);
        return;
    }
    fprintf(options->out, "%-8s %10llu %9.0f  %5.2fx", life_name(row->kind),
            (unsigned long long)row->time_waits, figure.ns_per_op,
            stopwatch_ratio(&row->watch, &ours->watch));
    if (lwip != NULL)
        fprintf(options->out, "  %6.2f", figure.ratio_lwip);
    else
        fprintf(options->out, "       -");
    fprintf(options->out, " %8.1f", row->packets);
    if (row->instructions >= 0)
        fprintf(options->out, "  %8.0f", row->instructions);
    fputc('\n', options->out);
    fflush(options->out);
}

/* ---- the bench ---- */

enum { LIFE_ROWS = 12 };

struct life_table {
    struct life_row row[LIFE_ROWS];
    unsigned count;
    struct life_row *lwip_empty; /* NULL: no lwIP */
    struct lwip_pair *lwip;
};

static struct life_row *life_add(struct life_table *table, enum life_kind kind, uint64_t time_waits)
{
    struct life_row *row = &table->row[table->count++];

    *row = (struct life_row){.kind = kind, .time_waits = time_waits, .instructions = -1};
    return row;
}

static bool life_add_ours(struct life_table *table, uint64_t time_waits)
{
    struct life_row *single = life_add(table, LIFE_OURS, time_waits);
    struct life_row *batched = life_add(table, LIFE_OURS_BATCHED, time_waits);

    single->used = batched->used = &single->lives;
    return life_populate(&single->lives, time_waits);
}

static void life_add_lwip(struct life_table *table)
{
    const char *why;

    table->lwip = lwip_pair_make(&why);
    if (table->lwip == NULL)
        fprintf(stderr, "lastack bench: no comparison with lwIP: %s\n", why);
    else
        table->lwip_empty = life_add(table, LIFE_LWIP, 0);
}

static void life_count_instructions(struct life_table *table, const struct bench_options *options)
{
    struct instruction_counts counts;
    const char *why;

    for (unsigned pass = 0; pass < 2 && options->instructions; pass++) {
        if (pass == 1 && table->lwip_empty == NULL)
            continue;
        if (!instructions_count("life", pass == 0 ? "ours" : "lwip", &counts, &why)) {
            fprintf(stderr, "lastack bench: instructions are not counted: %s\n", why);
            continue;
        }
        for (unsigned i = 0; i < table->count; i++) {
            const double counted = instructions_of(&counts, life_name(table->row[i].kind));

            if (table->row[i].time_waits == 0 && counted >= 0)
                table->row[i].instructions = counted;
        }
    }
}

static int life_judge(const struct life_table *table)
{
    const struct life_row *ours = &table->row[0];
    int code = 0;

    if (table->lwip_empty != NULL &&
        stopwatch_ratio(&ours->watch, &table->lwip_empty->watch) > WORST_LIFE_RATIO) {
        fprintf(stderr, "lastack bench: a life takes longer than lwIP's\n");
        code = 1;
    }
    if (ours->instructions > WORST_LIFE_INSTRUCTIONS) {
        fprintf(stderr, "lastack bench: a life takes %.0f instructions, more than %.0f\n",
                ours->instructions, WORST_LIFE_INSTRUCTIONS);
        code = 1;
    }
    for (unsigned i = 0; i < table->count; i++) {
        const struct life_row *row = &table->row[i];

        if (row->kind == LIFE_OURS_BATCHED && row->time_waits <= 1000000 &&
            stopwatch_ratio(&row->watch, &table->row[1].watch) > WORST_LIFE_GROWTH) {
            fprintf(stderr,
                    "lastack bench: with %llu TIME-WAITs a life takes more than twice as long\n",
                    (unsigned long long)row->time_waits);
            code = 1;
        }
    }
    return code;
}

/* lwIP with a population comes last: its TIME-WAITs would stay around for the other rows. */
static void life_crowd_lwip(struct life_table *table, uint64_t time_waits, unsigned rounds)
{
    struct life_row *row = life_add(table, LIFE_LWIP, time_waits);

    lwip_pair_lives(table->lwip, time_waits);
    for (unsigned round = 0; round < rounds; round++) {
        block_of_lwip(row, table->lwip);
        stopwatch_round(&row->watch);
    }
}

static int run_life(const struct bench_options *options)
{
    static const uint64_t populations[] = {0, 10000, 1000000, 10000000};
    const uint64_t largest = options->largest != 0 ? options->largest
                             : options->quick      ? 10000
                                                   : 1000000;
    const unsigned rounds = options->quick ? 3 : 15, blocks = options->quick ? 2 : 10;
    static struct life_table table;

    table = (struct life_table){0};
    for (unsigned i = 0; i < 4 && populations[i] <= largest; i++)
        if (!life_add_ours(&table, populations[i]))
            return 3;
    life_add_lwip(&table);
    for (unsigned round = 0; round < rounds; round++) {
        for (unsigned i = 0; i < table.count; i++) {
            for (unsigned block = 0; block < blocks; block++)
                life_block(&table.row[i], table.lwip);
            stopwatch_round(&table.row[i].watch);
        }
    }
    if (table.lwip != NULL)
        life_crowd_lwip(&table, options->quick ? 1000 : 10000, rounds);
    life_count_instructions(&table, options);
    if (!options->json)
        fprintf(
            options->out,
            "\nlife: connect, 64 bytes each way, both close, TIME-WAIT; both ends, checksums on\n"
            "          TIME-WAITs   ns/life  growth / lwIP  packets  instructions\n");
    for (unsigned i = 0; i < table.count; i++)
        print_life(&table.row[i], table.row[i].kind == LIFE_LWIP ? table.lwip_empty : &table.row[0],
                   table.lwip_empty, options);
    for (unsigned i = 0; i < table.count; i++)
        if (table.row[i].used == &table.row[i].lives)
            lives_release(&table.row[i].lives);
    return life_judge(&table);
}

const struct bench bench_life = {
    .name = "life",
    .summary = "a whole life, both ends, empty tables and full ones, beside lwIP",
    .run = run_life,
    .count = count_life,
};
