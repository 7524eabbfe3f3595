/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * bench_tail.c: a short response loses its tail: nothing comes after it that could tell.
 *
 *     1 2 3 4 5 6 7 8 9 10        the last 1, 2, 3 of ten segments are lost, once each
 *                  ✗ ✗ ✗          completion time, from connect() to the last byte read
 *
 * lastack to Linux beside Linux to Linux, medians.
 */
#include "bench.h"

#include "duration.h"
#include "trial.h"

#include <stdlib.h>
#include <string.h>

enum { SEGMENT = 1448, SEGMENTS = 10, LOST_MAX = 3, RUNS = 11, SIDES = 2 };

static const double WORST_TAIL_RATIO = 1.1;

/* What a trial's link has seen: in the trial's own process. */
struct tail {
    unsigned lost;       /* so many of the last */
    uint32_t iss;        /* of the sender */
    uint32_t dropped_to; /* sequence numbers behind iss, up to here, were lost once */
};

static uint32_t get32(const uint8_t *at)
{
    return (uint32_t)at[0] << 24 | (uint32_t)at[1] << 16 | (uint32_t)at[2] << 8 | at[3];
}

static bool drops_tail(void *context, const uint8_t *packet, uint32_t length)
{
    struct tail *tail = context;
    const uint32_t ip = (packet[0] & 15u) * 4u;
    const uint8_t *tcp = packet + ip;
    uint32_t from, text;

    if (length < ip + 20 || packet[9] != 6)
        return false;
    text = length - ip - (tcp[12] >> 4) * 4u;
    if (tcp[13] & 2)
        tail->iss = get32(tcp + 4);
    from = get32(tcp + 4) - tail->iss - 1;
    if (text == 0 || from + text <= (SEGMENTS - tail->lost) * SEGMENT ||
        from + text <= tail->dropped_to)
        return false;
    tail->dropped_to = from + text;
    return true;
}

static void make_trials(struct trial *trials, struct tail *tails)
{
    static const struct sim_recipe recipe = {.delay_ns = MS(10), .rate_bps = 100000000};

    for (unsigned i = 0; i < LOST_MAX * RUNS * SIDES; i++) {
        struct relay_config *config = &trials[i].config;

        tails[i] = (struct tail){.lost = 1 + i / (RUNS * SIDES)};
        config->recipe[RELAY_FORWARD] = config->recipe[RELAY_BACK] = recipe;
        config->seed = 1 + i / SIDES;
        config->kernel_senders = i % SIDES == 0;
        config->our_senders = i % SIDES == 1;
        config->bytes = SEGMENTS * SEGMENT;
        config->drops = drops_tail;
        config->context = &tails[i];
        trials[i].length_ns = SEC(10);
        trials[i].weight = TRIAL_CAPACITY / 2;
    }
}

static int compare_times(const void *a, const void *b)
{
    const int64_t x = *(const int64_t *)a, y = *(const int64_t *)b;

    return x < y ? -1 : x > y;
}

static double median_ms(const struct trial *trials, unsigned lost, unsigned side)
{
    int64_t took[RUNS];

    for (unsigned run = 0; run < RUNS; run++)
        took[run] = trials[((lost - 1) * RUNS + run) * SIDES + side].result.flow[0].took_ns;
    qsort(took, RUNS, sizeof took[0], compare_times);
    return (double)took[RUNS / 2] / 1e6;
}

static int run_tail(const struct bench_options *options)
{
    static struct trial trials[LOST_MAX * RUNS * SIDES];
    static struct tail tails[LOST_MAX * RUNS * SIDES];
    int result = 0;

    make_trials(trials, tails);
    if (!trials_run(trials, LOST_MAX * RUNS * SIDES, NULL)) {
        for (size_t i = 0; i < LOST_MAX * RUNS * SIDES; i++)
            if (!trials[i].result.is_good)
                fprintf(stderr, "lastack bench: tail: %s\n", trials[i].result.trouble.text);
        return 3;
    }
    if (!options->json)
        fprintf(options->out,
                "| lost of %d | Linux ms | lastack ms | ratio |\n"
                "|---:|---:|---:|---:|\n",
                SEGMENTS);
    for (unsigned lost = 1; lost <= LOST_MAX; lost++) {
        const double linux_ms = median_ms(trials, lost, 0), our_ms = median_ms(trials, lost, 1);

        fprintf(options->out,
                options->json ? "{\"bench\":\"tail\",\"lost\":%u,\"linux_ms\":%.2f,"
                                "\"lastack_ms\":%.2f,\"ratio\":%.3f}\n"
                              : "| %u | %.2f | %.2f | %.2f |\n",
                lost, linux_ms, our_ms, our_ms / linux_ms);
        if (our_ms / linux_ms > WORST_TAIL_RATIO)
            result = 1;
    }
    return result;
}

const struct bench bench_tail = {
    .name = "tail",
    .summary = "a short response that loses its last segments, beside Linux",
    .run = run_tail,
    .is_long = true,
};
