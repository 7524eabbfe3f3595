/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * recover.h: what an ACK, a timeout and a departure mean for loss recovery; the part of event/ that
 * combines loss/ and cc/ (see recover.c).
 */
#ifndef LASTACK_RECOVER_H
#define LASTACK_RECOVER_H

#include "tcp.h"

/* The least time that the LOSS timer waits beyond what is due. */
#define LOSS_TIMER_MIN_NS MS(2)

/* One ACK, as recovery sees it. Filled in by recover_begin and by who takes it. */
struct recover_ack {
    struct recovery *recovery; /* the connection's; NULL: nothing ever went wrong */
    bool is_advance;           /* SND.UNA moved */
    bool is_window_update;
    bool is_rtt_known; /* it gave a round-trip sample */
    bool is_sack_news; /* its SACK blocks told something new */
    bool is_dsack, is_dsack_of_probe;
    struct sent_news news;
    /* where there is a recovery */
    struct seq prior_una;
    uint32_t lost_before; /* segments ever marked lost */
    uint32_t dsack_segs;
    bool was_lost_again; /* a retransmission proved lost */
};

/* An ACK that comes when nothing is in flight and advances nothing. */
void recover_late(struct tcp *tcp, struct tcp_conn *conn, const struct segment *seg,
                  bool is_window_update);
/* Before SND.UNA moves: SACK blocks are read (RFC 2018, 2883). */
void recover_begin(struct tcp *tcp, struct tcp_conn *conn, const struct segment *seg,
                   struct recover_ack *ack);
/* After it moved and the round trip was sampled: losses found, episodes begun and ended, timers,
 * the window. */
void recover_end(struct tcp *tcp, struct tcp_conn *conn, const struct segment *seg,
                 struct recover_ack *ack);

/* The peer told of congestion by ECE (RFC 3168 §6.1.2): as a loss, once a window, and not on top of
 * one. */
void recover_congestion_echoed(struct tcp *tcp, struct tcp_conn *conn);

/* A router dropped what was too large for it, of the segments of `old_mss` or of an older one that
 * are in flight: these leave again, smaller (RFC 1191 §6.4, RFC 8201 §5.2). Not congestion: the
 * window stays what it is. */
void recover_path_shrank(struct tcp *tcp, struct tcp_conn *conn, uint32_t old_mss);

/* The retransmission timer fired. */
void recover_timed_out(struct tcp *tcp, struct tcp_conn *conn);
/* The LOSS timer fired: RACK's window is over, or a tail loss probe is due. */
void recover_loss_timer(struct tcp *tcp, struct tcp_conn *conn);

/* `count` segments [from, to) have left, for the first time or again. */
void recover_sent_new(struct tcp *tcp, struct tcp_conn *conn, struct seq from, struct seq to,
                      uint32_t count);
void recover_sent_again(struct tcp *tcp, struct tcp_conn *conn, struct seq from, struct seq to,
                        uint32_t count);
/* The probe asked for by OWE_TAIL has left. */
void recover_sent_probe(struct tcp *tcp, struct tcp_conn *conn, bool is_again);

#endif
