/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * pool_test.c: objects are distinct, reused last in first out, and memory is touched only as it is
 * used. Also the arena that hands pools their memory.
 */
#include "wide_pool.h"

#include "arena.h"
#include "rng.h"

#include <setjmp.h>
#include <stdarg.h>

#include <cmocka.h>

enum { OBJECTS = 40, STRIDE = 12, WIDE_STRIDE = 24 };

static uint8_t memory[OBJECTS * WIDE_STRIDE];

static void fresh_ones_come_in_order_and_the_last_returned_first(void **state)
{
    struct pool pool;

    (void)state;
    pool_init(&pool, memory, STRIDE, 3);
    assert_int_equal(pool_take(&pool), 0);
    assert_int_equal(pool_take(&pool), 1);
    pool_give(&pool, 0);
    pool_give(&pool, 1);
    assert_int_equal(pool.bump, 2);
    assert_int_equal(pool_take(&pool), 1);
    assert_int_equal(pool_take(&pool), 0);
    assert_int_equal(pool_take(&pool), 2);
    assert_ptr_equal(pool_at(&pool, 2), memory + 2 * STRIDE);
}

static void a_full_pool_refuses_and_counts(void **state)
{
    struct pool pool;

    (void)state;
    pool_init(&pool, memory, STRIDE, 2);
    pool_take(&pool);
    pool_take(&pool);
    assert_int_equal(pool_available(&pool), 0);
    assert_int_equal(pool_take(&pool), POOL_NONE);
    assert_int_equal(pool_take(&pool), POOL_NONE);
    assert_int_equal(pool.refusals, 2);
    assert_int_equal(pool.used, 2);
    pool_give(&pool, 1);
    assert_int_equal(pool_take(&pool), 1);
    assert_int_equal(pool.peak, 2);
}

/* Two objects are never one, whatever the order of taking and giving. */
static void random_takes_and_gives(void **state)
{
    bool held[OBJECTS] = {false};
    struct pool pool;
    struct rng rng;
    uint32_t count = 0;

    (void)state;
    rng_init(&rng, 3);
    pool_init(&pool, memory, STRIDE, OBJECTS);
    for (unsigned step = 0; step < 5000; step++) {
        uint32_t index = rng_below(&rng, OBJECTS);

        if (held[index]) {
            uint8_t *bytes = pool_at(&pool, index);

            for (unsigned b = 0; b < STRIDE; b++) /* nobody else wrote here */
                assert_int_equal(bytes[b], (uint8_t)index);
            pool_give(&pool, index);
            held[index] = false;
            count--;
        } else {
            index = pool_take(&pool);
            assert_true(index < OBJECTS && !held[index]);
            memset(pool_at(&pool, index), (int)index, STRIDE);
            held[index] = true;
            count++;
        }
        assert_int_equal(pool.used, count);
    }
}

/* A pool whose free objects hold each other's indices gives out the very same objects as a plain
 * one. */
static void a_wide_list_keeps_the_order(void **state)
{
    static uint8_t wide_memory[OBJECTS * WIDE_STRIDE];
    struct wide_pool wide;
    struct pool plain;
    bool held[OBJECTS] = {false};
    struct rng rng;

    (void)state;
    rng_init(&rng, 4);
    for (uint32_t bytes = 4; bytes <= WIDE_STRIDE; bytes += 4) {
        memset(held, 0, sizeof held);
        memset(wide_memory, 0xee, sizeof wide_memory);
        pool_init(&plain, memory, STRIDE, OBJECTS);
        wide_pool_init(&wide, wide_memory, WIDE_STRIDE, OBJECTS, bytes);
        for (unsigned step = 0; step < 3000; step++) {
            uint32_t index = rng_below(&rng, OBJECTS);
            bool is_filling = step / 100 % 2 == 0;

            if (held[index] && (!is_filling || rng_below(&rng, 4) == 0)) {
                pool_give(&plain, index);
                wide_pool_give(&wide, index);
                held[index] = false;
            } else if (is_filling || rng_below(&rng, 4) == 0) {
                index = pool_take(&plain);
                assert_int_equal(wide_pool_take(&wide), index);
                if (index != POOL_NONE)
                    held[index] = true;
            }
            assert_int_equal(wide.pool.used, plain.used);
        }
        assert_int_equal(wide.pool.refusals, plain.refusals);
        for (uint32_t i = 0; i < OBJECTS; i++) /* what the owner keeps for himself is left alone */
            for (uint32_t b = bytes; b < WIDE_STRIDE; b++)
                assert_int_equal(wide_memory[i * WIDE_STRIDE + b], 0xee);
    }
    expect_assert_failure(wide_pool_init(&wide, wide_memory, 8, 3, 12));
}

static void what_was_never_given_out_is_refused(void **state)
{
    struct pool pool;

    (void)state;
    pool_init(&pool, memory, STRIDE, 3);
    expect_assert_failure(pool_at(&pool, 0));
    expect_assert_failure(pool_give(&pool, 0));
    expect_assert_failure(pool_init(&pool, memory, 3, 3));
}

static void arena_counts_what_it_places(void **state)
{
    static _Alignas(64) uint8_t room[512];
    struct arena count = {.base = NULL}, place = {.base = room};

    (void)state;
    assert_null(arena_take(&count, 10));
    assert_null(arena_take(&count, 100));
    assert_ptr_equal(arena_take(&place, 10), room);
    assert_ptr_equal(arena_take(&place, 100), room + 64);
    assert_int_equal(count.used, place.used);
    assert_int_equal(count.used, 164);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(fresh_ones_come_in_order_and_the_last_returned_first),
        cmocka_unit_test(a_full_pool_refuses_and_counts),
        cmocka_unit_test(random_takes_and_gives),
        cmocka_unit_test(a_wide_list_keeps_the_order),
        cmocka_unit_test(what_was_never_given_out_is_refused),
        cmocka_unit_test(arena_counts_what_it_places),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
