/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * queue_lengths.c: fcntl and ioctl: how much waits in either direction, and modes that whoever
 * makes blocking calls of these wants to remember.
 */
#include "socket_table.h"

/* ---- fcntl ---- */

int lastack_fcntl(struct lastack *stack, int descriptor, int command, int argument)
{
    struct sock *sock = holder_of(stack, descriptor);

    if (sock == NULL)
        return -LASTACK_EBADF;
    switch (command) {
    case LASTACK_F_GETFL:
        return LASTACK_O_RDWR | (sock->values.is_nonblocking ? LASTACK_O_NONBLOCK : 0);
    case LASTACK_F_SETFL:
        sock->values.is_nonblocking = argument & LASTACK_O_NONBLOCK;
        return 0;
    case LASTACK_F_GETFD:
        return sockets_of(stack)->descriptors[descriptor].is_cloexec;
    case LASTACK_F_SETFD:
        sockets_of(stack)->descriptors[descriptor].is_cloexec = argument & 1;
        return 0;
    case LASTACK_F_DUPFD:
        return argument < 0 ? -LASTACK_EINVAL : lastack_dup(stack, descriptor);
    default:
        return -LASTACK_EINVAL;
    }
}

/* ---- ioctl ---- */

static int bytes_to_read(const struct lastack *stack, const struct sock *sock)
{
    if (sock->type == LASTACK_SOCK_DGRAM)
        return (int)datagrams_first_length(stack, sock);
    switch ((enum socket_phase)sock->phase) {
    case SOCKET_ATTACHED:
        return (int)conn_readable(sock_conn(stack, sock));
    case SOCKET_ENDED:
        return (int)seq_distance(sock->left_from, sock->left_to);
    case SOCKET_LISTENING:
        return -LASTACK_EINVAL;
    case SOCKET_IDLE:
    case SOCKET_FREE:
        break;
    }
    return 0;
}

static int bytes_to_send(const struct lastack *stack, const struct sock *sock, bool only_not_sent)
{
    const struct tcp_conn *conn;

    if (sock->phase == SOCKET_LISTENING)
        return -LASTACK_EINVAL;
    if (sock->phase != SOCKET_ATTACHED)
        return 0;
    conn = sock_conn(stack, sock);
    if (!only_not_sent)
        return (int)conn_send_held(conn);
    return seq_after(conn->snd.end, conn->snd.nxt) && tcp_state_is_synchronized(conn->state)
               ? (int)seq_distance(conn->snd.nxt, conn->snd.end)
               : 0;
}

int lastack_ioctl(struct lastack *stack, int descriptor, unsigned request, int *value)
{
    struct sock *sock = sock_of(stack, descriptor);
    int result;

    if (sock == NULL)
        return -LASTACK_EBADF;
    switch (request) {
    case LASTACK_SIOCINQ:
        result = bytes_to_read(stack, sock);
        break;
    case LASTACK_SIOCOUTQ:
        result = bytes_to_send(stack, sock, false);
        break;
    case LASTACK_SIOCOUTQNSD:
        result = bytes_to_send(stack, sock, true);
        break;
    case LASTACK_SIOCATMARK:
        result = lastack_at_mark(stack, descriptor);
        break;
    case LASTACK_FIONBIO:
        sock->values.is_nonblocking = *value != 0;
        return 0;
    default:
        return -LASTACK_ENOTTY;
    }
    if (result < 0)
        return result;
    *value = result;
    return 0;
}
