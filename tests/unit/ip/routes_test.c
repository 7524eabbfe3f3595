/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * routes_test.c: next hop, link, source and MTU of destinations.
 */
#include "routes.h"

#include "ip_fixture.h"

static struct ip_world world;

static int set_up(void **state)
{
    (void)state;
    ip_world_init(&world);
    return 0;
}

static int add(const char *prefix, unsigned length, uint32_t link, const char *via)
{
    struct lastack_address address = address_of(prefix);
    struct lastack_address gateway = address_of(via == NULL ? "::" : via);

    return routes_add(&world.routes, &world.links, &address, length, link,
                      via == NULL ? NULL : &gateway);
}

static void assert_route(const char *to, uint32_t link, const char *next_hop, const char *source)
{
    struct lastack_address destination = address_of(to), expected = address_of(next_hop);
    struct lastack_address expected_source = address_of(source);
    struct ip_route route;

    assert_true(routes_find(&world.routes, &world.links, &destination, &route));
    assert_int_equal(route.link, link);
    assert_memory_equal(&route.next_hop, &expected, sizeof expected);
    assert_memory_equal(&route.source, &expected_source, sizeof expected_source);
    assert_int_equal(route.mtu, link == 0 ? 65535 : 1500);
}

static void assert_no_route(const char *to)
{
    struct lastack_address destination = address_of(to);
    struct ip_route route;

    assert_false(routes_find(&world.routes, &world.links, &destination, &route));
}

static void neighbours_are_on_link(void **state)
{
    (void)state;
    assert_route("192.0.2.9", 1, "192.0.2.9", "192.0.2.1");
    assert_route("198.51.100.9", 2, "198.51.100.9", "198.51.100.1");
    assert_route("2001:db8:0:2::9", 2, "2001:db8:0:2::9", "2001:db8:0:2::1");
    assert_route("fe80::9", 2, "fe80::9", "fe80::1");
    assert_no_route("203.0.113.1");
    assert_no_route("2001:db8:9::1");
}

static void our_own_addresses_go_round_inside(void **state)
{
    (void)state;
    assert_route("192.0.2.1", 0, "192.0.2.1", "192.0.2.1");
    assert_route("2001:db8:0:2::1", 0, "2001:db8:0:2::1", "2001:db8:0:2::1");
    assert_route("127.0.0.1", 0, "127.0.0.1", "127.0.0.1");
    assert_route("127.1.2.3", 0, "127.1.2.3", "127.1.2.3");
    assert_route("::1", 0, "::1", "::1");
}

static void the_longest_prefix_wins_in_any_order(void **state)
{
    (void)state;
    assert_int_equal(add("203.0.113.128", 25, 2, "198.51.100.7"), 0);
    assert_int_equal(add("0.0.0.0", 0, 1, "192.0.2.254"), 0);
    assert_int_equal(add("203.0.113.0", 24, 2, NULL), 0);
    assert_int_equal(add("::", 0, 2, "fe80::2"), 0);
    assert_route("203.0.113.129", 2, "198.51.100.7", "198.51.100.1");
    assert_route("203.0.113.1", 2, "203.0.113.1", "198.51.100.1");
    assert_route("10.1.2.3", 1, "192.0.2.254", "192.0.2.1");
    assert_route("192.0.2.9", 1, "192.0.2.9", "192.0.2.1");
    /* a gateway with a link-local address: the source is still one that the destination can answer
     * */
    assert_route("2001:db8:9::1", 2, "fe80::2", "2001:db8:0:2::1");
}

static void a_second_route_to_a_prefix_replaces_the_first(void **state)
{
    uint32_t count;

    (void)state;
    assert_int_equal(add("0.0.0.0", 0, 1, "192.0.2.254"), 0);
    count = world.routes.count;
    assert_int_equal(add("0.0.0.0", 0, 2, "198.51.100.254"), 0);
    assert_int_equal(world.routes.count, count);
    assert_route("10.1.2.3", 2, "198.51.100.254", "198.51.100.1");
    assert_int_equal(add("::", 0, 2, "fe80::2"), 0); /* another family: another prefix */
    assert_int_equal(world.routes.count, count + 1);
}

static void impossible_routes_are_refused(void **state)
{
    (void)state;
    assert_int_equal(add("10.0.0.0", 33, 1, NULL), -LASTACK_EINVAL);
    assert_int_equal(add("2001:db8::", 129, 1, NULL), -LASTACK_EINVAL);
    assert_int_equal(add("10.0.0.0", 8, 3, NULL), -LASTACK_EINVAL);
    assert_int_equal(add("10.0.0.0", 8, 1, "fe80::1"), -LASTACK_EINVAL);
    assert_int_equal(add("10.0.0.0", 8, 1, "0.0.0.0"), -LASTACK_EINVAL);
    assert_int_equal(add("10.0.0.0", 8, 1, "224.0.0.1"), -LASTACK_EINVAL);
    assert_int_equal(add("10.0.0.0", 8, 1, "127.0.0.1"), -LASTACK_EINVAL);
}

static void a_full_table_refuses(void **state)
{
    char prefix[] = "10.0.0.0";

    (void)state;
    for (uint32_t i = world.routes.count; i < 16; i++) {
        prefix[3] = (char)('0' + i % 8);
        prefix[5] = (char)('0' + i / 8);
        assert_int_equal(add(prefix, 24, 1, NULL), 0);
    }
    assert_int_equal(add("203.0.113.0", 24, 1, NULL), -LASTACK_ENOBUFS);
}

static void no_address_to_send_from_is_no_route(void **state)
{
    struct lastack_link_config bare = {.kind = LASTACK_LINK_IP, .mtu = 1500};

    (void)state;
    assert_int_equal(links_add(&world.links, &bare), 3);
    assert_int_equal(add("203.0.113.0", 24, 3, NULL), 0);
    assert_no_route("203.0.113.1");
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test_setup(neighbours_are_on_link, set_up),
        cmocka_unit_test_setup(our_own_addresses_go_round_inside, set_up),
        cmocka_unit_test_setup(the_longest_prefix_wins_in_any_order, set_up),
        cmocka_unit_test_setup(a_second_route_to_a_prefix_replaces_the_first, set_up),
        cmocka_unit_test_setup(impossible_routes_are_refused, set_up),
        cmocka_unit_test_setup(a_full_table_refuses, set_up),
        cmocka_unit_test_setup(no_address_to_send_from_is_no_route, set_up),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
