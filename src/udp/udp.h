/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * udp.h: UDP between the sockets and IP: RFC 768, RFC 1122 §4.1, RFC 8085.
 *
 *     arrives:  ip_input says IP_DELIVER ──▶ udp_parse (udp_header.h) ──▶ the socket of the port
 *               ──▶ udp_queue_push into its queue, udp_queue_front and _pop when it reads; no
 *               socket: "port unreachable", unless the packet went to a group (src/stack/input.c)
 *     leaves:   src/socket/datagrams.c ──▶ udp_build (udp_header.h) into a message of the stack,
 *               one packet, never cut: at most udp_most(mtu) bytes of data (RFC 8085 §3.2)
 *
 * Ports and sockets are the business of the floors above.
 */
#ifndef LASTACK_UDP_H
#define LASTACK_UDP_H

#include "udp_header.h"
#include "udp_queue.h"

/* Bytes of data in the largest datagram to `destination` through this MTU: 1472 or 1452 of 1500. */
uint32_t udp_most(const struct lastack_address *destination, uint32_t mtu);

#endif
