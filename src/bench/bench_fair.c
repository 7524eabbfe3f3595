/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * bench_fair.c: two flows share a bottleneck of 20 Mbit/s for a minute: lastack with lastack, and
 * lastack with Linux, CUBIC all of them.
 *
 * Jain's index (x1 + x2)² / 2 (x1² + x2²): 1 when both have the same, 1/2 when one has all.
 */
#include "bench.h"

#include "duration.h"
#include "trial.h"

static const double LEAST_JAIN = 0.95;

enum { PAIRS = 3 };

static const struct {
    const char *name;
    unsigned kernel, ours;
} pairs[PAIRS] = {
    {"Linux and Linux", 2, 0}, {"Linux and lastack", 1, 1}, {"lastack and lastack", 0, 2}};

static double jain_index(double a, double b)
{
    return a + b <= 0 ? 0 : (a + b) * (a + b) / (2 * (a * a + b * b));
}

static int run_fair(const struct bench_options *options)
{
    static const struct sim_recipe recipe = {
        .delay_ns = MS(10), .rate_bps = 20000000, .queue_bytes = 50000};
    static struct trial trials[PAIRS];
    int result = 0;

    for (unsigned i = 0; i < PAIRS; i++) {
        trials[i].config.recipe[RELAY_FORWARD] = recipe;
        trials[i].config.recipe[RELAY_BACK] = (struct sim_recipe){.delay_ns = MS(10)};
        trials[i].config.seed = 1;
        trials[i].config.kernel_senders = pairs[i].kernel;
        trials[i].config.our_senders = pairs[i].ours;
        trials[i].length_ns = options->quick ? SEC(5) : SEC(60);
        trials[i].weight = 2;
    }
    if (!trials_run(trials, PAIRS, NULL)) {
        fprintf(stderr, "lastack bench: fair: %s%s%s\n", trials[0].result.trouble.text,
                trials[1].result.trouble.text, trials[2].result.trouble.text);
        return 3;
    }
    if (!options->json)
        fprintf(options->out, "| flows | first Mbit/s | second Mbit/s | Jain |\n"
                              "|---|---:|---:|---:|\n");
    for (unsigned i = 0; i < PAIRS; i++) {
        const double a = trial_goodput(&trials[i], 0) / 1e6, b = trial_goodput(&trials[i], 1) / 1e6;

        fprintf(options->out,
                options->json ? "{\"bench\":\"fair\",\"flows\":\"%s\",\"first_mbit\":%.2f,"
                                "\"second_mbit\":%.2f,\"jain\":%.3f}\n"
                              : "| %s | %.2f | %.2f | %.3f |\n",
                pairs[i].name, a, b, jain_index(a, b));
        if (pairs[i].ours > 0 && !options->quick && jain_index(a, b) < LEAST_JAIN)
            result = 1;
    }
    return result;
}

const struct bench bench_fair = {
    .name = "fair",
    .summary = "two flows share a bottleneck: lastack and lastack, lastack and Linux (a minute)",
    .run = run_fair,
    .is_long = true,
};
