/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * udp_header.c: UDP headers, RFC 768.
 *
 * The length field rules, not the length of the IP payload: bytes behind it belong to nobody and
 * are not summed. A checksum that comes out as 0 is sent as ffff, since 0 says "none".
 */
#include "udp_header.h"

#include "check.h"
#include "checksum.h"

static bool udp_checksum_ok(const struct ip_packet *packet, size_t length)
{
    if (load16(packet->payload + UDP_CHECKSUM_OFFSET) == 0)
        return !packet->is_ipv6;
    return checksum_ok(checksum_native_pseudo(&packet->source, &packet->destination,
                                              IP_PROTOCOL_UDP, (uint32_t)length),
                       packet->payload, length);
}

enum lastack_cause udp_parse(const struct ip_packet *packet, bool checksum_trusted,
                             struct udp_datagram *datagram)
{
    const uint8_t *p = packet->payload;
    size_t length;

    if (packet->payload_length < UDP_HEADER)
        return LASTACK_CAUSE_DROP_UDP;
    length = load16(p + 4);
    if (length < UDP_HEADER || length > packet->payload_length)
        return LASTACK_CAUSE_DROP_UDP;
    if (!checksum_trusted && !udp_checksum_ok(packet, length))
        return LASTACK_CAUSE_DROP_UDP;
    datagram->remote = (struct lastack_endpoint){packet->source, load16(p)};
    datagram->local = (struct lastack_endpoint){packet->destination, load16(p + 2)};
    datagram->data = p + UDP_HEADER;
    datagram->length = length - UDP_HEADER;
    return datagram->local.port == 0 ? LASTACK_CAUSE_DROP_UDP : LASTACK_CAUSE_NONE;
}

void udp_build(const struct udp_datagram *datagram, uint32_t data_sum, uint8_t header[UDP_HEADER])
{
    uint32_t length = (uint32_t)datagram->length + UDP_HEADER;
    uint32_t sum = checksum_pseudo(&datagram->local.address, &datagram->remote.address,
                                   IP_PROTOCOL_UDP, length);
    uint16_t checksum;

    CHECK(length <= UINT16_MAX);
    store16(header, datagram->local.port);
    store16(header + 2, datagram->remote.port);
    store16(header + 4, (uint16_t)length);
    store16(header + UDP_CHECKSUM_OFFSET, 0);
    sum = checksum_add(sum, header, UDP_HEADER);
    checksum = checksum_finish(checksum_join(sum, data_sum));
    store16(header + UDP_CHECKSUM_OFFSET, checksum == 0 ? 0xffff : checksum);
}
