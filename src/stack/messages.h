/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * messages.h: ready IP packets that are not TCP: ICMP, UDP. A bounded first-in-first-out queue.
 *
 *     page:  [ struct message | payload behind the IP header ]
 *
 * One page each, taken from the pool that text uses. What output has handed out stays until the
 * next call that may end the validity of its memory (messages_reclaim), as the contract of packets
 * says.
 */
#ifndef LASTACK_MESSAGES_H
#define LASTACK_MESSAGES_H

#include "ip_header.h"
#include "page_pool.h"

#include <lastack/lastack.h>

enum { MESSAGES_MOST = 256 };

struct message {
    uint32_t next;
    /* of the transport's checksum in the payload, for links that finish it;
     * 0xffff: it is finished */
    uint16_t checksum_offset;
    uint8_t is_parked;  /* its neighbour does not answer yet */
    struct ip_build ip; /* payload_length bytes follow the struct */
};

struct messages {
    uint32_t head, tail; /* waiting */
    uint32_t handed;     /* handed out, still referred to */
    uint32_t count;
    uint64_t refusals;
};

static inline uint8_t *message_payload(struct message *message)
{
    return (uint8_t *)(message + 1);
}

void messages_init(struct messages *messages);
/* Room for payload in one message. */
size_t messages_room(const struct page_pool *pages);
/* No more of them for now, whatever pages there are. */
static inline bool messages_are_full(const struct messages *messages)
{
    return messages->count >= MESSAGES_MOST;
}
/* A new one, not yet in the queue; NULL when there are too many or no page. Fill in ip and
 * payload, then messages_append. */
struct message *messages_new(struct messages *messages, struct page_pool *pages, uint32_t *page);
void messages_append(struct messages *messages, const struct page_pool *pages, uint32_t page);
/* Gives a page from messages_new back unused. */
void messages_drop(struct messages *messages, struct page_pool *pages, uint32_t page);
/* The oldest, out of the queue; PAGE_NONE when none waits. */
uint32_t messages_take(struct messages *messages, const struct page_pool *pages);
/* It was handed out: stays until reclaimed. */
void messages_handed(struct messages *messages, const struct page_pool *pages, uint32_t page);
void messages_reclaim_handed(struct messages *messages, struct page_pool *pages);

static inline void messages_reclaim(struct messages *messages, struct page_pool *pages)
{
    if (messages->handed != PAGE_NONE) /* seldom */
        messages_reclaim_handed(messages, pages);
}

#endif
