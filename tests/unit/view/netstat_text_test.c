/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * netstat_text_test.c: lines of net-tools 2.10 for the same sockets, column by column.
 */
#include "netstat_text.h"

#include "duration.h"
#include "rows.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>

#include <cmocka.h>

static void prints(const struct netstat_view *view, const struct lastack_connection_row *row,
                   const char *expected)
{
    struct printed printed;

    printed_open(&printed);
    if (row == NULL)
        netstat_header(view, printed.out);
    else
        netstat_row(view, row, printed.out);
    assert_string_equal(printed_string(&printed), expected);
    printed_free(&printed);
}

static void timers(void **state)
{
    const struct netstat_view view = {.has_timers = true, .has_servers = true};
    struct lastack_connection_row row = row_of(TCP_LISTEN, "127.0.0.1", 38881, "0.0.0.0", 0);

    (void)state;
    prints(
        &view, NULL,
        "Active Internet connections (servers and established)\n"
        "Proto Recv-Q Send-Q Local Address           Foreign Address         State       Timer\n");
    row.send_q = 128;
    prints(&view, &row,
           "tcp        0      0 127.0.0.1:38881         0.0.0.0:*               LISTEN      off "
           "(0.00/0/0)\n");
    row = row_of(TCP_TIME_WAIT, "127.0.0.1", 36236, "127.0.0.1", 38881);
    row.timer = LASTACK_TIMER_TIME_WAIT;
    row.timer_left_ns = MS(59790);
    prints(&view, &row,
           "tcp        0      0 127.0.0.1:36236         127.0.0.1:38881         TIME_WAIT   "
           "timewait (59.79/0/0)\n");
    row = row_of(TCP_ESTABLISHED, "127.0.0.1", 36236, "127.0.0.1", 38881);
    row.timer = LASTACK_TIMER_RETRANSMIT;
    row.timer_left_ns = MS(200);
    row.timer_retries = 3;
    prints(&view, &row,
           "tcp        0      0 127.0.0.1:36236         127.0.0.1:38881         ESTABLISHED on "
           "(0.20/3/0)\n");
    row.timer = LASTACK_TIMER_KEEPALIVE;
    row.timer_left_ns = -1;
    prints(&view, &row,
           "tcp        0      0 127.0.0.1:36236         127.0.0.1:38881         ESTABLISHED "
           "keepalive (0.00/0/3)\n");
}

static void ipv6_has_no_brackets(void **state)
{
    const struct netstat_view view = {.is_servers_only = true};
    struct lastack_connection_row row = row6_of(TCP_LISTEN, "::", 37955, "::", 0);

    (void)state;
    prints(&view, NULL,
           "Active Internet connections (only servers)\n"
           "Proto Recv-Q Send-Q Local Address           Foreign Address         State      \n");
    prints(&view, &row,
           "tcp6       0      0 :::37955                :::*                    LISTEN     \n");
    row = row6_of(TCP_ESTABLISHED, "::1", 56754, "::1", 37955);
    prints(&view, &row,
           "tcp6       0      0 ::1:56754               ::1:37955               ESTABLISHED\n");
    row = row6_of(TCP_ESTABLISHED, "127.0.0.1", 37955, "127.0.0.1", 38602);
    prints(&view, &row,
           "tcp6       0      0 127.0.0.1:37955         127.0.0.1:38602         ESTABLISHED\n");
}

static void programs_or_why_there_is_none(void **state)
{
    const struct netstat_view view = {.has_programs = true};
    struct lastack_connection_row row =
        row_of(TCP_FIN_WAIT_2, "127.0.0.1", 36238, "127.0.0.1", 38881);

    (void)state;
    prints(&view, NULL,
           "Active Internet connections (w/o servers)\n"
           "Proto Recv-Q Send-Q Local Address           Foreign Address         State       "
           "PID/Program name    \n");
    row_own(&row, "python3", 12654, 12);
    prints(&view, &row,
           "tcp        0      0 127.0.0.1:36238         127.0.0.1:38881         FIN_WAIT2   "
           "12654/python3       \n");
    row.owner_kind = LASTACK_OWNER_TIME_WAIT;
    row.state = TCP_TIME_WAIT;
    prints(&view, &row,
           "tcp        0      0 127.0.0.1:36238         127.0.0.1:38881         TIME_WAIT   - "
           "(time_wait)       \n");
}

static void users_and_inodes(void **state)
{
    const struct netstat_view view = {.has_extended = true};
    struct lastack_connection_row row =
        row_of(TCP_CLOSE_WAIT, "127.0.0.1", 38881, "127.0.0.1", 36238);

    (void)state;
    row.recv_q = 1;
    row.inode = 19649;
    prints(&view, &row,
           "tcp        1      0 127.0.0.1:38881         127.0.0.1:36238         CLOSE_WAIT  0      "
           "    19649     \n");
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(timers),
        cmocka_unit_test(ipv6_has_no_brackets),
        cmocka_unit_test(programs_or_why_there_is_none),
        cmocka_unit_test(users_and_inodes),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
