/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * conn.h: the control block (TCB) of one connection, RFC 9293 §3.3.1.
 *
 * It composes the small structs of mechanism/, loss/ and cc/; only events (event/) combine them.
 * The RFC's variables are fields with the RFC's names: snd.una is SND.UNA, rcv.nxt is RCV.NXT.
 *
 *       SND.UNA            SND.NXT            snd.end           SND.UNA + SND.WND
 *     ─────┼──────────────────┼──────────────────┼───────────────────┼────
 *          │ sent, not acked  │ queued, not sent │   (window)        │  FIN, if owed, at snd.end
 *
 *       rcv.read           RCV.NXT                         rcv.edge
 *     ─────┼──────────────────┼───────────────────────────────┼────
 *          │ for the user     │ window; holes are in `arrived`│
 *
 * Invariants (conn_check): una <= nxt <= max <= end + FIN; read <= rcv.nxt <= edge; whoever owes
 * is queued; every state that can wait has a deadline armed or an owner.
 *
 * The first two lines of 64 bytes are all that a pure ACK in order touches.
 */
#ifndef LASTACK_CONN_H
#define LASTACK_CONN_H

#include "ack_policy.h"
#include "cc.h"
#include "deadlines.h"
#include "delivery.h"
#include "ecn.h"
#include "owe.h"
#include "paws.h"
#include "ranges.h"
#include "recovery.h"
#include "receive_window.h"
#include "report.h"
#include "rtt.h"
#include "sack_told.h"
#include "state.h"
#include "stream.h"
#include "tuple.h"
#include "wheel.h"
#include "write_queue.h"

enum conn_flag {
    CONN_FIN_QUEUED = 1 << 0, /* the user closed his direction: a FIN follows snd.end */
    CONN_FIN_ACKED = 1 << 1,
    CONN_FIN_KNOWN = 1 << 2,    /* the peer's FIN was seen at rcv.fin, maybe behind a hole */
    CONN_FIN_RECEIVED = 1 << 3, /* ... and RCV.NXT has passed it */
    CONN_WINDOW_SCALE = 1 << 4,
    CONN_SACK = 1 << 5,
    CONN_TIMESTAMP = 1 << 6,
    CONN_ACTIVE = 1 << 7, /* opened by connect() */
    CONN_ORPHAN = 1 << 8, /* no socket, and none will come */
    CONN_IN_ACCEPT_QUEUE = 1 << 9,
    CONN_DETACHED = 1 << 11, /* out of the flow index: only its socket still reads it */
    CONN_WOKEN = 1 << 12,    /* in the wake queue */
    CONN_QUEUED = 1 << 13,   /* in a send queue */
    CONN_NODELAY = 1 << 14,
    CONN_CORK = 1 << 15,
    CONN_KEEPALIVE = 1 << 16,
    CONN_SYN_RETRANSMITTED = 1 << 17,
    CONN_PACED = 1 << 18,      /* the user set a largest pacing rate */
    CONN_WANTS_PAGE = 1 << 19, /* among those that wait for a page to write to */
    CONN_REUSE_ADDRESS = 1 << 20,
    CONN_REUSE_PORT = 1 << 21,
    CONN_IPV6_SOCKET = 1 << 22,
    CONN_WAS_LIMITED = 1 << 23, /* the window held data back since the last ACK */
    CONN_SEND_SMALL = 1 << 24,  /* the next segment may be small, whatever holds it back */
    CONN_R1_TOLD = 1 << 25,
    CONN_URGENT_IN = 1 << 26,          /* RCV.UP lies ahead of what was read (urgent.h) */
    CONN_URGENT_OUT = (int)(1u << 31), /* SND.UP lies ahead of SND.UNA */
    CONN_WANTS_ROOM = 1 << 29,         /* its socket found no room to write and waits for some */
    CONN_NO_OPTIONS = 1 << 30,   /* TCP_NOOPT: no option in our SYN, none of the peer's taken */
    CONN_DEADLINE_SET = 1 << 28, /* what is armed is later than a deadline, or has fired */
};

/* Fast Open, RFC 7413. */
enum conn_fast_open {
    FAST_OPEN_ASKED = 1 << 0,      /* the user wants it */
    FAST_OPEN_NO_COOKIE = 1 << 1,  /* ... text in the SYN without a cookie even */
    FAST_OPEN_SYN_LEFT = 1 << 2,   /* the first SYN has left: no other has option or text */
    FAST_OPEN_OPTION = 1 << 3,     /* our SYN had the option; our SYN-ACK will have it */
    FAST_OPEN_EXPERIMENT = 1 << 4, /* ... as option 254 */
    FAST_OPEN_SYN_TEXT = 1 << 5,   /* our SYN had text */
    FAST_OPEN_TEXT_ACKED = 1 << 6, /* text in a SYN was acknowledged by the SYN-ACK, either way */
    FAST_OPEN_PASSIVE = 1 << 7,    /* made by a SYN, and still in SYN-RECEIVED */
};

struct conn_snd {
    struct seq una, nxt; /* SND.UNA, SND.NXT */
    uint32_t wnd;        /* SND.WND, bytes */
    struct seq wl1, wl2; /* SND.WL1, SND.WL2 */
    struct seq max;      /* the highest SND.NXT so far */
    struct seq end;      /* behind the last byte that the user queued */
    uint32_t wnd_max;    /* largest SND.WND seen: for silly-window avoidance and RFC 5961 §5 */
};

struct conn_rcv {
    struct seq nxt;   /* RCV.NXT */
    struct seq edge;  /* right edge of what we offered: RCV.NXT + RCV.WND */
    struct seq read;  /* first byte the user has not read */
    struct seq acked; /* Last.ACK.sent (RFC 7323 §4.3) */
    struct seq fin;   /* sequence number of the peer's FIN, when known */
};

/* What setsockopt can change per connection; 0 (or < 0 where stated) means the parameter of the
 * stack. */
struct conn_options {
    uint32_t user_timeout_ms;
    uint32_t notsent_lowat;
    uint32_t send_buffer, receive_buffer; /* bytes */
    uint16_t keepalive_idle_s, keepalive_interval_s;
    int16_t linger2_s;  /* TCP_LINGER2; < 0: no FIN-WAIT-2 at all */
    uint16_t mss_clamp; /* TCP_MAXSEG */
    uint8_t keepalive_probes, syn_retries;
    uint8_t tos, ttl;
};

/* How much of the congestion window was used (RFC 2861, RFC 7661): in the last window of data, and
 * since it was last full. */
struct window_use {
    struct seq end;    /* SND.NXT when `most` was taken */
    uint32_t most;     /* bytes out at the most */
    uint32_t since_ms; /* it was full then */
};

/* When text may leave, where it is paced (event/pace.c). */
struct pace {
    int64_t at;
    uint32_t most; /* bytes per second, SO_MAX_PACING_RATE; 0: no limit */
};

/* What a connection has only once something went wrong, its window is no more that of the first
 * slow start, or its user asked for what few ask for; from a pool of its own. */
struct repair {
    struct recovery recovery; /* first */
    struct cc_state cc;
    struct delivery delivery;
    struct pace pace;
    uint32_t window_clamp; /* TCP_WINDOW_CLAMP, bytes; 0: none (event/tune_receive.c) */
};

static inline struct cc_state *repair_cc(struct recovery *recovery)
{
    return recovery == NULL ? NULL : &((struct repair *)recovery)->cc;
}

struct conn_stats {
    /* text only: neither SYN nor FIN is a byte */
    uint64_t bytes_acked, bytes_received;
    uint32_t segs_out, segs_in, data_segs_out, data_segs_in;
};

struct tcp_conn {
    /* line 0 */
    struct tuple tuple;
    uint32_t flags; /* enum conn_flag */
    uint8_t state;  /* enum tcp_state; written by tcp_enter only */
    uint8_t owe;    /* enum owe */
    uint8_t wake;   /* enum wake, not yet told */
    /* the send queue it belongs to: its link, as the stack above sees it */
    uint8_t lane;
    struct conn_snd snd; /* straddles the line: una, nxt, wnd, wl1, wl2 in line 0 */
    /* line 1 */
    struct conn_rcv rcv;
    struct paws paws;
    struct wheel_node timer; /* the one entry, at the minimum of `deadline` */

    /* cold: touched by data, options, timers */
    /* the tuple's keyed hash: names it in traces; low half is its hash in the index */
    uint64_t flow;
    uint32_t generation;  /* kept when the block is reused: handles are index + generation */
    uint32_t socket;      /* of the floor above; POOL_NONE */
    uint32_t listener;    /* while in its accept queue; POOL_NONE */
    uint32_t endpoint;    /* where its local endpoint is counted (local_endpoints.h) */
    uint32_t write_queue; /* its struct write_queue; POOL_NONE: nothing was written yet */
    uint32_t send_next, send_prev;
    uint32_t queue_next; /* accept queue; then, with a socket, wake queue */
    uint32_t ts_offset;
    uint16_t mss;      /* Eff.snd.MSS with options taken off (RFC 6691) */
    uint16_t mss_peer; /* what the peer's option said */
    uint16_t mss_path; /* what the path's MTU allows, IP and TCP headers off */
    uint16_t mss_own;  /* what our option says: what the link can bring (RFC 9293 MUST-67) */
    /* the path swallows more, it seems (RFC 4821 §7.7); 0: no sign of it */
    uint16_t mss_hole;
    uint8_t snd_shift, rcv_shift;
    uint16_t gso_max; /* text that its link takes in one frame; 0: one segment */
    /* tcp->path_changes when the path's facts were taken; another number: they are asked for again
     * before more text leaves */
    uint16_t path_seen;
    struct seq iss;
    uint32_t packets;        /* segments sent and not cumulatively acknowledged */
    uint32_t recovery;       /* its struct repair; POOL_NONE: nothing ever went wrong */
    uint8_t retries;         /* timeouts in a row without progress */
    uint8_t probes;          /* unanswered persist or keepalive probes */
    uint16_t rcv_mss;        /* what counts as a full segment of the peer, as far as it showed */
    uint16_t rcv_last;       /* text of the last segment that was smaller */
    uint16_t cause;          /* enum lastack_cause of the present state */
    int16_t error;           /* LASTACK_E... for the socket: why it ended; 0 */
    int16_t soft_error;      /* last ICMP soft error, reported when retries run out */
    uint8_t fast_open;       /* enum conn_fast_open */
    uint8_t ecn;             /* enum ecn_flag */
    uint8_t challenge_count; /* challenge ACKs in the window that challenge_ms opened */
    bool is_hole_proven;     /* text of mss_hole got through */
    int64_t since;           /* in this state */
    /* when the segment that is being retransmitted was first sent; NEVER */
    int64_t first_retry_at;
    /* on the millisecond clock: good for 49 days */
    uint32_t challenge_ms;   /* first challenge ACK of a window (challenge.h), 0: none yet */
    uint32_t since_probe_ms; /* first probe of a window that is still shut; 0: none */
    uint32_t last_sent_ms;   /* last segment with text */
    uint32_t last_received_ms;
    struct deadlines deadline;
    struct stream send, receive;
    struct ranges arrived; /* text and FIN beyond a hole */
    struct ranges sent;
    struct window_use window_use;
    uint32_t told; /* what of `arrived` the peer hears first (sack_told.h); POOL_NONE */
    struct ack_policy ack;
    struct rtt rtt;
    struct cc cc;
    struct conn_options options;
    struct receive_space space;
    struct seq irs;
    struct conn_stats stats;
};

static inline uint32_t conn_rcv_wnd(const struct tcp_conn *conn)
{
    return seq_after(conn->rcv.edge, conn->rcv.nxt) ? seq_distance(conn->rcv.nxt, conn->rcv.edge)
                                                    : 0;
}

static inline uint32_t conn_in_flight(const struct tcp_conn *conn)
{
    return seq_distance(conn->snd.una, conn->snd.nxt);
}

/* The largest segment between the two, options included (BSD's t_maxseg); 0 before the SYNs. */
static inline uint32_t conn_full_mss(const struct tcp_conn *conn)
{
    return conn->mss_peer != 0 && conn->mss_peer < conn->mss_path ? conn->mss_peer : conn->mss_path;
}

static inline bool conn_has(const struct tcp_conn *conn, uint32_t flags)
{
    return (conn->flags & flags) != 0;
}

/* Until our SYN is acknowledged SND.UNA is the ISS, one before the first byte of text; text of 4
 * GiB brings it there again. */
static inline bool conn_syn_acked(const struct tcp_conn *conn)
{
    return !seq_equal(conn->snd.una, conn->iss) || conn->stats.bytes_acked > 0;
}

/* Bytes queued and not acknowledged (SYN and FIN not counted). */
uint32_t conn_send_held(const struct tcp_conn *conn);
/* Bytes in order that wait for the user. */
uint32_t conn_readable(const struct tcp_conn *conn);
/* Bytes of text sent, each counted once. */
uint64_t conn_bytes_sent(const struct tcp_conn *conn);
/* Our FIN has left (at least once). */
bool conn_fin_sent(const struct tcp_conn *conn);
/* TSval to send. */
uint32_t conn_ts_value(const struct tcp_conn *conn, const struct report *report);

/* A fresh block: everything at its start, nothing armed; flow and tuple set. `generation`
 * survives. */
void conn_init(struct tcp_conn *conn, const struct tuple *tuple, uint64_t flow,
               const struct lastack_params *params, int64_t now);

/* The only writer of conn->state: CHECKs the arrow, keeps cause and since, traces. */
void tcp_enter(struct tcp_conn *conn, enum tcp_state state, enum lastack_cause cause,
               const struct report *report);

void conn_note_timer(const struct tcp_conn *conn, enum lastack_trace_what what,
                     enum lastack_timer timer, int64_t at, const struct report *report);

/* Sets or stops a deadline. settle() looks at the wheel only if one became earlier than what is
 * armed. */
static inline void conn_set_deadline(struct tcp_conn *conn, enum lastack_timer timer, int64_t at,
                                     const struct report *report)
{
    CHECK((unsigned)timer < DEADLINE_COUNT);
    conn->deadline.at[timer] = at;
    if (at < conn->timer.at)
        conn->flags |= CONN_DEADLINE_SET;
    if (UNLIKELY(trace_wants(report->ring, LASTACK_TRACE_TIMER_ARMED)))
        conn_note_timer(conn, LASTACK_TRACE_TIMER_ARMED, timer, at, report);
}

static inline void conn_stop_deadline(struct tcp_conn *conn, enum lastack_timer timer,
                                      const struct report *report)
{
    CHECK((unsigned)timer < DEADLINE_COUNT);
    if (conn->deadline.at[timer] == NEVER)
        return;
    conn->deadline.at[timer] = NEVER;
    if (UNLIKELY(trace_wants(report->ring, LASTACK_TRACE_TIMER_STOPPED)))
        conn_note_timer(conn, LASTACK_TRACE_TIMER_STOPPED, timer, 0, report);
}

/* The written invariants; stops the program when one does not hold. */
void conn_check(const struct tcp_conn *conn);

#endif
