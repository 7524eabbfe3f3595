/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * counters_test.c: the formats of /proc/net, whole and broken.
 */
#include "counters.h"

#include <errno.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

static struct counters *new_counters(void)
{
    struct counters *counters = calloc(1, sizeof *counters);
    assert_non_null(counters);
    return counters;
}

static void pairs_of_lines(void **state)
{
    (void)state;
    struct counters *counters = new_counters();
    counters_parse_pairs(counters, "Tcp: RtoMax MaxConn OutRsts\nTcp: 120000 -1 7\n"
                                   "TcpExt: A B C\nTcpExt: 1 2\n" /* a value is missing */
                                   "Odd: X\nOther: 5\n"           /* no pair */
                                   "IpExt: InOctets\nIpExt: 99999999999\n");
    bool found;
    assert_int_equal(counters_get(counters, "Tcp", "OutRsts", &found), 7);
    assert_true(found);
    assert_int_equal(counters_get(counters, "Tcp", "MaxConn", NULL), -1);
    assert_int_equal(counters_get(counters, "TcpExt", "B", NULL), 2);
    counters_get(counters, "TcpExt", "C", &found);
    assert_false(found);
    counters_get(counters, "Odd", "X", &found);
    assert_false(found);
    assert_true(counters_get(counters, "IpExt", "InOctets", NULL) == INT64_C(99999999999));
    counters_parse_pairs(counters, "");
    counters_parse_pairs(counters, "Tcp: A");
    free(counters);
}

static void sockstat_lines(void **state)
{
    (void)state;
    struct counters *counters = new_counters();
    counters_parse_sockstat(
        counters,
        "sockets: used 24\nTCP: inuse 5 orphan 0 tw 3 alloc 6 mem 1\nRAW: inuse\nno colon\n");
    assert_int_equal(counters_get(counters, "TCP", "tw", NULL), 3);
    assert_int_equal(counters_get(counters, "sockets", "used", NULL), 24);
    bool found;
    counters_get(counters, "RAW", "inuse", &found);
    assert_false(found);
    free(counters);
}

static void more_than_there_is_room_for(void **state)
{
    (void)state;
    struct counters *counters = new_counters();
    char text[40000] = "G:";
    for (int i = 0; i < 3000; i++)
        strcat(text, " a 1");
    counters_parse_sockstat(counters, text);
    assert_int_equal(counters->count, COUNTERS_MAX);
    free(counters);
}

static void this_very_kernel(void **state)
{
    (void)state;
    struct counters *counters = new_counters();
    assert_int_equal(counters_read(counters, "/proc/net"), 0);
    bool found;
    counters_get(counters, "Tcp", "OutRsts", &found);
    assert_true(found);
    assert_int_equal(counters_read(counters, "/nonexistent"), -ENOENT);
    free(counters);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(pairs_of_lines),
        cmocka_unit_test(sockstat_lines),
        cmocka_unit_test(more_than_there_is_room_for),
        cmocka_unit_test(this_very_kernel),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
