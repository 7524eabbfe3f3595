/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * socket_events.c: sockets come and go, and what they learn.
 *
 *     connection's wake bits ──collect─▶ sock->wake (sticky) ─▶ event queue ─▶ lastack_next_event
 *                                          the level is sampled again when it is reported
 *
 * An event is reported once for all news since the last one (edge-triggered); lastack_poll tells
 * the level at any time.
 */
#include "socket_table.h"

int sock_refuse(struct lastack *stack, enum lastack_cause why, int error)
{
    stack->last_cause = why;
    report_count(stack_report(stack), why);
    return -error;
}

enum lastack_cause lastack_last_cause(const struct lastack *stack)
{
    return stack->last_cause;
}

uint32_t sock_index(const struct lastack *stack, const struct sock *sock)
{
    const struct pool *pool = &sockets_of(stack)->sockets;

    return (uint32_t)((size_t)((const uint8_t *)sock - pool->memory) / pool->stride);
}

struct sock *sock_new(struct lastack *stack, uint8_t domain, uint8_t type)
{
    const uint32_t index = pool_take(&sockets_of(stack)->sockets);
    struct sock *sock;
    uint32_t generation;

    if (index == POOL_NONE)
        return NULL;
    sock = sock_at(stack, index);
    generation = sock->generation + 1;
    *sock = (struct sock){
        .phase = SOCKET_IDLE,
        .domain = domain,
        .type = type,
        .last_state = TCP_CLOSED,
        .conn = POOL_NONE,
        .udp = POOL_NONE,
        .first_descriptor = POOL_NONE,
        .next_event = POOL_NONE,
        .generation = generation,
        .linger_s = -1,
        .first_watch = POOL_NONE,
        .ready_head = POOL_NONE,
        .ready_tail = POOL_NONE,
        .values = {.receive_lowat = 1, .mtu_discover = 1},
        .flags = domain == LASTACK_AF_INET6 ? CONN_IPV6_SOCKET : 0,
    };
    if (domain == LASTACK_AF_INET) {
        sock->local.address = lastack_ipv4(0, 0, 0, 0);
        sock->remote.address = lastack_ipv4(0, 0, 0, 0);
    }
    stream_init(&sock->left);
    return sock;
}

static void forget_event(struct lastack *stack, uint32_t index)
{
    struct sockets *table = sockets_of(stack);
    uint32_t before = POOL_NONE;

    for (uint32_t at = table->event_head; at != POOL_NONE; at = sock_at(stack, at)->next_event) {
        if (at == index) {
            const uint32_t next = sock_at(stack, at)->next_event;

            if (before == POOL_NONE)
                table->event_head = next;
            else
                sock_at(stack, before)->next_event = next;
            if (table->event_tail == index)
                table->event_tail = before;
            return;
        }
        before = at;
    }
}

void sock_free(struct lastack *stack, struct sock *sock)
{
    const uint32_t index = sock_index(stack, sock);

    if (sock->is_queued)
        forget_event(stack, index);
    epoll_forget(stack, sock);
    stream_clear(&sock->left, &stack->tcp.pages);
    sock->phase = SOCKET_FREE;
    pool_give(&sockets_of(stack)->sockets, index);
}

void sock_wake(struct lastack *stack, struct sock *sock, uint8_t wake)
{
    struct sockets *table = sockets_of(stack);
    const uint32_t index = sock_index(stack, sock);

    if (sock->first_watch != POOL_NONE)
        epoll_socket_wakes(stack, sock, wake);
    sock->wake |= wake;
    if (sock->is_queued || sock->holders == 0)
        return;
    sock->is_queued = true;
    sock->next_event = POOL_NONE;
    if (table->event_head == POOL_NONE)
        table->event_head = index;
    else
        sock_at(stack, table->event_tail)->next_event = index;
    table->event_tail = index;
}

/* The connection is over: what it still holds is the socket's now. */
static void take_leavings(struct lastack *stack, struct sock *sock, struct tcp_conn *conn)
{
    const uint32_t index = sock->conn;

    sock->phase = SOCKET_ENDED;
    sock->conn = POOL_NONE;
    sock->last_state = conn->state;
    sock->last_cause = conn->cause;
    sock->had_syn_text = (conn->fast_open & FAST_OPEN_TEXT_ACKED) != 0;
    if (conn->error != 0)
        sock->error = conn->error;
    sock->left = conn->receive;
    sock->left_from = conn->rcv.read;
    sock->left_to = seq_add(conn->rcv.read, conn_readable(conn));
    sock->left_is_end = conn_has(conn, CONN_FIN_RECEIVED);
    stream_init(&conn->receive);
    conn->socket = POOL_NONE;
    tcp_release(&stack->tcp, index);
}

static void collect_conn(struct lastack *stack, uint32_t index, uint8_t wake)
{
    struct tcp_conn *conn = tcp_conn_at(&stack->tcp, index);
    struct sock *sock = sock_at(stack, conn->socket);

    CHECK(sock->phase == SOCKET_ATTACHED && sock->conn == index);
    if (tcp_state_is_synchronized(conn->state))
        sock->was_connected = true;
    if (wake & WAKE_URGENT)
        sock_has_urgent(sock);
    if (conn->state == TCP_CLOSED || conn_has(conn, CONN_DETACHED))
        take_leavings(stack, sock, conn);
    sock_wake(stack, sock, wake);
}

void sockets_collect_news(struct lastack *stack)
{
    uint8_t wake;
    uint32_t index;

    while ((index = tcp_next_woken(&stack->tcp, &wake)) != POOL_NONE)
        collect_conn(stack, index, wake);
    while ((index = tcp_next_woken_listener(&stack->tcp)) != POOL_NONE) {
        const struct listener *listener = pool_at(&stack->tcp.listeners, index);

        sock_wake(stack, sock_at(stack, listener->socket), WAKE_READABLE);
    }
}

static bool next_event(struct lastack *stack, struct lastack_event *event)
{
    struct sockets *table = sockets_of(stack);

    sockets_collect(stack);
    while (table->event_head != POOL_NONE) {
        struct sock *sock = sock_at(stack, table->event_head);
        uint32_t kinds = 0;

        table->event_head = sock->next_event;
        if (table->event_head == POOL_NONE)
            table->event_tail = POOL_NONE;
        sock->is_queued = false;
        kinds |= sock->wake & WAKE_READABLE ? 1u << LASTACK_EVENT_READABLE : 0;
        kinds |= sock->wake & WAKE_WRITABLE ? 1u << LASTACK_EVENT_WRITABLE : 0;
        kinds |= sock->wake & WAKE_ERROR ? 1u << LASTACK_EVENT_ERROR : 0;
        kinds |= sock->wake & WAKE_HANGUP ? 1u << LASTACK_EVENT_HANGUP : 0;
        kinds |= sock->wake & WAKE_URGENT ? 1u << LASTACK_EVENT_URGENT : 0;
        kinds |= sock->wake & WAKE_ADVICE && !sock->is_deaf ? 1u << LASTACK_EVENT_ADVICE : 0;
        sock->wake = 0;
        if (kinds == 0)
            continue;
        *event = (struct lastack_event){(int)sock->first_descriptor, kinds, sock->user};
        return true;
    }
    return false;
}

bool lastack_next_event(struct lastack *stack, struct lastack_event *event)
{
    if (!sockets_have_news(stack) && sockets_of(stack)->event_head == POOL_NONE)
        return false; /* what most calls find */
    return next_event(stack, event);
}

int lastack_set_user(struct lastack *stack, int descriptor, uint64_t user)
{
    struct sock *sock = sock_of(stack, descriptor);

    if (sock == NULL)
        return -LASTACK_EBADF;
    sock->user = user;
    return 0;
}

/* ---- the level ---- */

/* SO_RCVLOWAT, as far as the buffer can hold so much. */
static uint32_t readable_from(const struct lastack *stack, const struct sock *sock)
{
    const struct tcp_conn *conn = sock_conn(stack, sock);

    return max32(min32((uint32_t)sock->values.receive_lowat, receive_space_most(&conn->space) / 2),
                 1);
}

static uint32_t poll_attached(struct lastack *stack, const struct sock *sock)
{
    const struct tcp_conn *conn = sock_conn(stack, sock);
    const bool is_end = conn_has(conn, CONN_FIN_RECEIVED);
    uint32_t bits = sock_poll_urgent(stack, sock);
    const uint32_t is_unread_mark = bits != 0 && !sock->has_oob && !sock->oob_inline;

    /* An urgent byte that waits to be taken out of band is nothing to read. */
    if (conn_readable(conn) >= readable_from(stack, sock) + is_unread_mark || is_end ||
        sock->shut_read)
        bits |= LASTACK_POLLIN;
    if (is_end || sock->shut_read)
        bits |= LASTACK_POLLRDHUP;
    if (is_end && sock->shut_write)
        bits |= LASTACK_POLLHUP;
    if (conn->fast_open & FAST_OPEN_PASSIVE && !sock->shut_write)
        bits |= LASTACK_POLLOUT;
    if (!tcp_state_is_synchronized(conn->state))
        return bits;
    if (sock->shut_write ||
        (tcp_state_may_send(conn->state) && tcp_is_writable(&stack->tcp, conn)))
        bits |= LASTACK_POLLOUT;
    else
        tcp_want_room(&stack->tcp, sock->conn);
    return bits;
}

static uint32_t poll_socket(struct lastack *stack, const struct sock *sock)
{
    uint32_t bits;

    if (sock->type == SOCK_TYPE_EPOLL)
        return sock->ready_head != POOL_NONE ? LASTACK_POLLIN : 0;
    bits = sock->error != 0 ? LASTACK_POLLERR : 0;
    if (sock->type == LASTACK_SOCK_DGRAM)
        return bits | LASTACK_POLLOUT | (datagrams_are_waiting(stack, sock) ? LASTACK_POLLIN : 0);
    switch ((enum socket_phase)sock->phase) {
    case SOCKET_LISTENING: {
        const struct listener *listener = pool_at(&stack->tcp.listeners, sock->conn);

        return bits | (listener->queued > 0 ? LASTACK_POLLIN : 0);
    }
    case SOCKET_ATTACHED:
        return bits | poll_attached(stack, sock);
    case SOCKET_ENDED:
        return bits | LASTACK_POLLIN | LASTACK_POLLOUT | LASTACK_POLLRDHUP | LASTACK_POLLHUP;
    case SOCKET_IDLE:
        return bits | LASTACK_POLLOUT | LASTACK_POLLHUP;
    case SOCKET_FREE:
        break;
    }
    return LASTACK_POLLNVAL;
}

/* IN and RDNORM, OUT and WRNORM say the same of a stream. */
uint32_t lastack_poll(struct lastack *stack, int descriptor)
{
    const struct sock *sock = holder_of(stack, descriptor);
    uint32_t bits;

    if (sock == NULL)
        return LASTACK_POLLNVAL;
    bits = poll_socket(stack, sock);
    bits |= bits & LASTACK_POLLIN ? LASTACK_POLLRDNORM : 0;
    bits |= bits & LASTACK_POLLOUT ? LASTACK_POLLWRNORM : 0;
    return bits;
}

int lastack_poll_many(struct lastack *stack, struct lastack_pollfd *entries, size_t count)
{
    const uint32_t always = LASTACK_POLLERR | LASTACK_POLLHUP | LASTACK_POLLNVAL;
    int ready = 0;

    for (size_t i = 0; i < count; i++) {
        struct lastack_pollfd *entry = &entries[i];

        entry->revents = entry->descriptor < 0
                             ? 0
                             : lastack_poll(stack, entry->descriptor) & (entry->events | always);
        ready += entry->revents != 0;
    }
    return ready;
}
