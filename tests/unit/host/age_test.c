/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * age_test.c: one look and two.
 */
#include "age.h"

#include "duration.h"

#include <setjmp.h>
#include <stdarg.h>

#include <cmocka.h>

static struct lastack_connection_row row_of(enum tcp_state state, uint64_t cookie)
{
    return (struct lastack_connection_row){.protocol = LASTACK_PROTOCOL_TCP,
                                           .state = (uint8_t)state,
                                           .timer = -1,
                                           .cookie = cookie,
                                           .age_ns = -1};
}

static void one_look(void **state)
{
    (void)state;
    struct lastack_connection_row row = row_of(TCP_TIME_WAIT, 1);
    row.timer = LASTACK_TIMER_TIME_WAIT;
    row.timer_left_ns = SEC(42);
    assert_true(age_of_row(&row, SEC(5)) == SEC(18)); /* 60 s whatever tcp_fin_timeout is */
    row = row_of(TCP_FIN_WAIT_2, 1);
    row.timer = LASTACK_TIMER_FIN_WAIT_2;
    row.timer_left_ns = SEC(3);
    assert_true(age_of_row(&row, SEC(5)) == SEC(2));
    row = row_of(TCP_CLOSE_WAIT, 1);
    assert_true(age_of_row(&row, SEC(60)) == -1);
    row.has_tcp_info = true;
    row.tcp_info.tcpi_last_ack_recv = 7000;
    assert_true(age_of_row(&row, SEC(60)) == SEC(7));
    row.state = TCP_ESTABLISHED;
    assert_true(age_of_row(&row, SEC(60)) == -1);
}

static void looks_are_joined_by_the_cookie(void **state)
{
    (void)state;
    struct age_table *table = age_table_new();
    for (int64_t look = 0; look < 4; look++) {
        for (uint64_t cookie = 1; cookie <= 3000; cookie++) {
            struct lastack_connection_row row = row_of(TCP_ESTABLISHED, cookie);
            if (cookie == 5 && look >= 2)
                row.state = TCP_CLOSE_WAIT;
            if (cookie == 6 && look == 2)
                continue; /* gone, and its cookie comes back: unknown again */
            age_table_apply(table, &row, SEC(look));
            int64_t wanted = look == 0 ? -1 : SEC(look);
            if (cookie == 5 && look >= 2)
                wanted = look == 2 ? -1 : SEC(1);
            if (cookie == 6 && look == 3)
                wanted = -1;
            assert_true(row.age_ns == wanted);
        }
        age_table_turn(table);
    }
    age_table_free(table);
}

int main(void)
{
    const struct CMUnitTest tests[] = {cmocka_unit_test(one_look),
                                       cmocka_unit_test(looks_are_joined_by_the_cookie)};
    return cmocka_run_group_tests(tests, NULL, NULL);
}
