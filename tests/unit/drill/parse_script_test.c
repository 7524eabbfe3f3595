/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * parse_script_test.c: options, commands, times, and the order of events.
 */
#include "drill_test.h"

static void times_have_five_forms(void **state)
{
    static const struct {
        enum drill_time_kind kind;
        int64_t start, end;
    } wanted[] = {{TIME_ABSOLUTE, 0, 0},
                  {TIME_RELATIVE, 100000, 0},
                  {TIME_ABSOLUTE, 1500000, 0},
                  {TIME_ANY, 0, 0},
                  {TIME_ABSOLUTE_RANGE, 2000000, 3000000},
                  {TIME_RELATIVE_RANGE, 20000, 500000},
                  {TIME_RELATIVE, 1, 0}};
    struct drill_script script;
    unsigned i = 0;

    (void)state;
    parse_good("0 > . 1:1(0) ack 1\n"
               "+.1 > . 1:1(0) ack 1\n"
               "1.5 > . 1:1(0) ack 1\n"
               "* > . 1:1(0) ack 1\n"
               "2~3 > . 1:1(0) ack 1\n"
               "+.02~+.5 > . 1:1(0) ack 1\n"
               "+0.0000019 > . 1:1(0) ack 1\n",
               DRILL_LINUX, &script);
    assert_int_equal(script.event_count, 7);
    for (const struct drill_event *event = script.events; event != NULL; event = event->next, i++) {
        assert_int_equal(event->time_kind, wanted[i].kind);
        assert_int_equal(event->time_us, wanted[i].start);
        assert_int_equal(event->time_end_us, wanted[i].end);
        assert_int_equal(event->place.line, i + 1);
    }
    drill_script_free(&script);
}

static void blocking_calls_have_an_end(void **state)
{
    struct drill_script script;
    const struct drill_call *call;

    (void)state;
    parse_good(
        "0 close(3) = 0\n+0...0.200 accept(3, ..., ...) = 4\n+.1... 0.3 read(4, ..., 1) = 1\n",
        DRILL_LINUX, &script);
    assert_false(script.events->action.call->is_blocking);
    call = script.events->next->action.call;
    assert_true(call->is_blocking);
    assert_int_equal(call->end_us, 200000);
    assert_int_equal(script.events->next->next->action.call->end_us, 300000);
    drill_script_free(&script);
}

static void the_first_and_the_last_command_have_no_time(void **state)
{
    struct drill_script script;

    (void)state;
    parse_good("--mss=1000\n`init here\nand there`\n0 `now`\n+1 %{ pass }%\n`cleanup`\n",
               DRILL_LINUX, &script);
    assert_int_equal(script.settings.mss, 1000);
    assert_string_equal(script.init->text, "init here\nand there");
    assert_int_equal(script.event_count, 2);
    assert_string_equal(script.events->action.command->text, "now");
    assert_int_equal(script.events->next->kind, EVENT_CODE);
    assert_string_equal(script.cleanup->text, "cleanup");
    drill_script_free(&script);
    parse_good("0 close(3) = 0", DRILL_LINUX, &script);
    assert_null(script.init);
    assert_null(script.cleanup);
    drill_script_free(&script);
}

static void the_style_of_2013_parses(void **state)
{
    struct drill_script script;

    (void)state;
    parse_good("0.000 socket(..., SOCK_STREAM, IPPROTO_TCP) = 3\n"
               "0.100 < S 0:0(0) win 32792 <mss 1460,sackOK,nop,nop,nop,wscale 7>\n"
               "0.100 > S. 0:0(0) ack 1 win 14600 <mss 1460,nop,nop,sackOK,nop,wscale 7>\n"
               "2000.000 close(4) = 0\n",
               DRILL_LINUX, &script);
    assert_int_equal(script.event_count, 4);
    drill_script_free(&script);
}

static void conditions_choose_by_dialect(void **state)
{
    static const char text[] = "0 close(3) = 0\n"
                               "#ifdef STANDARD\n+1 `standard`\n#endif\n"
                               "#ifdef FreeBSD\n+1 `freebsd`\n#endif\n";
    struct drill_script script;

    (void)state;
    parse_good(text, DRILL_FREEBSD, &script);
    assert_int_equal(script.event_count, 2);
    assert_string_equal(script.events->next->action.command->text, "freebsd");
    drill_script_free(&script);
    parse_good(text, DRILL_LINUX, &script);
    assert_int_equal(script.event_count, 1);
    drill_script_free(&script);
}

static void what_is_wrong_is_named_where_it_stands(void **state)
{
    (void)state;
    assert_bad("", 1, 1, "expected an event");
    assert_bad("// nothing\n", 2, 1, "expected an event");
    assert_bad("1 close(3) = 0", 1, 1, "first event must be at time 0");
    assert_bad("* > . 1:1(0) ack 1", 1, 1, "first event must be at time 0");
    assert_bad("0 close(3) = 0\n* close(4) = 0", 2, 1, "only for outbound packets");
    assert_bad("0 close(3) = 0\n1~2 < . 1:1(0) win 1", 2, 1, "only for outbound packets");
    assert_bad("0 close(3) = 0\n2~1 > . 1:1(0)", 2, 1, "runs backwards");
    assert_bad("0 close(3) = 0\n2 close(3) = 0\n1 close(3) = 0", 3, 1, "time goes backwards");
    assert_bad("0 close(3) = 0\n+1...0.5 close(3) = 0", 2, 1, "ends before it starts");
    assert_bad("-1 close(3) = 0", 1, 1, "cannot be negative");
    assert_bad("9999999999 close(3) = 0", 1, 1, "at most");
    assert_bad("0 ! x", 1, 3, "expected a packet");
    assert_bad("0 close(3) = 0\n`a`\n`b`", 3, 1, "end of the script");
    assert_bad("--mss=1000\n--nonsense\n0 close(3) = 0", 2, 1, "unknown option --nonsense");
    assert_bad("0 +", 1, 3, "expected a packet");
    assert_bad("+", 1, 2, "expected a time");
}

static void a_nul_byte_is_refused_where_it_stands(void **state)
{
    static const char text[] = "0 close(3) = 0\n+1 `a\0b`\n";
    struct drill_settings settings;
    struct drill_script script;
    struct script_error error;

    (void)state;
    drill_settings_init(&settings, DRILL_LINUX);
    assert_false(drill_parse("nul.pkt", text, sizeof text - 1, &settings, &script, &error));
    assert_int_equal(error.place.line, 2);
    assert_int_equal(error.place.column, 6);
}

static void a_text_that_is_too_long_is_refused(void **state)
{
    size_t length = SCRIPT_TEXT_MAX + 1;
    char *text = malloc(length);
    struct drill_settings settings;
    struct drill_script script;
    struct script_error error;

    (void)state;
    assert_non_null(text);
    memset(text, ' ', length);
    drill_settings_init(&settings, DRILL_LINUX);
    assert_false(drill_parse("long.pkt", text, length, &settings, &script, &error));
    assert_non_null(strstr(error.message, "at most"));
    free(text);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(times_have_five_forms),
        cmocka_unit_test(blocking_calls_have_an_end),
        cmocka_unit_test(the_first_and_the_last_command_have_no_time),
        cmocka_unit_test(the_style_of_2013_parses),
        cmocka_unit_test(conditions_choose_by_dialect),
        cmocka_unit_test(what_is_wrong_is_named_where_it_stands),
        cmocka_unit_test(a_nul_byte_is_refused_where_it_stands),
        cmocka_unit_test(a_text_that_is_too_long_is_refused),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
