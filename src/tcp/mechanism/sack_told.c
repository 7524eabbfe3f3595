/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * sack_told.c: see sack_told.h.
 */
#include "sack_told.h"

static bool touches(struct sack_block block, struct seq from, struct seq to)
{
    return seq_before_or_equal(block.from, to) && seq_before_or_equal(from, block.to);
}

static const struct sack_block no_block;

static struct sack_told *told_made(uint32_t *index, struct pool *pool)
{
    struct sack_told *told;

    if (*index == POOL_NONE)
        *index = pool_take(pool);
    else
        return pool_at(pool, *index);
    told = sack_told_at(pool, *index);
    if (told != NULL)
        *told = (struct sack_told){{no_block}};
    return told;
}

void sack_told_arrived(uint32_t *index, struct pool *pool, struct seq from, struct seq to)
{
    struct sack_told *told = told_made(index, pool);
    struct sack_block next = {from, to};
    unsigned kept = 0;

    if (told == NULL)
        return;
    /* Each block steps one place back, until one is found that became part of the new one. */
    for (unsigned i = 0; i < SEGMENT_SACK_MAX; i++) {
        const struct sack_block block = told->block[i];

        if (sack_is_empty(block))
            break;
        if (touches(block, from, to))
            continue;
        told->block[kept++] = next;
        next = block;
    }
    if (kept < SEGMENT_SACK_MAX)
        told->block[kept++] = next;
    while (kept < SEGMENT_SACK_MAX)
        told->block[kept++] = no_block;
}

void sack_told_advance(uint32_t *index, struct pool *pool, const struct ranges *arrived,
                       struct seq rcv_nxt)
{
    struct sack_told *told = sack_told_at(pool, *index);
    unsigned kept = 0;

    if (told == NULL)
        return;
    if (arrived->count == 0) {
        sack_told_clear(index, pool);
        return;
    }
    for (unsigned i = 0; i < SEGMENT_SACK_MAX; i++)
        if (!sack_is_empty(told->block[i]) && seq_after(told->block[i].from, rcv_nxt))
            told->block[kept++] = told->block[i];
    while (kept < SEGMENT_SACK_MAX)
        told->block[kept++] = no_block;
}

void sack_told_clear(uint32_t *index, struct pool *pool)
{
    if (*index == POOL_NONE)
        return;
    pool_give(pool, *index);
    *index = POOL_NONE;
}

/* Adds a block unless it is there already, from `first` on. */
static void told_add(struct segment *seg, unsigned first, unsigned most, struct seq from,
                     struct seq to)
{
    for (unsigned i = first; i < seg->sack_count; i++)
        if (seq_equal(seg->sack[i].from, from))
            return;
    if (seg->sack_count < most)
        seg->sack[seg->sack_count++] = (struct sack_block){from, to};
}

void sack_told_fill(const struct sack_told *told, const struct ranges *arrived,
                    const struct pool *pool, struct sack_block duplicate, unsigned most,
                    struct segment *seg)
{
    const unsigned first = sack_is_empty(duplicate) ? 0 : 1;

    if (!sack_is_empty(duplicate)) {
        const struct range *around = ranges_at_or_after(arrived, pool, duplicate.from);

        seg->sack[seg->sack_count++] = duplicate;
        if (around != NULL && seq_before_or_equal(around->from, duplicate.from))
            told_add(seg, first, most, around->from, around->to);
    }
    for (unsigned i = 0; told != NULL && i < SEGMENT_SACK_MAX && !sack_is_empty(told->block[i]);
         i++)
        told_add(seg, first, most, told->block[i].from, told->block[i].to);
    if (arrived->count + first > seg->sack_count)
        for (const struct range *range = ranges_first(arrived, pool);
             range != NULL && seg->sack_count < most; range = ranges_next(arrived, pool, range))
            told_add(seg, first, most, range->from, range->to);
    if (seg->sack_count > 0)
        seg->options |= OPTION_SACK;
}
