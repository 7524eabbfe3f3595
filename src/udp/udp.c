/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * udp.c: see udp.h.
 */
#include "udp.h"

#include "ip_header.h"

uint32_t udp_most(const struct lastack_address *destination, uint32_t mtu)
{
    uint32_t headers = ip_header_length(destination) + (uint32_t)UDP_HEADER;

    return mtu > headers ? mtu - headers : 0;
}
