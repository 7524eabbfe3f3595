/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * script_error_test.c: file:line:column, the line and the caret.
 */
#include "drill_test.h"

static const char *shown(const char *text, uint32_t line, uint32_t column)
{
    static char out[1024];
    struct script_error error = {0};

    assert_false(script_error_at(&error, (struct place){line, column}, "bad %s", "thing"));
    script_error_text(&error, "a.pkt", text, strlen(text), out, sizeof out);
    return out;
}

static void the_caret_stands_under_the_place(void **state)
{
    (void)state;
    assert_string_equal(shown("one\ntwo three\nfour", 2, 5),
                        "a.pkt:2:5: bad thing\ntwo three\n    ^\n");
    assert_string_equal(shown("\t x", 1, 3), "a.pkt:1:3: bad thing\n\t x\n\t ^\n");
    assert_string_equal(shown("last", 1, 5), "a.pkt:1:5: bad thing\nlast\n    ^\n");
    assert_string_equal(shown("a\n", 9, 1), "a.pkt:9:1: bad thing\n\n^\n");
    assert_string_equal(shown("a\x01z", 1, 2), "a.pkt:1:2: bad thing\na?z\n ^\n");
    assert_string_equal(shown("x", 0, 0), "a.pkt: bad thing\n");
}

static void a_long_line_is_shown_around_the_place(void **state)
{
    char text[1001];
    const char *out;

    (void)state;
    memset(text, 'x', 1000);
    text[1000] = '\0';
    text[499] = '!';
    out = strchr(shown(text, 1, 500), '\n') + 1;
    assert_true(strcspn(out, "\n") <= 160);
    assert_int_equal(strcspn(out, "!"), strcspn(strchr(out, '\n') + 1, "^"));
}

static void the_first_error_stays(void **state)
{
    struct script_error error = {0};

    (void)state;
    script_error_at(&error, (struct place){1, 2}, "first");
    script_error_at(&error, (struct place){3, 4}, "second");
    assert_string_equal(error.message, "first");
    assert_int_equal(error.place.column, 2);
}

static void lines_are_found(void **state)
{
    size_t length;

    (void)state;
    assert_memory_equal(script_line("a\nbc\n", 5, 2, &length), "bc", 2);
    assert_int_equal(length, 2);
    script_line("a\nbc\n", 5, 3, &length);
    assert_int_equal(length, 0);
    script_line("", 0, 1, &length);
    assert_int_equal(length, 0);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(the_caret_stands_under_the_place),
        cmocka_unit_test(a_long_line_is_shown_around_the_place),
        cmocka_unit_test(the_first_error_stays),
        cmocka_unit_test(lines_are_found),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
