/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * path_test.c: the path MTU goes down on reports, up with time, and is forgotten in order of age.
 */
#include "path.h"

#include "bytes.h"
#include "ip_fixture.h"
#include "rng.h"

#include <stdlib.h>

enum { LIMIT = 8 };

static struct paths paths;
static void *memory;

static int set_up(void **state)
{
    struct siphash_key key = {3, 4};

    (void)state;
    memory = aligned_alloc(64, (size_t)(paths_size(LIMIT) + 63) / 64 * 64);
    assert_non_null(memory);
    memset(memory, 0, (size_t)paths_size(LIMIT));
    paths_init(&paths, memory, LIMIT, &key);
    return 0;
}

static int tear_down(void **state)
{
    (void)state;
    free(memory);
    return 0;
}

static uint32_t mtu_of(const char *text, int64_t now)
{
    struct lastack_address address = address_of(text);

    return path_mtu(&paths, &address, 1500, now);
}

static bool too_big(const char *text, uint32_t reported, uint32_t quoted, int64_t now)
{
    struct lastack_address address = address_of(text);

    return path_too_big(&paths, &address, reported, quoted, 1500, now);
}

/* covers: 1191-3-reduce 8201-4-up */
static void reports_lower_and_never_raise(void **state)
{
    (void)state;
    assert_int_equal(mtu_of("192.0.2.9", 0), 1500);
    assert_false(too_big("192.0.2.9", 9000, 1500, 0));
    assert_false(too_big("192.0.2.9", 1500, 1500, 0));
    assert_int_equal(paths.pool.used, 0); /* what says nothing costs nothing */
    assert_true(too_big("192.0.2.9", 1400, 1500, 0));
    assert_int_equal(mtu_of("192.0.2.9", 0), 1400);
    assert_false(too_big("192.0.2.9", 1400, 1500, 0));
    assert_false(too_big("192.0.2.9", 1450, 1500, 0));
    assert_true(too_big("192.0.2.9", 1300, 1400, 0));
    assert_int_equal(mtu_of("192.0.2.9", 0), 1300);
    assert_int_equal(mtu_of("192.0.2.8", 0), 1500); /* another host */
    assert_true(too_big("192.0.2.9", 1, 1400, 0));
    assert_int_equal(mtu_of("192.0.2.9", 0), 68);
}

/* covers: 8201-4-min */
static void an_ipv6_path_never_falls_below_1280(void **state)
{
    (void)state;
    assert_false(too_big("2001:db8::9", 1279, 1500, 0));
    assert_false(too_big("2001:db8::9", 0, 1500, 0));
    assert_int_equal(mtu_of("2001:db8::9", 0), 1500);
    assert_true(too_big("2001:db8::9", 1280, 1500, 0));
    assert_int_equal(mtu_of("2001:db8::9", 0), 1280);
}

/* covers: 1191-3-zero */
static void old_routers_mean_the_next_plateau(void **state)
{
    static const struct {
        uint32_t quoted, expected;
    } table[] = {{1500, 1492}, {1493, 1492}, {1492, 1006}, {1006, 508},
                 {508, 296},   {296, 68},    {0, 68}};

    (void)state;
    for (unsigned i = 0; i < sizeof table / sizeof table[0]; i++) {
        char text[] = "192.0.2.1";
        text[8] = (char)('1' + i);
        assert_true(too_big(text, 0, table[i].quoted, 0));
        assert_int_equal(mtu_of(text, 0), table[i].expected);
    }
}

static void the_link_is_a_bound_too(void **state)
{
    struct lastack_address address = address_of("192.0.2.9");

    (void)state;
    assert_true(too_big("192.0.2.9", 1400, 1500, 0));
    assert_int_equal(path_mtu(&paths, &address, 1000, 0), 1000);
}

/* covers: 1191-3-age 8201-4-up */
static void a_belief_lasts_ten_minutes(void **state)
{
    (void)state;
    assert_true(too_big("192.0.2.9", 1400, 1500, SEC(100)));
    assert_int_equal(mtu_of("192.0.2.9", SEC(100) + SEC(600) - 1), 1400);
    assert_int_equal(mtu_of("192.0.2.9", SEC(100) + SEC(600)), 1500);
    assert_true(too_big("192.0.2.9", 1450, 1500, SEC(701))); /* believed anew, higher than before */
    assert_int_equal(mtu_of("192.0.2.9", SEC(701)), 1450);
    assert_true(too_big("192.0.2.9", 1300, 1450, SEC(1200))); /* a new report, ten more minutes */
    assert_int_equal(mtu_of("192.0.2.9", SEC(1799)), 1300);
}

static void one_path_is_not_another(void **state)
{
    (void)state;
    assert_false(paths.has_learnt);
    assert_true(too_big("192.0.2.9", 1400, 1500, 0));
    assert_true(paths.has_learnt);
    assert_false(too_big("192.0.2.9", 1400, 1500, 0)); /* no news */
    assert_true(too_big("192.0.2.8", 1300, 1500, 0));
    assert_int_equal(mtu_of("192.0.2.9", 0), 1400);
    assert_int_equal(mtu_of("192.0.2.8", 0), 1300);
    assert_int_equal(mtu_of("192.0.2.7", 0), 1500);
}

static void the_host_unused_for_longest_is_forgotten(void **state)
{
    struct lastack_address first = address_of("10.0.0.0"), address = first;

    (void)state;
    for (unsigned i = 0; i < LIMIT; i++) {
        address.bytes[15] = (uint8_t)i;
        assert_true(path_too_big(&paths, &address, 1000 + i, 1500, 1500, 0));
    }
    assert_non_null(path_touch(&paths, &first)); /* used again: the next to go is 10.0.0.1 */
    address.bytes[15] = 99;
    assert_true(path_too_big(&paths, &address, 999, 1500, 1500, 0));
    assert_int_equal(paths.pool.used, LIMIT);
    assert_int_equal(paths.evictions, 1);
    assert_int_equal(mtu_of("10.0.0.0", 0), 1000);
    assert_int_equal(mtu_of("10.0.0.1", 0), 1500);
    assert_int_equal(mtu_of("10.0.0.2", 0), 1002);
    assert_int_equal(mtu_of("10.0.0.99", 0), 999);
}

static void nothing_is_remembered_without_room(void **state)
{
    static _Alignas(64) uint8_t little[65536];
    struct siphash_key key = {0, 0};
    struct lastack_address address = address_of("192.0.2.9");
    struct paths none;

    (void)state;
    assert_true(paths_size(0) <= sizeof little);
    paths_init(&none, little, 0, &key);
    assert_false(path_too_big(&none, &address, 1400, 1500, 1500, 0));
    assert_null(path_touch(&none, &address));
    assert_null(path_find(&none, &address));
    assert_int_equal(none.pool.refusals, 2);
}

/* Against an array in order of use. */
static void cache_is_that_of_a_simple_model(void **state)
{
    uint32_t hosts[LIMIT], count = 0;
    struct rng rng;

    (void)state;
    rng_init(&rng, 5);
    for (unsigned round = 0; round < 20000; round++) {
        struct lastack_address address = address_of("10.0.0.0");
        uint32_t host = rng_below(&rng, 3 * LIMIT), at = 0;

        store32(address.bytes + 12, host);
        while (at < count && hosts[at] != host)
            at++;
        assert_int_equal(path_find(&paths, &address) != NULL, at < count);
        assert_non_null(path_touch(&paths, &address));
        if (at == count && count < LIMIT)
            count++;
        else if (at == count)
            at = 0;
        memmove(hosts + at, hosts + at + 1, (count - 1 - at) * sizeof hosts[0]);
        hosts[count - 1] = host;
        assert_int_equal(paths.pool.used, count);
    }
}

#define WITH(test) cmocka_unit_test_setup_teardown(test, set_up, tear_down)

int main(void)
{
    const struct CMUnitTest tests[] = {
        WITH(reports_lower_and_never_raise),
        WITH(an_ipv6_path_never_falls_below_1280),
        WITH(old_routers_mean_the_next_plateau),
        WITH(the_link_is_a_bound_too),
        WITH(a_belief_lasts_ten_minutes),
        WITH(one_path_is_not_another),
        WITH(the_host_unused_for_longest_is_forgotten),
        cmocka_unit_test(nothing_is_remembered_without_room),
        WITH(cache_is_that_of_a_simple_model),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
