/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * udp_header_test.c: the length field rules, and when a checksum may be missing.
 */
#include "udp_header.h"

#include "packet_fixture.h"

/* 1000 > 2000, a length field, this much payload in all. */
static struct fixture datagram(bool is_ipv6, uint16_t length, size_t payload)
{
    uint8_t bytes[64] = {1000 >> 8, 1000 & 255, 2000 >> 8, 2000 & 255};

    assert_true(payload <= sizeof bytes);
    store16(bytes + 4, length);
    return fixture_make(is_ipv6, IP_PROTOCOL_UDP, bytes, payload);
}

static void what_is_built_parses_to_the_same(void **state)
{
    (void)state;
    for (unsigned is_ipv6 = 0; is_ipv6 < 2; is_ipv6++) {
        for (size_t length = 0; length <= 50; length++) {
            uint8_t bytes[UDP_HEADER + 50];
            struct udp_datagram sent = {.data = bytes + UDP_HEADER, .length = length}, parsed;
            struct fixture fixture;
            memset(bytes + UDP_HEADER, 0x77, sizeof bytes - UDP_HEADER);
            sent.local = (struct lastack_endpoint){fixture_address(is_ipv6, 1), 53};
            sent.remote = (struct lastack_endpoint){fixture_address(is_ipv6, 2), 40000};
            udp_build(&sent, checksum_add(0, sent.data, length), bytes);
            fixture = fixture_make(is_ipv6, IP_PROTOCOL_UDP, bytes, UDP_HEADER + length);
            assert_int_equal(udp_parse(&fixture.packet, false, &parsed), LASTACK_CAUSE_NONE);
            assert_true(ip_address_equal(&parsed.remote.address, &sent.local.address));
            assert_true(ip_address_equal(&parsed.local.address, &sent.remote.address));
            assert_int_equal(parsed.remote.port, 53);
            assert_int_equal(parsed.local.port, 40000);
            assert_int_equal(parsed.length, length);
            assert_ptr_equal(parsed.data, fixture.packet.payload + UDP_HEADER);
            fixture_free(&fixture);
        }
    }
}

static void lengths_must_fit(void **state)
{
    struct udp_datagram parsed;

    (void)state;
    for (size_t payload = 0; payload <= 20; payload++) {
        for (uint16_t length = 0; length <= 24; length++) {
            struct fixture fixture = datagram(false, length, payload);
            bool is_good = payload >= UDP_HEADER && length >= UDP_HEADER && length <= payload;
            assert_int_equal(udp_parse(&fixture.packet, true, &parsed),
                             is_good ? LASTACK_CAUSE_NONE : LASTACK_CAUSE_DROP_UDP);
            if (is_good)
                assert_int_equal(parsed.length, length - UDP_HEADER);
            fixture_free(&fixture);
        }
    }
}

static void bytes_behind_the_datagram_are_not_summed(void **state)
{
    uint8_t bytes[UDP_HEADER + 8];
    struct udp_datagram sent = {.data = bytes + UDP_HEADER, .length = 4}, parsed;
    struct fixture fixture;

    (void)state;
    memset(bytes, 0x31, sizeof bytes);
    sent.local = (struct lastack_endpoint){fixture_address(false, 1), 53};
    sent.remote = (struct lastack_endpoint){fixture_address(false, 2), 53};
    udp_build(&sent, checksum_add(0, sent.data, 4), bytes);
    fixture = fixture_make(false, IP_PROTOCOL_UDP, bytes, sizeof bytes);
    assert_int_equal(udp_parse(&fixture.packet, false, &parsed), LASTACK_CAUSE_NONE);
    assert_int_equal(parsed.length, 4);
    fixture.memory[IPV4_HEADER + UDP_HEADER + 7]++; /* trailing: nobody's */
    assert_int_equal(udp_parse(&fixture.packet, false, &parsed), LASTACK_CAUSE_NONE);
    fixture.memory[IPV4_HEADER + UDP_HEADER + 3]++; /* data */
    assert_int_equal(udp_parse(&fixture.packet, false, &parsed), LASTACK_CAUSE_DROP_UDP);
    assert_int_equal(udp_parse(&fixture.packet, true, &parsed), LASTACK_CAUSE_NONE);
    fixture_free(&fixture);
}

static void a_checksum_may_be_missing_in_ipv4_only(void **state)
{
    struct fixture ipv4 = datagram(false, 12, 12), ipv6 = datagram(true, 12, 12);
    struct udp_datagram parsed;

    (void)state;
    assert_int_equal(udp_parse(&ipv4.packet, false, &parsed), LASTACK_CAUSE_NONE);
    assert_int_equal(udp_parse(&ipv6.packet, false, &parsed), LASTACK_CAUSE_DROP_UDP);
    fixture_free(&ipv4);
    fixture_free(&ipv6);
}

/* RFC 768: a sum of 0 is sent as ffff. Data is found for which it comes out so. */
static void a_checksum_of_zero_is_sent_as_ones(void **state)
{
    struct udp_datagram sent = {.length = 2};
    uint8_t header[UDP_HEADER], data[2] = {0, 0};
    uint16_t missing;

    (void)state;
    sent.local = (struct lastack_endpoint){fixture_address(false, 1), 1};
    sent.remote = (struct lastack_endpoint){fixture_address(false, 2), 2};
    udp_build(&sent, 0, header);
    missing =
        load16(header + 6); /* adding the checksum itself makes the sum ffff, its complement 0 */
    store16(data, missing);
    udp_build(&sent, checksum_add(0, data, 2), header);
    assert_int_equal(load16(header + 6), 0xffff);
}

static void port_zero_is_nobodys(void **state)
{
    uint8_t bytes[8] = {0, 9, 0, 0, 0, 8};
    struct fixture fixture = fixture_make(false, IP_PROTOCOL_UDP, bytes, sizeof bytes);
    struct udp_datagram parsed;

    (void)state;
    assert_int_equal(udp_parse(&fixture.packet, false, &parsed), LASTACK_CAUSE_DROP_UDP);
    fixture_free(&fixture);
    store16(bytes, 0); /* source port 0: no answer wanted, but taken */
    store16(bytes + 2, 9);
    fixture = fixture_make(false, IP_PROTOCOL_UDP, bytes, sizeof bytes);
    assert_int_equal(udp_parse(&fixture.packet, false, &parsed), LASTACK_CAUSE_NONE);
    fixture_free(&fixture);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(what_is_built_parses_to_the_same),
        cmocka_unit_test(lengths_must_fit),
        cmocka_unit_test(bytes_behind_the_datagram_are_not_summed),
        cmocka_unit_test(a_checksum_may_be_missing_in_ipv4_only),
        cmocka_unit_test(a_checksum_of_zero_is_sent_as_ones),
        cmocka_unit_test(port_zero_is_nobodys),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
