/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * packet_parse.h: an IP packet taken apart: header, options or extension headers, what the
 * transport is.
 *
 *     IPv4   [header | options | payload ......... | link padding]
 *     IPv6   [header | hop-by-hop, routing, fragment, destination (at most 8) | payload ......]
 *
 * Parsing is total: any bytes give either a value or the cause of their refusal
 * (LASTACK_CAUSE_DROP_...). Nothing is read beyond `length`. On a refusal the fields that were
 * understood stay filled in (source, destination, header), and `problem` says whether an ICMP
 * parameter problem should tell the sender.
 */
#ifndef LASTACK_PACKET_PARSE_H
#define LASTACK_PACKET_PARSE_H

#include "bytes.h"
#include "checksum.h"

#include <lastack/address.h>
#include <lastack/trace.h>

enum { IPV4_HEADER = 20, IPV4_HEADER_MAX = 60, IPV6_HEADER = 40, IP_EXTENSIONS_MAX = 8 };

enum ip_protocol {
    IP_PROTOCOL_HOP_BY_HOP = 0,
    IP_PROTOCOL_ICMP = 1,
    IP_PROTOCOL_TCP = 6,
    IP_PROTOCOL_UDP = 17,
    IP_PROTOCOL_ROUTING = 43,
    IP_PROTOCOL_FRAGMENT = 44,
    IP_PROTOCOL_ICMPV6 = 58,
    IP_PROTOCOL_NONE = 59,
    IP_PROTOCOL_DESTINATION = 60,
};

/* What is to be said about a refused packet (RFC 1122 §3.2.2.5; RFC 8200 §4.2, RFC 4443 §3.4). */
enum ip_problem {
    IP_PROBLEM_SILENT,
    IP_PROBLEM_ANSWER,         /* parameter problem, even about a multicast */
    IP_PROBLEM_ANSWER_UNICAST, /* only if the destination was no multicast */
};

/* One IP packet, headers off. */
struct ip_packet {
    struct lastack_address source, destination;
    const uint8_t *header; /* the IP header, for quoting it in an ICMP error */
    size_t packet_length;  /* IP header to the end of its payload; link padding cut off */
    const uint8_t *payload;
    size_t payload_length;
    /* From here on: cleared first by whoever fills it in. */
    uint8_t ttl;
    uint8_t protocol; /* after extension headers; of a fragment: what its header says follows */
    uint8_t traffic_class; /* DSCP and ECN */
    bool is_ipv6;
    bool is_fragment; /* payload is a piece; see the next three */
    bool more_fragments;
    uint16_t fragment_offset; /* bytes */
    uint32_t fragment_id;
    uint32_t flow_label;
    /* Where `protocol` stands, of a fragment and in IPv6 (for the pointer of a parameter problem);
     * of an IPv6 fragment: where the fragment header was announced. */
    uint16_t next_header_offset;
    /* IPv6 fragment: bytes before the fragment header, which every piece repeats. */
    uint16_t unfragmented_length;
    uint8_t problem;      /* enum ip_problem, after a refusal */
    uint8_t problem_code; /* of the parameter problem */
    uint16_t problem_pointer;
};

/* IPv4 (RFC 791, RFC 1122 §3.2.1) or IPv6 (RFC 8200), told apart by the version nibble. NONE, or
 * why not. The IPv4 header's checksum is verified unless trusted. A fragment is recognised and not
 * walked further: its payload is what follows the (fragment) header. An atomic IPv6 fragment
 * (offset 0, no more) is a whole packet (RFC 6946). */
enum lastack_cause ip_parse(const uint8_t *data, size_t length, bool checksum_trusted,
                            struct ip_packet *packet);

/* The packet that an ICMP error quotes: cut short, its header's checksum perhaps broken by
 * rewriting routers. NONE if the header is whole and says who spoke to whom; payload_length is what
 * was quoted of the payload, packet_length what the header claims. */
enum lastack_cause ip_parse_quoted(const uint8_t *data, size_t length, struct ip_packet *packet);

/* The IPv6 extension headers of `chain` (whose first has number `protocol`), up to the transport,
 * as ip_parse walks them. True if the transport's header lies within `length`, as RFC 8200 §4.5
 * asks of a first fragment, and there is no fragment header among them: what is put together again
 * is never a piece of something else. */
bool ip_chain_is_whole(const uint8_t *chain, size_t length, uint8_t protocol);

/* Sum over the pseudo-header and payload is right (TCP, UDP, ICMPv6 with pseudo-header; ICMP
 * without). A datagram of UDP without checksum is the business of udp_header.h. */
static inline bool ip_payload_checksum_ok(const struct ip_packet *packet)
{
    uint64_t sum = 0;

    if (packet->protocol != IP_PROTOCOL_ICMP)
        sum = checksum_native_pseudo(&packet->source, &packet->destination, packet->protocol,
                                     (uint32_t)packet->payload_length);
    return checksum_ok(sum, packet->payload, packet->payload_length);
}

#endif
