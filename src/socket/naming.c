/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * naming.c: local addresses and ports: bind(), and the names that listen() and connect() take by
 * themselves.
 *
 *     bind     a use of the endpoint (docs/decisions/0010), counted until the socket is closed
 *     listen   the same use, as a listener's
 *     connect  without bind: a port borrowed by the connection alone (RFC 6056), so that one port
 *              serves many destinations
 *
 * A refusal says which of its causes it was: lastack_last_cause.
 */
#include "socket_table.h"

static struct local_endpoints *endpoints_of(struct lastack *stack, const struct sock *sock)
{
    return sock->type == LASTACK_SOCK_DGRAM ? &stack->udp_endpoints : &stack->tcp.endpoints;
}

static uint8_t reuse_flags(const struct sock *sock)
{
    return (uint8_t)((sock->flags & CONN_REUSE_ADDRESS ? ENDPOINT_REUSE_ADDRESS : 0) |
                     (sock->flags & CONN_REUSE_PORT ? ENDPOINT_REUSE_PORT : 0) |
                     (sock->is_v6_only ? ENDPOINT_V6_ONLY : 0));
}

/* May a socket of this family have this address? 0 or a negative error. */
static int check_address(const struct lastack *stack, const struct sock *sock,
                         const struct lastack_address *address)
{
    const bool is_ipv4 = ip_is_ipv4(address);

    if (sock->domain == LASTACK_AF_INET && !is_ipv4)
        return -LASTACK_EAFNOSUPPORT;
    if (sock->is_v6_only && is_ipv4)
        return -LASTACK_EINVAL;
    if (!lastack_is_any(address) && !sock->values.is_freebind &&
        !links_is_own(&stack->links, address))
        return -LASTACK_EADDRNOTAVAIL;
    return 0;
}

struct search {
    struct lastack *stack;
    struct tuple_claim claim; /* of the tuple tried last */
    const struct local_endpoints *endpoints;
    struct endpoint_use use;
};

static bool is_unused(void *context, const struct tuple *tuple)
{
    struct search *search = context;

    search->use.local.port = tuple->local_port;
    return local_endpoints_is_unused(search->endpoints, &search->use);
}

/* bind() to port 0: a port that nothing uses in any way. */
static bool choose_port_to_bind(struct lastack *stack, const struct local_endpoints *endpoints,
                                struct endpoint_use *use)
{
    struct search search = {.stack = stack, .endpoints = endpoints, .use = *use};
    struct tuple tuple = {.local = use->local.address};
    const struct lastack_params *params = &stack->tcp.params;

    if (!ports_choose(&stack->tcp.ports, &tuple, params->port_first, params->port_last, is_unused,
                      &search))
        return false;
    use->local.port = tuple.local_port;
    return true;
}

int sock_bind(struct lastack *stack, struct sock *sock, const struct lastack_endpoint *local)
{
    const bool is_dgram = sock->type == LASTACK_SOCK_DGRAM;
    struct local_endpoints *endpoints = endpoints_of(stack, sock);
    struct endpoint_use use = {.local = *local,
                               .kind = is_dgram ? ENDPOINT_LISTENER : ENDPOINT_BOUND,
                               .flags = reuse_flags(sock)};
    const int error = check_address(stack, sock, &local->address);
    enum lastack_cause conflict;

    if (error < 0)
        return error;
    if (local->port == 0 && !choose_port_to_bind(stack, endpoints, &use))
        return sock_refuse(stack, LASTACK_CAUSE_PORTS_EXHAUSTED, LASTACK_EADDRINUSE);
    conflict = local_endpoints_conflict(endpoints, &use, NULL);
    if (conflict != LASTACK_CAUSE_NONE)
        return sock_refuse(stack, conflict, LASTACK_EADDRINUSE);
    if (is_dgram ? !local_endpoints_listen(endpoints, &use, sock->index)
                 : local_endpoints_enter(endpoints, &use) == POOL_NONE)
        return sock_refuse(stack, LASTACK_CAUSE_NO_ENDPOINT_LEFT, LASTACK_ENOBUFS);
    sock->use = use;
    sock->is_bound = true;
    sock->local = use.local;
    return 0;
}

int lastack_bind(struct lastack *stack, int descriptor, const struct lastack_endpoint *local)
{
    struct sock *sock = sock_of(stack, descriptor);

    if (sock == NULL)
        return -LASTACK_EBADF;
    if (sock->is_bound || sock->phase != SOCKET_IDLE)
        return -LASTACK_EINVAL;
    return sock_bind(stack, sock, local);
}

NOINLINE void sock_unbind(struct lastack *stack, struct sock *sock)
{
    if (!sock->is_bound)
        return;
    if (sock->type == LASTACK_SOCK_DGRAM)
        local_endpoints_unlisten(&stack->udp_endpoints, &sock->use, sock->index);
    else
        local_endpoints_leave(&stack->tcp.endpoints, &sock->use);
    sock->is_bound = false;
}

void sock_reuse_changed(struct lastack *stack, struct sock *sock)
{
    const uint8_t flags = reuse_flags(sock);

    if (!sock->is_bound || sock->use.flags == flags || sock->type == LASTACK_SOCK_DGRAM)
        return;
    local_endpoints_change(&stack->tcp.endpoints, &sock->use, sock->use.kind, flags);
    sock->use.flags = flags;
}

/* ---- listen ---- */

int sock_begin_listening(struct lastack *stack, struct sock *sock, uint32_t listener)
{
    struct local_endpoints *endpoints = &stack->tcp.endpoints;
    struct endpoint_use use = sock->use;
    enum lastack_cause conflict;

    use.kind = ENDPOINT_LISTENER;
    conflict = local_endpoints_conflict(endpoints, &use, &sock->use);
    if (conflict != LASTACK_CAUSE_NONE)
        return sock_refuse(stack, conflict, LASTACK_EADDRINUSE);
    if (!local_endpoints_listen(endpoints, &use, listener))
        return sock_refuse(stack, LASTACK_CAUSE_NO_ENDPOINT_LEFT, LASTACK_ENOBUFS);
    local_endpoints_leave(endpoints, &sock->use);
    sock->use = use;
    return 0;
}

NOINLINE void sock_end_listening(struct lastack *stack, struct sock *sock)
{
    struct endpoint_use bound = sock->use;

    bound.kind = ENDPOINT_BOUND;
    /* its entry exists: it cannot fail */
    CHECK(local_endpoints_enter(&stack->tcp.endpoints, &bound) != POOL_NONE);
    local_endpoints_unlisten(&stack->tcp.endpoints, &sock->use, sock->conn);
    sock->use = bound;
}

/* ---- connect ---- */

static bool may_connect(void *context, const struct tuple *tuple)
{
    struct search *search = context;
    struct lastack *stack = search->stack;

    search->claim.flow = tcp_flow(&stack->tcp, tuple);
    if (search->claim.flow % stack->config.shard_count != stack->config.shard_id)
        return false;
    if (!local_endpoints_may_borrow(&stack->tcp.endpoints, tuple->local_port))
        return false;
    return tcp_claim(&stack->tcp, tuple, &search->claim);
}

static struct lastack_endpoint unnamed(const struct sock *sock)
{
    struct lastack_endpoint any = {.port = 0};

    if (sock->domain == LASTACK_AF_INET)
        any.address = lastack_ipv4(0, 0, 0, 0);
    return any;
}

int sock_name_for_connect(struct lastack *stack, struct sock *sock,
                          const struct lastack_endpoint *remote, struct tuple_claim *claim)
{
    const struct lastack_params *params = &stack->tcp.params;
    const struct destination *destination = stack_destination(stack, &remote->address);
    struct search search = {.stack = stack};
    struct tuple tuple = {.remote = remote->address, .remote_port = remote->port};

    *claim = (struct tuple_claim){0};
    if (sock->type == LASTACK_SOCK_STREAM && !destination->is_one_host) /* RFC 9293 MUST-46 */
        return sock_refuse(stack, LASTACK_CAUSE_NO_ROUTE, LASTACK_ENETUNREACH);
    if (!destination->path.is_reachable)
        return sock_refuse(stack, LASTACK_CAUSE_NO_ROUTE, LASTACK_ENETUNREACH);
    if (sock->type == LASTACK_SOCK_STREAM) /* what an attempt before this one chose is forgotten */
        sock->local = sock->is_bound ? sock->use.local : unnamed(sock);
    if (lastack_is_any(&sock->local.address))
        sock->local.address = destination->route.source;
    if (ip_is_ipv4(&sock->local.address) != ip_is_ipv4(&remote->address))
        return -LASTACK_EADDRNOTAVAIL;
    if (sock->is_bound)
        return 0;
    if (sock->type == LASTACK_SOCK_DGRAM) {
        const struct lastack_endpoint any = {.address = sock->local.address};

        return sock_bind(stack, sock, &any);
    }
    tuple.local = sock->local.address;
    if (!ports_choose(&stack->tcp.ports, &tuple, params->port_first, params->port_last, may_connect,
                      &search))
        return sock_refuse(stack, LASTACK_CAUSE_PORTS_EXHAUSTED, LASTACK_EADDRNOTAVAIL);
    sock->local.port = tuple.local_port;
    *claim = search.claim;
    return 0;
}
