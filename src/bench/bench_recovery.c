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
 *
 * A cell of which a run could not be made says so, counts in nothing, and makes the bench fail.
 */
#include "bench.h"

#include "duration.h"
#include "folder.h"
#include "trial.h"

#include <fnmatch.h>
#include <math.h>
#include <stdlib.h>
#include <string.h>

static const double LEAST_MEAN = 0.95, LEAST_CELL = 0.8;

struct disease {
    const char *name;
    const char *key; /* for --cells */
    struct sim_recipe recipe;
};

static const struct disease diseases[] = {
    {"loss 0", "loss0", {.loss_ppm = 0}},
    {"loss 0.1 %", "loss0.1", {.loss_ppm = 1000}},
    {"loss 1 %", "loss1", {.loss_ppm = 10000}},
    {"loss 3 %", "loss3", {.loss_ppm = 30000}},
    {"loss 5 %", "loss5", {.loss_ppm = 50000}},
    {"reordering 1 %", "reorder1", {.reorder_ppm = 10000}},
    {"bursts of 10", "bursts", {.burst_ppm = 500, .burst_packets = 10}},
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
    /* how many run side by side: a core carries two links of 100 Mbit/s with room to spare */
    FAST_WEIGHT = TRIAL_CAPACITY / 4,
    SLOW_WEIGHT = 1,
    NAME_MAX_LENGTH = 32,
};

struct cell {
    const struct disease *disease;
    int64_t rtt_ns;
    uint64_t rate_bps;
    unsigned number; /* in the whole grid: seeds follow from it */
};

struct grid {
    struct cell cell[CELLS]; /* those that were asked for */
    unsigned cells, runs;
    int64_t length_ns;
    struct trial *trials; /* [cell][run][side] */
    char (*paths)[256];   /* of their traces */
    size_t count;
};

static struct trial *trial_at(const struct grid *grid, unsigned cell, unsigned run, unsigned side)
{
    return &grid->trials[(cell * grid->runs + run) * SIDES + side];
}

static int rtt_ms(const struct cell *cell)
{
    return (int)(cell->rtt_ns / MS(1));
}

static int rate_mbit(const struct cell *cell)
{
    return (int)(cell->rate_bps / 1000000);
}

static void name_cell(const struct cell *cell, const char *separator, char name[NAME_MAX_LENGTH])
{
    (void)snprintf(name, NAME_MAX_LENGTH, "%s%s%d%s%d", cell->disease->key, separator, rtt_ms(cell),
                   separator, rate_mbit(cell));
}

/* False: none has such a name, said. */
static bool choose_cells(struct grid *grid, const char *pattern)
{
    for (unsigned i = 0; i < CELLS; i++) {
        const struct cell cell = {&diseases[i % DISEASES], rtts[i / DISEASES % RTTS],
                                  rates[i / DISEASES / RTTS], i};
        char name[NAME_MAX_LENGTH];

        name_cell(&cell, "/", name);
        if (pattern == NULL || fnmatch(pattern, name, 0) == 0)
            grid->cell[grid->cells++] = cell;
    }
    if (grid->cells > 0)
        return true;
    fprintf(stderr,
            "lastack bench: --cells %s: no such cell; a name is LINK/MS/MBIT, MS is 1, 20 "
            "or 100, MBIT 10 or 100, LINK one of",
            pattern);
    for (unsigned i = 0; i < DISEASES; i++)
        fprintf(stderr, " %s", diseases[i].key);
    fputs("\n", stderr);
    return false;
}

/* A queue of one bandwidth-delay product, thirty packets at the least. What is reordered comes a
 * quarter of the round trip late, as if it had taken another path. */
static struct sim_recipe recipe_of(const struct cell *cell)
{
    struct sim_recipe recipe = cell->disease->recipe;
    const uint64_t product = cell->rate_bps / 8 * (uint64_t)cell->rtt_ns / (uint64_t)SEC(1);

    recipe.delay_ns = cell->rtt_ns / 2;
    recipe.rate_bps = cell->rate_bps;
    recipe.queue_bytes = (uint32_t)(product > 30 * RELAY_MTU ? product : 30 * RELAY_MTU);
    recipe.reorder_ns = cell->rtt_ns / 4;
    return recipe;
}

static void make_trial(const struct grid *grid, unsigned at, unsigned run, unsigned side)
{
    const struct cell *cell = &grid->cell[at];
    struct trial *trial = trial_at(grid, at, run, side);

    trial->config.recipe[RELAY_FORWARD] = recipe_of(cell);
    trial->config.recipe[RELAY_BACK] =
        (struct sim_recipe){.delay_ns = cell->rtt_ns / 2, .rate_bps = cell->rate_bps};
    trial->config.seed = 1 + cell->number * 1000u + run;
    trial->config.kernel_senders = side == 0;
    trial->config.our_senders = side == 1;
    trial->length_ns = grid->length_ns;
    trial->weight = rate_mbit(cell) > 50 ? FAST_WEIGHT : SLOW_WEIGHT;
}

static void name_trace(struct grid *grid, const char *folder, unsigned at, unsigned run,
                       unsigned side)
{
    struct trial *trial = trial_at(grid, at, run, side);
    char *path = grid->paths[trial - grid->trials];
    char name[NAME_MAX_LENGTH];

    name_cell(&grid->cell[at], "-", name);
    (void)snprintf(path, sizeof grid->paths[0], "%.180s/%.31s-run%u-%s.tsv", folder, name, run + 1,
                   side == 0 ? "linux" : "lastack");
    trial->trace = path;
}

/* Each run's two sides stand next to each other, with one seed. False: said. */
static bool make_grid(struct grid *grid, const struct bench_options *options)
{
    int error;

    *grid = (struct grid){.runs = options->quick ? 1 : RUNS_MAX,
                          .length_ns = options->quick ? SEC(2) : SEC(20)};
    if (!choose_cells(grid, options->cells))
        return false;
    if (options->runs != 0)
        grid->runs = (unsigned)options->runs;
    if (options->seconds != 0)
        grid->length_ns = SEC((int64_t)options->seconds);
    grid->count = (size_t)grid->cells * grid->runs * SIDES;
    grid->trials = calloc(grid->count, sizeof *grid->trials);
    grid->paths = calloc(grid->count, sizeof *grid->paths);
    if (grid->trials == NULL || grid->paths == NULL) {
        fputs("lastack bench: recovery: out of memory\n", stderr);
        return false;
    }
    if (options->trace != NULL && (error = folder_make(options->trace)) != 0) {
        fprintf(stderr, "lastack bench: --trace %s: %s\n", options->trace, strerror(-error));
        return false;
    }
    for (unsigned cell = 0; cell < grid->cells; cell++) {
        for (unsigned run = 0; run < grid->runs; run++) {
            for (unsigned side = 0; side < SIDES; side++) {
                make_trial(grid, cell, run, side);
                if (options->trace != NULL)
                    name_trace(grid, options->trace, cell, run, side);
            }
        }
    }
    return true;
}

/* Why a run of the cell could not be made; NULL: all were. */
static const char *failure_of(const struct grid *grid, unsigned cell)
{
    for (unsigned i = 0; i < grid->runs * SIDES; i++) {
        const struct trial_result *result = &trial_at(grid, cell, 0, 0)[i].result;

        if (!result->is_good)
            return result->trouble.text[0] != '\0' ? result->trouble.text : "it was not run";
    }
    return NULL;
}

static double goodput_of_run(const struct grid *grid, unsigned cell, unsigned run, unsigned side)
{
    return fmax(trial_goodput(trial_at(grid, cell, run, side), 0), 1);
}

/* Geometric mean of a cell's runs, bits per second. */
static double goodput_of(const struct grid *grid, unsigned cell, unsigned side)
{
    double sum = 0;

    for (unsigned run = 0; run < grid->runs; run++)
        sum += log(goodput_of_run(grid, cell, run, side));
    return exp(sum / grid->runs);
}

static double ratio_of(const struct grid *grid, unsigned cell)
{
    return goodput_of(grid, cell, 1) / goodput_of(grid, cell, 0);
}

/* Of all good cells, the logarithm of a run's geometric mean of ratios. */
static double mean_of_run(const struct grid *grid, unsigned run, unsigned good)
{
    double sum = 0;

    for (unsigned cell = 0; cell < grid->cells; cell++)
        if (failure_of(grid, cell) == NULL)
            sum += log(goodput_of_run(grid, cell, run, 1) / goodput_of_run(grid, cell, run, 0));
    return sum / good;
}

struct verdict {
    unsigned good, failed;  /* cells */
    double mean, low, high; /* of lastack over Linux; the 95 % interval */
    double worst;           /* cell */
};

static struct verdict judge(const struct grid *grid)
{
    static const double student[RUNS_MAX] = {0, 12.706, 4.303, 3.182, 2.776};
    double of_run[RUNS_MAX] = {0}, mean = 0, square = 0, error;
    struct verdict verdict = {.worst = INFINITY};

    for (unsigned cell = 0; cell < grid->cells; cell++) {
        if (failure_of(grid, cell) != NULL) {
            verdict.failed++;
            continue;
        }
        verdict.good++;
        verdict.worst = fmin(verdict.worst, ratio_of(grid, cell));
    }
    if (verdict.good == 0)
        return verdict;
    for (unsigned run = 0; run < grid->runs; run++) {
        of_run[run] = mean_of_run(grid, run, verdict.good);
        mean += of_run[run] / grid->runs;
    }
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
    for (unsigned i = 0; i < grid->cells; i++) {
        const struct cell *cell = &grid->cell[i];

        fprintf(out, "| %s | %d | %d | ", cell->disease->name, rtt_ms(cell), rate_mbit(cell));
        if (failure_of(grid, i) != NULL)
            fputs("| | failed |\n", out);
        else
            fprintf(out, "%.2f | %.2f | %.2f |\n", goodput_of(grid, i, 0) / 1e6,
                    goodput_of(grid, i, 1) / 1e6, ratio_of(grid, i));
    }
}

static void print_json(const struct grid *grid, FILE *out)
{
    for (unsigned i = 0; i < grid->cells; i++) {
        const struct cell *cell = &grid->cell[i];

        if (failure_of(grid, i) == NULL)
            fprintf(out,
                    "{\"bench\":\"recovery\",\"link\":\"%s\",\"rtt_ms\":%d,\"rate_mbit\":%d,"
                    "\"linux_bps\":%.0f,\"lastack_bps\":%.0f}\n",
                    cell->disease->name, rtt_ms(cell), rate_mbit(cell), goodput_of(grid, i, 0),
                    goodput_of(grid, i, 1));
    }
}

static void print_failures(const struct grid *grid)
{
    for (unsigned i = 0; i < grid->cells; i++) {
        const char *why = failure_of(grid, i);
        char name[NAME_MAX_LENGTH];

        if (why == NULL)
            continue;
        name_cell(&grid->cell[i], "/", name);
        fprintf(stderr, "lastack bench: recovery: %s failed: %s\n", name, why);
    }
}

static void print_verdict(const struct grid *grid, const struct verdict *verdict, FILE *out)
{
    fprintf(out, "\nlastack over Linux: %.3f", verdict->mean);
    if (grid->runs > 1)
        fprintf(out, ", 95 %% interval %.3f to %.3f", verdict->low, verdict->high);
    fprintf(out, " (%u cells, %u run%s of %d s); worst cell %.2f", verdict->good, grid->runs,
            grid->runs > 1 ? "s" : "", (int)(grid->length_ns / SEC(1)), verdict->worst);
    if (verdict->failed > 0)
        fprintf(out, "; %u failed", verdict->failed);
    fputc('\n', out);
}

static int print_all(const struct grid *grid, const struct bench_options *options)
{
    const struct verdict verdict = judge(grid);

    print_failures(grid);
    if (options->json)
        print_json(grid, options->out);
    else
        print_table(grid, options->out);
    if (verdict.good == 0)
        return 3;
    print_verdict(grid, &verdict, options->json ? stderr : options->out);
    if (verdict.failed > 0)
        return 3;
    return !options->quick && (verdict.mean < LEAST_MEAN || verdict.worst < LEAST_CELL);
}

static int run_recovery(const struct bench_options *options)
{
    struct grid grid;
    int result = options->cells == NULL ? 3 : 2;

    if (make_grid(&grid, options)) {
        (void)trials_run(grid.trials, grid.count, stderr); /* what failed is in the results */
        result = print_all(&grid, options);
    }
    free(grid.trials);
    free(grid.paths);
    return result;
}

const struct bench bench_recovery = {
    .name = "recovery",
    .summary = "goodput over bad links, beside Linux: loss x round trip x rate (half an hour)",
    .run = run_recovery,
    .is_long = true,
};
