/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * packet_socket.h: Ethernet frames through a packet socket (AF_PACKET) on one end of a veth pair.
 *
 *     program ─▶ kernel's TCP ─▶ lastack0 ═ veth ═ stack0 ─▶ recv(fd)
 *
 * Needs no device file, so it works where /dev/net/tun is closed. With PACKET_VNET_HDR a frame of
 * 64 KiB crosses whole and unsummed, as on tun. PACKET_IGNORE_OUTGOING: we do not hear ourselves.
 * The interface is promiscuous, because the stack's Ethernet address need not be the interface's.
 */
#ifndef LASTACK_PACKET_SOCKET_H
#define LASTACK_PACKET_SOCKET_H

#include "host_link.h"

/* A packet socket on no interface yet (it belongs to the present network namespace), or -1. */
int packet_socket_open(struct trouble *trouble);

/* Starts hearing and sending on that interface. */
bool packet_socket_bind(int fd, int interface, struct trouble *trouble);

/* Makes a link over a bound descriptor. */
void packet_socket_link_init(struct host_link *link, int fd, const char *name, const uint8_t mac[6],
                             uint32_t mtu);

extern const struct host_link_ops packet_socket_ops;

#endif
