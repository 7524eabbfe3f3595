/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * packet_fixture.h: an IP packet around a payload, in memory that ends where the packet ends, so
 * that a sanitizer sees a byte read too far.
 *
 * 192.0.2.1 > 192.0.2.2, or 2001:db8::1 > 2001:db8::2
 */
#ifndef LASTACK_PACKET_FIXTURE_H
#define LASTACK_PACKET_FIXTURE_H

#include "checksum.h"
#include "ip_address.h"
#include "ip_header.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stdlib.h>

#include <cmocka.h>

struct fixture {
    uint8_t *memory;
    size_t length;
    struct ip_packet packet;
};

#define BYTES(...) (const uint8_t[]){__VA_ARGS__}, sizeof((const uint8_t[]){__VA_ARGS__})

static inline struct lastack_address fixture_address(bool is_ipv6, uint8_t host)
{
    struct lastack_address ipv4 = {{[10] = 0xff, [11] = 0xff, 192, 0, 2, host}};
    struct lastack_address ipv6 = {{0x20, 0x01, 0x0d, 0xb8, [15] = host}};

    return is_ipv6 ? ipv6 : ipv4;
}

/* The packet of `build`, with this payload (NULL: there is none), parsed. */
static inline struct fixture fixture_of(const struct ip_build *build, const uint8_t *payload)
{
    unsigned header = ip_header_length(&build->destination);
    struct fixture fixture = {.length = header + build->payload_length};

    fixture.memory = malloc(fixture.length);
    assert_non_null(fixture.memory);
    ip_build(build, fixture.memory);
    assert_true(payload != NULL || build->payload_length == 0);
    if (payload != NULL)
        memcpy(fixture.memory + header, payload, build->payload_length);
    assert_int_equal(ip_parse(fixture.memory, fixture.length, false, &fixture.packet), 0);
    return fixture;
}

static inline struct fixture fixture_make(bool is_ipv6, uint8_t protocol, const uint8_t *payload,
                                          size_t length)
{
    struct ip_build build = {.protocol = protocol, .ttl = 255, .payload_length = (uint32_t)length};

    build.source = fixture_address(is_ipv6, 1);
    build.destination = fixture_address(is_ipv6, 2);
    return fixture_of(&build, payload);
}

/* Sets the 16-bit checksum at `at` in the payload so that it verifies. */
static inline void fixture_repair(struct fixture *fixture, size_t at)
{
    uint8_t *payload = fixture->memory + (fixture->packet.payload - fixture->memory);
    const struct ip_packet *packet = &fixture->packet;
    uint32_t sum = 0;

    if (packet->protocol != IP_PROTOCOL_ICMP)
        sum = checksum_pseudo(&packet->source, &packet->destination, packet->protocol,
                              (uint32_t)packet->payload_length);
    store16(payload + at, 0);
    store16(payload + at, checksum_finish(checksum_add(sum, payload, packet->payload_length)));
}

static inline void fixture_free(struct fixture *fixture)
{
    free(fixture->memory);
    fixture->memory = NULL;
}

#endif
