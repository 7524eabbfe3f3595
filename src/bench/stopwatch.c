/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * stopwatch.c: the thread's own CPU time, which stands still while others have the CPU, and the
 * median of rounds: what others do to the caches makes some rounds slow, never fast.
 */
#include "stopwatch.h"

#include <stdlib.h>
#include <string.h>
#include <time.h>

static int64_t clock_now(void)
{
    struct timespec now;

    clock_gettime(CLOCK_THREAD_CPUTIME_ID, &now);
    return (int64_t)now.tv_sec * 1000000000 + now.tv_nsec;
}

void stopwatch_start(struct stopwatch *watch)
{
    watch->started = clock_now();
}

void stopwatch_stop(struct stopwatch *watch, uint64_t operations)
{
    const int64_t spent = clock_now() - watch->started;

    if (operations > 0 && watch->count < STOPWATCH_ROUNDS)
        watch->round[watch->count++] = (double)spent / (double)operations;
}

static int compare_doubles(const void *a, const void *b)
{
    const double x = *(const double *)a, y = *(const double *)b;

    return (x > y) - (x < y);
}

double stopwatch_median(const struct stopwatch *watch)
{
    double sorted[STOPWATCH_ROUNDS];

    if (watch->count == 0)
        return 0;
    memcpy(sorted, watch->round, watch->count * sizeof sorted[0]);
    qsort(sorted, watch->count, sizeof sorted[0], compare_doubles);
    return sorted[watch->count / 2];
}
