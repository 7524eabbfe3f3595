/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * ip_fixture.h: two links with addresses, for every test of this floor.
 *
 *     link 0  loopback                127.0.0.1/8, ::1/128
 *     link 1  bare IP, MTU 1500       192.0.2.1/24, 2001:db8::1/64
 *     link 2  Ethernet, MTU 1500      198.51.100.1/24, 2001:db8:0:2::1/64, fe80::1/64; 02:..:01
 */
#ifndef LASTACK_IP_FIXTURE_H
#define LASTACK_IP_FIXTURE_H

#include "links.h"
#include "routes.h"

#include <setjmp.h>
#include <stdarg.h>
#include <string.h>

#include <cmocka.h>

struct ip_world {
    struct links links;
    struct routes routes;
};

static inline struct lastack_address address_of(const char *text)
{
    struct lastack_address address;

    assert_true(lastack_address_parse(text, &address));
    return address;
}

static inline int own(struct ip_world *world, uint32_t link, const char *text, unsigned length)
{
    struct lastack_address address = address_of(text);
    int result = links_add_address(&world->links, link, &address, length);

    if (result == 0)
        result = routes_add(&world->routes, &world->links, &address, length, link, NULL);
    return result;
}

static inline void ip_world_init(struct ip_world *world)
{
    static _Alignas(64) uint8_t links_memory[4096], routes_memory[4096];
    struct lastack_link_config bare = {.kind = LASTACK_LINK_IP, .mtu = 1500};
    struct lastack_link_config ethernet = {
        .kind = LASTACK_LINK_ETHERNET, .mtu = 1500, .mac = {2, 0, 0, 0, 0, 1}};

    memset(links_memory, 0, sizeof links_memory);
    memset(routes_memory, 0, sizeof routes_memory);
    assert_true(links_size(4, 12) <= sizeof links_memory &&
                routes_size(16) <= sizeof routes_memory);
    links_init(&world->links, links_memory, 4, 12);
    routes_init(&world->routes, routes_memory, 16);
    assert_int_equal(links_add(&world->links, &bare), 1);
    assert_int_equal(links_add(&world->links, &ethernet), 2);
    assert_int_equal(own(world, 1, "192.0.2.1", 24), 0);
    assert_int_equal(own(world, 1, "2001:db8::1", 64), 0);
    assert_int_equal(own(world, 2, "198.51.100.1", 24), 0);
    assert_int_equal(own(world, 2, "2001:db8:0:2::1", 64), 0);
    assert_int_equal(own(world, 2, "fe80::1", 64), 0);
}

#endif
