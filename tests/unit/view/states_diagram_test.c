/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * states_diagram_test.c: the drawing is the table: no move is missing, none is invented, all
 * have names.
 */
#include "states_diagram.h"

#include "state.h"
#include "svg.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <string.h>

#include <cmocka.h>

/* Only moves to CLOSED that every state has go without a name. */
static void every_legal_move_has_a_name_and_no_other(void **state)
{
    unsigned named = 0;

    (void)state;
    for (int from = TCP_ESTABLISHED; from <= TCP_CLOSING; from++) {
        for (int to = TCP_ESTABLISHED; to <= TCP_CLOSING; to++) {
            const struct states_arrow *arrow =
                states_arrow_of((enum tcp_state)from, (enum tcp_state)to);
            bool is_legal = tcp_state_may_move((enum tcp_state)from, (enum tcp_state)to);

            if (arrow != NULL && !is_legal)
                fail_msg("%s -> %s is drawn and not legal", lastack_state_text(from),
                         lastack_state_text(to));
            if (arrow == NULL && is_legal && to != TCP_CLOSED)
                fail_msg("%s -> %s has no name", lastack_state_text(from), lastack_state_text(to));
            named += arrow != NULL;
        }
    }
    assert_int_equal(named, 25);
}

/* The figure's own arrows, from the RFC. */
static void figure_5_is_there(void **state)
{
    static const enum tcp_state figure[][2] = {
        {TCP_CLOSED, TCP_LISTEN},           {TCP_CLOSED, TCP_SYN_SENT},
        {TCP_LISTEN, TCP_CLOSED},           {TCP_LISTEN, TCP_SYN_RECEIVED},
        {TCP_LISTEN, TCP_SYN_SENT},         {TCP_SYN_SENT, TCP_CLOSED},
        {TCP_SYN_SENT, TCP_SYN_RECEIVED},   {TCP_SYN_SENT, TCP_ESTABLISHED},
        {TCP_SYN_RECEIVED, TCP_LISTEN},     {TCP_SYN_RECEIVED, TCP_ESTABLISHED},
        {TCP_SYN_RECEIVED, TCP_FIN_WAIT_1}, {TCP_ESTABLISHED, TCP_FIN_WAIT_1},
        {TCP_ESTABLISHED, TCP_CLOSE_WAIT},  {TCP_FIN_WAIT_1, TCP_FIN_WAIT_2},
        {TCP_FIN_WAIT_1, TCP_CLOSING},      {TCP_FIN_WAIT_2, TCP_TIME_WAIT},
        {TCP_CLOSING, TCP_TIME_WAIT},       {TCP_TIME_WAIT, TCP_CLOSED},
        {TCP_CLOSE_WAIT, TCP_LAST_ACK},     {TCP_LAST_ACK, TCP_CLOSED},
    };

    (void)state;
    for (size_t i = 0; i < sizeof figure / sizeof figure[0]; i++)
        assert_non_null(states_arrow_of(figure[i][0], figure[i][1]));
    assert_string_equal(states_arrow_of(TCP_TIME_WAIT, TCP_CLOSED)->event, "2MSL over");
    assert_null(states_arrow_of(TCP_ESTABLISHED, TCP_CLOSED));
}

static unsigned count_of(const char *text, const char *what)
{
    unsigned count = 0;

    for (const char *at = text; (at = strstr(at, what)) != NULL; at++)
        count++;
    return count;
}

static void svg_has_an_arrow_for_each_and_both_ends_of_life(void **state)
{
    struct text svg = {0};

    (void)state;
    states_draw_svg(NULL, NULL, &svg);
    assert_int_equal(count_of(text_string(&svg), "<polygon"), 25);
    assert_int_equal(count_of(text_string(&svg), ">CLOSED<"), 2);
    for (int s = TCP_ESTABLISHED; s <= TCP_CLOSING; s++) {
        char name[32];

        snprintf(name, sizeof name, ">%s<", lastack_state_text((enum tcp_state)s));
        assert_true(count_of(text_string(&svg), name) >= 1);
    }
    text_free(&svg);
}

static void numbers_are_shown_when_there_are_some(void **state)
{
    struct states_counts counts = {{0}};
    struct text text = {0};

    (void)state;
    counts.count[TCP_TIME_WAIT] = 12248;
    states_draw_text(&counts, false, &text);
    assert_non_null(strstr(text_string(&text), "TIME-WAIT  12248\n"));
    assert_non_null(strstr(text_string(&text), "CLOSE-WAIT  0\n"));
    assert_non_null(
        strstr(text_string(&text), "  FIN arrives / ACK                   ─► CLOSE-WAIT\n"));
    text_clear(&text);
    states_draw_text(NULL, false, &text);
    assert_null(strstr(text_string(&text), "12248"));
    text_clear(&text);
    states_draw_svg(&counts, "<this>", &text);
    assert_non_null(strstr(text_string(&text), ">12248<"));
    assert_non_null(strstr(text_string(&text), "connections of &lt;this&gt; now"));
    text_free(&text);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(every_legal_move_has_a_name_and_no_other),
        cmocka_unit_test(figure_5_is_there),
        cmocka_unit_test(svg_has_an_arrow_for_each_and_both_ends_of_life),
        cmocka_unit_test(numbers_are_shown_when_there_are_some),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
