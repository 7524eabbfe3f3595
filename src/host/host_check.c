/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * host_check.c: the check hook of programs on Linux (check.h): say where, and stop with a core
 * file. A file of its own, so that a test program that brings its own hook never links it.
 */
#include "host_check.h"

#include "check.h"

#include <stdio.h>
#include <stdlib.h>

static const char *check_note;

void host_check_note(const char *note)
{
    check_note = note;
}

_Noreturn void lastack_check_failed(const char *expression, const char *file, int line)
{
    fprintf(stderr, "lastack: internal error: %s:%d: %s does not hold\n", file, line, expression);
    if (check_note != NULL)
        fprintf(stderr, "%s\n", check_note);
    abort();
}
