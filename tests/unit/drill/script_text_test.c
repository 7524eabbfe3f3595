/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * script_text_test.c: parse(print(parse(x))) equals parse(x), for every form of the language.
 */
#include "drill_test.h"

/* One line for every form that a script can have. */
static const char everything[] =
    "--ip_version=ipv4-mapped-ipv6\n--bind_port=81\n--connect_port=82\n--local_ip=192.0.2.5\n"
    "--remote_ip=198.51.100.1/"
    "24\n--gateway_ip=192.0.2.6\n--netmask_ip=255.255.0.0\n--mtu=1400\n--mss=900\n"
    "--tolerance_usecs=10000\n--tolerance_percent=2.5\n--tcp_ts_tick_usecs=1000\n--tcp_ts_ecr_"
    "scaled\n"
    "--strict_segments\n--non_fatal=packet,syscall\n--dry_run\n--is_anyip\n--verbose\n"
    "--udp_encapsulation=tcp\n--tcp_md5_secret=abc\n--define=A_WORD=foo\n--define=A_TEXT=\"a "
    "b\"\n--define=NUMBER=12\n"
    "`init\ncommand`\n"
    "0 socket(..., SOCK_STREAM, IPPROTO_TCP) = 3\n"
    "+0 sendmsg(4, {msg_name(...)=..., msg_iov(1)=[{..., 5}], msg_flags=0,\n"
    "   msg_control=[{cmsg_level=SOL_TCP, cmsg_type=A_WORD, cmsg_data=A_TEXT}]}, NUMBER|MSG_MORE) "
    "= 5\n"
    "+.1...0.25 read(4, NULL, 0x10) = -1 EAGAIN (try (it) again)\n"
    "+0 x(\"a\"..., {events=EPOLLIN|EPOLLET, fd=-4}, htons(80), []) = 0 (note)\n"
    "+0 < S 0:0(0) win 32792 <mss 1000,sackOK,nop,nop,nop,wscale 7>\n"
    "+0~+.5 > [ect0] S. 0:0(0) ack 1 <...>\n"
    "* > (dscp af11,ecn ect01,flowlabel 0x12,hlim 3) P.5 1:2001(2000)! ack 1 win 3 urg 9\n"
    "+0 < [ttl 3] 1 > 2 - 1:1(0) win 1 <TS val 5 ecr 6!,sack 1:2 3:4,nop,nop,nop,nop>\n"
    "2~3 > S. ...(7) ack 0 <TS val ... ecr 0,FO,FO 01ff,FOEXP,exp-FO 12,nop,nop,nop>/udp(5 > 6)\n"
    "+0 > SEWA 9:9(0) <md5 000102030405060708090a0b0c0d0e0f,nop,nop,md5 valid,eol,eol>\n"
    "+0 > U 9:9(0) <AccECN0 ee0b 1 eceb 2,AccECN1,exp-AccECN0 ee0b 1 eceb 2 ee1b 3,nop>\n"
    "+0 > R 9:9(0) <exp-tarr,exp-tarr 9,gen-9 aa,gen-3,exp-ABCD 77,exp-01234567,020405b4,nop,nop>\n"
    "+0 < ipv4 [ce] 192.0.2.1 > 192.0.2.2: gre: mpls (label 1, tc 2, [S], ttl 3) (label 4, tc 5, "
    "ttl 6):\n"
    "   ipv6 2001:db8::1 > 2001:db8::2: gre flags 0x10, sum 1, off 2, key = 3, seq 4: encap psp "
    "spi 9\n"
    "   . 1:1(0) ack 1 win 1\n"
    "+0 < udp 53 > 54 (100)\n+0 > udplite (100, 8)\n"
    "+0 < icmp unreachable frag_needed mtu 1400 [0:10(10)/udp(1 > 2)]\n"
    "+0 < icmp echo_request id 7 [raw(100)]\n+0 < icmp type_3 code_4 [udp(5)]\n"
    "+0 < icmp unreachable [udplite(5, 6)]\n+0 < icmp time_exceeded\n"
    "+0 %{ x = (1, 'a' if 2 else 3.5)\nassert not x != -1 <= 2 or ~x in [y ** 2], 'm%d' % 3 }%\n"
    "+1 `command`\n`clean\nup`\n";

static void every_form_survives_printing(void **state)
{
    struct drill_settings settings;
    struct drill_script script;

    (void)state;
    drill_settings_init(&settings, DRILL_LINUX);
    parse_good(everything, DRILL_LINUX, &script);
    assert_int_equal(script.event_count, 22);
    assert_round_trip(&script, &settings);
    drill_script_free(&script);
}

/* The comparison must see a difference in any single character that means something. */
static void the_comparison_is_not_blind(void **state)
{
    size_t length = strlen(everything);
    struct drill_settings settings;
    struct drill_script script;
    unsigned seen = 0, digits = 0;

    (void)state;
    drill_settings_init(&settings, DRILL_LINUX);
    parse_good(everything, DRILL_LINUX, &script);
    for (size_t i = 0; i < length; i++) {
        char changed[sizeof everything];
        struct script_error error;
        struct drill_script other;

        if (everything[i] < '1' || everything[i] > '8')
            continue;
        digits++;
        memcpy(changed, everything, sizeof changed);
        changed[i]++;
        if (!drill_parse("changed.pkt", changed, length, &settings, &other, &error)) {
            seen++; /* it does not even parse */
            continue;
        }
        if (script_equal(&script, &other))
            fail_msg("no difference seen in: %.*s", 40, changed + (i > 20 ? i - 20 : 0));
        seen++;
        drill_script_free(&other);
    }
    assert_true(digits > 150);
    assert_int_equal(seen, digits);
    drill_script_free(&script);
}

static void times_lose_their_last_zeros(void **state)
{
    struct text out = {0};

    (void)state;
    script_time_text(&out, 1500000);
    text_add(&out, " ");
    script_time_text(&out, 0);
    text_add(&out, " ");
    script_time_text(&out, 10000001);
    assert_string_equal(text_string(&out), "1.5 0 10.000001");
    text_free(&out);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(every_form_survives_printing),
        cmocka_unit_test(the_comparison_is_not_blind),
        cmocka_unit_test(times_lose_their_last_zeros),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
