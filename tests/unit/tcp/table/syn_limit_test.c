/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * syn_limit_test.c: the first rule that fits decides; budgets refill to the nanosecond; a full
 * table limits less, never more.
 */
#include "syn_limit.h"

#include "duration.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stdlib.h>

#include <cmocka.h>

enum { BUDGETS = 64 };

static struct syn_limit *limit_new(uint32_t budgets)
{
    static const struct siphash_key key = {5, 6};
    struct syn_limit *limit = calloc(1, sizeof *limit);
    void *memory = calloc(1, (size_t)syn_limit_size(budgets) + 1);

    assert_true(limit != NULL && memory != NULL);
    syn_limit_init(limit, memory, budgets, &key);
    return limit;
}

static void limit_free(struct syn_limit *limit)
{
    free(limit->budgets);
    free(limit);
}

static bool passes(struct syn_limit *limit, uint8_t third, uint8_t last, uint16_t port, int64_t now)
{
    const struct lastack_address source = lastack_ipv4(198, 51, third, last);

    return syn_limit_pass(limit, &source, port, now);
}

static void nobody_is_limited_without_rules(void **state)
{
    struct syn_limit *limit = limit_new(0);

    (void)state;
    for (unsigned i = 0; i < 1000; i++)
        assert_true(passes(limit, 100, 1, 80, SEC(1)));
    limit_free(limit);
}

static void first_rule_that_fits_decides(void **state)
{
    struct syn_limit *limit = limit_new(BUDGETS);
    const struct lastack_syn_rule friends = {.prefix = lastack_ipv4(198, 51, 100, 0),
                                             .prefix_length = 24,
                                             .rate = LASTACK_SYN_UNLIMITED};
    const struct lastack_syn_rule port = {.prefix = lastack_ipv4(198, 51, 0, 0),
                                          .prefix_length = 17,
                                          .port = 443,
                                          .rate = LASTACK_SYN_UNLIMITED};
    const struct lastack_syn_rule rest = {
        .prefix = lastack_ipv4(198, 51, 0, 0), .prefix_length = 17, .rate = 0};
    struct lastack_address ipv6;

    (void)state;
    assert_int_equal(syn_limit_add(limit, &friends), 0);
    assert_int_equal(syn_limit_add(limit, &port), 1);
    assert_int_equal(syn_limit_add(limit, &rest), 2);
    assert_true(passes(limit, 100, 255, 80, SEC(1)));
    assert_false(passes(limit, 101, 1, 80, SEC(1)));
    assert_true(passes(limit, 101, 1, 443, SEC(1)));
    assert_false(passes(limit, 127, 1, 80, SEC(1)));
    assert_true(passes(limit, 128, 1, 80, SEC(1))); /* one bit beyond */
    assert_true(lastack_address_parse("2001:db8::1", &ipv6));
    assert_true(syn_limit_pass(limit, &ipv6, 80, SEC(1)));
    assert_int_equal(limit->rules[0].passed, 1);
    assert_int_equal(limit->rules[2].refused, 2);
    syn_limit_clear(limit);
    assert_true(passes(limit, 101, 1, 80, SEC(1)));
    limit_free(limit);
}

/* 10 per second, 3 at once: the fourth waits for its tenth of a second. */
static void one_budget_for_a_prefix(void **state)
{
    struct syn_limit *limit = limit_new(0);
    const struct lastack_syn_rule rule = {
        .prefix = lastack_ipv4(198, 51, 0, 0), .prefix_length = 16, .rate = 10, .burst = 3};

    (void)state;
    assert_int_equal(syn_limit_add(limit, &rule), 0);
    for (uint8_t i = 0; i < 3; i++)
        assert_true(passes(limit, i, i, 80, SEC(1)));
    assert_false(passes(limit, 9, 9, 80, SEC(1)));
    assert_false(passes(limit, 9, 9, 80, SEC(1) + MS(100) - 1));
    assert_true(passes(limit, 9, 9, 80, SEC(1) + MS(100)));
    assert_false(passes(limit, 9, 9, 80, SEC(1) + MS(100)));
    /* after long silence no more than the burst */
    for (uint8_t i = 0; i < 3; i++)
        assert_true(passes(limit, 1, 1, 80, SEC(100)));
    assert_false(passes(limit, 1, 1, 80, SEC(100)));
    limit_free(limit);
}

static void a_budget_for_each_network(void **state)
{
    struct syn_limit *limit = limit_new(BUDGETS);
    const struct lastack_syn_rule rule = {.prefix = lastack_ipv4(198, 51, 0, 0),
                                          .prefix_length = 16,
                                          .each_length = 24,
                                          .rate = 1,
                                          .burst = 2};

    (void)state;
    assert_int_equal(syn_limit_add(limit, &rule), 0);
    for (uint8_t network = 0; network < 8; network++) {
        assert_true(passes(limit, network, 1, 80, SEC(5)));
        assert_true(passes(limit, network, 200, 80, SEC(5)));
    }
    for (uint8_t network = 0; network < 8; network++)
        assert_false(passes(limit, network, 7, 80, SEC(5) + MS(999)));
    limit_free(limit);
}

/* A flood from every network there is keeps nobody out who has not sent himself. */
static void newcomers_find_a_place_in_a_full_table(void **state)
{
    struct syn_limit *limit = limit_new(8);
    const struct lastack_syn_rule rule = {
        .prefix = lastack_ipv4(0, 0, 0, 0), .each_length = 32, .rate = 1, .burst = 1};

    (void)state;
    assert_int_equal(syn_limit_add(limit, &rule), 0);
    for (unsigned i = 0; i < 65536; i++)
        assert_true(passes(limit, (uint8_t)(i >> 8), (uint8_t)i, 80, SEC(1)));
    limit_free(limit);
}

static void bad_rules_are_refused(void **state)
{
    struct syn_limit *limit = limit_new(0);
    struct lastack_syn_rule rule = {
        .prefix = lastack_ipv4(198, 51, 0, 0), .prefix_length = 16, .rate = 1, .burst = 1};
    struct lastack_syn_rule bad = rule;

    (void)state;
    bad.prefix_length = 33;
    assert_int_equal(syn_limit_add(limit, &bad), -LASTACK_EINVAL);
    bad = rule;
    bad.each_length = 15;
    assert_int_equal(syn_limit_add(limit, &bad), -LASTACK_EINVAL);
    bad.each_length = 24; /* there are no budgets */
    assert_int_equal(syn_limit_add(limit, &bad), -LASTACK_ENOBUFS);
    bad = rule;
    bad.burst = 0;
    assert_int_equal(syn_limit_add(limit, &bad), -LASTACK_EINVAL);
    bad.burst = 1;
    bad.rate = 1000000001;
    assert_int_equal(syn_limit_add(limit, &bad), -LASTACK_EINVAL);
    for (int i = 0; i < LASTACK_SYN_RULES_MAX; i++)
        assert_int_equal(syn_limit_add(limit, &rule), i);
    assert_int_equal(syn_limit_add(limit, &rule), -LASTACK_ENOBUFS);
    limit_free(limit);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(nobody_is_limited_without_rules),
        cmocka_unit_test(first_rule_that_fits_decides),
        cmocka_unit_test(one_budget_for_a_prefix),
        cmocka_unit_test(a_budget_for_each_network),
        cmocka_unit_test(newcomers_find_a_place_in_a_full_table),
        cmocka_unit_test(bad_rules_are_refused),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
