/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * bench_recovery.c: goodput over bad links: lastack to Linux beside Linux to Linux, same link, same
 * seeds, CUBIC on both.
 *
 *     loss 0, 0.1, 1, 3, 5 %, reordering 1 %, bursts  x  RTT 1, 20, 100 ms  x  10, 100 Mbit/s
 *
 * Five runs of 20 s for each; prints the table of docs/performance.md. A cell's ratio is that of
 * the geometric means of its runs; the interval of the whole comes from the runs' own geometric
 * means over all cells (Student's t, since the seeds are the independent thing).
 */
#include "bench.h"

#include "duration.h"
#include "trial.h"

#include <math.h>
#include <stdlib.h>

static const double LEAST_MEAN = 0.95, LEAST_CELL = 0.8;

struct disease {
    const char *name;
    struct sim_recipe recipe;
};

static const struct disease diseases[] = {
    {"loss 0", {.loss_ppm = 0}},
    {"loss 0.1 %", {.loss_ppm = 1000}},
    {"loss 1 %", {.loss_ppm = 10000}},
    {"loss 3 %", {.loss_ppm = 30000}},
    {"loss 5 %", {.loss_ppm = 50000}},
    {"reordering 1 %", {.reorder_ppm = 10000}},
    {"bursts of 10", {.burst_ppm = 500, .burst_packets = 10}},
};
static const int64_t rtts[] = {MS(1), MS(20), MS(100)};
static const uint64_t rates[] = {10000000, 100000000};

enum {
    DISEASES = sizeof diseases / sizeof diseases[0],
    RTTS = sizeof rtts / sizeof rtts[0],
    RATES = sizeof rates / sizeof rates[0],
    CELLS = DISEASES * RTTS * RATES,
    RUNS_MAX = 5,
    SIDES = 2, /* Linux, lastack */
};

struct grid {
    unsigned runs;
    int64_t length_ns;
    struct trial *trials; /* [cell][run][side] */
    size_t count;
};

static struct trial *trial_at(const struct grid *grid, unsigned cell, unsigned run, unsigned side)
{
    return &grid->trials[(cell * grid->runs + run) * SIDES + side];
}

static const struct disease *disease_of(unsigned cell)
{
    return &diseases[cell % DISEASES];
}

static int64_t rtt_of(unsigned cell)
{
    return rtts[cell / DISEASES % RTTS];
}

static uint64_t rate_of(unsigned cell)
{
    return rates[cell / DISEASES / RTTS];
}

/* A queue of one bandwidth-delay product, thirty packets at the least. What is reordered comes a
 * quarter of the round trip late, as if it had taken another path. */
static struct sim_recipe recipe_of(unsigned cell)
{
    struct sim_recipe recipe = disease_of(cell)->recipe;
    const uint64_t product = rate_of(cell) / 8 * (uint64_t)rtt_of(cell) / (uint64_t)SEC(1);

    recipe.delay_ns = rtt_of(cell) / 2;
    recipe.rate_bps = rate_of(cell);
    recipe.queue_bytes = (uint32_t)(product > 30 * RELAY_MTU ? product : 30 * RELAY_MTU);
    recipe.reorder_ns = rtt_of(cell) / 4;
    return recipe;
}

/* Each run's two sides stand next to each other, with one seed. */
static bool make_grid(struct grid *grid, const struct bench_options *options)
{
    *grid = (struct grid){.runs = options->quick ? 1 : RUNS_MAX,
                          .length_ns = options->quick ? SEC(2) : SEC(20)};
    grid->count = (size_t)CELLS * grid->runs * SIDES;
    grid->trials = calloc(grid->count, sizeof *grid->trials);
    if (grid->trials == NULL)
        return false;
    for (unsigned cell = 0; cell < CELLS; cell++) {
        for (unsigned run = 0; run < grid->runs; run++) {
            for (unsigned side = 0; side < SIDES; side++) {
                struct trial *trial = trial_at(grid, cell, run, side);

                trial->config.recipe[RELAY_FORWARD] = recipe_of(cell);
                trial->config.recipe[RELAY_BACK] = (struct sim_recipe){
                    .delay_ns = rtt_of(cell) / 2, .rate_bps = rate_of(cell)};
                trial->config.seed = 1 + cell * 1000u + run;
                trial->config.kernel_senders = side == 0;
                trial->config.our_senders = side == 1;
                trial->length_ns = grid->length_ns;
                trial->weight = rate_of(cell) > 50000000 ? TRIAL_CAPACITY / 2 : 1;
            }
        }
    }
    return true;
}

/* Geometric mean of a cell's runs, bits per second. */
static double goodput_of(const struct grid *grid, unsigned cell, unsigned side)
{
    double sum = 0;

    for (unsigned run = 0; run < grid->runs; run++)
        sum += log(fmax(trial_goodput(trial_at(grid, cell, run, side), 0), 1));
    return exp(sum / grid->runs);
}

struct verdict {
    double mean, low, high; /* of lastack over Linux; the 95 % interval */
    double worst;           /* cell */
};

static struct verdict judge(const struct grid *grid)
{
    static const double student[RUNS_MAX] = {0, 12.706, 4.303, 3.182, 2.776};
    double of_run[RUNS_MAX] = {0}, mean = 0, square = 0, error;
    struct verdict verdict = {.worst = INFINITY};

    for (unsigned cell = 0; cell < CELLS; cell++) {
        verdict.worst =
            fmin(verdict.worst, goodput_of(grid, cell, 1) / goodput_of(grid, cell, 0));
        for (unsigned run = 0; run < grid->runs; run++)
            of_run[run] += log(fmax(trial_goodput(trial_at(grid, cell, run, 1), 0), 1) /
                               fmax(trial_goodput(trial_at(grid, cell, run, 0), 0), 1)) /
                           CELLS;
    }
    for (unsigned run = 0; run < grid->runs; run++)
        mean += of_run[run] / grid->runs;
    for (unsigned run = 0; run < grid->runs; run++)
        square += (of_run[run] - mean) * (of_run[run] - mean);
    error = grid->runs < 2 ? INFINITY
                           : student[grid->runs - 1] * sqrt(square / (grid->runs - 1) / grid->runs);
    verdict.mean = exp(mean);
    verdict.low = exp(mean - error);
    verdict.high = exp(mean + error);
    return verdict;
}

static void print_table(const struct grid *grid, FILE *out)
{
    fprintf(out, "| link | RTT ms | Mbit/s | Linux | lastack | ratio |\n"
                 "|---|---:|---:|---:|---:|---:|\n");
    for (unsigned cell = 0; cell < CELLS; cell++) {
        const double linux_bps = goodput_of(grid, cell, 0), our_bps = goodput_of(grid, cell, 1);

        fprintf(out, "| %s | %d | %d | %.2f | %.2f | %.2f |\n", disease_of(cell)->name,
                (int)(rtt_of(cell) / MS(1)), (int)(rate_of(cell) / 1000000), linux_bps / 1e6,
                our_bps / 1e6, our_bps / linux_bps);
    }
}

static void print_json(const struct grid *grid, FILE *out)
{
    for (unsigned cell = 0; cell < CELLS; cell++)
        fprintf(out,
                "{\"bench\":\"recovery\",\"link\":\"%s\",\"rtt_ms\":%d,\"rate_mbit\":%d,"
                "\"linux_bps\":%.0f,\"lastack_bps\":%.0f}\n",
                disease_of(cell)->name, (int)(rtt_of(cell) / MS(1)),
                (int)(rate_of(cell) / 1000000), goodput_of(grid, cell, 0),
                goodput_of(grid, cell, 1));
}

static int fail(const struct grid *grid)
{
    for (size_t i = 0; i < grid->count; i++) {
        if (grid->trials[i].result.is_good)
            continue;
        fprintf(stderr, "lastack bench: recovery: %s\n", grid->trials[i].result.trouble.text);
        return 3;
    }
    return 3;
}

static int run_recovery(const struct bench_options *options)
{
    struct verdict verdict;
    struct grid grid;
    int result = 0;

    if (!make_grid(&grid, options))
        return 3;
    if (!trials_run(grid.trials, grid.count, options->json ? NULL : stderr)) {
        result = fail(&grid);
        free(grid.trials);
        return result;
    }
    verdict = judge(&grid);
    if (options->json)
        print_json(&grid, options->out);
    else
        print_table(&grid, options->out);
    fprintf(options->json ? stderr : options->out,
            "\nlastack over Linux: %.3f, 95 %% interval %.3f to %.3f (%u runs of %d s); worst cell "
            "%.2f\n",
            verdict.mean, verdict.low, verdict.high, grid.runs, (int)(grid.length_ns / SEC(1)),
            verdict.worst);
    if (!options->quick && (verdict.mean < LEAST_MEAN || verdict.worst < LEAST_CELL))
        result = 1;
    free(grid.trials);
    return result;
}

const struct bench bench_recovery = {
    .name = "recovery",
    .summary = "goodput over bad links, beside Linux: loss x round trip x rate (half an hour)",
    .run = run_recovery,
    .is_long = true,
};
