/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * relay_ends.h: what stands at the ends of a relay: namespaces, tuns, sockets, our stack.
 */
#ifndef LASTACK_RELAY_ENDS_H
#define LASTACK_RELAY_ENDS_H

#include "relay.h"

enum relay_end { RELAY_END_NEAR, RELAY_END_FAR, RELAY_END_OURS };

struct lastack_address relay_address(enum relay_end end);

/* Starts the flow's connection. */
bool relay_connect(struct relay *relay, struct relay_flow *flow, struct trouble *trouble);
/* Takes the connection of the flow that connected last, if it is there. */
void relay_accept(struct relay *relay, struct relay_flow *flow);

#endif
