/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * socket.h: BSD-shaped sockets on a stack.
 *
 * A socket is an object of its own: it points to a connection, a TIME-WAIT record or nothing, and
 * outlives them. Descriptors are counted as an operating system counts them:
 *
 *      owner 1: fd 3 ─┐
 *      owner 1: fd 4 ─┼─▶ socket ──▶ connection      close() of one of three sends nothing, of the
 *      owner 2: fd 5 ─┘                              last one a FIN; shutdown() sends it at once
 *
 * Nothing blocks: what would block is -LASTACK_EAGAIN (or -LASTACK_EINPROGRESS). Errors are
 * negative LASTACK_E numbers, which have the values of Linux so that programs port easily.
 * Each call that is given a descriptor answers -LASTACK_EBADF for one that is closed, was never
 * opened, is negative, or holds an epoll where a socket is asked for; comments do not repeat it.
 * Calls happen at the time that the stack was last told (lastack_input, lastack_tick).
 *
 * What ended a connection is its socket's pending error. send, recv, connect or SO_ERROR, whichever
 * asks first, tells it, once:
 *
 *     -LASTACK_ECONNREFUSED   a RST answered our SYN
 *     -LASTACK_ECONNRESET     a RST ended the connection (-LASTACK_EPIPE: after the peer's FIN)
 *     -LASTACK_ETIMEDOUT      nobody answers: retries, keepalives or TCP_USER_TIMEOUT are exhausted
 *     -LASTACK_ECONNABORTED   lastack_abort, lastack_kill
 *     -LASTACK_EHOSTUNREACH, -LASTACK_ENETUNREACH, -LASTACK_EHOSTDOWN, -LASTACK_ENONET,
 *     -LASTACK_EACCES, -LASTACK_ENOPROTOOPT, -LASTACK_EOPNOTSUPP, -LASTACK_EPROTO
 *                             ICMP said so, by its code, or no neighbour answered
 */
#ifndef LASTACK_SOCKET_H
#define LASTACK_SOCKET_H

#include "stack.h"

#ifdef __cplusplus
extern "C" {
#endif

enum lastack_domain { LASTACK_AF_INET = 2, LASTACK_AF_INET6 = 10 };
enum lastack_socket_type { LASTACK_SOCK_STREAM = 1, LASTACK_SOCK_DGRAM = 2 };

enum { LASTACK_SHUT_RD = 0, LASTACK_SHUT_WR = 1, LASTACK_SHUT_RDWR = 2 };

enum lastack_message_flag { /* Linux's values */
                            LASTACK_MSG_OOB = 0x01,
                            LASTACK_MSG_PEEK = 0x02,
                            LASTACK_MSG_CTRUNC = 0x08,
                            LASTACK_MSG_TRUNC = 0x20,
                            LASTACK_MSG_DONTWAIT = 0x40,
                            LASTACK_MSG_EOR = 0x80,
                            LASTACK_MSG_WAITALL = 0x100,
                            LASTACK_MSG_NOSIGNAL = 0x4000,
                            LASTACK_MSG_MORE = 0x8000,
                            LASTACK_MSG_FASTOPEN =
                                0x20000000, /* connect, with text in the SYN (RFC 7413) */
};

/* Owners stand for processes: a number and a name for viewers, which is copied and cut to 31 bytes.
 * They need not be named to hold descriptors; 256 may be. Naming again renames. 0 or
 * -LASTACK_ENOBUFS. */
int lastack_name_owner(struct lastack *stack, uint32_t owner, const char *name);

/* A new socket, held by one descriptor of `owner`. type LASTACK_SOCK_STREAM or _DGRAM.
 * -LASTACK_EAFNOSUPPORT, -LASTACK_EPROTONOSUPPORT, -LASTACK_EMFILE, -LASTACK_ENOBUFS. */
int lastack_socket(struct lastack *stack, enum lastack_domain domain, enum lastack_socket_type type,
                   uint32_t owner);

/* One more descriptor for the same socket (or epoll), held by the same or another owner (dup, fork,
 * SCM_RIGHTS). The lowest free number. -LASTACK_EMFILE. */
int lastack_dup(struct lastack *stack, int descriptor);
int lastack_dup_to(struct lastack *stack, int descriptor, uint32_t owner);

/* Gives a descriptor back: 0; -LASTACK_EBADF is all that can go wrong. Only the last one of a
 * socket closes it: then a FIN follows what is queued (RFC 9293 §3.10.4), or a RST with SO_LINGER 0
 * or unread data, as the profile says. */
int lastack_close(struct lastack *stack, int descriptor);
/* Gives all descriptors of an owner back: the process ended. */
void lastack_exit_owner(struct lastack *stack, uint32_t owner);

/* Port 0 takes an ephemeral port (RFC 6056). 0, or -LASTACK_EADDRINUSE with one of the causes
 * PORT_TIME_WAIT, PORT_LISTENER, PORT_BOUND, PORT_CONNECTION (or PORTS_EXHAUSTED, of port 0) in
 * lastack_last_cause; -LASTACK_EADDRNOTAVAIL (not ours; see IP_FREEBIND), -LASTACK_EAFNOSUPPORT (an
 * IPv6 address for a socket of IPv4), -LASTACK_EINVAL (it has a name already, or an IPv4 address
 * with IPV6_V6ONLY), -LASTACK_ENOBUFS. */
int lastack_bind(struct lastack *stack, int descriptor, const struct lastack_endpoint *local);
/* Passive OPEN (RFC 9293 §3.10.1). backlog + 1 finished connections may wait for accept, as on
 * Linux; params.somaxconn bounds it, a negative one means just that. Without a name it takes an
 * ephemeral port. Again: changes the backlog. 0, or -LASTACK_EADDRINUSE (as of bind: SO_REUSEADDR
 * lets sockets share a name, not listeners), -LASTACK_EINVAL (it has or had a connection),
 * -LASTACK_EOPNOTSUPP (a datagram socket), -LASTACK_ENOBUFS. */
int lastack_listen(struct lastack *stack, int descriptor, int backlog);
/* The oldest finished connection, as a new descriptor of the owner of `descriptor`, with the
 * listener's options; remote may be NULL. -LASTACK_EAGAIN (none waits), -LASTACK_EINVAL (not
 * listening), -LASTACK_EMFILE, -LASTACK_ENOBUFS (no socket left): then the connection waits on. */
int lastack_accept(struct lastack *stack, int descriptor, struct lastack_endpoint *remote);
/* Active OPEN (RFC 9293 §3.10.1): -LASTACK_EINPROGRESS, the handshake has begun; a writable event
 * follows, or an error event. Asked again meanwhile: -LASTACK_EALREADY; afterwards: once 0 or the
 * pending error, then -LASTACK_EISCONN. After an attempt that failed the socket may try again.
 *
 * Refused at once, and nothing was sent: -LASTACK_EAFNOSUPPORT, -LASTACK_ENETUNREACH (no route, or
 * not the address of one host), -LASTACK_ECONNREFUSED (port 0), -LASTACK_EADDRNOTAVAIL (bound to an
 * address of the other family, no ephemeral port left, or the tuple is in use: lastack_last_cause
 * tells), -LASTACK_EISCONN (a listener), -LASTACK_ENOBUFS.
 *
 * 0 at once: with TCP_FASTOPEN_CONNECT and a cookie, the SYN waits for the text of the first send.
 * A datagram socket only remembers its peer: 0, or as above, or -LASTACK_EADDRINUSE (no port). */
int lastack_connect(struct lastack *stack, int descriptor, const struct lastack_endpoint *remote);

/*
 * SEND (RFC 9293 §3.10.2). Returns how many bytes were queued, perhaps fewer than were given; a
 * writable event follows when there is room for more. Or the pending error, or
 *
 *     -LASTACK_EAGAIN   no room, or the handshake is not over: a writable event follows
 *     -LASTACK_EPIPE    our direction is shut, or there is no connection (never was, or no longer)
 *
 * flags: LASTACK_MSG_MORE, _EOR, _OOB; _DONTWAIT and _NOSIGNAL change nothing. With _FASTOPEN
 * lastack_send_to connects to `remote` and sends what the SYN can carry: the number of bytes,
 * -LASTACK_EINPROGRESS (none), -LASTACK_EALREADY, -LASTACK_EISCONN, -LASTACK_EOPNOTSUPP (no
 * `remote`, or params.fast_open says no), or what connect refuses with. (With
 * params.implied_connect so does a `remote` alone.)
 */
int64_t lastack_send(struct lastack *stack, int descriptor, const void *data, size_t length,
                     uint32_t flags);
/*
 * RECEIVE (RFC 9293 §3.10.3). Returns how many bytes were read; 0: the peer closed its direction
 * and all was read, or ours was shut with SHUT_RD. What arrived before a connection ended can still
 * be read; behind it comes the pending error, then 0. Or
 *
 *     -LASTACK_EAGAIN     nothing to read: a readable event follows
 *     -LASTACK_ENOTCONN   it has no connection and had none
 *     -LASTACK_EINVAL     LASTACK_MSG_OOB, see below
 *
 * flags: LASTACK_MSG_PEEK (it can be read again), _TRUNC (of a stream: taken, not copied, and data
 * may be NULL), _OOB; _DONTWAIT and _WAITALL change nothing.
 */
int64_t lastack_recv(struct lastack *stack, int descriptor, void *data, size_t size,
                     uint32_t flags);
/* As send, of several pieces one behind the other. */
int64_t lastack_sendv(struct lastack *stack, int descriptor, const struct lastack_iovec *iov,
                      size_t count, uint32_t flags);
/*
 * Datagrams: send takes all of it or nothing, recv reads one and loses what `data` has no room for
 * (with LASTACK_MSG_TRUNC it returns the whole length). `remote` may be NULL: to the peer of a
 * connected socket, from anybody; of a stream recv_from tells the peer. Each datagram takes a page
 * until it has left. Send's refusals: the pending error (ICMP, of a connected socket),
 *
 *     -LASTACK_EAGAIN         no page, or 256 messages wait to leave: a writable event follows
 *     -LASTACK_EMSGSIZE       more than the link's MTU, a page or UDP can carry: nothing is cut
 *     -LASTACK_EDESTADDRREQ   no `remote` and no peer
 *     -LASTACK_EAFNOSUPPORT, -LASTACK_ENETUNREACH, -LASTACK_EADDRINUSE, -LASTACK_ENOBUFS
 *                             as of connect and bind
 */
int64_t lastack_send_to(struct lastack *stack, int descriptor, const void *data, size_t length,
                        uint32_t flags, const struct lastack_endpoint *remote);
int64_t lastack_recv_from(struct lastack *stack, int descriptor, void *data, size_t size,
                          uint32_t flags, struct lastack_endpoint *remote);

/* A piece of memory to write to: of the caller's to read into, of the stack's to send from. */
struct lastack_buffer {
    void *base;
    size_t length;
};

/* As recv, into several pieces, one filled after the other; of datagrams, one. */
int64_t lastack_recvv(struct lastack *stack, int descriptor, const struct lastack_buffer *buffers,
                      size_t count, uint32_t flags);

/* What comes along with a message (cmsg(3)), by Linux's level and type numbers. */
enum { LASTACK_CM_INQ = 36 }; /* of LASTACK_SOL_TCP: bytes left to read, with TCP_INQ */

struct lastack_control {
    int32_t level, type;
    int32_t number;
};

/* sendmsg(2), recvmsg(2). */
struct lastack_message {
    struct lastack_endpoint *remote;      /* or NULL. Of recv: filled in */
    const struct lastack_iovec *send;     /* pieces to send */
    const struct lastack_buffer *receive; /* pieces to read into */
    size_t count;                         /* of either */
    struct lastack_control *control;      /* recv: room for control_count of them, or NULL */
    size_t control_count;                 /* recv: how many there are now */
    uint32_t flags;                       /* recv: LASTACK_MSG_TRUNC, LASTACK_MSG_CTRUNC ... */
};

/* Sends the pieces of `message` one behind the other. What lastack_send and lastack_send_to answer;
 * control messages are -LASTACK_EINVAL: none is known that sends something. */
int64_t lastack_send_message(struct lastack *stack, int descriptor,
                             const struct lastack_message *message, uint32_t flags);
/* Fills the pieces of `message` with what can be read, and tells what came along. What lastack_recv
 * answers. */
int64_t lastack_recv_message(struct lastack *stack, int descriptor, struct lastack_message *message,
                             uint32_t flags);

/* Streams, without copying: up to `count` (1..) pieces of what can be read, in order; returns how
 * many pieces, 0 at the end, or what recv answers; -LASTACK_EINVAL for a count below 1. Valid until
 * the next call on the stack. lastack_recv_done gives the first `length` bytes back: 0, or
 * -LASTACK_EINVAL if so much cannot be read, -LASTACK_ENOTCONN. */
int lastack_recv_peek(struct lastack *stack, int descriptor, struct lastack_iovec *iov, int count);
int lastack_recv_done(struct lastack *stack, int descriptor, size_t length);

/* The same for sending: up to `count` pieces of the send buffer, together at most `length` bytes
 * (1..), in order, to write the next text to; returns how many pieces. What a program writes there
 * need not be copied again. About a frame is given at once, and it is the program's until the next
 * call on the stack. -LASTACK_EAGAIN: no room now, a writable event follows; -LASTACK_EINVAL: a
 * length or count of 0; -LASTACK_EOPNOTSUPP: a datagram socket; else what lastack_send answers. */
int lastack_send_room(struct lastack *stack, int descriptor, struct lastack_buffer *pieces,
                      int count, size_t length);
/* Queues the first `length` bytes of that room, every one of which was written; 0 only gives it
 * back. Returns how many bytes were queued, as lastack_send; -LASTACK_EINVAL if so much was not
 * given. flags: LASTACK_MSG_MORE, LASTACK_MSG_EOR. */
int64_t lastack_send_done(struct lastack *stack, int descriptor, size_t length, uint32_t flags);

/* how: LASTACK_SHUT_RD (recv no longer waits: 0 once all is read), _WR (a FIN follows what is
 * queued) or _RDWR, whoever else holds the socket. It ends an attempt to connect; with _RD or _RDWR
 * a listener ceases to listen and resets what waits in its queue. 0, or -LASTACK_EINVAL (no such
 * `how`), -LASTACK_ENOTCONN (no connection, or a datagram socket). */
int lastack_shutdown(struct lastack *stack, int descriptor, int how);
/* ABORT of RFC 9293 §3.10.5: RST where the state asks for one, everything queued is lost. A
 * descriptor that was not closed still means its connection in TIME-WAIT: that ends too, without a
 * word; what arrived before can be read. -LASTACK_ENOTCONN: there is no connection, or no
 * longer. */
int lastack_abort(struct lastack *stack, int descriptor);

/* The name that bind, listen, connect or accept gave it; any address and port 0 before. */
int lastack_getsockname(struct lastack *stack, int descriptor, struct lastack_endpoint *local);
/* Whom it is or was connected to. -LASTACK_ENOTCONN. */
int lastack_getpeername(struct lastack *stack, int descriptor, struct lastack_endpoint *remote);

/*
 * Urgent text (RFC 9293 §3.8.5). New programs should not use it: RFC 6093, RFC 9293 SHLD-13. The
 * last octet of what is sent with MSG_OOB is urgent. What arrives is read in line with
 * SO_OOBINLINE; else the last urgent octet is stepped over, and recv(MSG_OOB) has it
 * (-LASTACK_EINVAL: there is none, -LASTACK_EAGAIN: it has not arrived). Reading always stops
 * before it once.
 */
/* SIOCATMARK: 1 if that octet is next, else 0. */
int lastack_at_mark(struct lastack *stack, int descriptor);
/* The last soft error of its connection, which did not end it (RFC 9293 §3.9.1.8): LASTACK_E...,
 * LASTACK_ETIMEDOUT for R1 retransmissions in vain; 0: none since the last ACK of something
 * new. */
int lastack_soft_error(struct lastack *stack, int descriptor);

/* Readiness now (level-triggered), bits as poll(2) has them on Linux. */
enum {
    LASTACK_POLLIN = 1,
    LASTACK_POLLPRI = 2,
    LASTACK_POLLOUT = 4,
    LASTACK_POLLERR = 8,
    LASTACK_POLLHUP = 16,
    LASTACK_POLLNVAL = 32,
    LASTACK_POLLRDNORM = 64,
    LASTACK_POLLWRNORM = 256,
    LASTACK_POLLRDHUP = 0x2000
};
/* LASTACK_POLLNVAL where other calls say -LASTACK_EBADF; of an epoll LASTACK_POLLIN: there may be
 * news. */
uint32_t lastack_poll(struct lastack *stack, int descriptor);

/* poll(2) without waiting: fills in each revents; returns how many are not 0. */
struct lastack_pollfd {
    int32_t descriptor; /* < 0: skipped */
    uint32_t events, revents;
};
int lastack_poll_many(struct lastack *stack, struct lastack_pollfd *entries, size_t count);

/* Many descriptors at once, as epoll(7): level-triggered, or with these among the events. */
#define LASTACK_EPOLLEXCLUSIVE 0x10000000u /* of several epolls one is told; not with _MOD */
#define LASTACK_EPOLLWAKEUP    0x20000000u /* accepted, no effect */
#define LASTACK_EPOLLONESHOT   0x40000000u /* told once, then silent until _MOD */
/* edge-triggered: told once for all news since it was told last */
#define LASTACK_EPOLLET 0x80000000u

struct lastack_epoll_event {
    uint32_t events; /* LASTACK_POLL... bits; ERR and HUP are told unasked */
    uint64_t data;   /* yours */
};

enum lastack_epoll_operation {
    LASTACK_EPOLL_CTL_ADD = 1,
    LASTACK_EPOLL_CTL_DEL = 2,
    LASTACK_EPOLL_CTL_MOD = 3,
};

/* A descriptor of `owner` for a new epoll: lastack_close gives it back. -LASTACK_ENOBUFS,
 * -LASTACK_EMFILE. */
int lastack_epoll_create(struct lastack *stack, uint32_t owner);
/* Watches a socket, changes what is asked for, or ceases to. event: may be NULL for _DEL, else
 * -LASTACK_EFAULT. -LASTACK_EEXIST, -LASTACK_ENOENT, -LASTACK_EINVAL (`epoll` is none, an epoll in
 * an epoll, or EPOLLEXCLUSIVE with _MOD), -LASTACK_ENOSPC (config.max_watches). A closed socket
 * ceases to be watched. */
int lastack_epoll_control(struct lastack *stack, int epoll, enum lastack_epoll_operation operation,
                          int descriptor, const struct lastack_epoll_event *event);
/* Up to `most` descriptors with news; never waits: 0 if there are none. -LASTACK_EINVAL: most < 1,
 * or `epoll` is none. */
int lastack_epoll_wait(struct lastack *stack, int epoll, struct lastack_epoll_event *events,
                       int most);

/* fcntl(2): LASTACK_F_GETFL, _SETFL (LASTACK_O_NONBLOCK is remembered for whoever makes blocking
 * calls of these: nothing here blocks), _GETFD, _SETFD (close-on-exec, remembered), _DUPFD (the
 * lowest free number; argument: 0 or more, no number to start from). Like on Linux, the former two
 * belong to the socket, not the descriptor. -LASTACK_EINVAL, -LASTACK_EMFILE. */
enum {
    LASTACK_F_DUPFD = 0,
    LASTACK_F_GETFD = 1,
    LASTACK_F_SETFD = 2,
    LASTACK_F_GETFL = 3,
    LASTACK_F_SETFL = 4
};
enum { LASTACK_O_RDWR = 2, LASTACK_O_NONBLOCK = 0x800 };
int lastack_fcntl(struct lastack *stack, int descriptor, int command, int argument);

/* ioctl(2). _INQ (FIONREAD): bytes to read, without the FIN; of datagrams, of the first one. _OUTQ:
 * bytes queued and not acknowledged. _OUTQNSD: bytes queued and not sent. Of a listener these are
 * -LASTACK_EINVAL. _ATMARK: as lastack_at_mark. FIONBIO: *value 0 or 1, as fcntl. -LASTACK_ENOTTY
 * for others. */
enum {
    LASTACK_SIOCINQ = 0x541b,
    LASTACK_SIOCOUTQ = 0x5411,
    LASTACK_SIOCOUTQNSD = 0x894b,
    LASTACK_SIOCATMARK = 0x8905,
    LASTACK_FIONBIO = 0x5421
};
int lastack_ioctl(struct lastack *stack, int descriptor, unsigned request, int *value);

/* A number of yours that comes back in events. */
int lastack_set_user(struct lastack *stack, int descriptor, uint64_t user);

/* Options: integers under Linux's (level, name) numbers. SO_LINGER would take two: it is set by
 * lastack_set_linger, and tells its seconds, -1 when off. */
enum { LASTACK_SOL_IP = 0, LASTACK_SOL_SOCKET = 1, LASTACK_SOL_TCP = 6, LASTACK_SOL_IPV6 = 41 };
#define LASTACK_OPTIONS(X)                                                                         \
    X(SO_REUSEADDR, LASTACK_SOL_SOCKET, 2)                                                         \
    X(SO_TYPE, LASTACK_SOL_SOCKET, 3) /* read only, as the next three */                           \
    X(SO_PROTOCOL, LASTACK_SOL_SOCKET, 38)                                                         \
    X(SO_DOMAIN, LASTACK_SOL_SOCKET, 39)                                                           \
    X(SO_ACCEPTCONN, LASTACK_SOL_SOCKET, 30)                                                       \
    X(SO_PRIORITY, LASTACK_SOL_SOCKET, 12)        /* remembered: there are no queues to choose */  \
    X(SO_MARK, LASTACK_SOL_SOCKET, 36)            /* remembered, shown in rows */                  \
    X(SO_RCVLOWAT, LASTACK_SOL_SOCKET, 18)        /* readable from so many bytes on */             \
    X(SO_MAX_PACING_RATE, LASTACK_SOL_SOCKET, 47) /* bytes a second, unsigned; -1: no limit */     \
    X(SO_SNDLOWAT, LASTACK_SOL_SOCKET, 19)        /* 1, fixed as on Linux */                       \
    X(SO_ERROR, LASTACK_SOL_SOCKET, 4)                                                             \
    X(SO_SNDBUF, LASTACK_SOL_SOCKET, 7)                                                            \
    X(SO_RCVBUF, LASTACK_SOL_SOCKET, 8)                                                            \
    X(SO_KEEPALIVE, LASTACK_SOL_SOCKET, 9)                                                         \
    X(SO_OOBINLINE, LASTACK_SOL_SOCKET, 10)                                                        \
    X(SO_LINGER, LASTACK_SOL_SOCKET, 13)                                                           \
    X(SO_REUSEPORT, LASTACK_SOL_SOCKET, 15)                                                        \
    X(TCP_NODELAY, LASTACK_SOL_TCP, 1)                                                             \
    X(TCP_MAXSEG, LASTACK_SOL_TCP, 2)                                                              \
    X(TCP_CORK, LASTACK_SOL_TCP, 3)                                                                \
    X(TCP_KEEPIDLE, LASTACK_SOL_TCP, 4)                                                            \
    X(TCP_KEEPINTVL, LASTACK_SOL_TCP, 5)                                                           \
    X(TCP_KEEPCNT, LASTACK_SOL_TCP, 6)                                                             \
    X(TCP_SYNCNT, LASTACK_SOL_TCP, 7)                                                              \
    X(TCP_LINGER2, LASTACK_SOL_TCP, 8)                                                             \
    X(TCP_DEFER_ACCEPT, LASTACK_SOL_TCP, 9)  /* seconds; rounded up to when SYN-ACKs time out */   \
    X(TCP_WINDOW_CLAMP, LASTACK_SOL_TCP, 10) /* bytes; see below */                                \
    X(TCP_QUICKACK, LASTACK_SOL_TCP, 12)                                                           \
    X(TCP_INQ, LASTACK_SOL_TCP, 36) /* lastack_recv_message tells what is left */                  \
    X(TCP_USER_TIMEOUT, LASTACK_SOL_TCP, 18)                                                       \
    X(TCP_FASTOPEN, LASTACK_SOL_TCP, 23)                                                           \
    X(TCP_NOTSENT_LOWAT, LASTACK_SOL_TCP, 25)                                                      \
    X(TCP_FASTOPEN_CONNECT, LASTACK_SOL_TCP, 30)                                                   \
    X(TCP_FASTOPEN_NO_COOKIE, LASTACK_SOL_TCP, 34)                                                 \
    X(TCP_NOOPT, LASTACK_SOL_TCP, 0x8008)    /* BSD's; Linux has no number for it */               \
    X(TCP_KEEPINIT, LASTACK_SOL_TCP, 0x8080) /* likewise */                                        \
    X(TCP_ADVICE, LASTACK_SOL_TCP, 1000) /* ours: LASTACK_EVENT_ADVICE on (1, at first) or off */  \
    X(IP_TOS, LASTACK_SOL_IP, 1)                                                                   \
    X(IP_TTL, LASTACK_SOL_IP, 2)                                                                   \
    X(IP_MTU_DISCOVER, LASTACK_SOL_IP, 10) /* remembered: DF is always set, as for WANT */         \
    X(IP_RECVERR, LASTACK_SOL_IP, 11)      /* remembered: no error queue */                        \
    X(IP_MTU, LASTACK_SOL_IP, 14)          /* read only, of a connection */                        \
    X(IP_FREEBIND, LASTACK_SOL_IP, 15)     /* bind() to any address */                             \
    X(IPV6_UNICAST_HOPS, LASTACK_SOL_IPV6, 16)                                                     \
    X(IPV6_MTU_DISCOVER, LASTACK_SOL_IPV6, 23)                                                     \
    X(IPV6_MTU, LASTACK_SOL_IPV6, 24)                                                              \
    X(IPV6_RECVERR, LASTACK_SOL_IPV6, 25)                                                          \
    X(IPV6_TCLASS, LASTACK_SOL_IPV6, 67)                                                           \
    X(IPV6_V6ONLY, LASTACK_SOL_IPV6, 26)

enum lastack_option {
#define LASTACK_X(name, level, number) LASTACK_##name = (level) << 16 | (number),
    LASTACK_OPTIONS(LASTACK_X)
#undef LASTACK_X
};

/* Sizes in bytes, times in the option's own unit (as on Linux). 0, or
 *
 *     -LASTACK_EINVAL        a value out of range, or too late (IPV6_V6ONLY, TCP_FASTOPEN...)
 *     -LASTACK_ENOPROTOOPT   no such option, of TCP for a datagram socket, of IPv6 for one of IPv4,
 *                            or one that cannot be set
 *     -LASTACK_ENOBUFS       no memory left for what few ask for (SO_MAX_PACING_RATE,
 *                            TCP_WINDOW_CLAMP)
 *     -LASTACK_EOPNOTSUPP    TCP_FASTOPEN_CONNECT, and params.fast_open says no
 *     -LASTACK_ENOTCONN      IP_MTU, IPV6_MTU without a connection
 *
 * TCP_WINDOW_CLAMP: the largest window to offer, at least 1152 (half of Linux's least SO_RCVBUF);
 * 0, none, only without a connection and not of a listener (-LASTACK_EINVAL). Of a socket or a
 * listener it bounds the first window and its scale, too; of a connection, what was offered stays
 * offered. Told as it was set; of a connection without one, as what its buffer stands for. */
int lastack_set_option(struct lastack *stack, int descriptor, enum lastack_option option,
                       int value);
int lastack_get_option(struct lastack *stack, int descriptor, enum lastack_option option,
                       int *value);
/*
 * The secret of Fast Open cookies (TCP_FASTOPEN_KEY), 16 bytes, or 32: then cookies of the second
 * 16 still count, and their clients get new ones. `descriptor`: a listener, or -1 for all that have
 * no key of their own (at first it follows from config.seed). -LASTACK_EINVAL: another length, or
 * not listening.
 */
int lastack_set_fast_open_key(struct lastack *stack, int descriptor, const uint8_t *key,
                              size_t length);
/* Forgets all cookies of servers, and which of them had better be left alone. */
void lastack_forget_fast_open(struct lastack *stack);
/*
 * TCP_CONGESTION (13 of LASTACK_SOL_TCP), whose value is a name: "cubic" or "reno" ("newreno" means
 * it, too). Of a listener: what it accepts from now on; of a connection: from now on, with the
 * window it has. -LASTACK_ENOENT: no algorithm has that name; -LASTACK_ENOPROTOOPT: no stream
 * socket. *name stays valid; it is "none" where the stack's parameter says so.
 * (TCP_CC_INFO is empty for either, as on Linux.)
 */
int lastack_set_congestion(struct lastack *stack, int descriptor, const char *name);
int lastack_get_congestion(struct lastack *stack, int descriptor, const char **name);
/* SO_LINGER. seconds < 0: off. 0: close sends RST. Others are remembered: nothing blocks here, and
 * whoever makes a blocking close of this one waits as long. 0. */
int lastack_set_linger(struct lastack *stack, int descriptor, int seconds);

/* STATUS (RFC 9293 §3.10.6): the row of this socket, with tcp_info while there is a connection. */
int lastack_status(struct lastack *stack, int descriptor, struct lastack_connection_row *row);

/* Why the last call was refused, if it was: EADDRINUSE alone has five causes. */
enum lastack_cause lastack_last_cause(const struct lastack *stack);

#ifdef __cplusplus
}
#endif

#endif
