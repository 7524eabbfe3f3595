/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * ip_header_test.c: the bytes of the two headers, and what may not be built. (That they parse to
 * what was built: packet_parse_test.c.)
 */
#include "ip_header.h"

#include "checksum.h"
#include "ip_address.h"

#include <setjmp.h>
#include <stdarg.h>

#include <cmocka.h>

static void bytes_of_ipv4(void **state)
{
    static const uint8_t a[4] = {192, 0, 2, 1}, b[4] = {198, 51, 100, 2};
    struct ip_build build = {.protocol = IP_PROTOCOL_TCP,
                             .ttl = 64,
                             .traffic_class = 2,
                             .payload_length = 40,
                             .dont_fragment = true};
    static const uint8_t expected[] = {0x45, 2, 0, 60, 0, 0, 0x40, 0, 64, 6};
    uint8_t header[IPV6_HEADER];

    (void)state;
    build.source = ip_from_ipv4(a);
    build.destination = ip_from_ipv4(b);
    assert_int_equal(ip_build(&build, header), IPV4_HEADER);
    assert_memory_equal(header, expected, sizeof expected);
    assert_memory_equal(header + 12, a, 4);
    assert_memory_equal(header + 16, b, 4);
    assert_int_equal(checksum_finish(checksum_add(0, header, IPV4_HEADER)), 0);
    build.dont_fragment = false;
    build.id = 0x1234;
    ip_build(&build, header);
    assert_int_equal(load32(header + 4), 0x12340000);
}

static void bytes_of_ipv6(void **state)
{
    struct ip_build build = {.source = {{0x20, 1, 0x0d, 0xb8, [15] = 1}},
                             .destination = {{0x20, 1, 0x0d, 0xb8, [15] = 2}},
                             .protocol = IP_PROTOCOL_UDP,
                             .ttl = 255,
                             .traffic_class = 0xb9,
                             .flow_label = 0xabcde,
                             .payload_length = 65535};
    uint8_t header[IPV6_HEADER];

    (void)state;
    assert_int_equal(ip_build(&build, header), IPV6_HEADER);
    assert_int_equal(load32(header), 0x6b9abcde);
    assert_int_equal(load32(header + 4), 0xffff11ff);
    assert_memory_equal(header + 8, build.source.bytes, 16);
    assert_memory_equal(header + 24, build.destination.bytes, 16);
}

/* covers: 1122-3.2.1.7 */
static void what_may_not_be_built_is_not(void **state)
{
    struct ip_build build = {.protocol = IP_PROTOCOL_TCP, .ttl = 64, .payload_length = 65516};
    static const uint8_t address[4] = {192, 0, 2, 1};
    uint8_t header[IPV6_HEADER];

    (void)state;
    build.source = build.destination = ip_from_ipv4(address);
    expect_assert_failure(ip_build(&build, header)); /* 65536 bytes in all */
    build.payload_length--;
    assert_int_equal(ip_build(&build, header), IPV4_HEADER);
    build.ttl = 0; /* RFC 1122 §3.2.1.7 */
    expect_assert_failure(ip_build(&build, header));
    build.ttl = 1;
    build.source.bytes[0] = 0x20; /* two families */
    expect_assert_failure(ip_build(&build, header));
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(bytes_of_ipv4),
        cmocka_unit_test(bytes_of_ipv6),
        cmocka_unit_test(what_may_not_be_built_is_not),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
