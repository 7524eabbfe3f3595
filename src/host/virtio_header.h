/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * virtio_header.h: the 10 bytes that travel before every packet on tun (IFF_VNET_HDR) and on packet
 * sockets (PACKET_VNET_HDR), and carry what a network card would be told:
 *
 *     flags | gso_type | hdr_len | gso_size | csum_start | csum_offset
 *       1        1          2         2           2            2        struct virtio_net_hdr
 *
 *     in:  NEEDS_CSUM or DATA_VALID -> LASTACK_CHECKSUM_TRUSTED: the packet never left this
 *          machine's memory
 *     out: LASTACK_CHECKSUM_PARTIAL -> NEEDS_CSUM, start, offset;  gso_size -> TCPV4 or TCPV6
 *
 * Numbers stand in the machine's own order.
 *
 * This is what makes one read or write carry 64 KiB of TCP: seven times the throughput of plain
 * packets.
 */
#ifndef LASTACK_VIRTIO_HEADER_H
#define LASTACK_VIRTIO_HEADER_H

#include <lastack/packet.h>

#include <linux/virtio_net.h>

/* Flags of a packet that arrived behind this header. */
uint32_t virtio_header_flags(const struct virtio_net_hdr *header);

/* The header to send before a packet. */
struct virtio_net_hdr virtio_header_of(const struct lastack_packet_out *packet);

#endif
