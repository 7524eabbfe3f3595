/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * routes.h: where a packet goes: the longest prefix wins (RFC 1812 §5.2.4.3 for hosts too).
 *
 * Our own addresses go to the loopback link, whatever the table says. Each address added to a link
 * brings its prefix as a route on that link.
 */
#ifndef LASTACK_ROUTES_H
#define LASTACK_ROUTES_H

#include "links.h"

struct ip_route_entry {
    struct lastack_address prefix;
    struct lastack_address via; /* any address: on link */
    uint32_t link;
    uint8_t prefix_length;
};

struct routes {
    struct ip_route_entry *entry;
    uint32_t count, limit;
};

/* The answer: where to, and with which source address if the sender has none yet. */
struct ip_route {
    struct lastack_address next_hop;
    struct lastack_address source;
    uint32_t link;
    uint32_t mtu;
};

uint64_t routes_size(uint32_t limit);
void routes_init(struct routes *routes, void *memory, uint32_t limit);
/* `via` NULL: on link. A route to the same prefix is replaced. 0 or a negative LASTACK_E: EINVAL
 * for an unknown link, a prefix that is too long, a `via` of another family or that is no single
 * host; ENOBUFS when the table is full. Bits of `prefix` behind its length do not matter. */
int routes_add(struct routes *routes, const struct links *links,
               const struct lastack_address *prefix, unsigned prefix_length, uint32_t link,
               const struct lastack_address *via);

/* False: no route, or no address of ours to send from. */
bool routes_find(const struct routes *routes, const struct links *links,
                 const struct lastack_address *destination, struct ip_route *route);

#endif
