/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * flows.h: what the trace has told so far about each flow, and what its packets prove.
 *
 *     trace records ─▶ by flow number ──┐
 *                                       ├─▶ struct flow: ends, our state, cause, the peer's facts
 *     packets ──────▶ by both endpoints ┘
 *
 * The first FLOWS_DETAILED flows are kept whole, also when they are gone, for the closing table and
 * ladders; of later ones only those that live, FLOWS_MAX at a time. What does not fit is
 * counted and not shown.
 */
#ifndef LASTACK_FLOWS_H
#define LASTACK_FLOWS_H

#include "infer.h"
#include "ladder.h"
#include "text.h"

#include <lastack/trace.h>

enum { FLOWS_DETAILED = 100, FLOWS_MAX = 1 << 17 };

/* Which end. */
enum { END_PEER = 0, END_OURS = 1 };

/* What only detailed flows have. */
struct flow_detail {
    bool is_over; /* in TIME-WAIT or CLOSED: its packets tell nothing new */
    struct infer infer;
    enum tcp_state peer_state;                     /* the last that was proven; 0 = none yet */
    uint64_t text_bytes[2], segments[2], again[2]; /* sent by each end */
    struct ladder *ladder; /* of the first few, if ladders are wanted; its owner is the viewer */
};

struct flow {
    uint64_t id; /* as the trace names it */
    struct lastack_endpoint local, remote;
    uint32_t number; /* from 1, in order of appearance */
    enum tcp_state state;
    enum lastack_cause cause; /* of that state */
    int64_t opened_at, changed_at;
    bool is_gone, was_reused;
    int8_t closed_first; /* END_...; -1: nobody yet */
    struct text news;    /* state changes since its last packet: that packet's comment */
    struct flow_detail *detail;
    uint32_t next_by_id, next_by_ends;
};

struct flows;

/* `wants_news`: flow->news is written. */
struct flows *flows_new(bool wants_news);
void flows_free(struct flows *flows);

/* Takes one record in; the flow it is about, or NULL. A flow that is gone and not detailed is
 * forgotten at the next call. */
struct flow *flows_take(struct flows *flows, const struct lastack_trace_record *record);

/* The flow of a packet's endpoints, or NULL. */
struct flow *flows_find(struct flows *flows, const struct lastack_endpoint *local,
                        const struct lastack_endpoint *remote);

/* How many there have been, and the detailed ones among them. */
uint32_t flows_count(const struct flows *flows);
uint32_t flows_detailed(const struct flows *flows);
/* How many detailed flows are not over: if none, packets need not be looked at. */
uint32_t flows_watched(const struct flows *flows);
struct flow *flows_at(const struct flows *flows, uint32_t index);

#endif
