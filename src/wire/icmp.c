/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * icmp.c: ICMP and ICMPv6 messages, RFC 792, RFC 1122 §3.2.2, RFC 1191 §4, RFC 4443.
 *
 *      0        1        2                 4                                8
 *      | type   | code   | checksum        | 4 bytes whose meaning depends  | body ...
 *
 * The checksum of ICMPv6 covers a pseudo-header, that of ICMP does not: the only difference in
 * building.
 */
#include "icmp.h"

#include "check.h"
#include "checksum.h"
#include "ip_address.h"
#include "ip_header.h"

static enum icmp_kind icmp_kind_ipv4(uint8_t type, uint8_t code)
{
    switch (type) {
    case ICMP_TYPE_ECHO_REPLY:
        return ICMP_ECHO_REPLY;
    case ICMP_TYPE_ECHO_REQUEST:
        return ICMP_ECHO_REQUEST;
    case ICMP_TYPE_UNREACHABLE:
        return code == ICMP_CODE_FRAGMENTATION_NEEDED ? ICMP_TOO_BIG : ICMP_UNREACHABLE;
    case ICMP_TYPE_SOURCE_QUENCH:
        return ICMP_SOURCE_QUENCH;
    case ICMP_TYPE_REDIRECT:
        return ICMP_REDIRECT;
    case ICMP_TYPE_TIME_EXCEEDED:
        return ICMP_TIME_EXCEEDED;
    case ICMP_TYPE_PARAMETER_PROBLEM:
        return ICMP_PARAMETER_PROBLEM;
    default:
        return ICMP_OTHER;
    }
}

static enum icmp_kind icmp_kind_ipv6(uint8_t type)
{
    switch (type) {
    case ICMPV6_TYPE_UNREACHABLE:
        return ICMP_UNREACHABLE;
    case ICMPV6_TYPE_TOO_BIG:
        return ICMP_TOO_BIG;
    case ICMPV6_TYPE_TIME_EXCEEDED:
        return ICMP_TIME_EXCEEDED;
    case ICMPV6_TYPE_PARAMETER_PROBLEM:
        return ICMP_PARAMETER_PROBLEM;
    case ICMPV6_TYPE_ECHO_REQUEST:
        return ICMP_ECHO_REQUEST;
    case ICMPV6_TYPE_ECHO_REPLY:
        return ICMP_ECHO_REPLY;
    case ICMPV6_TYPE_REDIRECT:
        return ICMP_REDIRECT;
    case ICMPV6_TYPE_ROUTER_SOLICITATION:
    case ICMPV6_TYPE_ROUTER_ADVERTISEMENT:
    case ICMPV6_TYPE_NEIGHBOR_SOLICITATION:
    case ICMPV6_TYPE_NEIGHBOR_ADVERTISEMENT:
        return ICMP_NEIGHBOR;
    default:
        return type < ICMPV6_TYPE_FIRST_INFORMATION ? ICMP_UNKNOWN_ERROR : ICMP_OTHER;
    }
}

/* The four bytes whose meaning depends on the kind. */
static void icmp_take_value(const uint8_t *p, struct icmp_message *message)
{
    switch (message->kind) {
    case ICMP_ECHO_REQUEST:
    case ICMP_ECHO_REPLY:
        message->id = load16(p);
        message->sequence = load16(p + 2);
        break;
    case ICMP_TOO_BIG:
        message->mtu = message->is_ipv6 ? load32(p) : load16(p + 2);
        break;
    case ICMP_PARAMETER_PROBLEM:
        message->pointer = message->is_ipv6 ? load32(p) : p[0];
        break;
    case ICMP_UNREACHABLE:
    case ICMP_TIME_EXCEEDED:
    case ICMP_SOURCE_QUENCH:
    case ICMP_REDIRECT:
    case ICMP_UNKNOWN_ERROR:
    case ICMP_NEIGHBOR:
    case ICMP_OTHER:
        break;
    }
}

/* The errors of the first page: their body is the packet they are about. Nobody acts on a redirect
 * or a source quench, nor is the layout of an unknown error known. */
static bool icmp_kind_quotes(enum icmp_kind kind)
{
    return kind == ICMP_UNREACHABLE || kind == ICMP_TOO_BIG || kind == ICMP_TIME_EXCEEDED ||
           kind == ICMP_PARAMETER_PROBLEM || kind == ICMP_SOURCE_QUENCH ||
           kind == ICMP_UNKNOWN_ERROR;
}

enum lastack_cause icmp_parse(const struct ip_packet *packet, bool checksum_trusted,
                              struct icmp_message *message)
{
    uint8_t protocol = packet->is_ipv6 ? IP_PROTOCOL_ICMPV6 : IP_PROTOCOL_ICMP;
    const uint8_t *p = packet->payload;

    *message = (struct icmp_message){.is_ipv6 = packet->is_ipv6};
    if (packet->protocol != protocol || packet->payload_length < ICMP_HEADER)
        return LASTACK_CAUSE_DROP_ICMP;
    if (!checksum_trusted && !ip_payload_checksum_ok(packet))
        return LASTACK_CAUSE_DROP_ICMP;
    message->type = p[0];
    message->code = p[1];
    message->kind = packet->is_ipv6 ? icmp_kind_ipv6(p[0]) : icmp_kind_ipv4(p[0], p[1]);
    message->body = p + ICMP_HEADER;
    message->body_length = packet->payload_length - ICMP_HEADER;
    icmp_take_value(p + 4, message);
    if (!icmp_kind_quotes(message->kind))
        return LASTACK_CAUSE_NONE;
    message->has_quote = true;
    if (ip_parse_quoted(message->body, message->body_length, &message->quote) !=
            LASTACK_CAUSE_NONE ||
        message->quote.is_ipv6 != packet->is_ipv6)
        return LASTACK_CAUSE_DROP_ICMP;
    return LASTACK_CAUSE_NONE;
}

bool icmp_is_error(const struct ip_packet *packet)
{
    enum icmp_kind kind;

    if (packet->protocol != (packet->is_ipv6 ? IP_PROTOCOL_ICMPV6 : IP_PROTOCOL_ICMP))
        return false;
    if (packet->payload_length < 2)
        return true;
    if (packet->is_ipv6)
        return packet->payload[0] < ICMPV6_TYPE_FIRST_INFORMATION ||
               packet->payload[0] == ICMPV6_TYPE_REDIRECT;
    kind = icmp_kind_ipv4(packet->payload[0], packet->payload[1]);
    return icmp_kind_quotes(kind) || kind == ICMP_REDIRECT;
}

static void icmp_store_checksum(uint8_t *header, const struct lastack_address *source,
                                const struct lastack_address *destination, const uint8_t *body,
                                size_t length)
{
    uint32_t sum = 0;

    if (!ip_is_ipv4(destination))
        sum = checksum_pseudo(source, destination, IP_PROTOCOL_ICMPV6,
                              (uint32_t)(ICMP_HEADER + length));
    store16(header + 2, 0);
    sum = checksum_add(sum, header, ICMP_HEADER);
    store16(header + 2, checksum_finish(checksum_add(sum, body, length)));
}

size_t icmp_error_length(const struct ip_packet *about)
{
    size_t most =
        about->is_ipv6 ? ICMP_QUOTED_MAX_IPV6 - IPV6_HEADER : ICMP_QUOTED_MAX_IPV4 - IPV4_HEADER;

    return about->packet_length + ICMP_HEADER < most ? about->packet_length + ICMP_HEADER : most;
}

/* The 4 bytes between checksum and quote. */
static uint32_t icmp_error_value(const struct icmp_error *error, bool is_ipv6)
{
    if (!is_ipv6 && error->type == ICMP_TYPE_PARAMETER_PROBLEM)
        return (error->value & 0xff) << 24;
    return error->value;
}

size_t icmp_build_error(const struct icmp_error *error, const struct lastack_address *source,
                        const struct ip_packet *about, uint8_t *to, size_t room)
{
    size_t length = icmp_error_length(about);

    CHECK(room >= ICMP_ERROR_ROOM_MIN);
    if (length > room)
        length = room;
    to[0] = error->type;
    to[1] = error->code;
    store32(to + 4, icmp_error_value(error, about->is_ipv6));
    memcpy(to + ICMP_HEADER, about->header, length - ICMP_HEADER);
    icmp_store_checksum(to, source, &about->source, to + ICMP_HEADER, length - ICMP_HEADER);
    return length;
}

void icmp_build_echo(const struct icmp_echo *echo, uint8_t header[ICMP_HEADER])
{
    if (ip_is_ipv4(&echo->destination))
        header[0] = echo->is_reply ? ICMP_TYPE_ECHO_REPLY : ICMP_TYPE_ECHO_REQUEST;
    else
        header[0] = echo->is_reply ? ICMPV6_TYPE_ECHO_REPLY : ICMPV6_TYPE_ECHO_REQUEST;
    header[1] = 0;
    store16(header + 4, echo->id);
    store16(header + 6, echo->sequence);
    icmp_store_checksum(header, &echo->source, &echo->destination, echo->data, echo->length);
}
