/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * messages_in_pieces.c: sendmsg, recvmsg, readv: text out of and into several pieces, and what
 * comes along with it.
 */
#include "socket_table.h"

int64_t lastack_send_message(struct lastack *stack, int descriptor,
                             const struct lastack_message *message, uint32_t flags)
{
    struct sock *sock = sock_of(stack, descriptor);

    if (sock == NULL)
        return -LASTACK_EBADF;
    if (message->control_count > 0)
        return -LASTACK_EINVAL;
    return sock_send_pieces(stack, sock, message->send, message->count, flags, message->remote);
}

/* ---- receiving ---- */

/* A datagram goes into the pieces as a whole. */
static int64_t receive_datagram(struct lastack *stack, struct sock *sock,
                                struct lastack_message *message, uint32_t flags)
{
    const int64_t length = datagram_receive(stack, sock, message->receive, message->count,
                                            flags | LASTACK_MSG_TRUNC, message->remote);
    uint64_t room = 0;

    for (size_t i = 0; i < message->count; i++)
        room += message->receive[i].length;
    if (length < 0 || (uint64_t)length <= room)
        return length;
    message->flags |= LASTACK_MSG_TRUNC;
    return flags & LASTACK_MSG_TRUNC ? length : (int64_t)room;
}

static uint32_t sock_readable(struct lastack *stack, int descriptor)
{
    const struct sock *sock = sock_of(stack, descriptor);

    if (sock == NULL)
        return 0;
    if (sock->phase == SOCKET_ATTACHED)
        return conn_readable(sock_conn(stack, sock));
    return sock->phase == SOCKET_ENDED ? seq_distance(sock->left_from, sock->left_to) : 0;
}

/* With MSG_PEEK only the first piece is looked into: what is behind it has not
 * come to the front. */
int64_t lastack_recvv(struct lastack *stack, int descriptor, const struct lastack_buffer *buffers,
                      size_t count, uint32_t flags)
{
    struct sock *sock = sock_of(stack, descriptor);
    int64_t done = 0;

    if (sock == NULL)
        return -LASTACK_EBADF;
    if (sock->type == LASTACK_SOCK_DGRAM)
        return datagram_receive(stack, sock, buffers, count, flags, NULL);
    for (size_t i = 0; i < count; i++) {
        const int64_t got =
            lastack_recv(stack, descriptor, buffers[i].base, buffers[i].length, flags);

        if (got < 0)
            return done > 0 ? done : got;
        done += got;
        if ((size_t)got < buffers[i].length || flags & LASTACK_MSG_PEEK)
            break;
        if (i + 1 < count && sock_readable(stack, descriptor) == 0)
            break; /* an end or an error behind it waits for the next call */
    }
    return done;
}

/* What is left to read; where all is read and the peer's FIN is next, 1, so that the reader knows
 * that something is there to be read. */
static int32_t left_to_read(const struct lastack *stack, const struct sock *sock)
{
    if (sock->phase == SOCKET_ATTACHED) {
        const struct tcp_conn *conn = sock_conn(stack, sock);
        const uint32_t left = conn_readable(conn);

        return left == 0 && conn_has(conn, CONN_FIN_RECEIVED) ? 1 : (int32_t)left;
    }
    return (int32_t)max32(seq_distance(sock->left_from, sock->left_to), sock->left_is_end);
}

static void tell_along(const struct lastack *stack, const struct sock *sock,
                       struct lastack_message *message, size_t room)
{
    if (!sock->values.tells_inq || sock->type != LASTACK_SOCK_STREAM)
        return;
    if (room == 0) {
        message->flags |= LASTACK_MSG_CTRUNC;
        return;
    }
    message->control[message->control_count++] =
        (struct lastack_control){LASTACK_SOL_TCP, LASTACK_CM_INQ, left_to_read(stack, sock)};
}

int64_t lastack_recv_message(struct lastack *stack, int descriptor, struct lastack_message *message,
                             uint32_t flags)
{
    const size_t room = message->control != NULL ? message->control_count : 0;
    struct sock *sock = sock_of(stack, descriptor);
    int64_t length;

    message->flags = 0;
    message->control_count = 0;
    if (sock == NULL)
        return -LASTACK_EBADF;
    if (sock->type == LASTACK_SOCK_DGRAM)
        return receive_datagram(stack, sock, message, flags);
    length = lastack_recvv(stack, descriptor, message->receive, message->count, flags);
    if (length < 0)
        return length;
    if (message->remote != NULL)
        (void)lastack_getpeername(stack, descriptor, message->remote);
    tell_along(stack, sock_of(stack, descriptor), message, room);
    return length;
}
