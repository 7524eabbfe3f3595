/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * neighbor.h: who has that address on this Ethernet? ARP (RFC 826, RFC 1122 §2.3.2) and neighbour
 * discovery (RFC 4861 §7.2, §7.3) in one table with one set of states.
 *
 *                 asked                    answer
 *     (nothing) ────────▶ INCOMPLETE ───────────────▶ REACHABLE ──30 s──▶ STALE
 *                             │ 3 x 1 s unanswered       ▲  ▲               │ used again
 *                             ▼                          │  │ confirmed     ▼
 *                          FAILED ──1 s──▶ (nothing)     │  └──────────── DELAY
 *                                                answer  │                  │ 5 s
 *                           (nothing) ◀──3 x 1 s── PROBE ┴──────────────────┘
 *
 * Packets do not wait here: who gets WAIT stays queued where it is (a connection in the parking
 * lane) and asks again when `changes` has moved. So the latest packet is kept (RFC 1122 §2.3.2.2)
 * and nothing is copied.
 *
 * Order of calls for a packet that leaves on an Ethernet link:
 *
 *     neighbor_resolve ──▶ READY: ethernet_build with the mac
 *                      ──▶ WAIT: park; retry when neighbors.changes moves
 *                      ──▶ FAILED: NEIGHBOR_UNRESOLVED, host unreachable
 *     then, with the output of the stack: while (neighbor_next_message(...)) neighbor_build(...)
 *
 * and for what arrives: neighbor_arp_arrives, neighbor_nd_arrives. Time: neighbor_tick at
 * neighbor_next_deadline.
 *
 * Bounds: at most half of the table is INCOMPLETE, so that a scan through us cannot push out those
 * who answered; the oldest makes room (counted) once it had a second to answer, and until then
 * whoever else wants to ask waits. Somebody who merely asked for us is learnt at the
 * cold end: he is evicted first until he is used. Answers wait in a ring of 32; when it is full,
 * requests go unanswered (counted) and will be repeated.
 */
#ifndef LASTACK_NEIGHBOR_H
#define LASTACK_NEIGHBOR_H

#include "age_list.h"
#include "arp.h"
#include "hash_index.h"
#include "links.h"
#include "nd.h"
#include "rng.h"
#include "siphash.h"
#include "wheel.h"

enum {
    NEIGHBOR_TRIES = 3, /* MAX_MULTICAST_SOLICIT, MAX_UNICAST_SOLICIT */
    NEIGHBOR_ANSWERS = 32,
    NEIGHBOR_FRAME_MAX = ETHERNET_HEADER + IPV6_HEADER + ND_LENGTH_MAX,
};

#define NEIGHBOR_RETRANSMIT_NS SEC(1)  /* RetransTimer; RFC 1122 §2.3.2.1: about one a second */
#define NEIGHBOR_REACHABLE_NS  SEC(30) /* times 0.5 to 1.5, drawn anew each time */
#define NEIGHBOR_DELAY_NS      SEC(5)  /* DELAY_FIRST_PROBE_TIME */
#define NEIGHBOR_HOLD_DOWN_NS  SEC(1)  /* how long FAILED is answered without asking again */
#define NEIGHBOR_KEEP_STALE_NS SEC(600)

enum neighbor_state {
    NEIGHBOR_INCOMPLETE,
    NEIGHBOR_REACHABLE,
    NEIGHBOR_STALE,
    NEIGHBOR_DELAY,
    NEIGHBOR_PROBE,
    NEIGHBOR_FAILED,
};

enum resolve_answer { RESOLVE_READY, RESOLVE_WAIT, RESOLVE_FAILED };

struct neighbor {
    struct age_node age; /* among the pending or among the known */
    struct age_node due; /* in the queue of those to ask */
    struct lastack_address address;
    uint32_t link;
    uint32_t hash;
    uint8_t mac[MAC_BYTES];
    uint8_t state; /* enum neighbor_state */
    uint8_t tries; /* requests sent in this state */
    bool is_due;
    struct wheel_node timer;
};

/* A frame to send: a question of ours, or an answer. */
struct neighbor_message {
    uint32_t link;
    bool is_answer;
    bool is_solicited; /* answer of ND: to somebody in particular */
    uint8_t mac_to[MAC_BYTES];
    struct lastack_address source, destination; /* ND: IP header; ARP: sender and target address */
    struct lastack_address target;
};

struct neighbors {
    struct siphash_key key;
    struct rng rng;
    struct pool pool;
    struct hash_index index;
    struct wheel wheel;
    struct age_list pending; /* INCOMPLETE and FAILED */
    struct age_list known;
    struct age_list due;
    struct neighbor_message answers[NEIGHBOR_ANSWERS];
    uint32_t answer_first, answer_count;
    uint32_t changes;         /* moves whenever somebody who was waited for answered or failed */
    uint64_t evictions;       /* to make room for others */
    uint64_t answers_refused; /* for want of room in the ring */
    uint64_t unresolved;      /* went from INCOMPLETE to FAILED */
};

uint64_t neighbors_size(uint32_t limit);
/* `memory` is zero and aligned to 64. limit 0: every neighbour is FAILED. */
void neighbors_init(struct neighbors *neighbors, void *memory, uint32_t limit,
                    const struct siphash_key *key, int64_t now);

/* The hardware address of `next_hop` on an Ethernet link. Groups are mapped at once. WAIT starts
 * (or goes on with) asking; FAILED: nobody answered, ask again after a second. */
enum resolve_answer neighbor_resolve(struct neighbors *neighbors, const struct links *links,
                                     int64_t now, uint32_t link,
                                     const struct lastack_address *next_hop,
                                     uint8_t mac[MAC_BYTES]);

/* Advice of a higher layer: nothing comes back through this next hop. Who was reachable is asked
 * again when the next packet leaves (RFC 1122 §2.3.2.1). The opposite advice, that something did
 * (RFC 4861 §7.3.1), is not taken: it would cost every ACK a lookup to save a probe in a minute. */
void neighbor_doubt(struct neighbors *neighbors, int64_t now, uint32_t link,
                    const struct lastack_address *next_hop);

/* What arrived. NONE, or the cause why it changed nothing: DROP_NEIGHBOR for a claim to one of our
 * addresses, DROP_NOT_INTERESTING for what is not about us. */
enum lastack_cause neighbor_arp_arrives(struct neighbors *neighbors, const struct links *links,
                                        int64_t now, uint32_t link, const struct arp_packet *arp);
enum lastack_cause neighbor_nd_arrives(struct neighbors *neighbors, const struct links *links,
                                       int64_t now, uint32_t link, const struct ip_packet *packet,
                                       const struct nd_message *message);

/* Deadlines up to `now` act. */
void neighbor_tick(struct neighbors *neighbors, int64_t now);
/* Absolute ns; NEVER. Early, never late. */
int64_t neighbor_next_deadline(const struct neighbors *neighbors);

/* The next frame to send, answers first; false when there is none. */
bool neighbor_next_message(struct neighbors *neighbors, const struct links *links,
                           struct neighbor_message *message);
/* The whole frame; returns its length. */
unsigned neighbor_build(const struct neighbor_message *message, const struct links *links,
                        uint8_t frame[NEIGHBOR_FRAME_MAX]);

/* For viewers: the entry of an address, or NULL. */
const struct neighbor *neighbor_find(const struct neighbors *neighbors, uint32_t link,
                                     const struct lastack_address *address);

#endif
