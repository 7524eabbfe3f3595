/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * chunks.h: how what was queued and not sent yet is cut, where a profile cuts it as Linux does.
 *
 *      snd.nxt                       tail                      snd.end
 *       ──┼────────────┼───────────────┼──────────────────────────┼──
 *         │ closed     │ closed        │ the one that is written to │
 *
 * Linux queues in sk_buffs: a write fills the last one up to the size of a frame, then begins
 * another; a frame never reaches over the end of one, MSG_EOR ends one early, and the user's PSH
 * belongs to the end of one. Programs see it: how much a write takes, when a socket is writable,
 * where segments end. Only the closed ones need a record, and there is none while a write is sent
 * at once.
 *
 * When the pool refuses a record, a chunk goes on instead of ending: a boundary is lost, no byte.
 */
#ifndef LASTACK_CHUNKS_H
#define LASTACK_CHUNKS_H

#include "ranges.h"

struct chunks {
    struct ranges closed; /* count: 1 if the user pushed at its end */
    struct seq tail;      /* the last one begins here, or where all before it has been sent */
    struct seq released;  /* what a long write pushes out on its way, before its end */
    struct seq frame_end; /* of the frame that is leaving; a link may take it in pieces */
    struct seq unheld;    /* Nagle holds nothing before it back: its writer waits for room */
    bool is_tail_ended;   /* MSG_EOR: nothing is appended to it */
    bool is_long_frame;   /* that frame has several segments */
    bool is_held;         /* MSG_MORE was the last word: the tail waits like behind a cork */
};

/* One chunk, or what is left of it. */
struct chunk {
    struct seq end;
    bool is_tail;   /* it may still grow, and Nagle may hold it */
    bool is_pushed; /* PSH belongs on its end; of the tail `conn->push` tells */
};

void chunks_init(struct chunks *chunks, struct seq start);
void chunks_clear(struct chunks *chunks, struct pool *pool);

/* Bytes of the tail that were not sent, when everything before `sent` was and text
 * ends at `end`. */
static inline uint32_t chunks_tail_length(const struct chunks *chunks, struct seq sent,
                                          struct seq end)
{
    const struct seq from = seq_max(chunks->tail, sent);

    return seq_after(end, from) ? seq_distance(from, end) : 0;
}

/* The tail ends at `end`, another begins there. False: no record left, the tail goes on. */
bool chunks_close(struct chunks *chunks, struct pool *pool, struct seq sent, struct seq end,
                  bool is_pushed);

/* The chunk that holds `from`, with text up to `end`. */
struct chunk chunks_at(const struct chunks *chunks, const struct pool *pool, struct seq from,
                       struct seq end);

/* Everything before `to` was sent. */
void chunks_sent(struct chunks *chunks, struct pool *pool, struct seq to);

#endif
