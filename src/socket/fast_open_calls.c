/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * fast_open_calls.c: RFC 7413 as programs see it, with the names and meanings of Linux.
 *
 *     listener  TCP_FASTOPEN n            up to n connections may be readable before their
 *                                         handshake is over
 *     client    sendto(MSG_FASTOPEN)      connects; what the SYN can carry is taken, the rest is
 *                                         for later
 *               TCP_FASTOPEN_CONNECT      connect() waits for the first write, if there is a cookie
 *     FreeBSD   TCP_FASTOPEN 1, sendto()  an implied connect (params.implied_connect); all is
 *                                         queued
 */
#include "socket_table.h"

static bool is_client_on(const struct lastack *stack)
{
    return (stack->tcp.params.fast_open & LASTACK_FAST_OPEN_CLIENT) != 0;
}

void sock_listen_fast_open(struct lastack *stack, const struct sock *sock, uint32_t backlog)
{
    const uint32_t on = LASTACK_FAST_OPEN_SERVER | LASTACK_FAST_OPEN_ALL_LISTENERS;
    struct listener *listener = pool_at(&stack->tcp.listeners, sock->conn);

    listener->fast_open_limit = sock->fast_open;
    listener->fast_open_no_cookie = sock->fast_open_no_cookie;
    if (listener->fast_open_limit == 0 && (stack->tcp.params.fast_open & on) == on)
        listener->fast_open_limit = min32(backlog, stack->tcp.params.somaxconn);
}

int sock_set_fast_open(struct lastack *stack, struct sock *sock, enum lastack_option option,
                       int value)
{
    const bool is_new = sock->phase == SOCKET_IDLE && !sock->is_deferred;

    if (option == LASTACK_TCP_FASTOPEN) {
        if (value < 0 || (!is_new && sock->phase != SOCKET_LISTENING))
            return -LASTACK_EINVAL;
        sock->fast_open = min32((uint32_t)value, stack->tcp.params.somaxconn);
    } else if (option == LASTACK_TCP_FASTOPEN_CONNECT) {
        if (value < 0 || value > 1)
            return -LASTACK_EINVAL;
        if (!is_client_on(stack))
            return -LASTACK_EOPNOTSUPP;
        if (!is_new)
            return -LASTACK_EINVAL;
        sock->fast_open_connect = value != 0;
    } else {
        if (value < 0 || value > 1 || (!is_new && sock->phase != SOCKET_LISTENING))
            return -LASTACK_EINVAL;
        sock->fast_open_no_cookie = value != 0;
    }
    if (sock->phase == SOCKET_LISTENING) {
        const struct listener *listener = pool_at(&stack->tcp.listeners, sock->conn);

        sock_listen_fast_open(stack, sock, listener->backlog);
    }
    return 0;
}

int lastack_set_fast_open_key(struct lastack *stack, int descriptor, const uint8_t *key,
                              size_t length)
{
    struct fast_open_keys keys = {.count = (uint8_t)(length / 16)};
    const struct sock *sock = descriptor == -1 ? NULL : sock_of(stack, descriptor);

    if (descriptor != -1 && sock == NULL)
        return -LASTACK_EBADF;
    if ((length != 16 && length != 32) || (sock != NULL && sock->phase != SOCKET_LISTENING))
        return -LASTACK_EINVAL;
    for (unsigned i = 0; i < keys.count; i++)
        keys.key[i] = siphash_key(key + 16 * i);
    if (sock == NULL)
        stack->tcp.fast_open_keys = keys;
    else
        ((struct listener *)pool_at(&stack->tcp.listeners, sock->conn))->fast_open_keys = keys;
    return 0;
}

void lastack_forget_fast_open(struct lastack *stack)
{
    struct tcp *tcp = &stack->tcp;

    fast_open_forget(&tcp->fast_open_cache);
    tcp->fast_open_off_times = 0;
    tcp->fast_open_off_until = 0;
}

static struct tuple tuple_to_be(const struct sock *sock)
{
    return tuple_of(&sock->local, &sock->remote);
}

bool sock_defers_connect(const struct lastack *stack, const struct sock *sock)
{
    const struct tuple tuple = tuple_to_be(sock);

    return sock->fast_open_connect && is_client_on(stack) &&
           (sock->fast_open_no_cookie || tcp_fast_open_is_ready(&stack->tcp, &tuple));
}

/* Queues up to `room` bytes. */
static uint32_t queue_text(struct lastack *stack, const struct sock *sock,
                           const struct lastack_iovec *iov, size_t count, uint32_t room)
{
    uint32_t done = 0;

    for (size_t i = 0; i < count && done < room; i++) {
        const uint32_t want =
            min32(room - done, (uint32_t)min64((int64_t)iov[i].length, INT32_MAX));
        const bool is_last = i + 1 == count || done + want == room;
        /* what leaves with the SYN leaves again as one segment, if it must */
        const uint32_t taken = tcp_send(&stack->tcp, sock_conn(stack, sock), iov[i].base, want,
                                        is_last ? LASTACK_MSG_EOR : LASTACK_MSG_MORE);

        done += taken;
        if (taken < want)
            break;
    }
    return done;
}

/* The SYN that leaves carries what it can; the rest is for when the connection is there. */
static int64_t open_with_text(struct lastack *stack, struct sock *sock,
                              const struct lastack_iovec *iov, size_t count,
                              const struct tuple_claim *claim)
{
    const uint8_t wish =
        (uint8_t)(FAST_OPEN_ASKED | (sock->fast_open_no_cookie ? FAST_OPEN_NO_COOKIE : 0));
    const int error = sock_open_active(stack, sock, wish, claim);
    uint32_t done;

    if (error < 0)
        return error;
    done = queue_text(stack, sock, iov, count, tcp_fast_open_room(&stack->tcp, sock->conn));
    return done > 0 ? (int64_t)done : -LASTACK_EINPROGRESS;
}

/* MSG_FASTOPEN on a socket that has begun to connect: 0, or why not. */
static int open_again(struct lastack *stack, struct sock *sock)
{
    const struct tcp_conn *conn;

    if (sock->phase != SOCKET_ATTACHED)
        return sock->error != 0 ? 0 : -LASTACK_EISCONN; /* the send itself tells the error */
    conn = sock_conn(stack, sock);
    if (conn->state == TCP_SYN_SENT || conn->state == TCP_SYN_RECEIVED)
        return -LASTACK_EALREADY;
    if (!sock->is_connecting)
        return -LASTACK_EISCONN;
    sock->is_connecting = false;
    return 0;
}

NOINLINE bool sock_send_opens(struct lastack *stack, struct sock *sock,
                              const struct lastack_iovec *iov, size_t count, uint32_t flags,
                              const struct lastack_endpoint *remote, int64_t *result)
{
    const bool is_asked = (flags & LASTACK_MSG_FASTOPEN) != 0;
    const bool is_implied = stack->tcp.params.implied_connect && remote != NULL;
    struct tuple_claim claim = {0};

    if (sock->is_deferred) {
        sock->is_deferred = false;
        *result = open_with_text(stack, sock, iov, count, &claim);
        return true;
    }
    if (!is_asked && !(is_implied && sock->phase == SOCKET_IDLE))
        return false;
    if (is_asked && (!is_client_on(stack) || (remote == NULL && sock->phase == SOCKET_IDLE))) {
        *result = -LASTACK_EOPNOTSUPP;
        return true;
    }
    if (sock->phase != SOCKET_IDLE) {
        *result = open_again(stack, sock);
        return *result < 0;
    }
    *result = sock_prepare_connect(stack, sock, remote, &claim);
    if (*result < 0)
        return true;
    if (is_asked) {
        *result = open_with_text(stack, sock, iov, count, &claim);
        return true;
    }
    /* FreeBSD: the text waits in the send buffer, and rides in the SYN if it may */
    *result = sock_open_active(
        stack, sock, sock->fast_open != 0 && is_client_on(stack) ? FAST_OPEN_ASKED : 0, &claim);
    if (*result == 0)
        *result = queue_text(stack, sock, iov, count, INT32_MAX);
    return true;
}
