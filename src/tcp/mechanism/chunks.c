/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * chunks.c: see chunks.h.
 *
 * Invariant: closed chunks are disjoint, ascending and end at or before `tail`.
 */
#include "chunks.h"

void chunks_init(struct chunks *chunks, struct seq start)
{
    ranges_init(&chunks->closed);
    chunks->tail = chunks->released = chunks->unheld = chunks->frame_end = start;
    chunks->is_tail_ended = chunks->is_held = chunks->is_long_frame = false;
}

void chunks_clear(struct chunks *chunks, struct pool *pool)
{
    ranges_clear(&chunks->closed, pool);
}

bool chunks_close(struct chunks *chunks, struct pool *pool, struct seq sent, struct seq end,
                  bool is_pushed)
{
    const struct seq from = seq_max(chunks->tail, sent);

    if (seq_before(from, end)) {
        struct range *range = ranges_append(&chunks->closed, pool, from, end);

        if (range == NULL)
            return false;
        range->at = 0;
        range->count = is_pushed;
    }
    chunks->tail = end;
    chunks->is_tail_ended = false;
    return true;
}

struct chunk chunks_at(const struct chunks *chunks, const struct pool *pool, struct seq from,
                       struct seq end)
{
    const struct range *range =
        chunks->closed.count > 0 ? ranges_at_or_after(&chunks->closed, pool, from) : NULL;

    if (range == NULL)
        return (struct chunk){.end = end, .is_tail = true};
    return (struct chunk){.end = range->to, .is_pushed = range->count != 0};
}

void chunks_sent(struct chunks *chunks, struct pool *pool, struct seq to)
{
    chunks->tail = seq_max(chunks->tail, to);
    chunks->released = seq_max(chunks->released, to);
    chunks->unheld = seq_max(chunks->unheld, to);
    chunks->frame_end = seq_max(chunks->frame_end, to);
    if (chunks->closed.count > 0)
        ranges_trim_before(&chunks->closed, pool, to);
}
