/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * figure.h: one measured figure with its circumstances, as a JSON object on a line of its own.
 */
#ifndef LASTACK_FIGURE_H
#define LASTACK_FIGURE_H

#include <stdint.h>
#include <stdio.h>

/* What is negative is left out; see docs/man/lastack.1 for the names. */
struct figure {
    const char *bench;
    const char *op;
    const char *family; /* "ipv4", "ipv6"; NULL: left out */
    const char *pages;  /* bench_pages_name; NULL: left out */
    uint64_t n;
    double batch;
    double ns_per_op;
    double instructions_per_op;
    double bytes_per_record;
    double ratio_lwip;
    double gbit_per_s;
};

/* A figure in which nothing has been measured yet. */
struct figure figure_of(const char *bench, const char *op, uint64_t n);
void figure_print_json(const struct figure *figure, FILE *out);

#endif
