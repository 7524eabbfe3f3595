/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * fuzz_wire.c: any bytes as a packet: nothing is read outside it, and what was understood can be built and
 * understood again.
 *
 * First byte of the input: bit 0 = the IP header's checksum is not verified; the rest is the packet.
 * covers: 9293-MUST-7
 */
#include <string.h>

#include "fuzz.h"
#include "ip_header.h"
#include "tcp_header.h"

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

/* Header -> segment -> header -> segment: the second segment says what the first said, less only what this
 * stack never writes. */
static void rebuild(const struct ip_packet *packet, const struct segment *first)
{
    uint8_t bytes[IPV6_HEADER + TCP_HEADER_MAX];
    for (int order = 0; order <= LASTACK_OPTIONS_FREEBSD; order++) {
        uint8_t header[TCP_HEADER_MAX];
        struct segment from = *first, second;
        /* Arrived: local is the destination. Built: local is the source. */
        from.local = first->remote;
        from.remote = first->local;
        unsigned length = tcp_build(&from, (enum lastack_option_order)order, header);
        CHECK(length >= TCP_HEADER_MIN && length <= TCP_HEADER_MAX && length % 4 == 0);
        struct ip_build ip = {.source = packet->source, .destination = packet->destination,
                              .payload_length = length, .protocol = IP_PROTOCOL_TCP, .ttl = 64};
        unsigned ip_length = ip_build(&ip, bytes);
        memcpy(bytes + ip_length, header, length);

        struct ip_packet again;
        CHECK(ip_parse(bytes, ip_length + length, false, &again) == LASTACK_CAUSE_NONE);
        CHECK(tcp_parse(&again, &second) == LASTACK_CAUSE_NONE);
        CHECK(seq_equal(second.seq, first->seq) && seq_equal(second.ack, first->ack));
        CHECK(second.flags == first->flags && second.wnd == first->wnd && second.urgent == first->urgent);
        CHECK(second.local.port == first->local.port && second.remote.port == first->remote.port);
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

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    if (size == 0)
        return 0;
    bool trusted = (data[0] & 1) != 0;
    const uint8_t *bytes = data + 1;
    size_t length = size - 1;
    struct ip_packet packet;

    memset(&packet, 0, sizeof packet);
    if (ip_parse_quoted(bytes, length, &packet) == LASTACK_CAUSE_NONE) {
        uint16_t source_port, destination_port;
        struct seq seq;
        CHECK(is_inside(packet.payload, packet.payload_length, bytes, length));
        tcp_parse_quoted(packet.payload, packet.payload_length, &source_port, &destination_port, &seq);
    }
    memset(&packet, 0, sizeof packet);
    if (ip_parse(bytes, length, trusted, &packet) != LASTACK_CAUSE_NONE)
        return 0;
    CHECK(packet.header == bytes && packet.packet_length <= length);
    CHECK(is_inside(packet.payload, packet.payload_length, bytes, packet.packet_length));
    if (!packet.is_fragment) {
        ip_payload_checksum_ok(&packet);
        if (packet.protocol == IP_PROTOCOL_TCP)
            take_segment(&packet);
    }
    return 0;
}
