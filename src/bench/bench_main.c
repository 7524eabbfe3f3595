/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * bench_main.c: the benches as a program of their own; `lastack bench` is the same.
 */
#include "bench.h"

#include <string.h>

int main(int argc, char **argv)
{
    if (argc > 1 && strcmp(argv[1], "bench") == 0) {
        argc--;
        argv++;
    }
    return bench_run(argc, argv);
}
