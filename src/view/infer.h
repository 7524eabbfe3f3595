/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * infer.h: the states of both ends of a connection, from nothing but its packets.
 *
 *        end 0                        capture point                       end 1
 *          │  ── SYN ──────────────────────▶ │ ───────────────────────────▶ │
 *          │                                 │ ◀─────────────────── SYN-ACK │
 *
 * A packet proves what its *sender* had done and heard when it sent it: it sent a FIN if one was
 * seen, it heard the peer's FIN if it acknowledges it. It proves nothing about its receiver,
 * which may never get it. So for each end a handful of facts is kept, each NO, YES or MAYBE, and
 * the state is a function of the facts:
 *
 *     sent FIN   its FIN acked   heard peer's FIN      state (RFC 9293 §3.3.2, Figure 5)
 *     no         -               no                    ESTABLISHED
 *     no         -               yes                   CLOSE-WAIT
 *     yes        no / yes        no                    FIN-WAIT-1 / FIN-WAIT-2
 *     yes, first no / yes        yes                   CLOSING / TIME-WAIT
 *     yes, later no / yes        yes                   LAST-ACK / CLOSED
 *
 * Every MAYBE multiplies the possible states. An end's state is *proven* when one is left; infer
 * never names another. What would be so if all packets arrived is `infer_expected`, and viewers
 * mark it as not proven.
 *
 * "Its FIN was acknowledged" is the hard one, because nobody acknowledges an ACK. It is proven
 * when the end acknowledges a byte of the peer of which every copy seen carried that ACK.
 *
 * Assumed: what an end received has passed the capture point, until an ACK of something never
 * seen shows that the capture lost packets; what an end sent has passed it too, until a gap
 * shows that some did not; a FIN that waits behind unsent text is not sent. After a gap the
 * facts concerned are MAYBE. Not assumed: that anything arrives, arrives once, or in order.
 *
 * Silence proves nothing: an end that gives up by a timer is shown in the state of its last packet.
 */
#ifndef LASTACK_INFER_H
#define LASTACK_INFER_H

#include "segment.h"

#include <lastack/trace.h>

/* One TCP segment as the capture saw it. */
struct infer_packet {
    int64_t at;             /* ns */
    unsigned from;          /* 0 or 1 */
    struct segment segment; /* local, remote and text are not looked at */
    uint16_t ip_id;         /* IPv4 identification; 0 = none */
};

enum knowledge { KNOW_NO = 1, KNOW_YES = 2, KNOW_MAYBE = 3 };

/* What is known about one end. */
struct infer_facts {
    bool is_seen;      /* it has sent something in this connection */
    bool has_sent_syn; /* its SYN was seen or, by the peer's ACK of it, must have been sent */
    uint8_t heard_syn; /* the peer's SYN reached it */
    uint8_t syn_acked; /* the ACK of its SYN reached it */
    uint8_t sent_fin;
    uint8_t heard_fin; /* the peer's FIN reached it, and all before it */
    uint8_t fin_acked; /* the ACK of its FIN reached it */
    /* It had not heard the peer's FIN when it sent its own; 0 until it sent one. */
    uint8_t closed_first;
    uint8_t heard_rst; /* an acceptable RST reached it */
    uint8_t is_gone;   /* it sent a RST and forgot the connection */
    bool has_peer_fin; /* the peer's FIN was seen: it may be on its way */
    bool may_reopen;   /* a new SYN for the same addresses is on its way to it */
};

/* States it can be in, as bits 1 << enum tcp_state; 0 when nothing is known at all. */
uint16_t infer_possible(const struct infer_facts *facts);

/* The one state it can be in; 0 if that is not proven. */
enum tcp_state infer_proven(const struct infer_facts *facts);

/* The state it is in if everything that is on its way arrives; 0 if not even that can be said. */
enum tcp_state infer_expected(const struct infer_facts *facts);

/* What is noteworthy about a packet. (name, text) */
#define INFER_MARKS(X)                                                                             \
    X(RETRANSMISSION, "retransmission")                                                            \
    X(FAST_RETRANSMISSION, "fast retransmission")                                                  \
    X(NEEDLESS, "sent again though acknowledged")                                                  \
    X(OUT_OF_ORDER, "out of order")                                                                \
    X(COPY, "the same packet again")                                                               \
    X(OLD_DUPLICATE, "old duplicate")                                                              \
    X(DUPLICATE_ACK, "duplicate ACK")                                                              \
    X(ZERO_WINDOW, "zero window")                                                                  \
    X(WINDOW_OPENS, "window opens")                                                                \
    X(WINDOW_PROBE, "zero-window probe")                                                           \
    X(WINDOW_FULL, "fills the window")                                                             \
    X(KEEPALIVE, "keepalive probe")                                                                \
    X(KEEPALIVE_ACK, "keepalive answered")                                                         \
    X(CHALLENGE_ACK, "challenge ACK")                                                              \
    X(CLOSES_FIRST, "closes first")                                                                \
    X(SIMULTANEOUS_OPEN, "simultaneous open")                                                      \
    X(SIMULTANEOUS_CLOSE, "simultaneous close")                                                    \
    X(HALF_CLOSE, "goes on sending: half-closed")                                                  \
    X(FIN_REPEATED, "FIN again")                                                                   \
    X(LAST_ACK_REPEATED, "last ACK again")                                                         \
    X(REOPENS, "the same addresses again: a new connection")                                       \
    X(REOPENS_TIME_WAIT, "reopens TIME-WAIT")                                                      \
    X(UNSEEN_BEFORE, "something before it was not captured")                                       \
    X(ACKS_UNSEEN, "acknowledges what was not captured")                                           \
    X(RESET, "reset")

enum infer_mark {
#define INFER_X(name, text) INFER_##name,
    INFER_MARKS(INFER_X)
#undef INFER_X
        INFER_MARK_COUNT
};

const char *infer_mark_text(enum infer_mark mark);

/* Why an end sent a RST, as far as packets tell. (name, text) */
#define INFER_RESETS(X)                                                                            \
    X(NONE, "-")                                                                                   \
    X(REFUSED, "refused: nobody listens on that port")                                             \
    X(UNWANTED_SYN_ACK, "did not ask for this connection (aborted, or an old SYN)")                \
    X(LISTENER_GONE, "no room or no listener any more for the finished handshake")                 \
    X(NO_CONNECTION, "knows no such connection (restarted, or it expired)")                        \
    X(DATA_AFTER_CLOSE, "data arrived after it had closed")                                        \
    X(ALREADY_GONE, "had reset the connection already")                                            \
    X(GAVE_UP, "gave up: its retransmissions were not answered")                                   \
    X(KEEPALIVE_GAVE_UP, "gave up: its keepalive probes were not answered")                        \
    X(ABORTED, "aborted: close() with unread data, SO_LINGER 0, or killed")                        \
    X(AFTER_FIN, "aborted after its FIN")                                                          \
    X(CHALLENGED, "answers an ACK of a connection it no longer has")

enum infer_reset {
#define INFER_X(name, text) INFER_RESET_##name,
    INFER_RESETS(INFER_X)
#undef INFER_X
};

const char *infer_reset_text(enum infer_reset reset);

/* Facts that a packet may bring its receiver. */
enum infer_carried {
    INFER_CARRIES_SYN = 1 << 0,
    INFER_CARRIES_SYN_ACK = 1 << 1, /* the ACK of the receiver's SYN */
    INFER_CARRIES_FIN = 1 << 2,
    INFER_CARRIES_FIN_ACK = 1 << 3,
};

/* What infer_see says about one packet. */
struct infer_remark {
    uint32_t marks;         /* bits 1 << enum infer_mark */
    enum infer_reset reset; /* with the mark RESET */
    /* A RST with another hop count than all else from its sender: perhaps forged. */
    bool is_foreign;
    /* Retransmissions, repeated FINs, duplicate ACKs, probes: which one in a row, from 1. */
    uint32_t times;
    uint32_t fresh_text;       /* bytes of its text that were not seen before */
    uint8_t carries;           /* bits of enum infer_carried */
    struct infer_facts sender; /* as it was when it sent this */
};

enum { INFER_HOLES = 16, INFER_PAST = 8 };

/* What one end has sent, as far as it was seen. */
struct infer_side {
    bool has_isn, has_seq, has_no_fin_to, has_fin, has_acked, has_without_syn_ack,
        has_without_fin_ack;
    struct seq isn;
    struct seq first;     /* first sequence number seen, of any packet */
    struct seq sent_to;   /* behind the highest byte (SYN, FIN) seen or acknowledged */
    struct seq no_fin_to; /* its FIN, if any, lies at or behind this */
    struct seq fin_end;   /* behind its FIN */
    struct seq acked_to;  /* highest ACK it sent: what it had received */
    /* Behind the last byte that came without an ACK of the peer's SYN, of the peer's FIN. */
    struct seq without_syn_ack, without_fin_ack;
    bool has_bare_syn;  /* sent a SYN without ACK */
    bool is_fast_open;  /* its SYN carried text or asked for a cookie (RFC 7413) */
    bool is_incomplete; /* some of what it sent may not have been seen: its FIN, for one */
    bool has_gap;       /* ... because packets are lost or overtaken before the capture point */
    bool is_lost_by_capture; /* some of what it sent and the peer received was not captured */
    bool was_close_wait;     /* proven to have heard the peer's FIN before it sent its own */
    bool has_rst, has_scale;
    uint8_t window_scale;
    uint8_t ttl;         /* of its first packet that was no RST */
    uint32_t window;     /* last advertised, scaled if the scale is known */
    struct infer_stamp { /* of its newest FIN, SYN-ACK: what tells a retransmission from a copy */
        bool is_set;
        uint16_t ip_id;
        uint32_t ts;
    } fin_stamp, syn_ack_stamp;
    int64_t rst_at, last_at;
    /* its last packet, and the counts of what it did in a row */
    uint16_t last_flags, last_ip_id;
    uint32_t last_marks, last_ts, last_length;
    struct seq last_seq, last_ack, repeat_seq;
    bool has_newest_ts;
    uint32_t newest_ts;
    uint32_t duplicate_acks, repeats, probes, keepalives, fins;
    bool has_gone_on;                             /* sent text after the peer's FIN */
    uint64_t packets, text_bytes, repeated_bytes; /* text_bytes: each byte once */
    unsigned holes;
    struct infer_hole {
        struct seq from, to;
        int64_t at;
    } hole[INFER_HOLES];
};

struct infer_life {
    struct infer_side side[2];
    struct infer_facts facts[2];
};

/* One pair of endpoints; the addresses may be used again, life after life. */
struct infer {
    struct infer_life now;
    struct infer_life before; /* while `overlaps`: where the end that did not open still lives */
    bool overlaps;
    unsigned opener;     /* which end sent the SYN of `now` */
    uint32_t lives;      /* connections seen */
    int8_t closed_first; /* end that sent the first FIN or RST of `now`; -1 = none yet */
    bool closed_by_rst;
    int64_t round_trip_ns; /* from the handshake; 0 = unknown */
    int64_t opened_at;
    bool is_distrusted[2];
    struct seq past[2][INFER_PAST]; /* ISNs of lives that are over: their duplicates mean nothing */
    uint32_t past_count[2];
};

void infer_init(struct infer *infer);

/* The capture point is not at this end's own link: packets it sends may be lost or overtake each
 * other before they are seen. Without this call that is assumed only once a gap has shown it. */
void infer_distrust(struct infer *infer, unsigned end);

/* The next packet, in the order of the capture. */
void infer_see(struct infer *infer, const struct infer_packet *packet, struct infer_remark *remark);

/* What is known now about an end (0 or 1), in the life in which it is. */
const struct infer_facts *infer_facts_of(const struct infer *infer, unsigned end);
const struct infer_side *infer_side_of(const struct infer *infer, unsigned end);

/* The window that this segment advertises, scaled as its sender said; the plain number where
 * that is unknown. */
uint32_t infer_window(const struct infer *infer, const struct infer_packet *packet);

#endif
