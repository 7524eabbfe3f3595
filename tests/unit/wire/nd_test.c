/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * nd_test.c: each check of RFC 4861 §7.1 alone, and that what is built passes all of them.
 */
#include "nd.h"

#include "icmp.h"
#include "packet_fixture.h"

static const uint8_t mac[MAC_BYTES] = {2, 0, 0, 0, 0, 9};

/* What a test changes before the message is parsed. */
struct message_under_test {
    struct nd_message message;
    struct lastack_address source, destination;
    uint8_t hop_limit, code;
    bool keep_checksum;   /* of before the code was set */
    const uint8_t *extra; /* behind the message */
    size_t extra_length, cut;
};

static struct message_under_test solicitation(void)
{
    struct message_under_test t = {
        .message = {.kind = ND_SOLICITATION, .has_mac = true},
        .hop_limit = 255,
    };

    t.source = fixture_address(true, 1);
    t.message.target = fixture_address(true, 2);
    t.destination = nd_solicited_node(&t.message.target);
    memcpy(t.message.mac, mac, MAC_BYTES);
    return t;
}

static struct message_under_test advertisement(void)
{
    struct message_under_test t = solicitation();

    t.message.kind = ND_ADVERTISEMENT;
    t.message.is_solicited = t.message.is_override = true;
    t.destination = fixture_address(true, 2);
    t.message.target = t.source;
    return t;
}

static enum lastack_cause parse(const struct message_under_test *t, struct nd_message *parsed)
{
    uint8_t bytes[ND_LENGTH_MAX + 256];
    struct ip_build build = {.protocol = IP_PROTOCOL_ICMPV6, .ttl = t->hop_limit};
    size_t length = nd_build(&t->message, &t->source, &t->destination, bytes);
    struct fixture fixture;
    enum lastack_cause cause;

    bytes[1] = t->code;
    if (t->extra_length > 0)
        memcpy(bytes + length, t->extra, t->extra_length);
    build.source = t->source;
    build.destination = t->destination;
    build.payload_length = (uint32_t)(length + t->extra_length - t->cut);
    fixture = fixture_of(&build, bytes);
    if (!t->keep_checksum && build.payload_length >= 4)
        fixture_repair(&fixture, 2);
    cause = nd_parse(&fixture.packet, false, parsed);
    fixture_free(&fixture);
    return cause;
}

static void assert_cause(const struct message_under_test *t, enum lastack_cause expected)
{
    struct nd_message parsed;

    assert_int_equal(parse(t, &parsed), expected);
}

static void what_is_built_parses_to_the_same(void **state)
{
    struct message_under_test t = solicitation();
    struct nd_message parsed;

    (void)state;
    t.keep_checksum = true; /* nd_build's own */
    assert_int_equal(parse(&t, &parsed), LASTACK_CAUSE_NONE);
    assert_int_equal(parsed.kind, ND_SOLICITATION);
    assert_true(parsed.has_mac && ip_address_equal(&parsed.target, &t.message.target));
    assert_memory_equal(parsed.mac, mac, MAC_BYTES);
    for (unsigned flags = 0; flags < 16; flags++) {
        t = advertisement();
        t.keep_checksum = true;
        t.message.is_router = flags & 1;
        t.message.is_solicited = flags >> 1 & 1;
        t.message.is_override = flags >> 2 & 1;
        t.message.has_mac = flags >> 3 & 1;
        assert_int_equal(parse(&t, &parsed), LASTACK_CAUSE_NONE);
        assert_int_equal(parsed.kind, ND_ADVERTISEMENT);
        assert_int_equal(parsed.is_router, t.message.is_router);
        assert_int_equal(parsed.is_solicited, t.message.is_solicited);
        assert_int_equal(parsed.is_override, t.message.is_override);
        assert_int_equal(parsed.has_mac, t.message.has_mac);
    }
}

/* covers: 4861-7.1 */
static void hop_limit_code_checksum_and_length_are_checked(void **state)
{
    (void)state;
    for (unsigned kind = 0; kind < 2; kind++) {
        struct message_under_test good = kind ? advertisement() : solicitation(), t = good;
        assert_cause(&good, LASTACK_CAUSE_NONE);
        t.hop_limit = 254;
        assert_cause(&t, LASTACK_CAUSE_DROP_NEIGHBOR);
        t = good;
        t.code = 1;
        assert_cause(&t, LASTACK_CAUSE_DROP_NEIGHBOR);
        t = good;
        t.message.has_mac = false;
        t.extra =
            (const uint8_t[8]){1}; /* bytes that the checksum does not know, of length 0 or not */
        t.extra_length = 8;
        t.keep_checksum = true;
        assert_cause(&t, LASTACK_CAUSE_DROP_NEIGHBOR);
        t = good;
        t.message.has_mac = false;
        for (t.cut = 1; t.cut <= 24; t.cut++)
            assert_cause(&t, LASTACK_CAUSE_DROP_NEIGHBOR);
    }
}

/* covers: 4861-7.1 */
static void options_must_have_a_length_and_fit(void **state)
{
    struct message_under_test t = solicitation();
    static const uint8_t zero[8] = {14, 0}, beyond[8] = {14, 2}, nonce[8] = {14, 1};
    struct nd_message parsed;
    uint8_t many[17 * 8] = {0};

    (void)state;
    t.extra_length = 8;
    t.extra = zero;
    assert_cause(&t, LASTACK_CAUSE_DROP_NEIGHBOR);
    t.extra = beyond;
    assert_cause(&t, LASTACK_CAUSE_DROP_NEIGHBOR);
    t.extra = nonce; /* unknown ones are passed over */
    assert_int_equal(parse(&t, &parsed), LASTACK_CAUSE_NONE);
    assert_true(parsed.has_mac);
    assert_memory_equal(parsed.mac, mac, MAC_BYTES); /* nor taken for the address */
    t.extra_length = 7;
    assert_cause(&t, LASTACK_CAUSE_DROP_NEIGHBOR);
    for (unsigned i = 0; i < 17; i++)
        memcpy(many + 8 * i, nonce, 8);
    t.extra = many;
    t.extra_length = 15 * 8;
    assert_cause(&t, LASTACK_CAUSE_NONE);
    t.extra_length = 16 * 8; /* with the first: 17 */
    assert_cause(&t, LASTACK_CAUSE_DROP_NEIGHBOR);
}

static void a_link_layer_address_must_be_one_of_a_host(void **state)
{
    struct message_under_test t = advertisement();

    (void)state;
    t.message.mac[0] = 0x33;
    assert_cause(&t, LASTACK_CAUSE_DROP_NEIGHBOR);
}

/* covers: 4861-7.1 */
static void targets_are_unicast(void **state)
{
    struct message_under_test t = solicitation();

    (void)state;
    t.message.target = nd_all_nodes();
    assert_cause(&t, LASTACK_CAUSE_DROP_NEIGHBOR);
    t.message.target = fixture_address(false, 2); /* would pass for IPv4 */
    assert_cause(&t, LASTACK_CAUSE_DROP_NEIGHBOR);
}

/* covers: 4861-7.1 */
static void nobody_in_particular_may_ask_only_the_solicited_node(void **state)
{
    struct message_under_test t = solicitation();

    (void)state;
    memset(&t.source, 0, sizeof t.source);
    assert_cause(&t, LASTACK_CAUSE_DROP_NEIGHBOR); /* with a link-layer address */
    t.message.has_mac = false;
    assert_cause(&t, LASTACK_CAUSE_NONE);
    t.destination = fixture_address(true, 2);
    assert_cause(&t, LASTACK_CAUSE_DROP_NEIGHBOR);
    t.destination = nd_all_nodes();
    assert_cause(&t, LASTACK_CAUSE_DROP_NEIGHBOR);
    t = advertisement();
    memset(&t.source, 0, sizeof t.source);
    assert_cause(&t, LASTACK_CAUSE_DROP_NEIGHBOR);
}

/* covers: 4861-7.1 */
static void an_advertisement_to_all_is_not_solicited(void **state)
{
    struct message_under_test t = advertisement();

    (void)state;
    t.destination = nd_all_nodes();
    assert_cause(&t, LASTACK_CAUSE_DROP_NEIGHBOR);
    t.message.is_solicited = false;
    assert_cause(&t, LASTACK_CAUSE_NONE);
}

static void router_messages_are_left_alone(void **state)
{
    (void)state;
    for (unsigned type = 133; type <= 137; type++) {
        uint8_t bytes[40] = {(uint8_t)type};
        struct fixture fixture = fixture_make(true, IP_PROTOCOL_ICMPV6, bytes, sizeof bytes);
        struct nd_message parsed;
        fixture_repair(&fixture, 2);
        assert_int_equal(nd_parse(&fixture.packet, false, &parsed),
                         type == 135 || type == 136
                             ? LASTACK_CAUSE_DROP_NEIGHBOR /* empty options */
                             : LASTACK_CAUSE_DROP_NOT_INTERESTING);
        fixture_free(&fixture);
    }
}

static void solicited_node_address_has_the_last_three_bytes(void **state)
{
    struct lastack_address target, expected, group;

    (void)state;
    assert_true(lastack_address_parse("2001:db8::aa:bbcc:ddee", &target));
    assert_true(lastack_address_parse("ff02::1:ffcc:ddee", &expected));
    group = nd_solicited_node(&target);
    assert_true(ip_address_equal(&group, &expected));
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(what_is_built_parses_to_the_same),
        cmocka_unit_test(hop_limit_code_checksum_and_length_are_checked),
        cmocka_unit_test(options_must_have_a_length_and_fit),
        cmocka_unit_test(a_link_layer_address_must_be_one_of_a_host),
        cmocka_unit_test(targets_are_unicast),
        cmocka_unit_test(nobody_in_particular_may_ask_only_the_solicited_node),
        cmocka_unit_test(an_advertisement_to_all_is_not_solicited),
        cmocka_unit_test(router_messages_are_left_alone),
        cmocka_unit_test(solicited_node_address_has_the_last_three_bytes),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
