/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * replies.h: answers that belong to nobody any more, docs/decisions/0009.
 *
 * A reply is a finished segment without text. It waits in a bounded first-in-first-out queue until
 * the stack takes it. When the queue is full the answer is not given (NO_REPLY_LEFT): the peer
 * will ask again.
 */
#ifndef LASTACK_REPLIES_H
#define LASTACK_REPLIES_H

#include "pool.h"
#include "segment.h"
#include "tuple.h"

struct reply {
    uint32_t next;
    uint32_t window; /* in bytes, for the trace */
    struct tuple tuple;
    struct seq seq, ack;
    uint16_t wnd; /* as on the wire */
    uint16_t flags;
    uint16_t options; /* enum segment_option */
    uint16_t mss;
    uint8_t window_scale, sack_count;
    uint8_t tos;
    uint8_t ttl;    /* 0: the stack's */
    uint8_t state;  /* enum tcp_state of whoever answers */
    uint8_t parked; /* how often it had to wait for a neighbour */
    uint32_t ts_value, ts_echo;
    uint8_t fast_open[8]; /* the cookie, where there is that option */
    uint64_t flow;
    struct sack_block sack[SEGMENT_SACK_MAX];
};

struct replies {
    struct pool pool;
    uint32_t head, tail;
};

void replies_init(struct replies *replies, void *memory, uint32_t limit);
/* A reply to fill in, already queued behind the others; NULL when full. */
struct reply *replies_add(struct replies *replies);
/* The oldest, out of the queue; NULL when none waits. It stays readable until the next
 * replies_add. */
const struct reply *replies_take(struct replies *replies);
/* The one taken last waits once more, behind all others; nothing was added since. */
void replies_put_back(struct replies *replies);
/* The reply as a segment to build. */
void reply_segment(const struct reply *reply, struct segment *seg);

#endif
