/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * charset_test.c: which locales are plain, and what becomes of a drawing there.
 */
#include "charset.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

static void the_first_that_says_something_decides(void **state)
{
    (void)state;
    assert_false(charset_is_plain(NULL, NULL, NULL));
    assert_false(charset_is_plain("", "", ""));
    assert_true(charset_is_plain("C", NULL, "de_DE.UTF-8"));
    assert_false(charset_is_plain("C.utf8", "C", "C"));
    assert_true(charset_is_plain(NULL, "POSIX", "en_US.UTF-8"));
    assert_false(charset_is_plain("", "", "en_US.UTF-8@euro"));
    assert_true(charset_is_plain(NULL, NULL, "de_DE.ISO-8859-1"));
}

static void lines_keep_their_shape_and_their_columns(void **state)
{
    struct text text = {0};

    (void)state;
    charset_make_plain(&text);
    assert_string_equal(text_string(&text), "");
    text_add(&text, "\x1b[1m├─ SYN ─►│\x1b[0m ◄─┤ ┊╞══╡ ● → é \xff.");
    charset_make_plain(&text);
    assert_string_equal(text_string(&text), "\x1b[1m+- SYN ->|\x1b[0m <-+ |+==+ o > ? ?.");
    assert_int_equal(text.length, strlen(text_string(&text)));
    text_free(&text);
}

static void only_terminals_are_suited(void **state)
{
    struct text text = {0};

    (void)state;
    setenv("LC_ALL", "C", 1);
    text_add(&text, "─");
    charset_suit(&text, false);
    assert_string_equal(text_string(&text), "─");
    charset_suit(&text, true);
    assert_string_equal(text_string(&text), "-");
    text_free(&text);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(the_first_that_says_something_decides),
        cmocka_unit_test(lines_keep_their_shape_and_their_columns),
        cmocka_unit_test(only_terminals_are_suited),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
