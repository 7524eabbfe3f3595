/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * ethernet.h: the frame around an IP packet, RFC 894, and the addresses that multicast maps to.
 *
 *     | destination 6 | source 6 | type 2 | payload, padded to 46 ...
 *
 * Frames with VLAN tags or of IEEE 802.3 (a length in the place of the type) carry nothing for us.
 */
#ifndef LASTACK_ETHERNET_H
#define LASTACK_ETHERNET_H

#include "bytes.h"

#include <lastack/address.h>
#include <lastack/trace.h>

enum { ETHERNET_HEADER = 14, MAC_BYTES = 6 };

enum ethernet_type {
    ETHERNET_TYPE_IPV4 = 0x0800,
    ETHERNET_TYPE_ARP = 0x0806,
    ETHERNET_TYPE_IPV6 = 0x86dd,
};

struct ethernet_frame {
    const uint8_t *destination, *source; /* MAC_BYTES each, in the frame */
    uint16_t type;
    const uint8_t *payload;
    size_t payload_length;
};

/* DROP_SHORT, or DROP_ETHERNET for a frame that is not addressed to `mac` (its own address, a
 * multicast or the broadcast), that comes from a group address, or whose type is none of the three
 * above. */
enum lastack_cause ethernet_parse(const uint8_t *data, size_t length, const uint8_t mac[MAC_BYTES],
                                  struct ethernet_frame *frame);

void ethernet_build(const uint8_t destination[MAC_BYTES], const uint8_t source[MAC_BYTES],
                    uint16_t type, uint8_t header[ETHERNET_HEADER]);

/* The type of an IP packet to this destination. */
uint16_t ethernet_type_of(const struct lastack_address *destination);

/* Group addresses: multicast and broadcast. */
static inline bool mac_is_group(const uint8_t mac[MAC_BYTES])
{
    return (mac[0] & 1) != 0;
}

/* 01:00:5e and the low 23 bits (RFC 1112 §6.4), 33:33 and the low 32 (RFC 2464 §7),
 * ff:ff:ff:ff:ff:ff for the limited broadcast. False if the address is none of these. */
bool mac_of_group(const struct lastack_address *address, uint8_t mac[MAC_BYTES]);

extern const uint8_t mac_broadcast[MAC_BYTES];

#endif
