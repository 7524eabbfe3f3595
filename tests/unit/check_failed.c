/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * check_failed.c: what a failed CHECK does in a unit test.
 *
 * Inside cmocka's expect_assert_failure(...) it is what the test waited for; anywhere else it ends
 * the test program with the expression and its place.
 */
#include <setjmp.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>

#include <cmocka.h>

#include "check.h"

_Noreturn void lastack_check_failed(const char *expression, const char *file, int line)
{
    fprintf(stderr, "%s:%d: CHECK(%s)\n", file, line, expression);
    mock_assert(0, expression, file, line); /* returns if nobody expects it, without abort */
    abort();
}
