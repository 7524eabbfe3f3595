/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * arp.c: ARP packets, RFC 826 "Packet format".
 */
#include "arp.h"

#include "ip_address.h"

enum {
    ARP_HARDWARE_ETHERNET = 1,
    ARP_LENGTHS = MAC_BYTES << 8 | IPV4_BYTES,
    ARP_AT_SENDER_MAC = 8,
    ARP_AT_SENDER = 14,
    ARP_AT_TARGET_MAC = 18,
    ARP_AT_TARGET = 24,
};

enum lastack_cause arp_parse(const uint8_t *data, size_t length, struct arp_packet *arp)
{
    uint16_t operation;

    if (length < ARP_LENGTH || load16(data) != ARP_HARDWARE_ETHERNET ||
        load16(data + 2) != ETHERNET_TYPE_IPV4 || load16(data + 4) != ARP_LENGTHS)
        return LASTACK_CAUSE_DROP_NEIGHBOR;
    operation = load16(data + 6);
    if (operation != ARP_REQUEST && operation != ARP_REPLY)
        return LASTACK_CAUSE_DROP_NEIGHBOR;
    arp->operation = operation == ARP_REQUEST ? ARP_REQUEST : ARP_REPLY;
    memcpy(arp->sender_mac, data + ARP_AT_SENDER_MAC, MAC_BYTES);
    memcpy(arp->target_mac, data + ARP_AT_TARGET_MAC, MAC_BYTES);
    arp->sender = ip_from_ipv4(data + ARP_AT_SENDER);
    arp->target = ip_from_ipv4(data + ARP_AT_TARGET);
    if (mac_is_group(arp->sender_mac) || ip_is_multicast(&arp->sender) ||
        ip_is_limited_broadcast(&arp->sender))
        return LASTACK_CAUSE_DROP_NEIGHBOR;
    return LASTACK_CAUSE_NONE;
}

void arp_build(const struct arp_packet *arp, uint8_t to[ARP_LENGTH])
{
    store16(to, ARP_HARDWARE_ETHERNET);
    store16(to + 2, ETHERNET_TYPE_IPV4);
    store16(to + 4, ARP_LENGTHS);
    store16(to + 6, (uint16_t)arp->operation);
    memcpy(to + ARP_AT_SENDER_MAC, arp->sender_mac, MAC_BYTES);
    memcpy(to + ARP_AT_SENDER, arp->sender.bytes + 12, IPV4_BYTES);
    memcpy(to + ARP_AT_TARGET_MAC, arp->target_mac, MAC_BYTES);
    memcpy(to + ARP_AT_TARGET, arp->target.bytes + 12, IPV4_BYTES);
}
