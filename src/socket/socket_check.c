/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * socket_check.c: lastack_check: the tables of sockets, and through tcp_check those of TCP.
 *
 *     descriptors ──▶ socket ──▶ connection ──▶ back to the socket
 *          │                         └── pages: connections' + what sockets kept = the pool's
 *          └── as many as the socket counts
 */
#include "socket_table.h"

static uint32_t count_descriptors(const struct lastack *stack, uint32_t socket)
{
    const struct sockets *table = sockets_of(stack);
    const struct sock *sock = sock_at(stack, socket);
    uint32_t count = 0;

    for (uint32_t at = sock->first_descriptor; at != POOL_NONE; at = table->descriptors[at].next) {
        CHECK(table->descriptors[at].socket == socket && ++count <= sock->holders);
    }
    CHECK(count == sock->holders);
    return count;
}

/* Its connection points back; one that is over and not yet collected is counted in *husks. */
static uint32_t check_attached(const struct lastack *stack, uint32_t socket, uint32_t *husks)
{
    const struct tcp_conn *conn = sock_conn(stack, sock_at(stack, socket));

    CHECK(conn->socket == socket);
    if (conn->state != TCP_CLOSED && !conn_has(conn, CONN_DETACHED))
        return 0;
    CHECK(conn_has(conn, CONN_WOKEN)); /* the socket will learn of it */
    ++*husks;
    return stream_pages(&conn->receive);
}

void lastack_check(const struct lastack *stack)
{
    const struct sockets *table = sockets_of(stack);
    uint32_t blocks;
    uint32_t pages = tcp_check(&stack->tcp, &blocks) + stack->messages.count;
    uint32_t used = 0, descriptors = 0, waiting = 0, others;

    for (uint32_t i = 0; i < table->sockets.bump; i++) {
        const struct sock *sock = sock_at(stack, i);

        if (sock->phase == SOCKET_FREE)
            continue;
        used++;
        descriptors += count_descriptors(stack, i);
        pages += stream_pages(&sock->left);
        waiting += sock->type == LASTACK_SOCK_DGRAM && datagrams_want_room(stack, sock);
        if (sock->phase == SOCKET_ATTACHED)
            pages += check_attached(stack, i, &blocks);
    }
    (void)page_waiters_check(&stack->tcp, &others);
    CHECK(waiting == others);
    CHECK(used == table->sockets.used);
    CHECK(descriptors == table->descriptor_used);
    CHECK(blocks == stack->tcp.conns.used);
    CHECK(pages == stack->tcp.pages.used);
}
