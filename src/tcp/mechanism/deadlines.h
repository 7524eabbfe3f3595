/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * deadlines.h: everything one connection waits for, in a small table; its minimum is what the
 * wheel knows.
 *
 * Setting and stopping write one word. settle() moves the wheel entry only when the minimum became
 * earlier; an entry that fires too early finds nothing due and is armed again ("late cancel").
 */
#ifndef LASTACK_DEADLINES_H
#define LASTACK_DEADLINES_H

#include "duration.h"

#include <lastack/trace.h>

/* the timers a connection has; records, sockets and half-open requests have their own */
enum { DEADLINE_COUNT = LASTACK_TIMER_FIN_WAIT_2 };

/* A user timeout is waited for while a connection is opened; its slot is pacing's from then on. */
enum { DEADLINE_PACE = LASTACK_TIMER_USER_TIMEOUT };

struct deadlines {
    int64_t at[DEADLINE_COUNT];
};

static inline void deadlines_init(struct deadlines *deadlines)
{
    for (unsigned i = 0; i < DEADLINE_COUNT; i++)
        deadlines->at[i] = NEVER;
}

static inline int64_t deadlines_minimum(const struct deadlines *deadlines)
{
    int64_t minimum = NEVER;

    for (unsigned i = 0; i < DEADLINE_COUNT; i++)
        minimum = min64(minimum, deadlines->at[i]);
    return minimum;
}

#endif
