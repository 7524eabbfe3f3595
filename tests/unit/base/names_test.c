/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * names_test.c: every number of an enum has its own text, every other number has "?".
 */
#include <lastack/socket.h>

#include <limits.h>
#include <setjmp.h>
#include <stdarg.h>
#include <string.h>

#include <cmocka.h>

static void known_numbers(void **state)
{
    (void)state;
    assert_string_equal(lastack_state_text(TCP_ESTABLISHED), "ESTABLISHED");
    assert_string_equal(lastack_state_text(TCP_TIME_WAIT), "TIME-WAIT");
    assert_string_equal(lastack_state_text(TCP_CLOSING), "CLOSING");
    assert_string_equal(lastack_cause_text(LASTACK_CAUSE_NONE), "-");
    assert_string_equal(lastack_cause_text(LASTACK_CAUSE_FIN), "FIN arrived");
    assert_string_equal(lastack_cause_text(LASTACK_CAUSE_PORTS_EXHAUSTED),
                        "no ephemeral port left to that destination");
    assert_string_equal(lastack_timer_text(LASTACK_TIMER_RETRANSMIT), "retransmit");
    assert_string_equal(lastack_timer_text(LASTACK_TIMER_SYN_ACK), "SYN-ACK");
    assert_string_equal(lastack_owner_text(LASTACK_OWNER_PROCESS), "process");
    assert_string_equal(lastack_owner_text(LASTACK_OWNER_KERNEL), "kernel");
}

static void strangers_have_a_question_mark(void **state)
{
    (void)state;
    assert_string_equal(lastack_state_text((enum tcp_state)0), "?");
    assert_string_equal(lastack_state_text((enum tcp_state)12), "?");
    assert_string_equal(lastack_state_text((enum tcp_state) - 1), "?");
    assert_string_equal(lastack_cause_text(LASTACK_CAUSE_COUNT), "?");
    assert_string_equal(lastack_cause_text((enum lastack_cause) - 1), "?");
    assert_string_equal(lastack_timer_text(LASTACK_TIMER_COUNT), "?");
    assert_string_equal(lastack_timer_text((enum lastack_timer) - 1), "?");
    assert_string_equal(lastack_owner_text((enum lastack_owner)(LASTACK_OWNER_KERNEL + 1)), "?");
}

/* A viewer that shows two causes by one text would hide which it was. */
static void cause_texts_differ(void **state)
{
    (void)state;
    for (unsigned i = 0; i < LASTACK_CAUSE_COUNT; i++) {
        const char *text = lastack_cause_text((enum lastack_cause)i);

        assert_string_not_equal(text, "?");
        for (unsigned j = 0; j < i; j++)
            assert_string_not_equal(text, lastack_cause_text((enum lastack_cause)j));
    }
}

static void errors_by_either_sign(void **state)
{
    (void)state;
    assert_string_equal(lastack_error_name(LASTACK_ECONNRESET), "ECONNRESET");
    assert_string_equal(lastack_error_name(-LASTACK_ECONNRESET), "ECONNRESET");
    assert_string_equal(lastack_error_text(-LASTACK_ECONNRESET), "connection reset by peer");
    assert_string_equal(lastack_error_text(LASTACK_EADDRINUSE), "address already in use");
    assert_string_equal(lastack_error_name(0), "0");
    assert_string_equal(lastack_error_text(0), "no error");
    assert_string_equal(lastack_error_name(3), "?"); /* inside the table, not in the list */
    assert_string_equal(lastack_error_name(100000), "?");
    assert_string_equal(lastack_error_name(INT_MIN), "?");
    assert_string_equal(lastack_error_text(INT_MAX), "unknown error");
}

/* The numbers are promised to be those of Linux. */
static void error_numbers_are_linux(void **state)
{
    (void)state;
    assert_int_equal(LASTACK_EAGAIN, 11);
    assert_int_equal(LASTACK_EADDRINUSE, 98);
    assert_int_equal(LASTACK_ECONNREFUSED, 111);
#define LASTACK_X(name, number, text)                                                              \
    assert_string_equal(lastack_error_name(number), #name);                                        \
    assert_string_equal(lastack_error_text(number), text);
    LASTACK_ERRORS(LASTACK_X)
#undef LASTACK_X
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(known_numbers),           cmocka_unit_test(strangers_have_a_question_mark),
        cmocka_unit_test(cause_texts_differ),      cmocka_unit_test(errors_by_either_sign),
        cmocka_unit_test(error_numbers_are_linux),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
