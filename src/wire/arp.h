/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * arp.h: address resolution for IPv4 over Ethernet, RFC 826.
 *
 *     | 1 (Ethernet) | 0x0800 | 6 | 4 | operation | sender mac, ip | target mac, ip |    28 bytes
 */
#ifndef LASTACK_ARP_H
#define LASTACK_ARP_H

#include "ethernet.h"

enum { ARP_LENGTH = 28 };

enum arp_operation { ARP_REQUEST = 1, ARP_REPLY = 2 };

struct arp_packet {
    enum arp_operation operation;
    uint8_t sender_mac[MAC_BYTES], target_mac[MAC_BYTES]; /* a request's target: zeros */
    struct lastack_address sender, target; /* IPv4; sender 0.0.0.0 = a probe (RFC 5227 §2.1.1) */
};

/* `data` is the payload of a frame of type ARP. DROP_NEIGHBOR unless it is a request or a reply
 * about IPv4 over Ethernet whose sender may exist: a unicast hardware address, no broadcast or
 * multicast IP. */
enum lastack_cause arp_parse(const uint8_t *data, size_t length, struct arp_packet *arp);

void arp_build(const struct arp_packet *arp, uint8_t to[ARP_LENGTH]);

#endif
