/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * socket_table.h: sockets and the descriptors that hold them (docs/decisions/0002).
 *
 *     owner 1: fd 3 ─┐
 *     owner 1: fd 4 ─┼─▶ socket ──▶ listener | connection | nothing any more
 *     owner 2: fd 5 ─┘      └─ error, text not read yet, readiness: what outlives the connection
 *
 * A connection tells its socket by its wake bits; sockets_collect carries them over, and takes
 * what an ended connection leaves behind (its error and the rest of its text), so that the control
 * block is free at once.
 */
#ifndef LASTACK_SOCKET_TABLE_H
#define LASTACK_SOCKET_TABLE_H

#include "core.h"
#include "udp_queue.h"

enum { OWNERS_MOST = 256, OWNER_NAME = 32, UDP_QUEUE_HEAD = 64 };

/* What a datagram socket has beside itself; the ring of its queue follows. */
struct datagrams {
    struct udp_queue queue;
    struct page_turn turn; /* where pages are short */
};

_Static_assert(sizeof(struct datagrams) <= UDP_QUEUE_HEAD, "a queue's ring follows it");

enum { SOCK_TYPE_EPOLL = 100 }; /* beside enum lastack_socket_type: an epoll, see epoll.c */

enum socket_phase {
    SOCKET_FREE,
    SOCKET_IDLE, /* no connection yet; maybe bound */
    SOCKET_LISTENING,
    SOCKET_ATTACHED, /* to a connection */
    SOCKET_ENDED,    /* its connection is over; text may be left */
};

/* Options that act here, or that only are remembered. */
struct sock_values {
    uint32_t mark, priority;
    uint32_t pacing_max;   /* SO_MAX_PACING_RATE; 0: none */
    uint32_t window_clamp; /* TCP_WINDOW_CLAMP of what it opens; 0: none */
    int32_t receive_lowat;
    uint8_t mtu_discover; /* IP_MTU_DISCOVER: what the program thinks; see socket_options.c */
    uint8_t congestion;   /* TCP_CONGESTION: enum lastack_congestion + 1; 0: the stack's */
    uint8_t defer;        /* TCP_DEFER_ACCEPT: timeouts of a SYN-ACK */
    bool tells_inq;       /* TCP_INQ */
    bool has_recverr, is_freebind, is_nonblocking;
};

struct sock {
    uint32_t free_link; /* of the pool */
    uint32_t index;     /* its own there */
    uint8_t phase;      /* enum socket_phase */
    uint8_t domain, type;
    uint8_t wake; /* enum wake: news since the last event */
    bool is_bound, is_v6_only, is_queued, shut_read, shut_write, was_connected;
    bool is_connecting;                              /* connect() has not told of its success yet */
    bool oob_inline, oob_was_read, has_oob, is_deaf; /* is_deaf: no advice wanted */
    uint8_t oob;                                     /* the octet stepped over, while has_oob */
    bool is_deferred; /* connect() waits for the text that its SYN will carry */
    bool fast_open_connect, fast_open_no_cookie;
    uint8_t last_state; /* enum tcp_state when the connection ended */
    bool had_syn_text;  /* ... and text in a SYN was taken (tcp_info tells) */
    uint16_t last_cause;
    int16_t error; /* SO_ERROR */
    uint32_t conn; /* or listener, by phase */
    uint32_t udp;  /* struct datagrams of a datagram socket */
    uint32_t first_descriptor;
    uint32_t holders;
    uint32_t next_event;
    uint32_t fast_open; /* TCP_FASTOPEN: how many may be pending, of a listener */
    uint32_t creator;   /* owner that made it: SO_REUSEPORT asks */
    uint32_t generation;
    uint32_t flags;             /* CONN_NODELAY, CONN_CORK, CONN_KEEPALIVE, CONN_REUSE_... */
    int32_t linger_s;           /* < 0: off */
    uint32_t connect_timeout_s; /* TCP_KEEPINIT; 0: the stack's */
    uint64_t user;
    struct lastack_endpoint local, remote;
    struct endpoint_use use; /* while is_bound: what bind() took, as counted */
    struct conn_options options;
    struct stream left; /* text of an ended connection that was not read */
    struct seq left_from, left_to;
    bool left_is_end;                /* the peer's FIN followed it */
    uint32_t first_watch;            /* epolls that watch it; of an epoll: all that it watches */
    uint32_t ready_head, ready_tail; /* of an epoll: watches with news */
    struct sock_values values;
};

/* An epoll watches a descriptor. */
struct watch {
    uint32_t free_link;
    uint32_t epoll, socket;
    int32_t descriptor;
    uint32_t events; /* as given */
    uint32_t next_of_socket, next_of_epoll, next_ready;
    bool is_ready;
    bool is_spent; /* one-shot, and it was told */
    uint64_t data;
};

struct descriptor {
    uint32_t socket; /* POOL_NONE: free */
    uint32_t owner;
    uint32_t next; /* of the same socket, ascending */
    bool is_cloexec;
};

struct owner_name {
    uint32_t owner;
    char name[OWNER_NAME];
};

struct sockets {
    struct pool sockets;
    struct pool udp_queues; /* struct datagrams and the ring */
    struct pool watches;
    struct descriptor *descriptors;
    uint32_t descriptor_limit, descriptor_bump, descriptor_used, descriptor_peak;
    uint32_t lowest_free; /* no descriptor below it is free */
    uint64_t descriptor_refusals;
    uint32_t event_head, event_tail;
    uint32_t owner_count;
    struct owner_name owners[OWNERS_MOST];
};

static inline struct sockets *sockets_of(const struct lastack *stack)
{
    return stack->sockets;
}

static inline struct sock *sock_at(const struct lastack *stack, uint32_t index)
{
    return pool_at(&sockets_of(stack)->sockets, index);
}

/* ---- descriptors.c ---- */

int descriptor_add(struct lastack *stack, struct sock *sock, uint32_t owner);
/* The descriptor held that socket. True if it was the last that did. */
bool descriptor_remove(struct lastack *stack, struct sock *sock, int descriptor);

/* ---- socket_events.c ---- */

struct sock *sock_new(struct lastack *stack, uint8_t domain, uint8_t type);
void sock_free(struct lastack *stack, struct sock *sock);
void sock_wake(struct lastack *stack, struct sock *sock, uint8_t wake);
/* Its readiness now, in poll(2)'s bits. */
uint32_t sock_poll(struct lastack *stack, struct sock *sock);
/* Carries news from connections to sockets. */
void sockets_collect_news(struct lastack *stack);

static inline bool sockets_have_news(const struct lastack *stack)
{
    const struct tcp *tcp = &stack->tcp;

    _Static_assert(POOL_NONE == UINT32_MAX, "all of them are none: every bit is set");
    return (tcp->wake_head & tcp->listener_wake & tcp->page_waiters.oldest) != POOL_NONE;
}

static inline void sockets_collect(struct lastack *stack)
{
    if (sockets_have_news(stack))
        sockets_collect_news(stack);
}

/* What a descriptor holds, socket or epoll; news collected; NULL: EBADF. Each call begins so. */
static inline struct sock *holder_of(struct lastack *stack, int descriptor)
{
    const struct sockets *table = sockets_of(stack);

    sockets_collect(stack);
    stack->last_cause = LASTACK_CAUSE_NONE;
    if ((uint32_t)descriptor >= table->descriptor_bump || /* a negative one too */
        table->descriptors[descriptor].socket == POOL_NONE)
        return NULL;
    return sock_at(stack, table->descriptors[descriptor].socket);
}

/* Only if it is a socket. */
static inline struct sock *sock_of(struct lastack *stack, int descriptor)
{
    struct sock *sock = holder_of(stack, descriptor);

    return sock != NULL && sock->type != SOCK_TYPE_EPOLL ? sock : NULL;
}

/* The connection of an attached socket. */
static inline struct tcp_conn *sock_conn(const struct lastack *stack, const struct sock *sock)
{
    CHECK(sock->phase == SOCKET_ATTACHED);
    return tcp_conn_at(&stack->tcp, sock->conn);
}

/* ---- urgent_calls.c ---- */

/* Why nothing can be sent now, as a negative error, or 0. */
int sock_cannot_send(struct lastack *stack, struct sock *sock);

/* How much of what can be read lies before the mark; steps over the octet there where it is out of
 * band. */
uint32_t sock_until_mark(struct lastack *stack, struct sock *sock, uint32_t length, bool is_peek);
int64_t sock_recv_oob(struct lastack *stack, struct sock *sock, uint8_t *data, size_t size,
                      bool is_peek);
uint32_t sock_poll_urgent(struct lastack *stack, const struct sock *sock);
/* RCV.UP has advanced. */
void sock_has_urgent(struct sock *sock);

/* ---- fast_open_calls.c ---- */

/* TCP_FASTOPEN, TCP_FASTOPEN_CONNECT, TCP_FASTOPEN_NO_COOKIE of a stream socket; 0 or a negative
 * error. */
int sock_set_fast_open(struct lastack *stack, struct sock *sock, enum lastack_option option,
                       int value);
/* To the listener that the socket is now. */
void sock_listen_fast_open(struct lastack *stack, const struct sock *sock, uint32_t backlog);
/* connect() with TCP_FASTOPEN_CONNECT: true if it waits for text. */
bool sock_defers_connect(const struct lastack *stack, const struct sock *sock);
/* May a socket of its family speak to that address? 0 or a negative error. */
int sock_check_family(const struct sock *sock, const struct lastack_address *remote);
int sock_prepare_connect(struct lastack *stack, struct sock *sock,
                         const struct lastack_endpoint *remote, struct tuple_claim *claim);
/* Opens the connection that its names speak of: 0 or a negative error. */
int sock_open_active(struct lastack *stack, struct sock *sock, uint8_t fast_open,
                     const struct tuple_claim *claim);
/* A send that has to connect first: MSG_FASTOPEN, a deferred or an implied connect. True: it is
 * done, with this result. */
bool sock_send_opens(struct lastack *stack, struct sock *sock, const struct lastack_iovec *iov,
                     size_t count, uint32_t flags, const struct lastack_endpoint *remote,
                     int64_t *result);

/* Remembers why, and answers -error. */
int sock_refuse(struct lastack *stack, enum lastack_cause why, int error);

/* ---- epoll.c ---- */

/* The socket has news. */
void epoll_socket_wakes(struct lastack *stack, const struct sock *sock, uint8_t wake);
/* A socket or an epoll goes: its watches with it. */
void epoll_forget(struct lastack *stack, struct sock *sock);

/* ---- naming.c: bind and what it shares with listen and connect ---- */

/* Takes the local endpoint, or an ephemeral port if its port is 0; 0 or a negative error. */
int sock_bind(struct lastack *stack, struct sock *sock, const struct lastack_endpoint *local);
/* Gives back what bind() took. */
void sock_unbind(struct lastack *stack, struct sock *sock);
/* Local address and port for a connect() to `remote`; 0 or a negative error. *claim tells
 * whether its tuple was looked up on the way. */
int sock_name_for_connect(struct lastack *stack, struct sock *sock,
                          const struct lastack_endpoint *remote, struct tuple_claim *claim);
/* The bound endpoint becomes (or ceases to be) a listener's. */
int sock_begin_listening(struct lastack *stack, struct sock *sock, uint32_t listener);
void sock_end_listening(struct lastack *stack, struct sock *sock);
/* SO_REUSEADDR or SO_REUSEPORT was set or cleared. */
void sock_reuse_changed(struct lastack *stack, struct sock *sock);

/* ---- transfer.c ---- */

/* Pieces one behind the other, as one message; to an address where a send may name one: a
 * datagram's, or a connection's that the send opens. */
int64_t sock_send_pieces(struct lastack *stack, struct sock *sock, const struct lastack_iovec *iov,
                         size_t count, uint32_t flags, const struct lastack_endpoint *remote);

/* ---- datagrams.c ---- */

bool datagrams_open(struct lastack *stack, struct sock *sock);
void datagrams_close(struct lastack *stack, struct sock *sock);
/* One could be sent now; if not, the socket hears when one can. */
bool datagrams_may_send(struct lastack *stack, struct sock *sock);
/* Its turn to send has come: true, it was told; false: it cannot yet, and waits on. */
bool datagrams_are_told(struct lastack *stack, struct sock *sock);
/* It waits for that. */
bool datagrams_want_room(const struct lastack *stack, const struct sock *sock);
bool datagrams_are_waiting(const struct lastack *stack, const struct sock *sock);
/* Of the datagram that would be read next; 0: none. */
uint32_t datagrams_first_length(const struct lastack *stack, const struct sock *sock);
uint32_t datagrams_bytes(const struct lastack *stack, const struct sock *sock);
/* One datagram; what the pieces have no room for is lost. With MSG_TRUNC its whole length. */
int64_t datagram_receive(struct lastack *stack, struct sock *sock,
                         const struct lastack_buffer *pieces, size_t count, uint32_t flags,
                         struct lastack_endpoint *remote);
int64_t datagram_send(struct lastack *stack, struct sock *sock, const struct lastack_iovec *iov,
                      size_t count, const struct lastack_endpoint *remote);
/* What the stack calls: struct lastack's udp_arrives and udp_unreachable. */
bool datagram_arrives(struct lastack *stack, const struct udp_datagram *datagram);
void datagram_unreachable(struct lastack *stack, const struct ip_packet *quote, int error);

#endif
