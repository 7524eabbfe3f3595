/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * code_value_test.c: arithmetic at its edges, order, and the texts of values.
 */
#include "drill_test.h"

#include "code_value.h"

static struct script_memory memory;

static struct code_value computed(enum code_op op, struct code_value a, struct code_value b)
{
    struct code_value result;
    const char *wrong = code_value_compute(op, &a, &b, &memory, &result);

    if (wrong != NULL)
        fail_msg("%s", wrong);
    return result;
}

static void assert_wrong(enum code_op op, struct code_value a, struct code_value b)
{
    struct code_value result;

    assert_non_null(code_value_compute(op, &a, &b, &memory, &result));
}

static void division_rounds_down(void **state)
{
    static const struct {
        int64_t a, b, quotient, remainder;
    } cases[] = {{7, 2, 3, 1}, {-7, 2, -4, 1}, {7, -2, -4, -1}, {-7, -2, 3, -1}, {6, -3, -2, 0}};

    (void)state;
    for (size_t i = 0; i < sizeof cases / sizeof cases[0]; i++) {
        struct code_value a = code_integer(cases[i].a), b = code_integer(cases[i].b);

        assert_int_equal(computed(OP_FLOOR_DIVIDE, a, b).integer, cases[i].quotient);
        assert_int_equal(computed(OP_MODULO, a, b).integer, cases[i].remainder);
    }
    assert_int_equal(computed(OP_DIVIDE, code_integer(1), code_integer(2)).kind, VALUE_OF_FLOAT);
}

static void what_does_not_fit_is_an_error(void **state)
{
    struct code_value least = code_integer(INT64_MIN), most = code_integer(INT64_MAX);

    (void)state;
    assert_wrong(OP_ADD, most, code_integer(1));
    assert_wrong(OP_SUBTRACT, least, code_integer(1));
    assert_wrong(OP_MULTIPLY, most, code_integer(2));
    assert_wrong(OP_FLOOR_DIVIDE, least, code_integer(-1));
    assert_wrong(OP_MODULO, least, code_integer(0));
    assert_wrong(OP_SHIFT_LEFT, code_integer(1), code_integer(-1));
    assert_wrong(OP_POWER, code_integer(10), code_integer(19));
    assert_wrong(OP_DIVIDE, code_float(1), code_float(0));
    assert_wrong(OP_BIT_AND, code_float(1), code_integer(1));
    assert_wrong(OP_ADD, code_text("1", 1), code_integer(1));
    assert_int_equal(computed(OP_POWER, code_integer(-1), code_integer(INT64_MAX)).integer, -1);
    assert_int_equal(computed(OP_SHIFT_RIGHT, least, code_integer(200)).integer, -1);
}

static void texts_join_and_format(void **state)
{
    struct code_value pair[] = {code_integer(3), code_text("x", 1)};
    struct code_value tuple = {.kind = VALUE_OF_TUPLE, .items = pair, .count = 2};
    struct code_value result;

    (void)state;
    assert_string_equal(computed(OP_ADD, code_text("ab", 2), code_text("c", 1)).text, "abc");
    assert_null(code_value_format("%03d-%-3s|%%", &tuple, &memory, &result));
    assert_string_equal(result.text, "003-x  |%");
    assert_non_null(code_value_format("%d", &tuple, &memory, &result));
    assert_non_null(code_value_format("%99999999d", &pair[0], &memory, &result));
    assert_non_null(code_value_format("%n", &pair[0], &memory, &result));
    assert_non_null(code_value_format("%", &pair[0], &memory, &result));
    assert_string_equal(code_value_text(&tuple, false, &memory), "(3, 'x')");
    tuple.count = 1;
    assert_string_equal(code_value_text(&tuple, false, &memory), "(3,)");
    result = code_float(2);
    assert_string_equal(code_value_text(&result, false, &memory), "2.0");
}

static void order_and_equality(void **state)
{
    struct code_value one = code_integer(1), one_float = code_float(1.0), text = code_text("1", 1);
    int order;

    (void)state;
    assert_true(code_value_equal(&one, &one_float));
    assert_false(code_value_equal(&one, &text));
    assert_false(code_value_order(&one, &text, &order));
    assert_true(code_value_order(&one, &one_float, &order));
    assert_int_equal(order, 0);
    assert_true(code_value_is_true(&text));
    text = code_text("", 0);
    assert_false(code_value_is_true(&text));
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
        cmocka_unit_test(division_rounds_down),
        cmocka_unit_test(what_does_not_fit_is_an_error),
        cmocka_unit_test(texts_join_and_format),
        cmocka_unit_test(order_and_equality),
    };

    return cmocka_run_group_tests(tests, NULL, teardown);
}
