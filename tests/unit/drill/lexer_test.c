/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * lexer_test.c: where one token ends and the next begins, and what is no token at all.
 */
#include "drill_test.h"
#include "lexer.h"

static struct script_memory memory;
static struct drill_settings settings;
static struct script_error error;

static void start(struct lexer *lexer, const char *text)
{
    error = (struct script_error){0};
    lexer_init(lexer, text, strlen(text), &settings, &memory, &error);
}

/* All tokens of a text, each as its kind's letter and its text, blanks between. */
static const char *tokens(const char *text)
{
    static const char letters[] = "$IHFWS`COE.";
    static char all[1024];
    struct lexer lexer;
    struct token token;
    size_t length = 0;

    start(&lexer, text);
    all[0] = '\0';
    while (lexer_next(&lexer, &token) && token.kind != TOKEN_END)
        length +=
            (size_t)snprintf(all + length, sizeof all - length, "%s%c:%.*s", length ? " " : "",
                             letters[token.kind], (int)token.length, token.text);
    return error.message[0] != '\0' ? error.message : all;
}

static void numbers_words_and_dots_are_told_apart(void **state)
{
    (void)state;
    assert_string_equal(tokens("1 -2 0x1f 1.5 .1 -.5"), "I:1 I:-2 H:0x1f F:1.5 F:.1 F:-.5");
    assert_string_equal(tokens("+0...0.200"), ".:+ I:0 E:... F:0.200");
    assert_string_equal(tokens("+.01...0.020"), ".:+ F:.01 E:... F:0.020");
    assert_string_equal(tokens("P. 1:2001(2000)"), "W:P .:. I:1 .:: I:2001 .:( I:2000 .:)");
    assert_string_equal(tokens("P.5 .5"), "W:P F:.5 F:.5");
    assert_string_equal(tokens("3021b9 0102 0x 0xg"), "W:3021b9 I:0102 W:0x W:0xg");
    assert_string_equal(tokens("<...>"), ".:< E:... .:>");
    assert_string_equal(tokens("exp-FO gen-254 a-b"), "W:exp-FO W:gen-254 W:a .:- W:b");
    assert_string_equal(tokens("--strict_segments -- x"), "O:strict_segments .:- .:- W:x");
}

static void quotes_keep_what_is_inside(void **state)
{
    (void)state;
    assert_string_equal(tokens("\"a \\\" b\""), "S:a \\\" b");
    assert_string_equal(tokens("`two\nlines` x"), "`:two\nlines W:x");
    assert_string_equal(tokens("%{ a }b% }% y"), "C: a }b%  W:y");
    assert_string_equal(tokens("\"open\n\""), "this string is never closed");
    assert_string_equal(tokens("`open"), "this command is never closed");
    assert_string_equal(tokens("%{ open }"), "this %{ is never closed by }%");
}

static void comments_are_nothing(void **state)
{
    (void)state;
    assert_string_equal(tokens("a // b\nc /* d\ne */ f"), "W:a W:c W:f");
    assert_string_equal(tokens("a /* b"), "this comment is never closed");
    assert_string_equal(tokens("// last line without an end"), "");
}

static void conditions_switch_lines_off(void **state)
{
    struct drill_define define = {.name = "STANDARD", .value = "1"};

    (void)state;
    assert_string_equal(tokens("#ifdef Linux\na\n#endif\nb"), "W:a W:b");
    assert_string_equal(tokens("#ifdef FreeBSD\na\n#else\nb\n#endif\nc"), "W:b W:c");
    assert_string_equal(tokens("#ifndef Linux\na\n#ifdef X\n#else\n#endif\n#endif\nb"), "W:b");
    assert_string_equal(tokens(" #ifdef Linux\n#ifdef FreeBSD\na\n#endif\nb\n#endif"), "W:b");
    assert_string_equal(tokens("#ifdef STANDARD\na\n#endif"), "");
    settings.defines = &define;
    assert_string_equal(tokens("#ifdef STANDARD\na\n#endif"), "W:a");
    settings.defines = NULL;
    settings.dialect = DRILL_FREEBSD;
    assert_string_equal(tokens("#ifdef FreeBSD\na\n#else\nb\n#endif"), "W:a");
    settings.dialect = DRILL_LINUX;
    assert_string_equal(tokens("#ifdef FreeBSD\n`\n"), "this #ifdef has no #endif");
    assert_string_equal(tokens("#ifdef Linux\nx\n"), "this #ifdef has no #endif");
    assert_string_equal(tokens("#endif"), "#endif without #ifdef");
    assert_string_equal(tokens("#define X"),
                        "unknown directive; there are #ifdef, #ifndef, #else and "
                        "#endif");
    assert_string_equal(tokens("sequence# present"), "W:sequence .:# W:present");
}

static void symbols_become_their_values(void **state)
{
    struct drill_define defines[] = {{.name = "WORD", .value = "abc", .next = &defines[1]},
                                     {.name = "TEXT", .value = "\"x y\"", .next = &defines[2]},
                                     {.name = "CMD", .value = "`ls`", .next = &defines[3]},
                                     {.name = "NUM", .value = "-12", .next = &defines[4]},
                                     {.name = "HEXA", .value = "0x10"}};
    struct lexer lexer;
    struct token token;

    (void)state;
    settings.defines = defines;
    assert_string_equal(tokens("WORD TEXT CMD NUM HEXA WORDS"),
                        "W:abc S:x y `:ls I:-12 H:0x10 W:WORDS");
    start(&lexer, "HEXA NUM");
    assert_true(lexer_next(&lexer, &token));
    assert_int_equal(token.integer, 16);
    assert_true(lexer_next(&lexer, &token));
    assert_int_equal(token.integer, -12);
    settings.defines = NULL;
}

static void places_count_lines_and_columns(void **state)
{
    struct lexer lexer;
    struct token token;

    (void)state;
    start(&lexer, "a\n\t bc /*\n*/ d");
    for (unsigned i = 0; i < 3; i++) {
        static const struct place places[] = {{1, 1}, {2, 3}, {3, 4}};

        assert_true(lexer_next(&lexer, &token));
        assert_int_equal(token.place.line, places[i].line);
        assert_int_equal(token.place.column, places[i].column);
    }
    assert_true(lexer_next(&lexer, &token));
    assert_int_equal(token.kind, TOKEN_END);
    assert_true(lexer_next(&lexer, &token));
    assert_int_equal(token.kind, TOKEN_END);
}

static void an_address_ends_before_the_colon_behind_it(void **state)
{
    struct place place;
    struct lexer lexer;

    (void)state;
    start(&lexer, " 2001:db8::1: x");
    assert_string_equal(lexer_address(&lexer, &place), "2001:db8::1");
    assert_int_equal(place.column, 2);
    assert_int_equal(lexer.text[lexer.at], ':');
    start(&lexer, "2001:db8::: x");
    assert_string_equal(lexer_address(&lexer, &place), "2001:db8::");
    start(&lexer, "192.0.2.1: x");
    assert_string_equal(lexer_address(&lexer, &place), "192.0.2.1");
    start(&lexer, "1:1001(1000)");
    assert_null(lexer_address(&lexer, &place));
    start(&lexer, "tcp");
    assert_null(lexer_address(&lexer, &place));
}

static void option_values_and_notes(void **state)
{
    const char *text;
    struct lexer lexer;

    (void)state;
    start(&lexer, "=ipv4-mapped-ipv6 next");
    assert_true(lexer_option_value(&lexer, &text));
    assert_string_equal(text, "ipv4-mapped-ipv6");
    start(&lexer, " = X=\"a b\"\n");
    assert_true(lexer_option_value(&lexer, &text));
    assert_string_equal(text, "X=\"a b\"");
    start(&lexer, "\n--other");
    assert_true(lexer_option_value(&lexer, &text));
    assert_null(text);
    start(&lexer, "=X=`a\n");
    assert_false(lexer_option_value(&lexer, &text));
    start(&lexer, "flags O_RDWR|(x)) = 0");
    assert_true(lexer_note(&lexer, (struct place){1, 1}, &text));
    assert_string_equal(text, "flags O_RDWR|(x)");
    start(&lexer, "never closed\n)");
    assert_false(lexer_note(&lexer, (struct place){1, 1}, &text));
}

static void numbers_that_do_not_fit_are_refused_where_they_must_be_numbers(void **state)
{
    (void)state;
    assert_string_equal(tokens("-99999999999999999999"), "the number is too large");
    assert_bad("0 < S 99999999999999999999:0(0) win 1", 1, 7, "out of range");
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
        cmocka_unit_test(numbers_words_and_dots_are_told_apart),
        cmocka_unit_test(quotes_keep_what_is_inside),
        cmocka_unit_test(comments_are_nothing),
        cmocka_unit_test(conditions_switch_lines_off),
        cmocka_unit_test(symbols_become_their_values),
        cmocka_unit_test(places_count_lines_and_columns),
        cmocka_unit_test(an_address_ends_before_the_colon_behind_it),
        cmocka_unit_test(option_values_and_notes),
        cmocka_unit_test(numbers_that_do_not_fit_are_refused_where_they_must_be_numbers),
    };

    return cmocka_run_group_tests(tests, NULL, teardown);
}
