/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * destination.c: what is known of the way to a host: its route, its path, may it be asked at all?
 *
 * The answer for the destination asked for last is kept: a connection asks several times while it
 * opens, and what answers segments goes where they came from. It stands until a route or an address
 * of ours is added. Where a smaller MTU was ever learnt, the path is reckoned each time: such
 * knowledge is forgotten again after a while.
 */
#include "core.h"

/* Without a route: what anybody must take (RFC 1122 §3.3.3). */
enum { UNREACHABLE_MTU = 576, PATH_PAYLOAD_MIN = 48 };

static struct tcp_path path_along(struct lastack *stack, const struct lastack_address *remote,
                                  const struct ip_route *route)
{
    const uint32_t ip_header = ip_header_length(remote);
    const uint32_t mtu = path_mtu(&stack->paths, remote, route->mtu, stack->now);

    return (struct tcp_path){
        .payload = max32(mtu, ip_header + PATH_PAYLOAD_MIN) - ip_header,
        .receivable = max32(route->mtu, ip_header + PATH_PAYLOAD_MIN) - ip_header,
        .gso_max = link_at(&stack->links, route->link)->config.gso_max,
        .lane = (uint8_t)route->link,
        /* a smaller MTU is not believed for ever (RFC 1191 §6.3): who has one asks each time */
        .seen = (uint16_t)(stack->tcp.path_changes - (mtu < route->mtu ? 1 : 0)),
        .is_loopback = route->link == LINK_LOOPBACK,
        .is_reachable = true,
    };
}

static struct tcp_path no_path(const struct lastack *stack, const struct lastack_address *remote)
{
    const uint32_t payload = UNREACHABLE_MTU - ip_header_length(remote);

    return (struct tcp_path){.payload = payload,
                             .receivable = payload,
                             .lane = LANE_PARKED,
                             .seen = stack->tcp.path_changes};
}

static NOINLINE void find_destination(struct lastack *stack, const struct lastack_address *remote,
                                      struct destination *destination)
{
    const bool is_reachable =
        routes_find(&stack->routes, &stack->links, remote, &destination->route);

    destination->is_set = true;
    destination->remote = *remote;
    destination->is_one_host = links_is_one_host(&stack->links, remote);
    destination->path =
        is_reachable ? path_along(stack, remote, &destination->route) : no_path(stack, remote);
}

const struct destination *stack_destination(struct lastack *stack,
                                            const struct lastack_address *remote)
{
    struct destination *last = &stack->destination;

    if (!last->is_set || stack->paths.has_learnt || !ip_address_equal(&last->remote, remote))
        find_destination(stack, remote, last);
    return last;
}

const struct ip_route *stack_route(struct lastack *stack, const struct lastack_address *remote)
{
    struct destination *last = &stack->destination;

    if (!last->is_set || !ip_address_equal(&last->remote, remote))
        find_destination(stack, remote, last);
    return last->path.is_reachable ? &last->route : NULL;
}

const struct tcp_path *stack_path(void *context, const struct lastack_address *remote)
{
    return &stack_destination(context, remote)->path;
}

void stack_doubt(void *context, const struct lastack_address *remote)
{
    struct lastack *stack = context;
    const struct ip_route *route = stack_route(stack, remote);

    if (route != NULL && link_at(&stack->links, route->link)->config.kind == LASTACK_LINK_ETHERNET)
        neighbor_doubt(&stack->neighbors, stack->now, route->link, &route->next_hop);
}
