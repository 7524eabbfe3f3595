/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * stopwatch.c: the thread's own CPU time, which stands still while others have the CPU.
 */
#include "stopwatch.h"

#include <stdlib.h>
#include <string.h>
#include <time.h>

static int64_t cpu_time(void)
{
    struct timespec now;

    clock_gettime(CLOCK_THREAD_CPUTIME_ID, &now);
    return (int64_t)now.tv_sec * 1000000000 + now.tv_nsec;
}

void stopwatch_start(struct stopwatch *watch)
{
    watch->started = cpu_time();
}

void stopwatch_stop(struct stopwatch *watch, uint64_t operations)
{
    watch->spent += cpu_time() - watch->started;
    watch->operations += operations;
}

void stopwatch_round(struct stopwatch *watch)
{
    if (watch->operations > 0 && watch->count < STOPWATCH_ROUNDS)
        watch->round[watch->count++] = (double)watch->spent / (double)watch->operations;
    watch->spent = 0;
    watch->operations = 0;
}

static int compare_doubles(const void *a, const void *b)
{
    const double x = *(const double *)a, y = *(const double *)b;

    return (x > y) - (x < y);
}

static double median_of(const double *values, size_t count)
{
    double sorted[STOPWATCH_ROUNDS];

    if (count == 0)
        return 0;
    memcpy(sorted, values, count * sizeof sorted[0]);
    qsort(sorted, count, sizeof sorted[0], compare_doubles);
    return sorted[count / 2];
}

double stopwatch_median(const struct stopwatch *watch)
{
    return median_of(watch->round, watch->count);
}

double stopwatch_ratio(const struct stopwatch *watch, const struct stopwatch *base)
{
    const size_t count = watch->count < base->count ? watch->count : base->count;
    double ratio[STOPWATCH_ROUNDS];

    for (size_t i = 0; i < count; i++)
        ratio[i] = watch->round[i] / base->round[i];
    return median_of(ratio, count);
}
