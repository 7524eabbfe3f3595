/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * syn_cookie_test.c: cookies count in their minute and the next, for their tuple and IRS, and bring
 * back what was put into them.
 */
#include "syn_cookie.h"

#include "duration.h"
#include "rng.h"

#include <setjmp.h>
#include <stdarg.h>

#include <cmocka.h>

static const struct syn_cookie_keys keys = {{1, 2}, {3, 4}};

static struct tuple some_tuple(uint8_t last)
{
    return (struct tuple){lastack_ipv4(192, 0, 2, 1), lastack_ipv4(198, 51, 100, last), 80, 4711};
}

static struct tuple ipv6_tuple(void)
{
    struct tuple tuple = {.local_port = 80, .remote_port = 4711};

    assert_true(lastack_address_parse("2001:db8::1", &tuple.local));
    assert_true(lastack_address_parse("2001:db8::9", &tuple.remote));
    return tuple;
}

/* The largest size that is not larger than the peer's; the least one if it is smaller still. */
static void mss_comes_back_rounded_down(void **state)
{
    static const struct {
        uint32_t in, ipv4, ipv6;
    } table[] = {{100, 536, 1220},   {536, 536, 1220},   {1299, 536, 1220},  {1300, 1300, 1220},
                 {1439, 1300, 1420}, {1440, 1440, 1440}, {1459, 1440, 1440}, {1460, 1460, 1440},
                 {8940, 1460, 8940}, {65535, 1460, 8940}};
    const struct tuple ipv4 = some_tuple(1), ipv6 = ipv6_tuple();
    const struct seq irs = seq_of(12345);

    (void)state;
    for (size_t i = 0; i < sizeof table / sizeof table[0]; i++) {
        struct seq cookie = syn_cookie_make(&keys, &ipv4, irs, table[i].in, SEC(100));

        assert_int_equal(syn_cookie_check(&keys, &ipv4, irs, cookie, SEC(100)), table[i].ipv4);
        cookie = syn_cookie_make(&keys, &ipv6, irs, table[i].in, SEC(100));
        assert_int_equal(syn_cookie_check(&keys, &ipv6, irs, cookie, SEC(100)), table[i].ipv6);
    }
}

/* covers: 4987-3.6-valid */
static void counts_in_its_minute_and_the_next(void **state)
{
    const struct tuple tuple = some_tuple(1);
    const struct seq irs = seq_of(0xfffffff0);

    (void)state;
    for (int64_t minute = 0; minute < 1000; minute += 37) {
        const int64_t made = SEC(60) * minute;
        const struct seq cookie = syn_cookie_make(&keys, &tuple, irs, 1460, made);

        assert_int_equal(syn_cookie_check(&keys, &tuple, irs, cookie, made + SEC(60) - 1), 1460);
        assert_int_equal(syn_cookie_check(&keys, &tuple, irs, cookie, made + SEC(120) - 1), 1460);
        assert_int_equal(syn_cookie_check(&keys, &tuple, irs, cookie, made + SEC(120)), 0);
        assert_int_equal(syn_cookie_check(&keys, &tuple, irs, cookie, made + SEC(200)), 0);
    }
}

/* covers: 4987-3.6-valid */
static void is_of_this_tuple_irs_and_key(void **state)
{
    const struct tuple tuple = some_tuple(1), other = some_tuple(2);
    struct tuple ports = tuple;
    const struct syn_cookie_keys strangers = {{1, 2}, {3, 5}};
    const struct seq cookie = syn_cookie_make(&keys, &tuple, seq_of(7), 1460, SEC(5));

    (void)state;
    ports.remote_port++;
    assert_int_equal(syn_cookie_check(&keys, &tuple, seq_of(7), cookie, SEC(5)), 1460);
    assert_int_equal(syn_cookie_check(&keys, &other, seq_of(7), cookie, SEC(5)), 0);
    assert_int_equal(syn_cookie_check(&keys, &ports, seq_of(7), cookie, SEC(5)), 0);
    assert_int_equal(syn_cookie_check(&keys, &tuple, seq_of(1007), cookie, SEC(5)), 0);
    assert_int_equal(syn_cookie_check(&strangers, &tuple, seq_of(7), cookie, SEC(5)), 0);
}

/* A guess counts with 2 minutes * 4 sizes of 2^32: of a million none should, of 2^24 hardly one. */
static void guesses_do_not_count(void **state)
{
    const struct tuple tuple = some_tuple(1);
    struct rng rng;
    unsigned hits = 0;

    (void)state;
    rng_init(&rng, 42);
    for (unsigned i = 0; i < 1000000; i++)
        hits += syn_cookie_check(&keys, &tuple, seq_of(7), seq_of(rng_below(&rng, UINT32_MAX)),
                                 SEC(300)) != 0;
    assert_true(hits <= 1);
}

static void stamp_carries_options_and_is_never_ahead(void **state)
{
    (void)state;
    for (uint32_t clock = 1u << 20; clock < (1u << 20) + 130; clock++) {
        for (unsigned bits = 0; bits < 4; bits++) {
            for (uint8_t scale = 0; scale <= 15; scale++) { /* 15: none */
                const struct syn_cookie_options options = {.has_window_scale = scale < 15,
                                                           .window_scale = scale < 15 ? scale : 0,
                                                           .has_sack = bits & 1,
                                                           .has_ecn = bits & 2};
                const uint32_t stamp = syn_cookie_stamp(clock, &options);
                const struct syn_cookie_options back = syn_cookie_read_stamp(stamp);

                assert_true(stamp <= clock && clock - stamp < 128);
                assert_int_equal(back.has_window_scale, options.has_window_scale);
                assert_true(!back.has_window_scale || back.window_scale == scale);
                assert_int_equal(back.has_sack, options.has_sack);
                assert_int_equal(back.has_ecn, options.has_ecn);
            }
        }
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(mss_comes_back_rounded_down),
        cmocka_unit_test(counts_in_its_minute_and_the_next),
        cmocka_unit_test(is_of_this_tuple_irs_and_key),
        cmocka_unit_test(guesses_do_not_count),
        cmocka_unit_test(stamp_carries_options_and_is_never_ahead),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
