/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * json_names_test.c: names in JSON are those of the headers.
 */
#include "json_names.h"

#include "duration.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>

#include <cmocka.h>

static void is(json_t *value, const char *expected)
{
    if (expected == NULL)
        assert_true(json_is_null(value));
    else
        assert_string_equal(json_string_value(value), expected);
    json_decref(value);
}

static void names(void **state)
{
    (void)state;
    is(json_state(TCP_TIME_WAIT), "TIME-WAIT");
    is(json_cause(LASTACK_CAUSE_FIN_ACKED), "fin_acked");
    is(json_cause(LASTACK_CAUSE_NONE), NULL);
    is(json_cause(LASTACK_CAUSE_COUNT), NULL);
    is(json_timer(LASTACK_TIMER_FIN_WAIT_2), "fin_wait_2");
    is(json_timer(-1), NULL);
    is(json_trace_what(LASTACK_TRACE_TIME_WAIT_RESTART), "time_wait_restart");
    is(json_trace_what(LASTACK_TRACE_COUNT), NULL);
    is(json_safe("\xc3\x28"), "\\xc3(");
    is(json_ms(-1), NULL);
    json_t *ms = json_ms(MS(1500) + 999999);
    assert_int_equal(json_integer_value(ms), 1500);
    json_decref(ms);
}

static void all_causes_are_distinct(void **state)
{
    json_t *all = json_object();

    (void)state;
    for (int cause = LASTACK_CAUSE_NONE + 1; cause < LASTACK_CAUSE_COUNT; cause++) {
        json_t *name = json_cause((enum lastack_cause)cause);

        json_object_set_new(all, json_string_value(name), json_true());
        json_decref(name);
    }
    assert_int_equal(json_object_size(all), LASTACK_CAUSE_COUNT - 1);
    json_decref(all);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(names),
        cmocka_unit_test(all_causes_are_distinct),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
