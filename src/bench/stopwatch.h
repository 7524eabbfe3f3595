/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * stopwatch.h: nanoseconds of CPU time, and what rounds of them say.
 *
 * Other programs share the machine and its caches; their share changes by the second. So what is to
 * be compared is measured in turns, one round of each, and compared round by round.
 */
#ifndef LASTACK_STOPWATCH_H
#define LASTACK_STOPWATCH_H

#include <stddef.h>
#include <stdint.h>

enum { STOPWATCH_ROUNDS = 64 };

struct stopwatch {
    int64_t started, spent; /* ns, of the round that is on */
    uint64_t operations;
    size_t count;
    double round[STOPWATCH_ROUNDS]; /* ns per operation */
};

/* A piece of work in the round that is on. */
void stopwatch_start(struct stopwatch *watch);
void stopwatch_stop(struct stopwatch *watch, uint64_t operations);
/* The round is over. Rounds beyond the last that fits are left out. */
void stopwatch_round(struct stopwatch *watch);
/* Over the rounds; 0 when there was none. */
double stopwatch_median(const struct stopwatch *watch);
/* Median over the rounds of how much more this took than that in the same round. */
double stopwatch_ratio(const struct stopwatch *watch, const struct stopwatch *base);

#endif
