/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * arp_test.c: ARP packets byte by byte.
 */
#include "arp.h"

#include "ip_address.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stdlib.h>

#include <cmocka.h>

static const uint8_t request[ARP_LENGTH] = {
    0, 1, 8, 0, 6, 4, 0,   1,       /* Ethernet, IPv4, 6, 4, request */
    2, 0, 0, 0, 0, 1, 192, 0, 2, 1, /* sender */
    0, 0, 0, 0, 0, 0, 192, 0, 2, 2, /* target */
};

static void a_request_byte_by_byte(void **state)
{
    struct arp_packet arp;
    uint8_t built[ARP_LENGTH];

    (void)state;
    assert_int_equal(arp_parse(request, sizeof request, &arp), LASTACK_CAUSE_NONE);
    assert_int_equal(arp.operation, ARP_REQUEST);
    assert_int_equal(ip_ipv4_number(&arp.sender), 0xc0000201);
    assert_int_equal(ip_ipv4_number(&arp.target), 0xc0000202);
    assert_true(ip_is_ipv4(&arp.sender) && ip_is_ipv4(&arp.target));
    assert_int_equal(arp.sender_mac[5], 1);
    arp_build(&arp, built);
    assert_memory_equal(built, request, sizeof built);
    arp.operation = ARP_REPLY;
    arp_build(&arp, built);
    assert_int_equal(built[7], 2);
    assert_int_equal(arp_parse(built, sizeof built, &arp), LASTACK_CAUSE_NONE);
    assert_int_equal(arp.operation, ARP_REPLY);
}

static enum lastack_cause parse_with(size_t at, uint8_t value)
{
    uint8_t bytes[ARP_LENGTH];
    struct arp_packet arp;

    memcpy(bytes, request, sizeof bytes);
    bytes[at] = value;
    return arp_parse(bytes, sizeof bytes, &arp);
}

static void anything_but_ipv4_over_ethernet_is_refused(void **state)
{
    struct arp_packet arp;

    (void)state;
    for (size_t length = 0; length < ARP_LENGTH; length++) {
        uint8_t *copy = malloc(length + 1);
        assert_non_null(copy);
        memcpy(copy + 1, request, length);
        assert_int_equal(arp_parse(copy + 1, length, &arp), LASTACK_CAUSE_DROP_NEIGHBOR);
        free(copy);
    }
    for (size_t at = 0; at < 7; at++) /* hardware, protocol, lengths, operation 257 */
        assert_int_equal(parse_with(at, (uint8_t)(request[at] + 1)), LASTACK_CAUSE_DROP_NEIGHBOR);
    assert_int_equal(parse_with(7, 0), LASTACK_CAUSE_DROP_NEIGHBOR);
    assert_int_equal(parse_with(7, 3), LASTACK_CAUSE_DROP_NEIGHBOR); /* RARP */
}

static void impossible_senders_are_refused(void **state)
{
    uint8_t bytes[ARP_LENGTH];
    struct arp_packet arp;

    (void)state;
    assert_int_equal(parse_with(8, 3),
                     LASTACK_CAUSE_DROP_NEIGHBOR); /* a group's hardware address */
    assert_int_equal(parse_with(14, 224), LASTACK_CAUSE_DROP_NEIGHBOR); /* a multicast */
    memcpy(bytes, request, sizeof bytes);
    memset(bytes + 14, 0xff, 4);
    assert_int_equal(arp_parse(bytes, sizeof bytes, &arp), LASTACK_CAUSE_DROP_NEIGHBOR);
    memset(bytes + 14, 0, 4); /* a probe of RFC 5227 is fine */
    assert_int_equal(arp_parse(bytes, sizeof bytes, &arp), LASTACK_CAUSE_NONE);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(a_request_byte_by_byte),
        cmocka_unit_test(anything_but_ipv4_over_ethernet_is_refused),
        cmocka_unit_test(impossible_senders_are_refused),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
