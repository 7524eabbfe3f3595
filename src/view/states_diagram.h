/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * states_diagram.h: the state diagram of RFC 9293 Figure 5, drawn from the moves that the code
 * allows.
 *
 * Which arrows there are is asked of tcp_state_may_move, the table that tcp_enter checks; this
 * file knows only where states stand and what an arrow is called. An arrow of the table that has
 * no name here is drawn all the same, nameless; a test refuses it.
 *
 * Moves to CLOSED that every state has (RST, abort, a timeout) are said once, not drawn ten times.
 */
#ifndef LASTACK_STATES_DIAGRAM_H
#define LASTACK_STATES_DIAGRAM_H

#include "text.h"

#include <lastack/trace.h>

/* How many connections are in each state; index enum tcp_state. */
struct states_counts {
    uint64_t count[16];
};

/* One arrow as it is called. */
struct states_arrow {
    enum tcp_state from, to;
    const char *event;  /* what happens: "FIN arrives" */
    const char *action; /* what is sent: "ACK"; or NULL */
    const char *source; /* where it is from if not from Figure 5: "RFC 6191"; or NULL */
};

/* The name of a move; NULL if it has none of its own: it is then a move to CLOSED by RST, abort
 * or timeout, or no legal move. */
const struct states_arrow *states_arrow_of(enum tcp_state from, enum tcp_state to);

/* `counts` NULL: none are shown. `subject`: what is counted, e.g. "this host"; or NULL. */
void states_draw_svg(const struct states_counts *counts, const char *subject, struct text *svg);

/* The same as text: every state with the arrows that leave it. */
void states_draw_text(const struct states_counts *counts, bool has_color, struct text *text);

#endif
