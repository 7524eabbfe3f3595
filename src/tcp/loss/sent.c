/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * sent.c: see sent.h.
 */
#include "sent.h"

bool sent_new(struct ranges *sent, struct pool *pool, struct seq from, struct seq to, int64_t now)
{
    struct range *last = ranges_last(sent, pool);
    struct range *range;

    if (last != NULL && last->at == now && last->tag == 0 && seq_equal(last->to, from)) {
        last->to = to; /* one burst */
        return true;
    }
    range = ranges_append(sent, pool, from, to);
    if (range == NULL)
        return false;
    range->at = now;
    range->tag = 0;
    return true;
}

void sent_again(struct ranges *sent, struct pool *pool, struct seq from, struct seq to, int64_t now)
{
    struct range *range;

    /* A split that is refused marks a little more as retransmitted: samples lost, never a false
     * one. */
    (void)ranges_split(sent, pool, from);
    (void)ranges_split(sent, pool, to);
    for (range = ranges_at_or_after(sent, pool, from); range != NULL && seq_before(range->from, to);
         range = ranges_next(sent, pool, range)) {
        range->at = now;
        range->tag |= SENT_RETRANSMITTED;
    }
}

int64_t sent_acknowledged(struct ranges *sent, struct pool *pool, struct seq una)
{
    int64_t newest = NEVER;
    bool is_valid = true;

    for (struct range *range = ranges_first(sent, pool);
         range != NULL && seq_before_or_equal(range->to, una); range = ranges_first(sent, pool)) {
        if (range->tag & SENT_RETRANSMITTED)
            is_valid = false;
        newest = range->at;
        ranges_trim_before(sent, pool, range->to);
    }
    ranges_trim_before(sent, pool, una);
    return is_valid ? newest : NEVER;
}
