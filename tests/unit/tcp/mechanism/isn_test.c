/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * isn_test.c: initial sequence numbers move with the clock and are nobody else's to know; so do
 * timestamps.
 */
#include "isn.h"

#include "duration.h"

#include <lastack/params.h>

#include <setjmp.h>
#include <stdarg.h>
#include <string.h>

#include <cmocka.h>

enum { TICK = 64 };

static const struct siphash_key ours = {1, 2}, theirs = {1, 3};

static struct tuple ipv4_tuple(void)
{
    return (struct tuple){.local = {{[10] = 0xff, [11] = 0xff, 192, 0, 2, 1}},
                          .remote = {{[10] = 0xff, [11] = 0xff, 192, 0, 2, 9}},
                          .local_port = 80,
                          .remote_port = 40000};
}

static struct tuple ipv6_tuple(void)
{
    return (struct tuple){.local = {{0x20, 1, 0xd, 0xb8, [15] = 1}},
                          .remote = {{0x20, 1, 0xd, 0xb8, [15] = 9}},
                          .local_port = 80,
                          .remote_port = 40000};
}

static uint32_t isn(const struct siphash_key *key, const struct tuple *tuple, int64_t now)
{
    return isn_choose(tuple_secret(key, tuple), TICK, now).v;
}

/* The same function of time for all: only the clock lies between two numbers of one tuple. A tick
 * of 4 us goes round in 4.77 hours, Linux's of 64 ns in 4.6 minutes.
 * covers: 9293-MUST-8 LNX-ISN */
static void the_clock_moves_them(void **state)
{
    const struct tuple tuple = ipv4_tuple();
    const uint64_t secret = tuple_secret(&ours, &tuple);
    struct lastack_params params;

    (void)state;
    lastack_params_linux(&params);
    assert_int_equal(params.isn_tick_ns, TICK);
    for (int64_t now = 0; now < SEC(5); now += MS(777)) {
        const uint32_t first = isn_choose(secret, US(4), now).v;

        assert_int_equal(isn_choose(secret, US(4), now + US(4)).v - first, 1);
        assert_int_equal(isn_choose(secret, US(4), now + SEC(1)).v - first, 250000);
        assert_int_equal(isn(&ours, &tuple, now + MS(1)) - isn(&ours, &tuple, now), 15625);
    }
    assert_int_equal(isn_choose(secret, US(4), US(4) << 32).v, isn_choose(secret, US(4), 0).v);
}

/* Every field of the tuple counts, and the secret.
 * covers: 9293-SHLD-1 9293-MUST-9 */
static void every_field_moves_them(void **state)
{
    const struct tuple tuples[2] = {ipv4_tuple(), ipv6_tuple()};

    (void)state;
    for (unsigned family = 0; family < 2; family++) {
        struct tuple changed[4];
        const uint32_t of_tuple = isn(&ours, &tuples[family], 0);

        assert_int_equal(isn(&ours, &tuples[family], 0), of_tuple); /* no chance in it */
        assert_int_not_equal(isn(&theirs, &tuples[family], 0), of_tuple);
        for (unsigned i = 0; i < 4; i++)
            changed[i] = tuples[family];
        changed[0].local.bytes[15]++;
        changed[1].remote.bytes[15]++;
        changed[2].local_port++;
        changed[3].remote_port++;
        for (unsigned i = 0; i < 4; i++) {
            const uint32_t distance = isn(&ours, &changed[i], 0) - of_tuple;

            /* nor does one differ from its neighbour by what differs for another secret */
            assert_int_not_equal(distance, 0);
            assert_int_not_equal(distance,
                                 isn(&theirs, &changed[i], 0) - isn(&theirs, &tuples[family], 0));
        }
    }
}

/* One secret tells nothing of another one: bits of the numbers agree as often as chance has it.
 * covers: 9293-MUST-9 */
static void another_secret_is_another_function(void **state)
{
    struct tuple tuple = ipv4_tuple();
    uint32_t equal_bits = 0;

    (void)state;
    for (unsigned port = 1; port <= 1000; port++) {
        tuple.remote_port = (uint16_t)port;
        equal_bits +=
            (uint32_t)__builtin_popcount(~(isn(&ours, &tuple, 0) ^ isn(&theirs, &tuple, 0)));
    }
    assert_in_range(equal_bits, 15600, 16400); /* 16000 of 32000; 400 are more than 4 sigma */
}

/* The ISN's half of the secret and the timestamps' half agree as often as chance has it.
 * covers: 9293-MUST-9 */
static void timestamps_tell_nothing_of_numbers(void **state)
{
    struct tuple tuple = ipv4_tuple();
    uint32_t equal_bits = 0;

    (void)state;
    for (unsigned port = 1; port <= 1000; port++) {
        tuple.remote_port = (uint16_t)port;
        equal_bits += (uint32_t)__builtin_popcount(
            ~(isn(&ours, &tuple, 0) ^ timestamp_offset(tuple_secret(&ours, &tuple))));
    }
    assert_in_range(equal_bits, 15600, 16400); /* 16000 of 32000; 400 are more than 4 sigma */
}

/* TSval: one tick a millisecond from an offset of the tuple's own, never backwards within its life
 * (and so at least one tick per 2^31 bytes for anything below 17 Tbit/s).
 * covers: 7323-5.4 */
static void timestamps_tick_once_a_millisecond(void **state)
{
    const struct tuple tuple = ipv4_tuple();
    const uint32_t offset = timestamp_offset(tuple_secret(&ours, &tuple));
    uint32_t last = timestamp_now(offset, 0);

    (void)state;
    assert_int_equal(timestamp_offset(tuple_secret(&ours, &tuple)), offset);
    for (int64_t now = 0; now <= SEC(10); now += US(250)) {
        const uint32_t value = timestamp_now(offset, now);

        assert_true(value - last <= 1);
        last = value;
    }
    assert_int_equal(last - timestamp_now(offset, 0), 10000);
    assert_int_equal(timestamp_now(offset, MS(1) << 32), timestamp_now(offset, 0)); /* 49 days */
    assert_int_not_equal(timestamp_offset(tuple_secret(&theirs, &tuple)), offset);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(the_clock_moves_them),
        cmocka_unit_test(every_field_moves_them),
        cmocka_unit_test(another_secret_is_another_function),
        cmocka_unit_test(timestamps_tell_nothing_of_numbers),
        cmocka_unit_test(timestamps_tick_once_a_millisecond),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
