/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * packet.h: packets at the edge of a stack.
 *
 *   in:   one contiguous piece of the caller's memory, his until lastack_input returns.
 *   out:  headers inside the struct itself, payload by reference into the stack's pages:
 *
 *             iov[0] -> header[]            iov[1..] -> pages, valid until the next call that is
 *                                                       not lastack_output
 *
 * A frame may be far larger than the link's MTU when the link said so (gso_max): then gso_size is
 * the payload of one segment on the wire, and whoever carries the frame cuts it, as a network card
 * would.
 */
#ifndef LASTACK_PACKET_H
#define LASTACK_PACKET_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#ifdef __cplusplus
extern "C" {
#endif

enum lastack_packet_flag {
    /* in: the transport checksum was verified by the link, or never left memory:
     * do not verify it. */
    LASTACK_CHECKSUM_TRUSTED = 1 << 0,
    /* out: the checksum field holds the pseudo-header's sum only; the link finishes it over
     * [checksum_start, end) and stores it at checksum_start + checksum_offset. */
    LASTACK_CHECKSUM_PARTIAL = 1 << 1,
};

struct lastack_packet_in {
    const uint8_t *data;
    size_t length;
    uint32_t link;  /* as returned by lastack_add_link */
    uint32_t flags; /* LASTACK_CHECKSUM_TRUSTED or 0 */
};

struct lastack_iovec {
    const void *base;
    size_t length;
};

enum {
    /* Ethernet 14 + IPv6 40 + TCP 60, rounded up; an ICMP error with what it quotes. */
    LASTACK_HEADER_MAX = 144,
    /* header + 64 KiB in 4 KiB pages, both ends ragged. */
    LASTACK_IOV_MAX = 19,
};

struct lastack_packet_out {
    uint32_t link;
    uint32_t flags;         /* LASTACK_CHECKSUM_PARTIAL or 0 */
    uint16_t gso_size;      /* 0: one ordinary packet; else payload bytes per segment */
    uint16_t header_length; /* bytes of link, IP and transport headers: the length of iov[0] */
    uint16_t ip_offset;     /* where the IP header starts (14 on Ethernet, else 0) */
    uint16_t checksum_start;
    uint16_t checksum_offset;
    uint16_t iov_count;
    uint32_t length; /* of the whole frame */
    struct lastack_iovec iov[LASTACK_IOV_MAX];
    uint8_t header[LASTACK_HEADER_MAX];
};

#ifdef __cplusplus
}
#endif

#endif
