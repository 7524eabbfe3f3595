/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * fuzz_wire.c: any bytes as a packet: nothing is read outside it, and what was understood can be
 * built and understood again.
 *
 * First byte of the input: bit 0 = checksums are not verified, bit 1 = the rest is an Ethernet
 * frame, otherwise it is a packet. covers: 9293-MUST-7
 */
#include <string.h>

#include "arp.h"
#include "ethernet.h"
#include "fuzz.h"
#include "icmp.h"
#include "ip_address.h"
#include "ip_header.h"
#include "nd.h"
#include "packet_text.h"
#include "tcp_header.h"
#include "udp_header.h"

static bool is_inside(const uint8_t *piece, size_t length, const uint8_t *data, size_t size)
{
    return piece >= data && piece <= data + size && length <= (size_t)(data + size - piece);
}

static void walk_options(const uint8_t *options, size_t length)
{
    struct tcp_option_cursor cursor = {.at = options, .end = options + length};
    struct tcp_option option;
    for (size_t steps = 0; tcp_option_next(&cursor, &option); steps++) {
        CHECK(steps < length);
        CHECK(option.length == 0 || is_inside(option.data, option.length, options, length));
    }
}

/* Header -> segment -> header -> segment: the second segment says what the first said, less only
 * what this stack never writes. */
static void rebuild(const struct ip_packet *packet, const struct segment *first)
{
    uint8_t bytes[IPV6_HEADER + TCP_HEADER_MAX];
    for (int order = 0; order <= LASTACK_OPTIONS_FREEBSD; order++) {
        uint8_t header[TCP_HEADER_MAX];
        struct segment from = *first, second;
        /* Arrived: local is the destination. Built: local is the source. */
        from.tuple = tuple_reversed(&first->tuple);
        unsigned length = tcp_build(&from, (enum lastack_option_order)order, header);
        CHECK(length >= TCP_HEADER_MIN && length <= TCP_HEADER_MAX && length % 4 == 0);
        struct ip_build ip = {.source = packet->source,
                              .destination = packet->destination,
                              .payload_length = length,
                              .protocol = IP_PROTOCOL_TCP,
                              .ttl = 64};
        unsigned ip_length = ip_build(&ip, bytes);
        memcpy(bytes + ip_length, header, length);

        struct ip_packet again;
        CHECK(ip_parse(bytes, ip_length + length, false, &again) == LASTACK_CAUSE_NONE);
        CHECK(tcp_parse(&again, &second) == LASTACK_CAUSE_NONE);
        CHECK(seq_equal(second.seq, first->seq) && seq_equal(second.ack, first->ack));
        CHECK(second.flags == first->flags && second.wnd == first->wnd &&
              second.urgent == first->urgent);
        CHECK(tuple_equal(&second.tuple, &first->tuple));
        CHECK((second.options & ~first->options) == 0);
        CHECK(!(second.options & OPTION_MSS) || second.mss == first->mss);
        CHECK(!(second.options & OPTION_TIMESTAMP) ||
              (second.ts_value == first->ts_value && second.ts_echo == first->ts_echo));
        CHECK(second.sack_count <= first->sack_count);
        for (int i = 0; i < second.sack_count; i++)
            CHECK(seq_equal(second.sack[i].from, first->sack[i].from) &&
                  seq_equal(second.sack[i].to, first->sack[i].to));
    }
}

static void take_segment(const struct ip_packet *packet)
{
    struct segment segment;
    if (packet->payload_length > TCP_HEADER_MIN)
        walk_options(packet->payload + TCP_HEADER_MIN, packet->payload_length - TCP_HEADER_MIN);
    if (tcp_parse(packet, &segment) != LASTACK_CAUSE_NONE)
        return;
    bool syn = (segment.flags & LASTACK_SYN) != 0, fin = (segment.flags & LASTACK_FIN) != 0;
    CHECK(is_inside(segment.text, segment.text_length, packet->payload, packet->payload_length));
    CHECK(segment.len == segment.text_length + syn + fin);
    CHECK(segment.sack_count <= SEGMENT_SACK_MAX && segment.window_scale <= 14);
    CHECK(segment.fast_open_length <= sizeof segment.fast_open);
    rebuild(packet, &segment);
}

static void take_icmp(const struct ip_packet *packet, bool trusted)
{
    struct icmp_message message;
    struct nd_message neighbor;
    if (icmp_parse(packet, trusted, &message) == LASTACK_CAUSE_NONE) {
        CHECK(
            is_inside(message.body, message.body_length, packet->payload, packet->payload_length));
        if (message.has_quote)
            CHECK(is_inside(message.quote.payload, message.quote.payload_length, message.body,
                            message.body_length));
    }
    if (nd_parse(packet, trusted, &neighbor) == LASTACK_CAUSE_NONE) {
        uint8_t built[ND_LENGTH_MAX];
        unsigned length = nd_build(&neighbor, &packet->source, &packet->destination, built);
        struct ip_packet again = *packet;
        struct nd_message second;
        again.payload = built;
        again.payload_length = length;
        CHECK(nd_parse(&again, false, &second) == LASTACK_CAUSE_NONE);
        CHECK(second.kind == neighbor.kind && second.has_mac == neighbor.has_mac);
        CHECK(ip_address_equal(&second.target, &neighbor.target));
    }
}

/* An error about any packet can be built, and says what it was about. */
static void complain(const struct ip_packet *about)
{
    static const struct icmp_error errors[2] = {{ICMP_TYPE_UNREACHABLE, ICMP_CODE_PORT, 0},
                                                {ICMPV6_TYPE_UNREACHABLE, ICMPV6_CODE_PORT, 0}};
    uint8_t built[ICMP_QUOTED_MAX_IPV6];
    size_t room = about->packet_length % 2 ? sizeof built : (size_t)ICMP_ERROR_ROOM_MIN;
    struct ip_packet answer = {.is_ipv6 = about->is_ipv6, .payload = built};
    struct icmp_message message;
    answer.source = about->destination;
    answer.destination = about->source;
    answer.protocol = about->is_ipv6 ? IP_PROTOCOL_ICMPV6 : IP_PROTOCOL_ICMP;
    answer.payload_length =
        icmp_build_error(&errors[about->is_ipv6], &answer.source, about, built, room);
    CHECK(answer.payload_length <= room);
    CHECK(ip_payload_checksum_ok(&answer) && icmp_is_error(&answer));
    if (icmp_parse(&answer, false, &message) == LASTACK_CAUSE_NONE)
        CHECK(ip_address_equal(&message.quote.source, &about->source));
}

static void take_frame(const uint8_t *data, size_t size)
{
    static const uint8_t mac[MAC_BYTES] = {2, 0, 0, 0, 0, 1};
    struct ethernet_frame frame;
    struct arp_packet arp;
    if (ethernet_parse(data, size, mac, &frame) != LASTACK_CAUSE_NONE)
        return;
    CHECK(is_inside(frame.payload, frame.payload_length, data, size));
    if (frame.type == ETHERNET_TYPE_ARP &&
        arp_parse(frame.payload, frame.payload_length, &arp) == LASTACK_CAUSE_NONE) {
        uint8_t built[ARP_LENGTH];
        arp_build(&arp, built);
        CHECK(memcmp(built, frame.payload, sizeof built) == 0);
    }
}

static void take_packet(const struct ip_packet *packet, bool trusted)
{
    static const struct packet_text_style style = {.addresses = true, .ip_info = true};
    struct udp_datagram datagram;
    char text[PACKET_TEXT_MAX];
    size_t length = packet_text(packet, &style, text, sizeof text);
    CHECK(length < sizeof text && text[length] == '\0');
    if (packet->is_fragment)
        return;
    ip_payload_checksum_ok(packet);
    if (packet->protocol == IP_PROTOCOL_TCP)
        take_segment(packet);
    if (packet->protocol == IP_PROTOCOL_UDP &&
        udp_parse(packet, trusted, &datagram) == LASTACK_CAUSE_NONE)
        CHECK(is_inside(datagram.data, datagram.length, packet->payload, packet->payload_length));
    take_icmp(packet, trusted);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    if (size == 0)
        return 0;
    bool trusted = (data[0] & 1) != 0;
    const uint8_t *bytes = data + 1;
    size_t length = size - 1;
    struct ip_packet packet;

    if ((data[0] & 2) != 0) {
        take_frame(bytes, length);
        return 0;
    }
    memset(&packet, 0, sizeof packet);
    if (ip_parse_quoted(bytes, length, &packet) == LASTACK_CAUSE_NONE) {
        uint16_t source_port, destination_port;
        struct seq seq;
        CHECK(is_inside(packet.payload, packet.payload_length, bytes, length));
        tcp_parse_quoted(packet.payload, packet.payload_length, &source_port, &destination_port,
                         &seq);
    }
    memset(&packet, 0, sizeof packet);
    if (ip_parse(bytes, length, trusted, &packet) != LASTACK_CAUSE_NONE) {
        CHECK(packet.packet_length <= length);
        if (packet.problem != IP_PROBLEM_SILENT)
            complain(&packet);
        return 0;
    }
    CHECK(packet.header == bytes && packet.packet_length <= length);
    CHECK(is_inside(packet.payload, packet.payload_length, bytes, packet.packet_length));
    take_packet(&packet, trusted);
    complain(&packet);
    return 0;
}
