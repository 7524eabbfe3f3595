/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * links_test.c: which addresses are ours, which are everybody's, and which one speaks.
 */
#include "links.h"

#include "ip_fixture.h"

static struct ip_world world;

static int set_up(void **state)
{
    (void)state;
    ip_world_init(&world);
    return 0;
}

static void loopback_is_there_from_the_start(void **state)
{
    struct lastack_address ipv4 = address_of("127.0.0.1"), other = address_of("127.8.9.10");
    struct lastack_address ipv6 = address_of("::1");

    (void)state;
    assert_true(links_is_own(&world.links, &ipv4));
    assert_true(links_is_own(&world.links, &other)); /* all of 127/8 */
    assert_true(links_is_own(&world.links, &ipv6));
    assert_int_equal(link_at(&world.links, 0)->config.mtu, 65535);
    assert_true(link_at(&world.links, 0)->is_up);
}

static bool is_own(const char *text)
{
    struct lastack_address address = address_of(text);

    return links_is_own(&world.links, &address);
}

static bool is_own_on(uint32_t link, const char *text)
{
    struct lastack_address address = address_of(text);

    return links_is_own_on(&world.links, link, &address);
}

static void ours_is_what_was_added(void **state)
{
    (void)state;
    assert_true(is_own("192.0.2.1"));
    assert_true(is_own("fe80::1"));
    assert_false(is_own("192.0.2.2"));
    assert_false(is_own("192.0.2.255"));
    assert_true(is_own_on(1, "192.0.2.1"));
    assert_false(is_own_on(2, "192.0.2.1"));
    assert_true(is_own_on(2, "198.51.100.1"));
}

static bool is_broadcast(const char *text)
{
    struct lastack_address address = address_of(text);

    return links_is_broadcast(&world.links, &address);
}

static void broadcasts_are_those_of_our_prefixes(void **state)
{
    (void)state;
    assert_true(is_broadcast("255.255.255.255"));
    assert_true(is_broadcast("192.0.2.255"));
    assert_true(is_broadcast("198.51.100.255"));
    assert_false(is_broadcast("192.0.2.254"));
    assert_false(is_broadcast("203.0.113.255"));
    assert_false(is_broadcast("127.255.255.255"));
    assert_false(is_broadcast("0.0.0.0"));
    assert_false(is_broadcast("ff02::1"));
    assert_int_equal(own(&world, 1, "203.0.113.0", 31), 0); /* RFC 3021: no broadcast on 31 bits */
    assert_false(is_broadcast("203.0.113.1"));
    assert_int_equal(own(&world, 1, "203.0.113.9", 30), 0);
    assert_true(is_broadcast("203.0.113.11"));
}

static bool is_joined(uint32_t link, const char *text)
{
    struct lastack_address address = address_of(text);

    return links_is_joined(&world.links, link, &address);
}

static void hosts_listen_to_a_few_groups(void **state)
{
    (void)state;
    assert_true(is_joined(1, "224.0.0.1"));
    assert_false(is_joined(1, "224.0.0.251"));
    assert_true(is_joined(1, "ff02::1"));
    assert_true(is_joined(1, "ff01::1"));
    assert_false(is_joined(1, "ff02::2")); /* routers */
    assert_true(is_joined(1, "ff02::1:ff00:1"));
    assert_false(is_joined(1, "ff02::1:ff00:2"));
    assert_false(is_joined(0, "ff02::1:ff00:99"));
}

static void assert_source(uint32_t link, const char *like, const char *expected)
{
    struct lastack_address address = address_of(like);
    const struct lastack_address *source = links_source(&world.links, link, &address);
    char text[LASTACK_ADDRESS_TEXT] = "none";

    if (source != NULL)
        lastack_address_text(source, text, sizeof text);
    assert_string_equal(text, expected);
}

/* covers: 9293-MUST-44 */
static void the_source_is_of_the_link_the_family_and_the_reach(void **state)
{
    (void)state;
    assert_source(1, "203.0.113.1", "192.0.2.1");
    assert_source(1, "2001:db8:9::1", "2001:db8::1");
    assert_source(2, "203.0.113.1", "198.51.100.1");
    assert_source(2, "2001:db8:9::1", "2001:db8:0:2::1"); /* not the link-local one */
    assert_source(2, "fe80::7", "fe80::1");
    assert_source(2, "ff02::1", "fe80::1");
    assert_source(1, "fe80::7", "2001:db8::1"); /* has no link-local one: still heard on the link */
    assert_int_equal(own(&world, 1, "203.0.113.9", 24), 0);
    assert_source(1, "203.0.113.1", "203.0.113.9"); /* the longest common prefix */
    assert_source(1, "10.0.0.1", "192.0.2.1");
}

static int add_link(enum lastack_link_kind kind, uint32_t mtu, uint32_t gso_max, uint8_t mac_first)
{
    struct lastack_link_config config = {.kind = kind, .mtu = mtu, .gso_max = gso_max};

    config.mac[0] = mac_first;
    return links_add(&world.links, &config);
}

static void links_that_cannot_be_are_refused(void **state)
{
    (void)state;
    assert_int_equal(add_link(LASTACK_LINK_IP, 67, 0, 0), -LASTACK_EINVAL);
    assert_int_equal(add_link(LASTACK_LINK_IP, 65536, 0, 0), -LASTACK_EINVAL);
    assert_int_equal(add_link(LASTACK_LINK_IP, 1500, 65536, 0), -LASTACK_EINVAL);
    assert_int_equal(add_link(LASTACK_LINK_ETHERNET, 1500, 0, 0), -LASTACK_EINVAL);
    assert_int_equal(add_link(LASTACK_LINK_ETHERNET, 1500, 0, 1), -LASTACK_EINVAL); /* a group's */
    assert_int_equal(add_link((enum lastack_link_kind)7, 1500, 0, 0), -LASTACK_EINVAL);
    assert_int_equal(add_link(LASTACK_LINK_IP, 68, 65535, 0), 3);
    assert_int_equal(add_link(LASTACK_LINK_IP, 1500, 0, 0), -LASTACK_ENOBUFS);
}

static void addresses_that_cannot_be_are_refused(void **state)
{
    static const char *const bad[] = {"0.0.0.0",         "::",        "224.0.0.1", "ff02::1",
                                      "255.255.255.255", "240.0.0.1", "127.0.0.2", "::1"};

    (void)state;
    for (unsigned i = 0; i < sizeof bad / sizeof bad[0]; i++)
        assert_int_equal(own(&world, 1, bad[i], 8), -LASTACK_EINVAL);
    assert_int_equal(own(&world, 3, "203.0.113.1", 24), -LASTACK_EINVAL); /* no such link */
    assert_int_equal(own(&world, 1, "203.0.113.1", 33), -LASTACK_EINVAL);
    assert_int_equal(own(&world, 1, "2001:db8:7::1", 129), -LASTACK_EINVAL);
    assert_int_equal(own(&world, 2, "192.0.2.1", 24), -LASTACK_EADDRINUSE);
    assert_int_equal(own(&world, 0, "127.0.0.2", 8), 0);
    assert_int_equal(add_link(LASTACK_LINK_IP, 1279, 0, 0), 3);
    assert_int_equal(own(&world, 3, "2001:db8:7::1", 64), -LASTACK_EINVAL); /* RFC 8200 §5 */
    assert_int_equal(own(&world, 3, "203.0.113.1", 24), 0);
}

static void full_tables_refuse(void **state)
{
    char text[] = "203.0.113.1";

    (void)state;
    for (uint32_t i = world.links.own_count; i < 12; i++, text[10]++)
        assert_int_equal(own(&world, 1, text, 32), 0);
    assert_int_equal(own(&world, 1, text, 32), -LASTACK_ENOBUFS);
}

static void prefixes_hold_bit_by_bit(void **state)
{
    struct lastack_address prefix = address_of("192.0.2.128"), inside = address_of("192.0.2.255");
    struct lastack_address outside = address_of("192.0.2.127"), other = address_of("2001:db8::1");
    struct lastack_address any_ipv4 = address_of("0.0.0.0"), any_ipv6 = address_of("::");

    (void)state;
    assert_true(prefix_holds(&prefix, 25, &inside));
    assert_false(prefix_holds(&prefix, 25, &outside));
    assert_true(prefix_holds(&prefix, 24, &outside));
    assert_false(prefix_holds(&prefix, 32, &inside));
    assert_true(prefix_holds(&any_ipv4, 0, &inside));
    assert_false(prefix_holds(&any_ipv4, 0, &other)); /* families never mix */
    assert_false(prefix_holds(&any_ipv6, 0, &inside));
    assert_true(prefix_holds(&any_ipv6, 0, &other));
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test_setup(loopback_is_there_from_the_start, set_up),
        cmocka_unit_test_setup(ours_is_what_was_added, set_up),
        cmocka_unit_test_setup(broadcasts_are_those_of_our_prefixes, set_up),
        cmocka_unit_test_setup(hosts_listen_to_a_few_groups, set_up),
        cmocka_unit_test_setup(the_source_is_of_the_link_the_family_and_the_reach, set_up),
        cmocka_unit_test_setup(links_that_cannot_be_are_refused, set_up),
        cmocka_unit_test_setup(addresses_that_cannot_be_are_refused, set_up),
        cmocka_unit_test_setup(full_tables_refuse, set_up),
        cmocka_unit_test_setup(prefixes_hold_bit_by_bit, set_up),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
