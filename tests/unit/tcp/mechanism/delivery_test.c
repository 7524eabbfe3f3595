/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * delivery_test.c: samples of the delivery rate, from values.
 */
#include "delivery.h"
#include "duration.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdlib.h>

#include <cmocka.h>

#define TEST(name) static void name(void **state __attribute__((unused)))

enum { MSS = 1000 };

/* Ten segments at once, acknowledged one by one, a millisecond apart: the first sample is the first
 * segment's; the next mark leaves with what that ACK let go and returns a round trip later. */
TEST(one_sample_a_round_trip)
{
    struct delivery delivery = {0};
    uint32_t nxt = 0;

    for (; nxt < 10; nxt++)
        delivery_sent(&delivery, seq_of((nxt + 1) * MSS), nxt == 0, MS(100));
    assert_int_equal(delivery_rate(&delivery, MSS), 0);
    for (uint32_t i = 0; i < 11; i++) {
        const int64_t now = MS(110) + MS((int64_t)i);

        delivery_acked(&delivery, seq_of((i + 1) * MSS), 1, false, MS(10), now);
        delivery_sent(&delivery, seq_of((++nxt) * MSS), false, now);
    }
    /* marked at 110, when 1 was delivered; back at 120 as the eleventh: 10 segments in 10 ms */
    assert_int_equal(delivery_rate(&delivery, MSS), 1000 * MSS);
    assert_false(delivery.rate_is_limited);
}

/* What the application held back counts only if it is faster. */
TEST(limited_by_the_application)
{
    struct delivery delivery = {.rate_segs = 10, .rate_us = 10000};

    delivery_limited(&delivery, 0);
    delivery_sent(&delivery, seq_of(MSS), true, MS(100));
    delivery_acked(&delivery, seq_of(MSS), 1, false, MS(10), MS(120)); /* 50 a second */
    assert_int_equal(delivery_rate(&delivery, MSS), 1000 * MSS);
    delivery_limited(&delivery, 0);
    delivery_sent(&delivery, seq_of(21 * MSS), true, MS(200));
    delivery_acked(&delivery, seq_of(21 * MSS), 20, false, MS(10), MS(210));
    assert_int_equal(delivery_rate(&delivery, MSS), 2000 * MSS);
    assert_true(delivery.rate_is_limited);
    delivery_sent(&delivery, seq_of(26 * MSS), true, MS(300)); /* not limited: it counts */
    delivery_acked(&delivery, seq_of(26 * MSS), 5, false, MS(10), MS(310));
    assert_int_equal(delivery_rate(&delivery, MSS), 500 * MSS);
    assert_false(delivery.rate_is_limited);
}

/* No sample from what was sent again, nor one shorter than the least round trip. */
TEST(no_sample)
{
    struct delivery delivery = {0};

    delivery_sent(&delivery, seq_of(MSS), true, MS(100));
    delivery_acked(&delivery, seq_of(MSS), 1, true, MS(10), MS(120));
    assert_int_equal(delivery_rate(&delivery, MSS), 0);
    delivery_sent(&delivery, seq_of(2 * MSS), true, MS(200));
    delivery_acked(&delivery, seq_of(2 * MSS), 1, false, MS(10), MS(205));
    assert_int_equal(delivery_rate(&delivery, MSS), 0);
    assert_int_equal(delivery.delivered, 2);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(one_sample_a_round_trip),
        cmocka_unit_test(limited_by_the_application),
        cmocka_unit_test(no_sample),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
