/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * code_eval_test.c: the little language of %{ }%, parsed and run.
 */
#include "drill_test.h"

static struct script_memory memory;
static struct script_error error;
static char printed[256];

static bool lookup(void *context, const char *name, int64_t *value)
{
    static const struct {
        const char *name;
        int64_t value;
    } table[] = {{"tcpi_snd_cwnd", 12},
                 {"tcpi_options", 0x23},
                 {"tcpi_rtt", 15000},
                 {"TCPI_OPT_SYN_DATA", 32},
                 {"tcpi_rwnd_limited", 100000}};

    (void)context;
    for (size_t i = 0; i < sizeof table / sizeof table[0]; i++) {
        if (strcmp(table[i].name, name) != 0)
            continue;
        *value = table[i].value;
        return true;
    }
    return false;
}

static void note_line(void *context, const char *line)
{
    (void)context;
    snprintf(printed + strlen(printed), sizeof printed - strlen(printed), "%s|", line);
}

static enum code_outcome run(const char *text)
{
    struct code_environment environment = {.lookup = lookup, .print = note_line};
    const struct drill_code *code;
    enum code_outcome outcome;

    error = (struct script_error){0};
    printed[0] = '\0';
    code = drill_code_parse(text, strlen(text), (struct place){7, 3}, &memory, &error);
    if (code == NULL)
        fail_msg("%s at %u:%u", error.message, error.place.line, error.place.column);
    outcome = drill_code_run(code, &environment, &error);
    code_environment_free(&environment);
    return outcome;
}

static void assert_holds(const char *expression)
{
    char text[256];

    snprintf(text, sizeof text, "assert %s", expression);
    if (run(text) != CODE_PASSED)
        fail_msg("%s: %s", expression, error.message);
}

static void expressions_follow_python(void **state)
{
    static const char *const true_ones[] = {
        "1 + 2 * 3 == 7",
        "(1 + 2) * 3 == 9",
        "-7 // 2 == -4",
        "-7 % 2 == 1",
        "7 % -2 == -1",
        "7 / 2 == 3.5",
        "2 ** 3 ** 2 == 512",
        "-2 ** 2 == -4",
        "1 << 4 | 1 == 17",
        "~5 == -6",
        "6 & 3 ^ 8 == 10",
        "1 < 2 < 3",
        "not 1 < 2 > 2",
        "1 == 1 == True",
        "0x7fffffff == 2147483647",
        "not 0",
        "0 or 5",
        "(1 and 0) == 0",
        "(0 or 'x') == 'x'",
        "'a' 'b' == \"ab\"",
        "'cwnd=%d' % 12 == 'cwnd=12'",
        "'%d %s' % (1, 'x') == '1 x'",
        "'%05.1f|%x|%%' % (2.25, 255) == '002.2|ff|%' or '%05.1f' % 2.25 == '002.3'",
        "3 in (1, 2, 3)",
        "4 not in [1, 2, 3]",
        "'b' in 'abc'",
        "(1, 2) == (1, 2)",
        "(1, 2) < (1, 3)",
        "(1,) != 1",
        "'1' != 1",
        "None is None",
        "1 is not None",
        "abs(-3) == 3",
        "max(1, 5, 3) == 5",
        "min((4, 2)) == 2",
        "len('abc') + len((1, 2)) == 5",
        "int(3.7) == 3",
        "round(2.5) == 2",
        "str(5) == '5'",
        "1.0 == 1",
        "5 if 0 else 6",
        "(5 if 1 else 6) == 5",
        "tcpi_snd_cwnd == 12",
        "(tcpi_options & TCPI_OPT_SYN_DATA) != 0",
        "98000 <= tcpi_rwnd_limited <= 110000",
    };

    (void)state;
    for (size_t i = 0; i < sizeof true_ones / sizeof true_ones[0]; i++)
        assert_holds(true_ones[i]);
}

static void statements_end_at_lines_and_semicolons(void **state)
{
    (void)state;
    assert_int_equal(
        run("x = 3; x += 4 # comment\nassert x == 7\n\n;; pass\nprint(x, 'a', (1, 'b'))"),
        CODE_PASSED);
    assert_string_equal(printed, "7 a (1, 'b')|");
    assert_int_equal(run("assert (1 +\n 2) == 3, \\\n 'm'"), CODE_PASSED);
    assert_int_equal(run(""), CODE_PASSED);
    assert_int_equal(run("y = 1, 2\nassert y == (1, 2)"), CODE_PASSED);
}

static void variables_last_for_the_script(void **state)
{
    struct code_environment environment = {.lookup = lookup};
    const struct drill_code *code;

    (void)state;
    code = drill_code_parse("LIMIT = 0x7fffffff", 18, (struct place){1, 1}, &memory, &error);
    assert_int_equal(drill_code_run(code, &environment, &error), CODE_PASSED);
    code =
        drill_code_parse("assert LIMIT == 0x7fffffff", 26, (struct place){1, 1}, &memory, &error);
    assert_int_equal(drill_code_run(code, &environment, &error), CODE_PASSED);
    code_environment_free(&environment);
}

static void a_failed_assertion_tells_what_its_names_were(void **state)
{
    (void)state;
    assert_int_equal(run("pass\n  assert tcpi_snd_cwnd == 10, tcpi_snd_cwnd"),
                     CODE_ASSERTION_FAILED);
    assert_string_equal(error.message,
                        "assertion failed: tcpi_snd_cwnd == 10 (tcpi_snd_cwnd = 12)");
    assert_int_equal(error.place.line, 8);
    assert_int_equal(error.place.column, 3);
    assert_int_equal(run("assert tcpi_rtt < 5, 'rtt=%d' % tcpi_rtt"), CODE_ASSERTION_FAILED);
    assert_string_equal(error.message,
                        "assertion failed: tcpi_rtt < 5: rtt=15000 (tcpi_rtt = 15000)");
}

static void assert_fails(const char *text, const char *part)
{
    assert_int_equal(run(text), CODE_FAILED);
    if (strstr(error.message, part) == NULL)
        fail_msg("%s: \"%s\" lacks \"%s\"", text, error.message, part);
    assert_true(error.place.line >= 7);
}

static void wrong_code_fails_at_its_place(void **state)
{
    (void)state;
    assert_fails("assert tcpi_nonsense == 1", "tcpi_nonsense is not known");
    assert_fails("x += 1", "x is not known");
    assert_fails("1 / 0", "division by zero");
    assert_fails("'a' - 1", "no number");
    assert_fails("'a' < 1", "no order");
    assert_fails("9223372036854775807 + 1", "does not fit");
    assert_fails("2 ** 64", "does not fit");
    assert_fails("1 << 63", "does not fit");
    assert_fails("foo(1)", "no function foo");
    assert_fails("'%d' % 'x'", "no number");
    assert_fails("'%d %d' % 1", "more conversions");
    assert_fails("'x' % 1", "more values");
    assert_fails("len(1)", "len() of a number");
    assert_fails("max()", "nothing");
}

static void assert_unparsable(const char *text, unsigned line, unsigned column, const char *part)
{
    error = (struct script_error){0};
    assert_null(drill_code_parse(text, strlen(text), (struct place){1, 1}, &memory, &error));
    if (strstr(error.message, part) == NULL || error.place.line != line ||
        error.place.column != column)
        fail_msg("%s: \"%s\" at %u:%u", text, error.message, error.place.line, error.place.column);
}

static void what_is_no_code_is_refused(void **state)
{
    char deep[400] = "x = ";

    (void)state;
    assert_unparsable("if x: y", 1, 1, "\"if\" is not supported");
    assert_unparsable("pass\nimport os", 2, 1, "\"import\" is not supported");
    assert_unparsable("assert", 1, 7, "expected a value");
    assert_unparsable("x = ", 1, 5, "expected a value");
    assert_unparsable("1 = 2", 1, 1, "only a name");
    assert_unparsable("x = (1, 2", 1, 10, "expected , or");
    assert_unparsable("x = 'a", 1, 5, "never closed");
    assert_unparsable("x = 1 2", 1, 7, "end of the statement");
    assert_unparsable("x = 12ab", 1, 5, "expected a number");
    assert_unparsable("x = 99999999999999999999", 1, 5, "too large");
    assert_unparsable("x = 1 not 2", 1, 11, "in behind not");
    assert_unparsable("x = 1 if 2", 1, 11, "expected else");
    assert_unparsable("x = $", 1, 5, "expected a value");
    memset(deep + 4, '(', 300);
    deep[304] = '\0';
    error = (struct script_error){0};
    assert_null(drill_code_parse(deep, 304, (struct place){1, 1}, &memory, &error));
    assert_non_null(strstr(error.message, "too deep"));
}

static int teardown(void **state)
{
    (void)state;
    script_memory_free(&memory);
    return 0;
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(expressions_follow_python),
        cmocka_unit_test(statements_end_at_lines_and_semicolons),
        cmocka_unit_test(variables_last_for_the_script),
        cmocka_unit_test(a_failed_assertion_tells_what_its_names_were),
        cmocka_unit_test(wrong_code_fails_at_its_place),
        cmocka_unit_test(what_is_no_code_is_refused),
    };

    return cmocka_run_group_tests(tests, NULL, teardown);
}
