/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * address_test.c: texts of RFC 5952 both ways, and the parser against the C library's inet_pton on
 * mutated texts.
 */
#include <lastack/address.h>

#include "rng.h"

#include <arpa/inet.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stdio.h>
#include <string.h>

#include <cmocka.h>

struct form {
    const char *text;      /* as read */
    const char *canonical; /* as written; NULL: the same */
};

static const struct form forms[] = {
    {"0.0.0.0", NULL},
    {"255.255.255.255", NULL},
    {"192.0.2.1", NULL},
    {"10.0.0.100", NULL},
    {"::", NULL},
    {"::1", NULL},
    {"1::", NULL},
    {"::ffff:192.0.2.1", "192.0.2.1"},
    {"::FFFF:c000:201", "192.0.2.1"},
    {"::192.0.2.1", "::c000:201"},
    {"64:ff9b::192.0.2.33", "64:ff9b::c000:221"},
    /* RFC 5952 §4.1: no leading zeros; §4.3: lower case */
    {"2001:0DB8:0000:0000:0001:0000:0000:0001", "2001:db8::1:0:0:1"},
    /* §4.2.1: as short as can be; §4.2.2: not for one group */
    {"2001:db8:0:0:0:0:2:1", "2001:db8::2:1"},
    {"2001:db8::1:1:1:1:1", "2001:db8:0:1:1:1:1:1"},
    /* §4.2.3: the longest run, the first of equals */
    {"2001:0:0:1:0:0:0:1", "2001:0:0:1::1"},
    {"2001:db8:0:0:1:0:0:1", "2001:db8::1:0:0:1"},
    {"0:0:1:2:3:4:5:6", "::1:2:3:4:5:6"},
    {"1:2:3:4:5:6:0:0", "1:2:3:4:5:6::"},
    {"1:2:3:4:5:6:7::", "1:2:3:4:5:6:7:0"},
    {"fe80::1:2:3:4", NULL},
    {"ffff:ffff:ffff:ffff:ffff:ffff:ffff:ffff", NULL},
};

static const char *const refused[] = {
    "",
    ".",
    ":",
    ":::",
    "1",
    "1.2.3",
    "1.2.3.4.5",
    "1.2.3.256",
    "01.2.3.4",
    "1.2.3.4 ",
    " 1.2.3.4",
    "1.2.3.",
    "1..2.3",
    "1.2.3.-4",
    "1:2:3:4:5:6:7",
    "1:2:3:4:5:6:7:8:9",
    "1:2:3:4:5:6:7:8::",
    "::1::",
    "1::2::3",
    "12345::",
    ":1:2:3:4:5:6:7",
    "1:2:3:4:5:6:7:",
    "g::",
    "::1%eth0",
    "::1/64",
    "1:2:3:4:5:6:7:1.2.3.4",
    "1:2:3:4:5:6:7::8",
    "::1.2.3",
    "1.2.3.4::",
    "[::1]",
    "::1.2.3.4.5",
    "::1.2.3.4:5",
};

static void texts_both_ways(void **state)
{
    (void)state;
    for (unsigned i = 0; i < sizeof forms / sizeof forms[0]; i++) {
        const char *expected = forms[i].canonical != NULL ? forms[i].canonical : forms[i].text;
        struct lastack_address address, again;
        char text[LASTACK_ADDRESS_TEXT];

        assert_true(lastack_address_parse(forms[i].text, &address));
        assert_int_equal(lastack_address_text(&address, text, sizeof text), strlen(expected));
        assert_string_equal(text, expected);
        assert_true(lastack_address_parse(text, &again));
        assert_true(lastack_address_equal(&address, &again));
    }
}

static void what_is_no_address_is_refused(void **state)
{
    (void)state;
    for (unsigned i = 0; i < sizeof refused / sizeof refused[0]; i++) {
        struct lastack_address address;

        if (lastack_address_parse(refused[i], &address))
            fail_msg("taken: \"%s\"", refused[i]);
    }
}

/* inet_pton's view of a text, in our one form. */
static bool library_parses(const char *text, struct lastack_address *address)
{
    uint8_t ipv4[4];

    if (inet_pton(AF_INET, text, ipv4) == 1) {
        *address = lastack_ipv4(ipv4[0], ipv4[1], ipv4[2], ipv4[3]);
        return true;
    }
    return inet_pton(AF_INET6, text, address->bytes) == 1;
}

static void parser_agrees_with_inet_pton(void **state)
{
    static const char alphabet[] = "0123456789abcdefF::::...g ";
    struct rng rng;
    unsigned taken = 0;

    (void)state;
    rng_init(&rng, 5952);
    for (unsigned i = 0; i < 60000; i++) {
        struct lastack_address ours = {{0}}, theirs = {{0}};
        char text[80];
        size_t length;
        bool is_address;

        strcpy(text, forms[rng_below(&rng, sizeof forms / sizeof forms[0])].text);
        length = strlen(text);
        for (uint32_t change = rng_below(&rng, 3); change > 0; change--) {
            uint32_t at = rng_below(&rng, (uint32_t)length);

            if (rng_below(&rng, 3) == 0 && length > 1) { /* drop one */
                memmove(text + at, text + at + 1, length - at);
                length--;
            } else if (rng_below(&rng, 2) == 0 && length < 60) { /* double one */
                memmove(text + at + 1, text + at, length - at + 1);
                length++;
            } else {
                text[at] = alphabet[rng_below(&rng, sizeof alphabet - 1)];
            }
        }
        is_address = lastack_address_parse(text, &ours);
        if (is_address != library_parses(text, &theirs))
            fail_msg("\"%s\": %s", text, is_address ? "taken" : "refused");
        if (!is_address)
            continue;
        taken++;
        assert_true(lastack_address_equal(&ours, &theirs));
    }
    assert_in_range(taken, 10000, 59000); /* both answers were really tried */
}

/* The library's text differs only where it writes dotted quads (::a.b.c.d, ::ffff:a.b.c.d). */
static void text_agrees_with_inet_ntop(void **state)
{
    struct rng rng;

    (void)state;
    rng_init(&rng, 4291);
    for (unsigned i = 0; i < 20000; i++) {
        struct lastack_address address;
        char ours[LASTACK_ADDRESS_TEXT], theirs[INET6_ADDRSTRLEN];

        address.bytes[0] = 0x20;
        for (unsigned b = 1; b < 16; b++)
            address.bytes[b] = rng_below(&rng, 3) == 0 ? (uint8_t)rng_next(&rng) : 0;
        assert_non_null(inet_ntop(AF_INET6, address.bytes, theirs, sizeof theirs));
        lastack_address_text(&address, ours, sizeof ours);
        assert_string_equal(ours, theirs);
    }
}

static void families_and_any(void **state)
{
    struct lastack_address ipv4 = lastack_ipv4(127, 0, 0, 1), any4 = lastack_ipv4(0, 0, 0, 0);
    struct lastack_address any6 = {{0}}, one = {{[15] = 1}};

    (void)state;
    assert_true(lastack_is_ipv4(&ipv4) && lastack_is_ipv4(&any4));
    assert_false(lastack_is_ipv4(&any6) || lastack_is_ipv4(&one));
    assert_true(lastack_is_any(&any4) && lastack_is_any(&any6));
    assert_false(lastack_is_any(&ipv4) || lastack_is_any(&one));
    assert_false(lastack_address_equal(&any4, &any6));
    assert_true(lastack_address_equal(&any6, &any6));
}

static void endpoint_is(const char *address, uint16_t port, const char *expected)
{
    struct lastack_endpoint endpoint = {.port = port};
    char text[LASTACK_ENDPOINT_TEXT];

    assert_true(lastack_address_parse(address, &endpoint.address));
    assert_int_equal(lastack_endpoint_text(&endpoint, text, sizeof text), strlen(expected));
    assert_string_equal(text, expected);
}

static void endpoints(void **state)
{
    (void)state;
    endpoint_is("192.0.2.1", 80, "192.0.2.1:80");
    endpoint_is("0.0.0.0", 0, "0.0.0.0:*");
    endpoint_is("2001:db8::1", 65535, "[2001:db8::1]:65535");
    endpoint_is("::", 0, "[::]:*");
    endpoint_is("1111:2222:3333:4444:5555:6666:7777:8888", 10000,
                "[1111:2222:3333:4444:5555:6666:7777:8888]:10000");
}

static void short_room_cuts_but_counts(void **state)
{
    struct lastack_address address = lastack_ipv4(192, 0, 2, 1);

    (void)state;
    for (size_t size = 0; size <= 12; size++) {
        char text[16];

        memset(text, '#', sizeof text);
        assert_int_equal(lastack_address_text(&address, text, size), 9);
        for (size_t i = size; i < sizeof text; i++)
            assert_int_equal(text[i], '#');
        if (size > 0) {
            assert_int_equal(text[size < 10 ? size - 1 : 9], '\0');
            assert_memory_equal(text, "192.0.2.1", size < 10 ? size - 1 : 9);
        }
    }
    assert_int_equal(lastack_address_text(&address, NULL, 0), 9);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(texts_both_ways),
        cmocka_unit_test(what_is_no_address_is_refused),
        cmocka_unit_test(parser_agrees_with_inet_pton),
        cmocka_unit_test(text_agrees_with_inet_ntop),
        cmocka_unit_test(families_and_any),
        cmocka_unit_test(endpoints),
        cmocka_unit_test(short_room_cuts_but_counts),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
