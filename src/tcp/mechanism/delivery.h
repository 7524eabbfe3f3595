/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * delivery.h: how fast the path delivers, a sample a round trip (draft-ietf-ccwg-bbr §4.1, Linux's
 * tcp_rate.c).
 *
 *      departures   first_at ........ mark leaves                   sent over  mark_at - first_at
 *      deliveries        base_at ................ mark acknowledged taken over now - base_at
 *
 *      rate = segments delivered since the mark left / the longer of the two
 *
 * One segment at a time is marked. Linux marks every one; between two samples of a round trip
 * nothing is lost but freshness. A sample while the application had too little to send says what
 * it sent, not what the path takes: it only counts when it is not less than the last.
 */
#ifndef LASTACK_DELIVERY_H
#define LASTACK_DELIVERY_H

#include "seq.h"

struct delivery {
    int64_t delivered_at; /* when something was delivered last, or a flight began */
    int64_t first_at;     /* a departure: the beginning of this sample's */
    /* of the marked segment */
    int64_t mark_at, base_at;
    struct seq mark;         /* behind it */
    uint32_t mark_delivered; /* `delivered` when it left */
    uint32_t delivered;      /* segments */
    /* `delivered` by then: what is in flight is the application's limit; 0 */
    uint32_t limited_until;
    /* the last good sample */
    uint32_t rate_segs, rate_us; /* 0: none yet */
    bool is_marked, mark_is_limited, rate_is_limited;
};

/* New segments up to `to` leave; `is_first`: nothing was in flight. */
void delivery_sent(struct delivery *delivery, struct seq to, bool is_first, int64_t now);
/* An ACK delivered `segs`, and acknowledged everything before `una`; `is_repeated`: something of
 * that had been sent again, so nobody knows which departure arrived. least_ns: the least round
 * trip; no sample is shorter. */
void delivery_acked(struct delivery *delivery, struct seq una, uint32_t segs, bool is_repeated,
                    int64_t least_ns, int64_t now);
/* Nothing is left to send, and the window has room: what is in flight, `segs`, is all there was. */
void delivery_limited(struct delivery *delivery, uint32_t segs);

/* Bytes per second, of segments of mss; 0: not known. */
uint64_t delivery_rate(const struct delivery *delivery, uint32_t mss);

#endif
