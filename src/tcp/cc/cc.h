/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * cc.h: congestion control as one table of hooks over one small struct, RFC 5681.
 *
 * Blind to the connection: facts come in as values (struct cc_ack), the window is a value that is
 * read. The detector of losses (loss/) decides *that* something was lost; this decides what it
 * means for the rate.
 *
 *     on_ack        new data was acknowledged outside recovery: grow
 *     on_congestion a loss was found by duplicate ACKs or ECN: one reduction per window
 *     on_timeout    the retransmission timer fired: start over
 *     after_idle    nothing was in flight for a retransmission timeout (RFC 5681 §4.1)
 */
#ifndef LASTACK_CC_H
#define LASTACK_CC_H

#include "check.h"

#include <lastack/params.h>

struct cc {
    uint32_t cwnd;     /* bytes */
    uint32_t ssthresh; /* bytes; UINT32_MAX until the first loss */
    uint32_t mss;
    uint32_t acked;    /* bytes counted towards the next segment of cwnd in congestion avoidance */
    uint8_t algorithm; /* enum lastack_congestion */
};

struct cc_ack {
    uint32_t acked;     /* bytes newly acknowledged */
    uint32_t in_flight; /* before this ACK */
    bool was_limited;   /* the window, not the application, held data back (RFC 7661's spirit) */
};

struct cc_hooks {
    const char *name;
    void (*on_ack)(struct cc *cc, const struct cc_ack *ack);
    void (*on_congestion)(struct cc *cc, uint32_t in_flight);
    void (*on_timeout)(struct cc *cc, uint32_t in_flight, bool is_first);
};

/* The hooks of an algorithm. CUBIC is not there yet: it is answered with NewReno, and cc_name says
 * so. */
const struct cc_hooks *cc_hooks(enum lastack_congestion algorithm);

/* RFC 6928: the initial window, in segments of mss. */
void cc_init(struct cc *cc, enum lastack_congestion algorithm, uint32_t mss, uint32_t initial_segs);
void cc_set_mss(struct cc *cc, uint32_t mss);
/* RFC 5681 §4.1: at most the restart window after a retransmission timeout of silence. */
void cc_after_idle(struct cc *cc, uint32_t initial_segs, uint32_t idle_timeouts);

extern const struct cc_hooks cc_newreno;
extern const struct cc_hooks cc_none;

#endif
