/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * trouble.h: why something that the system was asked for did not happen, in one line for a person.
 *
 *     create the user and network namespaces:      the step
 *     No space left on device (ENOSPC):            errno, in words and by name
 *     user.max_user_namespaces ...                 what it usually means
 *
 * The struct has no pointers, so that a child process can send it to its parent as it is.
 */
#ifndef LASTACK_TROUBLE_H
#define LASTACK_TROUBLE_H

#include <stdbool.h>
#include <stddef.h>

struct trouble {
    int error; /* errno, or 0 when no system call was to blame */
    char text[480];
};

/* Writes "STEP: errno in words (NAME)"; returns false, so that a failing step can `return
 * trouble_set(...)`. */
bool trouble_set(struct trouble *trouble, int error, const char *step, ...)
    __attribute__((format(printf, 3, 4)));

/* Appends ": HINT", what the error usually means here. Returns false. */
bool trouble_hint(struct trouble *trouble, const char *hint);

#endif
