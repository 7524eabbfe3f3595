/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * sim_link_test.c: each knob of a recipe alone, so that what a bench or a seed says of a link is
 * what the link did.
 */
#include "sim_link.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

enum { PACKETS = 10000 };

static struct sim_link link_under_test;

static void begin(struct sim_recipe recipe)
{
    sim_link_init(&link_under_test, &recipe, 7);
}

static void put(int64_t now, uint32_t number)
{
    sim_link_send(&link_under_test, now, &number, sizeof number);
}

/* The number of the next packet, which must arrive exactly at `at`. */
static uint32_t get(int64_t at)
{
    struct sim_frame frame;
    uint32_t number;

    assert_int_equal(sim_link_next(&link_under_test), at);
    assert_false(sim_link_receive(&link_under_test, at - 1, &frame));
    assert_true(sim_link_receive(&link_under_test, at, &frame));
    assert_int_equal(frame.length, sizeof number);
    memcpy(&number, frame.data, sizeof number);
    free(frame.data);
    return number;
}

static void end(void)
{
    struct sim_frame frame;

    assert_int_equal(sim_link_next(&link_under_test), NEVER);
    assert_false(sim_link_receive(&link_under_test, NEVER - 1, &frame));
    sim_link_free(&link_under_test);
}

static void test_delay_keeps_order(void **state)
{
    (void)state;
    begin((struct sim_recipe){.delay_ns = MS(5)});
    put(SEC(1), 1);
    put(SEC(1), 2);
    assert_int_equal(get(SEC(1) + MS(5)), 1);
    assert_int_equal(get(SEC(1) + MS(5)), 2);
    end();
}

/* 4 bytes at 32 kbit/s take 1 ms; a queue of 8 bytes holds two that wait. */
static void test_rate_and_queue(void **state)
{
    (void)state;
    begin((struct sim_recipe){.rate_bps = 32000, .queue_bytes = 8});
    put(0, 1);
    put(0, 2);
    put(0, 3); /* waits behind 8 bytes: no room */
    assert_int_equal(link_under_test.overflowed, 1);
    assert_int_equal(get(MS(1)), 1);
    assert_int_equal(get(MS(2)), 2);
    end();
}

static void test_loss_is_as_often_as_asked(void **state)
{
    (void)state;
    begin((struct sim_recipe){.loss_ppm = 50000});
    for (uint32_t i = 0; i < PACKETS; i++)
        put(0, i);
    assert_in_range(link_under_test.lost, PACKETS * 4 / 100, PACKETS * 6 / 100);
    sim_link_free(&link_under_test);
}

static void test_bursts_take_packets_in_a_row(void **state)
{
    uint32_t expected = 0, bursts = 0;

    (void)state;
    begin((struct sim_recipe){.burst_ppm = 10000, .burst_packets = 7});
    for (uint32_t i = 0; i < PACKETS; i++)
        put(i, i);
    while (sim_link_next(&link_under_test) != NEVER) {
        const uint32_t number = get(sim_link_next(&link_under_test));

        if (number != expected) {
            assert_int_equal((number - expected) % 7, 0);
            bursts++;
        }
        expected = number + 1;
    }
    assert_in_range(bursts, 50, 150);
    assert_true(link_under_test.lost >= bursts * 7);
    end();
}

/* Of every second the first 200 ms. */
static void test_stall_holds_back_in_order(void **state)
{
    (void)state;
    begin((struct sim_recipe){.delay_ns = MS(1), .stall_every_ns = SEC(1), .stall_ns = MS(200)});
    put(SEC(3), 1);
    put(SEC(3) + MS(199), 2);
    put(SEC(3) + MS(200), 3);
    put(SEC(3) + MS(999), 4);
    assert_int_equal(get(SEC(3) + MS(201)), 1);
    assert_int_equal(get(SEC(3) + MS(201)), 2);
    assert_int_equal(get(SEC(3) + MS(201)), 3);
    assert_int_equal(get(SEC(4)), 4);
    end();
}

static void test_reordering_lets_later_ones_pass(void **state)
{
    (void)state;
    begin((struct sim_recipe){.reorder_ppm = 1000000, .reorder_ns = MS(3)});
    put(0, 1);
    link_under_test.recipe.reorder_ppm = 0;
    put(MS(1), 2);
    assert_int_equal(get(MS(1)), 2);
    assert_int_equal(get(MS(3)), 1);
    end();
}

static void test_duplicates(void **state)
{
    (void)state;
    begin((struct sim_recipe){.duplicate_ppm = 1000000});
    put(5, 1);
    assert_int_equal(get(5), 1);
    assert_int_equal(get(5), 1);
    assert_int_equal(link_under_test.duplicated, 1);
    end();
}

static void test_cut_is_for_ever(void **state)
{
    (void)state;
    begin((struct sim_recipe){.delay_ns = 0});
    link_under_test.is_cut = true;
    put(0, 1);
    assert_int_equal(link_under_test.lost, 1);
    end();
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_delay_keeps_order),
        cmocka_unit_test(test_rate_and_queue),
        cmocka_unit_test(test_loss_is_as_often_as_asked),
        cmocka_unit_test(test_bursts_take_packets_in_a_row),
        cmocka_unit_test(test_stall_holds_back_in_order),
        cmocka_unit_test(test_reordering_lets_later_ones_pass),
        cmocka_unit_test(test_duplicates),
        cmocka_unit_test(test_cut_is_for_ever),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
