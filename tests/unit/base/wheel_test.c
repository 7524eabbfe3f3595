/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * wheel_test.c: the wheel against an array that is searched for its minimum.
 *
 * The model keeps (deadline, arming number) of each object; what is popped must be its minimum, at
 * the nanosecond, and wheel_next must never lie behind it.
 */
#include "wheel.h"

#include "rng.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stdio.h>

#include <cmocka.h>

enum { OBJECTS = 200 };

struct object {
    uint32_t before;
    struct wheel_node node;
    uint64_t behind;
};

struct model {
    struct wheel wheel;
    struct object objects[OBJECTS];
    int64_t at[OBJECTS];
    uint64_t armed_as[OBJECTS];
    uint64_t armings;
    int64_t now;
};

static void model_init(struct model *m, int64_t now)
{
    m->now = now;
    m->armings = 0;
    wheel_init(&m->wheel, m->objects, sizeof m->objects[0], offsetof(struct object, node), now);
    for (uint32_t i = 0; i < OBJECTS; i++) {
        wheel_node_init(&m->objects[i].node);
        m->at[i] = NEVER;
    }
}

static void model_arm(struct model *m, uint32_t index, int64_t at)
{
    m->at[index] = at;
    m->armed_as[index] = m->armings++;
    wheel_arm(&m->wheel, index, at);
}

static void model_cancel(struct model *m, uint32_t index)
{
    m->at[index] = NEVER;
    wheel_cancel(&m->wheel, index);
}

static uint32_t model_minimum(const struct model *m)
{
    uint32_t best = WHEEL_NONE;

    for (uint32_t i = 0; i < OBJECTS; i++) {
        if (m->at[i] == NEVER)
            continue;
        if (best == WHEEL_NONE || m->at[i] < m->at[best] ||
            (m->at[i] == m->at[best] && m->armed_as[i] < m->armed_as[best]))
            best = i;
    }
    return best;
}

/* Pops once and compares; true if something was due. */
static bool model_pop(struct model *m)
{
    uint32_t expected = model_minimum(m);

    if (expected != WHEEL_NONE && m->at[expected] > m->now)
        expected = WHEEL_NONE;
    assert_int_equal(wheel_pop(&m->wheel, m->now), expected);
    if (expected == WHEEL_NONE)
        return false;
    assert_true(m->objects[expected].node.at == NEVER);
    m->at[expected] = NEVER;
    return true;
}

static void model_check_next(const struct model *m)
{
    uint32_t minimum = model_minimum(m);

    if (minimum == WHEEL_NONE) {
        assert_true(wheel_next(&m->wheel) == NEVER);
        assert_int_equal(m->wheel.armed, 0);
    } else {
        assert_true(wheel_next(&m->wheel) <= m->at[minimum]);
        assert_int_not_equal(m->wheel.armed, 0);
    }
}

/* Lengths of every magnitude, 1 ns to about 2^length_bits, often equal ones. */
static int64_t any_length(struct rng *rng, unsigned length_bits)
{
    unsigned bits = rng_below(rng, length_bits) + 1;

    if (rng_below(rng, 4) == 0)
        return (int64_t)1 << (bits - 1);
    return (int64_t)(rng_next(rng) >> (64 - bits));
}

static void random_run(uint64_t seed, int64_t start, unsigned length_bits)
{
    static struct model m;
    struct rng rng;

    rng_init(&rng, seed);
    model_init(&m, start);
    for (unsigned step = 0; step < 4000; step++) {
        uint32_t index = rng_below(&rng, OBJECTS);
        int64_t length = any_length(&rng, length_bits);

        switch (rng_below(&rng, 8)) {
        case 0:
            model_cancel(&m, index);
            break;
        case 1:
            model_arm(&m, index, m.now - any_length(&rng, 12));
            break;
        case 2:
            m.now = time_after(m.now, length / 16);
            while (model_pop(&m)) {
                /* arming while popping, as handlers do */
                if (rng_below(&rng, 3) == 0)
                    model_arm(&m, index, time_after(m.now, any_length(&rng, 20)));
            }
            break;
        default:
            model_arm(&m, index, time_after(m.now, length));
        }
        model_check_next(&m);
    }
}

static void agrees_with_the_model(void **state)
{
    (void)state;
    for (uint64_t seed = 1; seed <= 6; seed++) {
        random_run(seed, 0, 16);
        random_run(seed, SEC(1000), 40);
        random_run(seed, (int64_t)(seed * 0x123456789abcdu), 62);
        random_run(seed, -SEC(5), 34); /* time passes through 0 */
        random_run(seed, INT64_MIN + 10000, 63);
    }
}

/* A world that sleeps until wheel_next, ticks, and asks again must meet every deadline exactly. */
static void sleeping_until_next_misses_nothing(void **state)
{
    static struct model m;
    struct rng rng;
    unsigned fired = 0, wakes = 0;

    (void)state;
    rng_init(&rng, 77);
    model_init(&m, 0);
    for (uint32_t i = 0; i < OBJECTS; i++)
        model_arm(&m, i, any_length(&rng, 45));
    while (wheel_next(&m.wheel) != NEVER) {
        int64_t next = wheel_next(&m.wheel);

        wakes++;
        m.now = max64(m.now, next);
        for (;;) {
            uint32_t minimum = model_minimum(&m);

            if (!model_pop(&m))
                break;
            assert_true(minimum != WHEEL_NONE);
            fired++;
        }
        /* Nothing due was left behind, and nothing came before its time (model_pop). */
        assert_true(model_minimum(&m) == WHEEL_NONE || m.at[model_minimum(&m)] > m.now);
    }
    assert_int_equal(fired, OBJECTS);
    assert_in_range(wakes, 1, OBJECTS * WHEEL_LEVELS);
}

static void never_early_to_the_nanosecond(void **state)
{
    static const int64_t lengths[] = {1,       1023,     1024,      1025,
                                      MS(200), SEC(120), SEC(7200), SEC(1 << 30)};
    static struct model m;

    (void)state;
    for (unsigned i = 0; i < sizeof lengths / sizeof lengths[0]; i++) {
        model_init(&m, 12345);
        wheel_arm(&m.wheel, 3, 12345 + lengths[i]);
        assert_int_equal(wheel_pop(&m.wheel, 12345 + lengths[i] - 1), WHEEL_NONE);
        assert_int_equal(wheel_pop(&m.wheel, 12345 + lengths[i]), 3);
        assert_int_equal(wheel_pop(&m.wheel, 12345 + lengths[i]), WHEEL_NONE);
    }
}

/* One is armed from afar, the other when the deadline is near: still in arming order. */
static void ties_keep_arming_order_over_levels(void **state)
{
    static struct model m;

    (void)state;
    for (int64_t near = 1; near < SEC(100); near *= 3) {
        model_init(&m, 0);
        wheel_arm(&m.wheel, 5, SEC(100));
        assert_int_equal(wheel_pop(&m.wheel, SEC(100) - near), WHEEL_NONE);
        wheel_arm(&m.wheel, 2, SEC(100));
        wheel_arm(&m.wheel, 9, SEC(100));
        assert_int_equal(wheel_pop(&m.wheel, SEC(100)), 5);
        assert_int_equal(wheel_pop(&m.wheel, SEC(100)), 2);
        assert_int_equal(wheel_pop(&m.wheel, SEC(100)), 9);
    }
}

static void arming_for_never_cancels(void **state)
{
    static struct model m;

    (void)state;
    model_init(&m, 0);
    wheel_arm(&m.wheel, 1, SEC(1));
    assert_int_equal(m.wheel.armed, 1);
    wheel_arm(&m.wheel, 1, NEVER);
    assert_int_equal(m.wheel.armed, 0);
    assert_true(wheel_next(&m.wheel) == NEVER);
    assert_int_equal(wheel_pop(&m.wheel, NEVER - 1), WHEEL_NONE);
    wheel_cancel(&m.wheel, 1); /* twice is harmless */
}

static void last_nanosecond_is_a_deadline(void **state)
{
    static struct model m;

    (void)state;
    model_init(&m, 0);
    wheel_arm(&m.wheel, 1, NEVER - 1);
    assert_true(wheel_next(&m.wheel) <= NEVER - 1);
    assert_int_equal(wheel_pop(&m.wheel, NEVER - 2), WHEEL_NONE);
    assert_int_equal(wheel_pop(&m.wheel, NEVER - 1), 1);
}

static void exact_within_the_slot_at_hand(void **state)
{
    static struct model m;

    (void)state;
    model_init(&m, 4096);
    wheel_arm(&m.wheel, 1, 4096 + 777);
    assert_true(wheel_next(&m.wheel) == 4096 + 777);
}

static void time_may_not_go_back(void **state)
{
    static struct model m;

    (void)state;
    model_init(&m, SEC(1));
    expect_assert_failure(wheel_pop(&m.wheel, SEC(1) - 1));
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(agrees_with_the_model),
        cmocka_unit_test(sleeping_until_next_misses_nothing),
        cmocka_unit_test(never_early_to_the_nanosecond),
        cmocka_unit_test(ties_keep_arming_order_over_levels),
        cmocka_unit_test(arming_for_never_cancels),
        cmocka_unit_test(last_nanosecond_is_a_deadline),
        cmocka_unit_test(exact_within_the_slot_at_hand),
        cmocka_unit_test(time_may_not_go_back),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
