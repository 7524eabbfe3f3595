/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * transfer.c: SEND and RECEIVE (RFC 9293 §3.10.2, §3.10.3) as send and recv.
 *
 * What can be read outlives the connection: first the text, then its error once, then the end.
 */
#include "socket_table.h"

/* The pending error is told once. */
static int take_error(struct sock *sock)
{
    const int error = sock->error;

    sock->error = 0;
    return -error;
}

/* ---- send ---- */

int sock_cannot_send(struct lastack *stack, struct sock *sock)
{
    const struct tcp_conn *conn;

    if (sock->error != 0)
        return take_error(sock);
    if (sock->shut_write || sock->phase != SOCKET_ATTACHED)
        return -LASTACK_EPIPE;
    conn = sock_conn(stack, sock);
    if (tcp_state_may_send(conn->state) ||
        (conn->state == TCP_SYN_RECEIVED && conn->fast_open & FAST_OPEN_PASSIVE))
        return 0;
    return conn->state == TCP_SYN_SENT || conn->state == TCP_SYN_RECEIVED ? -LASTACK_EAGAIN
                                                                          : -LASTACK_EPIPE;
}

/* Nothing was taken: was there anything to take? */
static int took_nothing(const struct lastack_iovec *iov, size_t count)
{
    for (size_t i = 0; i < count; i++) {
        if (iov[i].length > 0)
            return -LASTACK_EAGAIN;
    }
    return 0;
}

static int64_t send_vector(struct lastack *stack, struct sock *sock,
                           const struct lastack_iovec *iov, size_t count, uint32_t flags,
                           const struct lastack_endpoint *remote)
{
    struct tcp_conn *conn;
    int64_t done = 0;
    int error;

    if (UNLIKELY(sock->is_deferred || remote != NULL || flags & LASTACK_MSG_FASTOPEN) &&
        sock_send_opens(stack, sock, iov, count, flags, remote, &done))
        return done;
    error = sock_cannot_send(stack, sock);
    if (error < 0)
        return error;
    while (count > 1 && iov[count - 1].length == 0)
        count--; /* the last one with text says that no more comes */
    conn = sock_conn(stack, sock);
    for (size_t i = 0; i < count; i++) {
        const uint32_t length = iov[i].length > INT32_MAX ? INT32_MAX : (uint32_t)iov[i].length;
        const uint32_t taken = tcp_send(&stack->tcp, conn, iov[i].base, length,
                                        i + 1 == count ? flags : LASTACK_MSG_MORE);

        done += taken;
        if (taken < iov[i].length)
            break;
    }
    if (done == 0)
        return took_nothing(iov, count);
    if (flags & LASTACK_MSG_OOB)
        tcp_send_urgent(&stack->tcp, conn);
    return done;
}

int64_t sock_send_pieces(struct lastack *stack, struct sock *sock, const struct lastack_iovec *iov,
                         size_t count, uint32_t flags, const struct lastack_endpoint *remote)
{
    return sock->type == LASTACK_SOCK_DGRAM ? datagram_send(stack, sock, iov, count, remote)
                                            : send_vector(stack, sock, iov, count, flags, remote);
}

int64_t lastack_sendv(struct lastack *stack, int descriptor, const struct lastack_iovec *iov,
                      size_t count, uint32_t flags)
{
    struct sock *sock = sock_of(stack, descriptor);

    return sock != NULL ? sock_send_pieces(stack, sock, iov, count, flags, NULL) : -LASTACK_EBADF;
}

int64_t lastack_send(struct lastack *stack, int descriptor, const void *data, size_t length,
                     uint32_t flags)
{
    const struct lastack_iovec iov = {data, length};

    return lastack_sendv(stack, descriptor, &iov, 1, flags);
}

int64_t lastack_send_to(struct lastack *stack, int descriptor, const void *data, size_t length,
                        uint32_t flags, const struct lastack_endpoint *remote)
{
    struct sock *sock = sock_of(stack, descriptor);
    const struct lastack_iovec iov = {data, length};

    return sock != NULL ? sock_send_pieces(stack, sock, &iov, 1, flags, remote) : -LASTACK_EBADF;
}

/* ---- recv ---- */

/* The text that can be read now: where it is, and how much. */
struct text {
    const struct stream *stream;
    struct seq from;
    uint32_t length;
    bool is_end; /* the peer's FIN comes behind it */
};

/* The connection that it is attached to; NULL: none any more, what can be read is the socket's. */
static struct tcp_conn *conn_to_read(const struct lastack *stack, const struct sock *sock)
{
    return sock->phase == SOCKET_ATTACHED ? sock_conn(stack, sock) : NULL;
}

static struct text text_of(const struct sock *sock, const struct tcp_conn *conn)
{
    if (conn != NULL)
        return (struct text){&conn->receive, conn->rcv.read, conn_readable(conn),
                             conn_has(conn, CONN_FIN_RECEIVED)};
    return (struct text){&sock->left, sock->left_from, seq_distance(sock->left_from, sock->left_to),
                         true};
}

static void take_text(struct lastack *stack, struct sock *sock, struct tcp_conn *conn,
                      const struct text *text, uint32_t length)
{
    if (length == text->length && !text->is_end)
        sock->wake &= (uint8_t)~WAKE_READABLE; /* what has been read is no news any more */
    if (conn != NULL) {
        tcp_received(&stack->tcp, conn, length);
        return;
    }
    sock->left_from = seq_add(sock->left_from, length);
    stream_drop_before(&sock->left, &stack->tcp.pages, sock->left_from);
}

/* Nothing to read: why? */
static int nothing(struct sock *sock, const struct text *text)
{
    if (sock->error != 0)
        return take_error(sock);
    if (sock->shut_read)
        return 0;
    if (sock->phase == SOCKET_ATTACHED)
        return text->is_end ? 0 : -LASTACK_EAGAIN;
    return sock->phase == SOCKET_ENDED && sock->was_connected ? 0 : -LASTACK_ENOTCONN;
}

int64_t lastack_recv(struct lastack *stack, int descriptor, void *data, size_t size, uint32_t flags)
{
    struct sock *sock = sock_of(stack, descriptor);
    struct tcp_conn *conn;
    struct text text;
    uint32_t length;

    if (sock == NULL)
        return -LASTACK_EBADF;
    if (sock->type == LASTACK_SOCK_DGRAM)
        return datagram_receive(stack, sock, &(struct lastack_buffer){data, size}, 1, flags, NULL);
    if (flags & LASTACK_MSG_OOB)
        return sock_recv_oob(stack, sock, data, size, (flags & LASTACK_MSG_PEEK) != 0);
    if (sock->phase == SOCKET_IDLE || sock->phase == SOCKET_LISTENING)
        return sock->error != 0 ? take_error(sock) : -LASTACK_ENOTCONN;
    conn = conn_to_read(stack, sock);
    length = UINT32_MAX;
    if (UNLIKELY(conn != NULL && conn_has(conn, CONN_URGENT_IN)))
        length = sock_until_mark(stack, sock, length, (flags & LASTACK_MSG_PEEK) != 0);
    text = text_of(sock, conn);
    length = min32(length, size < text.length ? (uint32_t)size : text.length);
    if (length == 0)
        return size == 0 && text.length > 0 ? 0 : nothing(sock, &text);
    if (!(flags & LASTACK_MSG_TRUNC)) /* TRUNC on a stream: taken, not copied */
        stream_get(text.stream, &stack->tcp.pages, text.from, data, length);
    if (!(flags & LASTACK_MSG_PEEK))
        take_text(stack, sock, conn, &text, length);
    return length;
}

int64_t lastack_recv_from(struct lastack *stack, int descriptor, void *data, size_t size,
                          uint32_t flags, struct lastack_endpoint *remote)
{
    struct sock *sock = sock_of(stack, descriptor);
    int64_t length;

    if (sock != NULL && sock->type == LASTACK_SOCK_DGRAM)
        return datagram_receive(stack, sock, &(struct lastack_buffer){data, size}, 1, flags,
                                remote);
    length = lastack_recv(stack, descriptor, data, size, flags);
    if (remote != NULL && length >= 0)
        (void)lastack_getpeername(stack, descriptor, remote);
    return length;
}

int lastack_recv_peek(struct lastack *stack, int descriptor, struct lastack_iovec *iov, int count)
{
    struct sock *sock = sock_of(stack, descriptor);
    struct text text;

    if (sock == NULL)
        return -LASTACK_EBADF;
    if (count <= 0)
        return -LASTACK_EINVAL;
    if (sock->phase == SOCKET_IDLE || sock->phase == SOCKET_LISTENING)
        return -LASTACK_ENOTCONN;
    text = text_of(sock, conn_to_read(stack, sock));
    if (text.length == 0)
        return nothing(sock, &text);
    return (int)stream_iovec(text.stream, &stack->tcp.pages, text.from, text.length, iov,
                             (unsigned)count);
}

int lastack_recv_done(struct lastack *stack, int descriptor, size_t length)
{
    struct sock *sock = sock_of(stack, descriptor);
    struct tcp_conn *conn;
    struct text text;

    if (sock == NULL)
        return -LASTACK_EBADF;
    if (sock->phase == SOCKET_IDLE || sock->phase == SOCKET_LISTENING)
        return -LASTACK_ENOTCONN;
    conn = conn_to_read(stack, sock);
    text = text_of(sock, conn);
    if (length > text.length)
        return -LASTACK_EINVAL;
    take_text(stack, sock, conn, &text, (uint32_t)length);
    return 0;
}
