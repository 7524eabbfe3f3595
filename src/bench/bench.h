/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * bench.h: `lastack bench`: what the stack costs, measured on the spot.
 *
 *     lastack bench [NAME...] [--json] ...     one file per bench: bench_NAME.c
 *
 * Every figure comes with the command that makes it again (docs/performance.md). Times are medians
 * of rounds; instructions are counted by callgrind in a child process; bytes are resident memory.
 */
#ifndef LASTACK_BENCH_H
#define LASTACK_BENCH_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>

/* What memory is made of: as a stack of ours has it (host/mapping.h), or always the same. */
enum bench_pages { PAGES_GROWN, PAGES_4K, PAGES_2M, PAGES_KINDS };

struct bench_options {
    bool json;
    bool quick;        /* smaller and shorter: to see that it works */
    unsigned pages;    /* a bit for each enum bench_pages to measure in */
    bool instructions; /* count them with callgrind */
    uint64_t largest;  /* no population above this; 0: the bench's own */
    uint64_t runs;     /* of each cell; 0: the bench's own */
    uint64_t seconds;  /* of each run; 0: the bench's own */
    const char *cells; /* which ones, a pattern; NULL: all */
    const char *trace; /* a folder for what the senders' tcp_info says over time; NULL: none */
    const char *count; /* in the child under callgrind: what to count; else NULL */
    FILE *out;
};

struct bench {
    const char *name;
    const char *summary;
    /* Measures and prints. Exit code: 0, or 1 when a stated bound does not hold. */
    int (*run)(const struct bench_options *options);
    /* Runs in a child under callgrind, see instructions.h; NULL: this bench counts none. */
    int (*count)(const struct bench_options *options);
    bool is_long; /* runs only when it is named */
};

const char *bench_pages_name(enum bench_pages pages); /* "grown", "4k", "2m" */

/* The verb. argv[0] is ignored. Exit code: 0; 1 a bound does not hold; 2 usage; 3 not possible
 * here. */
int bench_run(int argc, char **argv);

extern const struct bench bench_life, bench_bulk, bench_demux, bench_timewait, bench_recovery,
    bench_tail, bench_fair, bench_tun, bench_attack;

#endif
