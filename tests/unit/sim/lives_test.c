/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * lives_test.c: worlds of random lives whose outcome is known by their parameters.
 */
#include "sim_lives.h"

#include "duration.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

enum { SEEDS_MOST = 400 };

/* Two hosts that hold TIME-WAIT for four minutes, drop old SYNs in silence, use few ports and do
 * not wait long for an answer. */
static struct lastack_params long_records(int64_t isn_tick_ns)
{
    struct lastack_params params;

    lastack_params_linux(&params);
    params.time_wait_ns = SEC(240);
    params.time_wait_syn = LASTACK_TIME_WAIT_SYN_DROP;
    params.timestamps = false;
    params.isn_tick_ns = isn_tick_ns;
    params.connect_timeout_ns = SEC(5);
    params.port_first = 40000;
    params.port_last = 40063;
    return params;
}

static struct sim_lives_result world(uint64_t seed, const struct lastack_params *params)
{
    const struct sim_lives_options options = {
        .seed = seed, .lives = 300, .profiles = params, .profile_count = 1};
    struct sim_lives_result result;

    sim_lives_run(&options, &result);
    assert_null(result.failure);
    return result;
}

/* A clock of 64 ns goes round half of sequence space in 137 s: to a record that is older a new SYN
 * is an old one, and an orderly life may end before it began. No other life may. (The same lives
 * fail where nobody knows of it: `a record may take a new SYN for an old one` in life_plan.c.) */
static void records_older_than_half_the_space(void **state)
{
    const struct lastack_params params = long_records(64);
    uint64_t outlived = 0;

    (void)state;
    for (uint64_t seed = 1; outlived == 0; seed++) {
        assert_in_range(seed, 1, SEEDS_MOST);
        outlived = world(seed, &params).outlived;
    }
}

/* With the clock of RFC 9293 §3.4.1 nobody is excused. */
static void records_younger_than_half_the_space(void **state)
{
    const struct lastack_params params = long_records(4000);

    (void)state;
    for (uint64_t seed = 1; seed <= 8; seed++)
        assert_int_equal(world(seed, &params).outlived, 0);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(records_older_than_half_the_space),
        cmocka_unit_test(records_younger_than_half_the_space),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
