/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * apart.h: a piece of work in a process of its own, which may change its namespaces and need not
 * tidy up; its result comes back through a pipe.
 */
#ifndef LASTACK_APART_H
#define LASTACK_APART_H

#include "trouble.h"

#include <sys/types.h>

enum { APART_RESULT_MAX = 2048 };

/* Does the work; `result` is zeroed memory of the size given to apart_begin. */
typedef void apart_work(const void *context, void *result);

struct apart {
    pid_t child;
    int fd;
};

/* Starts it. `size` is at most APART_RESULT_MAX, far less than a pipe holds. */
bool apart_begin(struct apart *apart, apart_work *work, const void *context, size_t size,
                 struct trouble *trouble);
/* Reads the result; the child must have ended, or is waited for. False: it ended without one. */
bool apart_finish(struct apart *apart, void *result, size_t size, struct trouble *trouble);

#endif
