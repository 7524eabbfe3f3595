/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * packet_take.h: an IPv4 header taken apart (RFC 791 §3.1), inlined for what does it to every
 * packet that arrives. Everybody else calls ip_parse.
 *
 *      0                   1                   2                   3
 *     |   4   |  IHL  |      TOS      |         total length          |
 *     |        identification         |x|D|M|    fragment offset      |
 *     |      TTL      |   protocol    |           checksum            |
 *     |                            source                             |
 *     |                          destination                          |
 *
 * What is seldom there (options, fragments, IPv6) is out of line, in packet_parse.c.
 */
#ifndef LASTACK_PACKET_TAKE_H
#define LASTACK_PACKET_TAKE_H

#include "bits.h"
#include "checksum.h"
#include "ip_address.h"
#include "packet_parse.h"

enum { IPV4_MF = 0x2000, IPV4_OFFSET = 0x1fff, IPV4_PROTOCOL_AT = 9 };

/* Refused before anything was understood. */
enum lastack_cause ip_refuse_unread(struct ip_packet *packet, const uint8_t *data,
                                    enum lastack_cause cause);
/* RFC 791 §3.1, RFC 1122 §3.2.1.8: up to `end`, behind the 20 bytes. */
enum lastack_cause ipv4_walk_options(struct ip_packet *packet, size_t end);
/* Its header says that it is a piece: what the header says of it. */
void ipv4_note_fragment(struct ip_packet *packet);
/* A piece that cannot belong to any packet: not a multiple of 8 in the middle, or beyond the
 * largest size. */
bool ip_fragment_is_impossible(const struct ip_packet *packet, size_t header_length);
/* What is not IPv4 without options. */
enum lastack_cause ip_parse_other(const uint8_t *data, size_t length, bool checksum_trusted,
                                  struct ip_packet *packet);

/* The small fields behind the addresses and lengths, which every path fills in itself. (All at once
 * would be a string instruction, dear for so few bytes.) */
static inline void ip_clear_tail(struct ip_packet *packet)
{
    const size_t tail = offsetof(struct ip_packet, ttl);

    memset((uint8_t *)packet + tail, 0, sizeof *packet - tail);
}

/* What the header claims is not there: nobody may read up to packet_length. */
static inline enum lastack_cause ip_refuse_length(struct ip_packet *packet, size_t length)
{
    packet->packet_length = length;
    return LASTACK_CAUSE_DROP_IP_LENGTH;
}

static inline enum lastack_cause ipv4_parse_fields(const uint8_t *data, size_t header_length,
                                                   struct ip_packet *packet)
{
    ip_clear_tail(packet);
    packet->header = data;
    packet->source = ip_from_ipv4(data + 12);
    packet->destination = ip_from_ipv4(data + 16);
    packet->packet_length = load16(data + 2);
    packet->ttl = data[8];
    packet->protocol = data[IPV4_PROTOCOL_AT];
    packet->traffic_class = data[1];
    packet->payload = data + header_length;
    packet->payload_length = 0;
    if (UNLIKELY((load16(data + 6) & (IPV4_MF | IPV4_OFFSET)) != 0))
        ipv4_note_fragment(packet);
    return packet->packet_length < header_length ? LASTACK_CAUSE_DROP_IP_LENGTH
                                                 : LASTACK_CAUSE_NONE;
}

static inline bool ipv4_checksum_ok(const uint8_t *data, size_t header_length)
{
    if (header_length == IPV4_HEADER)
        return checksum_ipv4_header_ok(data);
    return checksum_ok(0, data, header_length);
}

/* Of 20 bytes at least, and all there. */
static inline enum lastack_cause ipv4_parse(const uint8_t *data, size_t length,
                                            size_t header_length, bool checksum_trusted,
                                            struct ip_packet *packet)
{
    enum lastack_cause cause;

    if (!checksum_trusted && !ipv4_checksum_ok(data, header_length))
        return ip_refuse_unread(packet, data, LASTACK_CAUSE_DROP_IP_CHECKSUM);
    cause = ipv4_parse_fields(data, header_length, packet);
    if (cause != LASTACK_CAUSE_NONE || packet->packet_length > length)
        return ip_refuse_length(packet, length);
    packet->payload_length = packet->packet_length - header_length;
    if (header_length > IPV4_HEADER) {
        cause = ipv4_walk_options(packet, header_length);
        if (cause != LASTACK_CAUSE_NONE)
            return cause;
    }
    if (UNLIKELY(packet->is_fragment) && ip_fragment_is_impossible(packet, header_length))
        return LASTACK_CAUSE_DROP_FRAGMENT;
    return LASTACK_CAUSE_NONE;
}

/* As ip_parse. */
static inline ALWAYS_INLINE enum lastack_cause
ip_take_apart(const uint8_t *data, size_t length, bool checksum_trusted, struct ip_packet *packet)
{
    const uint8_t plain = 4 << 4 | IPV4_HEADER / 4; /* version 4, no options */

    if (LIKELY(length >= IPV4_HEADER && data[0] == plain))
        return ipv4_parse(data, length, IPV4_HEADER, checksum_trusted, packet);
    return ip_parse_other(data, length, checksum_trusted, packet);
}

#endif
