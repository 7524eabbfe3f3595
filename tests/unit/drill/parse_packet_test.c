/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * parse_packet_test.c: TCP, UDP and what surrounds them.
 */
#include "drill_test.h"

static const struct drill_packet *packet(const char *text)
{
    const struct drill_event *event = parse_action_text(text);

    assert_int_equal(event->kind, EVENT_PACKET);
    return event->action.packet;
}

static void a_segment_has_its_fields(void **state)
{
    const struct drill_packet *p;

    (void)state;
    p = packet("< P. 1:1001(1000) ack 7 win 257 urg 3 <nop,nop,TS val 1 ecr 2>");
    assert_int_equal(p->direction, DRILL_IN);
    assert_int_equal(p->protocol, DRILL_TCP);
    assert_int_equal(p->tcp.flags, LASTACK_PSH | LASTACK_ACK);
    assert_int_equal(p->tcp.ace, -1);
    assert_int_equal(p->tcp.seq, 1);
    assert_int_equal(p->tcp.length, 1000);
    assert_true(p->tcp.has_ack);
    assert_int_equal(p->tcp.ack, 7);
    assert_int_equal(p->tcp.window, 257);
    assert_int_equal(p->tcp.urgent, 3);
    assert_int_equal(p->tcp.options_length, 12);
    assert_false(p->has_ports);
    free_action();
    p = packet(">R 1:1(0)");
    assert_int_equal(p->direction, DRILL_OUT);
    assert_false(p->tcp.has_ack);
    assert_int_equal(p->tcp.window, -1);
    assert_int_equal(p->tcp.options_length, 0);
    free_action();
}

static void flags_in_every_spelling(void **state)
{
    static const struct {
        const char *text;
        uint16_t flags;
        int ace;
    } cases[] = {
        {"S", LASTACK_SYN, -1},
        {"S.", LASTACK_SYN | LASTACK_ACK, -1},
        {".", LASTACK_ACK, -1},
        {"-", 0, -1},
        {"FP.", LASTACK_FIN | LASTACK_PSH | LASTACK_ACK, -1},
        {"SEW", LASTACK_SYN | LASTACK_ECE | LASTACK_CWR, -1},
        {"SEWA", LASTACK_SYN | LASTACK_ECE | LASTACK_CWR | LASTACK_AE, -1},
        {"S.E", LASTACK_SYN | LASTACK_ACK | LASTACK_ECE, -1},
        {"U.", LASTACK_URG | LASTACK_ACK, -1},
        {"R.", LASTACK_RST | LASTACK_ACK, -1},
        {".5", LASTACK_ACK, 5},
        {"P.0", LASTACK_PSH | LASTACK_ACK, 0},
    };

    (void)state;
    for (size_t i = 0; i < sizeof cases / sizeof cases[0]; i++) {
        const struct drill_packet *p;
        char text[80];

        snprintf(text, sizeof text, "< %s 0:0(0) win 1", cases[i].text);
        p = packet(text);
        assert_int_equal(p->tcp.flags, cases[i].flags);
        assert_int_equal(p->tcp.ace, cases[i].ace);
        free_action();
    }
}

static void numbers_may_be_absolute_or_ignored(void **state)
{
    const struct drill_packet *p = packet("> R. 0:0(0)! ack 3 win 0");

    (void)state;
    assert_true(p->tcp.seq_absolute);
    free_action();
    p = packet("> S. ...(10) ack 4 win 65535 <mss 1452>/udp(9811 > 2)");
    assert_true(p->tcp.seq_ignored);
    assert_int_equal(p->tcp.length, 10);
    assert_true(p->in_udp);
    assert_int_equal(p->udp_source, 9811);
    assert_int_equal(p->udp_destination, 2);
    free_action();
    p = packet("> P. 4294967290:4(10) ack 1");
    assert_int_equal(p->tcp.seq, 4294967290u);
    assert_int_equal(p->tcp.length, 10);
    free_action();
}

static void ports_and_udp(void **state)
{
    const struct drill_packet *p = packet("< 53 > 1234 S 0:0(0) win 1");

    (void)state;
    assert_true(p->has_ports);
    assert_int_equal(p->source_port, 53);
    assert_int_equal(p->destination_port, 1234);
    free_action();
    p = packet("> udp (1000)");
    assert_int_equal(p->protocol, DRILL_UDP);
    assert_int_equal(p->udp_length, 1000);
    free_action();
    p = packet("< udp 53 > 1234 (0)");
    assert_true(p->has_ports);
    assert_int_equal(p->destination_port, 1234);
    free_action();
    p = packet("> udplite (100, 8)");
    assert_int_equal(p->protocol, DRILL_UDPLITE);
    assert_int_equal(p->udp_coverage, 8);
    free_action();
}

static void what_is_wrong_is_refused(void **state)
{
    (void)state;
    assert_bad("0 < S 0:0(0)", 1, 3, "needs a window");
    assert_bad("0 < S 0:0(0) win 1 <...>", 1, 3, "only in outbound");
    assert_bad("0 < S ...(0) win 1", 1, 3, "only in outbound");
    assert_bad("0 < X 0:0(0) win 1", 1, 5, "TCP flags");
    assert_bad("0 < SS 0:0(0) win 1", 1, 5, "given twice");
    assert_bad("0 < .8 0:0(0) win 1", 1, 5, "ACE");
    assert_bad("0 < .12 0:0(0) win 1", 1, 5, "ACE");
    assert_bad("0 < PE.3 0:0(0) win 1", 1, 7, "ACE");
    assert_bad("0 < . 1:100(98) win 1", 1, 7, "are not 98 bytes");
    assert_bad("0 < . 1:4294967297(0) win 1", 1, 9, "out of range");
    assert_bad("0 < . 1:1(0) ack -1 win 1", 1, 18, "out of range");
    assert_bad("0 < . 1:1(0) win 65536", 1, 18, "out of range");
    assert_bad("0 < . 1:1(0) win 1 urg 70000", 1, 24, "out of range");
    assert_bad("0 < 70000 > 1 . 1:1(0) win 1", 1, 5, "out of range");
    assert_bad("0 < . ack 1 win 1", 1, 7, "sequence range");
    assert_bad("0 < udp", 1, 8, "\"(\"");
    assert_bad("0 < udp (65536)", 1, 10, "out of range");
    assert_bad("0 < sctp: INIT", 1, 5, "SCTP is not supported");
    assert_bad("0 < . 1:1(0) win 1 {mut ip 1}", 1, 20, "mutations");
    assert_bad("0 > . 1:1(0) ack 1/tcp(1 > 2)", 1, 20, "udp");
    assert_bad("0 > . 1:1(0) ack 1/udp(1 > 70000)", 1, 28, "out of range");
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(a_segment_has_its_fields),
        cmocka_unit_test(flags_in_every_spelling),
        cmocka_unit_test(numbers_may_be_absolute_or_ignored),
        cmocka_unit_test(ports_and_udp),
        cmocka_unit_test(what_is_wrong_is_refused),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
