/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * bench_bulk.c: bytes without end over one connection, both ends on one core, beside lwIP.
 */
#include "bench.h"

#include "bulk.h"
#include "figure.h"
#include "flight.h"
#include "instructions.h"
#include "lwip_pair.h"
#include "stopwatch.h"

#include <string.h>

enum { BULK_MSS = 1460, BULK_GSO = 64240 };

/* Acceptance: at least lwIP's rate. */
static const double WORST_BULK_RATIO = 1.0;

enum bulk_kind { BULK_PACKETS, BULK_FRAMES, BULK_LWIP, BULK_KINDS };

static const char *const bulk_name[BULK_KINDS] = {"mss", "gso", "lwip"};

struct bulk_row {
    struct bulk bulk;
    struct stopwatch watch; /* ns per 1460 bytes */
    double instructions;    /* for 1460 bytes */
};

static void bulk_round(struct bulk_row row[BULK_KINDS], struct lwip_pair *lwip, uint64_t bytes)
{
    for (unsigned kind = 0; kind < BULK_KINDS; kind++) {
        if (kind == BULK_LWIP && lwip == NULL)
            continue;
        stopwatch_start(&row[kind].watch);
        if (kind == BULK_LWIP)
            lwip_pair_bulk(lwip, bytes);
        else
            bulk_run(&row[kind].bulk, bytes);
        stopwatch_stop(&row[kind].watch, bytes / BULK_MSS);
        stopwatch_round(&row[kind].watch);
    }
}

/* ---- instructions with so much in flight ---- */

static const uint32_t flights[] = {10, 1000, 100000};
static const char *const flight_part_name[FLIGHT_PARTS] = {"send", "receive", "ack"};

enum { FLIGHTS = sizeof flights / sizeof flights[0], FLIGHT_COUNTED = 2000, FLIGHT_STEP = 250 };

/* Nothing may be walked through: a tree of 100,000 bursts may cost its depth. */
static const double WORST_FLIGHT_GROWTH = 2.0;

static void flight_count_name(char name[INSTRUCTIONS_NAME], uint32_t segments,
                              enum flight_part part)
{
    snprintf(name, INSTRUCTIONS_NAME, "%s-%u", flight_part_name[part], segments);
}

static bool count_flight(uint32_t segments)
{
    const uint32_t step = segments / 4 > FLIGHT_STEP ? FLIGHT_STEP : segments / 4;
    static struct flight flight;
    char name[INSTRUCTIONS_NAME];

    if (!flight_make(&flight, segments))
        return false;
    for (unsigned part = 0; part < FLIGHT_PARTS; part++) {
        const uint64_t before = flight.operations[part];

        counting_begin();
        counting_pause();
        while (flight.operations[part] - before < FLIGHT_COUNTED)
            flight_step(&flight, step, (enum flight_part)part);
        counting_resume();
        flight_count_name(name, segments, (enum flight_part)part);
        counting_end(name, flight.operations[part] - before);
    }
    flight_release(&flight);
    return true;
}

/* In the child: WHAT is the kind, or how many segments are in flight. */
static int count_bulk(const struct bench_options *options)
{
    const uint64_t bytes = (uint64_t)20000 * BULK_MSS;
    static struct bulk bulk;
    const char *why;

    for (unsigned i = 0; i < FLIGHTS; i++) {
        char text[16];

        snprintf(text, sizeof text, "%u", flights[i]);
        if (strcmp(options->count, text) == 0)
            return count_flight(flights[i]) ? 0 : 3;
    }
    if (strcmp(options->count, bulk_name[BULK_LWIP]) == 0) {
        struct lwip_pair *lwip = lwip_pair_make(&why);

        if (lwip == NULL)
            return 3;
        lwip_pair_bulk(lwip, bytes);
        counting_begin();
        lwip_pair_bulk(lwip, bytes);
    } else {
        if (!bulk_make(&bulk, strcmp(options->count, bulk_name[BULK_FRAMES]) == 0 ? BULK_GSO : 0))
            return 3;
        bulk_run(&bulk, bytes);
        counting_begin();
        bulk_run(&bulk, bytes);
    }
    counting_end(options->count, bytes / BULK_MSS);
    return 0;
}

static double bulk_instructions(enum bulk_kind kind, const struct bench_options *options)
{
    struct instruction_counts counts;
    const char *why;

    if (!options->instructions)
        return -1;
    if (!instructions_count("bulk", bulk_name[kind], &counts, &why)) {
        fprintf(stderr, "lastack bench: instructions are not counted: %s\n", why);
        return -1;
    }
    return instructions_of(&counts, bulk_name[kind]);
}

static double gbit_per_s(double ns)
{
    return ns > 0 ? BULK_MSS * 8 / ns : 0;
}

static void print_bulk(const struct bulk_row *row, enum bulk_kind kind, const struct bulk_row *lwip,
                       const struct bench_options *options)
{
    struct figure figure = figure_of("bulk", bulk_name[kind], 1);

    figure.ns_per_op = stopwatch_median(&row->watch);
    figure.gbit_per_s = gbit_per_s(figure.ns_per_op);
    figure.instructions_per_op = row->instructions;
    if (lwip != NULL) /* of the times: below 1 is faster */
        figure.ratio_lwip = stopwatch_ratio(&row->watch, &lwip->watch);
    if (options->json) {
        figure_print_json(&figure, options->out);
        return;
    }
    fprintf(options->out, "%-5s %8.1f  %9.1f", bulk_name[kind], figure.gbit_per_s,
            figure.ns_per_op);
    if (figure.ratio_lwip >= 0)
        fprintf(options->out, "  %6.2f", figure.ratio_lwip);
    else
        fprintf(options->out, "       -");
    if (row->instructions >= 0)
        fprintf(options->out, "  %8.0f", row->instructions);
    fputc('\n', options->out);
    fflush(options->out);
}

/* One line of the table. */
static void print_flight(uint32_t segments, const double counts[FLIGHT_PARTS],
                         const struct bench_options *options)
{
    if (!options->json)
        fprintf(options->out, "%9u", segments);
    for (unsigned part = 0; part < FLIGHT_PARTS; part++) {
        struct figure figure = figure_of("bulk", flight_part_name[part], segments);

        figure.instructions_per_op = counts[part];
        if (options->json)
            figure_print_json(&figure, options->out);
        else
            fprintf(options->out, "  %9.0f", counts[part]);
    }
    if (!options->json)
        fputc('\n', options->out);
}

/* Instructions for each segment sent and received and each ACK taken, by how many are in flight.
 * 1: they grow. */
static int run_flights(const struct bench_options *options)
{
    double first[FLIGHT_PARTS], counted[FLIGHT_PARTS];
    int code = 0;

    if (!options->json)
        fprintf(options->out, "\nbulk: instructions for a segment of 1448 bytes sent, received and"
                              " read, and for an ACK taken\n"
                              "in flight       sent   received        ACK\n");
    for (unsigned i = 0; i < FLIGHTS && !(options->quick && flights[i] > 1000); i++) {
        struct instruction_counts counts;
        char name[INSTRUCTIONS_NAME];
        const char *why;

        snprintf(name, sizeof name, "%u", flights[i]);
        if (!instructions_count("bulk", name, &counts, &why)) {
            fprintf(stderr, "lastack bench: instructions are not counted: %s\n", why);
            return 0;
        }
        for (unsigned part = 0; part < FLIGHT_PARTS; part++) {
            flight_count_name(name, flights[i], (enum flight_part)part);
            counted[part] = instructions_of(&counts, name);
            first[part] = i == 0 ? counted[part] : first[part];
            if (counted[part] > WORST_FLIGHT_GROWTH * first[part]) {
                fprintf(stderr, "lastack bench: %s costs %.1f times as much with %u in flight\n",
                        flight_part_name[part], counted[part] / first[part], flights[i]);
                code = 1;
            }
        }
        print_flight(flights[i], counted, options);
    }
    return code;
}

static int run_bulk(const struct bench_options *options)
{
    const uint64_t bytes = (uint64_t)(options->quick ? 2000 : 40000) * BULK_MSS;
    static struct bulk_row row[BULK_KINDS];
    const char *why;
    struct lwip_pair *lwip = lwip_pair_make(&why);
    int code = 0;

    if (lwip == NULL)
        fprintf(stderr, "lastack bench: no comparison with lwIP: %s\n", why);
    memset(row, 0, sizeof row);
    if (!bulk_make(&row[BULK_PACKETS].bulk, 0) || !bulk_make(&row[BULK_FRAMES].bulk, BULK_GSO))
        return 3;
    for (unsigned round = 0; round < (options->quick ? 3u : 15u); round++)
        bulk_round(row, lwip, bytes);
    if (!options->json)
        fprintf(options->out,
                "\nbulk: one connection, both ends, checksums on; mss: packets of 1460"
                " bytes, gso: frames of up to 64240\n"
                "      Gbit/s   ns/1460 B  / lwIP  instructions\n");
    for (unsigned kind = 0; kind < BULK_KINDS; kind++) {
        if (kind == BULK_LWIP && lwip == NULL)
            continue;
        row[kind].instructions = bulk_instructions((enum bulk_kind)kind, options);
        print_bulk(&row[kind], (enum bulk_kind)kind, lwip != NULL ? &row[BULK_LWIP] : NULL,
                   options);
    }
    if (lwip != NULL &&
        stopwatch_ratio(&row[BULK_PACKETS].watch, &row[BULK_LWIP].watch) > WORST_BULK_RATIO) {
        fprintf(stderr, "lastack bench: bulk is slower than lwIP's\n");
        code = 1;
    }
    if (options->instructions && run_flights(options) != 0)
        code = 1;
    bulk_release(&row[BULK_PACKETS].bulk);
    bulk_release(&row[BULK_FRAMES].bulk);
    return code;
}

const struct bench bench_bulk = {
    .name = "bulk",
    .summary = "bytes over one connection, in packets and in large frames, beside lwIP",
    .run = run_bulk,
    .count = count_bulk,
};
