/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * udp_queue_test.c: the ring against an array of datagrams.
 */
#include "udp_queue.h"

#include "rng.h"

#include <setjmp.h>
#include <stdarg.h>
#include <string.h>

#include <cmocka.h>

enum { SIZE = 1024, MOST = 200 };

static _Alignas(8) uint8_t memory[SIZE + 8];
static struct udp_queue queue;

static int set_up(void **state)
{
    (void)state;
    memset(memory, 0xee, sizeof memory);
    udp_queue_init(&queue, memory, SIZE);
    return 0;
}

static bool push(uint16_t port, uint16_t length)
{
    struct udp_record record = {.length = length, .remote.port = port, .local.port = 9};
    uint8_t data[SIZE];

    memset(data, port & 0xff, sizeof data);
    return udp_queue_push(&queue, &record, data);
}

static void assert_front(uint16_t port, uint16_t length)
{
    struct udp_record record;
    const uint8_t *data;

    assert_true(udp_queue_front(&queue, &record, &data));
    assert_int_equal(record.remote.port, port);
    assert_int_equal(record.local.port, 9);
    assert_int_equal(record.length, length);
    for (uint16_t i = 0; i < length; i++)
        assert_int_equal(data[i], port & 0xff);
}

static void first_come_first_served(void **state)
{
    struct udp_record record;
    const uint8_t *data;

    (void)state;
    assert_false(udp_queue_front(&queue, &record, &data));
    assert_true(push(1, 10) && push(2, 0) && push(3, 30));
    assert_int_equal(queue.count, 3);
    assert_int_equal(queue.bytes, 40);
    assert_front(1, 10);
    udp_queue_pop(&queue);
    assert_front(2, 0);
    udp_queue_pop(&queue);
    assert_front(3, 30);
    udp_queue_pop(&queue);
    assert_false(udp_queue_front(&queue, &record, &data));
    assert_int_equal(queue.bytes, 0);
    expect_assert_failure(udp_queue_pop(&queue));
}

static void a_full_ring_refuses_and_loses_nothing(void **state)
{
    uint16_t pushed = 0;

    (void)state;
    while (push(pushed, 50))
        pushed++;
    assert_int_equal(pushed, SIZE / udp_queue_cost(50));
    assert_int_equal(queue.refusals, 1);
    for (uint16_t i = 0; i < pushed; i++) {
        assert_front(i, 50);
        udp_queue_pop(&queue);
    }
    assert_int_equal(memory[SIZE], 0xee);
}

static void the_longest_fits_an_empty_ring_at_any_time(void **state)
{
    uint16_t longest = SIZE - sizeof(struct udp_record);

    (void)state;
    assert_true(push(1, 100) && push(2, 100));
    udp_queue_pop(&queue);
    udp_queue_pop(&queue);
    assert_int_equal(udp_queue_cost(longest), SIZE);
    assert_true(push(3, longest));
    assert_front(3, longest);
    udp_queue_pop(&queue);
    assert_false(push(4, (uint16_t)(longest + 1)));
}

static void room_that_fits_exactly_is_used(void **state)
{
    uint16_t half = SIZE / 2 - sizeof(struct udp_record);

    (void)state;
    assert_true(push(1, half) && push(2, half)); /* to the last byte */
    assert_false(push(3, 0));
    udp_queue_pop(&queue);
    assert_true(push(3, half)); /* the first half again */
    assert_front(2, half);
    udp_queue_pop(&queue);
    assert_true(push(4, half));
    assert_front(3, half);
    udp_queue_pop(&queue);
    assert_front(4, half);
}

static void a_ring_too_small_holds_nothing(void **state)
{
    (void)state;
    udp_queue_init(&queue, memory, 7);
    assert_false(push(1, 0));
    udp_queue_init(&queue, NULL, 0);
    assert_false(push(1, 0));
    assert_int_equal(queue.refusals, 1);
}

static void ring_is_that_of_a_simple_model(void **state)
{
    uint16_t ports[64], lengths[64];
    unsigned count = 0, refused = 0;
    struct rng rng;

    (void)state;
    rng_init(&rng, 51);
    for (unsigned round = 0; round < 50000; round++) {
        uint16_t length = (uint16_t)rng_below(&rng, MOST);
        if (rng_below(&rng, 5) < 3) {
            uint16_t port = (uint16_t)round;
            if (push(port, length)) {
                assert_true(count < 64);
                ports[count] = port;
                lengths[count++] = length;
            } else {
                refused++;
                assert_true(queue.bytes > SIZE / 4); /* not for want of skill */
            }
        } else if (count > 0) {
            assert_front(ports[0], lengths[0]);
            udp_queue_pop(&queue);
            count--;
            memmove(ports, ports + 1, count * sizeof ports[0]);
            memmove(lengths, lengths + 1, count * sizeof lengths[0]);
        }
        assert_int_equal(queue.count, count);
    }
    assert_int_equal(queue.refusals, refused);
    assert_true(refused > 1000);
    assert_int_equal(memory[SIZE], 0xee);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test_setup(first_come_first_served, set_up),
        cmocka_unit_test_setup(a_full_ring_refuses_and_loses_nothing, set_up),
        cmocka_unit_test_setup(the_longest_fits_an_empty_ring_at_any_time, set_up),
        cmocka_unit_test_setup(room_that_fits_exactly_is_used, set_up),
        cmocka_unit_test_setup(a_ring_too_small_holds_nothing, set_up),
        cmocka_unit_test_setup(ring_is_that_of_a_simple_model, set_up),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
