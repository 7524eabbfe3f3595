/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * ports_test.c: the whole range, once each, in an order of its own for each destination.
 *
 * covers: 6056-3.1 6056-3.2 6056-3.3-unique 6056-3.3.3 6056-3.3.4 6056-3.4
 */
#include "ports.h"

#include "rng.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stdlib.h>

#include <cmocka.h>

/* The ports in use towards one destination each. */
struct world {
    bool used[65536];
    unsigned probes;
};

static bool is_free(void *context, const struct tuple *tuple)
{
    struct world *world = context;

    world->probes++;
    return !world->used[tuple->local_port];
}

static struct tuple destination(uint8_t host, uint16_t port)
{
    return (struct tuple){.local = lastack_ipv4(192, 0, 2, 1),
                          .remote = lastack_ipv4(198, 51, 100, host),
                          .remote_port = port};
}

static struct ports new_ports(uint64_t key)
{
    struct ports ports;

    ports_init(&ports, &(struct siphash_key){key, ~key});
    return ports;
}

static void each_port_once_then_exhausted(void **state)
{
    struct world *world = calloc(1, sizeof *world);
    struct ports ports = new_ports(1);
    struct tuple tuple = destination(1, 80);

    (void)state;
    for (unsigned i = 0; i < 60999 - 32768 + 1; i++) {
        assert_true(ports_choose(&ports, &tuple, 32768, 60999, is_free, world));
        assert_in_range(tuple.local_port, 32768, 60999);
        assert_false(world->used[tuple.local_port]);
        world->used[tuple.local_port] = true;
    }
    assert_int_equal(world->probes, 60999 - 32768 + 1); /* an unused port is found at once */
    world->probes = 0;
    assert_false(ports_choose(&ports, &tuple, 32768, 60999, is_free, world));
    assert_int_equal(world->probes, 60999 - 32768 + 1); /* all were asked, once */
    assert_int_equal(tuple.local_port, 0);
    /* the last one given back is found, wherever it is */
    world->used[44444] = false;
    assert_true(ports_choose(&ports, &tuple, 32768, 60999, is_free, world));
    assert_int_equal(tuple.local_port, 44444);
    free(world);
}

static void exhaustion_is_of_one_destination(void **state)
{
    struct world *full = calloc(1, sizeof *full), *empty = calloc(1, sizeof *empty);
    struct ports ports = new_ports(1);
    struct tuple here = destination(1, 80), there = destination(1, 81);

    (void)state;
    for (unsigned port = 1000; port < 1100; port++)
        full->used[port] = true;
    assert_false(ports_choose(&ports, &here, 1000, 1099, is_free, full));
    assert_true(ports_choose(&ports, &there, 1000, 1099, is_free, empty));
    assert_in_range(there.local_port, 1000, 1099);
    free(full);
    free(empty);
}

static void small_and_odd_ranges(void **state)
{
    struct world *world = calloc(1, sizeof *world);
    struct ports ports = new_ports(2);
    struct tuple tuple = destination(1, 80);

    (void)state;
    assert_true(ports_choose(&ports, &tuple, 1, 1, is_free, world));
    assert_int_equal(tuple.local_port, 1);
    assert_true(ports_choose(&ports, &tuple, 65535, 65535, is_free, world));
    assert_int_equal(tuple.local_port, 65535);
    for (unsigned i = 0; i < 65535; i++) {
        assert_true(ports_choose(&ports, &tuple, 1, 65535, is_free, world));
        assert_int_not_equal(tuple.local_port, 0);
        world->used[tuple.local_port] = true;
    }
    assert_false(ports_choose(&ports, &tuple, 1, 65535, is_free, world));
    expect_assert_failure(ports_choose(&ports, &tuple, 0, 10, is_free, world));
    expect_assert_failure(ports_choose(&ports, &tuple, 11, 10, is_free, world));
    free(world);
}

/* A port that was just given back is not chosen again before the rest of the range. */
static void ports_come_again_late(void **state)
{
    struct world *world = calloc(1, sizeof *world);
    struct ports ports = new_ports(3);
    struct tuple tuple = destination(9, 443);
    unsigned last_seen[1000];

    (void)state;
    for (unsigned i = 0; i < 5000; i++) {
        assert_true(ports_choose(&ports, &tuple, 1000, 1999, is_free, world));
        if (i >= 1000)
            assert_int_equal(last_seen[tuple.local_port - 1000], i - 1000);
        last_seen[tuple.local_port - 1000] = i;
    }
    free(world);
}

/* First ports of many destinations, or under many keys, are spread evenly: nothing to guess
 * from. */
static void starts_are_spread(void **state)
{
    struct world *world = calloc(1, sizeof *world);

    (void)state;
    for (unsigned by_key = 0; by_key < 2; by_key++) {
        unsigned seen[16] = {0};
        double chi2 = 0;

        for (unsigned i = 0; i < 16000; i++) {
            struct ports ports = new_ports(by_key ? i : 4);
            struct tuple tuple = by_key ? destination(1, 80) : destination((uint8_t)i, (uint16_t)i);

            assert_true(ports_choose(&ports, &tuple, 32768, 65535, is_free, world));
            seen[(tuple.local_port - 32768) / 2048]++;
        }
        for (unsigned b = 0; b < 16; b++)
            chi2 += ((double)seen[b] - 1000) * ((double)seen[b] - 1000) / 1000;
        assert_true(chi2 < 44.3); /* 15 degrees of freedom: 1 in 10000 */
    }
    free(world);
}

/* What an observer of one destination learns about connections to another: nothing, with few
 * exceptions (one in 256 shares a counter). */
static void destinations_do_not_move_each_other(void **state)
{
    struct world *world = calloc(1, sizeof *world);
    unsigned moved = 0;

    (void)state;
    for (uint16_t port = 1; port <= 1000; port++) {
        struct ports ports = new_ports(5), quiet = new_ports(5);
        struct tuple watched = destination(1, 80), busy = destination(2, port);
        uint16_t expected;

        assert_true(ports_choose(&quiet, &watched, 32768, 60999, is_free, world));
        expected = watched.local_port;
        for (unsigned i = 0; i < 10; i++)
            assert_true(ports_choose(&ports, &busy, 32768, 60999, is_free, world));
        assert_true(ports_choose(&ports, &watched, 32768, 60999, is_free, world));
        moved += watched.local_port != expected;
    }
    assert_in_range(moved, 0, 15);
    free(world);
}

static void keys_decide(void **state)
{
    struct world *world = calloc(1, sizeof *world);
    struct ports a = new_ports(6), b = new_ports(6), c = new_ports(7);
    unsigned differ = 0;

    (void)state;
    for (uint16_t i = 0; i < 100; i++) {
        struct tuple ta = destination(3, i), tb = ta, tc = ta;

        assert_true(ports_choose(&a, &ta, 32768, 60999, is_free, world));
        assert_true(ports_choose(&b, &tb, 32768, 60999, is_free, world));
        assert_true(ports_choose(&c, &tc, 32768, 60999, is_free, world));
        assert_int_equal(ta.local_port, tb.local_port);
        differ += ta.local_port != tc.local_port;
    }
    assert_true(differ > 95);
    free(world);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(each_port_once_then_exhausted),
        cmocka_unit_test(exhaustion_is_of_one_destination),
        cmocka_unit_test(small_and_odd_ranges),
        cmocka_unit_test(ports_come_again_late),
        cmocka_unit_test(starts_are_spread),
        cmocka_unit_test(destinations_do_not_move_each_other),
        cmocka_unit_test(keys_decide),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
