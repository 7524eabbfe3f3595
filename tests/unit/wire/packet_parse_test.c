/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * packet_parse_test.c: IPv4 and IPv6 headers; packets are written out as bytes and copied to memory
 * that is exactly as long, so that a sanitizer sees a read too far.
 */
#include "packet_parse.h"

#include "checksum.h"
#include "ip_address.h"
#include "ip_header.h"
#include "rng.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stdlib.h>

#include <cmocka.h>

enum { ROOM = 4096 };

struct test_packet {
    uint8_t bytes[ROOM];
    size_t length;
};

/* The packet is parsed from memory of its own that lives until the next call. */
static enum lastack_cause parse(const struct test_packet *raw, struct ip_packet *packet)
{
    static uint8_t *copy;

    free(copy);
    copy = malloc(raw->length + 1);
    assert_non_null(copy);
    memcpy(copy + 1, raw->bytes, raw->length);
    return ip_parse(copy + 1, raw->length, false, packet);
}

/* 192.0.2.1 > 192.0.2.2, or 2001:db8::1 > 2001:db8::2 */
static struct test_packet packet_of(bool is_ipv6, uint8_t protocol, size_t payload)
{
    static const uint8_t a4[] = {192, 0, 2, 1}, b4[] = {192, 0, 2, 2};
    struct test_packet raw = {{0}, 0};
    struct ip_build build = {.protocol = protocol, .ttl = 64, .payload_length = (uint32_t)payload};

    build.source = ip_from_ipv4(a4);
    build.destination = ip_from_ipv4(b4);
    if (is_ipv6) {
        build.source = (struct lastack_address){{0x20, 0x01, 0x0d, 0xb8, [15] = 1}};
        build.destination = (struct lastack_address){{0x20, 0x01, 0x0d, 0xb8, [15] = 2}};
    }
    raw.length = ip_build(&build, raw.bytes) + payload;
    return raw;
}

static void repair_ipv4(struct test_packet *raw)
{
    size_t header = (size_t)(raw->bytes[0] & 15) * 4;

    store16(raw->bytes + 10, 0);
    store16(raw->bytes + 10, checksum_finish(checksum_add(0, raw->bytes, header)));
}

static struct test_packet ipv4_with_options(const uint8_t *options, size_t length)
{
    struct test_packet raw = packet_of(false, IP_PROTOCOL_TCP, length + 20);

    assert_int_equal(length % 4, 0);
    raw.bytes[0] = (uint8_t)(0x45 + length / 4);
    memcpy(raw.bytes + IPV4_HEADER, options, length);
    repair_ipv4(&raw);
    return raw;
}

/* An IPv6 packet whose first next header is `first` and whose payload is what is given. */
static struct test_packet ipv6_chain(uint8_t first, const uint8_t *payload, size_t length)
{
    struct test_packet raw = packet_of(true, first, length);

    memcpy(raw.bytes + IPV6_HEADER, payload, length);
    return raw;
}

#define BYTES(...) (const uint8_t[]){__VA_ARGS__}, sizeof((const uint8_t[]){__VA_ARGS__})

static void fields_come_back_as_built(void **state)
{
    struct rng rng;

    (void)state;
    rng_init(&rng, 21);
    for (unsigned round = 0; round < 2000; round++) {
        struct ip_build build = {
            .protocol = IP_PROTOCOL_TCP,
            .ttl = (uint8_t)(1 + rng_below(&rng, 255)),
            .traffic_class = (uint8_t)rng_next(&rng),
            .flow_label = round % 2 ? rng_below(&rng, 1 << 20) : 0,
            .id = (uint16_t)(round % 2 ? 0 : rng_next(&rng)),
            .dont_fragment = round % 2 || rng_below(&rng, 2),
            .payload_length = rng_below(&rng, 1500),
        };
        struct test_packet raw = {{0}, 0};
        struct ip_packet packet;
        unsigned header;
        for (unsigned i = 0; i < 16; i++) {
            build.source.bytes[i] = (uint8_t)(0x20 + i + rng_below(&rng, 100));
            build.destination.bytes[i] = (uint8_t)(0x20 + i + rng_below(&rng, 100));
        }
        if (round % 2 == 0) {
            build.source = ip_from_ipv4(build.source.bytes);
            build.destination = ip_from_ipv4(build.destination.bytes);
        }
        header = ip_build(&build, raw.bytes);
        assert_int_equal(header, ip_header_length(&build.destination));
        raw.length = header + build.payload_length + rng_below(&rng, 8); /* padding of the link */
        assert_int_equal(parse(&raw, &packet), LASTACK_CAUSE_NONE);
        assert_memory_equal(&packet.source, &build.source, 16);
        assert_memory_equal(&packet.destination, &build.destination, 16);
        assert_int_equal(packet.is_ipv6, round % 2);
        assert_int_equal(packet.ttl, build.ttl);
        assert_int_equal(packet.protocol, IP_PROTOCOL_TCP);
        assert_int_equal(packet.traffic_class, build.traffic_class);
        assert_int_equal(packet.flow_label, build.flow_label);
        assert_true(packet.is_ipv6 || raw.bytes[6] == (build.dont_fragment ? 0x40 : 0));
        assert_int_equal(packet.payload_length, build.payload_length);
        assert_int_equal(packet.packet_length, header + build.payload_length);
        assert_ptr_equal(packet.payload, packet.header + header);
        assert_false(packet.is_fragment);
        if (round % 2 == 0)
            assert_int_equal(load16(raw.bytes + 4), build.id);
    }
}

/* covers: 1122-3.2.1.1 8200-3 */
static void malformed_headers_are_refused(void **state)
{
    struct test_packet raw = packet_of(false, IP_PROTOCOL_TCP, 20);
    struct ip_packet packet;

    (void)state;
    for (raw.length = 0; raw.length < IPV4_HEADER; raw.length++)
        assert_int_equal(parse(&raw, &packet), LASTACK_CAUSE_DROP_SHORT);
    for (; raw.length < 40; raw.length++)
        assert_int_equal(parse(&raw, &packet), LASTACK_CAUSE_DROP_IP_LENGTH);
    for (unsigned words = 0; words < 5; words++) {
        raw.bytes[0] = (uint8_t)(0x40 + words);
        assert_int_equal(parse(&raw, &packet), LASTACK_CAUSE_DROP_IP_HEADER);
    }
    raw = packet_of(false, IP_PROTOCOL_TCP, 0);
    raw.bytes[0] = 0x46; /* options that are not there */
    assert_int_equal(parse(&raw, &packet), LASTACK_CAUSE_DROP_SHORT);
    raw = packet_of(false, IP_PROTOCOL_TCP, 20);
    store16(raw.bytes + 2, 19); /* total length < header */
    repair_ipv4(&raw);
    assert_int_equal(parse(&raw, &packet), LASTACK_CAUSE_DROP_IP_LENGTH);
    for (unsigned version = 0; version < 16; version++) {
        raw.bytes[0] = (uint8_t)(version << 4 | 5);
        if (version != 4 && version != 6)
            assert_int_equal(parse(&raw, &packet), LASTACK_CAUSE_DROP_NOT_IP);
    }
    raw = packet_of(true, IP_PROTOCOL_TCP, 20);
    for (raw.length = 1; raw.length < IPV6_HEADER; raw.length++)
        assert_int_equal(parse(&raw, &packet), LASTACK_CAUSE_DROP_SHORT);
    for (; raw.length < 60; raw.length++)
        assert_int_equal(parse(&raw, &packet), LASTACK_CAUSE_DROP_IP_LENGTH);
    assert_int_equal(parse(&raw, &packet), LASTACK_CAUSE_NONE);
}

/* covers: 1122-3.2.1.2 */
static void every_flipped_bit_of_an_ipv4_header_is_noticed(void **state)
{
    struct test_packet raw = packet_of(false, IP_PROTOCOL_TCP, 20);
    struct ip_packet packet;

    (void)state;
    for (unsigned bit = 8; bit < IPV4_HEADER * 8; bit++) {
        raw.bytes[bit / 8] ^= (uint8_t)(1 << bit % 8);
        assert_int_equal(parse(&raw, &packet), LASTACK_CAUSE_DROP_IP_CHECKSUM);
        raw.bytes[bit / 8] ^= (uint8_t)(1 << bit % 8);
    }
    raw.bytes[8] ^= 1;
    assert_int_equal(ip_parse(raw.bytes, raw.length, true, &packet), LASTACK_CAUSE_NONE);
}

/* covers: 1122-3.2.1.8 9293-MUST-50 9293-MAY-10 9293-MAY-11 */
static void unknown_ipv4_options_are_passed_over(void **state)
{
    struct test_packet raw =
        ipv4_with_options(BYTES(1, 200, 5, 1, 2, 3, 7, 7, 4, 0, 0, 0, 0, 68, 8, 5, 0, 0, 0, 0, 0, 0,
                                255, 255)); /* behind END: nothing counts */
    struct ip_packet packet;

    (void)state;
    assert_int_equal(parse(&raw, &packet), LASTACK_CAUSE_NONE);
    assert_int_equal(packet.payload_length, 20);
    assert_ptr_equal(packet.payload, packet.header + IPV4_HEADER + 24);
}

/* covers: 1122-3.2.1.8 */
static void malformed_ipv4_options_are_refused_with_a_pointer(void **state)
{
    static const struct {
        uint8_t options[4];
        uint16_t pointer;
    } bad[] = {
        {{200, 0, 1, 1}, 21}, {{200, 1, 1, 1}, 21}, {{200, 5, 1, 1}, 21}, {{1, 1, 1, 200}, 23}};
    struct ip_packet packet;

    (void)state;
    for (unsigned i = 0; i < 4; i++) {
        struct test_packet raw = ipv4_with_options(bad[i].options, 4);
        assert_int_equal(parse(&raw, &packet), LASTACK_CAUSE_DROP_IP_OPTION);
        assert_int_equal(packet.problem, IP_PROBLEM_ANSWER_UNICAST);
        assert_int_equal(packet.problem_pointer, bad[i].pointer);
        assert_int_equal(packet.problem_code, 0);
    }
}

static void source_routes_are_refused(void **state)
{
    struct test_packet loose = ipv4_with_options(BYTES(1, 131, 7, 4, 192, 0, 2, 9));
    struct test_packet strict = ipv4_with_options(BYTES(137, 7, 8, 192, 0, 2, 9, 0));
    struct test_packet type0 = ipv6_chain(IP_PROTOCOL_ROUTING, BYTES(6, 0, 0, 1, 0, 0, 0, 0));
    struct test_packet done = ipv6_chain(IP_PROTOCOL_ROUTING, BYTES(6, 0, 0, 0, 0, 0, 0, 0));
    struct ip_packet packet;

    (void)state;
    assert_int_equal(parse(&loose, &packet), LASTACK_CAUSE_DROP_SOURCE_ROUTE);
    assert_int_equal(packet.problem, IP_PROBLEM_SILENT);
    assert_int_equal(parse(&strict, &packet), LASTACK_CAUSE_DROP_SOURCE_ROUTE);
    assert_int_equal(parse(&type0, &packet), LASTACK_CAUSE_DROP_SOURCE_ROUTE);
    assert_int_equal(packet.problem, IP_PROBLEM_ANSWER_UNICAST);
    assert_int_equal(packet.problem_code, 0);
    assert_int_equal(packet.problem_pointer, 42);
    assert_int_equal(parse(&done, &packet),
                     LASTACK_CAUSE_NONE); /* RFC 8200 §4.4: nothing left to visit */
    assert_int_equal(packet.protocol, IP_PROTOCOL_TCP);
}

/* Routing types that nobody knows here: passed over when there is nothing left to visit, otherwise
 * the sender is told, and which octet it was. Type 0 is one of them (RFC 5095).
 * covers: 8200-4.4 */
static void unknown_routing_types(void **state)
{
    static const uint8_t types[] = {0, 1, 2, 3, 4, 253, 254, 255};

    (void)state;
    for (unsigned i = 0; i < sizeof types; i++) {
        struct test_packet left =
            ipv6_chain(IP_PROTOCOL_ROUTING, BYTES(6, 0, types[i], 1, 0, 0, 0, 0));
        struct test_packet done =
            ipv6_chain(IP_PROTOCOL_ROUTING, BYTES(6, 0, types[i], 0, 0, 0, 0, 0));
        struct ip_packet packet;

        assert_int_equal(parse(&left, &packet), LASTACK_CAUSE_DROP_SOURCE_ROUTE);
        assert_int_equal(packet.problem, IP_PROBLEM_ANSWER_UNICAST);
        assert_int_equal(packet.problem_code, 0);
        assert_int_equal(packet.problem_pointer, 42); /* the routing type */
        assert_int_equal(parse(&done, &packet), LASTACK_CAUSE_NONE);
        assert_int_equal(packet.protocol, IP_PROTOCOL_TCP);
    }
}

static void ipv4_fragments_are_recognised(void **state)
{
    struct test_packet raw = packet_of(false, IP_PROTOCOL_UDP, 64);
    struct ip_packet packet;

    (void)state;
    store16(raw.bytes + 4, 0xbeef);
    store16(raw.bytes + 6, 0x2000 | 3);
    repair_ipv4(&raw);
    assert_int_equal(parse(&raw, &packet), LASTACK_CAUSE_NONE);
    assert_true(packet.is_fragment && packet.more_fragments);
    assert_int_equal(packet.fragment_offset, 24);
    assert_int_equal(packet.fragment_id, 0xbeef);
    store16(raw.bytes + 6, 0x1fff); /* the last piece of more than 65535 bytes */
    repair_ipv4(&raw);
    assert_int_equal(parse(&raw, &packet), LASTACK_CAUSE_DROP_FRAGMENT);
    raw = packet_of(false, IP_PROTOCOL_UDP, 63);
    store16(raw.bytes + 6, 0x2000); /* a piece in the middle that is no multiple of 8 */
    repair_ipv4(&raw);
    assert_int_equal(parse(&raw, &packet), LASTACK_CAUSE_DROP_FRAGMENT);
    store16(raw.bytes + 6, 0x8000); /* the reserved bit alone: a whole packet */
    repair_ipv4(&raw);
    assert_int_equal(parse(&raw, &packet), LASTACK_CAUSE_NONE);
    assert_false(packet.is_fragment);
}

/* covers: 8200-4-ext */
static void extension_headers_are_walked_in_any_order_and_number(void **state)
{
    struct test_packet raw = ipv6_chain(
        IP_PROTOCOL_HOP_BY_HOP,
        BYTES(60, 0, 5, 2, 0, 0, 1, 0, /* hop-by-hop: router alert, PadN of 0 */
              43, 1, 1, 4, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, /* destination: PadN of 4, Pad1s */
              60, 0, 3, 0, 0, 0, 0, 0,                         /* routing, nothing left */
              6, 0, 30, 4, 9, 9, 9, 9, /* destination: an unknown option to skip */
              0xaa, 0xbb));
    struct ip_packet packet;

    (void)state;
    assert_int_equal(parse(&raw, &packet), LASTACK_CAUSE_NONE);
    assert_int_equal(packet.protocol, IP_PROTOCOL_TCP);
    assert_int_equal(packet.payload_length, 2);
    assert_int_equal(packet.payload[0], 0xaa);
    assert_int_equal(packet.next_header_offset, IPV6_HEADER + 32);
    assert_int_equal(packet.packet_length, raw.length);
}

static void at_most_eight_extension_headers_are_walked(void **state)
{
    uint8_t chain[9 * 8 + 8] = {0};
    struct test_packet raw;
    struct ip_packet packet;

    (void)state;
    for (unsigned i = 0; i < 9; i++)
        chain[i * 8] = IP_PROTOCOL_DESTINATION;
    chain[7 * 8] = IP_PROTOCOL_UDP;
    raw = ipv6_chain(IP_PROTOCOL_DESTINATION, chain, sizeof chain);
    assert_int_equal(parse(&raw, &packet), LASTACK_CAUSE_NONE);
    chain[7 * 8] = IP_PROTOCOL_DESTINATION;
    chain[8 * 8] = IP_PROTOCOL_UDP;
    raw = ipv6_chain(IP_PROTOCOL_DESTINATION, chain, sizeof chain);
    assert_int_equal(parse(&raw, &packet), LASTACK_CAUSE_DROP_IP_OPTION);
    assert_int_equal(packet.problem, IP_PROBLEM_SILENT);
}

static void extension_headers_must_lie_within_the_packet(void **state)
{
    static const uint8_t kinds[] = {IP_PROTOCOL_HOP_BY_HOP, IP_PROTOCOL_DESTINATION,
                                    IP_PROTOCOL_ROUTING, IP_PROTOCOL_FRAGMENT};
    uint8_t extension[24] = {IP_PROTOCOL_TCP, 2};
    struct ip_packet packet;

    (void)state;
    for (unsigned i = 0; i < sizeof kinds; i++) {
        size_t needed = kinds[i] == IP_PROTOCOL_FRAGMENT ? 8 : sizeof extension;
        for (size_t length = 0; length <= sizeof extension; length++) {
            struct test_packet raw = ipv6_chain(kinds[i], extension, length);
            assert_int_equal(parse(&raw, &packet),
                             length < needed ? LASTACK_CAUSE_DROP_IP_OPTION : LASTACK_CAUSE_NONE);
        }
    }
}

/* covers: 8200-4-ext */
static void hop_by_hop_options_anywhere_else_are_a_problem(void **state)
{
    struct test_packet raw =
        ipv6_chain(IP_PROTOCOL_DESTINATION, BYTES(0, 0, 1, 4, 0, 0, 0, 0, 6, 0, 1, 4, 0, 0, 0, 0));
    struct ip_packet packet;

    (void)state;
    assert_int_equal(parse(&raw, &packet), LASTACK_CAUSE_DROP_IP_OPTION);
    assert_int_equal(packet.problem, IP_PROBLEM_ANSWER_UNICAST);
    assert_int_equal(packet.problem_code, 1);
    assert_int_equal(packet.problem_pointer, IPV6_HEADER); /* where the 0 stands */
}

/* covers: 8200-4.2 */
static void unknown_options_act_by_their_two_highest_bits(void **state)
{
    static const uint8_t headers[] = {IP_PROTOCOL_HOP_BY_HOP, IP_PROTOCOL_DESTINATION};
    static const struct {
        uint8_t option;
        enum lastack_cause cause;
        enum ip_problem problem;
    } cases[] = {
        {0x1f, LASTACK_CAUSE_NONE, IP_PROBLEM_SILENT},
        {0x5f, LASTACK_CAUSE_DROP_IP_OPTION, IP_PROBLEM_SILENT},
        {0x9f, LASTACK_CAUSE_DROP_IP_OPTION, IP_PROBLEM_ANSWER},
        {0xdf, LASTACK_CAUSE_DROP_IP_OPTION, IP_PROBLEM_ANSWER_UNICAST},
    };

    (void)state;
    for (unsigned i = 0; i < 8; i++) {
        uint8_t extension[8] = {IP_PROTOCOL_TCP, 0, 0, cases[i / 2].option, 3, 1, 2, 3};
        struct test_packet raw = ipv6_chain(headers[i % 2], extension, sizeof extension);
        struct ip_packet packet;

        assert_int_equal(parse(&raw, &packet), cases[i / 2].cause);
        assert_int_equal(packet.problem, cases[i / 2].problem);
        if (packet.problem != IP_PROBLEM_SILENT) {
            assert_int_equal(packet.problem_code, 2);
            assert_int_equal(packet.problem_pointer, IPV6_HEADER + 3);
        }
    }
}

static void options_must_lie_within_their_header(void **state)
{
    struct ip_packet packet;
    struct test_packet too_long =
        ipv6_chain(IP_PROTOCOL_DESTINATION, BYTES(6, 0, 1, 5, 0, 0, 0, 0));
    struct test_packet no_length =
        ipv6_chain(IP_PROTOCOL_DESTINATION, BYTES(6, 0, 1, 3, 0, 0, 0, 7));

    (void)state;
    assert_int_equal(parse(&too_long, &packet), LASTACK_CAUSE_DROP_IP_OPTION);
    assert_int_equal(packet.problem_pointer, IPV6_HEADER + 2);
    assert_int_equal(parse(&no_length, &packet), LASTACK_CAUSE_DROP_IP_OPTION);
    assert_int_equal(packet.problem_pointer, IPV6_HEADER + 7);
}

/* covers: 8200-4.5-len 6946-4 */
static void ipv6_fragments_are_recognised(void **state)
{
    uint8_t chain[8 + 8 + 16] = {IP_PROTOCOL_FRAGMENT, 0, 1, 4, 0, 0, 0, 0, IP_PROTOCOL_TCP};
    uint8_t *fragment = chain + 8;
    struct test_packet raw;
    struct ip_packet packet;

    (void)state;
    store16(fragment + 2, 24 | 1);
    store32(fragment + 4, 0xdeadbeef);
    raw = ipv6_chain(IP_PROTOCOL_DESTINATION, chain, sizeof chain);
    assert_int_equal(parse(&raw, &packet), LASTACK_CAUSE_NONE);
    assert_true(packet.is_fragment && packet.more_fragments);
    assert_int_equal(packet.fragment_offset, 24);
    assert_int_equal(packet.fragment_id, 0xdeadbeef);
    assert_int_equal(packet.protocol, IP_PROTOCOL_TCP);
    assert_int_equal(packet.payload_length, 16);
    assert_int_equal(packet.unfragmented_length, IPV6_HEADER + 8);
    assert_int_equal(packet.next_header_offset, IPV6_HEADER);

    raw.bytes[4 + 1]--; /* payload length: one byte less than a multiple of 8 */
    raw.length--;
    assert_int_equal(parse(&raw, &packet), LASTACK_CAUSE_DROP_FRAGMENT);
    assert_int_equal(packet.problem_pointer, 4);
    assert_int_equal(packet.problem_code, 0);

    store16(fragment + 2, 0xfff8); /* the last piece of more than 65535 */
    raw = ipv6_chain(IP_PROTOCOL_DESTINATION, chain, sizeof chain);
    assert_int_equal(parse(&raw, &packet), LASTACK_CAUSE_DROP_FRAGMENT);
    assert_int_equal(packet.problem_pointer, IPV6_HEADER + 8 + 2);

    store16(fragment + 2, 0); /* atomic: a whole packet, however long */
    raw = ipv6_chain(IP_PROTOCOL_DESTINATION, chain, sizeof chain - 1);
    assert_int_equal(parse(&raw, &packet), LASTACK_CAUSE_NONE);
    assert_false(packet.is_fragment);
    assert_int_equal(packet.payload_length, 15);
}

static void addresses_that_would_pass_for_ipv4_do_not_get_in(void **state)
{
    struct test_packet raw = packet_of(true, IP_PROTOCOL_TCP, 20);
    static const uint8_t mapped[16] = {[10] = 0xff, [11] = 0xff, 127, 0, 0, 1};
    struct ip_packet packet;

    (void)state;
    memcpy(raw.bytes + 8, mapped, 16);
    assert_int_equal(parse(&raw, &packet), LASTACK_CAUSE_DROP_BAD_SOURCE);
    raw = packet_of(true, IP_PROTOCOL_TCP, 20);
    memcpy(raw.bytes + 24, mapped, 16);
    assert_int_equal(parse(&raw, &packet), LASTACK_CAUSE_DROP_NOT_OURS);
}

static void quoted_packets_may_be_cut_anywhere_behind_the_header(void **state)
{
    struct ip_packet packet;

    (void)state;
    for (unsigned family = 0; family < 2; family++) {
        struct test_packet raw = packet_of(family == 1, IP_PROTOCOL_TCP, 1000);
        unsigned header = family == 1 ? IPV6_HEADER : IPV4_HEADER;
        raw.bytes[10] ^= 1; /* a router's TTL without a new checksum; harmless in IPv6 */
        for (size_t length = 0; length < header; length++)
            assert_int_not_equal(ip_parse_quoted(raw.bytes, length, &packet), LASTACK_CAUSE_NONE);
        for (size_t length = header; length < header + 100; length++) {
            assert_int_equal(ip_parse_quoted(raw.bytes, length, &packet), LASTACK_CAUSE_NONE);
            assert_int_equal(packet.payload_length, length - header);
            assert_int_equal(packet.packet_length, header + 1000);
            assert_int_equal(packet.protocol, IP_PROTOCOL_TCP);
        }
        assert_int_equal(ip_parse_quoted(raw.bytes, raw.length + 30, &packet), LASTACK_CAUSE_NONE);
        assert_int_equal(packet.payload_length, 1000); /* an extension of RFC 4884 behind it */
    }
}

static void quoted_extension_headers_are_walked_as_far_as_they_go(void **state)
{
    struct test_packet raw = ipv6_chain(IP_PROTOCOL_DESTINATION,
                                        BYTES(6, 0, 1, 4, 0, 0, 0, 0, 0, 80, 0, 81, 0, 0, 0, 7));
    struct ip_packet packet;

    (void)state;
    assert_int_equal(ip_parse_quoted(raw.bytes, raw.length, &packet), LASTACK_CAUSE_NONE);
    assert_int_equal(packet.protocol, IP_PROTOCOL_TCP);
    assert_int_equal(packet.payload_length, 8);
    assert_int_not_equal(ip_parse_quoted(raw.bytes, IPV6_HEADER + 7, &packet), LASTACK_CAUSE_NONE);
}

/* covers: 8200-4.5-first */
static void a_chain_is_whole_when_the_transport_header_is(void **state)
{
    uint8_t chain[8 + 24] = {IP_PROTOCOL_TCP, 0, 1, 4, 0, 0, 0, 0};

    (void)state;
    chain[8 + 12] = 6 << 4;
    for (size_t length = 0; length <= sizeof chain; length++)
        assert_int_equal(ip_chain_is_whole(chain, length, IP_PROTOCOL_DESTINATION),
                         length == sizeof chain);
    chain[0] = IP_PROTOCOL_UDP;
    for (size_t length = 0; length <= sizeof chain; length++)
        assert_int_equal(ip_chain_is_whole(chain, length, IP_PROTOCOL_DESTINATION), length >= 16);
    assert_true(ip_chain_is_whole(chain, 0, 200)); /* nothing known about 200 */
    chain[0] = IP_PROTOCOL_FRAGMENT;               /* a fragment header within a fragment */
    chain[8] = IP_PROTOCOL_UDP;
    assert_false(ip_chain_is_whole(chain, sizeof chain, IP_PROTOCOL_DESTINATION));
}

/* Mutations of a good packet: every result is a value or a refusal, and within the packet. */
static void mutated_packets_never_lead_outside(void **state)
{
    struct rng rng;
    unsigned understood = 0;

    (void)state;
    rng_init(&rng, 22);
    for (unsigned round = 0; round < 20000; round++) {
        struct test_packet raw =
            round % 2
                ? ipv6_chain(0, BYTES(60, 0, 1, 4, 0, 0, 0, 0, 44, 0, 1, 4, 0, 0, 0, 0, 6, 0, 0, 1,
                                      0, 0, 0, 1, 6, 0, 1, 4, 0, 0, 0, 0, 1, 2, 3, 4, 5, 6, 7, 8))
                : ipv4_with_options(BYTES(68, 4, 5, 0, 200, 3, 0, 0));
        struct ip_packet packet;
        for (unsigned i = rng_below(&rng, 5); i > 0; i--)
            raw.bytes[rng_below(&rng, (uint32_t)raw.length)] = (uint8_t)rng_below(&rng, 64);
        raw.length -= rng_below(&rng, 4) == 0 ? rng_below(&rng, (uint32_t)raw.length) : 0;
        if (raw.bytes[0] >> 4 == 4 && (raw.bytes[0] & 15) >= 5)
            repair_ipv4(&raw);
        if (parse(&raw, &packet) != LASTACK_CAUSE_NONE)
            continue;
        understood++;
        assert_true(packet.payload >= packet.header + (packet.is_ipv6 ? IPV6_HEADER : IPV4_HEADER));
        assert_true(packet.payload + packet.payload_length <= packet.header + raw.length);
        assert_ptr_equal(packet.payload + packet.payload_length,
                         packet.header + packet.packet_length);
    }
    assert_in_range(understood, 2000, 18000);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(fields_come_back_as_built),
        cmocka_unit_test(malformed_headers_are_refused),
        cmocka_unit_test(every_flipped_bit_of_an_ipv4_header_is_noticed),
        cmocka_unit_test(unknown_ipv4_options_are_passed_over),
        cmocka_unit_test(malformed_ipv4_options_are_refused_with_a_pointer),
        cmocka_unit_test(source_routes_are_refused),
        cmocka_unit_test(unknown_routing_types),
        cmocka_unit_test(ipv4_fragments_are_recognised),
        cmocka_unit_test(extension_headers_are_walked_in_any_order_and_number),
        cmocka_unit_test(at_most_eight_extension_headers_are_walked),
        cmocka_unit_test(extension_headers_must_lie_within_the_packet),
        cmocka_unit_test(hop_by_hop_options_anywhere_else_are_a_problem),
        cmocka_unit_test(unknown_options_act_by_their_two_highest_bits),
        cmocka_unit_test(options_must_lie_within_their_header),
        cmocka_unit_test(ipv6_fragments_are_recognised),
        cmocka_unit_test(addresses_that_would_pass_for_ipv4_do_not_get_in),
        cmocka_unit_test(quoted_packets_may_be_cut_anywhere_behind_the_header),
        cmocka_unit_test(quoted_extension_headers_are_walked_as_far_as_they_go),
        cmocka_unit_test(a_chain_is_whole_when_the_transport_header_is),
        cmocka_unit_test(mutated_packets_never_lead_outside),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
