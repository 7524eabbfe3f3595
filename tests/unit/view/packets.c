/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * packets.c: packets built with the wire's own functions.
 */
#include "packets.h"

#include "checksum.h"
#include "ethernet.h"

#include "check.h"

/* IP and TCP headers, the TCP checksum still 0; returns their length. */
static size_t headers(const struct segment *segment, uint32_t text_length, uint8_t *packet)
{
    uint8_t tcp[TCP_HEADER_MAX];
    unsigned tcp_length = tcp_build(segment, LASTACK_OPTIONS_LINUX, tcp);
    const struct ip_build build = {
        .source = segment->tuple.local,
        .destination = segment->tuple.remote,
        .payload_length = tcp_length + text_length,
        .protocol = IP_PROTOCOL_TCP,
        .ttl = 64,
        .dont_fragment = true,
    };
    unsigned ip_length = ip_build(&build, packet);

    memcpy(packet + ip_length, tcp, tcp_length);
    return ip_length + tcp_length;
}

static uint32_t pseudo(const struct segment *segment, size_t length)
{
    return checksum_pseudo(&segment->tuple.local, &segment->tuple.remote, IP_PROTOCOL_TCP,
                           (uint32_t)length);
}

static void fill(uint8_t *text, uint32_t length)
{
    for (uint32_t i = 0; i < length; i++)
        text[i] = (uint8_t)('a' + i % 26);
}

size_t packet_build(const struct segment *segment, uint8_t *packet)
{
    size_t header = headers(segment, segment->text_length, packet);
    unsigned ip = ip_header_length(&segment->tuple.remote);
    size_t length = header + segment->text_length;

    CHECK(length <= PACKET_MAX);
    fill(packet + header, segment->text_length);
    uint32_t sum = checksum_add(pseudo(segment, length - ip), packet + ip, length - ip);
    store16(packet + ip + 16, checksum_finish(sum));
    return length;
}

size_t packet_between(bool is_ipv6, unsigned from, unsigned flags, uint32_t seq, uint32_t ack,
                      uint32_t text_length, uint8_t *packet)
{
    struct lastack_endpoint end[2] = {{.port = 40000}, {.port = 80}};

    for (unsigned i = 0; i < 2; i++) {
        const char *text = is_ipv6  ? i == 0 ? "2001:db8::1" : "2001:db8::2"
                           : i == 0 ? "192.0.2.1"
                                    : "192.0.2.2";
        CHECK(lastack_address_parse(text, &end[i].address));
    }
    const struct segment segment = {
        .tuple = tuple_of(&end[from], &end[1 - from]),
        .seq = {seq},
        .ack = {ack},
        .flags = (uint16_t)flags,
        .wnd = 65535,
        .text_length = text_length,
        .options = flags & LASTACK_SYN ? OPTION_MSS | OPTION_WINDOW_SCALE : 0,
        .mss = 1460,
        .window_scale = 7,
    };
    return packet_build(&segment, packet);
}

void packet_out_build(const struct segment *segment, bool is_ethernet, uint16_t gso_size,
                      uint8_t *text, struct lastack_packet_out *out)
{
    static const uint8_t mac[2][MAC_BYTES] = {{2, 0, 0, 0, 0, 1}, {2, 0, 0, 0, 0, 2}};
    unsigned ethernet = is_ethernet ? ETHERNET_HEADER : 0;
    unsigned ip = ip_header_length(&segment->tuple.remote);

    *out = (struct lastack_packet_out){.flags = LASTACK_CHECKSUM_PARTIAL, .gso_size = gso_size};
    if (is_ethernet)
        ethernet_build(mac[1], mac[0], ethernet_type_of(&segment->tuple.remote), out->header);
    size_t header = headers(segment, segment->text_length, out->header + ethernet);
    size_t tcp_length = header - ip + segment->text_length;
    store16(out->header + ethernet + ip + 16, checksum_fold(pseudo(segment, tcp_length)));
    out->ip_offset = (uint16_t)ethernet;
    out->header_length = (uint16_t)(ethernet + header);
    out->checksum_start = (uint16_t)(ethernet + ip);
    out->checksum_offset = 16;
    out->length = out->header_length + segment->text_length;
    out->iov[out->iov_count++] = (struct lastack_iovec){out->header, out->header_length};
    fill(text, segment->text_length);
    /* The first piece is ragged, so that later ones begin at odd offsets. */
    for (uint32_t at = 0, piece = 1001; at < segment->text_length; at += piece, piece = 4096) {
        if (piece > segment->text_length - at)
            piece = segment->text_length - at;
        out->iov[out->iov_count++] = (struct lastack_iovec){text + at, piece};
    }
}
