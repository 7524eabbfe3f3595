/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * ip_header.h: building IPv4 (RFC 791) and IPv6 (RFC 8200) headers.
 */
#ifndef LASTACK_IP_HEADER_H
#define LASTACK_IP_HEADER_H

#include "check.h"
#include "checksum.h"
#include "packet_parse.h"

enum { IPV6_FRAGMENT = 8, IPV6_PIECE_HEADER = IPV6_HEADER + IPV6_FRAGMENT };

struct ip_build {
    struct lastack_address source, destination;
    uint32_t payload_length; /* header + payload <= 65535 (IPv4), payload <= 65535 (IPv6) */
    uint32_t flow_label;     /* IPv6, 20 bits */
    uint16_t id;             /* IPv4; 0 with dont_fragment (RFC 6864) */
    uint8_t protocol, ttl, traffic_class;
    bool dont_fragment; /* IPv4; IPv6 routers never fragment */
};

enum { IPV4_DONT_FRAGMENT = 0x4000, IPV4_MORE_FRAGMENTS = 0x2000 };

/* The words of an IPv4 header as they change from packet to packet. */
struct ipv4_words {
    uint32_t length;      /* header and payload, <= 65535 */
    uint32_t id_fragment; /* id << 16 | flags and offset */
    uint8_t ttl, protocol, traffic_class;
};

/* Writes it, 20 bytes; `addresses` is the sum of both. */
static inline void ipv4_write(uint8_t *header, const struct lastack_address *source,
                              const struct lastack_address *destination, uint64_t addresses,
                              const struct ipv4_words *words)
{
    const uint32_t first =
        (4u << 4 | IPV4_HEADER / 4) << 24 | (uint32_t)words->traffic_class << 16 | words->length;
    const uint32_t third = (uint32_t)words->ttl << 24 | (uint32_t)words->protocol << 16;
    uint64_t sum = addresses + third;

    CHECK(words->length <= UINT16_MAX);
    sum += checksum_store32(header, first);
    sum += checksum_store32(header + 4, words->id_fragment);
    store32(header + 8, third | (uint16_t)~checksum_narrow(sum));
    memcpy(header + 12, source->bytes + 12, 4);
    memcpy(header + 16, destination->bytes + 12, 4);
}

/* Header with its checksum; returns its length (20 or 40). The family is that of the destination,
 * and the source must be of the same. `ttl` is not 0 (RFC 1122 §3.2.1.7). */
unsigned ip_build(const struct ip_build *build, uint8_t *header);

/* One piece of a packet that was cut (RFC 791 §2.3, RFC 8200 §4.5): where it belongs. */
struct ip_piece {
    uint32_t id; /* 16 bits in IPv4; not repeated while an older one may be under way (RFC 6864) */
    uint32_t offset; /* a multiple of 8, in the packet's payload */
    bool more;       /* then the piece's length is a multiple of 8 too */
};

/* The same for a piece of build->payload_length bytes; IPv6 with a fragment header: 20 or 48. */
unsigned ip_build_piece(const struct ip_build *build, const struct ip_piece *piece,
                        uint8_t *header);

/* The length that ip_build will return. */
unsigned ip_header_length(const struct lastack_address *destination);

#endif
