/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * udp.h: UDP between the sockets and IP: RFC 768, RFC 1122 §4.1, RFC 8085.
 *
 *     arrives:  ip_input says IP_DELIVER ──▶ udp_parse (udp_header.h) ──▶ the socket of the port
 *               ──▶ udp_queue_push into its queue; no socket: unless the packet went to a group,
 *               icmp_reply_error with udp_port_unreachable
 *     leaves:   udp_queue_front ──▶ udp_build_packet: one packet, never cut: at most
 *               udp_most(mtu) bytes of data (RFC 8085 §3.2) ──▶ udp_queue_pop
 *
 * Ports and sockets are the business of the floors above.
 */
#ifndef LASTACK_UDP_H
#define LASTACK_UDP_H

#include "icmp.h"
#include "ip_header.h"
#include "udp_header.h"
#include "udp_queue.h"

enum { UDP_PACKET_HEADER_MAX = IPV6_HEADER + UDP_HEADER };

/* Bytes of data in the largest datagram to `destination` through this MTU: 1472 or 1452 of 1500. */
uint32_t udp_most(const struct lastack_address *destination, uint32_t mtu);

/* IP and UDP header of a datagram, with the checksum over `data` (record->length bytes, which stay
 * where they are and follow on the wire); returns their length, 28 or 48. */
unsigned udp_build_packet(const struct udp_record *record, const uint8_t *data,
                          uint8_t header[UDP_PACKET_HEADER_MAX]);

/* What the sender of a datagram to a closed port is told (RFC 1122 §4.1.3.1, RFC 4443 §3.1). */
struct icmp_error udp_port_unreachable(bool is_ipv6);

#endif
