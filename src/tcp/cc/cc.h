/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * cc.h: congestion control as one table of hooks over one small struct, RFC 5681.
 *
 * Blind to the connection: facts come in as values (struct cc_ack), the window is a value that is
 * read. loss/ and event/recover*.c decide *that* something was lost and how the window comes down
 * (PRR); this decides how far down, and how it grows.
 *
 *     round_trip measured in the first slow start: is that to end before anything is lost?
 *     on_ack     data was delivered, not in recovery, and the window was used: grow
 *     reduced    an episode begins: what ssthresh is now
 *     timed_out  the retransmission timer fired
 *     idle       sending starts again after silence
 *
 * An algorithm may keep state of its own in struct cc_state, which a connection has once it left
 * slow start or lost something; before that `state` is NULL.
 */
#ifndef LASTACK_CC_H
#define LASTACK_CC_H

#include "check.h"
#include "seq.h"

#include <lastack/params.h>

#define CC_INFINITE UINT32_MAX

struct cc {
    uint32_t cwnd;     /* bytes */
    uint32_t ssthresh; /* bytes; CC_INFINITE until the first loss */
    uint32_t acked;    /* bytes counted towards the next segment of cwnd in congestion avoidance */
    /* rounds of the first slow start, for HyStart */
    struct seq round_end;  /* SND.NXT when the round began */
    uint32_t round_min_us; /* least RTT in this round; UINT32_MAX: none yet */
    /* ... in the one before, or when conservative slow start began; in all rounds, where that is
     * the test */
    uint32_t round_before_us;
    uint16_t mss;
    uint8_t algorithm;   /* enum lastack_congestion */
    uint8_t samples : 4; /* of RTT in this round */
    uint8_t css : 4;     /* RFC 9406: rounds of conservative slow start left */
};

struct cc_state {
    union {
        uint64_t words[6]; /* what an algorithm may keep */
    } own;
};

struct cc_round {
    int64_t rtt_ns;      /* of the newest segment acknowledged; > 0 */
    struct seq una, nxt; /* after that ACK */
    enum lastack_hystart hystart;
};

struct cc_ack {
    uint32_t acked; /* bytes newly delivered; where segments count, a multiple of the mss */
    uint32_t limit; /* growth per ACK in slow start (RFC 3465); CC_INFINITE */
    int64_t now;
    int64_t rtt_min_ns;
};

struct cc_hooks {
    const char *name;
    void (*round_trip)(struct cc *cc, const struct cc_round *round);
    void (*on_ack)(struct cc *cc, struct cc_state *state, const struct cc_ack *ack);
    /* `from`: the window or what is in flight, by policy */
    uint32_t (*reduced)(struct cc *cc, struct cc_state *state, uint32_t from);
    void (*timed_out)(struct cc *cc, struct cc_state *state);
    void (*idle)(struct cc *cc, struct cc_state *state, int64_t now, int64_t idle_ns);
};

/* The hooks of an algorithm. */
const struct cc_hooks *cc_hooks(enum lastack_congestion algorithm);

/* The algorithms by the names that programs use: "cubic", "reno" ("newreno" too); false: there is
 * none of that name. `none` limits nothing and is the stack's parameter's to choose. */
bool cc_find(const char *name, enum lastack_congestion *algorithm);
const char *cc_name(enum lastack_congestion algorithm);

/* RFC 6928: the initial window, in segments of mss. */
uint32_t cc_initial_segs(const struct lastack_params *params, uint32_t mss);
void cc_init(struct cc *cc, enum lastack_congestion algorithm, uint32_t mss, uint32_t initial_segs);
/* Three quarters of the window, in whole segments: what ssthresh is kept at least where the window
 * comes down for want of use (RFC 2861 §3.1). */
uint32_t cc_three_quarters(const struct cc *cc);
/* The path's segment size changed: the window stays so many segments, or so many bytes. */
void cc_set_mss(struct cc *cc, uint32_t mss, bool counts_segs);
/* RFC 5681 §4.1, RFC 2861: at most the restart window after `idle_timeouts` timeouts of silence. */
void cc_after_idle(struct cc *cc, uint32_t initial_segs, uint32_t idle_timeouts);

/* Was the window used, so that it may grow (RFC 5681 §3.1, RFC 7661)? It, not the application, held
 * data back, or slow start used half of it: `most_out` was out at the most in the last window. */
static inline bool cc_was_used(const struct cc *cc, bool was_limited, uint32_t most_out)
{
    return was_limited || (cc->cwnd < cc->ssthresh && cc->cwnd / 2 < most_out);
}

/* For who ends the first slow start by a loss only. */
void cc_ignore_round(struct cc *cc, const struct cc_round *round);
/* Slow start (RFC 5681 (2), with RFC 3465's limit). Returns what of `acked` is left for congestion
 * avoidance. */
uint32_t cc_slow_start(struct cc *cc, uint32_t acked, uint32_t limit);
/* One segment more per `per` bytes delivered. */
void cc_avoid(struct cc *cc, uint32_t per, uint32_t acked);

extern const struct cc_hooks cc_newreno;
extern const struct cc_hooks cc_cubic;
extern const struct cc_hooks cc_none;

#endif
