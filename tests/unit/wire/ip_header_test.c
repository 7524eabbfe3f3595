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

static void pieces_parse_to_what_was_said(void **state)
{
    (void)state;
    for (unsigned is_ipv6 = 0; is_ipv6 < 2; is_ipv6++) {
        for (uint32_t offset = 0; offset < 64000; offset += 1480) {
            struct ip_build build = {.protocol = IP_PROTOCOL_UDP, .ttl = 9, .payload_length = 16};
            struct ip_piece piece = {.id = 0xbeef, .offset = offset, .more = offset % 3 == 0};
            uint8_t bytes[IPV6_PIECE_HEADER + 16];
            struct ip_packet packet;
            unsigned length;
            build.source = build.destination = (struct lastack_address){{0x20, 1, [15] = 1}};
            if (!is_ipv6)
                build.source = build.destination = ip_from_ipv4(build.source.bytes);
            length = ip_build_piece(&build, &piece, bytes);
            assert_int_equal(length, is_ipv6 ? 48 : 20);
            assert_int_equal(ip_parse(bytes, length + 16, false, &packet), LASTACK_CAUSE_NONE);
            assert_int_equal(packet.is_fragment, piece.more || offset > 0);
            assert_int_equal(packet.more_fragments, piece.more);
            assert_int_equal(packet.fragment_offset, offset);
            assert_int_equal(packet.fragment_id, 0xbeef);
            assert_int_equal(packet.protocol, IP_PROTOCOL_UDP);
            assert_int_equal(packet.payload_length, 16);
        }
    }
}

static void impossible_pieces_are_not_built(void **state)
{
    static const uint8_t address[4] = {192, 0, 2, 1};
    struct ip_build build = {.protocol = IP_PROTOCOL_UDP, .ttl = 9, .payload_length = 15};
    struct ip_piece piece = {.offset = 8, .more = true};
    uint8_t bytes[IPV6_PIECE_HEADER];

    (void)state;
    build.source = build.destination = ip_from_ipv4(address);
    expect_assert_failure(ip_build_piece(&build, &piece, bytes));
    build.payload_length = 16;
    piece.offset = 7;
    expect_assert_failure(ip_build_piece(&build, &piece, bytes));
    piece.offset = 65504;
    expect_assert_failure(ip_build_piece(&build, &piece, bytes));
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(bytes_of_ipv4),
        cmocka_unit_test(bytes_of_ipv6),
        cmocka_unit_test(what_may_not_be_built_is_not),
        cmocka_unit_test(pieces_parse_to_what_was_said),
        cmocka_unit_test(impossible_pieces_are_not_built),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
