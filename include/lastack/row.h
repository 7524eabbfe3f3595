/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * row.h: one row, two sources.
 *
 * A connection as a viewer sees it, whether it lives in a lastack stack or in the host's kernel.
 * Every instrument (ss, netstat, kill, doctor, explain, metrics, drill's sockstat) works on rows
 * and does not care where they came from. RFC 9293 §3.10.6 STATUS is one row.
 */
#ifndef LASTACK_ROW_H
#define LASTACK_ROW_H

#include "address.h"
#include "trace.h"

#ifdef __cplusplus
extern "C" {
#endif

/* Who holds the connection, and if nobody: why nobody. The seven reasons that `ss` shows as one
 * dash. */
#define LASTACK_OWNERS(X)                                                                          \
    X(PROCESS, "process")           /* a descriptor holds it */                                    \
    X(TIME_WAIT, "time_wait")       /* a record; the program has long finished with it */          \
    X(ORPHAN, "orphan")             /* closed by the program, not yet by TCP */                    \
    X(ACCEPT_QUEUE, "accept_queue") /* handshake done, accept() not called yet */                  \
    X(SYN_REQUEST, "syn_request")   /* a half-open request of a listener */                        \
    X(OTHER_NETNS, "other_netns")                                                                  \
    X(NO_PERMISSION, "no_permission") /* somebody's, but we may not look */                        \
    X(KERNEL, "kernel")               /* a socket of the kernel itself */

enum lastack_owner {
#define LASTACK_X(name, text) LASTACK_OWNER_##name,
    LASTACK_OWNERS(LASTACK_X)
#undef LASTACK_X
};

/* "time_wait", as JSON and `ss owner=` have it; never NULL. */
const char *lastack_owner_text(enum lastack_owner owner);

/* struct tcp_info under the kernel's field names (linux/tcp.h, 6.18); times in microseconds or
 * milliseconds as the kernel has them. As there bytes_sent is text, repetitions included;
 * bytes_acked counts the FIN and an active opener's SYN too, bytes_received the peer's FIN. Fields
 * a source cannot know are 0. */
struct lastack_tcp_info {
    uint8_t tcpi_state, tcpi_ca_state, tcpi_retransmits, tcpi_probes, tcpi_backoff, tcpi_options;
    uint8_t tcpi_snd_wscale, tcpi_rcv_wscale, tcpi_delivery_rate_app_limited,
        tcpi_fastopen_client_fail;
    uint32_t tcpi_rto, tcpi_ato, tcpi_snd_mss, tcpi_rcv_mss;
    uint32_t tcpi_unacked, tcpi_sacked, tcpi_lost, tcpi_retrans, tcpi_fackets;
    uint32_t tcpi_last_data_sent, tcpi_last_ack_sent, tcpi_last_data_recv, tcpi_last_ack_recv;
    uint32_t tcpi_pmtu, tcpi_rcv_ssthresh, tcpi_rtt, tcpi_rttvar, tcpi_snd_ssthresh, tcpi_snd_cwnd;
    uint32_t tcpi_advmss, tcpi_reordering, tcpi_rcv_rtt, tcpi_rcv_space, tcpi_total_retrans;
    uint64_t tcpi_pacing_rate, tcpi_max_pacing_rate, tcpi_bytes_acked, tcpi_bytes_received;
    uint32_t tcpi_segs_out, tcpi_segs_in, tcpi_notsent_bytes, tcpi_min_rtt;
    uint32_t tcpi_data_segs_in, tcpi_data_segs_out;
    uint64_t tcpi_delivery_rate, tcpi_busy_time, tcpi_rwnd_limited, tcpi_sndbuf_limited;
    uint32_t tcpi_delivered, tcpi_delivered_ce;
    uint64_t tcpi_bytes_sent, tcpi_bytes_retrans;
    uint32_t tcpi_dsack_dups, tcpi_reord_seen, tcpi_rcv_ooopack, tcpi_snd_wnd, tcpi_rcv_wnd,
        tcpi_rehash;
    uint16_t tcpi_total_rto, tcpi_total_rto_recoveries;
    uint32_t tcpi_total_rto_time;
};

/* SK_MEMINFO_* of the kernel (linux/sock_diag.h): what a socket is charged for, in bytes; drops is
 * a count. */
struct lastack_socket_memory {
    uint32_t rmem_alloc, rcvbuf, wmem_alloc, sndbuf, fwd_alloc, wmem_queued, optmem, backlog, drops;
};

enum lastack_protocol { LASTACK_PROTOCOL_TCP = 6, LASTACK_PROTOCOL_UDP = 17 };

struct lastack_connection_row {
    uint8_t protocol;   /* enum lastack_protocol */
    uint8_t state;      /* enum tcp_state; TCP_CLOSED for a bound, idle socket */
    uint8_t owner_kind; /* enum lastack_owner */
    uint8_t shutdown;   /* 1: the peer's direction is closed, 2: ours, 3: both */
    bool is_ipv6;       /* an IPv6 socket, even when its addresses are IPv4-mapped */
    bool has_tcp_info;
    struct lastack_endpoint local, remote;
    uint32_t link;   /* bound device or link, 0 = any */
    uint64_t cookie; /* names this socket from SYN to TIME-WAIT */
    uint64_t inode;  /* host: socket inode; stack: 0 */
    uint32_t uid;
    uint32_t mark;
    /* holder: one of them, and how many there are. On a stack, `pid` is the owner's number. */
    uint32_t pid;
    int32_t fd;
    uint32_t holders;
    char comm[32];
    /* queues; a listener has accept queue length and its limit here, as ss shows it */
    uint32_t recv_q, send_q;
    /* the deadline that matters most now */
    int8_t timer; /* enum lastack_timer, -1 = none */
    uint8_t timer_retries;
    uint8_t timer_retries_max; /* 0 = unknown */
    int64_t timer_left_ns;     /* until it fires; may be negative by scheduling delay */
    /* until the connection is given up if nothing changes; -1 = never or unknown */
    int64_t gives_up_ns;
    /* why it is in this state, and since when (-1 = unknown) */
    uint16_t cause; /* enum lastack_cause; NONE = unknown */
    int64_t age_ns; /* in this state */
    bool reuse_address, reuse_port, v6_only;
    /* a host's socket can tell more: 0 or "" where the source does not */
    bool is_autobound; /* the kernel chose the local port (only when asked for) */
    bool has_memory;
    uint8_t tos, tclass;
    uint32_t class_id;
    uint64_t cgroup;     /* cgroup v2 id */
    uint64_t netns;      /* inode of its network namespace, 0 = the one asked from */
    char congestion[16]; /* the algorithm: "cubic", "reno"; told with tcp_info */
    struct lastack_socket_memory memory;
    struct lastack_tcp_info tcp_info;
};

#ifdef __cplusplus
}
#endif

#endif
