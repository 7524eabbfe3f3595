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

/* Owners stand for processes: a number and a name for viewers, which is cut to 31 bytes. They need
 * not be named to hold descriptors; 256 may be. Naming again renames. 0 or -LASTACK_ENOBUFS. */
int lastack_name_owner(struct lastack *stack, uint32_t owner, const char *name);

/* A new socket, held by one descriptor of `owner`. type LASTACK_SOCK_STREAM or _DGRAM.
 * -LASTACK_EAFNOSUPPORT, -LASTACK_EPROTONOSUPPORT, -LASTACK_EMFILE, -LASTACK_ENOBUFS. */
int lastack_socket(struct lastack *stack, enum lastack_domain domain, enum lastack_socket_type type,
                   uint32_t owner);

/* One more descriptor for the same socket, held by the same or another owner (dup, fork,
 * SCM_RIGHTS). The lowest free number. -LASTACK_EBADF, -LASTACK_EMFILE. */
int lastack_dup(struct lastack *stack, int descriptor);
int lastack_dup_to(struct lastack *stack, int descriptor, uint32_t owner);

/* Gives a descriptor back. Only the last one of a socket closes it: then a FIN follows what is
 * queued (RFC 9293 §3.10.4), or a RST with SO_LINGER 0 or unread data, as the profile says. */
int lastack_close(struct lastack *stack, int descriptor);
/* Gives all descriptors of an owner back: the process ended. */
void lastack_exit_owner(struct lastack *stack, uint32_t owner);

/* Port 0 takes an ephemeral port (RFC 6056). -LASTACK_EADDRINUSE with one of the causes
 * PORT_TIME_WAIT, PORT_LISTENER, PORT_BOUND, PORT_CONNECTION in lastack_last_cause;
 * -LASTACK_EADDRNOTAVAIL, -LASTACK_EINVAL. */
int lastack_bind(struct lastack *stack, int descriptor, const struct lastack_endpoint *local);
int lastack_listen(struct lastack *stack, int descriptor, int backlog);
/* The oldest finished connection, as a descriptor of the listener's owner; remote may be NULL.
 * -LASTACK_EAGAIN, -LASTACK_EINVAL (not listening), -LASTACK_EMFILE. */
int lastack_accept(struct lastack *stack, int descriptor, struct lastack_endpoint *remote);
/* Starts the handshake: -LASTACK_EINPROGRESS; then 0, -LASTACK_EALREADY, -LASTACK_EISCONN or the
 * error. A UDP socket only remembers its peer: 0. */
int lastack_connect(struct lastack *stack, int descriptor, const struct lastack_endpoint *remote);

/* Bytes queued or read (0: the peer closed its direction), or a negative error. */
int64_t lastack_send(struct lastack *stack, int descriptor, const void *data, size_t length,
                     uint32_t flags);
int64_t lastack_recv(struct lastack *stack, int descriptor, void *data, size_t size,
                     uint32_t flags);
int64_t lastack_sendv(struct lastack *stack, int descriptor, const struct lastack_iovec *iov,
                      size_t count, uint32_t flags);
/* Datagrams. `remote` may be NULL on a connected socket. Each takes a page until it has left:
 * -LASTACK_EAGAIN where there is none (or 256 messages wait to leave), a writable event follows. */
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

/* Without copying: up to `count` pieces of what can be read, in order; returns how many pieces.
 * Valid until the next call on the stack. lastack_recv_done gives the first `length` bytes back. */
int lastack_recv_peek(struct lastack *stack, int descriptor, struct lastack_iovec *iov, int count);
int lastack_recv_done(struct lastack *stack, int descriptor, size_t length);

/* The same for sending: up to `count` pieces of the send buffer, together at most `length` bytes
 * (1..), in order, to write the next text to; returns how many pieces. What a program writes there
 * need not be copied again. About a frame is given at once, and it is the program's until the next
 * call on the stack. -LASTACK_EAGAIN: no room now, a writable event follows; -LASTACK_EINVAL: a
 * length or count of 0; else what lastack_send answers. */
int lastack_send_room(struct lastack *stack, int descriptor, struct lastack_buffer *pieces,
                      int count, size_t length);
/* Queues the first `length` bytes of that room, every one of which was written; 0 only gives it
 * back. Returns how many bytes were queued, as lastack_send; -LASTACK_EINVAL if so much was not
 * given. flags: LASTACK_MSG_MORE, LASTACK_MSG_EOR. */
int64_t lastack_send_done(struct lastack *stack, int descriptor, size_t length, uint32_t flags);

/* how: LASTACK_SHUT_RD, _WR (a FIN follows what is queued) or _RDWR, whoever else holds the
 * socket. */
int lastack_shutdown(struct lastack *stack, int descriptor, int how);
/* ABORT of RFC 9293 §3.10.5: RST where the state asks for one, everything queued is lost. A
 * descriptor that was not closed still means its connection in TIME-WAIT: that ends too, without a
 * word; what arrived before can be read. -LASTACK_ENOTCONN: there is no connection, or no
 * longer. */
int lastack_abort(struct lastack *stack, int descriptor);

int lastack_getsockname(struct lastack *stack, int descriptor, struct lastack_endpoint *local);
int lastack_getpeername(struct lastack *stack, int descriptor, struct lastack_endpoint *remote);

/*
 * Urgent text (RFC 9293 §3.8.5). New programs should not use it: RFC 6093, RFC 9293 SHLD-13. The
 * last octet of what is sent with MSG_OOB is urgent. What arrives is read in line with
 * SO_OOBINLINE; else the last urgent octet is stepped over, and recv(MSG_OOB) has it
 * (-LASTACK_EINVAL: there is none, -LASTACK_EAGAIN: it has not arrived). Reading always stops
 * before it once.
 */
/* SIOCATMARK: 1 if that octet is next, else 0. -LASTACK_EBADF. */
int lastack_at_mark(struct lastack *stack, int descriptor);
/* The last soft error of its connection, which did not end it (RFC 9293 §3.9.1.8): LASTACK_E...,
 * LASTACK_ETIMEDOUT for R1 retransmissions in vain; 0: none since the last ACK of something new.
 * -LASTACK_EBADF. */
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
/* Watches a socket, changes what is asked for, or ceases to. event: may be NULL for _DEL.
 * -LASTACK_EBADF, -LASTACK_EEXIST, -LASTACK_ENOENT, -LASTACK_EINVAL (an epoll in an epoll, or
 * EPOLLEXCLUSIVE with _MOD), -LASTACK_ENOSPC. A closed socket ceases to be watched. */
int lastack_epoll_control(struct lastack *stack, int epoll, enum lastack_epoll_operation operation,
                          int descriptor, const struct lastack_epoll_event *event);
/* Up to `most` (> 0) descriptors with news; never waits: 0 if there are none. */
int lastack_epoll_wait(struct lastack *stack, int epoll, struct lastack_epoll_event *events,
                       int most);

/* fcntl(2): LASTACK_F_GETFL, _SETFL (LASTACK_O_NONBLOCK is remembered for whoever makes blocking
 * calls of these: nothing here blocks), _GETFD, _SETFD (close-on-exec, remembered), _DUPFD (the
 * lowest free number). Like Linux, the former two belong to the socket, not the descriptor.
 * -LASTACK_EBADF, -LASTACK_EINVAL. */
enum {
    LASTACK_F_DUPFD = 0,
    LASTACK_F_GETFD = 1,
    LASTACK_F_SETFD = 2,
    LASTACK_F_GETFL = 3,
    LASTACK_F_SETFL = 4
};
enum { LASTACK_O_RDWR = 2, LASTACK_O_NONBLOCK = 0x800 };
int lastack_fcntl(struct lastack *stack, int descriptor, int command, int argument);

/* ioctl(2). _INQ (FIONREAD): bytes to read, without the FIN; of a listener -LASTACK_EINVAL. _OUTQ:
 * bytes queued and not acknowledged. _OUTQNSD: bytes queued and not sent. _ATMARK: as
 * lastack_at_mark. FIONBIO: *value 0 or 1, as fcntl. -LASTACK_ENOTTY for
 * others. */
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

/* Options: integers under Linux's (level, name) numbers. The linger option takes two. */
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

/* Sizes in bytes, times in the option's own unit (as on Linux). -LASTACK_EINVAL for a value out of
 * range, -LASTACK_ENOPROTOOPT for an unknown option, -LASTACK_ENOBUFS where there is no memory left
 * for what few connections ask for (SO_MAX_PACING_RATE, TCP_WINDOW_CLAMP).
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
 * no key of their own (at first it follows from config.seed). -LASTACK_EBADF, -LASTACK_EINVAL.
 */
int lastack_set_fast_open_key(struct lastack *stack, int descriptor, const uint8_t *key,
                              size_t length);
/* Forgets all cookies of servers, and which of them had better be left alone. */
void lastack_forget_fast_open(struct lastack *stack);
/*
 * TCP_CONGESTION (13 of LASTACK_SOL_TCP), whose value is a name: "cubic" or "reno" ("newreno" means
 * it, too). Of a listener: what it accepts from now on; of a connection: from now on, with the
 * window it has. -LASTACK_ENOENT: no algorithm has that name; -LASTACK_ENOPROTOOPT: no stream
 * socket; -LASTACK_EBADF. *name stays valid; it is "none" where the stack's parameter says so.
 * (TCP_CC_INFO is empty for either, as on Linux.)
 */
int lastack_set_congestion(struct lastack *stack, int descriptor, const char *name);
int lastack_get_congestion(struct lastack *stack, int descriptor, const char **name);
/* seconds < 0: off. 0: close sends RST. */
int lastack_set_linger(struct lastack *stack, int descriptor, int seconds);

/* The row of this socket, with tcp_info. */
int lastack_status(struct lastack *stack, int descriptor, struct lastack_connection_row *row);

/* Why the last call on this stack was refused: EADDRINUSE has four causes. */
enum lastack_cause lastack_last_cause(const struct lastack *stack);

#ifdef __cplusplus
}
#endif

#endif
