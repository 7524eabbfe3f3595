/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * peer_world.h: what the parts of peer.c share: the peers, and the packets of the stack that
 * nobody has read yet, in the order in which they left. Tests include peer.h.
 */
#ifndef LASTACK_PEER_WORLD_H
#define LASTACK_PEER_WORLD_H

#include "peer.h"

#include "packet_parse.h"

enum { PEERS_MOST = 80, PEER_QUEUE_MOST = 4096, MTU_USUAL = 1500 };

/* A packet of the stack that no SENDS has read yet. */
struct peer_waiting {
    int64_t at;
    uint32_t length;
    uint8_t *bytes;
};

extern struct peer peer_all[PEERS_MOST];
extern unsigned peer_count;
extern struct peer_waiting peer_queue[PEER_QUEUE_MOST];
extern uint32_t peer_queued;

/* Ends the test, at the line of it that asked. */
#define PEER_FAIL(file, number, ...)                                                               \
    do {                                                                                           \
        print_error("%s:%d: ", (file), (number));                                                  \
        print_error(__VA_ARGS__);                                                                  \
        print_error("\n");                                                                         \
        fail();                                                                                    \
    } while (0)

/* The byte that stands at `at` (1 is the first one) in the text of either end. */
uint8_t peer_byte(uint32_t at, bool is_ours);

/* Whose segment of the stack this is; NULL: a stranger's. */
struct peer *peer_of(const struct segment *seg);

/* A packet of the stack, as a stranger takes it apart; fails the test if it is not right. */
void peer_parse_own(const struct peer_waiting *waiting, struct segment *seg,
                    struct ip_packet *packet);

#endif
