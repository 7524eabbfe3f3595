/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * nd.c: neighbour discovery messages, RFC 4861 §4.3 (solicitation), §4.4 (advertisement), §4.6.1
 * (link-layer address options), §7.1 (what makes them valid).
 */
#include "nd.h"

#include "checksum.h"
#include "icmp.h"
#include "ip_address.h"

enum {
    ND_OPTION_SOURCE_MAC = 1,
    ND_OPTION_TARGET_MAC = 2,
    ND_FLAG_ROUTER = 0x80,
    ND_FLAG_SOLICITED = 0x40,
    ND_FLAG_OVERRIDE = 0x20,
};

/* ff02::1:ff00:0/104 */
static bool nd_is_solicited_node(const struct lastack_address *address)
{
    struct lastack_address prefix = nd_solicited_node(address);

    return ip_address_equal(address, &prefix);
}

/* Options stand in units of 8 bytes; one of length 0 would never end (§7.1.1, §7.1.2). */
static bool nd_take_options(const uint8_t *p, size_t length, struct nd_message *message)
{
    uint8_t wanted = message->kind == ND_SOLICITATION ? ND_OPTION_SOURCE_MAC : ND_OPTION_TARGET_MAC;

    for (unsigned count = 0; length > 0; count++) {
        size_t option = length < 8 ? 0 : (size_t)p[1] * 8;
        if (option == 0 || option > length || count == ND_OPTIONS_MAX)
            return false;
        if (p[0] == wanted && option == 8) {
            message->has_mac = true;
            memcpy(message->mac, p + 2, MAC_BYTES);
        }
        p += option;
        length -= option;
    }
    return !(message->has_mac && mac_is_group(message->mac));
}

/* The rules that tie a message to its IP header. */
static bool nd_addresses_fit(const struct ip_packet *packet, const struct nd_message *message)
{
    if (ip_is_multicast(&message->target) || ip_is_ipv4(&message->target))
        return false;
    if (message->kind == ND_ADVERTISEMENT) {
        if (ip_is_unspecified(&packet->source))
            return false;
        return !(message->is_solicited && ip_is_multicast(&packet->destination));
    }
    if (ip_is_unspecified(
            &packet->source)) /* somebody asks whether his address is free (RFC 4862) */
        return nd_is_solicited_node(&packet->destination) && !message->has_mac;
    return true;
}

static bool nd_is_valid_packet(const struct ip_packet *packet, bool checksum_trusted)
{
    if (!packet->is_ipv6 || packet->protocol != IP_PROTOCOL_ICMPV6 || packet->ttl != ND_HOP_LIMIT)
        return false;
    if (packet->payload_length < ICMP_HEADER || packet->payload[1] != 0)
        return false;
    return checksum_trusted || ip_payload_checksum_ok(packet);
}

enum lastack_cause nd_parse(const struct ip_packet *packet, bool checksum_trusted,
                            struct nd_message *message)
{
    const uint8_t *p = packet->payload;

    *message = (struct nd_message){.kind = ND_SOLICITATION};
    if (!nd_is_valid_packet(packet, checksum_trusted))
        return LASTACK_CAUSE_DROP_NEIGHBOR;
    if (p[0] != ICMPV6_TYPE_NEIGHBOR_SOLICITATION && p[0] != ICMPV6_TYPE_NEIGHBOR_ADVERTISEMENT)
        return LASTACK_CAUSE_DROP_NOT_INTERESTING;
    if (packet->payload_length < ND_FIXED)
        return LASTACK_CAUSE_DROP_NEIGHBOR;
    if (p[0] == ICMPV6_TYPE_NEIGHBOR_ADVERTISEMENT) {
        message->kind = ND_ADVERTISEMENT;
        message->is_router = (p[4] & ND_FLAG_ROUTER) != 0;
        message->is_solicited = (p[4] & ND_FLAG_SOLICITED) != 0;
        message->is_override = (p[4] & ND_FLAG_OVERRIDE) != 0;
    }
    message->target = ip_from_ipv6(p + 8);
    if (!nd_take_options(p + ND_FIXED, packet->payload_length - ND_FIXED, message) ||
        !nd_addresses_fit(packet, message))
        return LASTACK_CAUSE_DROP_NEIGHBOR;
    return LASTACK_CAUSE_NONE;
}

unsigned nd_build(const struct nd_message *message, const struct lastack_address *source,
                  const struct lastack_address *destination, uint8_t to[ND_LENGTH_MAX])
{
    bool is_solicitation = message->kind == ND_SOLICITATION;
    unsigned length = message->has_mac ? ND_LENGTH_MAX : ND_FIXED;
    uint32_t sum = checksum_pseudo(source, destination, IP_PROTOCOL_ICMPV6, length);

    memset(to, 0, length);
    to[0] =
        is_solicitation ? ICMPV6_TYPE_NEIGHBOR_SOLICITATION : ICMPV6_TYPE_NEIGHBOR_ADVERTISEMENT;
    if (!is_solicitation)
        to[4] = (uint8_t)((message->is_router ? ND_FLAG_ROUTER : 0) |
                          (message->is_solicited ? ND_FLAG_SOLICITED : 0) |
                          (message->is_override ? ND_FLAG_OVERRIDE : 0));
    memcpy(to + 8, message->target.bytes, IPV6_BYTES);
    if (message->has_mac) {
        to[ND_FIXED] = is_solicitation ? ND_OPTION_SOURCE_MAC : ND_OPTION_TARGET_MAC;
        to[ND_FIXED + 1] = 1;
        memcpy(to + ND_FIXED + 2, message->mac, MAC_BYTES);
    }
    store16(to + 2, checksum_finish(checksum_add(sum, to, length)));
    return length;
}

struct lastack_address nd_solicited_node(const struct lastack_address *target)
{
    struct lastack_address group = {{0xff, 0x02, [11] = 0x01, [12] = 0xff}};

    memcpy(group.bytes + 13, target->bytes + 13, 3);
    return group;
}

struct lastack_address nd_all_nodes(void)
{
    return (struct lastack_address){{0xff, 0x02, [15] = 0x01}};
}
