/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * pair.h: two stacks, face to face in memory.
 *
 *     client 192.0.2.1 ── output ──▶ one copy ──▶ input ── server 192.0.2.2        and back
 *
 * No thread, no system call, no loss. Packets are handed over in batches as large as the stacks
 * make them; checksums are computed and verified. Events are told before output, so that an answer
 * of the program leaves with the acknowledgment, as it does where programs run in callbacks.
 */
#ifndef LASTACK_PAIR_H
#define LASTACK_PAIR_H

#include "mapping.h"

#include <lastack/lastack.h>

enum pair_end { PAIR_CLIENT, PAIR_SERVER, PAIR_ENDS };

enum { PAIR_LINK = 1, PAIR_BATCH = 32, PAIR_FRAME = 65536 + 128 };

typedef void pair_event(void *context, enum pair_end end, const struct lastack_event *event);

struct pair {
    struct lastack *stack[PAIR_ENDS];
    struct mapping memory[PAIR_ENDS];
    int64_t now;
    pair_event *on_event;
    void *context;
    uint64_t packets;
    uint8_t *frames; /* PAIR_BATCH of frame_size: where packets stand between the stacks */
    uint32_t frame_size;
};

/* Links of this MTU; gso_max > 0: frames of up to that much text. False: no memory, said on
 * stderr. */
bool pair_make(struct pair *pair, const struct lastack_config *config, uint32_t mtu,
               uint32_t gso_max);
void pair_release(struct pair *pair);
struct lastack_address pair_address(enum pair_end end);
/* Events and packets until both ends rest. */
void pair_settle(struct pair *pair);
/* Time goes on by so much, with every deadline on the way. */
void pair_pass(struct pair *pair, int64_t length_ns);

#endif
