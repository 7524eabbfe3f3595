/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * stream.c: the pages of a stream as a shallow tree on a circle.
 *
 * Page numbers k have 32 - shift bits and wrap. A node of level n is a page of `entries` page
 * numbers; its entry for k is digit n - 1 of k, a digit being log2(entries) bits. Nodes below the
 * root hold aligned blocks of the circle, as in any radix tree. The root does not: it is a ring.
 *
 *     block(k) = k >> digits below the root
 *     the root holds the blocks block(first) .. block(first) + entries - 1, each at its number
 *     modulo entries
 *
 * so a window that slides along the circle stays on its level for ever. When a page lies outside
 * the ring, the tree grows a level: the old root becomes the block that `first` is in, and what had
 * wrapped around in it moves to the block after.
 *
 * Level 0 has no node: pages root, root + 1 ... hold k = first, first + 1 ... Text that comes in
 * order finds its page there as long as the pool has the next one, which is nearly always.
 *
 * Invariants: first is no later than any page held; count == 0 if and only if root == PAGE_NONE and
 * level == 0.
 */
#include "stream.h"

#include "bits.h"
#include "duration.h"

#include <string.h>

_Static_assert(sizeof(struct stream) <= 12, "two of them are in every connection");

/* What the bit fields of struct stream hold. 1023 pages of page numbers name fewer pages of text
 * than 2^20 where pages have 4 KiB or less; larger ones are fewer on the circle. */
enum {
    STREAM_COUNT_MAX = (1 << 20) - 1,
    STREAM_INDEX_MAX = 1023,
    STREAM_LEVEL_MAX = 3,
};

enum { STREAM_RUN_MAX = 64 }; /* pages on level 0: fewer than the smallest node has entries */

/* ---- arithmetic on page numbers ---- */

static uint32_t stream_page_of(const struct page_pool *pages, struct seq seq)
{
    return seq.v >> pages->shift;
}

/* Bits of a page number k. */
static unsigned stream_page_bits(const struct page_pool *pages)
{
    return 32 - pages->shift;
}

static uint32_t stream_page_mask(const struct page_pool *pages)
{
    return (1u << stream_page_bits(pages)) - 1;
}

/* Bits of one digit: a page holds page_size / 4 page numbers. */
static unsigned stream_digit_bits(const struct page_pool *pages)
{
    return pages->shift - 2;
}

static uint32_t stream_entries(const struct page_pool *pages)
{
    return pages->page_size / sizeof(uint32_t);
}

/* Page a lies before page b: b can be reached from it by less than half of the circle. */
static bool stream_page_before(const struct page_pool *pages, uint32_t a, uint32_t b)
{
    uint32_t forward = (b - a) & stream_page_mask(pages);

    return forward != 0 && forward <= stream_page_mask(pages) / 2;
}

/* Digits of k below the root's. */
static unsigned stream_block_shift(const struct stream *stream, const struct page_pool *pages)
{
    return stream_digit_bits(pages) * (stream->level - 1);
}

/* From the block of page a forward to that of page b, in the root's blocks. */
static uint32_t stream_blocks_forward(const struct stream *stream, const struct page_pool *pages,
                                      uint32_t a, uint32_t b)
{
    unsigned shift = stream_block_shift(stream, pages);

    return ((b >> shift) - (a >> shift)) & ((1u << (stream_page_bits(pages) - shift)) - 1);
}

/* ---- nodes ---- */

static uint32_t *stream_node(const struct page_pool *pages, uint32_t page)
{
    return page_at(pages, page);
}

/* The entry of page k in a node of level n. */
static uint32_t *stream_entry(const struct page_pool *pages, uint32_t node, unsigned level,
                              uint32_t k)
{
    uint32_t digit = k >> stream_digit_bits(pages) * (level - 1);

    return &stream_node(pages, node)[digit & (stream_entries(pages) - 1)];
}

/* A node whose entries are all PAGE_NONE. The caller has made sure that there is a page. */
static uint32_t stream_new_node(struct stream *stream, struct page_pool *pages)
{
    uint32_t node = page_pool_take_blank(pages, true);

    CHECK(node != PAGE_NONE && stream->index < STREAM_INDEX_MAX);
    stream->index = (stream->index + 1u) & STREAM_INDEX_MAX;
    return node;
}

/* Gives one page of text back that is held below a node. */
static void stream_give(struct stream *stream, struct page_pool *pages, uint32_t k)
{
    uint32_t node = stream->root, *entry;

    for (unsigned level = stream->level; level > 1; level--)
        node = *stream_entry(pages, node, level, k);
    entry = stream_entry(pages, node, 1, k);
    page_pool_give(pages, *entry);
    *entry = PAGE_NONE;
    stream->count--;
}

/* The first `count` pages of level 0 go back; the one given back last is the first. */
static void stream_free_run(const struct stream *stream, struct page_pool *pages, uint32_t count)
{
    for (uint32_t page = stream->root + count; page != stream->root;)
        page_pool_give(pages, --page);
}

/* Gives a subtree back. The recursion is as deep as the tree: STREAM_LEVEL_MAX. */
static void stream_free(struct stream *stream, struct page_pool *pages, uint32_t page,
                        unsigned level)
{
    if (level == 0) {
        stream->count--;
        page_pool_give(pages, page);
        return;
    }
    for (uint32_t i = 0; i < stream_entries(pages); i++) {
        uint32_t child = stream_node(pages, page)[i];

        if (child != PAGE_NONE)
            stream_free(stream, pages, child, level - 1);
    }
    stream->index--;
    page_pool_give(pages, page);
}

/* ---- finding ---- */

/* From page number a forward to b. */
static uint32_t stream_forward(const struct page_pool *pages, uint32_t a, uint32_t b)
{
    return (b - a) & stream_page_mask(pages);
}

/* Text in the run of level 0, whose pages are adjacent: where it is, in one piece; NULL if any of
 * it is not there. */
static inline uint8_t *stream_in_run(const struct stream *stream, const struct page_pool *pages,
                                     struct seq seq, uint32_t length)
{
    const uint32_t offset = seq.v - (stream->first << pages->shift);
    const uint32_t held = (uint32_t)stream->count << pages->shift;

    if (stream->level != 0 || offset >= held || length > held - offset)
        return NULL;
    return (uint8_t *)page_at(pages, stream->root) + offset;
}

/* The page of text number k, or PAGE_NONE if it is not held. */
static uint32_t stream_find(const struct stream *stream, const struct page_pool *pages, uint32_t k)
{
    uint32_t page = stream->root;

    if (stream->level == 0) {
        const uint32_t forward = stream_forward(pages, stream->first, k);

        return forward < stream->count ? page + forward : PAGE_NONE;
    }
    if (stream_page_before(pages, k, stream->first) ||
        stream_blocks_forward(stream, pages, stream->first, k) >= stream_entries(pages))
        return PAGE_NONE;
    for (unsigned level = stream->level; level > 0 && page != PAGE_NONE; level--)
        page = *stream_entry(pages, page, level, k);
    return page;
}

/* The last page held, or a later one of its block. */
static uint32_t stream_last(const struct stream *stream, const struct page_pool *pages)
{
    const uint32_t *root;
    uint32_t mask, block, held;
    unsigned shift;

    if (stream->level == 0)
        return (stream->first + stream->count - 1) & stream_page_mask(pages);
    root = stream_node(pages, stream->root);
    mask = stream_entries(pages) - 1;
    shift = stream_block_shift(stream, pages);
    block = stream->first >> shift;
    for (held = stream_entries(pages); held > 1 && root[(block + held - 1) & mask] == PAGE_NONE;)
        held--;
    return ((block + held) << shift) - 1;
}

/* ---- growing ---- */

/* The level on which the tree can hold [k, last] beside what it holds. */
static unsigned stream_level_for(const struct stream *stream, const struct page_pool *pages,
                                 uint32_t k, uint32_t last)
{
    uint32_t low = stream->first, high = last;
    unsigned level = stream->level;

    if (stream->count == 0)
        low = k;
    if (stream_page_before(pages, k, low)) {
        low = k;
        high = stream_last(stream, pages);
        if (stream_page_before(pages, high, last))
            high = last;
    }
    if (level == 0 && (low != high || k != low))
        level = 1;
    while (level > 0) {
        unsigned shift = stream_digit_bits(pages) * (level - 1);
        uint32_t blocks = (high >> shift) - (low >> shift);

        if ((blocks & ((1u << (stream_page_bits(pages) - shift)) - 1)) < stream_entries(pages))
            break;
        level++;
    }
    return level;
}

/* What has wrapped around in the ring of the root belongs to the block after: a node of its own, or
 * PAGE_NONE if there is nothing. */
static uint32_t stream_unwrap(struct stream *stream, struct page_pool *pages)
{
    uint32_t mask = stream_entries(pages) - 1, after = PAGE_NONE;
    uint32_t wrapped = (stream->first >> stream_block_shift(stream, pages)) & mask;
    uint32_t *from = stream_node(pages, stream->root);

    for (uint32_t i = 0; i < wrapped; i++) {
        if (from[i] == PAGE_NONE)
            continue;
        if (after == PAGE_NONE)
            after = stream_new_node(stream, pages);
        stream_node(pages, after)[i] = from[i];
        from[i] = PAGE_NONE;
    }
    return after;
}

/* The adjacent pages of level 0, if there are any, get a node. */
static void stream_grow_from_run(struct stream *stream, struct page_pool *pages)
{
    const uint32_t run = stream->root;

    stream->root = stream_new_node(stream, pages);
    stream->level = 1;
    for (uint32_t i = 0; i < stream->count; i++)
        *stream_entry(pages, stream->root, 1, stream->first + i) = run + i;
}

/* One level more on top: takes one page, or two. */
static void stream_grow(struct stream *stream, struct page_pool *pages)
{
    uint32_t old = stream->root, after, next;

    if (stream->level == 0) {
        stream_grow_from_run(stream, pages);
        return;
    }
    after = stream_unwrap(stream, pages);
    stream->root = stream_new_node(stream, pages);
    stream->level = (stream->level + 1u) & STREAM_LEVEL_MAX;
    *stream_entry(pages, stream->root, stream->level, stream->first) = old;
    if (after == PAGE_NONE)
        return;
    next = stream->first + (1u << stream_block_shift(stream, pages));
    *stream_entry(pages, stream->root, stream->level, next & stream_page_mask(pages)) = after;
}

/* The page of text number k, taken if it was not held; beside that of k - 1 (`after`) or, if there
 * is none, of k + 1, if that can be. */
static uint32_t stream_hold(struct stream *stream, struct page_pool *pages, uint32_t k,
                            uint32_t after)
{
    uint32_t *hole = &stream->root;

    if (stream->level == 0 && stream->count > 0)
        return stream_find(stream, pages, k);
    for (unsigned level = stream->level; level > 0; level--) {
        if (*hole == PAGE_NONE)
            *hole = stream_new_node(stream, pages);
        hole = stream_entry(pages, *hole, level, k);
    }
    if (*hole == PAGE_NONE) {
        const uint32_t before = after == PAGE_NONE
                                    ? stream_find(stream, pages, (k + 1) & stream_page_mask(pages))
                                    : PAGE_NONE;

        *hole = page_pool_take(pages, after, before, true);
        CHECK(*hole != PAGE_NONE);
        stream->count++;
    }
    return *hole;
}

/* ---- putting ---- */

static uint32_t stream_count_missing(const struct stream *stream, const struct page_pool *pages,
                                     uint32_t k, uint32_t count)
{
    uint32_t missing = 0;

    for (uint32_t i = 0; i < count; i++)
        missing += stream_find(stream, pages, (k + i) & stream_page_mask(pages)) == PAGE_NONE;
    return missing;
}

/* Nodes that may have to be made: one on top of the first page, up to two for each level grown
 * after that, and up to two on each level below the root, because a range no longer than half a
 * node touches two at most. */
static uint32_t stream_nodes_at_most(const struct stream *stream, unsigned level)
{
    uint32_t nodes = 2 * (level - stream->level);

    if (stream->level == 0 && level > 0)
        nodes--;
    return level > 1 ? nodes + 2 * (level - 1) : nodes;
}

/* Are there pages for so many of text, and for the nodes above them on a tree of this level? */
static bool stream_can_grow(const struct stream *stream, const struct page_pool *pages,
                            uint32_t missing, unsigned level, bool may_use_reserve)
{
    const uint32_t nodes = stream_nodes_at_most(stream, level);

    return page_pool_available(pages, may_use_reserve) >= missing + nodes &&
           stream->index + nodes <= STREAM_INDEX_MAX;
}

/* Makes the tree ready for [k, k + count); false, and nothing changed, if pages are short. */
static bool stream_prepare(struct stream *stream, struct page_pool *pages, uint32_t k,
                           uint32_t count, bool may_use_reserve)
{
    const uint32_t missing = stream_count_missing(stream, pages, k, count);
    unsigned level;

    if (missing == 0)
        return true;
    level = stream_level_for(stream, pages, k, (k + count - 1) & stream_page_mask(pages));
    if (!stream_can_grow(stream, pages, missing, level, may_use_reserve)) {
        pages->refusals++;
        return false;
    }
    if (stream->count == 0)
        stream->first = k;
    while (stream->level < level)
        stream_grow(stream, pages);
    if (stream_page_before(pages, k, stream->first))
        stream->first = k;
    return true;
}

/* The run has `count` pages from now on, more than it had, the first of them number `first`; false
 * if the pool has not the next ones. */
static bool stream_extend_run(struct stream *stream, struct page_pool *pages, uint32_t first,
                              uint32_t count, bool may_use_reserve)
{
    const uint32_t held = stream->count;
    const uint32_t last = held == 0 ? PAGE_NONE : stream->root + held - 1;
    uint32_t taken;

    if (count > STREAM_RUN_MAX)
        return false;
    taken = page_pool_take_run(pages, last, count - held, may_use_reserve);
    if (taken == PAGE_NONE)
        return false;
    if (held == 0) {
        stream->root = taken;
        stream->first = first;
    }
    stream->count = count & STREAM_COUNT_MAX;
    return true;
}

/* Text in order: in the run, or the run goes on up to its end, or begins with it. Where it is;
 * NULL: the long way will do the same or say why not. */
static inline uint8_t *stream_to_run(struct stream *stream, struct page_pool *pages, struct seq seq,
                                     uint32_t length, bool may_use_reserve)
{
    const uint32_t held = stream->count;
    const uint32_t first = held == 0 ? stream_page_of(pages, seq) : stream->first;
    const uint32_t offset = seq.v - (first << pages->shift);
    uint32_t count;

    if (stream->level != 0 || offset >> pages->shift > held)
        return NULL;
    count = ((offset + length - 1) >> pages->shift) + 1;
    if (count > held && !stream_extend_run(stream, pages, first, count, may_use_reserve))
        return NULL;
    return (uint8_t *)page_at(pages, stream->root) + offset;
}

/* `data` may be NULL: then the text is, or will be, there without us. */
static void stream_fill(void *to, const uint8_t *from, uint32_t length)
{
    if (from != NULL)
        memcpy(to, from, length);
}

/* Page by page, in a tree if need be. */
static NOINLINE bool stream_put_far(struct stream *stream, struct page_pool *pages, struct seq seq,
                                    const uint8_t *from, uint32_t length, bool may_use_reserve)
{
    uint32_t k = stream_page_of(pages, seq), offset = seq.v & (pages->page_size - 1);
    uint32_t page = PAGE_NONE;
    uint32_t count;

    CHECK(length <= pages->page_size / 8 * pages->page_size);
    count = ((offset + length - 1) >> pages->shift) + 1;
    if (!stream_prepare(stream, pages, k, count, may_use_reserve))
        return false;
    if (stream->count > 0)
        page = stream_find(stream, pages, (k - 1) & stream_page_mask(pages));
    while (length > 0) {
        uint32_t piece = min32(length, pages->page_size - offset);

        page = stream_hold(stream, pages, k, page);
        stream_fill((uint8_t *)page_at(pages, page) + offset, from, piece);
        from = from != NULL ? from + piece : NULL;
        length -= piece;
        offset = 0;
        k = (k + 1) & stream_page_mask(pages);
    }
    return true;
}

static bool stream_put_any(struct stream *stream, struct page_pool *pages, struct seq seq,
                           const void *data, uint32_t length, bool may_use_reserve)
{
    uint8_t *to;

    if (length == 0)
        return true;
    to = stream_to_run(stream, pages, seq, length, may_use_reserve);
    if (UNLIKELY(to == NULL))
        return stream_put_far(stream, pages, seq, data, length, may_use_reserve);
    stream_fill(to, data, length);
    return true;
}

bool stream_put(struct stream *stream, struct page_pool *pages, struct seq seq, const void *data,
                uint32_t length)
{
    return stream_put_any(stream, pages, seq, data, length, false);
}

bool stream_put_reserved(struct stream *stream, struct page_pool *pages, struct seq seq,
                         const void *data, uint32_t length)
{
    return stream_put_any(stream, pages, seq, data, length, true);
}

bool stream_make_room(struct stream *stream, struct page_pool *pages, struct seq seq,
                      uint32_t length)
{
    return stream_put_any(stream, pages, seq, NULL, length, false);
}

bool stream_has_room(const struct stream *stream, const struct page_pool *pages, struct seq seq,
                     uint32_t length)
{
    const uint32_t offset = seq.v & (pages->page_size - 1);

    return length == 0 || (stream->count > 0 &&
                           stream_count_missing(stream, pages, stream_page_of(pages, seq),
                                                (offset + length - 1) / pages->page_size + 1) == 0);
}

bool stream_may_put(const struct stream *stream, const struct page_pool *pages, struct seq seq,
                    uint32_t length)
{
    const uint32_t k = stream_page_of(pages, seq), offset = seq.v & (pages->page_size - 1);
    const uint32_t count = (offset + max32(length, 1) - 1) / pages->page_size + 1;
    const uint32_t missing = stream_count_missing(stream, pages, k, count);
    const uint32_t last = (k + count - 1) & stream_page_mask(pages);

    return missing == 0 ||
           stream_can_grow(stream, pages, missing, stream_level_for(stream, pages, k, last), false);
}

/* ---- reading ---- */

/* The piece of memory that holds the byte `seq` and what follows it, up to `length`: in its page,
 * or in all those of level 0, which are adjacent. */
static struct lastack_iovec stream_piece(const struct stream *stream, const struct page_pool *pages,
                                         struct seq seq, uint32_t length)
{
    const uint32_t offset = seq.v & (pages->page_size - 1);
    uint32_t page;

    if (stream->level == 0) {
        const uint32_t into = seq.v - (stream->first << pages->shift);

        CHECK((uint64_t)into + length <= (uint64_t)stream->count << pages->shift);
        return (struct lastack_iovec){(uint8_t *)page_at(pages, stream->root) + into, length};
    }
    page = stream_find(stream, pages, stream_page_of(pages, seq));
    CHECK(page != PAGE_NONE);
    return (struct lastack_iovec){.base = (uint8_t *)page_at(pages, page) + offset,
                                  .length = min32(length, pages->page_size - offset)};
}

static NOINLINE void stream_get_pieces(const struct stream *stream, const struct page_pool *pages,
                                       struct seq seq, uint8_t *to, uint32_t length)
{
    while (length > 0) {
        struct lastack_iovec piece = stream_piece(stream, pages, seq, length);

        memcpy(to, piece.base, piece.length);
        to += piece.length;
        length -= (uint32_t)piece.length;
        seq = seq_add(seq, (uint32_t)piece.length);
    }
}

void stream_get(const struct stream *stream, const struct page_pool *pages, struct seq seq,
                void *out, uint32_t length)
{
    const uint8_t *from = stream_in_run(stream, pages, seq, length);

    if (LIKELY(from != NULL))
        memcpy(out, from, length);
    else
        stream_get_pieces(stream, pages, seq, out, length);
}

static NOINLINE unsigned stream_pieces(const struct stream *stream, const struct page_pool *pages,
                                       struct seq seq, uint32_t length, struct lastack_iovec *iov,
                                       unsigned max)
{
    unsigned count = 0;

    while (length > 0) {
        struct lastack_iovec piece = stream_piece(stream, pages, seq, length);
        struct lastack_iovec *last = count > 0 ? &iov[count - 1] : NULL;

        if (last != NULL && (const uint8_t *)last->base + last->length == piece.base)
            last->length += piece.length;
        else if (count < max)
            iov[count++] = piece;
        else
            break;
        length -= (uint32_t)piece.length;
        seq = seq_add(seq, (uint32_t)piece.length);
    }
    return count;
}

unsigned stream_iovec(const struct stream *stream, const struct page_pool *pages, struct seq seq,
                      uint32_t length, struct lastack_iovec *iov, unsigned max)
{
    const uint8_t *all = stream_in_run(stream, pages, seq, length);

    if (UNLIKELY(all == NULL || length == 0 || max == 0))
        return stream_pieces(stream, pages, seq, length, iov, max);
    iov[0] = (struct lastack_iovec){all, length};
    return 1;
}

/* ---- dropping ---- */

void stream_init(struct stream *stream)
{
    *stream = (struct stream){.root = PAGE_NONE};
}

static NOINLINE void stream_free_tree(struct stream *stream, struct page_pool *pages)
{
    stream_free(stream, pages, stream->root, stream->level);
    CHECK(stream->count == 0 && stream->index == 0);
    stream_init(stream);
}

void stream_free_all(struct stream *stream, struct page_pool *pages)
{
    if (UNLIKELY(stream->level != 0)) {
        stream_free_tree(stream, pages);
        return;
    }
    stream_free_run(stream, pages, stream->count);
    stream_init(stream);
}

/* Gives back every page before k, which lies within the ring: on each level the entries from that
 * of `first` to that of k, then the same inside the block that k is in. */
static void stream_trim(struct stream *stream, struct page_pool *pages, uint32_t k)
{
    uint32_t mask = stream_entries(pages) - 1, first = stream->first, node = stream->root;

    for (unsigned level = stream->level; level > 0 && node != PAGE_NONE; level--) {
        unsigned shift = stream_digit_bits(pages) * (level - 1);
        unsigned above = shift + stream_digit_bits(pages);
        bool is_shared = level == stream->level || first >> above == k >> above;
        uint32_t i = is_shared ? first >> shift & mask : 0, end = k >> shift & mask;

        for (; i != end; i = (i + 1) & mask) {
            uint32_t *entry = &stream_node(pages, node)[i];

            if (*entry != PAGE_NONE)
                stream_free(stream, pages, *entry, level - 1);
            *entry = PAGE_NONE;
        }
        node = stream_node(pages, node)[end];
    }
}

/* Nodes without text: they go back. With a single one there is nothing to look for in it: text that
 * goes on from page to page makes and frees one for each, which stays blank. */
static void stream_free_nodes(struct stream *stream, struct page_pool *pages)
{
    if (stream->index == 1) {
        page_pool_give_blank(pages, stream->root);
        stream->index = 0;
    } else {
        stream_free(stream, pages, stream->root, stream->level);
    }
    stream->root = PAGE_NONE;
    stream->level = 0;
}

/* One page of text is left, where reading goes on: it needs no node. */
static void stream_collapse(struct stream *stream, struct page_pool *pages)
{
    uint32_t *hole = &stream->root, page;

    for (unsigned level = stream->level; level > 0; level--) {
        if (*hole == PAGE_NONE)
            return;
        hole = stream_entry(pages, *hole, level, stream->first);
    }
    if (*hole == PAGE_NONE)
        return;
    page = *hole;
    *hole = PAGE_NONE;
    stream_free_nodes(stream, pages);
    stream->root = page;
}

/* Fewer pages of text than before: fewer of page numbers, perhaps none. */
static void stream_shrink(struct stream *stream, struct page_pool *pages)
{
    if (stream->count == 0)
        stream_free_nodes(stream, pages);
    else if (stream->count == 1)
        stream_collapse(stream, pages);
}

/* Level 0: page k and what is behind it, for nothing stands behind a room. */
static void stream_cut_run(struct stream *stream, struct page_pool *pages, uint32_t k)
{
    const uint32_t kept = stream_forward(pages, stream->first, k);

    if (kept == 0)
        stream_clear(stream, pages);
    while (stream->count > kept) {
        page_pool_give(pages, stream->root + stream->count - 1);
        stream->count--;
    }
}

void stream_drop_room(struct stream *stream, struct page_pool *pages, struct seq seq,
                      uint32_t length)
{
    const uint32_t size = pages->page_size;
    const uint32_t skip = (0 - seq.v) & (size - 1); /* up to where a page begins */
    const uint32_t k = stream_page_of(pages, seq_add(seq, skip));
    const uint32_t count = length > skip ? (length - skip) / size : 0;

    if (stream->level == 0) {
        if (count > 0)
            stream_cut_run(stream, pages, k);
        return;
    }
    for (uint32_t i = 0; i < count; i++) {
        const uint32_t at = (k + i) & stream_page_mask(pages);

        if (stream->count == 0 || stream_find(stream, pages, at) == PAGE_NONE)
            break; /* a room has no holes */
        stream_give(stream, pages, at);
    }
    stream_shrink(stream, pages);
}

/* Level 0: the pages before k, which is held. */
static void stream_drop_run(struct stream *stream, struct page_pool *pages, uint32_t k)
{
    const uint32_t count = stream_forward(pages, stream->first, k);

    stream_free_run(stream, pages, count);
    stream->root += count;
    stream->count = (stream->count - count) & STREAM_COUNT_MAX;
    stream->first = k;
}

void stream_drop_pages(struct stream *stream, struct page_pool *pages, uint32_t k)
{
    if (stream->count == 0 || !stream_page_before(pages, stream->first, k))
        return;
    if (stream->level == 0
            ? stream_forward(pages, stream->first, k) >= stream->count
            : stream_blocks_forward(stream, pages, stream->first, k) >= stream_entries(pages)) {
        stream_clear(stream, pages);
        return;
    }
    if (stream->level == 0) {
        stream_drop_run(stream, pages, k);
        return;
    }
    stream_trim(stream, pages, k);
    stream->first = k;
    stream_shrink(stream, pages);
}
