/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * ethernet.c: frames, RFC 894 and RFC 2464; group addresses, RFC 1112 §6.4 and RFC 2464 §7.
 */
#include "ethernet.h"

#include "ip_address.h"

const uint8_t mac_broadcast[MAC_BYTES] = {0xff, 0xff, 0xff, 0xff, 0xff, 0xff};

enum lastack_cause ethernet_parse(const uint8_t *data, size_t length, const uint8_t mac[MAC_BYTES],
                                  struct ethernet_frame *frame)
{
    if (length < ETHERNET_HEADER)
        return LASTACK_CAUSE_DROP_SHORT;
    frame->destination = data;
    frame->source = data + MAC_BYTES;
    frame->type = load16(data + 12);
    frame->payload = data + ETHERNET_HEADER;
    frame->payload_length = length - ETHERNET_HEADER;
    if (!mac_is_group(frame->destination) && memcmp(frame->destination, mac, MAC_BYTES) != 0)
        return LASTACK_CAUSE_DROP_ETHERNET;
    if (mac_is_group(frame->source))
        return LASTACK_CAUSE_DROP_ETHERNET;
    if (frame->type != ETHERNET_TYPE_IPV4 && frame->type != ETHERNET_TYPE_IPV6 &&
        frame->type != ETHERNET_TYPE_ARP)
        return LASTACK_CAUSE_DROP_ETHERNET;
    return LASTACK_CAUSE_NONE;
}

void ethernet_build(const uint8_t destination[MAC_BYTES], const uint8_t source[MAC_BYTES],
                    uint16_t type, uint8_t header[ETHERNET_HEADER])
{
    memcpy(header, destination, MAC_BYTES);
    memcpy(header + MAC_BYTES, source, MAC_BYTES);
    store16(header + 12, type);
}

uint16_t ethernet_type_of(const struct lastack_address *destination)
{
    return ip_is_ipv4(destination) ? ETHERNET_TYPE_IPV4 : ETHERNET_TYPE_IPV6;
}

bool mac_of_group(const struct lastack_address *address, uint8_t mac[MAC_BYTES])
{
    if (ip_is_limited_broadcast(address)) {
        memcpy(mac, mac_broadcast, MAC_BYTES);
        return true;
    }
    if (!ip_is_multicast(address))
        return false;
    if (ip_is_ipv4(address)) {
        mac[0] = 0x01;
        mac[1] = 0x00;
        mac[2] = 0x5e;
        memcpy(mac + 3, address->bytes + 13, 3);
        mac[3] &= 0x7f;
    } else {
        mac[0] = mac[1] = 0x33;
        memcpy(mac + 2, address->bytes + 12, 4);
    }
    return true;
}
