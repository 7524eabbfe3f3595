/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * rtt_test.c: the estimate by RFC 6298's numbers, Linux's floor under the variance, back-off, and
 * that eighths of a microsecond neither lose a short round trip nor overflow with a long one.
 *
 * covers: 6298-2.2 6298-2.3 6298-2.5 LNX-RTOMIN
 */
#include "rtt.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>

#include <cmocka.h>

static struct lastack_params rtt_params(enum lastack_rto_formula formula)
{
    struct lastack_params params;

    lastack_params_linux(&params);
    params.rto_formula = formula;
    params.rto_initial_ns = SEC(1);
    params.rto_min_ns = MS(200);
    params.rto_max_ns = SEC(120);
    params.rto_fallback_ns = SEC(3);
    params.rto_slop_ns = MS(20);
    return params;
}

static struct rtt rtt_after(const struct lastack_params *params, const int64_t *samples,
                            unsigned count)
{
    struct rtt rtt;

    rtt_init(&rtt, params);
    for (unsigned i = 0; i < count; i++)
        rtt_sample(&rtt, params, samples[i], samples[i], i + 1, i + 1);
    return rtt;
}

static void first_sample_triples(void **state)
{
    const struct lastack_params params = rtt_params(LASTACK_RTO_RFC6298);
    const struct rtt rtt = rtt_after(&params, (const int64_t[]){MS(400)}, 1);

    (void)state;
    assert_int_equal(rtt_smoothed(&rtt), MS(400));
    assert_int_equal(rtt_ns(rtt.rttvar), MS(200));
    assert_int_equal(rtt_timeout(&rtt, &params), MS(1200)); /* §2.2: SRTT + 4 R/2 */
}

static void later_samples_move_it_by_an_eighth(void **state)
{
    const struct lastack_params params = rtt_params(LASTACK_RTO_RFC6298);
    const struct rtt rtt = rtt_after(&params, (const int64_t[]){MS(400), MS(480)}, 2);

    (void)state;
    /* §2.3: RTTVAR = 3/4 * 200 + 1/4 * |400 - 480|, then SRTT = 7/8 * 400 + 1/8 * 480 */
    assert_int_equal(rtt_ns(rtt.rttvar), MS(170));
    assert_int_equal(rtt_smoothed(&rtt), MS(410));
    assert_int_equal(rtt_timeout(&rtt, &params), MS(410 + 680));
    assert_int_equal(rtt_ns(rtt.min), MS(400));
}

static void floors_differ_by_formula(void **state)
{
    const int64_t sample = MS(1);
    struct lastack_params params = rtt_params(LASTACK_RTO_RFC6298);
    struct rtt rtt = rtt_after(&params, &sample, 1);

    (void)state;
    assert_int_equal(rtt_timeout(&rtt, &params), MS(200));
    params.rto_formula = LASTACK_RTO_LINUX; /* the floor is one of the variance */
    rtt = rtt_after(&params, &sample, 1);
    assert_int_equal(rtt_timeout(&rtt, &params), MS(201));
    params.rto_formula = LASTACK_RTO_FREEBSD;
    rtt = rtt_after(&params, &sample, 1);
    assert_int_equal(rtt_timeout(&rtt, &params), MS(220));
}

static void doubles_up_to_the_maximum(void **state)
{
    const struct lastack_params params = rtt_params(LASTACK_RTO_RFC6298);
    struct rtt rtt = rtt_after(&params, (const int64_t[]){MS(400)}, 1);

    (void)state;
    for (unsigned i = 1; i <= 6; i++) {
        rtt_back_off(&rtt);
        assert_int_equal(rtt_timeout(&rtt, &params), MS(1200) << i);
    }
    for (unsigned i = 0; i < 100; i++)
        rtt_back_off(&rtt);
    assert_int_equal(rtt_timeout(&rtt, &params), SEC(120));
    rtt_sample(&rtt, &params, MS(400), MS(400), 2, 2);
    assert_int_equal(rtt.backoff, 0);
}

static void falls_back_only_upwards(void **state)
{
    const struct lastack_params params = rtt_params(LASTACK_RTO_RFC6298);
    struct rtt rtt = rtt_after(&params, NULL, 0);

    (void)state;
    assert_int_equal(rtt_timeout(&rtt, &params), SEC(1));
    rtt_fall_back(&rtt, &params);
    assert_int_equal(rtt_timeout(&rtt, &params), SEC(3));
    rtt = rtt_after(&params, (const int64_t[]){SEC(2)}, 1);
    rtt_fall_back(&rtt, &params);
    assert_int_equal(rtt_timeout(&rtt, &params), SEC(6));
}

static void extremes_stay_in_range(void **state)
{
    static const enum lastack_rto_formula formulas[] = {LASTACK_RTO_RFC6298, LASTACK_RTO_LINUX,
                                                        LASTACK_RTO_FREEBSD};
    static const int64_t samples[] = {0, SEC(1000), 0, SEC(500), 1, MS(1), SEC(1000), SEC(1000)};

    (void)state;
    for (unsigned i = 0; i < 3; i++) {
        const struct lastack_params params = rtt_params(formulas[i]);

        for (unsigned count = 1; count <= sizeof samples / sizeof samples[0]; count++) {
            const struct rtt rtt = rtt_after(&params, samples, count);

            assert_true(rtt.srtt > 0 && rtt.min == 1);
            assert_in_range(rtt_timeout(&rtt, &params), MS(200), SEC(120));
        }
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(first_sample_triples),
        cmocka_unit_test(later_samples_move_it_by_an_eighth),
        cmocka_unit_test(floors_differ_by_formula),
        cmocka_unit_test(doubles_up_to_the_maximum),
        cmocka_unit_test(falls_back_only_upwards),
        cmocka_unit_test(extremes_stay_in_range),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
