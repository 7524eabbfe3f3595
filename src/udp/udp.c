/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * udp.c: see udp.h.
 */
#include "udp.h"

#include "checksum.h"
#include "ip_address.h"

uint32_t udp_most(const struct lastack_address *destination, uint32_t mtu)
{
    uint32_t headers = ip_header_length(destination) + (uint32_t)UDP_HEADER;

    return mtu > headers ? mtu - headers : 0;
}

unsigned udp_build_packet(const struct udp_record *record, const uint8_t *data,
                          uint8_t header[UDP_PACKET_HEADER_MAX])
{
    const struct ip_build ip = {
        .source = record->local.address,
        .destination = record->remote.address,
        .payload_length = (uint32_t)UDP_HEADER + record->length,
        .protocol = IP_PROTOCOL_UDP,
        .ttl = record->ttl,
        .traffic_class = record->traffic_class,
        .dont_fragment = true,
    };
    const struct udp_datagram datagram = {
        .local = record->local, .remote = record->remote, .data = data, .length = record->length};
    unsigned ip_length = ip_build(&ip, header);

    udp_build(&datagram, checksum_add(0, data, record->length), header + ip_length);
    return ip_length + UDP_HEADER;
}

struct icmp_error udp_port_unreachable(bool is_ipv6)
{
    if (is_ipv6)
        return (struct icmp_error){ICMPV6_TYPE_UNREACHABLE, ICMPV6_CODE_PORT, 0};
    return (struct icmp_error){ICMP_TYPE_UNREACHABLE, ICMP_CODE_PORT, 0};
}
