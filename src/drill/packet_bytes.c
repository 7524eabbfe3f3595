/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * packet_bytes.c: over wire's headers; only the options and the quote of an ICMP error are our own.
 */
#include "packet_bytes.h"

#include "checksum.h"
#include "icmp.h"
#include "icmp_names.h"
#include "ip_address.h"
#include "ip_header.h"
#include "option_bytes.h"
#include "tcp_header.h"
#include "udp_header.h"

enum { DEFAULT_TTL = 64, QUOTED_TRANSPORT = 8 };

/* ---- writing ---- */

/* `ttl` 0 in the script was refused by the caller. */
static struct ip_build ip_of(const struct drill_packet *packet, const struct packet_ends *ends,
                             uint8_t protocol, size_t payload_length)
{
    return (struct ip_build){
        .source = ends->source.address,
        .destination = ends->destination.address,
        .payload_length = (uint32_t)payload_length,
        .flow_label = packet->ip.has_flow_label ? packet->ip.flow_label : 0,
        .protocol = protocol,
        .ttl = packet->ip.has_ttl ? packet->ip.ttl : DEFAULT_TTL,
        .traffic_class = packet->ip.tos_check == TOS_UNCHECKED ? 0 : packet->ip.tos,
    };
}

/* E, W and A as three flags, or as the counter that they are with AccECN (RFC 9768 §3.2). */
static uint16_t flags_of(const struct drill_tcp *tcp)
{
    uint16_t flags = tcp->flags;

    if (tcp->ace >= 0)
        flags |= (uint16_t)((tcp->ace & 4 ? LASTACK_AE : 0) | (tcp->ace & 2 ? LASTACK_CWR : 0) |
                            (tcp->ace & 1 ? LASTACK_ECE : 0));
    return flags;
}

static size_t write_tcp(const struct drill_packet *packet, const struct packet_ends *ends,
                        uint8_t *bytes)
{
    const struct drill_tcp *tcp = &packet->tcp;
    const struct segment segment = {
        .seq = {tcp->seq},
        .ack = {tcp->ack},
        .flags = flags_of(tcp),
        .wnd = tcp->window < 0 ? 0 : (uint16_t)tcp->window,
        .urgent = tcp->urgent,
        .tuple = tuple_of(&ends->source, &ends->destination),
    };
    uint8_t options[DRILL_OPTION_BYTES];
    const unsigned options_length = option_bytes_write(tcp->options, options);
    const unsigned header = tcp_build_raw(&segment, options, options_length, bytes);

    memset(bytes + header, 0, tcp->length);
    tcp_store_checksum(bytes, header, &ends->source.address, &ends->destination.address,
                       header + tcp->length, 0);
    return header + tcp->length;
}

static size_t write_udp(const struct drill_packet *packet, const struct packet_ends *ends,
                        uint8_t *bytes)
{
    const struct udp_datagram datagram = {
        .local = ends->source, .remote = ends->destination, .length = packet->udp_length};

    memset(bytes + UDP_HEADER, 0, packet->udp_length);
    udp_build(&datagram, 0, bytes);
    return UDP_HEADER + (size_t)packet->udp_length;
}

/* The head of the packet that an ICMP error is about: it went the other way. */
static size_t write_quote(const struct drill_packet *packet, const struct packet_ends *ends,
                          uint8_t *bytes)
{
    const struct drill_icmp *icmp = &packet->icmp;
    const bool is_tcp = icmp->quote != QUOTE_UDP;
    const size_t transport = is_tcp ? TCP_HEADER_MIN : UDP_HEADER;
    const struct ip_build ip = {
        .source = ends->destination.address,
        .destination = ends->source.address,
        .payload_length = (uint32_t)transport + icmp->quote_length,
        .protocol = is_tcp ? IP_PROTOCOL_TCP : IP_PROTOCOL_UDP,
        .ttl = DEFAULT_TTL,
        .dont_fragment = true,
    };
    const unsigned header = ip_build(&ip, bytes);

    store16(bytes + header, ends->destination.port);
    store16(bytes + header + 2, ends->source.port);
    if (is_tcp)
        store32(bytes + header + 4, icmp->quote_seq);
    else
        store32(bytes + header + 4, (UDP_HEADER + icmp->quote_length) << 16);
    return header + QUOTED_TRANSPORT;
}

static void store_icmp_checksum(const struct packet_ends *ends, uint8_t *bytes, size_t length)
{
    uint32_t sum = 0;

    if (!ip_is_ipv4(&ends->source.address))
        sum = checksum_pseudo(&ends->source.address, &ends->destination.address, IP_PROTOCOL_ICMPV6,
                              (uint32_t)length);
    store16(bytes + 2, checksum_finish(checksum_add(sum, bytes, length)));
}

static size_t write_icmp(const struct drill_packet *packet, const struct packet_ends *ends,
                         uint8_t *bytes, struct script_error *error)
{
    const struct drill_icmp *icmp = &packet->icmp;
    const bool is_ipv6 = !ip_is_ipv4(&ends->source.address);
    size_t length = ICMP_HEADER;

    memset(bytes, 0, ICMP_HEADER);
    if (!icmp_numbers(is_ipv6, icmp->type, icmp->code, &bytes[0], &bytes[1])) {
        script_error_at(error, packet->place, "%s has no ICMP message %s%s%s",
                        is_ipv6 ? "IPv6" : "IPv4", icmp->type, icmp->code != NULL ? " " : "",
                        icmp->code != NULL ? icmp->code : "");
        return 0;
    }
    if (icmp->has_id)
        store16(bytes + 4, icmp->id);
    if (icmp->has_mtu && is_ipv6)
        store32(bytes + 4, icmp->mtu);
    else if (icmp->has_mtu)
        store16(bytes + 6, (uint16_t)icmp->mtu);
    if (icmp->quote == QUOTE_RAW) {
        length = icmp->quote_length < ICMP_HEADER ? ICMP_HEADER : icmp->quote_length;
        memset(bytes + ICMP_HEADER, 0, length - ICMP_HEADER);
    } else if (!icmp->has_id) {
        length += write_quote(packet, ends, bytes + ICMP_HEADER);
    }
    store_icmp_checksum(ends, bytes, length);
    return length;
}

/* Bytes that a packet of this script takes behind its IP header, more or less. */
static bool is_too_long(const struct drill_packet *packet)
{
    const size_t most = UINT16_MAX - IPV4_HEADER - TCP_HEADER_MAX;

    return (packet->protocol == DRILL_TCP && packet->tcp.length > most) ||
           (packet->protocol == DRILL_UDP && packet->udp_length > most) ||
           (packet->protocol == DRILL_ICMP && packet->icmp.quote_length > most);
}

const char *packet_prefix_name(const struct drill_prefix *prefix)
{
    const char *name = "IP in IP";

    for (; prefix != NULL; prefix = prefix->next)
        name = prefix->kind == PREFIX_GRE    ? "GRE"
               : prefix->kind == PREFIX_MPLS ? "MPLS"
               : prefix->kind == PREFIX_PSP  ? "PSP"
                                             : name;
    return name;
}

static bool refuse(const struct drill_packet *packet, struct script_error *error)
{
    if (packet->prefixes != NULL)
        return !script_error_at(error, packet->prefixes->place, "not supported: %s",
                                packet_prefix_name(packet->prefixes));
    if (packet->in_udp || packet->icmp.quote_in_udp)
        return !script_error_at(error, packet->place, "not supported: TCP over UDP");
    if (packet->protocol == DRILL_UDPLITE || packet->icmp.quote == QUOTE_UDPLITE)
        return !script_error_at(error, packet->place, "not supported: UDP-Lite");
    if (packet->ip.has_ttl && packet->ip.ttl == 0)
        return !script_error_at(error, packet->place, "a packet with TTL 0 never arrives");
    for (const struct drill_tcp_option *option = packet->tcp.options; option != NULL;
         option = option->next)
        if (option->is_valid_digest)
            return !script_error_at(error, option->place, "not supported: MD5 digests");
    if (is_too_long(packet))
        return !script_error_at(error, packet->place, "the packet is longer than IP allows");
    return false;
}

size_t packet_bytes_write(const struct drill_packet *packet, const struct packet_ends *ends,
                          uint8_t *bytes, struct script_error *error)
{
    const bool is_ipv6 = !ip_is_ipv4(&ends->destination.address);
    const unsigned header = ip_header_length(&ends->destination.address);
    uint8_t protocol = IP_PROTOCOL_TCP;
    struct ip_build ip;
    size_t length = 0;

    if (refuse(packet, error))
        return 0;
    switch (packet->protocol) {
    case DRILL_TCP:
        length = write_tcp(packet, ends, bytes + header);
        break;
    case DRILL_UDP:
    case DRILL_UDPLITE:
        protocol = IP_PROTOCOL_UDP;
        length = write_udp(packet, ends, bytes + header);
        break;
    case DRILL_ICMP:
        protocol = is_ipv6 ? IP_PROTOCOL_ICMPV6 : IP_PROTOCOL_ICMP;
        length = write_icmp(packet, ends, bytes + header, error);
        break;
    }
    if (length == 0)
        return 0;
    ip = ip_of(packet, ends, protocol, length);
    return ip_build(&ip, bytes) + length;
}

/* ---- reading ---- */

static bool is_zeros(const uint8_t *bytes, size_t length)
{
    for (size_t i = 0; i < length; i++)
        if (bytes[i] != 0)
            return false;
    return true;
}

static bool read_tcp(const struct ip_packet *ip, struct script_memory *memory,
                     struct seen_packet *seen)
{
    const uint8_t *header = ip->payload;
    struct drill_tcp *tcp = &seen->packet.tcp;
    unsigned length;

    if (ip->payload_length < TCP_HEADER_MIN)
        return false;
    length = 4u * (header[12] >> 4);
    if (length < TCP_HEADER_MIN || length > ip->payload_length)
        return false;
    seen->packet.protocol = DRILL_TCP;
    seen->ends.source.port = load16(header);
    seen->ends.destination.port = load16(header + 2);
    tcp->seq = load32(header + 4);
    tcp->flags = load16(header + 12) & 0x1ff;
    tcp->ace = -1;
    tcp->has_ack = tcp->flags & LASTACK_ACK;
    tcp->ack = tcp->has_ack ? load32(header + 8) : 0;
    tcp->window = load16(header + 14);
    tcp->urgent = load16(header + 18);
    tcp->length = (uint32_t)(ip->payload_length - length);
    tcp->options_length = length - TCP_HEADER_MIN;
    tcp->options = option_bytes_read(header + TCP_HEADER_MIN, tcp->options_length, memory);
    seen->has_other_text = !is_zeros(header + length, tcp->length);
    return true;
}

static bool read_udp(const struct ip_packet *ip, struct seen_packet *seen)
{
    if (ip->payload_length < UDP_HEADER)
        return false;
    seen->packet.protocol = DRILL_UDP;
    seen->ends.source.port = load16(ip->payload);
    seen->ends.destination.port = load16(ip->payload + 2);
    seen->packet.udp_length = (uint16_t)(ip->payload_length - UDP_HEADER);
    seen->has_other_text = !is_zeros(ip->payload + UDP_HEADER, seen->packet.udp_length);
    return true;
}

static bool read_icmp(const struct ip_packet *ip, struct script_memory *memory,
                      struct seen_packet *seen)
{
    if (ip->payload_length < ICMP_HEADER)
        return false;
    seen->packet.protocol = DRILL_ICMP;
    seen->packet.icmp.type = script_format(memory, "type_%u", ip->payload[0]);
    seen->packet.icmp.code = script_format(memory, "code_%u", ip->payload[1]);
    return true;
}

bool packet_bytes_read(const uint8_t *bytes, size_t length, struct script_memory *memory,
                       struct seen_packet *seen)
{
    enum lastack_cause cause;
    struct ip_packet ip;

    *seen = (struct seen_packet){.packet = {.direction = DRILL_OUT}};
    cause = ip_parse(bytes, length, false, &ip);
    if (cause == LASTACK_CAUSE_DROP_IP_CHECKSUM) {
        seen->has_bad_ip_checksum = true;
        cause = ip_parse(bytes, length, true, &ip);
    }
    if (cause != LASTACK_CAUSE_NONE || ip.is_fragment)
        return false;
    seen->ends.source.address = ip.source;
    seen->ends.destination.address = ip.destination;
    seen->packet.ip = (struct drill_ip_info){
        .tos_check = TOS_WHOLE,
        .tos = ip.traffic_class,
        .has_ttl = true,
        .ttl = ip.ttl,
        .has_flow_label = ip.is_ipv6,
        .flow_label = ip.flow_label,
    };
    seen->has_bad_checksum = !ip_payload_checksum_ok(&ip);
    switch (ip.protocol) {
    case IP_PROTOCOL_TCP:
        return read_tcp(&ip, memory, seen);
    case IP_PROTOCOL_UDP:
        return read_udp(&ip, seen);
    case IP_PROTOCOL_ICMP:
    case IP_PROTOCOL_ICMPV6:
        return read_icmp(&ip, memory, seen);
    default:
        return false;
    }
}
