/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * state.h: the eleven states of RFC 9293 §3.3.2 and the moves between them (Figure 5).
 *
 * The figure is a check here, not a dispatcher: the code follows the RFC's steps, and tcp_enter
 * (src/tcp/conn/conn.c), the only writer of a state, CHECKs that the figure has the arrow. `lastack
 * states` draws the same table.
 */
#ifndef LASTACK_TCP_STATE_H
#define LASTACK_TCP_STATE_H

#include "check.h"

#include <lastack/trace.h>

/* The arrow from -> to exists. Every state but CLOSED may go to CLOSED (RST, abort, timeout). */
bool tcp_state_may_move(enum tcp_state from, enum tcp_state to);

/* The states in which something is known to both ends: ESTABLISHED and all after it. */
bool tcp_state_is_synchronized(enum tcp_state state);

/* The user may still send (our FIN is not queued): ESTABLISHED, CLOSE-WAIT. */
bool tcp_state_may_send(enum tcp_state state);

/* The peer may still send (its FIN has not arrived): ESTABLISHED, FIN-WAIT-1, FIN-WAIT-2. */
bool tcp_state_may_receive(enum tcp_state state);

#endif
