/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * socket_calls.c: socket, listen, accept, connect, shutdown, close, abort: OPEN, CLOSE and ABORT
 * of RFC 9293 §3.10 in the shape that programs know.
 */
#include "socket_table.h"

static void close_socket(struct lastack *stack, struct sock *sock);

int lastack_socket(struct lastack *stack, enum lastack_domain domain, enum lastack_socket_type type,
                   uint32_t owner)
{
    struct sock *sock;
    int descriptor;

    if (domain != LASTACK_AF_INET && domain != LASTACK_AF_INET6)
        return -LASTACK_EAFNOSUPPORT;
    if (type != LASTACK_SOCK_STREAM && type != LASTACK_SOCK_DGRAM)
        return -LASTACK_EPROTONOSUPPORT;
    sock = sock_new(stack, (uint8_t)domain, (uint8_t)type);
    if (sock == NULL)
        return sock_refuse(stack, LASTACK_CAUSE_NO_SOCKET_LEFT, LASTACK_ENOBUFS);
    sock->creator = owner;
    if (type == LASTACK_SOCK_DGRAM && !datagrams_open(stack, sock)) {
        sock_free(stack, sock);
        return sock_refuse(stack, LASTACK_CAUSE_NO_SOCKET_LEFT, LASTACK_ENOBUFS);
    }
    descriptor = descriptor_add(stack, sock, owner);
    if (descriptor < 0)
        close_socket(stack, sock);
    return descriptor;
}

static struct tcp_open open_of(const struct sock *sock)
{
    return (struct tcp_open){
        .local = sock->local,
        .remote = sock->remote,
        .socket = sock->index,
        .connect_timeout_s = sock->connect_timeout_s,
        .congestion = sock->values.congestion,
        .defer = sock->values.defer,
        .window_clamp = sock->values.window_clamp,
        .flags = sock->flags,
        .options = sock->options,
    };
}

int lastack_listen(struct lastack *stack, int descriptor, int backlog)
{
    struct sock *sock = sock_of(stack, descriptor);
    enum lastack_cause why = LASTACK_CAUSE_NONE;
    struct tcp_open open;
    uint32_t index;
    int error;

    if (sock == NULL)
        return -LASTACK_EBADF;
    if (sock->type != LASTACK_SOCK_STREAM)
        return -LASTACK_EOPNOTSUPP;
    if (backlog < 0)
        backlog = INT32_MAX;
    if (sock->phase == SOCKET_LISTENING) { /* again: only the backlog changes */
        struct listener *listener = pool_at(&stack->tcp.listeners, sock->conn);

        listener->backlog = min32((uint32_t)backlog, stack->tcp.params.somaxconn);
        sock_listen_fast_open(stack, sock, listener->backlog);
        return 0;
    }
    if (sock->phase != SOCKET_IDLE)
        return -LASTACK_EINVAL;
    if (!sock->is_bound) {
        const struct lastack_endpoint any = {.address = sock->local.address};

        error = sock_bind(stack, sock, &any);
        if (error < 0)
            return error;
    }
    open = open_of(sock);
    index = tcp_open_passive(&stack->tcp, &open, (uint32_t)backlog, sock->domain, &why);
    if (index == POOL_NONE)
        return sock_refuse(stack, why, LASTACK_ENOBUFS);
    error = sock_begin_listening(stack, sock, index);
    if (error < 0) {
        tcp_close_listener(&stack->tcp, index, LASTACK_CAUSE_NONE);
        return error;
    }
    sock->phase = SOCKET_LISTENING;
    sock->conn = index;
    sock_listen_fast_open(stack, sock, (uint32_t)backlog);
    tcp_listens(&stack->tcp, index);
    return 0;
}

int lastack_accept(struct lastack *stack, int descriptor, struct lastack_endpoint *remote)
{
    struct sock *listening = sock_of(stack, descriptor);
    const uint32_t owner = listening == NULL ? 0 : sockets_of(stack)->descriptors[descriptor].owner;
    const struct listener *listener;
    struct tcp_conn *conn;
    struct sock *sock;
    int accepted;

    if (listening == NULL)
        return -LASTACK_EBADF;
    if (listening->phase != SOCKET_LISTENING)
        return -LASTACK_EINVAL;
    listener = pool_at(&stack->tcp.listeners, listening->conn);
    if (listener->queued == 0)
        return -LASTACK_EAGAIN;
    sock = sock_new(stack, listening->domain, LASTACK_SOCK_STREAM);
    if (sock == NULL)
        return sock_refuse(stack, LASTACK_CAUSE_NO_SOCKET_LEFT, LASTACK_ENOBUFS);
    accepted = descriptor_add(stack, sock, owner);
    if (accepted < 0) {
        sock_free(stack, sock);
        return accepted;
    }
    sock->creator = owner;
    sock->flags = listening->flags;
    sock->oob_inline = listening->oob_inline;
    sock->is_deaf = listening->is_deaf;
    sock->options = listening->options;
    sock->linger_s = listening->linger_s;
    sock->values = listening->values;
    sock->values.is_nonblocking = false;
    sock->phase = SOCKET_ATTACHED;
    sock->was_connected = true;
    sock->conn = tcp_accept(&stack->tcp, listening->conn, sock->index);
    CHECK(sock->conn != POOL_NONE);
    conn = sock_conn(stack, sock);
    if (sock->values.pacing_max != 0)
        (void)tcp_set_pacing(&stack->tcp, conn, sock->values.pacing_max);
    sock->local = tuple_local(&conn->tuple);
    sock->remote = tuple_remote(&conn->tuple);
    if (remote != NULL)
        *remote = sock->remote;
    return accepted;
}

/* What connect() says while and after an attempt was made: of its success once. */
static NOINLINE int connect_again(struct lastack *stack, struct sock *sock)
{
    int error = sock->error;

    if (sock->phase == SOCKET_LISTENING)
        return -LASTACK_EISCONN;
    if (sock->phase == SOCKET_ATTACHED) {
        const struct tcp_conn *conn = sock_conn(stack, sock);

        if (conn->state == TCP_SYN_SENT || conn->state == TCP_SYN_RECEIVED)
            return -LASTACK_EALREADY;
        if (!sock->is_connecting)
            return -LASTACK_EISCONN;
        sock->is_connecting = false;
        return 0;
    }
    sock->error = 0;
    return error != 0 ? -error : -LASTACK_EISCONN;
}

int sock_open_active(struct lastack *stack, struct sock *sock, uint8_t fast_open,
                     const struct tuple_claim *claim)
{
    struct tcp_open open = open_of(sock);
    enum lastack_cause why = LASTACK_CAUSE_NONE;
    uint32_t index;

    open.fast_open = fast_open;
    open.claim = *claim;
    index = tcp_open_active(&stack->tcp, &open, &why);
    if (index == POOL_NONE) {
        const bool is_taken =
            why == LASTACK_CAUSE_PORT_CONNECTION || why == LASTACK_CAUSE_PORT_TIME_WAIT;

        return sock_refuse(stack, why, is_taken ? LASTACK_EADDRNOTAVAIL : LASTACK_ENOBUFS);
    }
    sock->phase = SOCKET_ATTACHED;
    sock->conn = index;
    sock->is_connecting = true;
    if (sock->values.pacing_max != 0)
        (void)tcp_set_pacing(&stack->tcp, sock_conn(stack, sock), sock->values.pacing_max);
    return 0;
}

int sock_check_family(const struct sock *sock, const struct lastack_address *remote)
{
    if (sock->domain == LASTACK_AF_INET && !ip_is_ipv4(remote))
        return -LASTACK_EAFNOSUPPORT;
    if (sock->is_v6_only && ip_is_ipv4(remote))
        return -LASTACK_ENETUNREACH;
    return 0;
}

/* May it connect to that, and from where? 0 or a negative error. */
int sock_prepare_connect(struct lastack *stack, struct sock *sock,
                         const struct lastack_endpoint *remote, struct tuple_claim *claim)
{
    int error = sock_check_family(sock, &remote->address);

    if (error < 0)
        return error;
    if (remote->port == 0)
        return -LASTACK_ECONNREFUSED;
    error = sock_name_for_connect(stack, sock, remote, claim);
    if (error < 0)
        return error;
    sock->remote = *remote;
    return 0;
}

/* A failed attempt was reported: the socket may try again, as if it had not tried. */
static void begin_again(struct lastack *stack, struct sock *sock)
{
    sock->phase = SOCKET_IDLE;
    stream_clear(&sock->left, &stack->tcp.pages);
    sock->left_to = sock->left_from;
    sock->left_is_end = false;
}

int lastack_connect(struct lastack *stack, int descriptor, const struct lastack_endpoint *remote)
{
    struct sock *sock = sock_of(stack, descriptor);
    struct tuple_claim claim;
    int error;

    if (sock == NULL)
        return -LASTACK_EBADF;
    if (sock->phase == SOCKET_ENDED && !sock->was_connected && sock->error == 0)
        begin_again(stack, sock);
    if (sock->is_deferred)
        return -LASTACK_EISCONN;
    if (sock->phase != SOCKET_IDLE)
        return connect_again(stack, sock);
    error = sock_prepare_connect(stack, sock, remote, &claim);
    if (error < 0 || sock->type == LASTACK_SOCK_DGRAM)
        return error;
    if (sock_defers_connect(stack, sock)) {
        sock->is_deferred = true;
        return 0;
    }
    error = sock_open_active(stack, sock, sock->fast_open_connect ? FAST_OPEN_ASKED : 0, &claim);
    return error < 0 ? error : -LASTACK_EINPROGRESS;
}

int lastack_shutdown(struct lastack *stack, int descriptor, int how)
{
    struct sock *sock = sock_of(stack, descriptor);

    if (sock == NULL)
        return -LASTACK_EBADF;
    if (how < LASTACK_SHUT_RD || how > LASTACK_SHUT_RDWR)
        return -LASTACK_EINVAL;
    if (sock->phase == SOCKET_LISTENING && how != LASTACK_SHUT_WR) {
        sock_end_listening(stack, sock);
        tcp_close_listener(&stack->tcp, sock->conn, LASTACK_CAUSE_CALL_SHUTDOWN);
        sock->phase = SOCKET_IDLE;
        sock->conn = POOL_NONE;
        return 0;
    }
    if (sock->phase != SOCKET_ATTACHED)
        return -LASTACK_ENOTCONN;
    if (sock_conn(stack, sock)->state == TCP_SYN_SENT) {
        /* the attempt is over; nothing is shut for the next one (Linux) */
        tcp_shutdown_send(&stack->tcp, sock_conn(stack, sock), LASTACK_CAUSE_CALL_SHUTDOWN);
        sockets_collect(stack);
        return 0;
    }
    if (how != LASTACK_SHUT_WR) {
        sock->shut_read = true;
        sock_wake(stack, sock, WAKE_READABLE);
    }
    if (how != LASTACK_SHUT_RD && !sock->shut_write) {
        sock->shut_write = true;
        tcp_shutdown_send(&stack->tcp, sock_conn(stack, sock), LASTACK_CAUSE_CALL_SHUTDOWN);
        sockets_collect(stack);
    }
    return 0;
}

static void close_attached(struct lastack *stack, struct sock *sock)
{
    struct tcp *tcp = &stack->tcp;
    struct tcp_conn *conn = sock_conn(stack, sock);

    sock->phase = SOCKET_ENDED;
    if (sock->linger_s == 0 && conn->state != TCP_CLOSED && !conn_has(conn, CONN_DETACHED) &&
        (conn_readable(conn) == 0 || !tcp->params.abort_on_unread)) {
        tcp_disown(tcp, conn);
        tcp_abort(tcp, conn, LASTACK_CAUSE_LINGER_ZERO, 0);
        return;
    }
    tcp_close(tcp, conn, LASTACK_CAUSE_CALL_CLOSE);
}

/* The last descriptor of a socket is gone. */
static void close_socket(struct lastack *stack, struct sock *sock)
{
    epoll_forget(stack, sock);
    switch ((enum socket_phase)sock->phase) {
    case SOCKET_LISTENING:
        sock_end_listening(stack, sock);
        tcp_close_listener(&stack->tcp, sock->conn, LASTACK_CAUSE_CALL_CLOSE);
        break;
    case SOCKET_ATTACHED:
        close_attached(stack, sock);
        break;
    case SOCKET_IDLE:
    case SOCKET_ENDED:
    case SOCKET_FREE:
        break;
    }
    sock_unbind(stack, sock);
    if (sock->type == LASTACK_SOCK_DGRAM)
        datagrams_close(stack, sock);
    sock_free(stack, sock);
}

int lastack_close(struct lastack *stack, int descriptor)
{
    struct sock *sock = holder_of(stack, descriptor);

    if (sock == NULL)
        return -LASTACK_EBADF;
    if (descriptor_remove(stack, sock, descriptor))
        close_socket(stack, sock);
    return 0;
}

/* The record answers for the connection, but the descriptor still means it. */
static bool abort_time_wait(struct lastack *stack, struct sock *sock)
{
    const struct tuple tuple = tuple_of(&sock->local, &sock->remote);

    if (sock->phase != SOCKET_ENDED || sock->last_state != TCP_TIME_WAIT ||
        !tcp_abort_record(&stack->tcp, &tuple, seq_add(sock->left_to, sock->left_is_end ? 1 : 0)))
        return false;
    sock->last_state = TCP_CLOSED;
    sock->last_cause = LASTACK_CAUSE_CALL_ABORT;
    return true;
}

int lastack_abort(struct lastack *stack, int descriptor)
{
    struct sock *sock = sock_of(stack, descriptor);

    if (sock == NULL)
        return -LASTACK_EBADF;
    sockets_collect(stack); /* a connection that became a record leaves its socket now */
    if (sock->phase != SOCKET_ATTACHED)
        return abort_time_wait(stack, sock) ? 0 : -LASTACK_ENOTCONN;
    tcp_abort(&stack->tcp, sock_conn(stack, sock), LASTACK_CAUSE_CALL_ABORT, LASTACK_ECONNABORTED);
    sockets_collect(stack);
    return 0;
}

int lastack_getsockname(struct lastack *stack, int descriptor, struct lastack_endpoint *local)
{
    const struct sock *sock = sock_of(stack, descriptor);

    if (sock == NULL)
        return -LASTACK_EBADF;
    *local = sock->local;
    return 0;
}

int lastack_getpeername(struct lastack *stack, int descriptor, struct lastack_endpoint *remote)
{
    const struct sock *sock = sock_of(stack, descriptor);

    if (sock == NULL)
        return -LASTACK_EBADF;
    if (sock->phase != SOCKET_ATTACHED && !(sock->phase == SOCKET_ENDED && sock->was_connected) &&
        !(sock->type == LASTACK_SOCK_DGRAM && sock->remote.port != 0))
        return -LASTACK_ENOTCONN;
    *remote = sock->remote;
    return 0;
}
