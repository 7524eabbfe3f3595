/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * tun.h: a tun device: bare IP packets, each behind a virtio header (virtio_header.h).
 *
 *     program ─▶ kernel's TCP ─▶ interface ─▶ read(fd)      with offloads, frames of up to 64 KiB
 *     program ◀─ kernel's TCP ◀─ interface ◀─ write(fd)     the same in return
 *
 * A tun drops quietly when the queue towards us is full; towards the kernel a write is taken or
 * refused at once: EAGAIN (the device's send buffer is used up), EIO (the interface is down).
 */
#ifndef LASTACK_TUN_H
#define LASTACK_TUN_H

#include "host_link.h"

/* Opens /dev/net/tun and attaches to the interface `name` (empty: the kernel chooses one), creating
 * it if it does not exist and the caller may. The name comes back in `name`. The descriptor,
 * non-blocking, or -1. */
int tun_open(char name[16], struct trouble *trouble);

/* Makes a link over a descriptor of tun_open: probes which offloads this kernel has, from all of
 * them downward. */
void tun_link_init(struct host_link *link, int fd, const char *name, uint32_t mtu);

extern const struct host_link_ops tun_ops;

#endif
