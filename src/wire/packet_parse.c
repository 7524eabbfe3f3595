/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * packet_parse.c: IPv4 and IPv6 headers, options and extension headers (RFC 791, 1122 §3.2.1, 8200
 * §3-4). The IPv4 header itself is in packet_take.h.
 *
 * Two walks share one rule: a cursor only ever moves forward, by at least one byte and never past
 * the end, so that the work is bounded by the header's length (options) and by 8 (extension
 * headers).
 *
 * Source routes are refused in both families: we are a host, the last hop. A completed route is
 * harmless but an unwise invitation to answer along it (RFC 9293 MUST-51..53 are not built; RFC
 * 5095 for IPv6).
 */
#include "packet_take.h"

#include "ip_address.h"

enum {
    IPV4_OPTION_END = 0,
    IPV4_OPTION_NOP = 1,
    IPV4_OPTION_LSRR = 131,
    IPV4_OPTION_SSRR = 137,
    IPV6_OPTION_PAD1 = 0,
    IPV6_FRAGMENT_HEADER = 8,
    IP_LENGTH_MAX = 65535,
};

/* Codes of ICMPv6 parameter problem (RFC 4443 §3.4); ICMPv4 knows code 0 only. */
enum { PROBLEM_HEADER = 0, PROBLEM_NEXT_HEADER = 1, PROBLEM_OPTION = 2 };

static enum lastack_cause ip_refuse(struct ip_packet *packet, enum lastack_cause cause,
                                    enum ip_problem problem, uint8_t code, size_t pointer)
{
    packet->problem = (uint8_t)problem;
    packet->problem_code = code;
    packet->problem_pointer = (uint16_t)pointer;
    return cause;
}

/* RFC 791 §3.1, RFC 1122 §3.2.1.8: unknown options are passed over. */
NOINLINE enum lastack_cause ipv4_walk_options(struct ip_packet *packet, size_t end)
{
    const uint8_t *header = packet->header;
    size_t at = IPV4_HEADER;

    while (at < end && header[at] != IPV4_OPTION_END) {
        if (header[at] == IPV4_OPTION_NOP) {
            at++;
            continue;
        }
        if (end - at < 2)
            return ip_refuse(packet, LASTACK_CAUSE_DROP_IP_OPTION, IP_PROBLEM_ANSWER_UNICAST,
                             PROBLEM_HEADER, at);
        if (header[at + 1] < 2 || header[at + 1] > end - at)
            return ip_refuse(packet, LASTACK_CAUSE_DROP_IP_OPTION, IP_PROBLEM_ANSWER_UNICAST,
                             PROBLEM_HEADER, at + 1);
        if (header[at] == IPV4_OPTION_LSRR || header[at] == IPV4_OPTION_SSRR)
            return LASTACK_CAUSE_DROP_SOURCE_ROUTE;
        at += header[at + 1];
    }
    return LASTACK_CAUSE_NONE;
}

bool ip_fragment_is_impossible(const struct ip_packet *packet, size_t header_length)
{
    if (packet->more_fragments && packet->payload_length % 8 != 0)
        return true;
    return header_length + packet->fragment_offset + packet->payload_length > IP_LENGTH_MAX;
}

NOINLINE void ipv4_note_fragment(struct ip_packet *packet)
{
    const unsigned fragment = load16(packet->header + 6); /* flags, offset */

    packet->is_fragment = true;
    packet->more_fragments = (fragment & IPV4_MF) != 0;
    packet->fragment_offset = (uint16_t)((fragment & IPV4_OFFSET) * 8);
    packet->fragment_id = load16(packet->header + 4);
    packet->next_header_offset = IPV4_PROTOCOL_AT;
}

NOINLINE enum lastack_cause ip_refuse_unread(struct ip_packet *packet, const uint8_t *data,
                                             enum lastack_cause cause)
{
    *packet = (struct ip_packet){.header = data};
    return cause;
}

/* Options of a hop-by-hop or destination options header, in [at, end). RFC 8200 §4.2: the two
 * highest bits of an unknown option say what to do: skip, drop, drop and tell, drop and tell unless
 * multicast. */
static enum lastack_cause ipv6_walk_options(struct ip_packet *packet, size_t at, size_t end)
{
    static const uint8_t reaction[4] = {
        IP_PROBLEM_SILENT,
        IP_PROBLEM_SILENT,
        IP_PROBLEM_ANSWER,
        IP_PROBLEM_ANSWER_UNICAST,
    };
    const uint8_t *header = packet->header;

    while (at < end) {
        unsigned action = header[at] >> 6;
        if (header[at] == IPV6_OPTION_PAD1) {
            at++;
            continue;
        }
        if (end - at < 2 || header[at + 1] > end - at - 2)
            return ip_refuse(packet, LASTACK_CAUSE_DROP_IP_OPTION, IP_PROBLEM_ANSWER_UNICAST,
                             PROBLEM_HEADER, at);
        if (action != 0)
            return ip_refuse(packet, LASTACK_CAUSE_DROP_IP_OPTION,
                             (enum ip_problem)reaction[action], PROBLEM_OPTION, at);
        at += 2u + header[at + 1];
    }
    return LASTACK_CAUSE_NONE;
}

/* RFC 8200 §4.4: no routing type is known here; one with nothing left to do is passed over. */
static enum lastack_cause ipv6_check_routing(struct ip_packet *packet, size_t at)
{
    if (packet->header[at + 3] == 0)
        return LASTACK_CAUSE_NONE;
    return ip_refuse(packet, LASTACK_CAUSE_DROP_SOURCE_ROUTE, IP_PROBLEM_ANSWER_UNICAST,
                     PROBLEM_HEADER, at + 2);
}

/* Fills in the fragment's fields; RFC 8200 §4.5. */
static enum lastack_cause ipv6_take_fragment(struct ip_packet *packet, size_t at)
{
    const uint8_t *fragment = packet->header + at;

    packet->fragment_offset = load16(fragment + 2) & 0xfff8;
    packet->more_fragments = (fragment[3] & 1) != 0;
    packet->is_fragment = packet->more_fragments || packet->fragment_offset > 0;
    packet->fragment_id = load32(fragment + 4);
    packet->unfragmented_length = (uint16_t)at;
    if (!packet->is_fragment)
        return LASTACK_CAUSE_NONE;
    packet->payload_length = packet->packet_length - at - IPV6_FRAGMENT_HEADER;
    if (packet->more_fragments && packet->payload_length % 8 != 0) /* pointer: the payload length */
        return ip_refuse(packet, LASTACK_CAUSE_DROP_FRAGMENT, IP_PROBLEM_ANSWER_UNICAST,
                         PROBLEM_HEADER, 4);
    if (ip_fragment_is_impossible(packet, at - IPV6_HEADER))
        return ip_refuse(packet, LASTACK_CAUSE_DROP_FRAGMENT, IP_PROBLEM_ANSWER_UNICAST,
                         PROBLEM_HEADER, at + 2);
    return LASTACK_CAUSE_NONE;
}

static bool ipv6_is_extension(uint8_t protocol)
{
    return protocol == IP_PROTOCOL_HOP_BY_HOP || protocol == IP_PROTOCOL_ROUTING ||
           protocol == IP_PROTOCOL_FRAGMENT || protocol == IP_PROTOCOL_DESTINATION;
}

static size_t ipv6_extension_length(const uint8_t *extension, uint8_t protocol)
{
    return protocol == IP_PROTOCOL_FRAGMENT ? IPV6_FRAGMENT_HEADER : ((size_t)extension[1] + 1) * 8;
}

static enum lastack_cause ipv6_check_extension(struct ip_packet *packet, size_t at, size_t length)
{
    switch (packet->protocol) {
    case IP_PROTOCOL_HOP_BY_HOP: /* only directly behind the header, RFC 8200 §4.1 */
        if (at != IPV6_HEADER)
            return ip_refuse(packet, LASTACK_CAUSE_DROP_IP_OPTION, IP_PROBLEM_ANSWER_UNICAST,
                             PROBLEM_NEXT_HEADER, packet->next_header_offset);
        return ipv6_walk_options(packet, at + 2, at + length);
    case IP_PROTOCOL_DESTINATION:
        return ipv6_walk_options(packet, at + 2, at + length);
    case IP_PROTOCOL_ROUTING:
        return ipv6_check_routing(packet, at);
    default:
        return ipv6_take_fragment(packet, at);
    }
}

/* Moves protocol, payload over the extension headers. */
static enum lastack_cause ipv6_walk_extensions(struct ip_packet *packet)
{
    size_t at = IPV6_HEADER;

    for (unsigned count = 0; ipv6_is_extension(packet->protocol); count++) {
        size_t left = packet->packet_length - at;
        size_t length =
            left < 8 ? SIZE_MAX : ipv6_extension_length(packet->header + at, packet->protocol);
        enum lastack_cause cause;

        if (length > left || count == IP_EXTENSIONS_MAX)
            return LASTACK_CAUSE_DROP_IP_OPTION;
        cause = ipv6_check_extension(packet, at, length);
        packet->protocol = packet->header[at];
        packet->payload = packet->header + at + length;
        packet->payload_length = left - length;
        if (cause != LASTACK_CAUSE_NONE || packet->is_fragment)
            return cause;
        packet->next_header_offset = (uint16_t)at;
        at += length;
    }
    return LASTACK_CAUSE_NONE;
}

static void ipv6_parse_fields(const uint8_t *data, struct ip_packet *packet)
{
    ip_clear_tail(packet);
    packet->is_ipv6 = true;
    packet->header = data;
    packet->source = ip_from_ipv6(data + 8);
    packet->destination = ip_from_ipv6(data + 24);
    packet->packet_length = IPV6_HEADER + (size_t)load16(data + 4);
    packet->protocol = data[6];
    packet->next_header_offset = 6;
    packet->ttl = data[7];
    packet->traffic_class = (uint8_t)(load16(data) >> 4);
    packet->flow_label = load32(data) & 0xfffff;
    packet->payload = data + IPV6_HEADER;
    packet->payload_length = 0;
}

static enum lastack_cause ipv6_parse(const uint8_t *data, size_t length, struct ip_packet *packet)
{
    ipv6_parse_fields(data, packet);
    if (packet->packet_length > length)
        return ip_refuse_length(packet, length);
    packet->payload_length = packet->packet_length - IPV6_HEADER;
    /* An IPv4-mapped address must not travel (RFC 4291 §2.5.5.2); here it would pass for IPv4. */
    if (ip_is_ipv4(&packet->source))
        return LASTACK_CAUSE_DROP_BAD_SOURCE;
    if (ip_is_ipv4(&packet->destination))
        return LASTACK_CAUSE_DROP_NOT_OURS;
    return ipv6_walk_extensions(packet);
}

/* The header says how long it is. */
static enum lastack_cause ipv4_parse_any(const uint8_t *data, size_t length, bool checksum_trusted,
                                         struct ip_packet *packet)
{
    const size_t header_length = (size_t)(data[0] & 15) * 4;

    if (header_length < IPV4_HEADER)
        return ip_refuse_unread(packet, data, LASTACK_CAUSE_DROP_IP_HEADER);
    if (length < header_length)
        return ip_refuse_unread(packet, data, LASTACK_CAUSE_DROP_SHORT);
    return ipv4_parse(data, length, header_length, checksum_trusted, packet);
}

NOINLINE enum lastack_cause ip_parse_other(const uint8_t *data, size_t length,
                                           bool checksum_trusted, struct ip_packet *packet)
{
    if (length >= IPV4_HEADER && data[0] >> 4 == 4)
        return ipv4_parse_any(data, length, checksum_trusted, packet);
    if (length >= IPV6_HEADER && data[0] >> 4 == 6)
        return ipv6_parse(data, length, packet);
    return ip_refuse_unread(packet, data,
                            length == 0 || data[0] >> 4 == 4 || data[0] >> 4 == 6
                                ? LASTACK_CAUSE_DROP_SHORT
                                : LASTACK_CAUSE_DROP_NOT_IP);
}

enum lastack_cause ip_parse(const uint8_t *data, size_t length, bool checksum_trusted,
                            struct ip_packet *packet)
{
    return ip_take_apart(data, length, checksum_trusted, packet);
}

static enum lastack_cause ipv4_parse_quoted(const uint8_t *data, size_t length,
                                            struct ip_packet *packet)
{
    size_t header_length = (size_t)(data[0] & 15) * 4;

    if (header_length < IPV4_HEADER || length < header_length)
        return LASTACK_CAUSE_DROP_SHORT;
    if (ipv4_parse_fields(data, header_length, packet) != LASTACK_CAUSE_NONE)
        return LASTACK_CAUSE_DROP_IP_LENGTH;
    packet->payload_length =
        (packet->packet_length < length ? packet->packet_length : length) - header_length;
    return LASTACK_CAUSE_NONE;
}

static enum lastack_cause ipv6_parse_quoted(const uint8_t *data, size_t length,
                                            struct ip_packet *packet)
{
    enum lastack_cause cause;
    size_t claimed;

    if (length < IPV6_HEADER)
        return LASTACK_CAUSE_DROP_SHORT;
    ipv6_parse_fields(data, packet);
    claimed = packet->packet_length;
    if (claimed > length)
        packet->packet_length = length; /* the walk must stay within what was quoted */
    packet->payload_length = packet->packet_length - IPV6_HEADER;
    if (ip_is_ipv4(&packet->source) || ip_is_ipv4(&packet->destination))
        return LASTACK_CAUSE_DROP_ICMP;
    cause = ipv6_walk_extensions(packet);
    packet->packet_length = claimed;
    return cause;
}

enum lastack_cause ip_parse_quoted(const uint8_t *data, size_t length, struct ip_packet *packet)
{
    enum lastack_cause cause = LASTACK_CAUSE_DROP_SHORT;

    *packet = (struct ip_packet){.header = data};
    if (length >= IPV4_HEADER && data[0] >> 4 == 4)
        cause = ipv4_parse_quoted(data, length, packet);
    else if (length >= IPV6_HEADER && data[0] >> 4 == 6)
        cause = ipv6_parse_quoted(data, length, packet);
    return cause;
}

bool ip_chain_is_whole(const uint8_t *chain, size_t length, uint8_t protocol)
{
    size_t at = 0;

    for (unsigned count = 0; ipv6_is_extension(protocol); count++) {
        if (protocol == IP_PROTOCOL_FRAGMENT) /* pieces of pieces: nobody needs them */
            return false;
        size_t extension = length - at < 8 ? SIZE_MAX : ipv6_extension_length(chain + at, protocol);
        if (extension > length - at || count == IP_EXTENSIONS_MAX)
            return false;
        protocol = chain[at];
        at += extension;
    }
    switch (protocol) {
    case IP_PROTOCOL_TCP:
        return length - at >= 20 && length - at >= (size_t)(chain[at + 12] >> 4) * 4;
    case IP_PROTOCOL_UDP:
    case IP_PROTOCOL_ICMPV6:
        return length - at >= 8;
    default:
        return true;
    }
}
