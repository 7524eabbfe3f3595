/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * trouble_test.c: the words of a failed step.
 */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>

#include <cmocka.h>

#include "trouble.h"

#include <errno.h>
#include <string.h>

static void step_errno_and_hint_make_one_line(void **state)
{
    struct trouble trouble;

    (void)state;
    assert_false(trouble_set(&trouble, ENOSPC, "make %d things", 3));
    assert_string_equal(trouble.text, "make 3 things: No space left on device (ENOSPC)");
    assert_int_equal(trouble.error, ENOSPC);
    assert_false(trouble_hint(&trouble, "a limit"));
    assert_string_equal(trouble.text, "make 3 things: No space left on device (ENOSPC): a limit");
}

static void without_errno_there_is_only_the_step(void **state)
{
    struct trouble trouble;

    (void)state;
    trouble_set(&trouble, 0, "a limit is out of range");
    assert_string_equal(trouble.text, "a limit is out of range");
}

static void what_does_not_fit_is_cut_off(void **state)
{
    struct trouble trouble;
    char much[1000];

    (void)state;
    memset(much, 'x', sizeof much - 1);
    much[sizeof much - 1] = '\0';
    trouble_set(&trouble, EPERM, "%s", much);
    trouble_hint(&trouble, much);
    assert_int_equal(strlen(trouble.text), sizeof trouble.text - 1);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(step_errno_and_hint_make_one_line),
        cmocka_unit_test(without_errno_there_is_only_the_step),
        cmocka_unit_test(what_does_not_fit_is_cut_off),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
