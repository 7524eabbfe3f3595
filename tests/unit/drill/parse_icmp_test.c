/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * parse_icmp_test.c: ICMP lines, and the numbers behind the names.
 */
#include "drill_test.h"
#include "icmp_names.h"

static const struct drill_icmp *icmp(const char *text)
{
    char action[128];

    snprintf(action, sizeof action, "< icmp %s", text);
    return &parse_action_text(action)->action.packet->icmp;
}

static void fields_and_quotes(void **state)
{
    const struct drill_icmp *p = icmp("unreachable frag_needed mtu 1400 [0:1440(1440)]");

    (void)state;
    assert_string_equal(p->type, "unreachable");
    assert_string_equal(p->code, "frag_needed");
    assert_true(p->has_mtu);
    assert_int_equal(p->mtu, 1400);
    assert_int_equal(p->quote, QUOTE_TCP);
    assert_int_equal(p->quote_length, 1440);
    free_action();
    p = icmp("packet_too_big mtu 1280 [4294967295:4294967295(0)/udp(1 > 9811)]");
    assert_null(p->code);
    assert_int_equal(p->quote_seq, UINT32_MAX);
    assert_true(p->quote_in_udp);
    assert_int_equal(p->quote_udp_destination, 9811);
    free_action();
    p = icmp("echo_request id 12 [raw(100)]");
    assert_true(p->has_id);
    assert_int_equal(p->quote, QUOTE_RAW);
    free_action();
    assert_int_equal(icmp("unreachable port_unreachable [udp(1000)]")->quote, QUOTE_UDP);
    free_action();
    p = icmp("unreachable port_unreachable [udplite(1000, 8)]");
    assert_int_equal(p->quote, QUOTE_UDPLITE);
    assert_int_equal(p->quote_coverage, 8);
    free_action();
    assert_int_equal(icmp("time_exceeded")->quote, QUOTE_NONE);
    free_action();
    assert_string_equal(icmp("unreachable CODE")->code, "host_unreachable");
    free_action();
}

static void assert_numbers(bool is_ipv6, const char *type, const char *code, int type_number,
                           int code_number)
{
    uint8_t t, c;
    bool known = icmp_numbers(is_ipv6, type, code, &t, &c);

    assert_int_equal(known, type_number >= 0);
    if (!known)
        return;
    assert_int_equal(t, type_number);
    assert_int_equal(c, code_number);
}

static void names_have_numbers_by_family(void **state)
{
    (void)state;
    assert_numbers(false, "unreachable", "host_unreachable", 3, 1);
    assert_numbers(false, "unreachable", "packet_filtered", 3, 13);
    assert_numbers(false, "time_exceeded", "ttl_exceeded_in_transit", 11, 0);
    assert_numbers(false, "source_quench", NULL, 4, 0);
    assert_numbers(false, "parameter_problem", "code_1", 12, 1);
    assert_numbers(false, "packet_too_big", NULL, -1, 0);
    assert_numbers(false, "unreachable", "no_route", -1, 0);
    assert_numbers(false, "type_3", "code_15", 3, 15);
    assert_numbers(false, "type_256", NULL, -1, 0);
    assert_numbers(true, "unreachable", "port_unreachable", 1, 4);
    assert_numbers(true, "packet_too_big", NULL, 2, 0);
    assert_numbers(true, "time_exceeded", "exceeded_hop_limit", 3, 0);
    assert_numbers(true, "parameter_problem", "unknown_next_header", 4, 1);
    assert_numbers(true, "echo_reply", NULL, 129, 0);
    assert_numbers(true, "unreachable", "host_unreachable", -1, 0);
    assert_true(icmp_has_type(true, "type_200"));
    assert_false(icmp_has_type(true, "source_quench"));
}

static void what_is_wrong_is_refused(void **state)
{
    (void)state;
    assert_bad("0 < icmp", 1, 9, "an ICMP type");
    assert_bad("0 < icmp nonsense", 1, 10, "no ICMP type");
    assert_bad("0 < icmp unreachable nonsense", 1, 22, "no code of unreachable");
    assert_bad("0 < icmp unreachable frag_needed mtu x", 1, 38, "the MTU");
    assert_bad("0 < icmp unreachable [1:2(3)]", 1, 23, "are not 3 bytes");
    assert_bad("0 < icmp unreachable [sctp(1)]", 1, 23, "SCTP is not supported");
    assert_bad("0 < icmp unreachable [udp(70000)]", 1, 27, "out of range");
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(fields_and_quotes),
        cmocka_unit_test(names_have_numbers_by_family),
        cmocka_unit_test(what_is_wrong_is_refused),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
