/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * urgent_calls.c: urgent text as programs know it: SO_OOBINLINE, MSG_OOB, SIOCATMARK, POLLPRI; and
 * what did not end a connection but is worth knowing (RFC 9293 §3.9.1.8).
 *
 * The mark is the last urgent octet. In line it is read like any other, once reading has stopped
 * before it. Out of band it leaves the stream: reading steps over it, and keeps it for MSG_OOB.
 */
#include "socket_table.h"

static bool mark_of(struct lastack *stack, const struct sock *sock, struct seq *mark)
{
    return sock->phase == SOCKET_ATTACHED &&
           tcp_urgent_mark(&stack->tcp, sock_conn(stack, sock), mark);
}

void sock_has_urgent(struct sock *sock)
{
    sock->has_oob = sock->oob_was_read = false; /* a new pointer takes the old one's place */
}

/* Has the octet at the mark arrived? */
static bool is_there(const struct lastack *stack, const struct sock *sock, struct seq mark)
{
    const struct tcp_conn *conn = sock_conn(stack, sock);

    return seq_before(mark, seq_add(conn->rcv.read, conn_readable(conn)));
}

static void step_over(struct lastack *stack, struct sock *sock, struct seq mark)
{
    struct tcp_conn *conn = sock_conn(stack, sock);

    if (!sock->oob_was_read) {
        stream_get(&conn->receive, &stack->tcp.pages, mark, &sock->oob, 1);
        sock->has_oob = true;
    }
    tcp_received(&stack->tcp, conn, 1);
}

NOINLINE uint32_t sock_until_mark(struct lastack *stack, struct sock *sock, uint32_t length,
                                  bool is_peek)
{
    const struct tcp_conn *conn;
    struct seq mark;

    if (!mark_of(stack, sock, &mark))
        return length;
    conn = sock_conn(stack, sock);
    if (!seq_equal(conn->rcv.read, mark))
        return min32(length, seq_distance(conn->rcv.read, mark));
    if (!sock->oob_inline && !is_peek && is_there(stack, sock, mark))
        step_over(stack, sock, mark);
    return length;
}

NOINLINE int64_t sock_recv_oob(struct lastack *stack, struct sock *sock, uint8_t *data, size_t size,
                               bool is_peek)
{
    struct seq mark;

    if (sock->oob_inline || sock->oob_was_read)
        return -LASTACK_EINVAL;
    if (!sock->has_oob) {
        if (!mark_of(stack, sock, &mark))
            return -LASTACK_EINVAL;
        if (!is_there(stack, sock, mark))
            return -LASTACK_EAGAIN;
        stream_get(&sock_conn(stack, sock)->receive, &stack->tcp.pages, mark, &sock->oob, 1);
    }
    if (size == 0)
        return 0;
    data[0] = sock->oob;
    if (!is_peek) {
        sock->has_oob = false;
        sock->oob_was_read = true;
    }
    return 1;
}

uint32_t sock_poll_urgent(struct lastack *stack, const struct sock *sock)
{
    struct seq mark;

    if (sock->has_oob)
        return LASTACK_POLLPRI;
    return mark_of(stack, sock, &mark) && !sock->oob_was_read && is_there(stack, sock, mark)
               ? LASTACK_POLLPRI
               : 0;
}

int lastack_at_mark(struct lastack *stack, int descriptor)
{
    const struct sock *sock = sock_of(stack, descriptor);
    struct seq mark;

    if (sock == NULL)
        return -LASTACK_EBADF;
    return mark_of(stack, sock, &mark) && seq_equal(sock_conn(stack, sock)->rcv.read, mark);
}

int lastack_soft_error(struct lastack *stack, int descriptor)
{
    const struct sock *sock = sock_of(stack, descriptor);
    const struct tcp_conn *conn;

    if (sock == NULL)
        return -LASTACK_EBADF;
    if (sock->phase != SOCKET_ATTACHED)
        return 0;
    conn = sock_conn(stack, sock);
    if (conn->soft_error != 0)
        return conn->soft_error;
    return conn_has(conn, CONN_R1_TOLD) ? LASTACK_ETIMEDOUT : 0;
}
