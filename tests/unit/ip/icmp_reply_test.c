/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * icmp_reply_test.c: when to be silent, how often to speak, and what is said.
 */
#include "icmp_reply.h"

#include "checksum.h"
#include "ip_fixture.h"

static struct ip_world world;
static struct icmp_limit limit;

static const struct ip_arrival by_link_1 = {.link = 1};
static const struct icmp_error port_unreachable = {3, 3, 0};

static int set_up(void **state)
{
    struct siphash_key key = {1, 2};

    (void)state;
    ip_world_init(&world);
    icmp_limit_init(&limit, &key);
    return 0;
}

/* A UDP packet of 100 bytes whose memory lives until the next call. */
static struct ip_packet packet_of(const char *source, const char *destination)
{
    static uint8_t bytes[IPV6_HEADER + 100];
    struct ip_build build = {.protocol = IP_PROTOCOL_UDP, .ttl = 9, .payload_length = 100};
    struct ip_packet packet;
    unsigned header;

    build.source = address_of(source);
    build.destination = address_of(destination);
    build.traffic_class = 0x28;
    header = ip_build(&build, bytes);
    assert_int_equal(ip_parse(bytes, header + 100, false, &packet), LASTACK_CAUSE_NONE);
    return packet;
}

static bool may_complain(const char *source, const char *destination)
{
    struct ip_packet packet = packet_of(source, destination);

    return icmp_may_complain(&world.links, &by_link_1, &packet, &port_unreachable);
}

/* covers: 1122-3.2.2-no 4443-2.4-e */
static void silence_about_groups_and_from_nobody(void **state)
{
    (void)state;
    assert_true(may_complain("192.0.2.9", "192.0.2.1"));
    assert_true(may_complain("2001:db8::9", "2001:db8::1"));
    assert_false(may_complain("192.0.2.9", "192.0.2.255"));
    assert_false(may_complain("192.0.2.9", "255.255.255.255"));
    assert_false(may_complain("192.0.2.9", "224.0.0.1"));
    assert_false(may_complain("2001:db8::9", "ff02::1"));
    assert_false(may_complain("0.0.0.0", "192.0.2.1"));
    assert_false(may_complain("224.0.0.1", "192.0.2.1"));
    assert_false(may_complain("192.0.2.255", "192.0.2.1"));
    assert_false(may_complain("240.0.0.1", "192.0.2.1"));
    assert_false(may_complain("::", "2001:db8::1"));
    assert_false(may_complain("ff02::1", "2001:db8::1"));
}

/* covers: 1122-3.2.2-no 4443-2.4-e */
static void silence_about_errors_pieces_and_frames_to_all(void **state)
{
    struct ip_packet packet = packet_of("192.0.2.9", "192.0.2.1");
    struct ip_arrival group = {.link = 1, .is_group_frame = true};
    uint8_t unreachable[8] = {3}, request[8] = {8};

    (void)state;
    assert_false(icmp_may_complain(&world.links, &group, &packet, &port_unreachable));
    packet.is_fragment = true;
    assert_true(icmp_may_complain(&world.links, &by_link_1, &packet, &port_unreachable));
    packet.fragment_offset = 8;
    assert_false(icmp_may_complain(&world.links, &by_link_1, &packet, &port_unreachable));
    packet = packet_of("192.0.2.9", "192.0.2.1");
    packet.protocol = IP_PROTOCOL_ICMP;
    packet.payload = unreachable;
    packet.payload_length = sizeof unreachable;
    assert_false(icmp_may_complain(&world.links, &by_link_1, &packet, &port_unreachable));
    packet.payload = request;
    assert_true(icmp_may_complain(&world.links, &by_link_1, &packet, &port_unreachable));
}

/* covers: 4443-2.4-e 8200-4.2 */
static void two_errors_may_answer_an_ipv6_multicast(void **state)
{
    static const struct icmp_error too_big = {2, 0, 1280}, option = {4, 2, 40}, next = {4, 1, 6};
    struct ip_packet packet = packet_of("2001:db8::9", "ff02::1");

    (void)state;
    assert_true(icmp_may_complain(&world.links, &by_link_1, &packet, &too_big));
    assert_true(icmp_may_complain(&world.links, &by_link_1, &packet, &option));
    assert_false(icmp_may_complain(&world.links, &by_link_1, &packet, &next));
}

static struct lastack_address host(unsigned number)
{
    struct lastack_address address = address_of("10.0.0.0");

    address.bytes[14] = (uint8_t)(number >> 8);
    address.bytes[15] = (uint8_t)number;
    return address;
}

/* covers: 1812-4.3.2.8 4443-2.4-f */
static void a_burst_of_fifty_then_one_a_millisecond(void **state)
{
    unsigned sent = 0, asked = 0;
    int64_t now = SEC(10);

    (void)state;
    for (; asked < 100; asked++) {
        struct lastack_address target = host(asked);
        sent += icmp_limit_take(&limit, &target, now);
    }
    assert_int_equal(sent, 50);
    for (sent = 0; asked < 10100; asked++) { /* ten a millisecond, for a second */
        struct lastack_address target = host(asked);
        if (asked % 10 == 0)
            now += MS(1);
        sent += icmp_limit_take(&limit, &target, now);
    }
    assert_int_equal(sent, 1000);
    assert_int_equal(limit.refusals, 50 + 9000);
}

static void one_a_second_to_each_host(void **state)
{
    struct lastack_address a = host(1), b = host(2);

    (void)state;
    assert_true(icmp_limit_take(&limit, &a, SEC(5)));
    assert_true(icmp_limit_take(&limit, &b, SEC(5)));
    assert_false(icmp_limit_take(&limit, &a, SEC(6) - 1));
    assert_true(icmp_limit_take(&limit, &a, SEC(6)));
    assert_false(icmp_limit_take(&limit, &a, SEC(6)));
}

static void assert_error(const char *source, const char *destination, const char *from)
{
    static const struct icmp_error errors[2] = {{3, 3, 0}, {1, 4, 0}};
    struct ip_packet packet = packet_of(source, destination), answer;
    struct lastack_address expected = address_of(from);
    uint8_t bytes[IPV6_HEADER + 1280];
    struct icmp_message message;
    struct ip_build ip;
    unsigned header = packet.is_ipv6 ? IPV6_HEADER : IPV4_HEADER;
    size_t length = icmp_reply_error(&limit, &world.links, &by_link_1, &packet,
                                     &errors[packet.is_ipv6], SEC(1), &ip, bytes + header, 1280);

    assert_int_equal(length, packet.packet_length + ICMP_HEADER);
    assert_int_equal(ip.payload_length, length);
    assert_int_equal(ip_build(&ip, bytes), header);
    assert_int_equal(ip_parse(bytes, header + length, false, &answer), LASTACK_CAUSE_NONE);
    assert_memory_equal(&answer.source, &expected, sizeof expected);
    assert_memory_equal(&answer.destination, &packet.source, sizeof expected);
    assert_int_equal(answer.ttl, 64);
    assert_true(answer.is_ipv6 || bytes[6] == 0x40); /* DF, so that id 0 is right (RFC 6864) */
    assert_int_equal(icmp_parse(&answer, false, &message), LASTACK_CAUSE_NONE);
    assert_int_equal(message.kind, ICMP_UNREACHABLE);
    assert_memory_equal(&message.quote.source, &packet.source, sizeof expected);
}

/* covers: 1122-3.3.4.2 */
static void an_error_is_a_packet_from_the_address_that_was_asked(void **state)
{
    (void)state;
    assert_error("192.0.2.9", "192.0.2.1", "192.0.2.1");
    assert_error("192.0.2.10", "198.51.100.1", "198.51.100.1");
    assert_error("2001:db8::9", "2001:db8::1", "2001:db8::1");
}

static void an_error_that_may_not_be_sent_costs_nothing(void **state)
{
    struct ip_packet packet = packet_of("192.0.2.9", "192.0.2.255");
    uint8_t bytes[ICMP_ERROR_ROOM_MIN];
    struct ip_build ip;

    (void)state;
    assert_int_equal(icmp_reply_error(&limit, &world.links, &by_link_1, &packet, &port_unreachable,
                                      SEC(1), &ip, bytes, sizeof bytes),
                     0);
    packet = packet_of("192.0.2.9", "192.0.2.1"); /* so this one still goes */
    assert_int_not_equal(icmp_reply_error(&limit, &world.links, &by_link_1, &packet,
                                          &port_unreachable, SEC(1), &ip, bytes, sizeof bytes),
                         0);
    assert_int_equal(icmp_reply_error(&limit, &world.links, &by_link_1, &packet, &port_unreachable,
                                      SEC(1), &ip, bytes, sizeof bytes),
                     0); /* and its repetition does not */
}

static bool echo(const char *source, const char *destination, const char *from)
{
    static const uint8_t data[] = "abcdefgh";
    struct ip_packet packet = packet_of(source, destination);
    struct icmp_message message = {.kind = ICMP_ECHO_REQUEST, .id = 7, .sequence = 9};
    struct lastack_address expected = address_of(from);
    struct icmp_echo answer;
    struct ip_build ip;

    message.is_ipv6 = packet.is_ipv6;
    message.body = data;
    message.body_length = 8;
    if (!icmp_reply_echo(&world.links, &by_link_1, &packet, &message, &ip, &answer))
        return false;
    assert_true(answer.is_reply);
    assert_int_equal(answer.id, 7);
    assert_int_equal(answer.sequence, 9);
    assert_ptr_equal(answer.data, data);
    assert_int_equal(answer.length, 8);
    assert_memory_equal(&answer.source, &expected, sizeof expected);
    assert_memory_equal(&ip.source, &expected, sizeof expected);
    assert_memory_equal(&answer.destination, &packet.source, sizeof expected);
    assert_memory_equal(&ip.destination, &packet.source, sizeof expected);
    assert_int_equal(ip.payload_length, 16);
    assert_int_equal(ip.traffic_class, 0x28);
    assert_int_equal(ip.protocol, packet.is_ipv6 ? 58 : 1);
    return true;
}

/* covers: 1122-3.2.2.6 4443-4.2 */
static void echo_requests_are_answered_from_the_address_they_were_sent_to(void **state)
{
    (void)state;
    assert_true(echo("192.0.2.9", "192.0.2.1", "192.0.2.1"));
    assert_true(echo("192.0.2.9", "198.51.100.1", "198.51.100.1"));
    assert_true(echo("2001:db8::9", "2001:db8::1", "2001:db8::1"));
    assert_true(echo("2001:db8::9", "ff02::1", "2001:db8::1")); /* one of the link */
    assert_false(echo("192.0.2.9", "192.0.2.255", "192.0.2.1"));
    assert_false(echo("192.0.2.9", "224.0.0.1", "192.0.2.1"));
    assert_false(echo("192.0.2.255", "192.0.2.1", "192.0.2.1"));
    assert_false(echo("::", "2001:db8::1", "2001:db8::1"));
}

static void echo_replies_are_not_answered(void **state)
{
    struct ip_packet packet = packet_of("192.0.2.9", "192.0.2.1");
    struct icmp_message message = {.kind = ICMP_ECHO_REPLY};
    struct icmp_echo answer;
    struct ip_build ip;

    (void)state;
    assert_false(icmp_reply_echo(&world.links, &by_link_1, &packet, &message, &ip, &answer));
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test_setup(silence_about_groups_and_from_nobody, set_up),
        cmocka_unit_test_setup(silence_about_errors_pieces_and_frames_to_all, set_up),
        cmocka_unit_test_setup(two_errors_may_answer_an_ipv6_multicast, set_up),
        cmocka_unit_test_setup(a_burst_of_fifty_then_one_a_millisecond, set_up),
        cmocka_unit_test_setup(one_a_second_to_each_host, set_up),
        cmocka_unit_test_setup(an_error_is_a_packet_from_the_address_that_was_asked, set_up),
        cmocka_unit_test_setup(an_error_that_may_not_be_sent_costs_nothing, set_up),
        cmocka_unit_test_setup(echo_requests_are_answered_from_the_address_they_were_sent_to,
                               set_up),
        cmocka_unit_test_setup(echo_replies_are_not_answered, set_up),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
