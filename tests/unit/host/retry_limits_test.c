/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * retry_limits_test.c: Linux's own arithmetic: 924.6 s for tcp_retries2 = 15, 127 s for six SYNs.
 */
#include "retry_limits.h"

#include "duration.h"

#include <setjmp.h>
#include <stdarg.h>

#include <cmocka.h>

static struct lastack_connection_row row_of(enum tcp_state state, enum lastack_timer timer,
                                            uint8_t retries, int64_t left_ns)
{
    return (struct lastack_connection_row){.protocol = LASTACK_PROTOCOL_TCP,
                                           .state = (uint8_t)state,
                                           .timer = (int8_t)timer,
                                           .timer_retries = retries,
                                           .inode = 5,
                                           .timer_left_ns = left_ns,
                                           .gives_up_ns = -1};
}

static void data_in_flight(void **state)
{
    (void)state;
    struct lastack_connection_row row =
        row_of(TCP_ESTABLISHED, LASTACK_TIMER_RETRANSMIT, 0, MS(200));
    row.has_tcp_info = true;
    row.tcp_info.tcpi_rto = 200000;
    retry_limits_apply(&retry_limits_default, &row);
    assert_int_equal(row.timer_retries_max, 15);
    /* the first resend after 200 ms, then 924.6 s as the model has it, less its first 200 ms */
    assert_true(row.gives_up_ns >= SEC(924) && row.gives_up_ns <= SEC(1045));
    row.timer_retries = 15;
    row.tcp_info.tcpi_rto = 120000000;
    row.timer_left_ns = SEC(30);
    retry_limits_apply(&retry_limits_default, &row);
    assert_true(row.gives_up_ns >= SEC(30) && row.gives_up_ns <= SEC(270));
}

static void handshakes(void **state)
{
    (void)state;
    struct retry_limits limits = retry_limits_default;
    limits.syn_linear = 0;
    struct lastack_connection_row row = row_of(TCP_SYN_SENT, LASTACK_TIMER_RETRANSMIT, 0, SEC(1));
    retry_limits_apply(&limits, &row);
    assert_int_equal(row.timer_retries_max, 6);
    assert_true(row.gives_up_ns == SEC(127)); /* 1 + 2 + 4 ... + 64 */
    limits.syn_linear = 4;
    retry_limits_apply(&limits, &row);
    assert_true(row.gives_up_ns ==
                SEC(1 + 4 + 126)); /* four more of a second, then the doublings */
    row.timer_retries = 3;         /* without tcp_info: still a second, nothing doubled yet */
    retry_limits_apply(&limits, &row);
    assert_true(row.gives_up_ns == SEC(1 + 1 + 126));
    row.timer_retries = 6;
    row.timer_left_ns = SEC(4);
    retry_limits_apply(&limits, &row);
    assert_true(row.gives_up_ns == SEC(4 + 8 + 16 + 32 + 64));
    row = row_of(TCP_SYN_RECEIVED, LASTACK_TIMER_SYN_ACK, 2, SEC(3));
    retry_limits_apply(&limits, &row);
    assert_int_equal(row.timer_retries_max, 5);
    assert_true(row.gives_up_ns == SEC(3 + 8 + 16 + 32));
}

static void orphans_and_keepalive(void **state)
{
    (void)state;
    struct lastack_connection_row row =
        row_of(TCP_FIN_WAIT_1, LASTACK_TIMER_RETRANSMIT, 3, MS(1000));
    row.inode = 0;
    retry_limits_apply(&retry_limits_default, &row);
    assert_int_equal(row.timer_retries_max, 8);
    assert_true(row.gives_up_ns > SEC(20) && row.gives_up_ns < SEC(110));
    row = row_of(TCP_ESTABLISHED, LASTACK_TIMER_KEEPALIVE, 2, SEC(10));
    retry_limits_apply(&retry_limits_default, &row);
    assert_true(row.gives_up_ns == SEC(10) + 7 * SEC(75));
    row = row_of(TCP_TIME_WAIT, LASTACK_TIMER_TIME_WAIT, 0, SEC(42));
    retry_limits_apply(&retry_limits_default, &row);
    assert_true(row.gives_up_ns == -1); /* its timer is its end: nothing to add */
    row = row_of(TCP_ESTABLISHED, LASTACK_TIMER_PERSIST, 4, SEC(2));
    retry_limits_apply(&retry_limits_default, &row);
    assert_true(row.gives_up_ns == -1); /* whose probes are answered may wait for ever */
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(data_in_flight),
        cmocka_unit_test(handshakes),
        cmocka_unit_test(orphans_and_keepalive),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
