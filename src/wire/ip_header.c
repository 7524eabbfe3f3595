/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * ip_header.c: IPv4 (RFC 791 §3.1) and IPv6 (RFC 8200 §3) headers, without options.
 */
#include "ip_header.h"

#include "ip_address.h"

/* `fragment` is flags and offset. */
static unsigned ipv4_build(const struct ip_build *build, uint16_t id, uint16_t fragment,
                           uint8_t *header)
{
    const struct ipv4_words words = {
        .length = build->payload_length + IPV4_HEADER,
        .id_fragment = (uint32_t)id << 16 | fragment,
        .ttl = build->ttl,
        .protocol = build->protocol,
        .traffic_class = build->traffic_class,
    };

    ipv4_write(header, &build->source, &build->destination,
               checksum_addresses(&build->source, &build->destination, true), &words);
    return IPV4_HEADER;
}

static unsigned ipv6_build(const struct ip_build *build, uint8_t *header)
{
    CHECK(build->payload_length <= UINT16_MAX && build->flow_label <= 0xfffff);
    store32(header, 6u << 28 | (uint32_t)build->traffic_class << 20 | build->flow_label);
    store16(header + 4, (uint16_t)build->payload_length);
    header[6] = build->protocol;
    header[7] = build->ttl;
    memcpy(header + 8, build->source.bytes, IPV6_BYTES);
    memcpy(header + 24, build->destination.bytes, IPV6_BYTES);
    return IPV6_HEADER;
}

unsigned ip_build(const struct ip_build *build, uint8_t *header)
{
    CHECK(build->ttl > 0 && ip_is_ipv4(&build->source) == ip_is_ipv4(&build->destination));
    if (!ip_is_ipv4(&build->destination))
        return ipv6_build(build, header);
    return ipv4_build(build, build->id, build->dont_fragment ? IPV4_DONT_FRAGMENT : 0, header);
}

/* A piece of a packet has no DF. */
static unsigned ipv4_build_piece(const struct ip_build *build, const struct ip_piece *piece,
                                 uint8_t *header)
{
    uint32_t fragment = piece->offset / 8 | (piece->more ? IPV4_MORE_FRAGMENTS : 0);

    CHECK(build->payload_length + piece->offset + IPV4_HEADER <= UINT16_MAX);
    return ipv4_build(build, (uint16_t)piece->id, (uint16_t)fragment, header);
}

static unsigned ipv6_build_piece(const struct ip_build *build, const struct ip_piece *piece,
                                 uint8_t *header)
{
    struct ip_build whole = *build;
    uint8_t *fragment = header + IPV6_HEADER;

    CHECK(build->payload_length + piece->offset <= UINT16_MAX);
    whole.protocol = IP_PROTOCOL_FRAGMENT;
    whole.payload_length += IPV6_FRAGMENT;
    ipv6_build(&whole, header);
    fragment[0] = build->protocol;
    fragment[1] = 0;
    store16(fragment + 2, (uint16_t)(piece->offset | piece->more));
    store32(fragment + 4, piece->id);
    return IPV6_PIECE_HEADER;
}

unsigned ip_build_piece(const struct ip_build *build, const struct ip_piece *piece, uint8_t *header)
{
    CHECK(build->ttl > 0 && piece->offset % 8 == 0);
    CHECK(!piece->more || build->payload_length % 8 == 0);
    return ip_is_ipv4(&build->destination) ? ipv4_build_piece(build, piece, header)
                                           : ipv6_build_piece(build, piece, header);
}

unsigned ip_header_length(const struct lastack_address *destination)
{
    return ip_is_ipv4(destination) ? IPV4_HEADER : IPV6_HEADER;
}
