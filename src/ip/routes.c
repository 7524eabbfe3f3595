/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * routes.c: see routes.h.
 */
#include "routes.h"

#include "arena.h"
#include "ip_address.h"

uint64_t routes_size(uint32_t limit)
{
    struct arena arena = {0};

    (void)arena_take_array(&arena, sizeof(struct ip_route_entry), limit);
    return arena.used;
}

void routes_init(struct routes *routes, void *memory, uint32_t limit)
{
    *routes = (struct routes){.entry = memory, .limit = limit};
}

static bool routes_is_gateway(const struct lastack_address *via)
{
    return !ip_is_unspecified(via) && !ip_is_multicast(via) && !ip_is_limited_broadcast(via) &&
           !ip_is_loopback(via);
}

/* The entry for exactly this prefix, or NULL. */
static struct ip_route_entry *routes_same_prefix(const struct routes *routes,
                                                 const struct lastack_address *prefix,
                                                 unsigned length)
{
    for (uint32_t i = 0; i < routes->count; i++) {
        if (routes->entry[i].prefix_length == length &&
            prefix_holds(&routes->entry[i].prefix, length, prefix))
            return &routes->entry[i];
    }
    return NULL;
}

int routes_add(struct routes *routes, const struct links *links,
               const struct lastack_address *prefix, unsigned prefix_length, uint32_t link,
               const struct lastack_address *via)
{
    struct ip_route_entry *entry;

    if (link >= links->link_count || prefix_length > (ip_is_ipv4(prefix) ? 32u : 128u))
        return -LASTACK_EINVAL;
    if (via != NULL && (ip_is_ipv4(via) != ip_is_ipv4(prefix) || !routes_is_gateway(via)))
        return -LASTACK_EINVAL;
    entry = routes_same_prefix(routes, prefix, prefix_length);
    if (entry == NULL) {
        if (routes->count >= routes->limit)
            return -LASTACK_ENOBUFS;
        entry = &routes->entry[routes->count++];
    }
    *entry = (struct ip_route_entry){
        .prefix = *prefix,
        .via = via == NULL ? (struct lastack_address){{0}} : *via,
        .link = link,
        .prefix_length = (uint8_t)prefix_length,
    };
    return 0;
}

static const struct ip_route_entry *routes_longest(const struct routes *routes,
                                                   const struct lastack_address *destination)
{
    const struct ip_route_entry *best = NULL;

    for (uint32_t i = 0; i < routes->count; i++) {
        const struct ip_route_entry *entry = &routes->entry[i];

        if ((best == NULL || entry->prefix_length > best->prefix_length) &&
            prefix_holds(&entry->prefix, entry->prefix_length, destination))
            best = entry;
    }
    return best;
}

static bool routes_via_loopback(const struct lastack_address *destination, struct ip_route *route)
{
    *route = (struct ip_route){.next_hop = *destination,
                               .source = *destination,
                               .link = LINK_LOOPBACK,
                               .mtu = LOOPBACK_MTU};
    return true;
}

bool routes_find(const struct routes *routes, const struct links *links,
                 const struct lastack_address *destination, struct ip_route *route)
{
    const struct ip_route_entry *entry;
    const struct lastack_address *source;

    if (links_is_own(links, destination))
        return routes_via_loopback(destination, route);
    entry = routes_longest(routes, destination);
    if (entry == NULL)
        return false;
    source = links_source(links, entry->link, destination);
    if (source == NULL)
        return false;
    *route = (struct ip_route){
        .next_hop = lastack_is_any(&entry->via) ? *destination : entry->via,
        .source = *source,
        .link = entry->link,
        .mtu = link_at(links, entry->link)->config.mtu,
    };
    return true;
}
