/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * udp_test.c: whole packets, read back with the parsers of floor 1.
 */
#include "udp.h"

#include "checksum.h"
#include "ip_header.h"

#include <setjmp.h>
#include <stdarg.h>

#include <cmocka.h>

static struct lastack_address address_of(const char *text)
{
    struct lastack_address address;

    assert_true(lastack_address_parse(text, &address));
    return address;
}

static void a_packet_parses_to_what_was_sent(void **state)
{
    (void)state;
    for (unsigned is_ipv6 = 0; is_ipv6 < 2; is_ipv6++) {
        for (uint16_t length = 0; length < 100; length++) {
            struct udp_datagram sent = {.length = length}, datagram;
            uint8_t bytes[IPV6_HEADER + UDP_HEADER + 100], data[100];
            struct ip_build ip = {.protocol = IP_PROTOCOL_UDP, .ttl = 33};
            struct ip_packet packet;
            unsigned header;

            memset(data, 0x61, sizeof data);
            ip.source = sent.local.address = address_of(is_ipv6 ? "2001:db8::1" : "192.0.2.1");
            ip.destination = sent.remote.address =
                address_of(is_ipv6 ? "2001:db8::2" : "192.0.2.2");
            ip.payload_length = UDP_HEADER + (uint32_t)length;
            sent.local.port = 53;
            sent.remote.port = 40000;
            header = ip_build(&ip, bytes);
            udp_build(&sent, checksum_add(0, data, length), bytes + header);
            header += UDP_HEADER;
            assert_int_equal(header, is_ipv6 ? 48 : 28);
            memcpy(bytes + header, data, length);
            assert_int_equal(ip_parse(bytes, header + length, false, &packet), LASTACK_CAUSE_NONE);
            assert_int_equal(udp_parse(&packet, false, &datagram), LASTACK_CAUSE_NONE);
            assert_int_equal(datagram.length, length);
            assert_int_equal(datagram.remote.port, 53);
            assert_int_equal(datagram.local.port, 40000);
            assert_memory_equal(datagram.data, data, length);
        }
    }
}

static void most_is_what_the_mtu_leaves(void **state)
{
    struct lastack_address ipv4 = address_of("192.0.2.1"), ipv6 = address_of("2001:db8::1");

    (void)state;
    assert_int_equal(udp_most(&ipv4, 1500), 1472);
    assert_int_equal(udp_most(&ipv6, 1500), 1452);
    assert_int_equal(udp_most(&ipv4, 28), 0);
    assert_int_equal(udp_most(&ipv4, 20), 0);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(a_packet_parses_to_what_was_sent),
        cmocka_unit_test(most_is_what_the_mtu_leaves),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
