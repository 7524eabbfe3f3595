/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * text_test.c: growing, widths, and that nothing hostile reaches a terminal.
 */
#include "text.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <string.h>

#include <cmocka.h>

static void grows_and_keeps_what_it_has(void **state)
{
    struct text text = {0};

    (void)state;
    assert_string_equal(text_string(&text), "");
    for (int i = 0; i < 1000; i++)
        text_addf(&text, "%d,", i);
    assert_int_equal(text.length, 3890);
    assert_memory_equal(text.data, "0,1,2,3,", 8);
    assert_string_equal(text.data + text.length - 8, "998,999,");
    text_clear(&text);
    assert_string_equal(text_string(&text), "");
    text_free(&text);
}

static void pads_by_columns_not_bytes(void **state)
{
    struct text text = {0};

    (void)state;
    text_add_left(&text, "\u2502\u2192", 4);
    text_add(&text, "|");
    text_add_right(&text, "ab", 4);
    text_add_left(&text, "too long", 3);
    assert_string_equal(text_string(&text), "\u2502\u2192  |  abtoo long");
    text_free(&text);
}

static void width_of(const char *string, size_t expected)
{
    assert_int_equal(text_width(string, strlen(string)), expected);
}

static void widths(void **state)
{
    (void)state;
    width_of("", 0);
    width_of("abc", 3);
    width_of("\u2502\u25b6", 2);
    width_of("\u6f22\u5b57", 4);       /* two ideographs */
    width_of("e\u0301", 1);            /* a combining accent */
    width_of("\x1b[31mred\x1b[0m", 3); /* colour takes no room */
    width_of("\x1b[31", 4);            /* what is no colour does */
    width_of("\xff\xfe", 2);
}

static void code_points_are_strict(void **state)
{
    size_t taken;

    (void)state;
    assert_int_equal(text_code_point("A", 1, &taken), 'A');
    assert_int_equal(text_code_point("\xe2\x82\xac", 3, &taken), 0x20ac);
    assert_int_equal(taken, 3);
    assert_int_equal(text_code_point("\xf4\x8f\xbf\xbf", 4, &taken), 0x10ffff);
    /* overlong, surrogate, beyond the end, cut short, a stray continuation, nothing */
    assert_int_equal(text_code_point("\xc0\xaf", 2, &taken), -1);
    assert_int_equal(taken, 1);
    assert_int_equal(text_code_point("\xe0\x80\xaf", 3, &taken), -1);
    assert_int_equal(text_code_point("\xed\xa0\x80", 3, &taken), -1);
    assert_int_equal(text_code_point("\xf4\x90\x80\x80", 4, &taken), -1);
    assert_int_equal(text_code_point("\xe2\x82", 2, &taken), -1);
    assert_int_equal(text_code_point("\x80", 1, &taken), -1);
    assert_int_equal(text_code_point("", 0, &taken), -1);
}

static void safe(const char *string, const char *also, const char *expected)
{
    struct text text = {0};

    text_add_safe(&text, string, also);
    assert_string_equal(text_string(&text), expected);
    text_free(&text);
}

static void names_of_strangers_are_harmless(void **state)
{
    (void)state;
    safe("nginx: worker", NULL, "nginx: worker");
    safe("\x1b[2J\x07\x7f\n", NULL, "\\x1b[2J\\x07\\x7f\\x0a");
    safe("\xc2\x9b"
         "31m", /* CSI as one C1 character */
         NULL, "\\xc2\\x9b31m");
    safe("ab\xff"
         "cd",
         NULL, "ab\\xffcd");
    safe("\u202e\u2066\u200b\ufeff", NULL,
         "\\xe2\\x80\\xae\\xe2\\x81\\xa6\\xe2\\x80\\x8b\\xef\\xbb\\xbf");
    safe("\u00fcber\u6f22", NULL, "\u00fcber\u6f22");
    safe("a\"),(\"root\\", "\"\\", "a\\\"),(\\\"root\\\\");
}

static void trims_blanks_only(void **state)
{
    struct text text = {0};

    (void)state;
    text_add(&text, "a b  ");
    text_trim(&text);
    assert_string_equal(text_string(&text), "a b");
    text_clear(&text);
    text_add(&text, "   ");
    text_trim(&text);
    assert_string_equal(text_string(&text), "");
    text_free(&text);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(grows_and_keeps_what_it_has),
        cmocka_unit_test(pads_by_columns_not_bytes),
        cmocka_unit_test(widths),
        cmocka_unit_test(code_points_are_strict),
        cmocka_unit_test(names_of_strangers_are_harmless),
        cmocka_unit_test(trims_blanks_only),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
