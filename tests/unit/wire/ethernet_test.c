/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * ethernet_test.c: which frames are for us, and which group address a destination has.
 */
#include "ethernet.h"

#include "ip_address.h"

#include <setjmp.h>
#include <stdarg.h>

#include <cmocka.h>

static const uint8_t us[MAC_BYTES] = {0x02, 0, 0, 0, 0, 1};
static const uint8_t peer[MAC_BYTES] = {0x02, 0, 0, 0, 0, 2};
static const uint8_t other[MAC_BYTES] = {0x02, 0, 0, 0, 0, 3};

static enum lastack_cause parse(const uint8_t *destination, const uint8_t *source, uint16_t type,
                                struct ethernet_frame *frame)
{
    static uint8_t bytes[ETHERNET_HEADER + 3];

    ethernet_build(destination, source, type, bytes);
    return ethernet_parse(bytes, sizeof bytes, us, frame);
}

static void frames_for_us_and_for_groups_are_taken(void **state)
{
    static const uint8_t group[MAC_BYTES] = {0x33, 0x33, 0, 0, 0, 1};
    static const uint16_t types[] = {ETHERNET_TYPE_IPV4, ETHERNET_TYPE_IPV6, ETHERNET_TYPE_ARP};
    const uint8_t *destinations[] = {us, group, mac_broadcast};
    struct ethernet_frame frame;

    (void)state;
    for (unsigned i = 0; i < 9; i++) {
        assert_int_equal(parse(destinations[i / 3], peer, types[i % 3], &frame),
                         LASTACK_CAUSE_NONE);
        assert_memory_equal(frame.destination, destinations[i / 3], MAC_BYTES);
        assert_memory_equal(frame.source, peer, MAC_BYTES);
        assert_int_equal(frame.type, types[i % 3]);
        assert_int_equal(frame.payload_length, 3);
        assert_ptr_equal(frame.payload, frame.destination + ETHERNET_HEADER);
    }
}

static void other_frames_are_not(void **state)
{
    static const uint8_t bytes[ETHERNET_HEADER];
    struct ethernet_frame frame;

    (void)state;
    assert_int_equal(parse(other, peer, ETHERNET_TYPE_IPV4, &frame), LASTACK_CAUSE_DROP_ETHERNET);
    assert_int_equal(parse(us, mac_broadcast, ETHERNET_TYPE_IPV4, &frame),
                     LASTACK_CAUSE_DROP_ETHERNET);
    assert_int_equal(parse(us, peer, 0x8100, &frame), LASTACK_CAUSE_DROP_ETHERNET); /* VLAN */
    assert_int_equal(parse(us, peer, 46, &frame), LASTACK_CAUSE_DROP_ETHERNET);     /* 802.3 */
    for (size_t length = 0; length < ETHERNET_HEADER; length++)
        assert_int_equal(ethernet_parse(bytes, length, us, &frame), LASTACK_CAUSE_DROP_SHORT);
}

static void assert_group(const char *address, const uint8_t expected[MAC_BYTES])
{
    struct lastack_address parsed;
    uint8_t mac[MAC_BYTES];

    assert_true(lastack_address_parse(address, &parsed));
    assert_true(mac_of_group(&parsed, mac));
    assert_memory_equal(mac, expected, MAC_BYTES);
    assert_true(mac_is_group(mac));
}

static void groups_have_their_hardware_addresses(void **state)
{
    static const uint8_t all_hosts[] = {0x01, 0x00, 0x5e, 0, 0, 1};
    static const uint8_t high_bit[] = {0x01, 0x00, 0x5e, 0x7f, 0xff, 0xfa};
    static const uint8_t solicited[] = {0x33, 0x33, 0xff, 0x01, 0x02, 0x03};
    struct lastack_address unicast;
    uint8_t mac[MAC_BYTES];

    (void)state;
    assert_group("224.0.0.1", all_hosts);
    assert_group("239.255.255.250", high_bit); /* 23 bits only */
    assert_group("ff02::1:ff01:203", solicited);
    assert_group("255.255.255.255", mac_broadcast);
    assert_true(lastack_address_parse("192.0.2.255", &unicast));
    assert_false(mac_of_group(&unicast, mac)); /* a subnet's broadcast is known to its owner only */
    assert_true(lastack_address_parse("2001:db8::1", &unicast));
    assert_false(mac_of_group(&unicast, mac));
}

static void the_type_is_that_of_the_destination(void **state)
{
    struct lastack_address address;

    (void)state;
    assert_true(lastack_address_parse("192.0.2.1", &address));
    assert_int_equal(ethernet_type_of(&address), 0x0800);
    assert_true(lastack_address_parse("2001:db8::1", &address));
    assert_int_equal(ethernet_type_of(&address), 0x86dd);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(frames_for_us_and_for_groups_are_taken),
        cmocka_unit_test(other_frames_are_not),
        cmocka_unit_test(groups_have_their_hardware_addresses),
        cmocka_unit_test(the_type_is_that_of_the_destination),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
