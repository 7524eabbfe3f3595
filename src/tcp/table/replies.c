/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * replies.c: see replies.h.
 */
#include "replies.h"

void replies_init(struct replies *replies, void *memory, uint32_t limit)
{
    pool_init(&replies->pool, memory, sizeof(struct reply), limit);
    replies->head = replies->tail = POOL_NONE;
}

/* What is not read is not cleared: `sack` and `fast_open` are there if `sack_count` and `options`
 * say so, and who answers always fills in tuple, flow and state. */
static void reply_clear(struct reply *reply)
{
    reply->window = 0;
    reply->seq = reply->ack = seq_of(0);
    reply->wnd = reply->flags = reply->options = reply->mss = 0;
    reply->window_scale = reply->sack_count = reply->tos = reply->ttl = 0;
    reply->parked = 0;
    reply->ts_value = reply->ts_echo = 0;
}

static struct reply *append_reply(struct replies *replies, uint32_t index)
{
    struct reply *reply = pool_at(&replies->pool, index);

    reply->next = POOL_NONE;
    if (replies->head == POOL_NONE)
        replies->head = index;
    else
        ((struct reply *)pool_at(&replies->pool, replies->tail))->next = index;
    replies->tail = index;
    return reply;
}

struct reply *replies_add(struct replies *replies)
{
    const uint32_t index = pool_take(&replies->pool);
    struct reply *reply;

    if (index == POOL_NONE)
        return NULL;
    reply = append_reply(replies, index);
    reply_clear(reply);
    return reply;
}

const struct reply *replies_take(struct replies *replies)
{
    const uint32_t index = replies->head;
    const struct reply *reply;

    if (index == POOL_NONE)
        return NULL;
    reply = pool_at(&replies->pool, index);
    replies->head = reply->next;
    if (replies->head == POOL_NONE)
        replies->tail = POOL_NONE;
    pool_give(&replies->pool, index); /* overwrites `next` only */
    return reply;
}

NOINLINE void replies_put_back(struct replies *replies)
{
    /* given back last, so it is the one taken now */
    (void)append_reply(replies, pool_take(&replies->pool));
}

void reply_segment(const struct reply *reply, struct segment *seg)
{
    segment_clear(seg);
    seg->seq = reply->seq;
    seg->ack = reply->ack;
    seg->flags = reply->flags;
    seg->wnd = reply->wnd;
    seg->options = reply->options;
    seg->mss = reply->mss;
    seg->window_scale = reply->window_scale;
    seg->sack_count = reply->sack_count;
    seg->ts_value = reply->ts_value;
    seg->ts_echo = reply->ts_echo;
    seg->tuple = reply->tuple;
    memcpy(seg->sack, reply->sack, reply->sack_count * sizeof seg->sack[0]);
    if (reply->options & (OPTION_FAST_OPEN | OPTION_FAST_OPEN_EXP)) {
        seg->fast_open_length = sizeof reply->fast_open;
        memcpy(seg->fast_open, reply->fast_open, sizeof reply->fast_open);
    }
}
