/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * packet_text_test.c: lines as packetdrill writes them.
 */
#include "packet_text.h"

#include "icmp.h"
#include "packet_fixture.h"
#include "rng.h"

#include <string.h>

static const struct packet_text_style plain;

static void assert_segment(const struct segment *segment, const struct packet_text_style *style,
                           const char *expected)
{
    char text[PACKET_TEXT_MAX];
    size_t length = segment_text(segment, LASTACK_OPTIONS_LINUX, style, text, sizeof text);

    assert_string_equal(text, expected);
    assert_int_equal(length, strlen(expected));
}

static void assert_packet(bool is_ipv6, uint8_t protocol, const uint8_t *payload, size_t length,
                          const char *expected)
{
    struct fixture fixture = fixture_make(is_ipv6, protocol, payload, length);
    char text[PACKET_TEXT_MAX];

    packet_text(&fixture.packet, &plain, text, sizeof text);
    fixture_free(&fixture);
    assert_string_equal(text, expected);
}

static void segments(void **state)
{
    struct segment s = {
        .flags = LASTACK_SYN, .wnd = 65535, .mss = 1460, .window_scale = 6, .ts_value = 100};

    (void)state;
    s.options = OPTION_MSS | OPTION_SACK_PERMITTED | OPTION_TIMESTAMP | OPTION_WINDOW_SCALE;
    assert_segment(&s, &plain,
                   "S 0:0(0) win 65535 <mss 1460,sackOK,TS val 100 ecr 0,nop,wscale 6>");
    s = (struct segment){.flags = LASTACK_ACK | LASTACK_PSH,
                         .seq = {1},
                         .ack = {1},
                         .wnd = 257,
                         .text_length = 1000};
    assert_segment(&s, &plain, "P. 1:1001(1000) ack 1 win 257");
    s.flags = 0;
    assert_segment(&s, &plain, "- 1:1001(1000) win 257");
    s.flags = 0x1ff;
    s.urgent = 5;
    assert_segment(&s, &plain, "FSRP.UEWA 1:1001(1000) ack 1 win 257 urg 5");
    s = (struct segment){.flags = LASTACK_ACK, .options = OPTION_SACK, .sack_count = 2};
    s.sack[0] = (struct sack_block){{1001}, {2001}};
    s.sack[1] = (struct sack_block){{3001}, {4294967295u}};
    assert_segment(&s, &plain, ". 0:0(0) ack 0 win 0 <nop,nop,sack 1001:2001 3001:4294967295>");
}

static void numbers_relative_to_a_base(void **state)
{
    struct packet_text_style style = {
        .seq_base = {4294967000u}, .ack_base = {1000}, .ts_value_base = 7, .ts_echo_base = 8};
    struct segment s = {
        .flags = LASTACK_ACK, .seq = {704}, .ack = {2001}, .text_length = 10, .sack_count = 1};

    (void)state;
    s.options = OPTION_SACK | OPTION_TIMESTAMP;
    s.ts_value = 107;
    s.ts_echo = 208;
    s.sack[0] = (struct sack_block){{3001}, {4001}};
    assert_segment(
        &s, &style,
        ". 1000:1010(10) ack 1001 win 0 <nop,nop,TS val 100 ecr 200,nop,nop,sack 2001:3001>");
}

static void addresses_and_ip_header_on_request(void **state)
{
    struct packet_text_style style = {.addresses = true, .ip_info = true};
    struct segment s = {.flags = LASTACK_RST, .ttl = 64, .ecn = 2};

    (void)state;
    s.tuple = (struct tuple){fixture_address(false, 1), fixture_address(false, 2), 80, 40000};
    assert_segment(&s, &style, "[ttl 64, tos 0x02] 192.0.2.1:80 > 192.0.2.2:40000 R 0:0(0) win 0");
    s.tuple.local = fixture_address(true, 1);
    s.tuple.remote = fixture_address(true, 2);
    assert_segment(&s, &style,
                   "[hlim 64, class 0x02] [2001:db8::1]:80 > [2001:db8::2]:40000 R 0:0(0) win 0");
}

/* A SYN with these raw options. */
static void assert_options(const uint8_t *options, size_t length, const char *expected)
{
    struct segment s = {.flags = LASTACK_SYN};
    uint8_t header[TCP_HEADER_MAX];
    char line[PACKET_TEXT_MAX] = "S 0:0(0) win 0 <";

    strcat(strcat(line, expected), ">");
    assert_packet(false, IP_PROTOCOL_TCP, header,
                  tcp_build_raw(&s, options, (unsigned)length, header), line);
}

static void options_as_they_stand(void **state)
{
    (void)state;
    assert_options(BYTES(4, 2, 0, 0), "sackOK,eol,eol");
    assert_options(BYTES(34, 2, 1, 1), "FO,nop,nop");
    assert_options(BYTES(34, 6, 1, 2, 0xa, 0xb, 1, 1), "FO 01020a0b,nop,nop");
    assert_options(BYTES(254, 4, 0xf9, 0x89), "FOEXP");
    assert_options(BYTES(254, 8, 0xf9, 0x89, 1, 2, 3, 4), "FOEXP 01020304");
    assert_options(BYTES(254, 4, 1, 2), "gen-254 0102");
    assert_options(BYTES(253, 2, 1, 1), "gen-253,nop,nop");
    assert_options(BYTES(2, 3, 5, 1), "gen-2 05,nop"); /* an MSS of a foreign length */
    assert_options(BYTES(172, 11, 0, 0, 1, 0, 0, 2, 1, 0, 0, 1), "ECN e0b 1 ceb 2 e1b 65536,nop");
    assert_options(BYTES(174, 5, 0, 0, 1, 1, 1, 1), "ECN e1b 1,nop,nop,nop");
    assert_options(BYTES(1, 8, 0, 7), "nop,broken 080007");
    assert_options(BYTES(2, 9, 0, 0), "broken 02090000");
}

static void datagrams_and_other_protocols(void **state)
{
    uint8_t bytes[20] = {0, 1, 0, 2, 0, 20};

    (void)state;
    assert_packet(false, IP_PROTOCOL_UDP, bytes, 20, "udp (12)");
    assert_packet(false, IP_PROTOCOL_UDP, bytes, 19, "udp (19) broken");
    assert_packet(false, 89, bytes, 20, "protocol 89 (20)");
    assert_packet(false, IP_PROTOCOL_ICMPV6, bytes, 20, "protocol 58 (20)");
    assert_packet(false, IP_PROTOCOL_TCP, bytes, 19, "tcp (19) broken");
    assert_packet(false, IP_PROTOCOL_TCP, bytes, 20, "tcp (20) broken"); /* data offset 0 */
    bytes[12] = 5 << 4;
    bytes[13] = LASTACK_RST;
    assert_packet(false, IP_PROTOCOL_TCP, bytes, 20, "R 1310720:1310720(0) win 0");
}

/* An ICMP message with a quoted packet of `protocol` with 1040 bytes and these first 16 of its
 * payload. */
static void assert_icmp(bool is_ipv6, uint8_t type, uint8_t code, uint32_t value, uint8_t protocol,
                        size_t quoted, const char *expected)
{
    uint8_t bytes[ICMP_HEADER + IPV6_HEADER + 16] = {type, code};
    struct ip_build build = {.protocol = protocol, .ttl = 1, .payload_length = 1040};
    uint8_t *payload;

    store32(bytes + 4, value);
    build.source = fixture_address(is_ipv6, 2);
    build.destination = fixture_address(is_ipv6, 1);
    payload = bytes + ICMP_HEADER + ip_build(&build, bytes + ICMP_HEADER);
    store16(payload + 4, protocol == IP_PROTOCOL_UDP ? 1040 : 0);
    store16(payload + 6, protocol == IP_PROTOCOL_UDP ? 0 : 1);
    payload[12] = 8 << 4;
    assert_packet(is_ipv6, is_ipv6 ? IP_PROTOCOL_ICMPV6 : IP_PROTOCOL_ICMP, bytes,
                  (size_t)(payload - bytes) + quoted, expected);
}

static void icmp_messages(void **state)
{
    uint8_t echo[64] = {8, 0, 0, 0, 0, 5};

    (void)state;
    assert_icmp(false, 3, 3, 0, IP_PROTOCOL_TCP, 8,
                "icmp unreachable port_unreachable [1:1021(1020)]");
    assert_icmp(false, 3, 4, 1400, IP_PROTOCOL_TCP, 16,
                "icmp unreachable frag_needed mtu 1400 [1:1009(1008)]");
    assert_icmp(false, 3, 99, 0, IP_PROTOCOL_TCP, 8, "icmp unreachable code_99 [1:1021(1020)]");
    assert_icmp(false, 11, 0, 0, IP_PROTOCOL_UDP, 8, "icmp time_exceeded [udp(1032)]");
    assert_icmp(true, 2, 0, 1280, IP_PROTOCOL_TCP, 8,
                "icmp packet_too_big mtu 1280 [1:1021(1020)]");
    assert_icmp(true, 1, 1, 0, IP_PROTOCOL_TCP, 4, "icmp unreachable admin_prohibited [raw(4)]");
    assert_packet(false, IP_PROTOCOL_ICMP, echo, 64, "icmp echo_request id 5 [raw(64)]");
    echo[0] = 77;
    assert_packet(false, IP_PROTOCOL_ICMP, echo, 64, "icmp type_77 [raw(64)]");
    echo[0] = 3;
    assert_packet(false, IP_PROTOCOL_ICMP, echo, 12, "icmp unreachable net_unreachable broken");
    assert_packet(false, IP_PROTOCOL_ICMP, echo, 7, "icmp (7) broken");
}

static void fragments(void **state)
{
    struct ip_packet packet = {
        .is_fragment = true, .fragment_id = 7, .fragment_offset = 8, .payload_length = 16};
    char text[PACKET_TEXT_MAX];

    (void)state;
    packet.more_fragments = true;
    packet_text(&packet, &plain, text, sizeof text);
    assert_string_equal(text, "fragment id 7 8:24(16) more");
}

static void text_is_cut_to_the_room_there_is(void **state)
{
    struct segment s = {.flags = LASTACK_SYN};
    static const char whole[] = "S 0:0(0) win 0";
    char text[32];

    (void)state;
    for (size_t size = 0; size <= sizeof whole + 2; size++) {
        memset(text, 'x', sizeof text);
        assert_int_equal(segment_text(&s, LASTACK_OPTIONS_LINUX, &plain, text, size),
                         sizeof whole - 1);
        if (size > 0) {
            size_t kept = size < sizeof whole ? size - 1 : sizeof whole - 1;
            assert_memory_equal(text, whole, kept);
            assert_int_equal(text[kept], '\0');
        }
        assert_int_equal(text[size], 'x');
    }
}

static void every_packet_has_a_text_that_fits(void **state)
{
    struct packet_text_style style = {.addresses = true, .ip_info = true};
    struct rng rng;

    (void)state;
    rng_init(&rng, 31);
    for (unsigned round = 0; round < 20000; round++) {
        static const uint8_t protocols[] = {IP_PROTOCOL_TCP, IP_PROTOCOL_UDP, IP_PROTOCOL_ICMP,
                                            IP_PROTOCOL_ICMPV6};
        uint8_t bytes[100];
        size_t payload = rng_below(&rng, sizeof bytes), length;
        struct fixture fixture;
        char text[PACKET_TEXT_MAX];

        for (size_t i = 0; i < sizeof bytes; i++)
            bytes[i] = (uint8_t)(rng_below(&rng, 2) ? rng_below(&rng, 6) : rng_next(&rng));
        bytes[12] = (uint8_t)(bytes[12] | 0x50);
        bytes[8] = round % 2 ? 0x60 : 0x45;
        fixture = fixture_make(round % 2, protocols[rng_below(&rng, 4)], bytes, payload);
        length = packet_text(&fixture.packet, &style, text, sizeof text);
        assert_true(length < PACKET_TEXT_MAX);
        assert_int_equal(strlen(text), length);
        fixture_free(&fixture);
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(segments),
        cmocka_unit_test(numbers_relative_to_a_base),
        cmocka_unit_test(addresses_and_ip_header_on_request),
        cmocka_unit_test(options_as_they_stand),
        cmocka_unit_test(datagrams_and_other_protocols),
        cmocka_unit_test(icmp_messages),
        cmocka_unit_test(fragments),
        cmocka_unit_test(text_is_cut_to_the_room_there_is),
        cmocka_unit_test(every_packet_has_a_text_that_fits),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
