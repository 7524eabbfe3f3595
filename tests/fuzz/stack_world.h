/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * stack_world.h: the stack that is fuzzed, the hostile peer that listens, and what may be asked of
 * both after each operation.
 *
 *     fuzz_stack.c      what an input means, one operation after another
 *     stack_world.c     the stack; what it says is looked at and overheard
 *     stack_network.c   operations of the network
 *     stack_program.c   operations of the program
 *     stack_story.c     what an input did, and what all inputs of a run reached
 */
#ifndef LASTACK_STACK_WORLD_H
#define LASTACK_STACK_WORLD_H

#include "fuzz.h"
#include "segment.h"

#include <lastack/lastack.h>

enum {
    LINK = 1,
    MTU = 1500,
    OVERHEARD = 8, /* tuples that the peer remembers */
    DESCRIPTORS = 12,
};

/* One side of a conversation as the peer knows it from listening. */
struct overheard {
    struct lastack_endpoint here, there; /* the stack's end, the peer's end */
    struct seq nxt;                      /* after the last byte the stack sent */
    struct seq ack;                      /* what the stack acknowledged last */
    uint32_t ts_value;
};

struct world {
    struct lastack *stack;
    int64_t now;
    struct overheard heard[OVERHEARD];
    unsigned heard_next;
    uint8_t last[MTU]; /* the last packet sent, for ICMP errors to quote and for reflection */
    size_t last_length;
};

/* A new stack in small pools, its policies drawn from the tape. */
void world_create(struct world *world, struct tape *tape);
/* Everything that the stack has to say, looked at; then all of its tables. */
void world_settle(struct world *world);
struct lastack_address here_address(bool is_ipv6);
struct lastack_address there_address(bool is_ipv6, unsigned host);

/* ---- the network ---- */

/* A segment near the windows of an overheard conversation, or a new one to port 80 or 81. */
void made_up_segment(struct world *world, struct tape *tape);
/* What the stack is due in an ordinary life: an ACK of all it sent, a FIN with it if asked. */
void proper_answer(struct world *world, struct tape *tape);
/* The peer speaks as it should: flags, from the numbers that were overheard last. */
void peer_says(struct world *world, const struct overheard *heard, unsigned flags);
/* Noise, or the stack's own packet back, changed. */
void raw_bytes(struct world *world, struct tape *tape);
void icmp_error(struct world *world, struct tape *tape);

/* ---- the program ---- */

/* Any call with any arguments. */
void socket_call(struct world *world, struct tape *tape);

/* ---- what happened ---- */

/* Reads the trace from *cursor on, if somebody wants to know of it (FUZZ_TRACE, FUZZ_COVERAGE). */
void tell_story(const struct lastack *stack, uint64_t *cursor);

#endif
