/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * packet_parse.h: a whole packet taken apart: link header, IP header, what the transport is.
 *
 * Parsing is total: any bytes give either a value or the cause of their refusal (LASTACK_CAUSE_DROP_...).
 * Nothing is read beyond `length`. Extension headers are walked, bounded by their number (8).
 */
#ifndef LASTACK_PACKET_PARSE_H
#define LASTACK_PACKET_PARSE_H

#include "bytes.h"

#include <lastack/address.h>
#include <lastack/trace.h>

enum ip_protocol {
    IP_PROTOCOL_ICMP = 1,
    IP_PROTOCOL_TCP = 6,
    IP_PROTOCOL_UDP = 17,
    IP_PROTOCOL_ICMPV6 = 58,
};

/* One IP packet, headers off. */
struct ip_packet {
    struct lastack_address source, destination;
    const uint8_t *header;     /* the IP header, for quoting it in an ICMP error */
    size_t packet_length;      /* IP header to the end of its payload; link padding cut off */
    const uint8_t *payload;
    size_t payload_length;
    uint8_t protocol;          /* after extension headers */
    uint8_t ttl;
    uint8_t traffic_class;     /* DSCP and ECN */
    bool is_ipv6;
    bool is_fragment;          /* payload is a piece; see the next four */
    bool more_fragments;
    bool dont_fragment;
    uint16_t fragment_offset;  /* bytes */
    uint32_t fragment_id;
    uint32_t flow_label;
    uint8_t next_header_offset; /* IPv6: where, in the header, the pointer for ICMP parameter problem is */
};

/* IPv4 (RFC 791, RFC 1122 §3.2.1) or IPv6 (RFC 8200), told apart by the version nibble. NONE, or why not. The IPv4 header's checksum is verified
 * unless trusted. */
enum lastack_cause ip_parse(const uint8_t *data, size_t length, bool checksum_trusted,
                            struct ip_packet *packet);

/* Sum over the pseudo-header and payload is right (TCP, UDP, ICMPv6 with pseudo-header; ICMP without). */
bool ip_payload_checksum_ok(const struct ip_packet *packet);

#endif
