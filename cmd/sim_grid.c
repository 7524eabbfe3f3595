/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * sim_grid.c: `lastack sim --grid`: goodput in every cell of loss x round trip x rate, the same on
 * every machine; a table that is kept, and compared with the next.
 *
 *     # loss_% rtt_ms rate_Mbit/s  goodput_Mbit/s  least  stall_ms  again_%  timeouts
 *
 * goodput: geometric mean over the seeds; least: of the slowest seed; stall: the longest time
 * without a new byte for the reader, of all seeds; again: segments sent again; timeouts: mean.
 * Three rows more: reordering instead of loss. Behind them, how many transfers there were and how
 * many did not hold what sim_transfer.h says; each of those is a line on stderr that repeats it.
 */
#include "sim_verb.h"

#include "json_names.h"
#include "same_file.h"

#include <errno.h>
#include <inttypes.h>
#include <math.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

enum { MBIT = 1000000, QUEUE_LEAST = 64000, CELLS_MOST = 64, SEEDS_USUAL = 5 };

#define BYTES_USUAL UINT64_C(4000000)
/* A cell is slower when it has lost a tenth: below that a change of any timer moves it. */
#define SLOWER 0.9

struct cell {
    uint32_t loss_ppm, reorder_ppm, rtt_ms, rate_mbit;
};

struct cell_result {
    double goodput, least; /* Mbit/s */
    int64_t longest_stall_ns;
    uint64_t segments, again, timeouts;
    uint64_t seeds;
};

struct grid {
    const struct sim_verb_options *options;
    uint64_t seeds, bytes;
    bool has_table; /* in a file, or on standard output */
    uint64_t transfers, failures;
    FILE *out;
    FILE *against; /* or NULL */
    uint64_t slower, without_before;
};

static size_t list_cells(struct cell *cells)
{
    static const uint32_t losses[] = {0, 1000, 10000, 30000, 50000};
    static const uint32_t rtts[] = {1, 20, 100}, rates[] = {10, 100};
    size_t count = 0;

    for (size_t loss = 0; loss < sizeof losses / sizeof losses[0]; loss++)
        for (size_t rtt = 0; rtt < sizeof rtts / sizeof rtts[0]; rtt++)
            for (size_t rate = 0; rate < sizeof rates / sizeof rates[0]; rate++)
                cells[count++] = (struct cell){losses[loss], 0, rtts[rtt], rates[rate]};
    for (size_t rtt = 0; rtt < sizeof rtts / sizeof rtts[0]; rtt++)
        cells[count++] = (struct cell){0, 10000, rtts[rtt], 100};
    return count;
}

/* A queue of one round trip's bytes before the bottleneck. */
static struct sim_recipe recipe_of(const struct cell *cell)
{
    const uint64_t flight = (uint64_t)cell->rate_mbit * MBIT / 8 * cell->rtt_ms / 1000;

    return (struct sim_recipe){
        .delay_ns = MS(cell->rtt_ms) / 2,
        .rate_bps = (uint64_t)cell->rate_mbit * MBIT,
        .queue_bytes = flight > QUEUE_LEAST ? (uint32_t)flight : QUEUE_LEAST,
        .loss_ppm = cell->loss_ppm,
        .reorder_ppm = cell->reorder_ppm,
        .reorder_ns = MS(cell->rtt_ms) / 4,
    };
}

static void tell_failure(struct grid *grid, const struct sim_transfer *transfer,
                         const struct cell *cell, const char *failure)
{
    grid->failures++;
    fprintf(stderr,
            "FAILED: %s: loss %g %%, reordering %g %%, %" PRIu32 " ms, %" PRIu32
            " Mbit/s: lastack sim --grid --seed %" PRIu64 " --seeds 1 --bytes %" PRIu64,
            failure, (double)cell->loss_ppm / 10000, (double)cell->reorder_ppm / 10000,
            cell->rtt_ms, cell->rate_mbit, transfer->seed, transfer->bytes);
    if (transfer->mtu != 1500)
        fprintf(stderr, " --mtu %" PRIu32, transfer->mtu);
    fputs(transfer->is_ipv6 ? " --ipv6" : "", stderr);
    sim_print_params(stderr, grid->options);
    fputs("\n", stderr);
}

static void run_cell(struct grid *grid, const struct cell *cell, struct cell_result *sum)
{
    struct sim_transfer transfer = grid->options->transfer;
    double logs = 0;

    *sum = (struct cell_result){.least = INFINITY, .seeds = grid->seeds};
    transfer.bytes = grid->bytes;
    transfer.recipe = recipe_of(cell);
    for (uint64_t i = 0; i < grid->seeds; i++) {
        struct sim_transfer_result result;
        double mbit;

        transfer.seed = grid->options->transfer.seed + i;
        sim_transfer_run(&transfer, &result);
        grid->transfers++;
        if (result.failure != NULL)
            tell_failure(grid, &transfer, cell, result.failure);
        mbit = (double)result.goodput_bps / MBIT;
        logs += log(mbit > 0 ? mbit : 1e-6);
        sum->least = fmin(sum->least, mbit);
        if (result.longest_stall_ns > sum->longest_stall_ns)
            sum->longest_stall_ns = result.longest_stall_ns;
        sum->segments += result.segments;
        sum->again += result.retransmitted;
        sum->timeouts += result.timeouts;
    }
    sum->goodput = exp(logs / (double)grid->seeds);
}

static void print_cell(const struct grid *grid, const struct cell *cell,
                       const struct cell_result *sum)
{
    const double again = sum->segments > 0 ? 100.0 * (double)sum->again / (double)sum->segments : 0;
    char what[24];

    snprintf(what, sizeof what, "%s%g", cell->reorder_ppm > 0 ? "reorder-" : "",
             (double)(cell->loss_ppm + cell->reorder_ppm) / 10000);
    fprintf(grid->out, "%-10s %6" PRIu32 " %11" PRIu32 " %15.3f %9.3f %9.1f %8.2f %9.2f\n", what,
            cell->rtt_ms, cell->rate_mbit, sum->goodput, sum->least,
            (double)sum->longest_stall_ns / 1e6, again, (double)sum->timeouts / (double)sum->seeds);
}

static void print_cell_json(const struct cell *cell, const struct cell_result *sum)
{
    json_line(stdout, json_pack("{s:f, s:f, s:I, s:I, s:f, s:f, s:I, s:I, s:I, s:I}",
                                "loss_percent", (double)cell->loss_ppm / 10000, "reorder_percent",
                                (double)cell->reorder_ppm / 10000, "rtt_ms",
                                (json_int_t)cell->rtt_ms, "rate_mbit", (json_int_t)cell->rate_mbit,
                                "goodput_mbit", sum->goodput, "least_mbit", sum->least,
                                "longest_stall_ns", (json_int_t)sum->longest_stall_ns, "segments",
                                (json_int_t)sum->segments, "retransmitted", (json_int_t)sum->again,
                                "timeouts", (json_int_t)sum->timeouts));
}

/* The goodput of the next line of the table of before; < 0: there is none. */
static double goodput_before(FILE *file)
{
    char line[256], what[24];
    unsigned rtt, rate;
    double goodput;

    while (fgets(line, sizeof line, file) != NULL) {
        if (line[0] != '#' && sscanf(line, "%23s %u %u %lf", what, &rtt, &rate, &goodput) == 4)
            return goodput;
    }
    return -1;
}

static void compare(struct grid *grid, const struct cell *cell, const struct cell_result *sum)
{
    const double before = goodput_before(grid->against);

    if (before < 0) {
        grid->without_before++;
        return;
    }
    if (sum->goodput >= SLOWER * before)
        return;
    grid->slower++;
    fprintf(stderr,
            "slower: loss %g %%, reordering %g %%, %" PRIu32 " ms, %" PRIu32
            " Mbit/s: %.3f Mbit/s, before %.3f\n",
            (double)cell->loss_ppm / 10000, (double)cell->reorder_ppm / 10000, cell->rtt_ms,
            cell->rate_mbit, sum->goodput, before);
}

static void print_head(const struct grid *grid)
{
    const struct sim_verb_options *options = grid->options;

    fprintf(
        grid->out,
        "# lastack sim --grid --seed %" PRIu64 " --seeds %" PRIu64 " --bytes %" PRIu64
        "    lastack to lastack, profile %s, virtual time\n"
        "# loss_%%  rtt_ms rate_Mbit/s  goodput_Mbit/s     least  stall_ms  again_%%  timeouts\n",
        options->transfer.seed, grid->seeds, grid->bytes,
        options->profile == NULL ? "linux" : options->profile);
}

static void print_sum(const struct grid *grid, FILE *out)
{
    fprintf(out, "# %" PRIu64 " transfers, %" PRIu64 " failed\n", grid->transfers, grid->failures);
}

/* Behind the table, and the only thing on standard output with --quiet. */
static void print_end(const struct grid *grid)
{
    if (grid->has_table)
        print_sum(grid, grid->out);
    if (grid->options->is_json)
        json_line(stdout,
                  json_pack("{s:b, s:I, s:I, s:I, s:I}", "summary", 1, "seeds",
                            (json_int_t)grid->seeds, "transfers", (json_int_t)grid->transfers,
                            "failures", (json_int_t)grid->failures, "slower",
                            (json_int_t)grid->slower));
    else if (grid->options->is_quiet)
        print_sum(grid, stdout);
}

static bool open_grid(struct grid *grid)
{
    const struct sim_verb_options *options = grid->options;

    grid->against = options->against == NULL ? NULL : fopen(options->against, "re");
    if (options->against != NULL && grid->against == NULL) {
        fprintf(stderr, "lastack sim: --against %s: %s\n", options->against, strerror(errno));
        return false;
    }
    /* one is read while the other is written */
    if (same_file(options->against, options->out)) {
        fprintf(stderr, "lastack sim: --out %s: that is the table --against which is compared\n",
                options->out);
        return false;
    }
    grid->out = options->out == NULL ? stdout : fopen(options->out, "we");
    if (grid->out == NULL)
        fprintf(stderr, "lastack sim: --out %s: %s\n", options->out, strerror(errno));
    return grid->out != NULL;
}

static bool close_grid(struct grid *grid)
{
    const bool is_written = fflush(grid->out) == 0 && ferror(grid->out) == 0;

    if (grid->against != NULL)
        fclose(grid->against);
    if (grid->out != stdout)
        fclose(grid->out);
    if (!is_written)
        fprintf(stderr, "lastack sim: the table could not be written\n");
    return is_written;
}

int sim_grid_verb(const struct sim_verb_options *options)
{
    struct grid grid = {.options = options,
                        .seeds = options->seeds > 0 ? options->seeds : SEEDS_USUAL,
                        .bytes = options->has_bytes ? options->transfer.bytes : BYTES_USUAL,
                        .has_table =
                            options->out != NULL || (!options->is_json && !options->is_quiet)};
    struct cell cells[CELLS_MOST];
    const size_t count = list_cells(cells);

    if (!open_grid(&grid))
        return 2;
    if (grid.has_table)
        print_head(&grid);
    for (size_t i = 0; i < count; i++) {
        struct cell_result sum;

        run_cell(&grid, &cells[i], &sum);
        if (options->is_json && !options->is_quiet)
            print_cell_json(&cells[i], &sum);
        if (grid.has_table)
            print_cell(&grid, &cells[i], &sum);
        if (grid.against != NULL)
            compare(&grid, &cells[i], &sum);
    }
    print_end(&grid);
    if (!close_grid(&grid))
        return 2;
    if (grid.without_before > 0) {
        fprintf(stderr,
                "lastack sim: --against %s: no table of this grid: %" PRIu64
                " of its %zu cells are missing\n",
                options->against, grid.without_before, count);
        return 2;
    }
    return grid.failures == 0 && grid.slower == 0 ? 0 : 1;
}
