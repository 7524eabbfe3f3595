/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * tcp.h: one TCP: its tables, its parameters, and the four events that change connections.
 *
 *     arrives.c      RFC 9293 §3.10.7  SEGMENT ARRIVES
 *     user.c         RFC 9293 §3.10.1-6  OPEN, SEND, RECEIVE, CLOSE, ABORT
 *     timeouts.c     RFC 9293 §3.10.8  and every other deadline
 *     unreachable.c  ICMP errors
 *        │ change fields, set what is owed, never send, never call each other
 *        ▼
 *     settle.c ─▶ wheel, send queue, wake queue
 *        ▼
 *     next_segment.c   the only emitter; write_segment.c
 *
 * IP is a sibling that TCP cannot see: what it must know about a path it asks the floor above,
 * through `path`.
 */
#ifndef LASTACK_TCP_H
#define LASTACK_TCP_H

#include "challenge.h"
#include "conn.h"
#include "flow_index.h"
#include "listener.h"
#include "local_endpoints.h"
#include "page_pool.h"
#include "ports.h"
#include "replies.h"
#include "syn_cache.h"
#include "syn_cookie.h"
#include "syn_limit.h"
#include "time_wait.h"
#include "urgent.h"
#include "verdict.h"

#include <lastack/socket.h>

/* What IP knows about the way to a destination. */
struct tcp_path {
    uint32_t payload;    /* what fits behind the IP header: MTU - 20 or - 40 */
    uint32_t receivable; /* the same of what can arrive: the link's own MTU */
    uint32_t gso_max;    /* text of one frame, at most 65535; 0 = one segment a frame */
    uint8_t lane;        /* send queue: the link */
    /* tcp->path_changes, if all of this holds until that changes; else another number */
    uint16_t seen;
    bool is_loopback;
    bool is_reachable; /* there is a route */
};

/* The MSS that our SYN names (RFC 6691 §2): fixed headers off, what the user allows; options are
 * the sender's business, and what the path lets pass to us is not known. */
static inline uint16_t mss_offered(const struct tcp_path *path, uint16_t clamp)
{
    const uint32_t mss = path->receivable - 20;

    return (uint16_t)min32(mss, clamp != 0 ? clamp : 65535);
}

/* Retransmission goes on in vain: IP may doubt its way there (RFC 9293 §3.8.3, R1). */
typedef void tcp_doubt(void *context, const struct lastack_address *remote);

/* Good until the next is asked for. */
typedef const struct tcp_path *tcp_path_lookup(void *context, const struct lastack_address *remote);

enum { TCP_LANES = 34 }; /* 32 links, the parking lane of unresolved neighbours, one spare */

struct send_queue {
    uint32_t head, tail;
};

/* The secret asked for last: a handshake asks two or three times. */
struct secret_memo {
    uint64_t flow, secret;
    bool is_set;
};

/* The flow asked for last: segments come in runs of one connection. (No segment has port 0, so
 * nothing equals what is not set yet.) */
struct flow_memo {
    struct tuple tuple;
    uint64_t flow;
};

struct tcp {
    struct lastack_params params;
    struct report report; /* report.now is the stack's clock */
    struct pool conns;
    struct urgent *urgents; /* by index of the connection */
    struct wheel wheel;     /* over conns */
    struct flow_index index;
    struct time_wait time_waits;
    struct syn_cache syns;
    struct syn_limit syn_limit;
    struct fast_open_cache fast_open_cache;
    struct fast_open_keys fast_open_keys;
    uint32_t fast_open_accepted; /* in SYN-RECEIVED, and with a socket already */
    uint32_t fast_open_off_times;
    int64_t fast_open_off_until; /* no SYN of ours has it until then */
    struct syn_cookie_keys cookie_keys;
    struct local_endpoints endpoints;
    struct ports ports;
    struct pool listeners;
    struct page_pool pages;
    struct pool ranges;
    struct pool recoveries;
    struct pool write_queues;
    struct replies replies;
    struct send_queue lanes[TCP_LANES];
    uint64_t lanes_owing; /* a bit for each lane with somebody in it */
    uint32_t wake_head, wake_tail;
    uint32_t listener_wake; /* listeners with news, through next_woken */
    /* those that found no page: page_waiters.c */
    struct pool waiters; /* struct page_waiter */
    struct age_list page_waiters;
    uint32_t pages_wanted; /* how many of them lack a page */
    uint32_t orphans;
    uint32_t until_check; /* settles until the invariants are checked: every 1024th */
    struct challenge_budget challenges;
    struct rng rng;
    struct siphash_key isn_key;
    struct secret_memo secret;
    struct flow_memo flow;
    tcp_path_lookup *path;
    tcp_doubt *doubt;
    void *path_context;
    uint16_t path_changes; /* routes and MTUs learnt, as the floor above counts them */
    int64_t time_wait_warned_at;
};

/* ---- events ---- */

/* §3.10.7. The segment was parsed, its checksum verified, its addresses accepted by IP. What of it
 * lies outside the window is trimmed off in place. */
void tcp_arrives(struct tcp *tcp, struct segment *seg, uint64_t flow);
/* The flow of a tuple, for the passes of a batch and for tcp_arrives. */
uint64_t tcp_flow_of_other(struct tcp *tcp, const struct tuple *tuple);

static inline uint64_t tcp_flow(struct tcp *tcp, const struct tuple *tuple)
{
    return LIKELY(tuple_equal(&tcp->flow.tuple, tuple)) ? tcp->flow.flow
                                                        : tcp_flow_of_other(tcp, tuple);
}

/* §3.10.8: everything due at tcp->report.now. Returns true when the bounded round left something
 * over. */
bool tcp_timeouts(struct tcp *tcp);
int64_t tcp_next_deadline(const struct tcp *tcp);

/* An ICMP error quoted a segment of ours; for "too big" the path cache knows the new size already.
 * `error` is what the user would see. */
void tcp_unreachable(struct tcp *tcp, const struct tuple *tuple, struct seq seq,
                     enum lastack_cause cause, bool is_hard, int error);

/* All tables agree with each other, or the program stops. Returns the pages that connections hold
 * and, in *blocks, how many control blocks are alive or wait in an accept queue after their end:
 * what sockets hold beside is the floor above's to add. */
uint32_t tcp_check(const struct tcp *tcp, uint32_t *blocks);

/* What a viewer wants to know of retransmission: how long until R2 if nothing changes (-1:
 * unknown), and of how many. */
int64_t tcp_gives_up_in(const struct tcp *tcp, const struct tcp_conn *conn);
uint32_t tcp_retries_most(const struct tcp *tcp, const struct tcp_conn *conn);

/* ---- §3.10.1 OPEN ... §3.10.5 ABORT: user.c ---- */

/* Who has a tuple that a connection shall have. */
struct tuple_claim {
    uint64_t flow;         /* of the tuple; 0: nobody has asked yet */
    struct flow_ref owner; /* nobody, or a record that may be reused */
};

struct tcp_open {
    struct lastack_endpoint local, remote; /* local.port != 0 */
    struct tuple_claim claim;              /* active OPEN */
    uint32_t socket;
    uint8_t fast_open;          /* FAST_OPEN_ASKED, FAST_OPEN_NO_COOKIE */
    uint32_t connect_timeout_s; /* 0: connect_timeout_ns */
    uint8_t congestion;         /* enum lastack_congestion + 1; 0: the stack's */
    uint8_t defer;              /* passive OPEN: listener.defer */
    uint32_t window_clamp;      /* TCP_WINDOW_CLAMP; 0: none */
    /* CONN_NODELAY, CONN_CORK, CONN_KEEPALIVE, CONN_REUSE_..., CONN_IPV6_SOCKET, CONN_NO_OPTIONS */
    uint32_t flags;
    struct conn_options options;
};

/* Active OPEN: index of the connection in SYN-SENT, or POOL_NONE with *why set. */
uint32_t tcp_open_active(struct tcp *tcp, const struct tcp_open *open, enum lastack_cause *why);
/* Passive OPEN: index of the listener or POOL_NONE. Nothing finds it before it is among the
 * endpoints: then tcp_listens enters LISTEN. */
uint32_t tcp_open_passive(struct tcp *tcp, const struct tcp_open *open, uint32_t backlog,
                          uint8_t domain, enum lastack_cause *why);
void tcp_listens(struct tcp *tcp, uint32_t listener);
/* CLOSE in LISTEN: half-open requests and connections not accepted are reset. */
void tcp_close_listener(struct tcp *tcp, uint32_t listener, enum lastack_cause cause);
/* The oldest finished connection now belongs to `socket`; POOL_NONE if none waits. */
uint32_t tcp_accept(struct tcp *tcp, uint32_t listener, uint32_t socket);

/* Queues up to `length` bytes (`data` NULL: tcp_send_room); returns how many. If not all, the
 * socket is told when there is room again. Of the flags it knows LASTACK_MSG_MORE (the rest of a
 * small segment will follow) and LASTACK_MSG_EOR (nothing is appended to its last segment). */
uint32_t tcp_send(struct tcp *tcp, struct tcp_conn *conn, const void *data, uint32_t length,
                  uint32_t flags);
/* Makes room for text behind what is queued, at most `length` bytes; how much (0: the socket is
 * told when there is some). Until the next call it may be written to; then tcp_send with `data`
 * NULL queues it. */
uint32_t tcp_send_room(struct tcp *tcp, struct tcp_conn *conn, uint32_t length);
/* Is that much of it there? */
bool tcp_has_send_room(const struct tcp *tcp, const struct tcp_conn *conn, uint32_t length);
/* What of it was not used goes back. */
void tcp_drop_send_room(struct tcp *tcp, struct tcp_conn *conn);
/* Worth writing to: a third of the buffer is free, not too much waits to be sent, and there is a
 * page. */
bool tcp_is_writable(const struct tcp *tcp, const struct tcp_conn *conn);
/* Tell the socket when it is. */
void tcp_want_room(struct tcp *tcp, struct tcp_conn *conn);
/* The send buffer's size, and what is charged to it; bytes. */
uint32_t tcp_send_limit(const struct tcp *tcp, const struct tcp_conn *conn);
uint32_t tcp_send_charge(const struct tcp *tcp, const struct tcp_conn *conn);
/* What was queued last is urgent: SND.UP is behind it. */
void tcp_send_urgent(struct tcp *tcp, struct tcp_conn *conn);
/* Where the last urgent octet is, if it was not read yet. */
bool tcp_urgent_mark(struct tcp *tcp, struct tcp_conn *conn, struct seq *mark);
/* The user took `length` bytes that conn_readable() promised. */
void tcp_received(struct tcp *tcp, struct tcp_conn *conn, uint32_t length);
/* CLOSE of our direction: a FIN follows what is queued. */
void tcp_shutdown_send(struct tcp *tcp, struct tcp_conn *conn, enum lastack_cause cause);
/* The last descriptor is gone: CLOSE, and the connection has no owner from now on. It may end at
 * once. */
void tcp_close(struct tcp *tcp, struct tcp_conn *conn, enum lastack_cause cause);
/* Nobody holds it any more: an orphan from now on. The caller ends it or lets it end. */
void tcp_disown(struct tcp *tcp, struct tcp_conn *conn);
/* ABORT: RST where §3.10.5 asks for one; the owner, if any, finds `error`. */
void tcp_abort(struct tcp *tcp, struct tcp_conn *conn, enum lastack_cause cause, int error);
/* What a choice (congestion of struct tcp_open) stands for. */
static inline enum lastack_congestion tcp_congestion(const struct tcp *tcp, uint8_t choice)
{
    return choice != 0 ? (enum lastack_congestion)(choice - 1) : tcp->params.congestion;
}

/* Another algorithm goes on with the window as it is. */
void tcp_set_congestion(struct tcp *tcp, struct tcp_conn *conn, enum lastack_congestion algorithm);
/* An option changed that next_segment depends on. */
void tcp_reconsider(struct tcp *tcp, struct tcp_conn *conn);
/* SO_KEEPALIVE was switched: off, or on from now. */
void tcp_keepalive_switched(struct tcp *tcp, struct tcp_conn *conn);
/* The idle time before probes changed: what has passed of it counts. */
void tcp_keepalive_changed(struct tcp *tcp, struct tcp_conn *conn);
/* The socket has taken over what an ended connection still held: the block is free. */
void tcp_release(struct tcp *tcp, struct tcp_conn *conn);
/* The next connection that has something to tell its socket (its bits are in
 * *wake), or NULL. */
struct tcp_conn *tcp_next_woken(struct tcp *tcp, uint8_t *wake);
/* Ends whatever owns the tuple: a connection, a record, a half-open request.
 * False: nothing does. */
bool tcp_kill(struct tcp *tcp, const struct tuple *tuple);
/* ABORT in TIME-WAIT (RFC 9293 §3.10.5): ends the record of the connection whose RCV.NXT was
 * `rcv_nxt`. False: there is none any more; the tuple may belong to a later life. */
bool tcp_abort_record(struct tcp *tcp, const struct tuple *tuple, struct seq rcv_nxt);

/* ---- next_segment.c ---- */

struct tcp_out {
    struct segment seg;        /* what to build; its text is in the stream, see below */
    const struct stream *text; /* NULL: no text */
    uint32_t gso_size;         /* 0: one segment */
    enum lastack_cause again;  /* why it leaves again; NONE: for the first time */
    uint8_t tos, ttl;
};

/* Where its text begins in the stream: behind the SYN, if it has one. */
static inline struct seq tcp_out_text_seq(const struct tcp_out *out)
{
    return seq_add(out->seg.seq, out->seg.flags & LASTACK_SYN ? 1 : 0);
}

/* The next answer that belongs to no connection; false when none waits. */
bool tcp_next_reply(struct tcp *tcp, struct tcp_out *out);
/* Fills in the next segment of a lane; false when nobody there owes anything that may leave now. */
bool tcp_next_segment(struct tcp *tcp, unsigned lane, struct tcp_out *out);
/* The reply just taken goes to the end of the queue: its link is full. */
void tcp_reply_later(struct tcp *tcp);
/* The connection whose turn it is in a lane, or NULL. */
const struct tcp_conn *tcp_lane_head(const struct tcp *tcp, unsigned lane);
/* Its neighbour does not answer yet: the connection waits in another lane until tcp_unpark. */
void tcp_move_lane(struct tcp *tcp, uint32_t index, unsigned lane);
void tcp_unpark(struct tcp *tcp, unsigned from_lane);
/* Told to the user if the connection is given up. */
void tcp_soft_error(struct tcp *tcp, uint32_t index, int error);
/* Is this sequence number of the tuple's connection sent and not acknowledged (RFC 5927 §4.1)? */
bool tcp_is_in_flight(const struct tcp *tcp, const struct tuple *tuple, struct seq seq);

/* ---- tune_receive.c ---- */

/* Few pages are left: buffers do not grow. */
bool tcp_memory_is_tight(const struct tcp *tcp);
/* What of `most` bytes one connection's buffer may grow to. */
uint32_t tcp_buffer_share(const struct tcp *tcp, uint32_t most);
/* Text in order arrived; RCV.NXT has moved. */
void conn_tune_arrived(const struct tcp *tcp, struct tcp_conn *conn, const struct segment *seg);
/* The user read so much. */
void conn_tune_read(const struct tcp *tcp, struct tcp_conn *conn, uint32_t length);
/* The buffer now stands for so many bytes; the window follows by policy. */
void conn_set_receive_limit(const struct tcp *tcp, struct tcp_conn *conn, uint32_t limit);
/* TCP_WINDOW_CLAMP of a connection, bytes > 0; false: there is no room to remember it. */
bool tcp_set_window_clamp(struct tcp *tcp, uint32_t index, uint32_t clamp);
uint32_t tcp_window_clamp(const struct tcp *tcp, uint32_t index);
/* ... that its socket or listener brought along; it is not in CLOSED any more. */
void conn_clamp_from_start(struct tcp *tcp, struct tcp_conn *conn, uint32_t clamp);

/* ---- frame.c ---- */

enum frame_push {
    FRAME_USUAL,
    FRAME_PUSHED, /* whatever Nagle says */
    FRAME_ONE,    /* and at once */
};

enum frame_verdict {
    FRAME_LEAVES,
    FRAME_NOTHING, /* no text waits */
    FRAME_NO_CWND,
    FRAME_NO_WINDOW,
    FRAME_HELD,     /* by Nagle or a cork */
    FRAME_DEFERRED, /* until the next ACK */
};

/* What the windows have room for behind SND.NXT, bytes of text. */
struct send_room {
    uint32_t offered;
    uint32_t congestion; /* whole segments where they count */
};

static inline uint32_t conn_offered_room(const struct tcp_conn *conn)
{
    const uint32_t used = conn_in_flight(conn);

    return conn->snd.wnd > used ? conn->snd.wnd - used : 0;
}

uint32_t conn_congestion_room(const struct tcp *tcp, const struct tcp_conn *conn);

/* How much of the text from `from` on leaves in one frame, when all before it has left. */
enum frame_verdict conn_next_frame(const struct tcp *tcp, const struct tcp_conn *conn,
                                   struct send_room room, struct seq from, enum frame_push push,
                                   uint32_t *length);
/* Segments of one frame at the most. */
uint32_t conn_frame_segments(const struct tcp *tcp, const struct tcp_conn *conn);
/* When the first segment was sent that is not acknowledged; now if none is (recover_send.c). */
int64_t conn_head_sent_at(const struct tcp *tcp, const struct tcp_conn *conn);
/* MSG_MORE holds until the next ACK at the most (send_space.c). */
void conn_stop_holding(struct tcp *tcp, struct tcp_conn *conn);
/* What holds the sender back begins or ends; nothing where nothing was ever written. */
void conn_chrono_start(struct tcp *tcp, struct tcp_conn *conn, enum chronograph_kind kind);
void conn_chrono_stop(struct tcp *tcp, struct tcp_conn *conn, enum chronograph_kind kind);
/* The socket waits for room and there is some: tell it. */
void conn_check_room(struct tcp *tcp, struct tcp_conn *conn);

/* Its write queue, now made if there was none. */
struct write_queue *conn_need_queue(struct tcp *tcp, struct tcp_conn *conn);

/* ---- page_waiters.c ---- */

/* It would write, and there is no page: its socket is told when there is, in its turn. */
void conn_wait_for_page(struct tcp *tcp, struct tcp_conn *conn);
void conn_leave_page_waiters(struct tcp *tcp, struct tcp_conn *conn);
/* Nobody waits for a page, or its turn has come. */
bool conn_may_take_page(const struct tcp *tcp, const struct tcp_conn *conn);
/* A byte written now would find its place. */
bool conn_has_page(const struct tcp *tcp, const struct tcp_conn *conn);
/* The next who waits is told, if there is a page. Returns the number of the one whose turn it is,
 * if that is none of the connections but somebody of the floor above, who leaves the line or goes
 * to its end; POOL_NONE: nobody of those. */
uint32_t tcp_tell_page_waiter(struct tcp *tcp);
/* For the floor above: in the line, at the front if it was told in vain; out of it (or it was not
 * in it). It may take a page: nobody waits for one, or its turn has come. */
void page_turn_wait(struct tcp *tcp, struct page_turn *turn, uint32_t who, bool wants_page);
void page_turn_leave(struct tcp *tcp, struct page_turn *turn);
bool page_turn_has_come(const struct tcp *tcp, const struct page_turn *turn);
/* The line is right, or the program stops; how many connections wait, and how many *others. */
uint32_t page_waiters_check(const struct tcp *tcp, uint32_t *others);

/* ---- shared by the events (settle.c, ending.c) ---- */

static inline struct tcp_conn *tcp_conn_at(const struct tcp *tcp, uint32_t index)
{
    return pool_at(&tcp->conns, index);
}

static inline uint32_t tcp_index_of(const struct tcp *tcp, const struct tcp_conn *conn)
{
    return (uint32_t)((size_t)((const uint8_t *)conn - tcp->conns.memory) / sizeof *conn);
}

static inline struct paws_rule tcp_paws_rule(const struct tcp *tcp, bool is_connection)
{
    return (struct paws_rule){is_connection ? tcp->params.paws_slack_ns : 0,
                              tcp->params.paws_stale_ns};
}

/* One RTT-clock of the peer: TS.Recent moves when the segment covers Last.ACK.sent (RFC 7323
 * §4.3). */
static inline void conn_take_timestamp(const struct tcp *tcp, struct tcp_conn *conn,
                                       const struct segment *seg)
{
    if (conn_has(conn, CONN_TIMESTAMP) && seg->options & OPTION_TIMESTAMP &&
        seq_before_or_equal(seg->seq, conn->rcv.acked))
        paws_take(&conn->paws, tcp_paws_rule(tcp, true), seg->ts_value, tcp->report.now);
}

/* What is remembered of its queue; there is one from the first write on. */
static inline struct write_queue *conn_queue(const struct tcp *tcp, const struct tcp_conn *conn)
{
    return pool_at(&tcp->write_queues, conn->write_queue);
}

/* How long it may be silent before it is probed. */
static inline int64_t conn_keepalive_idle(const struct tcp *tcp, const struct tcp_conn *conn)
{
    return conn->options.keepalive_idle_s != 0 ? SEC(conn->options.keepalive_idle_s)
                                               : tcp->params.keepalive_idle_ns;
}

/* When to send again what leaves now, or was acknowledged in part just now: no later than the
 * user's patience lasts. */
static inline int64_t conn_retransmit_at(const struct tcp *tcp, const struct tcp_conn *conn)
{
    const int64_t at = time_after(tcp->report.now, rtt_timeout(&conn->rtt, &tcp->params));

    if (conn->options.user_timeout_ms == 0 || conn->first_retry_at == NEVER)
        return at;
    return min64(at,
                 max64(tcp->report.now, conn->first_retry_at + MS(conn->options.user_timeout_ms)));
}

/* Minshall's question: is a small segment not acknowledged? Not one of 2 GiB ago. */
static inline bool is_small_in_flight(const struct tcp_conn *conn, const struct write_queue *queue)
{
    return seq_after(queue->small, conn->snd.una) && !seq_after(queue->small, conn->snd.nxt);
}

/* SEG.SEQ of what has no text: SND.NXT, unless the peer took back the window under it (RFC 9293
 * §3.8.6, MUST-34): beyond his window he would not listen. By less than a unit it may have moved
 * for its scale alone (RFC 7323 §2.4). */
static inline struct seq conn_seq_without_text(const struct tcp_conn *conn)
{
    const struct conn_snd *snd = &conn->snd;

    if (LIKELY(seq_distance(snd->una, snd->nxt) <= snd->wnd) ||
        !tcp_state_is_synchronized(conn->state) ||
        (seq_distance(snd->una, snd->nxt) - snd->wnd) >> conn->snd_shift == 0)
        return snd->nxt;
    return seq_add(snd->una, snd->wnd);
}

/* The common end of every event on a living connection. */
void settle(struct tcp *tcp, struct tcp_conn *conn);

/* A new block in the index and among the endpoints, in CLOSED; NULL with the cause counted. */
struct tcp_conn *conn_create(struct tcp *tcp, const struct tuple *tuple, uint64_t flow,
                             uint32_t flags, enum lastack_cause *why);
/* The connection is over: enters CLOSED, leaves index and endpoints; freed when nobody reads it
 * any more, else its socket is woken with `error`. */
void conn_end(struct tcp *tcp, struct tcp_conn *conn, enum lastack_cause cause, int error);
/* Enters TIME-WAIT: the record takes over, the block goes as in conn_end. */
void conn_enter_time_wait(struct tcp *tcp, struct tcp_conn *conn, enum lastack_cause cause);
/* An orphan in FIN-WAIT-2 becomes a record of that substate. */
void conn_enter_fin_wait_2_record(struct tcp *tcp, struct tcp_conn *conn);
/* Tells the socket. */
void conn_wake(struct tcp *tcp, struct tcp_conn *conn, uint8_t wake);
/* Sets the path's facts: lane, MSS. */
void conn_take_path(struct tcp *tcp, struct tcp_conn *conn);
/* The same where they may be others by now (conn->path_seen), while its turn in a lane lasts: what
 * leaves in it leaves by that lane yet. */
void conn_take_path_in_turn(struct tcp *tcp, struct tcp_conn *conn);
/* Large segments seem to vanish without a word: smaller ones from now on (RFC 4821 §7.7). */
void conn_suspect_black_hole(struct tcp *tcp, struct tcp_conn *conn);
/* buffers_in_segs: the MSS is known now. */
void conn_round_buffers(const struct tcp *tcp, struct tcp_conn *conn);
/* The window was seen for the first time: it bounds the MSS where a profile says so. */
void conn_bound_mss(const struct tcp *tcp, struct tcp_conn *conn);
/* Takes out of its send queue. */
void conn_unqueue(struct tcp *tcp, struct tcp_conn *conn);

/* Its socket may still read it, but a record answers for the tuple now. */
void conn_leave_to_record(struct tcp *tcp, struct tcp_conn *conn);
void conn_unwake(struct tcp *tcp, struct tcp_conn *conn);
/* Options and flags of socket or listener; path, first window, timestamp offset. */
void conn_start(struct tcp *tcp, struct tcp_conn *conn, const struct conn_options *options,
                uint32_t flags);
void conn_choose_iss(struct tcp_conn *conn, struct seq iss);

/* ---- loss recovery: recover*.c, recover.h ---- */

static inline struct recovery *conn_recovery(const struct tcp *tcp, const struct tcp_conn *conn)
{
    return conn->recovery == POOL_NONE ? NULL : pool_at(&tcp->recoveries, conn->recovery);
}

/* NULL as long as recovery is. */
static inline struct pace *conn_pace(const struct tcp *tcp, const struct tcp_conn *conn)
{
    struct repair *repair = (struct repair *)conn_recovery(tcp, conn);

    return repair == NULL ? NULL : &repair->pace;
}

/* The largest window that the user wants to offer; 0: he did not say. */
static inline uint32_t *conn_window_clamp_at(const struct tcp *tcp, const struct tcp_conn *conn)
{
    return &((struct repair *)conn_recovery(tcp, conn))->window_clamp;
}

static inline uint32_t conn_window_clamp(const struct tcp *tcp, const struct tcp_conn *conn)
{
    return conn->recovery == POOL_NONE ? 0 : *conn_window_clamp_at(tcp, conn);
}

static inline struct delivery *conn_delivery(const struct tcp *tcp, const struct tcp_conn *conn)
{
    struct repair *repair = (struct repair *)conn_recovery(tcp, conn);

    return repair == NULL ? NULL : &repair->delivery;
}

static inline struct sent_set conn_sent(struct tcp *tcp, struct tcp_conn *conn)
{
    struct recovery *recovery = conn_recovery(tcp, conn);

    return (struct sent_set){&conn->sent, &tcp->ranges, recovery == NULL ? NULL : &recovery->board,
                             conn->mss};
}

/* What an amount takes of the congestion window, in bytes. */
static inline uint32_t conn_charge(const struct tcp *tcp, const struct tcp_conn *conn,
                                   struct sent_amount amount)
{
    return tcp->params.cwnd_counts_segs ? amount.segs * conn->cc.mss : amount.bytes;
}

/* The connection's recovery, now made if there was none; NULL: the pool is full. */
struct recovery *conn_need_recovery(struct tcp *tcp, struct tcp_conn *conn);
void conn_drop_recovery(struct tcp *tcp, struct tcp_conn *conn);
/* What was sent and not acknowledged, as the congestion window counts it. */
static inline uint32_t conn_out(const struct tcp *tcp, const struct tcp_conn *conn)
{
    return conn_charge(tcp, conn, (struct sent_amount){conn->packets, conn_in_flight(conn)});
}

uint32_t conn_repaired_pipe(const struct tcp *tcp, const struct tcp_conn *conn, uint32_t out);

/* What of it is thought to be in the network (RFC 6675's pipe): all, while nothing went wrong. */
static inline uint32_t conn_pipe(const struct tcp *tcp, const struct tcp_conn *conn)
{
    const uint32_t out = conn_out(tcp, conn);

    return conn->recovery == POOL_NONE ? out : conn_repaired_pipe(tcp, conn, out);
}

/* The retransmission timer, RFC 6298 §5: from now on, or, if not is_fresh, from when the first
 * segment was sent. */
void conn_arm_timeout(struct tcp *tcp, struct tcp_conn *conn, bool is_fresh);
/* How much of the window is used, after something was sent or could not be, or waits for an ACK
 * that will let a larger frame leave (is_deferred). */
void conn_note_window_use(struct tcp *tcp, struct tcp_conn *conn, bool is_deferred);

/* ---- pace.c ---- */

/* Bytes per second at which this connection sends when it is paced; Linux's sk_pacing_rate. */
uint64_t pace_rate(const struct tcp *tcp, const struct tcp_conn *conn);
static inline bool conn_is_paced(const struct tcp *tcp, const struct tcp_conn *conn)
{
    return tcp->params.pacing || conn_has(conn, CONN_PACED);
}

/* Of one that is: text must wait, nothing is owed until the deadline. */
bool pace_holds(struct tcp *tcp, struct tcp_conn *conn);
/* A frame with so much text has left. */
void pace_sent(struct tcp *tcp, struct tcp_conn *conn, uint32_t length);
/* SO_MAX_PACING_RATE, bytes per second; 0: none. False: there is no room to remember it. */
bool tcp_set_pacing(struct tcp *tcp, struct tcp_conn *conn, uint32_t most);

/* ---- find.c: index and endpoints ---- */

/* tuple_secret of a flow. */
uint64_t tcp_secret(struct tcp *tcp, const struct tuple *tuple, uint64_t flow);
struct flow_ref tcp_find(const struct tcp *tcp, const struct tuple *tuple, uint64_t flow);
/* The passes of a batch before its packets are processed: slots first, then their owners. */
void tcp_prefetch_slot(const struct tcp *tcp, uint64_t flow);
void tcp_prefetch_owner(const struct tcp *tcp, uint64_t flow);
/* The most specific listener of a local endpoint, or POOL_NONE. */
uint32_t tcp_find_listener(struct tcp *tcp, const struct lastack_endpoint *local, uint64_t flow);
/* Into index and endpoints; false with *why when one of them is full. */
bool tcp_index_connection(struct tcp *tcp, struct tcp_conn *conn, uint32_t index,
                          enum lastack_cause *why);
void tcp_unindex_connection(struct tcp *tcp, struct tcp_conn *conn);
/* Its local endpoint alone: for a connection whose slot was a half-open request's. */
bool tcp_enter_endpoint(struct tcp *tcp, struct tcp_conn *conn);
void tcp_leave_endpoint(struct tcp *tcp, const struct tcp_conn *conn);
/* The connection's use of its endpoint becomes a record's, and ends with it. */
void tcp_endpoint_to_record(struct tcp *tcp, const struct tcp_conn *conn);
void tcp_leave_record(struct tcp *tcp, const struct time_wait_record *record);
/* SO_REUSEADDR, SO_REUSEPORT changed: CONN_REUSE_ADDRESS, CONN_REUSE_PORT of `flags`. */
void tcp_set_reuse(struct tcp *tcp, struct tcp_conn *conn, uint32_t flags);

/* ---- records.c ---- */

struct flow_ref flow_of_record(struct time_wait_ref ref);
struct time_wait_ref record_ref(struct flow_ref ref);
void tcp_end_record(struct tcp *tcp, struct time_wait_ref ref, enum lastack_cause cause);
bool tcp_record_timeouts(struct tcp *tcp, unsigned max);
void tcp_resume_record(struct tcp *tcp, const struct tuple *tuple, uint64_t flow,
                       struct flow_ref from, uint32_t index);
void tcp_drop_superseded(struct tcp *tcp, const struct tuple *tuple, uint32_t index);
/* Nobody owns the tuple, or a record that connect() may take over: fills in the owner for
 * claim->flow. */
bool tcp_claim(const struct tcp *tcp, const struct tuple *tuple, struct tuple_claim *claim);
bool tcp_reuse_time_wait(struct tcp *tcp, struct flow_ref old, struct seq *iss,
                         uint32_t *ts_recent);

/* ---- half-open requests: arrives_listen.c ---- */

struct fast_open_answer;
bool tcp_make_syn_entry(struct tcp *tcp, uint32_t listener, const struct segment *seg,
                        uint64_t flow, struct seq iss, struct flow_ref record,
                        const struct fast_open_answer *answer);
void tcp_forget_syn_entry(struct tcp *tcp, uint32_t index, enum lastack_cause cause);
void tcp_drop_syn_entries(struct tcp *tcp, uint32_t listener, enum lastack_cause cause);
bool tcp_syn_timeouts(struct tcp *tcp, unsigned max);
/* What a SYN says, into an empty request with its tuple and its listener; then the window to answer
 * with. */
void request_from_syn(const struct tcp *tcp, const struct listener *listener,
                      const struct segment *seg, struct syn_entry *entry);
void request_offer_window(const struct tcp *tcp, const struct listener *listener,
                          struct syn_entry *entry);
/* The window scale that this listener answers with. */
uint8_t request_shift(const struct tcp *tcp, const struct listener *listener);
/* The control block of a request, in SYN-RECEIVED, among the endpoints and not yet in the index;
 * NULL (counted) when there is no room. */
struct tcp_conn *conn_from_request(struct tcp *tcp, const struct syn_entry *entry);
/* Into its listener's accept queue, and on with the segment that completed the handshake. */
void conn_is_accepted(struct tcp *tcp, struct tcp_conn *conn, struct segment *seg);
/* Into the index; false: it is full, and the connection is gone again. */
bool request_enters_index(struct tcp *tcp, struct tcp_conn *conn, const struct segment *seg);

/* ---- Fast Open: fast_open_client.c, fast_open_server.c ---- */

/* Would a SYN to this destination carry text now? */
bool tcp_fast_open_is_ready(const struct tcp *tcp, const struct tuple *tuple);
/* Bytes that the SYN of this connection can carry: none without a cookie, or once it has left. */
uint32_t tcp_fast_open_room(const struct tcp *tcp, uint32_t index);
/* The option of our first SYN; returns how much text goes with it. */
uint32_t fast_open_fill_syn(struct tcp *tcp, struct tcp_conn *conn, struct segment *seg);
/* SND.UNA and the state have moved to what a SYN-ACK said. */
void fast_open_answered(struct tcp *tcp, struct tcp_conn *conn, const struct segment *syn_ack);
/* Our SYN timed out, maybe for the last time. */
void fast_open_timed_out(struct tcp *tcp, const struct tcp_conn *conn, bool is_over);

/* What the SYN-ACK of an ordinary request brings. */
struct fast_open_answer {
    uint16_t option; /* OPTION_FAST_OPEN, OPTION_FAST_OPEN_EXP or none */
    uint8_t cookie[FAST_OPEN_COOKIE];
};

/* A SYN that may be answered: true if it is a connection now. */
bool fast_open_serves(struct tcp *tcp, uint32_t listener, const struct segment *syn, uint64_t flow,
                      struct fast_open_answer *answer);
void fast_open_fill_syn_ack(const struct tcp *tcp, struct tcp_conn *conn, struct segment *seg);
/* It leaves SYN-RECEIVED. */
void fast_open_is_over(struct tcp *tcp, struct tcp_conn *conn, bool is_reset);
void fast_open_accepted(struct tcp *tcp, struct listener *listener, const struct tcp_conn *conn);

/* ---- requests that the peer remembers: arrives_cookie.c ---- */

void answer_with_cookie(struct tcp *tcp, uint32_t listener, const struct segment *seg,
                        uint64_t flow);
/* An ACK that belongs to nobody reached a listener. True: it was a cookie's, and dealt with. */
bool arrives_with_cookie(struct tcp *tcp, uint32_t listener, struct segment *seg, uint64_t flow);
/* A connection waits to be accepted. */
void tcp_wake_listener(struct tcp *tcp, uint32_t listener);
/* The next listener with news, or POOL_NONE. */
uint32_t tcp_next_woken_listener(struct tcp *tcp);
void tcp_unwake_listener(struct tcp *tcp, uint32_t listener);

/* ---- answers ---- */

/* RFC 9293 §3.10.7.1: the RST that a segment for nobody gets. */
void reply_rst_to(struct tcp *tcp, const struct segment *seg, uint64_t flow, enum tcp_state state);
/* The same from a connection, with its TOS and TTL. */
void reply_rst_by(struct tcp *tcp, const struct tcp_conn *conn, const struct segment *seg);
/* RST of a connection that aborts: <SEQ=SND.NXT><CTL=RST,ACK>. */
void reply_rst_of(struct tcp *tcp, const struct tcp_conn *conn);
/* A pure ACK of its own, never merged: duplicate ACK, challenge, last ACK. */
void reply_ack(struct tcp *tcp, struct tcp_conn *conn);
/* The same, and `again` had arrived before (RFC 2883), unless it is empty. */
void reply_ack_again(struct tcp *tcp, struct tcp_conn *conn, struct sack_block again);
/* The same, subject to RFC 5961 §7's limits. */
void reply_challenge(struct tcp *tcp, struct tcp_conn *conn);
/* The MSS that a listener tells this peer. */
uint16_t listener_mss(const struct tcp *tcp, const struct listener *listener,
                      const struct tuple *tuple);
/* SYN-ACK of a half-open request. */
void reply_syn_ack(struct tcp *tcp, const struct syn_entry *entry,
                   const struct fast_open_answer *answer);

/* The window field and its meaning in bytes for what leaves now; moves rcv.edge. */
uint16_t conn_offer_window(struct tcp_conn *conn);
/* Options of every segment of a synchronized connection: TS, SACK blocks. */
void conn_fill_options(const struct tcp *tcp, struct tcp_conn *conn, struct segment *seg);

/* What a SYN or SYN-ACK told us, taken into the control block. */
void conn_take_syn_options(struct tcp *tcp, struct tcp_conn *conn, const struct segment *seg);

/* ---- arrives*.c, split by step ---- */

enum verdict fifth_check_ack(struct tcp *tcp, struct tcp_conn *conn, const struct segment *seg);
/* What of the text had arrived before is left in seg->again. */
void sixth_check_urg(struct tcp *tcp, struct tcp_conn *conn, const struct segment *seg);
/* URG and pointer of a segment that leaves, while there is one to tell. */
void urgent_fill(struct tcp *tcp, struct tcp_conn *conn, struct segment *seg);
enum verdict seventh_take_text(struct tcp *tcp, struct tcp_conn *conn, struct segment *seg);
/* "Queue for processing after the ESTABLISHED state has been reached": text and FIN behind a SYN
 * that crossed ours. */
void keep_rest_of_syn(struct tcp *tcp, struct tcp_conn *conn, const struct segment *syn);
/* ... and that state is reached. */
void take_rest_of_syn(struct tcp *tcp, struct tcp_conn *conn);
enum verdict eighth_check_fin(struct tcp *tcp, struct tcp_conn *conn, const struct segment *seg);
void arrives_in_other_states(struct tcp *tcp, struct tcp_conn *conn, struct segment *seg);
void arrives_in_listen(struct tcp *tcp, uint32_t listener, struct segment *seg, uint64_t flow);
void arrives_for_syn_entry(struct tcp *tcp, uint32_t entry, struct segment *seg, uint64_t flow);
void arrives_in_time_wait(struct tcp *tcp, struct time_wait_ref ref, const struct segment *seg,
                          uint64_t flow);

#endif
