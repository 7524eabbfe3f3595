/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * peer_arrives.c: what the peers send, from lines: segments alone or in a batch, and a router's
 * ICMP errors about segments of the stack. See peer.h.
 */
#include "peer_world.h"

#include "checksum.h"
#include "icmp.h"
#include "ip_header.h"
#include "tcp_header.h"

#include <string.h>

enum { PACKET_MOST = 65536 + 64, BATCH_MOST = 64, PEER_TS = 5000000 };

static void fill_options(struct peer *peer, const struct line *line, struct segment *seg)
{
    const bool is_syn = (line->flags & SYN) != 0;
    const bool is_offer = is_syn && line->timestamps;
    const int64_t clock = PEER_TS + world.now / 1000000;

    if (is_syn && line->mss != NONE) {
        seg->options |= OPTION_MSS;
        seg->mss = (uint16_t)(line->mss == 0 ? PEER_MSS : line->mss);
    }
    if (line->shift > 0) {
        seg->options |= OPTION_WINDOW_SCALE;
        seg->window_scale = (uint8_t)(line->shift - 1);
        peer->has_shift = peer->has_shift || is_syn;
    }
    if (line->sack_ok > 0)
        seg->options |= OPTION_SACK_PERMITTED;
    if (is_offer)
        peer->has_timestamps = true;
    if ((peer->has_timestamps && line->ts != NONE) || line->ts > 0) {
        seg->options |= OPTION_TIMESTAMP;
        seg->ts_value = (uint32_t)(line->ts != 0 ? line->ts : clock);
        seg->ts_echo = line->echo == NONE  ? 0
                       : line->echo != 0   ? (uint32_t)line->echo
                       : line->flags & ACK ? peer->ts_last
                                           : 0;
    }
    if (line->fast_open > 0) {
        seg->options |= line->experiment ? OPTION_FAST_OPEN_EXP : OPTION_FAST_OPEN;
        seg->fast_open_length = (uint8_t)(line->fast_open - 1);
        for (unsigned i = 0; i < 8 && i < seg->fast_open_length; i++)
            seg->fast_open[i] = (uint8_t)(line->cookie >> (56 - 8 * i));
    }
    for (unsigned i = 0; i < 4 && line->sack[i][1] != 0; i++) {
        seg->options |= OPTION_SACK;
        seg->sack[seg->sack_count++] =
            (struct sack_block){seq_of(peer->iss + (uint32_t)line->sack[i][0]),
                                seq_of(peer->iss + (uint32_t)line->sack[i][1])};
    }
}

static size_t build(struct peer *peer, const struct line *line, uint8_t *bytes)
{
    struct segment seg = {
        .seq = seq_of(peer->irs + (uint32_t)line->seq),
        .ack = seq_of(line->flags & ACK ? peer->iss + (uint32_t)line->ack : 0),
        .flags = line->flags,
        .wnd = (uint16_t)(line->win == NONE ? 0
                          : line->win == 0  ? 65535
                                            : line->win),
        .urgent = (uint16_t)line->urgent,
        .tuple = tuple_of(&peer->remote, &peer->local),
    };
    struct ip_build ip = {.source = peer->remote.address,
                          .destination = peer->local.address,
                          .protocol = IP_PROTOCOL_TCP,
                          .ttl = 64,
                          .traffic_class = line->tos,
                          .dont_fragment = true};
    uint8_t header[TCP_HEADER_MAX];
    uint8_t text[PACKET_MOST];
    unsigned ip_length, length;

    fill_options(peer, line, &seg);
    length = tcp_build(&seg, LASTACK_OPTIONS_LINUX, header);
    for (uint32_t i = 0; i < line->text; i++)
        text[i] = peer_byte((uint32_t)line->seq + (line->flags & SYN ? 1 : 0) + i, false);
    ip.payload_length = length + line->text;
    ip_length = ip_build(&ip, bytes);
    memcpy(bytes + ip_length, header, length);
    memcpy(bytes + ip_length + length, text, line->text);
    tcp_store_checksum(bytes + ip_length, length, &ip.source, &ip.destination, ip.payload_length,
                       checksum_add(0, text, line->text));
    if (line->bad_checksum)
        bytes[ip_length + TCP_CHECKSUM_OFFSET] ^= 1;
    return ip_length + ip.payload_length;
}

void peer_arrives(struct peer *peer, const struct line *line)
{
    static uint8_t bytes[PACKET_MOST];
    const struct lastack_packet_in packet = {bytes, build(peer, line, bytes), PEER_LINK, 0};

    lastack_input(world.stack, world.now, &packet, 1);
    SETTLES();
}

void peer_arrive(struct peer *peer, const struct line *lines, unsigned count)
{
    static uint8_t bytes[BATCH_MOST][MTU_USUAL];
    struct lastack_packet_in packets[BATCH_MOST];

    assert_true(count <= BATCH_MOST);
    for (unsigned i = 0; i < count; i++) {
        assert_true(lines[i].text <= PEER_MSS - 40);
        packets[i] =
            (struct lastack_packet_in){bytes[i], build(peer, &lines[i], bytes[i]), PEER_LINK, 0};
    }
    lastack_input(world.stack, world.now, packets, count);
    SETTLES();
}

/* The start of a segment of the stack's, as a router quotes it: its IP header and 8 bytes. */
static size_t build_quoted(const struct peer *peer, const struct icmp_line *line, uint8_t *bytes)
{
    const unsigned ip_length = ip_header_length(&peer->remote.address);
    const struct ip_build ip = {
        .source = peer->local.address,
        .destination = peer->remote.address,
        .payload_length = (line->quoted != 0 ? line->quoted : MTU_USUAL) - ip_length,
        .protocol = IP_PROTOCOL_TCP,
        .ttl = 64,
        .dont_fragment = true,
    };

    memset(bytes, 0, ip_length + ip.payload_length);
    ip_build(&ip, bytes);
    store16(bytes + ip_length, peer->local.port);
    store16(bytes + ip_length + 2, peer->remote.port);
    store32(bytes + ip_length + 4, peer->iss + (uint32_t)line->seq);
    return ip_length + ip.payload_length;
}

void peer_icmp_arrives(const struct peer *peer, const struct icmp_line *line)
{
    static uint8_t quoted[PACKET_MOST], bytes[PACKET_MOST];
    const bool is_ipv4 = lastack_is_ipv4(&peer->remote.address);
    const struct icmp_error error = {line->type, line->code, line->mtu};
    struct lastack_packet_in in = {.data = bytes, .link = PEER_LINK};
    struct ip_build ip = {.protocol = is_ipv4 ? IP_PROTOCOL_ICMP : IP_PROTOCOL_ICMPV6, .ttl = 64};
    struct ip_packet about;
    size_t length;

    assert_true(lastack_address_parse(is_ipv4 ? "192.0.2.254" : "2001:db8::fe", &ip.source));
    ip.destination = peer->local.address;
    length = build_quoted(peer, line, quoted);
    assert_int_equal(ip_parse(quoted, length, true, &about), LASTACK_CAUSE_NONE);
    ip.payload_length = (uint32_t)icmp_error_length(&about);
    length = ip_build(&ip, bytes);
    length += icmp_build_error(&error, &ip.source, &about, bytes + length, ip.payload_length);
    in.length = length;
    lastack_input(world.stack, world.now, &in, 1);
    SETTLES();
}
