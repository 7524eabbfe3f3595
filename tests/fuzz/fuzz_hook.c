/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * fuzz_hook.c: a failed CHECK ends the program, so that a fuzzer sees a crash and keeps the input.
 */
#include <stdio.h>
#include <stdlib.h>

#include "check.h"

_Noreturn void lastack_check_failed(const char *expression, const char *file, int line)
{
    fprintf(stderr, "%s:%d: CHECK(%s)\n", file, line, expression);
    abort();
}
