/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * transfer_in_place.c: SEND (RFC 9293 §3.10.2) of text that the program writes to where it is sent
 * from.
 *
 *     queued text │ room: pages, nothing in them yet │
 *     ────────────┼──────────────┬───────────────────┤
 *              snd.end           └ lastack_send_done: up to here; the pages behind go back
 *
 * Between the two calls the room is nobody's text: no segment refers to it, and what is sent again
 * lies before it. The other direction is lastack_recv_peek (transfer.c).
 */
#include "socket_table.h"

static struct sock *stream_of(struct lastack *stack, int descriptor, int *error)
{
    struct sock *sock = sock_of(stack, descriptor);

    *error = 0;
    if (sock == NULL)
        *error = -LASTACK_EBADF;
    else if (sock->type != LASTACK_SOCK_STREAM)
        *error = -LASTACK_EOPNOTSUPP;
    else
        *error = sock_cannot_send(stack, sock);
    return sock;
}

int lastack_send_room(struct lastack *stack, int descriptor, struct lastack_buffer *pieces,
                      int count, size_t length)
{
    struct lastack_iovec iov[LASTACK_IOV_MAX];
    struct tcp_conn *conn;
    struct sock *sock;
    uint32_t room;
    unsigned got;
    int error;

    if (length == 0 || count <= 0)
        return -LASTACK_EINVAL;
    sock = stream_of(stack, descriptor, &error);
    if (error != 0)
        return error;
    conn = sock_conn(stack, sock);
    room = tcp_send_room(&stack->tcp, conn, length < INT32_MAX ? (uint32_t)length : INT32_MAX);
    if (room == 0)
        return -LASTACK_EAGAIN;
    got = stream_iovec(&conn->send, &stack->tcp.pages, conn->snd.end, room, iov,
                       min32((uint32_t)count, LASTACK_IOV_MAX));
    for (unsigned i = 0; i < got; i++)
        pieces[i] = (struct lastack_buffer){(void *)(uintptr_t)iov[i].base, iov[i].length};
    return (int)got;
}

int64_t lastack_send_done(struct lastack *stack, int descriptor, size_t length, uint32_t flags)
{
    uint32_t taken = 0;
    struct tcp_conn *conn;
    struct sock *sock;
    int error;

    sock = stream_of(stack, descriptor, &error);
    if (error != 0)
        return error;
    conn = sock_conn(stack, sock);
    if (length > INT32_MAX || !tcp_has_send_room(&stack->tcp, conn, (uint32_t)length))
        return -LASTACK_EINVAL;
    if (length > 0)
        taken = tcp_send(&stack->tcp, conn, NULL, (uint32_t)length, flags);
    tcp_drop_send_room(&stack->tcp, conn);
    return taken;
}
