/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * socket_events.c: sockets come and go, and what they learn.
 *
 *     connection's wake bits ──collect─▶ sock->wake (sticky) ─▶ event queue ─▶ lastack_next_event
 *                                          │ who reads all there is takes READABLE away again
 *
 * An event is reported once for all news since the last one (edge-triggered); lastack_poll tells
 * the level at any time.
 */
#include "socket_table.h"

enum { WAITERS_TOLD = 8 }; /* so many of those that wait for a page are asked at a time */

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

struct sock *sock_new(struct lastack *stack, uint8_t domain, uint8_t type)
{
    const uint32_t index = pool_take(&sockets_of(stack)->sockets);
    struct sock *sock;
    uint32_t generation;

    if (index == POOL_NONE)
        return NULL;
    sock = sock_at(stack, index);
    generation = sock->generation + 1;
    clear_object(sock, sizeof *sock);
    sock->index = index;
    sock->phase = SOCKET_IDLE;
    sock->domain = domain;
    sock->type = type;
    sock->last_state = TCP_CLOSED;
    sock->conn = sock->udp = sock->first_descriptor = sock->next_event = POOL_NONE;
    sock->first_watch = sock->ready_head = sock->ready_tail = POOL_NONE;
    sock->generation = generation;
    sock->linger_s = -1;
    sock->options.user_timeout_ms = (uint32_t)clamp64(stack->tcp.params.user_timeout_ns / MS(1), 0,
                                                      INT32_MAX); /* what TCP_USER_TIMEOUT takes */
    sock->values.receive_lowat = 1;
    sock->values.mtu_discover = 1;
    sock->flags = domain == LASTACK_AF_INET6 ? CONN_IPV6_SOCKET : 0;
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
    const uint32_t index = sock->index;

    if (sock->is_queued)
        forget_event(stack, index);
    CHECK(sock->first_watch == POOL_NONE);
    stream_clear(&sock->left, &stack->tcp.pages);
    sock->phase = SOCKET_FREE;
    pool_give(&sockets_of(stack)->sockets, index);
}

/* It has news; whoever calls sees to it that they are told. */
static void sock_hears(struct lastack *stack, struct sock *sock, uint8_t wake)
{
    if (sock->first_watch != POOL_NONE)
        epoll_socket_wakes(stack, sock, wake);
    sock->wake |= wake;
}

/* Into the event queue, behind the others. */
static void queue_event(struct lastack *stack, struct sock *sock)
{
    struct sockets *table = sockets_of(stack);
    const uint32_t index = sock->index;

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

void sock_wake(struct lastack *stack, struct sock *sock, uint8_t wake)
{
    sock_hears(stack, sock, wake);
    queue_event(stack, sock);
}

/* The connection is over: what it still holds is the socket's now. */
static NOINLINE void take_leavings(struct lastack *stack, struct sock *sock, struct tcp_conn *conn)
{
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
    tcp_release(&stack->tcp, conn);
}

static inline struct sock *hear_conn(struct lastack *stack, struct tcp_conn *conn, uint32_t index,
                                     uint8_t wake)
{
    struct sock *sock = sock_at(stack, conn->socket);

    CHECK(sock->phase == SOCKET_ATTACHED && sock->conn == index);
    if (tcp_state_is_synchronized(conn->state))
        sock->was_connected = true;
    if (wake & WAKE_URGENT)
        sock_has_urgent(sock);
    if (conn->state == TCP_CLOSED || conn_has(conn, CONN_DETACHED))
        take_leavings(stack, sock, conn);
    sock_hears(stack, sock, wake);
    return sock;
}

/* The next socket that a connection or a listener has something to tell, now told; or NULL. */
static inline struct sock *hear_next(struct lastack *stack)
{
    struct tcp *tcp = &stack->tcp;
    uint32_t index = tcp->wake_head;
    struct sock *sock;
    uint8_t wake;

    if (index != POOL_NONE) {
        struct tcp_conn *conn = tcp_next_woken(tcp, &wake);

        return hear_conn(stack, conn, index, wake);
    }
    index = tcp_next_woken_listener(tcp);
    if (index == POOL_NONE)
        return NULL;
    sock = sock_at(stack, ((const struct listener *)pool_at(&tcp->listeners, index))->socket);
    sock_hears(stack, sock, WAKE_READABLE);
    return sock;
}

/* The next who waits for a page hears that there is one. */
static NOINLINE void ask_page_waiters(struct lastack *stack)
{
    for (unsigned i = 0; i < WAITERS_TOLD; i++) {
        const uint32_t socket = tcp_tell_page_waiter(&stack->tcp);

        if (socket == POOL_NONE || datagrams_are_told(stack, sock_at(stack, socket)))
            return;
    }
}

static void tell_page_waiter(struct lastack *stack)
{
    if (stack->tcp.page_waiters.count > 0)
        ask_page_waiters(stack);
}

NOINLINE void sockets_collect_news(struct lastack *stack)
{
    struct sock *sock;

    tell_page_waiter(stack);
    while ((sock = hear_next(stack)) != NULL)
        queue_event(stack, sock);
}

/* Events and wake bits are numbered alike. */
_Static_assert(1 << LASTACK_EVENT_READABLE == WAKE_READABLE &&
                   1 << LASTACK_EVENT_WRITABLE == WAKE_WRITABLE &&
                   1 << LASTACK_EVENT_ERROR == WAKE_ERROR &&
                   1 << LASTACK_EVENT_HANGUP == WAKE_HANGUP &&
                   1 << LASTACK_EVENT_URGENT == WAKE_URGENT &&
                   1 << LASTACK_EVENT_ADVICE == WAKE_ADVICE,
               "a socket's wake bits are what its event says");

/* The next socket with news, or NULL. Those in the queue may have heard more since; when nobody is,
 * the next one to hear something need not stand in it. */
static struct sock *next_with_news(struct lastack *stack)
{
    struct sockets *table = sockets_of(stack);
    struct sock *sock;

    if (table->event_head == POOL_NONE) {
        sock = hear_next(stack);
        if (sock != NULL)
            return sock;
        tell_page_waiter(stack);
        sock = hear_next(stack);
        if (sock != NULL || table->event_head == POOL_NONE)
            return sock;
    } else {
        sockets_collect(stack);
    }
    sock = sock_at(stack, table->event_head);
    table->event_head = sock->next_event;
    if (table->event_head == POOL_NONE)
        table->event_tail = POOL_NONE;
    sock->is_queued = false;
    return sock;
}

static NOINLINE bool next_event(struct lastack *stack, struct lastack_event *event)
{
    struct sock *sock;

    while ((sock = next_with_news(stack)) != NULL) {
        const uint32_t kinds = sock->wake & ~(uint32_t)(sock->is_deaf ? WAKE_ADVICE : 0);

        if (sock->holders == 0)
            continue;
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
    struct tcp_conn *conn = sock_conn(stack, sock);
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
    if (sock->shut_write || (tcp_state_may_send(conn->state) && tcp_is_writable(&stack->tcp, conn)))
        bits |= LASTACK_POLLOUT;
    else
        tcp_want_room(&stack->tcp, conn);
    return bits;
}

static uint32_t poll_socket(struct lastack *stack, struct sock *sock)
{
    uint32_t bits;

    if (sock->type == SOCK_TYPE_EPOLL)
        return sock->ready_head != POOL_NONE ? LASTACK_POLLIN : 0;
    bits = sock->error != 0 ? LASTACK_POLLERR : 0;
    if (sock->type == LASTACK_SOCK_DGRAM)
        return bits | (datagrams_may_send(stack, sock) ? LASTACK_POLLOUT : 0) |
               (datagrams_are_waiting(stack, sock) ? LASTACK_POLLIN : 0);
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
uint32_t sock_poll(struct lastack *stack, struct sock *sock)
{
    uint32_t bits = poll_socket(stack, sock);

    bits |= bits & LASTACK_POLLIN ? LASTACK_POLLRDNORM : 0;
    bits |= bits & LASTACK_POLLOUT ? LASTACK_POLLWRNORM : 0;
    return bits;
}

uint32_t lastack_poll(struct lastack *stack, int descriptor)
{
    struct sock *sock = holder_of(stack, descriptor);

    return sock != NULL ? sock_poll(stack, sock) : LASTACK_POLLNVAL;
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
