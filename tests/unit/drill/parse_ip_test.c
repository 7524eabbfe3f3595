/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * parse_ip_test.c: traffic class, TTL, flow label, and the headers outside.
 */
#include "drill_test.h"

static struct drill_ip_info info(const char *text)
{
    struct drill_ip_info result;
    char action[128];

    snprintf(action, sizeof action, "> %s . 1:1(0) ack 1", text);
    result = parse_action_text(action)->action.packet->ip;
    free_action();
    return result;
}

static void traffic_class_in_every_spelling(void **state)
{
    static const struct {
        const char *text;
        enum drill_tos_check check;
        uint8_t tos;
    } cases[] = {
        {"", TOS_UNCHECKED, 0},
        {"[noecn]", TOS_ECN, 0},
        {"[ect1]", TOS_ECN, 1},
        {"[ect0]", TOS_ECN, 2},
        {"(ce)", TOS_ECN, 3},
        {"[ecn ce]", TOS_ECN, 3},
        {"[ect01]", TOS_ECT01, 0},
        {"(tos 0xe0)", TOS_WHOLE, 0xe0},
        {"(class 0x21)", TOS_WHOLE, 0x21},
        {"[dscp cs1]", TOS_DSCP, 0x20},
        {"[dscp AF43]", TOS_DSCP, 0x98},
        {"[dscp ef]", TOS_DSCP, 0xb8},
        {"[dscp voice-admit]", TOS_DSCP, 0xb0},
        {"[dscp LE]", TOS_DSCP, 0x04},
        {"[dscp 0x2e, ecn ect0]", TOS_WHOLE, 0xba},
        {"[dscp ef, ecn ect01]", TOS_DSCP_ECT01, 0xb8},
    };

    (void)state;
    for (size_t i = 0; i < sizeof cases / sizeof cases[0]; i++) {
        struct drill_ip_info ip = info(cases[i].text);

        assert_int_equal(ip.tos_check, cases[i].check);
        assert_int_equal(ip.tos, cases[i].tos);
    }
}

static void ttl_and_flow_label(void **state)
{
    struct drill_ip_info ip = info("[tos 0x02,flowlabel 0xfffff,hlim 3]");

    (void)state;
    assert_true(ip.has_ttl && ip.has_flow_label);
    assert_int_equal(ip.ttl, 3);
    assert_int_equal(ip.flow_label, 0xfffff);
    assert_int_equal(ip.tos, 2);
    ip = info("(ttl 64)");
    assert_int_equal(ip.ttl, 64);
    assert_false(ip.has_flow_label);
}

static void prefixes_are_kept_in_order(void **state)
{
    const struct drill_prefix *p =
        parse_action_text("> ipv4 [ttl 3] 192.0.2.1 > 198.51.100.2: gre flags [checksum present, "
                          "sequence# present], "
                          "sum 1, off 2, key = 3, seq 4: mpls (label 16, tc 1, ttl 2) (label 17, "
                          "tc 0, [S], ttl 9): "
                          "ipv6 2001:db8::1 > 2001:db8::2: encap psp spi 7 S 0:0(0)")
            ->action.packet->prefixes;

    (void)state;
    assert_int_equal(p->kind, PREFIX_IPV4);
    assert_int_equal(p->ip.ttl, 3);
    assert_string_equal(p->source, "192.0.2.1");
    assert_string_equal(p->destination, "198.51.100.2");
    p = p->next;
    assert_int_equal(p->kind, PREFIX_GRE);
    assert_int_equal(p->flags, 0x9000);
    assert_int_equal(p->sum + 10 * p->offset + 100 * p->key + 1000 * p->seq, 4321);
    p = p->next;
    assert_int_equal(p->kind, PREFIX_MPLS);
    assert_int_equal(p->labels->label, 16);
    assert_false(p->labels->is_bottom);
    assert_true(p->labels->next->is_bottom);
    assert_int_equal(p->labels->next->ttl, 9);
    p = p->next;
    assert_int_equal(p->kind, PREFIX_IPV6);
    assert_string_equal(p->destination, "2001:db8::2");
    p = p->next;
    assert_int_equal(p->kind, PREFIX_PSP);
    assert_int_equal(p->spi, 7);
    assert_null(p->next);
    free_action();
    assert_false(parse_action_text("< gre: S 0:0(0) win 1")->action.packet->prefixes->has_fields);
    free_action();
}

static void what_is_wrong_is_refused(void **state)
{
    (void)state;
    assert_bad("0 < [ect01] . 1:1(0) win 1", 1, 3, "only in outbound");
    assert_bad("0 > [ect2] . 1:1(0)", 1, 6, "expected tos");
    assert_bad("0 > [tos 12] . 1:1(0)", 1, 10, "as 0x..");
    assert_bad("0 > [tos 0x100] . 1:1(0)", 1, 10, "out of range");
    assert_bad("0 > [tos 0x10,dscp ef] . 1:1(0)", 1, 15, "given twice");
    assert_bad("0 > [ect0,ect1] . 1:1(0)", 1, 11, "given twice");
    assert_bad("0 > [ttl 256] . 1:1(0)", 1, 10, "out of range");
    assert_bad("0 > [flowlabel 0x100000] . 1:1(0)", 1, 16, "out of range");
    assert_bad("0 > [ttl 3) . 1:1(0)", 1, 11, "\"]\"");
    assert_bad("0 > ipv4 2001:db8::1 > 192.0.2.1: S 0:0(0)", 1, 10, "IPv4 address");
    assert_bad("0 > ipv6 192.0.2.1 > 2001:db8::1: S 0:0(0)", 1, 10, "IPv6 address");
    assert_bad("0 > mpls (label 1048576, tc 1, ttl 2): S 0:0(0)", 1, 17, "out of range");
    assert_bad("0 > gre flags x: S 0:0(0)", 1, 15, "GRE flags");
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(traffic_class_in_every_spelling),
        cmocka_unit_test(ttl_and_flow_label),
        cmocka_unit_test(prefixes_are_kept_in_order),
        cmocka_unit_test(what_is_wrong_is_refused),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
