/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * packets.h: whole packets for tests of viewers.
 */
#ifndef LASTACK_TEST_PACKETS_H
#define LASTACK_TEST_PACKETS_H

#include "ip_header.h"
#include "tcp_header.h"

#include <lastack/packet.h>

enum { PACKET_MAX = 65535 + 14 };

/* One TCP packet with right checksums into `packet` (PACKET_MAX bytes); returns its length. The
 * family is that of `segment->tuple`; text is segment->text_length bytes of a pattern. `flags`
 * as in trace.h; segment->len is not looked at. */
size_t packet_build(const struct segment *segment, uint8_t *packet);

/* The same from numbers: 192.0.2.1:40000 (end 0) and 192.0.2.2:80 (end 1), or 2001:db8::1 and
 * ::2. */
size_t packet_between(bool is_ipv6, unsigned from, unsigned flags, uint32_t seq, uint32_t ack,
                      uint32_t text_length, uint8_t *packet);

/* A packet as a stack hands it out: headers in the struct, text in 4 KiB pieces of `text`, the
 * checksum left to the link. `gso_size` 0 for none. With `is_ethernet` a frame. */
void packet_out_build(const struct segment *segment, bool is_ethernet, uint16_t gso_size,
                      uint8_t *text, struct lastack_packet_out *out);

#endif
