/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * pace_test.c: text leaves at the pace that the user or the parameter asks for.
 */
#include "peer.h"

enum { MSS = 1000, WINDOW = 65000 };

/* Ten segments leave at once; then one every 10 ms at 100 kB/s, and no deadline is late. */
TEST(largest_rate)
{
    struct peer *p = ACCEPTED(.mss = MSS, .win = WINDOW, .rtt = MS(20));

    SETS(p, LASTACK_SO_MAX_PACING_RATE, 100000);
    WRITES(p, 14000);
    assert_int_equal(packets_forgotten(p), 10);
    assert_int_equal(row_of(p).tcp_info.tcpi_pacing_rate, 100000);
    assert_int_equal(row_of(p).tcp_info.tcpi_max_pacing_rate, 100000);
    ARRIVES(p, .flags = ACK, .seq = 1, .ack = 10001, .win = WINDOW);
    MARK();
    FORGET(p);
    AFTER(MS(10));
    assert_int_equal(packets_forgotten(p), 1);
    AFTER(MS(9));
    SENDS_NOTHING(p);
    AFTER(MS(1));
    assert_int_equal(packets_forgotten(p), 1);
    FORGET(p);
}

/* No pace: all that the window allows leaves at once, whatever tcp_info says of the rate. */
TEST(not_paced)
{
    struct peer *p = ACCEPTED(.mss = MSS, .win = WINDOW, .rtt = MS(20));

    WRITES(p, 20000);
    ARRIVES(p, .flags = ACK, .seq = 1, .ack = 10001, .win = WINDOW);
    assert_int_equal(row_of(p).tcp_info.tcpi_unacked, 10);
    assert_int_equal(row_of(p).tcp_info.tcpi_max_pacing_rate, UINT64_MAX);
    assert_true(row_of(p).tcp_info.tcpi_pacing_rate > 20000 * 50);
    FORGET(p);
}

/* The parameter: two windows in a round trip of slow start. */
TEST(by_parameter)
{
    struct lastack_config config;
    struct peer *p;
    uint32_t first;

    peer_config(&config);
    config.params.pacing = true;
    restart(&config);
    p = ACCEPTED(.mss = MSS, .win = WINDOW, .rtt = MS(20));
    WRITES(p, 40000);
    FORGET(p);
    AFTER(MS(20));
    ARRIVES(p, .flags = ACK, .seq = 1, .ack = 10001, .win = WINDOW); /* the window is 20 */
    first = packets_forgotten(p);
    assert_true(first < 10);
    AFTER(MS(12)); /* 20 segments, half of a round trip */
    assert_int_equal(row_of(p).tcp_info.tcpi_unacked, 20);
    FORGET(p);
}

int main(void)
{
    const struct CMUnitTest tests[] = {RUN(largest_rate), RUN(not_paced), RUN(by_parameter)};

    return cmocka_run_group_tests(tests, NULL, NULL);
}
