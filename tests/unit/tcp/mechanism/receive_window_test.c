/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * receive_window_test.c: what is offered, and how far buffer and window grow, from values.
 */
#include "duration.h"
#include "receive_window.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdlib.h>

#include <cmocka.h>

#define TEST(name) static void name(void **state __attribute__((unused)))

enum { MSS = 1000 };

/* covers: 9293-MUST-39 9293-SHLD-14 */
TEST(offers)
{
    const struct receive_space space = {.limit = 10000, .threshold = 6000};

    assert_int_equal(receive_window_select(&space, 0, 0, MSS, 0), 6000);    /* the threshold */
    assert_int_equal(receive_window_select(&space, 7500, 0, MSS, 0), 2500); /* what is free */
    assert_int_equal(receive_window_select(&space, 9001, 0, MSS, 0), 0); /* less than a segment */
    assert_int_equal(receive_window_select(&space, 9500, 8000, MSS, 0), 8000); /* was promised */
    assert_int_equal(receive_window_select(&space, 0, 0, MSS, 4), 6000 / 16 * 16);
    { /* a threshold below a segment is still half open */
        const struct receive_space small = {.limit = 10000, .threshold = 500};

        assert_int_equal(receive_window_select(&small, 0, 0, MSS, 0), 500);
    }
}

/* The threshold follows what arrives, by two segments, as far as it may; tiny segments do not
 * count. */
TEST(threshold_grows)
{
    struct receive_space space = {.limit = 20000, .threshold = 5000};

    assert_false(receive_space_heeds(127));
    assert_true(receive_space_heeds(128));
    receive_space_arrived(&space, 10000, 128, MSS);
    assert_int_equal(space.threshold, 7000);
    receive_space_arrived(&space, 10000, 1400, MSS); /* a frame of several */
    assert_int_equal(space.threshold, 9800);
    receive_space_arrived(&space, 10000, MSS, MSS);
    assert_int_equal(space.threshold, 10000);
    receive_space_arrived(&space, 10000, MSS, MSS);
    assert_int_equal(space.threshold, 10000);
    receive_space_arrived(&space, 9000, MSS, MSS); /* never down */
    assert_int_equal(space.threshold, 10000);
}

/* As a connection does it. */
static bool read_text(struct receive_space *space, uint32_t bytes, uint32_t limit_max,
                      uint32_t rtt_us, int64_t now)
{
    return receive_space_read(space, bytes, rtt_us, now) &&
           receive_space_grow(space, limit_max, now);
}

/* Three eighths of the buffer read in a round trip: the next may bring twice as much. */
TEST(limit_grows_with_the_reader)
{
    struct receive_space space = {.limit = 10000, .threshold = 4000, .rtt_us = 1000};

    read_text(&space, 3000, 100000, 0, MS(1) - 1000);
    assert_int_equal(space.limit, 10000); /* the round trip is not over */
    read_text(&space, 750, 100000, 0, MS(1));
    assert_int_equal(space.limit, 20000);
    assert_int_equal(space.threshold, 4000);
    read_text(&space, 7499, 100000, 0, MS(2)); /* a slow reader */
    assert_int_equal(space.limit, 20000);
    read_text(&space, 30000, 100000, 0, MS(3)); /* more than the buffer, on the way */
    assert_int_equal(space.limit, 60000);
    read_text(&space, 60000, 100000, 0, MS(4));
    assert_int_equal(space.limit, 100000);
    read_text(&space, 99999, 100000, 0, MS(5));
    assert_int_equal(space.limit, 100000);
}

/* The handshake's round trip stands in for one that was never measured; none at all, no growth. */
TEST(round_trip_unknown)
{
    struct receive_space space = {.limit = 10000, .threshold = 10000};

    assert_false(read_text(&space, 10000, 100000, 0, SEC(10)));
    assert_int_equal(space.limit, 10000);
    assert_true(read_text(&space, 10000, 100000, 1000, SEC(10)));
    assert_int_equal(space.limit, 40000);
}

/* The least counts at once; what is later than that may only be the end of a flight. */
TEST(echoes)
{
    struct receive_space space = {.limit = 10000, .threshold = 10000};

    receive_space_echoed(&space, MS(16));
    assert_int_equal(space.rtt_us, 16000);
    receive_space_echoed(&space, MS(8));
    assert_int_equal(space.rtt_us, 8000);
    receive_space_echoed(&space, MS(40));
    assert_int_equal(space.rtt_us, 9000);
    receive_space_echoed(&space, 0);
    assert_int_equal(space.rtt_us, 1);
}

/* covers: 7323-2.3-14 */
TEST(shifts)
{
    assert_int_equal(window_shift_for(65535, 14), 0);
    assert_int_equal(window_shift_for(65536, 14), 1);
    assert_int_equal(window_shift_for(6 << 20, 14), 7);
    assert_int_equal(window_shift_for(6 << 20, 3), 3);
    assert_int_equal(window_shift_for(UINT32_MAX, 14), 14);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(offers),
        cmocka_unit_test(threshold_grows),
        cmocka_unit_test(limit_grows_with_the_reader),
        cmocka_unit_test(round_trip_unknown),
        cmocka_unit_test(echoes),
        cmocka_unit_test(shifts),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
