/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * flight.h: a transfer without loss that keeps a given number of segments in flight, taken apart
 * into its three kinds of work.
 *
 *     sender ──(1) sends──▶ [ frame | ... `segments` of them ... | frame ] ──(2)──▶ receiver
 *        ▲                                                                              │
 *        └──(3) takes the ACKs── [ ack | ack | ... ] ◀──────────────────────────────────┘
 *
 * A step moves as many segments from the front of the wire to the receiver, hands the ACKs that
 * this makes to the sender, and lets the sender fill the wire again. Each part can be counted
 * alone.
 */
#ifndef LASTACK_FLIGHT_H
#define LASTACK_FLIGHT_H

#include "mapping.h"
#include "pair.h"

enum flight_part { FLIGHT_SEND, FLIGHT_RECEIVE, FLIGHT_ACK, FLIGHT_PARTS };

struct flight {
    struct pair pair; /* of which only the stacks and the time are used */
    struct mapping wire;
    uint32_t frames; /* room on the wire */
    uint32_t first, count;
    uint32_t acks, ack_room;
    uint8_t *ack;
    uint32_t segments; /* wanted in flight */
    int sender, receiver;
    uint64_t written, sent; /* bytes of text */
    uint64_t operations[FLIGHT_PARTS];
};

/* Connected, the wire full. False: no memory, said on stderr. */
bool flight_make(struct flight *flight, uint32_t segments);
void flight_release(struct flight *flight);
/* One step of `segments` (at most a quarter of what is in flight); instructions are counted in
 * `counted` only. */
void flight_step(struct flight *flight, uint32_t segments, enum flight_part counted);

#endif
