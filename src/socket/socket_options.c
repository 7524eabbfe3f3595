/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * socket_options.c: setsockopt and getsockopt, with the meanings and ranges of Linux.
 *
 * An option lives in the socket and is copied to its connection; a listener's children inherit it.
 */
#include "socket_table.h"

enum { RECEIVE_LEAST = 1152 }; /* bytes of window: half of Linux's SOCK_MIN_RCVBUF */

static struct conn_options *options_of(const struct lastack *stack, struct sock *sock)
{
    return sock->phase == SOCKET_ATTACHED ? &sock_conn(stack, sock)->options : &sock->options;
}

/* Hands what changed to whoever acts on it. */
static void apply(struct lastack *stack, struct sock *sock, uint32_t mask)
{
    if (sock->phase == SOCKET_ATTACHED) {
        struct tcp_conn *conn = sock_conn(stack, sock);

        if (mask & (CONN_REUSE_ADDRESS | CONN_REUSE_PORT))
            tcp_set_reuse(&stack->tcp, conn, sock->flags);
        conn->flags = (conn->flags & ~mask) | (sock->flags & mask);
        if (mask & CONN_KEEPALIVE)
            tcp_keepalive_switched(&stack->tcp, conn);
        tcp_reconsider(&stack->tcp, conn);
    } else if (sock->phase == SOCKET_LISTENING) {
        struct listener *listener = pool_at(&stack->tcp.listeners, sock->conn);

        listener->flags = (listener->flags & ~mask) | (sock->flags & mask);
        listener->options = sock->options;
    }
}

/* The flag that is all there is to an option, or 0. */
static uint32_t flag_of(enum lastack_option option)
{
    switch ((int)option) {
    case LASTACK_SO_REUSEADDR:
        return CONN_REUSE_ADDRESS;
    case LASTACK_SO_REUSEPORT:
        return CONN_REUSE_PORT;
    case LASTACK_SO_KEEPALIVE:
        return CONN_KEEPALIVE;
    case LASTACK_TCP_NODELAY:
        return CONN_NODELAY;
    case LASTACK_TCP_CORK:
        return CONN_CORK;
    case LASTACK_TCP_NOOPT:
        return CONN_NO_OPTIONS;
    default:
        return 0;
    }
}

static int set_flag(struct lastack *stack, struct sock *sock, uint32_t flag, int value)
{
    sock->flags = value != 0 ? sock->flags | flag : sock->flags & ~flag;
    if (flag & (CONN_REUSE_ADDRESS | CONN_REUSE_PORT))
        sock_reuse_changed(stack, sock);
    apply(stack, sock, flag);
    return 0;
}

/* Those whose range begins at 1: 0 stands for the stack's parameter. */
static int set_patience(struct conn_options *options, enum lastack_option option, int value)
{
    const bool is_time = option == LASTACK_TCP_KEEPIDLE || option == LASTACK_TCP_KEEPINTVL;

    if (value < 1 || value > (is_time ? 32767 : 127))
        return -LASTACK_EINVAL;
    switch ((int)option) {
    case LASTACK_TCP_KEEPIDLE:
        options->keepalive_idle_s = (uint16_t)value;
        break;
    case LASTACK_TCP_KEEPINTVL:
        options->keepalive_interval_s = (uint16_t)value;
        break;
    case LASTACK_TCP_KEEPCNT:
        options->keepalive_probes = (uint8_t)value;
        break;
    case LASTACK_TCP_SYNCNT:
        options->syn_retries = (uint8_t)value;
        break;
    default:
        UNREACHABLE();
    }
    return 0;
}

/* What its connection has, too; 0 or a negative error. */
static int put_number(const struct lastack_params *params, const struct sock *sock,
                      struct conn_options *options, enum lastack_option option, int value)
{
    switch ((int)option) {
    case LASTACK_TCP_KEEPIDLE:
    case LASTACK_TCP_KEEPINTVL:
    case LASTACK_TCP_KEEPCNT:
    case LASTACK_TCP_SYNCNT:
        return set_patience(options, option, value);
    case LASTACK_TCP_MAXSEG:
        if (value != 0 && (value < 88 || value > 32767))
            return -LASTACK_EINVAL;
        options->mss_clamp = (uint16_t)value;
        break;
    case LASTACK_TCP_LINGER2:
        options->linger2_s = (int16_t)(value > 120 ? 120 : value < 0 ? -1 : value);
        break;
    case LASTACK_TCP_USER_TIMEOUT:
        if (value < 0)
            return -LASTACK_EINVAL;
        options->user_timeout_ms = (uint32_t)value;
        break;
    case LASTACK_TCP_NOTSENT_LOWAT:
        options->notsent_lowat = (uint32_t)value;
        break;
    case LASTACK_SO_SNDBUF: /* Linux doubles what is asked for and has a floor */
        options->send_buffer = params->send_accounting == LASTACK_SNDBUF_BYTES
                                   ? (uint32_t)clamp64(value, 1, INT32_MAX)
                                   : (uint32_t)clamp64(2 * (int64_t)value, 4608, INT32_MAX);
        break;
    case LASTACK_SO_RCVBUF:
        options->receive_buffer = (uint32_t)clamp64(value, RECEIVE_LEAST, INT32_MAX / 2);
        break;
    case LASTACK_IPV6_TCLASS:
        if (value < -1 || value > 255)
            return -LASTACK_EINVAL;
        options->tos = value < 0 ? 0 : (uint8_t)value;
        break;
    case LASTACK_IP_TOS: /* Linux keeps the ECN bits of a stream to itself */
        options->tos = (uint8_t)value;
        if (sock->type == LASTACK_SOCK_STREAM)
            options->tos &= (uint8_t)~3u;
        break;
    case LASTACK_IPV6_UNICAST_HOPS:
        if (value == 0)
            return -LASTACK_EINVAL;
        if (value == -1) {
            options->ttl = 0;
            break;
        }
        /* fallthrough */
    case LASTACK_IP_TTL:
        if (value < 1 || value > 255)
            return -LASTACK_EINVAL;
        options->ttl = (uint8_t)value;
        break;
    default:
        return -LASTACK_ENOPROTOOPT;
    }
    return 0;
}

static int set_number(struct lastack *stack, struct sock *sock, enum lastack_option option,
                      int value)
{
    struct conn_options *options = options_of(stack, sock);
    const int error = put_number(&stack->tcp.params, sock, options, option, value);

    if (error < 0)
        return error;
    if (sock->phase == SOCKET_ATTACHED)
        sock->options = *options;
    apply(stack, sock, 0);
    if (option == LASTACK_TCP_KEEPIDLE && sock->phase == SOCKET_ATTACHED)
        tcp_keepalive_changed(&stack->tcp, sock_conn(stack, sock));
    return 0;
}

/* ---- what acts on the socket floor, or only is remembered ---- */

static bool is_remembered(enum lastack_option option)
{
    switch ((int)option) {
    case LASTACK_SO_PRIORITY:
    case LASTACK_SO_MARK:
    case LASTACK_SO_MAX_PACING_RATE:
    case LASTACK_SO_RCVLOWAT:
    case LASTACK_SO_SNDLOWAT:
    case LASTACK_TCP_DEFER_ACCEPT:
    case LASTACK_TCP_WINDOW_CLAMP:
    case LASTACK_TCP_INQ:
    case LASTACK_IP_MTU_DISCOVER:
    case LASTACK_IP_RECVERR:
    case LASTACK_IP_FREEBIND:
    case LASTACK_IPV6_MTU_DISCOVER:
    case LASTACK_IPV6_RECVERR:
        return true;
    default:
        return false;
    }
}

/* A connection that holds text back is paced from now on; one that is made later, from then on. */
static int set_pacing(struct lastack *stack, struct sock *sock, int value)
{
    const uint32_t most = value == -1 ? 0 : (uint32_t)value;

    if (value == 0 || sock->type != LASTACK_SOCK_STREAM)
        return -LASTACK_EINVAL;
    if (sock->phase == SOCKET_ATTACHED &&
        !tcp_set_pacing(&stack->tcp, sock_conn(stack, sock), most))
        return -LASTACK_ENOBUFS;
    sock->values.pacing_max = most;
    return 0;
}

/* The least window is half of the least receive buffer; none at all is for who has no connection
 * and does not listen. */
static int set_window_clamp(struct lastack *stack, struct sock *sock, int value)
{
    const uint32_t clamp = value == 0 ? 0 : (uint32_t)clamp64(value, RECEIVE_LEAST, INT32_MAX);
    const bool is_attached = sock->phase == SOCKET_ATTACHED;

    if (clamp == 0 && (is_attached || sock->phase == SOCKET_LISTENING))
        return -LASTACK_EINVAL;
    if (is_attached && !tcp_set_window_clamp(&stack->tcp, sock->conn, clamp))
        return -LASTACK_ENOBUFS;
    if (sock->phase == SOCKET_LISTENING)
        ((struct listener *)pool_at(&stack->tcp.listeners, sock->conn))->window_clamp = clamp;
    sock->values.window_clamp = clamp;
    return 0;
}

/* So many timeouts of a SYN-ACK, one after the other, each twice the one before. */
static int64_t time_of_timeouts(const struct lastack_params *params, unsigned count)
{
    int64_t wait = params->rto_initial_ns, time = 0;

    for (unsigned i = 0; i < count; i++) {
        time += wait;
        wait = min64(2 * wait, params->rto_max_ns);
    }
    return time;
}

/* How many of them last so long at the least; 255 at the most. */
static uint8_t timeouts_within(const struct lastack_params *params, int seconds)
{
    unsigned count = 0;

    while (count < UINT8_MAX && time_of_timeouts(params, count) < SEC((int64_t)seconds))
        count++;
    return (uint8_t)count;
}

static int remember(struct lastack *stack, struct sock *sock, enum lastack_option option, int value)
{
    struct sock_values *values = &sock->values;

    switch ((int)option) {
    case LASTACK_SO_PRIORITY:
        values->priority = (uint32_t)value;
        return 0;
    case LASTACK_SO_MARK:
        values->mark = (uint32_t)value;
        return 0;
    case LASTACK_SO_MAX_PACING_RATE:
        return set_pacing(stack, sock, value);
    case LASTACK_TCP_WINDOW_CLAMP:
        return set_window_clamp(stack, sock, value);
    case LASTACK_SO_RCVLOWAT: /* negative: no limit; 0: 1 */
        values->receive_lowat = value < 0 ? INT32_MAX : value == 0 ? 1 : value;
        return 0;
    case LASTACK_TCP_INQ:
        if (value != 0 && value != 1)
            return -LASTACK_EINVAL;
        values->tells_inq = value != 0;
        return 0;
    case LASTACK_TCP_DEFER_ACCEPT:
        values->defer = timeouts_within(&stack->tcp.params, value);
        if (sock->phase == SOCKET_LISTENING)
            ((struct listener *)pool_at(&stack->tcp.listeners, sock->conn))->defer = values->defer;
        return 0;
    case LASTACK_IP_MTU_DISCOVER:
    case LASTACK_IPV6_MTU_DISCOVER:
        if (value < 0 || value > 5)
            return -LASTACK_EINVAL;
        values->mtu_discover = (uint8_t)value;
        return 0;
    case LASTACK_IP_RECVERR:
    case LASTACK_IPV6_RECVERR:
        values->has_recverr = value != 0;
        return 0;
    case LASTACK_IP_FREEBIND:
        values->is_freebind = value != 0;
        return 0;
    default:
        return -LASTACK_ENOPROTOOPT; /* SO_SNDLOWAT: fixed */
    }
}

static int mtu_of_path(const struct lastack *stack, const struct sock *sock)
{
    const struct tcp_conn *conn;

    if (sock->phase != SOCKET_ATTACHED)
        return -LASTACK_ENOTCONN;
    conn = sock_conn(stack, sock);
    return conn->mss_path + 20 + (ip_is_ipv4(&conn->tuple.remote) ? 20 : 40);
}

/* Its value, or -ENOPROTOOPT if it is none of these. */
static int recall(const struct lastack *stack, const struct sock *sock, enum lastack_option option,
                  int *value)
{
    const struct sock_values *values = &sock->values;
    const bool is_stream = sock->type == LASTACK_SOCK_STREAM;

    switch ((int)option) {
    case LASTACK_SO_TYPE:
        *value = sock->type;
        return 0;
    case LASTACK_SO_PROTOCOL:
        *value = is_stream ? LASTACK_PROTOCOL_TCP : LASTACK_PROTOCOL_UDP;
        return 0;
    case LASTACK_SO_DOMAIN:
        *value = sock->domain;
        return 0;
    case LASTACK_SO_ACCEPTCONN:
        *value = sock->phase == SOCKET_LISTENING;
        return 0;
    case LASTACK_SO_PRIORITY:
        *value = (int)values->priority;
        return 0;
    case LASTACK_SO_MARK:
        *value = (int)values->mark;
        return 0;
    case LASTACK_SO_MAX_PACING_RATE:
        *value = values->pacing_max == 0 ? -1 : (int)values->pacing_max;
        return 0;
    case LASTACK_SO_RCVLOWAT:
        *value = values->receive_lowat;
        return 0;
    case LASTACK_SO_SNDLOWAT:
        *value = 1;
        return 0;
    case LASTACK_TCP_WINDOW_CLAMP:
        *value = (int)(sock->phase == SOCKET_ATTACHED ? tcp_window_clamp(&stack->tcp, sock->conn)
                                                      : values->window_clamp);
        return 0;
    case LASTACK_TCP_INQ:
        *value = values->tells_inq;
        return 0;
    case LASTACK_TCP_DEFER_ACCEPT:
        *value = (int)(time_of_timeouts(&stack->tcp.params, values->defer) / SEC(1));
        return 0;
    case LASTACK_IP_MTU_DISCOVER:
    case LASTACK_IPV6_MTU_DISCOVER:
        *value = values->mtu_discover;
        return 0;
    case LASTACK_IP_RECVERR:
    case LASTACK_IPV6_RECVERR:
        *value = values->has_recverr;
        return 0;
    case LASTACK_IP_FREEBIND:
        *value = values->is_freebind;
        return 0;
    case LASTACK_IP_MTU:
    case LASTACK_IPV6_MTU:
        *value = mtu_of_path(stack, sock);
        return *value < 0 ? *value : 0;
    default:
        return -LASTACK_ENOPROTOOPT;
    }
}

/* TCP's options are a stream's, IPv6's a socket's of that family. */
static bool is_for_another(const struct sock *sock, enum lastack_option option)
{
    const int level = (int)option >> 16;

    return (level == LASTACK_SOL_TCP && sock->type != LASTACK_SOCK_STREAM) ||
           (level == LASTACK_SOL_IPV6 && sock->domain != LASTACK_AF_INET6);
}

int lastack_set_option(struct lastack *stack, int descriptor, enum lastack_option option, int value)
{
    struct sock *sock = sock_of(stack, descriptor);

    if (sock == NULL)
        return -LASTACK_EBADF;
    if (is_for_another(sock, option))
        return -LASTACK_ENOPROTOOPT;
    if (flag_of(option) != 0)
        return set_flag(stack, sock, flag_of(option), value);
    switch ((int)option) {
    case LASTACK_TCP_KEEPINIT:
        if (value < 1 || value > 32767)
            return -LASTACK_EINVAL;
        sock->connect_timeout_s = (uint32_t)value;
        return 0;
    case LASTACK_TCP_QUICKACK:
        if (sock->phase == SOCKET_ATTACHED) {
            struct tcp_conn *conn = sock_conn(stack, sock);

            conn->ack.pingpong = value == 0;
            if (value != 0 && conn->deadline.at[LASTACK_TIMER_DELAYED_ACK] != NEVER)
                conn->owe |= OWE_ACK;
            tcp_reconsider(&stack->tcp, conn);
        }
        return 0;
    case LASTACK_IPV6_V6ONLY:
        if (sock->is_bound)
            return -LASTACK_EINVAL;
        sock->is_v6_only = value != 0;
        return 0;
    case LASTACK_TCP_FASTOPEN:
    case LASTACK_TCP_FASTOPEN_CONNECT:
    case LASTACK_TCP_FASTOPEN_NO_COOKIE:
        return sock_set_fast_open(stack, sock, option, value);
    case LASTACK_SO_OOBINLINE:
        sock->oob_inline = value != 0;
        return 0;
    case LASTACK_TCP_ADVICE:
        sock->is_deaf = value == 0;
        return 0;
    case LASTACK_SO_LINGER: /* lastack_set_linger has both its numbers */
    case LASTACK_SO_ERROR:
    case LASTACK_SO_TYPE:
    case LASTACK_SO_PROTOCOL:
    case LASTACK_SO_DOMAIN:
    case LASTACK_SO_ACCEPTCONN:
    case LASTACK_IP_MTU:
    case LASTACK_IPV6_MTU:
        return -LASTACK_ENOPROTOOPT;
    default:
        if (is_remembered(option))
            return remember(stack, sock, option, value);
        return set_number(stack, sock, option, value);
    }
}

static int or_default(uint32_t value, int64_t otherwise)
{
    return value != 0 ? (int)value : (int)otherwise;
}

/* Linux doubles what was asked for: half of its buffer is overhead. BSD counts bytes, and may
 * have rounded them up to whole segments. */
static int receive_buffer_of(const struct lastack *stack, struct sock *sock,
                             const struct conn_options *options)
{
    const struct lastack_params *params = &stack->tcp.params;

    if (sock->phase == SOCKET_ATTACHED && (params->buffers_in_segs || options->receive_buffer == 0))
        return (int)sock_conn(stack, sock)->space.limit; /* as far as it has grown */
    if (options->receive_buffer == 0)
        return (int)params->receive_buffer;
    return (int)(params->send_accounting == LASTACK_SNDBUF_BYTES ? options->receive_buffer
                                                                 : options->receive_buffer * 2);
}

/* The other direction of put_number: 0 means the stack's parameter. */
static int get_number(const struct lastack *stack, struct sock *sock, enum lastack_option option,
                      int *value)
{
    const struct conn_options *options = options_of(stack, sock);
    const struct lastack_params *params = &stack->tcp.params;

    switch ((int)option) {
    case LASTACK_TCP_MAXSEG:
        *value = sock->phase == SOCKET_ATTACHED && sock_conn(stack, sock)->mss_peer != 0
                     ? sock_conn(stack, sock)->mss
                     : or_default(options->mss_clamp, params->mss_default_ipv4);
        return 0;
    case LASTACK_TCP_KEEPIDLE:
        *value = or_default(options->keepalive_idle_s, params->keepalive_idle_ns / SEC(1));
        return 0;
    case LASTACK_TCP_KEEPINTVL:
        *value = or_default(options->keepalive_interval_s, params->keepalive_interval_ns / SEC(1));
        return 0;
    case LASTACK_TCP_KEEPCNT:
        *value = or_default(options->keepalive_probes, params->keepalive_probes);
        return 0;
    case LASTACK_TCP_SYNCNT:
        *value = or_default(options->syn_retries, params->syn_retries);
        return 0;
    case LASTACK_TCP_LINGER2:
        *value =
            options->linger2_s != 0 ? options->linger2_s : (int)(params->fin_wait_2_ns / SEC(1));
        return 0;
    case LASTACK_TCP_USER_TIMEOUT:
        *value = (int)options->user_timeout_ms;
        return 0;
    case LASTACK_TCP_NOTSENT_LOWAT:
        *value = (int)options->notsent_lowat;
        return 0;
    case LASTACK_SO_SNDBUF:
        *value = sock->phase == SOCKET_ATTACHED
                     ? (int)tcp_send_limit(&stack->tcp, sock_conn(stack, sock))
                     : or_default(options->send_buffer, params->send_buffer);
        return 0;
    case LASTACK_SO_RCVBUF:
        *value = receive_buffer_of(stack, sock, options);
        return 0;
    case LASTACK_IP_TOS:
    case LASTACK_IPV6_TCLASS:
        *value = options->tos;
        return 0;
    case LASTACK_IP_TTL:
    case LASTACK_IPV6_UNICAST_HOPS:
        *value = or_default(options->ttl, params->ttl);
        return 0;
    default:
        return recall(stack, sock, option, value);
    }
}

int lastack_get_option(struct lastack *stack, int descriptor, enum lastack_option option,
                       int *value)
{
    struct sock *sock = sock_of(stack, descriptor);
    const struct lastack_params *params = &stack->tcp.params;

    if (sock == NULL)
        return -LASTACK_EBADF;
    if (is_for_another(sock, option))
        return -LASTACK_ENOPROTOOPT;
    if (flag_of(option) != 0) {
        *value = (sock->flags & flag_of(option)) != 0;
        return 0;
    }
    switch ((int)option) {
    case LASTACK_SO_ERROR:
        *value = sock->error;
        sock->error = 0;
        return 0;
    case LASTACK_SO_LINGER:
        *value = sock->linger_s;
        return 0;
    case LASTACK_TCP_KEEPINIT:
        *value = or_default(sock->connect_timeout_s, params->connect_timeout_ns / SEC(1));
        return 0;
    case LASTACK_TCP_QUICKACK:
        *value = sock->phase != SOCKET_ATTACHED || !sock_conn(stack, sock)->ack.pingpong;
        return 0;
    case LASTACK_SO_OOBINLINE:
        *value = sock->oob_inline;
        return 0;
    case LASTACK_TCP_ADVICE:
        *value = !sock->is_deaf;
        return 0;
    case LASTACK_TCP_FASTOPEN:
        *value = (int)sock->fast_open;
        return 0;
    case LASTACK_TCP_FASTOPEN_CONNECT:
        *value = sock->fast_open_connect;
        return 0;
    case LASTACK_TCP_FASTOPEN_NO_COOKIE:
        *value = sock->fast_open_no_cookie;
        return 0;
    case LASTACK_IPV6_V6ONLY:
        *value = sock->is_v6_only;
        return 0;
    default:
        return get_number(stack, sock, option, value);
    }
}

int lastack_set_congestion(struct lastack *stack, int descriptor, const char *name)
{
    struct sock *sock = sock_of(stack, descriptor);
    enum lastack_congestion algorithm;

    if (sock == NULL)
        return -LASTACK_EBADF;
    if (sock->type != LASTACK_SOCK_STREAM)
        return -LASTACK_ENOPROTOOPT;
    if (!cc_find(name, &algorithm))
        return -LASTACK_ENOENT;
    sock->values.congestion = (uint8_t)(algorithm + 1);
    if (sock->phase == SOCKET_ATTACHED)
        tcp_set_congestion(&stack->tcp, sock_conn(stack, sock), algorithm);
    else if (sock->phase == SOCKET_LISTENING)
        ((struct listener *)pool_at(&stack->tcp.listeners, sock->conn))->congestion =
            sock->values.congestion;
    return 0;
}

int lastack_get_congestion(struct lastack *stack, int descriptor, const char **name)
{
    const struct sock *sock = sock_of(stack, descriptor);

    if (sock == NULL)
        return -LASTACK_EBADF;
    if (sock->type != LASTACK_SOCK_STREAM)
        return -LASTACK_ENOPROTOOPT;
    *name = cc_name(sock->phase == SOCKET_ATTACHED
                        ? (enum lastack_congestion)sock_conn(stack, sock)->cc.algorithm
                        : tcp_congestion(&stack->tcp, sock->values.congestion));
    return 0;
}

int lastack_set_linger(struct lastack *stack, int descriptor, int seconds)
{
    struct sock *sock = sock_of(stack, descriptor);

    if (sock == NULL)
        return -LASTACK_EBADF;
    sock->linger_s = seconds < 0 ? -1 : seconds;
    return 0;
}
