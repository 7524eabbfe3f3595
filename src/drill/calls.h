/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * calls.h: the system calls of scripts, each over the call of socket.h that does the same.
 *
 * Nothing in socket.h blocks. A descriptor that the script left in blocking mode is the runner's
 * business, as it is a libc's: a call on it that would have to wait says CALL_WAITS and is tried
 * again after everything that happens, until it returns.
 */
#ifndef LASTACK_CALLS_H
#define LASTACK_CALLS_H

#include "runner.h"

enum call_outcome {
    CALL_RETURNED, /* value, error and made are filled in */
    CALL_WAITS,
    CALL_BROKEN, /* the run is over: runner_fail was called */
};

typedef enum call_outcome call_function(struct runner *runner, struct posted_call *posted);

struct call_row {
    const char *name;
    unsigned least, most; /* arguments */
    call_function *run;
};

/* Rows of each file, ended by a NULL name. */
extern const struct call_row calls_on_sockets[];
extern const struct call_row calls_that_transfer[];
extern const struct call_row calls_on_options[];
extern const struct call_row calls_on_readiness[];
extern const struct call_row calls_with_messages[];
extern const struct call_row calls_on_files[];

/* A socket that was not bound begins to connect: the runner learns where it speaks from. */
void call_notes_connecting(struct runner *runner, const struct run_descriptor *descriptor,
                           const struct lastack_endpoint *remote);

/* Fills in a result; `value` may be a negative LASTACK_E number. */
enum call_outcome call_returns(struct posted_call *posted, int64_t value);

/* call_returns, or CALL_WAITS if it is EAGAIN on a descriptor in blocking mode. */
enum call_outcome call_returns_or_waits(struct posted_call *posted,
                                        const struct run_descriptor *descriptor, int64_t value);

#endif
