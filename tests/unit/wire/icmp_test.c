/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * icmp_test.c: messages of both families mean the same; errors quote as much as they should and
 * may.
 */
#include "icmp.h"

#include "packet_fixture.h"
#include "rng.h"

static uint8_t protocol_of(bool is_ipv6)
{
    return is_ipv6 ? IP_PROTOCOL_ICMPV6 : IP_PROTOCOL_ICMP;
}

/* Type, code, four bytes and a body; parsed with the right checksum. */
static enum lastack_cause parse(bool is_ipv6, uint8_t type, uint8_t code, uint32_t value,
                                const uint8_t *body, size_t length, struct icmp_message *message)
{
    uint8_t bytes[ICMP_HEADER + 2000] = {type, code};
    struct fixture fixture;
    enum lastack_cause cause;

    assert_true(length <= 2000);
    store32(bytes + 4, value);
    if (length > 0)
        memcpy(bytes + ICMP_HEADER, body, length);
    fixture = fixture_make(is_ipv6, protocol_of(is_ipv6), bytes, ICMP_HEADER + length);
    fixture_repair(&fixture, 2);
    cause = icmp_parse(&fixture.packet, false, message);
    fixture_free(&fixture);
    return cause;
}

/* A quote: header and 8 bytes of TCP from port 0x1111 to 0x2222, seq 0x33333333. */
static size_t quote(bool is_ipv6, uint8_t *bytes)
{
    static const uint8_t tcp[8] = {0x11, 0x11, 0x22, 0x22, 0x33, 0x33, 0x33, 0x33};
    struct ip_build build = {.protocol = IP_PROTOCOL_TCP, .ttl = 9, .payload_length = 1020};
    unsigned length;

    build.source = fixture_address(is_ipv6, 2);
    build.destination = fixture_address(is_ipv6, 7);
    length = ip_build(&build, bytes);
    memcpy(bytes + length, tcp, sizeof tcp);
    return length + sizeof tcp;
}

static void types_of_both_families_mean_the_same(void **state)
{
    static const struct {
        bool is_ipv6;
        uint8_t type, code;
        enum icmp_kind kind;
    } table[] = {
        {false, 0, 0, ICMP_ECHO_REPLY},     {false, 8, 0, ICMP_ECHO_REQUEST},
        {false, 3, 0, ICMP_UNREACHABLE},    {false, 3, 3, ICMP_UNREACHABLE},
        {false, 3, 4, ICMP_TOO_BIG},        {false, 3, 13, ICMP_UNREACHABLE},
        {false, 4, 0, ICMP_SOURCE_QUENCH},  {false, 5, 1, ICMP_REDIRECT},
        {false, 11, 0, ICMP_TIME_EXCEEDED}, {false, 12, 0, ICMP_PARAMETER_PROBLEM},
        {false, 13, 0, ICMP_OTHER},         {false, 200, 0, ICMP_OTHER},
        {true, 1, 4, ICMP_UNREACHABLE},     {true, 2, 0, ICMP_TOO_BIG},
        {true, 3, 1, ICMP_TIME_EXCEEDED},   {true, 4, 2, ICMP_PARAMETER_PROBLEM},
        {true, 100, 0, ICMP_UNKNOWN_ERROR}, {true, 128, 0, ICMP_ECHO_REQUEST},
        {true, 129, 0, ICMP_ECHO_REPLY},    {true, 133, 0, ICMP_NEIGHBOR},
        {true, 134, 0, ICMP_NEIGHBOR},      {true, 135, 0, ICMP_NEIGHBOR},
        {true, 136, 0, ICMP_NEIGHBOR},      {true, 137, 0, ICMP_REDIRECT},
        {true, 200, 0, ICMP_OTHER},
    };

    (void)state;
    for (size_t i = 0; i < sizeof table / sizeof table[0]; i++) {
        struct icmp_message message;
        uint8_t bytes[64];
        size_t length = quote(table[i].is_ipv6, bytes);
        assert_int_equal(
            parse(table[i].is_ipv6, table[i].type, table[i].code, 0, bytes, length, &message), 0);
        assert_int_equal(message.kind, table[i].kind);
        assert_int_equal(message.type, table[i].type);
        assert_int_equal(message.code, table[i].code);
        assert_int_equal(message.body_length, length);
    }
}

/* covers: 9293-MUST-54 4443-2.4-ab */
static void errors_carry_the_packet_they_are_about(void **state)
{
    (void)state;
    for (unsigned is_ipv6 = 0; is_ipv6 < 2; is_ipv6++) {
        struct icmp_message message;
        uint8_t bytes[64];
        size_t length = quote(is_ipv6, bytes);
        struct lastack_address source = fixture_address(is_ipv6, 2);
        struct lastack_address destination = fixture_address(is_ipv6, 7);
        assert_int_equal(parse(is_ipv6, is_ipv6 ? 1 : 3, 0, 0, bytes, length, &message), 0);
        assert_true(message.has_quote);
        assert_true(ip_address_equal(&message.quote.source, &source));
        assert_true(ip_address_equal(&message.quote.destination, &destination));
        assert_int_equal(message.quote.protocol, IP_PROTOCOL_TCP);
        assert_int_equal(message.quote.payload_length, 8);
        assert_int_equal(message.quote.packet_length,
                         length - 8 + 1020); /* for RFC 1191's plateaus */
    }
}

static void values_stand_where_the_family_has_them(void **state)
{
    struct icmp_message message;
    uint8_t bytes[64];
    size_t length = quote(false, bytes);

    (void)state;
    assert_int_equal(parse(false, 3, 4, 0xffff05dc, bytes, length, &message), 0);
    assert_int_equal(message.mtu, 1500); /* the upper half is unused */
    assert_int_equal(parse(false, 12, 0, 0x14000000, bytes, length, &message), 0);
    assert_int_equal(message.pointer, 20);
    assert_int_equal(parse(false, 8, 0, 0x12345678, bytes, length, &message), 0);
    assert_int_equal(message.id, 0x1234);
    assert_int_equal(message.sequence, 0x5678);
    length = quote(true, bytes);
    assert_int_equal(parse(true, 2, 0, 0x00010500, bytes, length, &message), 0);
    assert_int_equal(message.mtu, 0x10500);
    assert_int_equal(parse(true, 4, 1, 0x00010500, bytes, length, &message), 0);
    assert_int_equal(message.pointer, 0x10500);
    assert_int_equal(parse(true, 129, 0, 0x12345678, bytes, length, &message), 0);
    assert_int_equal(message.id, 0x1234);
}

/* covers: 1122-3.2.2-unk 4443-2.4-ab */
static void broken_messages_are_refused(void **state)
{
    (void)state;
    for (unsigned is_ipv6 = 0; is_ipv6 < 2; is_ipv6++) {
        uint8_t bytes[64] = {is_ipv6 ? 128 : 8};
        struct icmp_message message;
        struct fixture fixture;
        for (size_t length = 0; length < ICMP_HEADER; length++) {
            fixture = fixture_make(is_ipv6, protocol_of(is_ipv6), bytes, length);
            assert_int_equal(icmp_parse(&fixture.packet, true, &message), LASTACK_CAUSE_DROP_ICMP);
            fixture_free(&fixture);
        }
        fixture = fixture_make(is_ipv6, protocol_of(is_ipv6), bytes, 20);
        assert_int_equal(icmp_parse(&fixture.packet, false, &message), LASTACK_CAUSE_DROP_ICMP);
        fixture_repair(&fixture, 2);
        assert_int_equal(icmp_parse(&fixture.packet, false, &message), LASTACK_CAUSE_NONE);
        fixture_free(&fixture);
        fixture = fixture_make(is_ipv6, protocol_of(!is_ipv6), bytes, 20); /* of the other family */
        assert_int_equal(icmp_parse(&fixture.packet, true, &message), LASTACK_CAUSE_DROP_ICMP);
        fixture_free(&fixture);
    }
}

static void errors_about_nothing_readable_are_refused(void **state)
{
    struct icmp_message message;
    uint8_t bytes[64];
    size_t length = quote(true, bytes);

    (void)state;
    for (size_t cut = 0; cut < IPV6_HEADER; cut++)
        assert_int_equal(parse(true, 1, 0, 0, bytes, cut, &message), LASTACK_CAUSE_DROP_ICMP);
    assert_int_equal(parse(false, 3, 0, 0, bytes, length, &message),
                     LASTACK_CAUSE_DROP_ICMP); /* IPv6 in ICMP */
    length = quote(false, bytes);
    for (size_t cut = 0; cut < IPV4_HEADER; cut++)
        assert_int_equal(parse(false, 3, 0, 0, bytes, cut, &message), LASTACK_CAUSE_DROP_ICMP);
    assert_int_equal(parse(true, 1, 0, 0, bytes, length, &message), LASTACK_CAUSE_DROP_ICMP);
    bytes[0] = 0x4f; /* a quoted header of 60 bytes that are not there */
    assert_int_equal(parse(false, 3, 0, 0, bytes, length, &message), LASTACK_CAUSE_DROP_ICMP);
}

static bool is_error(bool is_ipv6, uint8_t protocol, const uint8_t *bytes, size_t length)
{
    struct fixture fixture = fixture_make(is_ipv6, protocol, bytes, length);
    bool result = icmp_is_error(&fixture.packet);

    fixture_free(&fixture);
    return result;
}

/* covers: 1122-3.2.2-no 4443-2.4-e */
static void errors_and_redirects_are_recognised_as_what_no_error_may_answer(void **state)
{
    (void)state;
    for (unsigned type = 0; type < 256; type++) {
        uint8_t bytes[8] = {(uint8_t)type};
        bool is_error_ipv4 = type == 3 || type == 4 || type == 5 || type == 11 || type == 12;
        assert_int_equal(is_error(false, IP_PROTOCOL_ICMP, bytes, 8), is_error_ipv4);
        assert_int_equal(is_error(true, IP_PROTOCOL_ICMPV6, bytes, 8), type < 128 || type == 137);
        assert_false(is_error(false, IP_PROTOCOL_UDP, bytes, 8));
    }
    assert_true(is_error(false, IP_PROTOCOL_ICMP, NULL, 0)); /* cannot be told: silence is safe */
    assert_true(is_error(true, IP_PROTOCOL_ICMPV6, NULL, 0));
}

/* An error about a packet of `payload` bytes, built into `room` bytes and parsed again. */
static size_t build_and_parse(bool is_ipv6, const struct icmp_error *error, size_t payload,
                              size_t room, struct icmp_message *message)
{
    static uint8_t bytes[2000], built[2000];
    struct lastack_address us = fixture_address(is_ipv6, 2);
    struct fixture about, answer;
    size_t length;

    for (size_t i = 0; i < sizeof bytes; i++)
        bytes[i] = (uint8_t)(i * 7);
    about = fixture_make(is_ipv6, IP_PROTOCOL_UDP, bytes, payload);
    memset(built, 0xee, sizeof built);
    length = icmp_build_error(error, &us, &about.packet, built, room);
    assert_int_equal(built[length], 0xee);
    assert_memory_equal(built + ICMP_HEADER, about.memory, length - ICMP_HEADER);
    assert_true(room < icmp_error_length(&about.packet) ||
                length == icmp_error_length(&about.packet));
    answer = fixture_make(is_ipv6, protocol_of(is_ipv6), built, length);
    answer.packet.source = us; /* the pseudo-header's sum is that of the answer */
    answer.packet.destination = about.packet.source;
    assert_int_equal(icmp_parse(&answer.packet, false, message), LASTACK_CAUSE_NONE);
    fixture_free(&about);
    fixture_free(&answer);
    return length;
}

/* covers: 1122-3.2.2-quote */
static void errors_quote_as_much_as_the_smallest_packet_holds(void **state)
{
    static const struct icmp_error port_unreachable[2] = {{3, 3, 0}, {1, 4, 0}};
    static const size_t header[2] = {IPV4_HEADER, IPV6_HEADER}, most[2] = {576, 1280};
    struct icmp_message message;

    (void)state;
    for (unsigned f = 0; f < 2; f++) {
        for (size_t payload = 0; payload <= 1400; payload += 7) {
            size_t whole = header[f] + ICMP_HEADER + header[f] + payload;
            size_t length = build_and_parse(f, &port_unreachable[f], payload, 1500, &message);
            assert_int_equal(header[f] + length, whole < most[f] ? whole : most[f]);
            assert_int_equal(message.kind, ICMP_UNREACHABLE);
            assert_int_equal(message.code, port_unreachable[f].code);
        }
        assert_int_equal(build_and_parse(f, &port_unreachable[f], 100, 90, &message), 90);
    }
}

static void built_values_are_read_back(void **state)
{
    static const struct icmp_error too_big[2] = {{3, 4, 1400}, {2, 0, 70000}};
    static const struct icmp_error problem[2] = {{12, 0, 21}, {4, 2, 300}};
    struct icmp_message message;

    (void)state;
    for (unsigned f = 0; f < 2; f++) {
        build_and_parse(f, &too_big[f], 100, 1500, &message);
        assert_int_equal(message.kind, ICMP_TOO_BIG);
        assert_int_equal(message.mtu, too_big[f].value);
        build_and_parse(f, &problem[f], 100, 1500, &message);
        assert_int_equal(message.kind, ICMP_PARAMETER_PROBLEM);
        assert_int_equal(message.pointer, problem[f].value);
    }
}

static void room_for_less_than_the_least_quote_is_a_mistake(void **state)
{
    struct fixture about = fixture_make(false, IP_PROTOCOL_UDP, BYTES(1, 2, 3, 4, 5, 6, 7, 8));
    struct icmp_error error = {3, 3, 0};
    uint8_t built[ICMP_ERROR_ROOM_MIN];

    (void)state;
    expect_assert_failure(icmp_build_error(&error, &about.packet.destination, &about.packet, built,
                                           sizeof built - 1));
    fixture_free(&about);
}

/* covers: 1122-3.2.2.6 4443-4.2 */
static void echo_repeats_id_sequence_and_data(void **state)
{
    static const size_t lengths[] = {0, 1, 56, 57, 1472, 65507};
    static uint8_t bytes[ICMP_HEADER + 65507];

    (void)state;
    for (unsigned is_ipv6 = 0; is_ipv6 < 2; is_ipv6++) {
        for (unsigned i = 0; i < sizeof lengths / sizeof lengths[0]; i++) {
            struct icmp_echo echo = {.id = 0xbeef, .sequence = (uint16_t)i, .length = lengths[i]};
            struct icmp_message message;
            struct fixture fixture;
            memset(bytes + ICMP_HEADER, 0x42, lengths[i]);
            echo.data = bytes + ICMP_HEADER;
            echo.source = fixture_address(is_ipv6, 1);
            echo.destination = fixture_address(is_ipv6, 2);
            echo.is_reply = i % 2 == 0;
            icmp_build_echo(&echo, bytes);
            fixture = fixture_make(is_ipv6, protocol_of(is_ipv6), bytes, ICMP_HEADER + lengths[i]);
            assert_int_equal(icmp_parse(&fixture.packet, false, &message), LASTACK_CAUSE_NONE);
            assert_int_equal(message.kind, echo.is_reply ? ICMP_ECHO_REPLY : ICMP_ECHO_REQUEST);
            assert_int_equal(message.id, echo.id);
            assert_int_equal(message.sequence, echo.sequence);
            assert_int_equal(message.body_length, lengths[i]);
            fixture_free(&fixture);
        }
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(types_of_both_families_mean_the_same),
        cmocka_unit_test(errors_carry_the_packet_they_are_about),
        cmocka_unit_test(values_stand_where_the_family_has_them),
        cmocka_unit_test(broken_messages_are_refused),
        cmocka_unit_test(errors_about_nothing_readable_are_refused),
        cmocka_unit_test(errors_and_redirects_are_recognised_as_what_no_error_may_answer),
        cmocka_unit_test(errors_quote_as_much_as_the_smallest_packet_holds),
        cmocka_unit_test(built_values_are_read_back),
        cmocka_unit_test(room_for_less_than_the_least_quote_is_a_mistake),
        cmocka_unit_test(echo_repeats_id_sequence_and_data),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
