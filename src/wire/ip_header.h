/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * ip_header.h: building IPv4 (RFC 791) and IPv6 (RFC 8200) headers.
 */
#ifndef LASTACK_IP_HEADER_H
#define LASTACK_IP_HEADER_H

#include "packet_parse.h"

enum { IPV4_HEADER = 20, IPV6_HEADER = 40 };

struct ip_build {
    struct lastack_address source, destination;
    uint32_t payload_length;
    uint32_t flow_label;     /* IPv6 */
    uint16_t id;             /* IPv4; 0 with dont_fragment (RFC 6864) */
    uint8_t protocol, ttl, traffic_class;
    bool dont_fragment;
};

/* Header with its checksum; returns its length (20 or 40). The family is that of the destination. */
unsigned ip_build(const struct ip_build *build, uint8_t *header);

#endif
