/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * udp_queue.h: datagrams that wait, first come, first served, in a ring of bytes.
 *
 *     [record | data ... pad][record | data .. pad]          [skip]
 *      ▲ first                                     ▲ end
 *
 * A datagram lies in one piece: where the rest of the ring is too short for it, that rest is
 * skipped. Full means refused and counted; nothing that was taken is ever lost.
 */
#ifndef LASTACK_UDP_QUEUE_H
#define LASTACK_UDP_QUEUE_H

#include "check.h"

#include <lastack/address.h>

/* What is known of a datagram beside its data. Arrived: local is the destination. */
struct udp_record {
    struct lastack_endpoint local, remote;
    uint16_t length; /* of data */
};

struct udp_queue {
    uint8_t *memory;
    uint32_t size;
    uint32_t first, end; /* offsets */
    uint32_t skip;       /* where the ring was left off; size if it was not */
    uint32_t count;      /* datagrams */
    uint32_t bytes;      /* of their data */
    uint64_t refusals;
};

/* Bytes that a datagram with so much data takes in the ring. */
uint32_t udp_queue_cost(uint32_t length);

/* `size` bytes of memory, aligned to 8. Less than the cost of one datagram holds nothing. */
void udp_queue_init(struct udp_queue *queue, void *memory, uint32_t size);

/* Copies record->length bytes. False (counted) if there is no room. */
bool udp_queue_push(struct udp_queue *queue, const struct udp_record *record, const void *data);

/* The oldest one; its data stays valid until it is popped. False if there is none. */
bool udp_queue_front(const struct udp_queue *queue, struct udp_record *record,
                     const uint8_t **data);
void udp_queue_pop(struct udp_queue *queue);

#endif
