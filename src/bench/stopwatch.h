/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * stopwatch.h: nanoseconds between two points, and what rounds of them say.
 */
#ifndef LASTACK_STOPWATCH_H
#define LASTACK_STOPWATCH_H

#include <stddef.h>
#include <stdint.h>

enum { STOPWATCH_ROUNDS = 2048 };

struct stopwatch {
    int64_t started;
    size_t count;
    double round[STOPWATCH_ROUNDS]; /* ns per operation of each round */
};

void stopwatch_start(struct stopwatch *watch);
/* One round of `operations` is over. Rounds beyond the last that fits are left out. */
void stopwatch_stop(struct stopwatch *watch, uint64_t operations);
/* Of all rounds; 0 when there was none. */
double stopwatch_median(const struct stopwatch *watch);

#endif
