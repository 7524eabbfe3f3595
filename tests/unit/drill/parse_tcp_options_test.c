/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * parse_tcp_options_test.c: every option in every spelling.
 */
#include "drill_test.h"

static const struct drill_tcp *tcp(const char *options)
{
    char text[256];

    snprintf(text, sizeof text, "> S 0:0(0) %s", options);
    return &parse_action_text(text)->action.packet->tcp;
}

/* The text of the options after parsing, in one spelling. */
static void assert_options(const char *options, const char *wanted, unsigned length)
{
    const struct drill_tcp *parsed = tcp(options);
    struct text out = {0};

    script_options_text(&out, parsed);
    assert_string_equal(text_string(&out), wanted);
    assert_int_equal(parsed->options_length, length);
    text_free(&out);
    free_action();
}

static void both_dialects_say_the_same(void **state)
{
    (void)state;
    assert_options("<mss 1460,sackOK,TS val 100 ecr 0,nop,wscale 8>",
                   "<mss 1460,sackOK,TS val 100 ecr 0,nop,wscale 8>", 20);
    assert_options("<sack 1:2 3:4,nop,nop>", "<sack 1:2 3:4,nop,nop>", 20);
    assert_options("<sack 4321:5761, nop, nop>", "<sack 4321:5761,nop,nop>", 12);
    assert_options("<FO,eol,eol>", "<FO,eol,eol>", 4);
    assert_options("<FO 0203,nop,nop,nop,nop>", "<FO 0203,nop,nop,nop,nop>", 8);
    assert_options("<FOEXP>", "<FOEXP>", 4);
    assert_options("<exp-FO abcd1234>", "<FOEXP abcd1234>", 8);
    assert_options("<ECN e0b 1 ceb 2 e1b 3,nop>", "<AccECN0 ee0b 1 eceb 2 ee1b 3,nop>", 12);
    assert_options("<ECN e1b 1,nop,nop,nop>", "<AccECN1 ee1b 1,nop,nop,nop>", 8);
    assert_options("<AccECN0,nop,nop>", "<AccECN0,nop,nop>", 4);
    assert_options("<exp-AccECN1 ee1b 1 eceb 2,eol,eol>", "<exp-AccECN1 ee1b 1 eceb 2,eol,eol>",
                   12);
    assert_options("<exp-tarr>", "<exp-tarr>", 4);
    assert_options("<exp-tarr 2047,nop,nop>", "<exp-tarr 2047,nop,nop>", 8);
    assert_options("<gen-253 00ac,nop,nop,nop,nop>", "<gen-253 00ac,nop,nop,nop,nop>", 8);
    assert_options("<gen-8,nop,nop>", "<gen-8,nop,nop>", 4);
    assert_options("<exp-ABCD 01020304>", "<exp-ABCD 01020304>", 8);
    assert_options("<exp-0000ABCD 0102>", "<exp-0000ABCD 0102>", 8);
    assert_options("<020405b4>", "<020405b4>", 4);
    assert_options("<01010101>", "<01010101>", 4);
    assert_options("<md5 000102030405060708090a0b0c0d0e0f,nop,nop>",
                   "<md5 000102030405060708090a0b0c0d0e0f,nop,nop>", 20);
    assert_options("<md5 valid,nop,nop>", "<md5 valid,nop,nop>", 20);
    assert_options("<nop,nop,TS val ... ecr 5!>", "<nop,nop,TS val ... ecr 5!>", 12);
    assert_options("<...>", "<...>", 0);
}

static void a_cookie_of_digits_keeps_its_zeros(void **state)
{
    const struct drill_tcp_option *option = tcp("<FO 0102030405060708,nop,nop>")->options;
    static const uint8_t cookie[] = {1, 2, 3, 4, 5, 6, 7, 8};

    (void)state;
    assert_int_equal(option->length, 8);
    assert_memory_equal(option->bytes, cookie, 8);
    free_action();
    option =
        tcp("<FO 01020304050607080910111213141516171819202122232425262728293031323334353637,eol>")
            ->options;
    assert_int_equal(option->length, 37);
    assert_int_equal(option->bytes[36], 0x37);
    free_action();
}

static void what_is_wrong_is_refused(void **state)
{
    (void)state;
    assert_bad("0 > S 0:0(0) <mss 1460,nop>", 1, 14, "no multiple of 4");
    assert_bad("0 > S 0:0(0) <mss 65536>", 1, 19, "out of range");
    assert_bad("0 > S 0:0(0) <wscale 256,nop>", 1, 22, "out of range");
    assert_bad("0 > S 0:0(0) <sack 1:2 3:4 5:6 7:8 9:10>", 1, 36, "at most 4");
    assert_bad("0 > S 0:0(0) <sack nop>", 1, 20, "left edge");
    assert_bad("0 > S 0:0(0) <TS val 1>", 1, 23, "ecr");
    assert_bad("0 > S 0:0(0) <TS val 4294967296 ecr 1>", 1, 22, "out of range");
    assert_bad("0 > S 0:0(0) <md5 0001>", 1, 19, "32 hex digits");
    assert_bad("0 > S 0:0(0) <FO 123>", 1, 18, "even number");
    assert_bad("0 > S 0:0(0) <FO 12xy>", 1, 18, "hex digits");
    assert_bad("0 > S 0:0(0) <gen-256>", 1, 15, "0 to 255");
    assert_bad("0 > S 0:0(0) <exp-12345>", 1, 15, "4 or 8 hex digits");
    assert_bad("0 > S 0:0(0) <AccECN0 eceb 1>", 1, 23, "\">\"");
    assert_bad("0 > S 0:0(0) <ECN>", 1, 18, "e0b");
    assert_bad("0 > S 0:0(0) <ECN e0b 16777216>", 1, 23, "out of range");
    assert_bad("0 > S 0:0(0) <exp-tarr 2048,nop,nop>", 1, 24, "out of range");
    assert_bad("0 > S 0:0(0) <msss 3>", 1, 15, "a known name or raw bytes");
    assert_bad("0 > S 0:0(0) <sack 1:2 3:4 5:6 7:8,mss 1,sackOK,nop,nop>", 1, 49,
               "more than 40 bytes");
    assert_bad("0 > S 0:0(0) <>", 1, 15, "a TCP option");
    assert_bad("0 > S 0:0(0) <nop nop>", 1, 19, "\">\"");
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(both_dialects_say_the_same),
        cmocka_unit_test(a_cookie_of_digits_keeps_its_zeros),
        cmocka_unit_test(what_is_wrong_is_refused),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
