/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * neighbor_message_test.c: the frames themselves, taken apart again with the parsers of floor 1.
 */
#include "neighbor_fixture.h"

static const char peer[] = "198.51.100.9", peer6[] = "2001:db8:0:2::9";
static const char us[] = "198.51.100.1", us6[] = "2001:db8:0:2::1";

static uint8_t bytes[NEIGHBOR_FRAME_MAX];

/* The next frame, as the neighbour (or everybody) receives it. */
static struct ethernet_frame next_frame(void)
{
    struct neighbor_message message;
    struct ethernet_frame frame;
    unsigned length;

    assert_true(next_message(&message));
    length = neighbor_build(&message, &world.links, bytes);
    assert_int_equal(ethernet_parse(bytes, length, peer_mac, &frame), LASTACK_CAUSE_NONE);
    assert_memory_equal(frame.source, our_mac, MAC_BYTES);
    return frame;
}

static struct arp_packet next_arp(struct ethernet_frame *frame)
{
    struct arp_packet packet;

    *frame = next_frame();
    assert_int_equal(frame->type, ETHERNET_TYPE_ARP);
    assert_int_equal(arp_parse(frame->payload, frame->payload_length, &packet), LASTACK_CAUSE_NONE);
    return packet;
}

static struct nd_message next_nd(struct ethernet_frame *frame, struct ip_packet *packet)
{
    struct nd_message message;

    *frame = next_frame();
    assert_int_equal(frame->type, ETHERNET_TYPE_IPV6);
    assert_int_equal(ip_parse(frame->payload, frame->payload_length, false, packet),
                     LASTACK_CAUSE_NONE);
    assert_int_equal(nd_parse(packet, false, &message), LASTACK_CAUSE_NONE);
    return message;
}

static void assert_address(const struct lastack_address *address, const char *expected)
{
    char text[LASTACK_ADDRESS_TEXT];

    lastack_address_text(address, text, sizeof text);
    assert_string_equal(text, expected);
}

static void a_question_of_arp_goes_to_all(void **state)
{
    struct ethernet_frame frame;
    struct arp_packet question;
    uint8_t mac[MAC_BYTES];
    static const uint8_t nobody[MAC_BYTES];

    (void)state;
    assert_int_equal(resolve(peer, 0, mac), RESOLVE_WAIT);
    question = next_arp(&frame);
    assert_memory_equal(frame.destination, mac_broadcast, MAC_BYTES);
    assert_int_equal(question.operation, ARP_REQUEST);
    assert_memory_equal(question.sender_mac, our_mac, MAC_BYTES);
    assert_memory_equal(question.target_mac, nobody, MAC_BYTES);
    assert_address(&question.sender, us);
    assert_address(&question.target, peer);
}

static void an_answer_of_arp_goes_to_the_asker(void **state)
{
    struct ethernet_frame frame;
    struct arp_packet reply;

    (void)state;
    assert_int_equal(arp(ARP_REQUEST, peer, peer_mac, us, 0), LASTACK_CAUSE_NONE);
    reply = next_arp(&frame);
    assert_memory_equal(frame.destination, peer_mac, MAC_BYTES);
    assert_int_equal(reply.operation, ARP_REPLY);
    assert_memory_equal(reply.sender_mac, our_mac, MAC_BYTES);
    assert_memory_equal(reply.target_mac, peer_mac, MAC_BYTES);
    assert_address(&reply.sender, us);
    assert_address(&reply.target, peer);
}

static void a_solicitation_goes_to_the_solicited_node(void **state)
{
    static const uint8_t group[] = {0x33, 0x33, 0xff, 0, 0, 9};
    struct ethernet_frame frame;
    struct ip_packet packet;
    struct nd_message message;
    uint8_t mac[MAC_BYTES];

    (void)state;
    assert_int_equal(resolve(peer6, 0, mac), RESOLVE_WAIT);
    message = next_nd(&frame, &packet);
    assert_memory_equal(frame.destination, group, MAC_BYTES);
    assert_int_equal(message.kind, ND_SOLICITATION);
    assert_address(&packet.source, us6);
    assert_address(&packet.destination, "ff02::1:ff00:9");
    assert_address(&message.target, peer6);
    assert_true(message.has_mac);
    assert_memory_equal(message.mac, our_mac, MAC_BYTES);
    assert_int_equal(resolve("fe80::9", 0, mac), RESOLVE_WAIT); /* from our link-local address */
    (void)next_nd(&frame, &packet);
    assert_address(&packet.source, "fe80::1");
}

static void an_advertisement_goes_to_the_asker(void **state)
{
    struct ethernet_frame frame;
    struct ip_packet packet;
    struct nd_message message;

    (void)state;
    assert_int_equal(solicit(peer6, peer_mac, us6, 0), LASTACK_CAUSE_NONE);
    message = next_nd(&frame, &packet);
    assert_memory_equal(frame.destination, peer_mac, MAC_BYTES);
    assert_int_equal(message.kind, ND_ADVERTISEMENT);
    assert_true(message.is_solicited && message.is_override && !message.is_router);
    assert_address(&packet.source, us6);
    assert_address(&packet.destination, peer6);
    assert_address(&message.target, us6);
    assert_memory_equal(message.mac, our_mac, MAC_BYTES);
    assert_int_equal(solicit("::", NULL, us6, 0), LASTACK_CAUSE_NONE);
    message = next_nd(&frame, &packet);
    assert_false(message.is_solicited);
    assert_address(&packet.destination, "ff02::1");
}

static void answers_come_before_questions(void **state)
{
    struct neighbor_message message;
    uint8_t mac[MAC_BYTES];

    (void)state;
    assert_int_equal(resolve("198.51.100.10", 0, mac), RESOLVE_WAIT);
    assert_int_equal(resolve("198.51.100.11", 0, mac), RESOLVE_WAIT);
    assert_int_equal(arp(ARP_REQUEST, peer, peer_mac, us, 0), LASTACK_CAUSE_NONE);
    assert_true(next_message(&message) && message.is_answer);
    assert_true(next_message(&message) && !message.is_answer);
    assert_address(&message.target, "198.51.100.10"); /* first come, first asked */
    assert_true(next_message(&message) && !message.is_answer);
    assert_false(next_message(&message));
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        WITH_TABLE(a_question_of_arp_goes_to_all),
        WITH_TABLE(an_answer_of_arp_goes_to_the_asker),
        WITH_TABLE(a_solicitation_goes_to_the_solicited_node),
        WITH_TABLE(an_advertisement_goes_to_the_asker),
        WITH_TABLE(answers_come_before_questions),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
