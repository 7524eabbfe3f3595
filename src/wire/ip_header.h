/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * ip_header.h: building IPv4 (RFC 791) and IPv6 (RFC 8200) headers.
 */
#ifndef LASTACK_IP_HEADER_H
#define LASTACK_IP_HEADER_H

#include "packet_parse.h"

struct ip_build {
    struct lastack_address source, destination;
    uint32_t payload_length; /* header + payload <= 65535 (IPv4), payload <= 65535 (IPv6) */
    uint32_t flow_label;     /* IPv6, 20 bits */
    uint16_t id;             /* IPv4; 0 with dont_fragment (RFC 6864) */
    uint8_t protocol, ttl, traffic_class;
    bool dont_fragment; /* IPv4; IPv6 routers never fragment */
};

/* Header with its checksum; returns its length (20 or 40). The family is that of the destination,
 * and the source must be of the same. `ttl` is not 0 (RFC 1122 §3.2.1.7). */
unsigned ip_build(const struct ip_build *build, uint8_t *header);

/* The length that ip_build will return. */
unsigned ip_header_length(const struct lastack_address *destination);

#endif
