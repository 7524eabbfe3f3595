/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * resident.c: the Rss line of /proc/self/smaps_rollup, which is exact (statm lags behind by whole
 * batches of pages per thread).
 */
#include "resident.h"

#include <stdio.h>

size_t resident_bytes(void)
{
    FILE *file = fopen("/proc/self/smaps_rollup", "r");
    char line[256];
    size_t kilobytes = 0;

    if (file == NULL)
        return 0;
    while (fgets(line, sizeof line, file) != NULL)
        if (sscanf(line, "Rss: %zu kB", &kilobytes) == 1)
            break;
    fclose(file);
    return kilobytes * 1024;
}
