/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * udp_test.c: whole packets, read back with the parsers of floor 1.
 */
#include "udp.h"

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
            struct udp_record record = {.length = length, .ttl = 33, .traffic_class = 2};
            uint8_t bytes[UDP_PACKET_HEADER_MAX + 100], data[100];
            struct udp_datagram datagram;
            struct ip_packet packet;
            unsigned header;
            memset(data, 0x61, sizeof data);
            record.local.address = address_of(is_ipv6 ? "2001:db8::1" : "192.0.2.1");
            record.local.port = 53;
            record.remote.address = address_of(is_ipv6 ? "2001:db8::2" : "192.0.2.2");
            record.remote.port = 40000;
            header = udp_build_packet(&record, data, bytes);
            assert_int_equal(header, is_ipv6 ? 48 : 28);
            memcpy(bytes + header, data, length);
            assert_int_equal(ip_parse(bytes, header + length, false, &packet), LASTACK_CAUSE_NONE);
            assert_int_equal(packet.ttl, 33);
            assert_int_equal(packet.traffic_class, 2);
            assert_true(is_ipv6 || bytes[6] == 0x40); /* DF */
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

/* covers: 1122-3.2.2.1 */
static void closed_ports_are_unreachable(void **state)
{
    struct icmp_error ipv4 = udp_port_unreachable(false), ipv6 = udp_port_unreachable(true);

    (void)state;
    assert_true(ipv4.type == 3 && ipv4.code == 3);
    assert_true(ipv6.type == 1 && ipv6.code == 4);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(a_packet_parses_to_what_was_sent),
        cmocka_unit_test(most_is_what_the_mtu_leaves),
        cmocka_unit_test(closed_ports_are_unreachable),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
