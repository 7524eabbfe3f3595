/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * tun_end.h: a tun device, complete: made in the present namespace, addressed, up.
 */
#ifndef LASTACK_TUN_END_H
#define LASTACK_TUN_END_H

#include "trouble.h"

#include <lastack/address.h>

/* Its descriptor (tun.h), or -1. The queue towards us holds 10,000 packets: what a measured link
 * drops is the link's own doing. */
int tun_end_open(const struct lastack_address *address, unsigned prefix_length, uint32_t mtu,
                 struct trouble *trouble);

#endif
