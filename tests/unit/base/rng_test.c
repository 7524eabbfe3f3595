/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * rng_test.c: the generator is the published one, and rng_below is bounded and even.
 */
#include "rng.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>

#include <cmocka.h>

/* The first outputs of xoshiro256** from the state {1, 2, 3, 4}. */
static void is_xoshiro256_starstar(void **state)
{
    static const uint64_t expected[] = {
        11520, 0, 1509978240, 1215971899390074240, 1216172134540287360,
    };
    struct rng rng = {{1, 2, 3, 4}};

    (void)state;
    for (unsigned i = 0; i < 5; i++)
        assert_true(rng_next(&rng) == expected[i]);
}

/* splitmix64 from 0 begins with these, as its reference has it. */
static void seed_zero_is_spread(void **state)
{
    struct rng rng;

    (void)state;
    rng_init(&rng, 0);
    assert_true(rng.state[0] == 0xe220a8397b1dcdafu);
    assert_true(rng.state[1] == 0x6e789e6aa1b965f4u);
    assert_true(rng.state[2] == 0x06c45d188009454fu);
    assert_true(rng.state[3] == 0xf88bb8a8724c81ecu);
}

static void equal_seeds_equal_runs(void **state)
{
    struct rng a, b, c;

    (void)state;
    rng_init(&a, 42);
    rng_init(&b, 42);
    rng_init(&c, 43);
    for (unsigned i = 0; i < 100; i++) {
        uint64_t x = rng_next(&a);

        assert_true(x == rng_next(&b));
        assert_true(x != rng_next(&c));
    }
}

static void below_is_even(void **state)
{
    static const uint32_t bounds[] = {1, 2, 3, 10, 60};
    struct rng rng;

    (void)state;
    rng_init(&rng, 7);
    for (unsigned b = 0; b < 5; b++) {
        unsigned seen[60] = {0}, draws = 2000 * bounds[b];

        for (unsigned i = 0; i < draws; i++) {
            uint32_t x = rng_below(&rng, bounds[b]);

            assert_true(x < bounds[b]);
            seen[x]++;
        }
        /* 2000 expected, standard deviation below 45 */
        for (unsigned x = 0; x < bounds[b]; x++)
            assert_in_range(seen[x], 1800, 2200);
    }
}

/* With 3 * 2^30 a generator without rejection gives the lowest third twice as often as the rest. */
static void below_rejects_what_would_bias(void **state)
{
    struct rng rng;
    unsigned multiple_of_three = 0;

    (void)state;
    rng_init(&rng, 8);
    for (unsigned i = 0; i < 30000; i++)
        multiple_of_three += rng_below(&rng, 3u << 30) % 3 == 0;
    assert_in_range(multiple_of_three, 9600, 10400);
}

static void below_zero_is_refused(void **state)
{
    struct rng rng;

    (void)state;
    rng_init(&rng, 9);
    expect_assert_failure(rng_below(&rng, 0));
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(is_xoshiro256_starstar),        cmocka_unit_test(seed_zero_is_spread),
        cmocka_unit_test(equal_seeds_equal_runs),        cmocka_unit_test(below_is_even),
        cmocka_unit_test(below_rejects_what_would_bias), cmocka_unit_test(below_zero_is_refused),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
