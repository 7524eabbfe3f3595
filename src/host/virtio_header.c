/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * virtio_header.c: see virtio_header.h.
 */
#include "virtio_header.h"

#include "check.h"

uint32_t virtio_header_flags(const struct virtio_net_hdr *header)
{
    if (header->flags & (VIRTIO_NET_HDR_F_NEEDS_CSUM | VIRTIO_NET_HDR_F_DATA_VALID))
        return LASTACK_CHECKSUM_TRUSTED;
    return 0;
}

struct virtio_net_hdr virtio_header_of(const struct lastack_packet_out *packet)
{
    struct virtio_net_hdr header = {.gso_type = VIRTIO_NET_HDR_GSO_NONE};

    if (packet->flags & LASTACK_CHECKSUM_PARTIAL) {
        header.flags = VIRTIO_NET_HDR_F_NEEDS_CSUM;
        header.csum_start = packet->checksum_start;
        header.csum_offset = packet->checksum_offset;
    }
    if (packet->gso_size != 0) {
        const uint8_t *ip = (const uint8_t *)packet->iov[0].base + packet->ip_offset;

        CHECK(packet->iov[0].length >= packet->header_length &&
              packet->ip_offset < packet->header_length);
        header.gso_type = (ip[0] >> 4) == 6 ? VIRTIO_NET_HDR_GSO_TCPV6 : VIRTIO_NET_HDR_GSO_TCPV4;
        header.hdr_len = packet->header_length;
        header.gso_size = packet->gso_size;
    }
    return header;
}
