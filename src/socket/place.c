/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * place.c: lastack_size and lastack_create: the memory plan of all floors, and what sockets tell
 * viewers.
 */
#include "socket_table.h"

/* OWNER_NAME bytes, so that the whole field may be copied. */
static const char *owner_name_of(const struct sockets *table, uint32_t owner)
{
    static const char nobody[OWNER_NAME];

    for (uint32_t i = 0; i < table->owner_count; i++) {
        if (table->owners[i].owner == owner)
            return table->owners[i].name;
    }
    return nobody;
}

static void describe_holder(const struct lastack *stack, uint32_t socket,
                            struct lastack_connection_row *row)
{
    const struct sockets *table = sockets_of(stack);
    const struct sock *sock = sock_at(stack, socket);

    row->is_ipv6 = sock->domain == LASTACK_AF_INET6;
    row->v6_only = sock->is_v6_only;
    row->reuse_address = (sock->flags & CONN_REUSE_ADDRESS) != 0;
    row->reuse_port = (sock->flags & CONN_REUSE_PORT) != 0;
    row->mark = sock->values.mark;
    row->holders = sock->holders;
    if (sock->first_descriptor == POOL_NONE)
        return;
    row->owner_kind = LASTACK_OWNER_PROCESS;
    row->fd = (int32_t)sock->first_descriptor;
    row->pid = table->descriptors[sock->first_descriptor].owner;
    memcpy(row->comm, owner_name_of(table, row->pid), OWNER_NAME);
    row->comm[sizeof row->comm - 1] = '\0';
}

static void row_of_idle(const struct lastack *stack, const struct sock *sock,
                        struct lastack_connection_row *row)
{
    *row = (struct lastack_connection_row){
        .protocol = sock->type == LASTACK_SOCK_STREAM ? LASTACK_PROTOCOL_TCP : LASTACK_PROTOCOL_UDP,
        .state = sock->type == LASTACK_SOCK_DGRAM && sock->remote.port != 0 ? TCP_ESTABLISHED
                                                                            : TCP_CLOSED,
        .local = sock->local,
        .remote = sock->remote,
        .fd = -1,
        .timer = -1,
        .gives_up_ns = -1,
        .age_ns = -1,
        .cause = sock->last_cause,
        .recv_q = sock->type == LASTACK_SOCK_DGRAM ? datagrams_bytes(stack, sock)
                                                   : seq_distance(sock->left_from, sock->left_to),
    };
    row->tcp_info.tcpi_options = sock->had_syn_text ? 32 : 0; /* TCPI_OPT_SYN_DATA */
    describe_holder(stack, sock->index, row);
}

/* Bound and idle sockets, and those whose connection is over while somebody still holds a
 * descriptor. */
static bool idle_row(const struct lastack *stack, uint32_t *index,
                     struct lastack_connection_row *row)
{
    const struct pool *pool = &sockets_of(stack)->sockets;

    for (; *index < pool->bump; ++*index) {
        const struct sock *sock = sock_at(stack, *index);

        if (sock->type == SOCK_TYPE_EPOLL)
            continue;
        if ((sock->phase == SOCKET_IDLE && sock->is_bound) || sock->phase == SOCKET_ENDED) {
            row_of_idle(stack, sock, row);
            return true;
        }
    }
    return false;
}

static void socket_usage(const struct lastack *stack, enum lastack_pool pool,
                         struct lastack_pool_usage *usage)
{
    const struct sockets *table = sockets_of(stack);

    if (pool == LASTACK_POOL_SOCKETS)
        *usage = (struct lastack_pool_usage){"sockets",
                                             table->sockets.used,
                                             table->sockets.peak,
                                             table->sockets.limit,
                                             (uint32_t)table->sockets.stride,
                                             table->sockets.refusals};
    else if (pool == LASTACK_POOL_DESCRIPTORS)
        *usage = (struct lastack_pool_usage){
            "descriptors",           table->descriptor_used,    table->descriptor_peak,
            table->descriptor_limit, sizeof(struct descriptor), table->descriptor_refusals};
}

static struct sockets *place_sockets(struct arena *arena, const struct lastack_config *config)
{
    struct sockets *table = arena_take(arena, sizeof *table);
    void *sockets = arena_take(arena, pool_size(sizeof(struct sock), config->max_sockets));
    void *descriptors = arena_take_array(arena, sizeof(struct descriptor), config->max_descriptors);
    const uint32_t stride = (UDP_QUEUE_HEAD + config->udp_queue_bytes + 63) & ~63u;
    void *queues = arena_take(arena, pool_size(stride, config->max_udp_sockets));
    void *watches = arena_take(arena, pool_size(sizeof(struct watch), config->max_watches));

    if (table == NULL)
        return NULL;
    table->descriptors = descriptors;
    table->descriptor_limit = config->max_descriptors;
    table->event_head = table->event_tail = POOL_NONE;
    pool_init(&table->sockets, sockets, sizeof(struct sock), config->max_sockets);
    pool_init(&table->udp_queues, queues, stride, config->max_udp_sockets);
    pool_init(&table->watches, watches, sizeof(struct watch), config->max_watches);
    return table;
}

static struct lastack *place(struct arena *arena, const struct lastack_config *config, int64_t now)
{
    struct lastack *stack = stack_place(arena, config, now);
    struct sockets *sockets = place_sockets(arena, config);

    if (stack == NULL)
        return NULL;
    stack->sockets = sockets;
    stack->describe_owner = describe_holder;
    stack->upper_row = idle_row;
    stack->upper_usage = socket_usage;
    stack->udp_arrives = datagram_arrives;
    stack->udp_unreachable = datagram_unreachable;
    return stack;
}

size_t lastack_size(const struct lastack_config *config)
{
    struct arena arena = {0};

    if (!config_is_valid(config))
        return 0;
    (void)place(&arena, config, 0);
    return (size_t)arena.used == arena.used ? (size_t)arena.used : 0;
}

struct lastack *lastack_create(const struct lastack_config *config, void *memory, size_t size,
                               int64_t now)
{
    struct arena arena = {.base = memory};
    const size_t least = lastack_size(config);

    if (least == 0 || size < least || memory == NULL || ((uintptr_t)memory & 63) != 0 || now < 0 ||
        lastack_params_fault(&config->params) != NULL)
        return NULL;
    return place(&arena, config, now);
}

int lastack_status(struct lastack *stack, int descriptor, struct lastack_connection_row *row)
{
    const struct sock *sock = sock_of(stack, descriptor);

    if (sock == NULL)
        return -LASTACK_EBADF;
    switch ((enum socket_phase)sock->phase) {
    case SOCKET_ATTACHED:
        row_of_conn(stack, sock_conn(stack, sock), row);
        return 0;
    case SOCKET_LISTENING:
        row_of_listener(stack, pool_at(&stack->tcp.listeners, sock->conn), row);
        return 0;
    case SOCKET_IDLE:
    case SOCKET_ENDED:
        row_of_idle(stack, sock, row);
        return 0;
    case SOCKET_FREE:
        break;
    }
    return -LASTACK_EBADF;
}

enum lastack_kill_verdict lastack_kill(struct lastack *stack, const struct lastack_endpoint *local,
                                       const struct lastack_endpoint *remote, bool force)
{
    const struct tuple tuple = tuple_of(local, remote);

    sockets_collect(stack);
    if (remote->port == 0) {
        const uint32_t index = tcp_find_listener(&stack->tcp, local, 0);
        struct sock *sock;

        if (index == POOL_NONE)
            return LASTACK_KILL_GONE;
        if (!force)
            return LASTACK_KILL_LISTEN;
        sock = sock_at(stack, ((struct listener *)pool_at(&stack->tcp.listeners, index))->socket);
        sock_end_listening(stack, sock);
        tcp_close_listener(&stack->tcp, index, LASTACK_CAUSE_CALL_KILL);
        sock->phase = SOCKET_ENDED; /* its descriptors stay: accept says EINVAL from now on */
        sock->conn = POOL_NONE;
        sock->last_cause = LASTACK_CAUSE_CALL_KILL;
        return LASTACK_KILLED;
    }
    if (!tcp_kill(&stack->tcp, &tuple))
        return LASTACK_KILL_GONE;
    sockets_collect(stack);
    return LASTACK_KILLED;
}
