/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * color_test.c: when there is colour, and which.
 */
#include "color.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>

#include <cmocka.h>

static void words_are_taken_exactly(void **state)
{
    enum color_mode mode = COLOR_AUTO;

    (void)state;
    assert_true(color_mode_parse("always", &mode));
    assert_int_equal(mode, COLOR_ALWAYS);
    assert_true(color_mode_parse("never", &mode));
    assert_int_equal(mode, COLOR_NEVER);
    assert_true(color_mode_parse("auto", &mode));
    assert_int_equal(mode, COLOR_AUTO);
    assert_false(color_mode_parse("", &mode));
    assert_false(color_mode_parse("Always", &mode));
}

static void auto_means_a_terminal_and_no_objection(void **state)
{
    (void)state;
    assert_true(color_wanted(COLOR_AUTO, true, NULL, "xterm"));
    assert_true(color_wanted(COLOR_AUTO, true, "", NULL));
    assert_false(color_wanted(COLOR_AUTO, false, NULL, "xterm"));
    assert_false(color_wanted(COLOR_AUTO, true, "1", "xterm"));
    assert_false(color_wanted(COLOR_AUTO, true, NULL, "dumb"));
    assert_true(color_wanted(COLOR_ALWAYS, false, "1", "dumb"));
    assert_false(color_wanted(COLOR_NEVER, true, NULL, "xterm"));
}

static void every_state_has_its_colour(void **state)
{
    (void)state;
    for (int s = TCP_ESTABLISHED; s <= TCP_CLOSING; s++)
        assert_int_not_equal(color_of_state((enum tcp_state)s), COLOR_NONE);
    assert_int_equal(color_of_state(TCP_LAST_ACK), color_of_state(TCP_CLOSE_WAIT));
    assert_int_not_equal(color_of_state(TCP_LAST_ACK), color_of_state(TCP_TIME_WAIT));
}

static void off_is_plain(void **state)
{
    struct text text = {0};

    (void)state;
    color_add(&text, false, COLOR_TROUBLE, "a");
    color_add(&text, true, COLOR_NONE, "b");
    assert_string_equal(text_string(&text), "ab");
    color_add(&text, true, COLOR_TROUBLE, "c");
    assert_string_equal(text_string(&text), "ab\x1b[31mc\x1b[0m");
    text_free(&text);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(words_are_taken_exactly),
        cmocka_unit_test(auto_means_a_terminal_and_no_objection),
        cmocka_unit_test(every_state_has_its_colour),
        cmocka_unit_test(off_is_plain),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
