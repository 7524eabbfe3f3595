/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * bench.c: the list of benches and the command line they share.
 */
#include "bench.h"

#include <errno.h>
#include <getopt.h>
#include <inttypes.h>
#include <stdlib.h>
#include <string.h>

static const struct bench *const benches[] = {&bench_life,     &bench_bulk,     &bench_demux,
                                              &bench_timewait, &bench_tun,      &bench_tail,
                                              &bench_fair,     &bench_recovery, &bench_attack};

enum {
    BENCHES = sizeof benches / sizeof benches[0],
    PAGES_USUAL = 1 << PAGES_GROWN | 1 << PAGES_4K,
};

static const struct bench *find_bench(const char *name)
{
    for (size_t i = 0; i < BENCHES; i++)
        if (strcmp(benches[i]->name, name) == 0)
            return benches[i];
    return NULL;
}

static void print_help(FILE *out)
{
    fputs("usage: lastack bench [NAME...] [options]     without a name: the short ones\n\n", out);
    for (size_t i = 0; i < BENCHES; i++)
        fprintf(out, "  %-10s %s\n", benches[i]->name, benches[i]->summary);
    fputs("\n"
          "  --json             one JSON object per figure\n"
          "  --quick            smaller and shorter: shows that it works, not what it costs\n"
          "  --largest N        no population above N\n"
          "  --pages KIND       timewait, demux: only in these, instead of grown and 4k\n"
          "                       grown  small, large once 64 MiB are in use: as served\n"
          "                       4k, 2m always of this size\n"
          "  --no-instructions  do not count instructions (callgrind takes a while)\n"
          "  --cells PATTERN    recovery: only these, as in 'loss1/100/10', '*/100/*'\n"
          "  --runs N           recovery: runs of each cell, 1 to 5\n"
          "  --seconds N        recovery: length of each run\n"
          "  --trace FOLDER     recovery: windows and round trips over time, a file a run\n"
          "\n"
          "exit code: 0 fine, 1 a stated bound does not hold, 2 usage, 3 not possible here\n",
          out);
}

const char *bench_pages_name(enum bench_pages pages)
{
    static const char *const name[PAGES_KINDS] = {
        [PAGES_GROWN] = "grown", [PAGES_4K] = "4k", [PAGES_2M] = "2m"};

    return name[pages];
}

/* The kind in optarg. False: there is none of that name, said. */
static bool take_pages(unsigned *pages)
{
    for (enum bench_pages kind = 0; kind < PAGES_KINDS; kind++) {
        if (strcmp(optarg, bench_pages_name(kind)) == 0) {
            *pages = 1u << kind;
            return true;
        }
    }
    fprintf(stderr, "lastack bench: --pages %s: grown, 4k or 2m is wanted\n", optarg);
    return false;
}

/* Nothing here has colors: the word is checked all the same. */
static bool take_color(void)
{
    if (strcmp(optarg, "auto") == 0 || strcmp(optarg, "always") == 0 ||
        strcmp(optarg, "never") == 0)
        return true;
    fprintf(stderr, "lastack bench: --color=%s: auto, always or never\n", optarg);
    return false;
}

static bool parse_number(const char *text, uint64_t *number)
{
    char *end;

    errno = 0;
    *number = strtoull(text, &end, 10);
    return errno == 0 && *end == '\0' && text[0] >= '0' && text[0] <= '9' && *number > 0;
}

/* The number in optarg, 1 to most. False: it is none, said. */
static bool take_number(const char *option, uint64_t most, uint64_t *number)
{
    if (parse_number(optarg, number) && *number <= most)
        return true;
    fprintf(stderr, "lastack bench: %s %s: a number from 1 to %" PRIu64 " is wanted\n", option,
            optarg, most);
    return false;
}

/* False: usage error, said. */
static bool parse_options(int argc, char **argv, struct bench_options *options, bool *help)
{
    static const struct option known[] = {
        {"json", no_argument, NULL, 'j'},
        {"quick", no_argument, NULL, 'q'},
        {"largest", required_argument, NULL, 'l'},
        {"pages", required_argument, NULL, 'p'},
        {"no-instructions", no_argument, NULL, 'I'},
        {"count", required_argument, NULL, 'c'},
        {"cells", required_argument, NULL, 'C'},
        {"runs", required_argument, NULL, 'r'},
        {"seconds", required_argument, NULL, 's'},
        {"trace", required_argument, NULL, 't'},
        {"color", required_argument, NULL, 'k'},
        {"help", no_argument, NULL, 'h'},
        {NULL, 0, NULL, 0},
    };
    int option;

    optind = 1;
    while ((option = getopt_long(argc, argv, "", known, NULL)) != -1) {
        switch (option) {
        case 'j':
            options->json = true;
            break;
        case 'q':
            options->quick = true;
            break;
        case 'l':
            if (!take_number("--largest", UINT64_MAX, &options->largest))
                return false;
            break;
        case 'r':
            if (!take_number("--runs", 5, &options->runs))
                return false;
            break;
        case 's':
            if (!take_number("--seconds", 3600, &options->seconds))
                return false;
            break;
        case 'C':
            options->cells = optarg;
            break;
        case 't':
            options->trace = optarg;
            break;
        case 'p':
            if (!take_pages(&options->pages))
                return false;
            break;
        case 'k':
            if (!take_color())
                return false;
            break;
        case 'I':
            options->instructions = false;
            break;
        case 'c':
            options->count = optarg;
            break;
        case 'h':
            *help = true;
            break;
        default: /* getopt has said what is wrong */
            return false;
        }
    }
    return true;
}

static bool names_are_known(int argc, char **argv)
{
    for (int i = optind; i < argc; i++) {
        if (find_bench(argv[i]) == NULL) {
            fprintf(stderr, "lastack bench: no bench '%s'; there are:", argv[i]);
            for (size_t k = 0; k < BENCHES; k++)
                fprintf(stderr, " %s", benches[k]->name);
            fputc('\n', stderr);
            return false;
        }
    }
    return true;
}

/* By name, or as one of the short ones without a name. */
static bool is_asked_for(int argc, char **argv, const struct bench *bench)
{
    if (optind == argc)
        return !bench->is_long;
    for (int i = optind; i < argc; i++)
        if (find_bench(argv[i]) == bench)
            return true;
    return false;
}

/* An option of a bench that is not run would be passed over. */
static bool options_are_used(int argc, char **argv, const struct bench_options *options)
{
    const char *of_recovery = options->cells != NULL   ? "cells"
                              : options->runs != 0     ? "runs"
                              : options->seconds != 0  ? "seconds"
                              : options->trace != NULL ? "trace"
                                                       : NULL;

    if (of_recovery != NULL && !is_asked_for(argc, argv, &bench_recovery)) {
        fprintf(stderr, "lastack bench: --%s: of recovery, which is not asked for\n", of_recovery);
        return false;
    }
    if (options->pages != PAGES_USUAL && !is_asked_for(argc, argv, &bench_timewait) &&
        !is_asked_for(argc, argv, &bench_demux)) {
        fprintf(stderr, "lastack bench: --pages: of timewait or demux, which are not asked for\n");
        return false;
    }
    return true;
}

static int run_one(const struct bench *bench, const struct bench_options *options)
{
    if (options->count == NULL)
        return bench->run(options);
    if (bench->count == NULL) {
        fprintf(stderr, "lastack bench: %s counts no instructions\n", bench->name);
        return 2;
    }
    return bench->count(options);
}

int bench_run(int argc, char **argv)
{
    struct bench_options options = {.instructions = true, .pages = PAGES_USUAL, .out = stdout};
    bool help = false;
    int worst = 0;

    if (!parse_options(argc, argv, &options, &help) || !names_are_known(argc, argv))
        return 2;
    if (help) {
        print_help(stdout);
        return 0;
    }
    if (!options_are_used(argc, argv, &options))
        return 2;
    if (optind == argc) {
        for (size_t i = 0; i < BENCHES; i++) {
            const int result = benches[i]->is_long ? 0 : run_one(benches[i], &options);

            worst = result > worst ? result : worst;
        }
        return worst;
    }
    for (int i = optind; i < argc; i++) {
        const int result = run_one(find_bench(argv[i]), &options);

        worst = result > worst ? result : worst;
    }
    return worst;
}
