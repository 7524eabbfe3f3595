/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * ip_input_test.c: a table of sources, one of destinations, one of protocols.
 */
#include "ip_input.h"

#include "ip_fixture.h"

static struct ip_world world;

static int set_up(void **state)
{
    (void)state;
    ip_world_init(&world);
    return 0;
}

static struct ip_packet packet_of(const char *source, const char *destination, uint8_t protocol)
{
    struct ip_packet packet = {.protocol = protocol, .ttl = 64, .next_header_offset = 6};

    packet.source = address_of(source);
    packet.destination = address_of(destination);
    packet.is_ipv6 = !lastack_is_ipv4(&packet.destination);
    return packet;
}

static struct ip_verdict input(uint32_t link, const struct ip_packet *packet)
{
    struct ip_arrival arrival = {.link = link};

    return ip_input(&world.links, &arrival, LASTACK_CAUSE_NONE, packet);
}

static enum lastack_cause cause_of(uint32_t link, const char *source, const char *destination)
{
    struct ip_packet packet = packet_of(source, destination, IP_PROTOCOL_UDP);
    struct ip_verdict verdict = input(link, &packet);

    assert_int_equal(verdict.action, verdict.cause == LASTACK_CAUSE_NONE ? IP_DELIVER : IP_DROP);
    assert_false(verdict.has_error);
    return verdict.cause;
}

/* covers: 9293-MUST-63 1122-3.2.1.3-src 8200-3 */
static void impossible_sources_are_dropped(void **state)
{
    static const char *const ipv4[] = {"224.0.0.1",   "239.1.2.3",      "255.255.255.255",
                                       "192.0.2.255", "198.51.100.255", "240.0.0.1",
                                       "0.0.0.0",     "0.1.2.3",        "127.0.0.1",
                                       "127.9.9.9",   "192.0.2.1",      "198.51.100.1"};
    static const char *const ipv6[] = {"ff02::1", "ff0e::1", "::", "::1", "2001:db8::1", "fe80::1"};

    (void)state;
    for (unsigned i = 0; i < sizeof ipv4 / sizeof ipv4[0]; i++)
        assert_int_equal(cause_of(1, ipv4[i], "192.0.2.1"), LASTACK_CAUSE_DROP_BAD_SOURCE);
    for (unsigned i = 0; i < sizeof ipv6 / sizeof ipv6[0]; i++)
        assert_int_equal(cause_of(1, ipv6[i], "2001:db8::1"), LASTACK_CAUSE_DROP_BAD_SOURCE);
    assert_int_equal(cause_of(1, "192.0.2.2", "192.0.2.1"), LASTACK_CAUSE_NONE);
    assert_int_equal(cause_of(1, "2001:db8::2", "2001:db8::1"), LASTACK_CAUSE_NONE);
    assert_int_equal(cause_of(1, "203.0.113.255", "192.0.2.1"), LASTACK_CAUSE_NONE);
}

static void loopback_speaks_to_itself(void **state)
{
    (void)state;
    assert_int_equal(cause_of(0, "127.0.0.1", "127.0.0.1"), LASTACK_CAUSE_NONE);
    assert_int_equal(cause_of(0, "192.0.2.1", "127.0.0.1"), LASTACK_CAUSE_NONE);
    assert_int_equal(cause_of(0, "::1", "::1"), LASTACK_CAUSE_NONE);
    assert_int_equal(cause_of(0, "224.0.0.1", "127.0.0.1"), LASTACK_CAUSE_DROP_BAD_SOURCE);
}

/* covers: 1122-3.2.1.3-dst */
static void what_is_for_others_is_dropped(void **state)
{
    static const char *const ipv4[] = {"192.0.2.2", "203.0.113.1", "127.0.0.1", "224.0.0.251",
                                       "0.0.0.0"};
    static const char *const ipv6[] = {"2001:db8::2", "::1", "ff02::2", "ff02::1:ff00:2", "::"};

    (void)state;
    for (unsigned i = 0; i < sizeof ipv4 / sizeof ipv4[0]; i++)
        assert_int_equal(cause_of(1, "192.0.2.9", ipv4[i]), LASTACK_CAUSE_DROP_NOT_OURS);
    for (unsigned i = 0; i < sizeof ipv6 / sizeof ipv6[0]; i++)
        assert_int_equal(cause_of(1, "2001:db8::9", ipv6[i]), LASTACK_CAUSE_DROP_NOT_OURS);
    assert_int_equal(cause_of(2, "192.0.2.9", "192.0.2.1"),
                     LASTACK_CAUSE_NONE); /* by another link */
}

/* covers: 9293-MUST-57 */
static void groups_are_for_datagrams_only(void **state)
{
    static const char *const groups[] = {"192.0.2.255", "255.255.255.255", "224.0.0.1", "ff02::1",
                                         "ff02::1:ff00:1"};

    (void)state;
    for (unsigned i = 0; i < sizeof groups / sizeof groups[0]; i++) {
        const char *source = i < 3 ? "192.0.2.9" : "2001:db8::9";
        struct ip_packet packet = packet_of(source, groups[i], IP_PROTOCOL_UDP);
        struct ip_verdict verdict = input(1, &packet);
        assert_int_equal(verdict.action, IP_DELIVER);
        assert_true(verdict.is_group);
        packet.protocol = IP_PROTOCOL_TCP;
        verdict = input(1, &packet);
        assert_int_equal(verdict.action, IP_DROP);
        assert_int_equal(verdict.cause, LASTACK_CAUSE_DROP_TCP_ADDRESS);
        assert_false(verdict.has_error);
    }
}

static void a_frame_to_all_brings_no_packet_to_one(void **state)
{
    struct ip_packet packet = packet_of("192.0.2.9", "192.0.2.1", IP_PROTOCOL_UDP);
    struct ip_arrival arrival = {.link = 1, .is_group_frame = true};

    (void)state;
    assert_int_equal(ip_input(&world.links, &arrival, 0, &packet).cause,
                     LASTACK_CAUSE_DROP_ETHERNET);
    packet.destination = address_of("192.0.2.255");
    assert_int_equal(ip_input(&world.links, &arrival, 0, &packet).action, IP_DELIVER);
}

/* covers: 1122-3.2.1.7 */
static void a_time_to_live_of_nothing_is_no_reason_to_drop(void **state)
{
    struct ip_packet packet = packet_of("192.0.2.9", "192.0.2.1", IP_PROTOCOL_TCP);

    (void)state;
    for (uint8_t ttl = 0; ttl < 3; ttl++) {
        packet.ttl = ttl;
        assert_int_equal(input(1, &packet).action, IP_DELIVER);
    }
}

/* covers: 1122-3.2.2.1 8200-4-ext */
static void unknown_protocols_are_told_so(void **state)
{
    struct ip_packet ipv4 = packet_of("192.0.2.9", "192.0.2.1", 0);
    struct ip_packet ipv6 = packet_of("2001:db8::9", "2001:db8::1", 0);

    (void)state;
    for (unsigned protocol = 0; protocol < 256; protocol++) {
        struct ip_verdict verdict;
        ipv4.protocol = ipv6.protocol = (uint8_t)protocol;
        verdict = input(1, &ipv4);
        if (protocol == 1 || protocol == 6 || protocol == 17) {
            assert_int_equal(verdict.action, IP_DELIVER);
        } else {
            assert_int_equal(verdict.cause, LASTACK_CAUSE_DROP_NO_PROTOCOL);
            assert_true(verdict.has_error && verdict.error.type == 3 && verdict.error.code == 2);
        }
        verdict = input(1, &ipv6);
        if (protocol == 58 || protocol == 6 || protocol == 17) {
            assert_int_equal(verdict.action, IP_DELIVER);
        } else if (protocol == 59) {
            assert_int_equal(verdict.cause, LASTACK_CAUSE_DROP_NOT_INTERESTING);
            assert_false(verdict.has_error);
        } else {
            assert_int_equal(verdict.cause, LASTACK_CAUSE_DROP_NO_PROTOCOL);
            assert_true(verdict.has_error && verdict.error.type == 4 && verdict.error.code == 1);
            assert_int_equal(verdict.error.value, 6); /* where the number stands */
        }
    }
}

static void only_neighbour_discovery_may_come_from_nobody(void **state)
{
    struct ip_packet packet = packet_of("::", "ff02::1:ff00:1", IP_PROTOCOL_ICMPV6);

    (void)state;
    assert_int_equal(input(1, &packet).action, IP_DELIVER);
    packet.protocol = IP_PROTOCOL_UDP;
    assert_int_equal(input(1, &packet).cause, LASTACK_CAUSE_DROP_BAD_SOURCE);
}

static void fragments_go_to_reassembly(void **state)
{
    struct ip_packet packet = packet_of("192.0.2.9", "192.0.2.1", IP_PROTOCOL_TCP);

    (void)state;
    packet.is_fragment = true;
    assert_int_equal(input(1, &packet).action, IP_REASSEMBLE);
    assert_false(input(1, &packet).is_group);
    packet.destination = address_of("192.0.2.255");
    assert_true(input(1, &packet).is_group);
    packet.destination = address_of("192.0.2.3"); /* but only ours */
    assert_int_equal(input(1, &packet).cause, LASTACK_CAUSE_DROP_NOT_OURS);
}

/* covers: 8200-4.2 */
static void refusals_of_the_parser_become_problems(void **state)
{
    static const struct {
        enum ip_problem problem;
        const char *destination;
        bool is_told;
    } cases[] = {
        {IP_PROBLEM_SILENT, "2001:db8::1", false},
        {IP_PROBLEM_ANSWER, "2001:db8::1", true},
        {IP_PROBLEM_ANSWER_UNICAST, "2001:db8::1", true},
        {IP_PROBLEM_SILENT, "ff02::1", false},
        {IP_PROBLEM_ANSWER, "ff02::1", true},
        {IP_PROBLEM_ANSWER_UNICAST, "ff02::1", false},
        {IP_PROBLEM_ANSWER, "2001:db8::2", false}, /* not ours */
    };
    struct ip_arrival arrival = {.link = 1};

    (void)state;
    for (unsigned i = 0; i < sizeof cases / sizeof cases[0]; i++) {
        struct ip_packet packet = packet_of("2001:db8::9", cases[i].destination, 60);
        struct ip_verdict verdict;
        packet.problem = (uint8_t)cases[i].problem;
        packet.problem_code = 2;
        packet.problem_pointer = 44;
        verdict = ip_input(&world.links, &arrival, LASTACK_CAUSE_DROP_IP_OPTION, &packet);
        assert_int_equal(verdict.action, IP_DROP);
        assert_int_equal(verdict.has_error, cases[i].is_told);
        if (cases[i].is_told) {
            assert_int_equal(verdict.cause, LASTACK_CAUSE_DROP_IP_OPTION);
            assert_true(verdict.error.type == 4 && verdict.error.code == 2);
            assert_int_equal(verdict.error.value, 44);
        }
    }
}

static void refused_fragments_and_source_routes_are_problems_too(void **state)
{
    static const enum lastack_cause causes[] = {LASTACK_CAUSE_DROP_FRAGMENT,
                                                LASTACK_CAUSE_DROP_SOURCE_ROUTE};
    struct ip_packet packet = packet_of("192.0.2.9", "192.0.2.1", IP_PROTOCOL_UDP);
    struct ip_arrival arrival = {.link = 1};

    (void)state;
    packet.problem = IP_PROBLEM_ANSWER_UNICAST;
    packet.problem_pointer = 20;
    for (unsigned i = 0; i < 2; i++) {
        struct ip_verdict verdict = ip_input(&world.links, &arrival, causes[i], &packet);
        assert_int_equal(verdict.cause, causes[i]);
        assert_true(verdict.has_error && verdict.error.type == 12 && verdict.error.code == 0);
        assert_int_equal(verdict.error.value, 20);
    }
}

static void refusals_before_the_addresses_are_just_counted(void **state)
{
    static const enum lastack_cause causes[] = {
        LASTACK_CAUSE_DROP_SHORT,       LASTACK_CAUSE_DROP_NOT_IP,    LASTACK_CAUSE_DROP_IP_HEADER,
        LASTACK_CAUSE_DROP_IP_CHECKSUM, LASTACK_CAUSE_DROP_IP_LENGTH, LASTACK_CAUSE_DROP_BAD_SOURCE,
    };
    struct ip_arrival arrival = {.link = 1};
    struct ip_packet packet = {.header = NULL};

    (void)state;
    for (unsigned i = 0; i < sizeof causes / sizeof causes[0]; i++) {
        struct ip_verdict verdict = ip_input(&world.links, &arrival, causes[i], &packet);
        assert_int_equal(verdict.action, IP_DROP);
        assert_int_equal(verdict.cause, causes[i]);
        assert_false(verdict.has_error);
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test_setup(impossible_sources_are_dropped, set_up),
        cmocka_unit_test_setup(loopback_speaks_to_itself, set_up),
        cmocka_unit_test_setup(what_is_for_others_is_dropped, set_up),
        cmocka_unit_test_setup(groups_are_for_datagrams_only, set_up),
        cmocka_unit_test_setup(a_frame_to_all_brings_no_packet_to_one, set_up),
        cmocka_unit_test_setup(a_time_to_live_of_nothing_is_no_reason_to_drop, set_up),
        cmocka_unit_test_setup(unknown_protocols_are_told_so, set_up),
        cmocka_unit_test_setup(only_neighbour_discovery_may_come_from_nobody, set_up),
        cmocka_unit_test_setup(fragments_go_to_reassembly, set_up),
        cmocka_unit_test_setup(refusals_of_the_parser_become_problems, set_up),
        cmocka_unit_test_setup(refused_fragments_and_source_routes_are_problems_too, set_up),
        cmocka_unit_test_setup(refusals_before_the_addresses_are_just_counted, set_up),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
