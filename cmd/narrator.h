/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * narrator.h: tells the lives of connections, a line for each change of either end's state.
 *
 *     0.013584  #1  192.0.2.2:41822 > 192.0.2.1:80
 *     0.013584  #1  peer  SYN-SENT
 *     0.013584  #1  ours  LISTEN -> SYN-RECEIVED: SYN arrived
 *
 * `ours` is what the stack says of itself, with its cause; `peer` is what the other end's packets
 * prove (infer.h). Seconds count from the start.
 */
#ifndef LASTACK_NARRATOR_H
#define LASTACK_NARRATOR_H

#include "color.h"
#include "flows.h"

#include <stdio.h>

struct narrator {
    FILE *out; /* NULL: says nothing */
    bool has_color;
    int64_t started_at;
    bool has_excused; /* said that later connections are only counted */
    struct text line;
};

/* `out` NULL: quiet. */
void narrator_init(struct narrator *narrator, FILE *out, enum color_mode color, int64_t now);
void narrator_free(struct narrator *narrator);

/* A flow appeared. */
void narrator_flow(struct narrator *narrator, const struct flow *flow);
/* A record of its trace. */
void narrator_record(struct narrator *narrator, const struct flow *flow,
                     const struct lastack_trace_record *record);
/* Its peer's packets prove a new state. */
void narrator_peer(struct narrator *narrator, const struct flow *flow, int64_t at,
                   enum tcp_state old_state, enum tcp_state new_state);

/* The closing table. */
void narrator_table(struct narrator *narrator, const struct flows *flows);

#endif
