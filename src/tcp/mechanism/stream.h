/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * stream.h: bytes addressed by sequence number, in pages (decision 0005).
 *
 * Page k holds the sequence numbers [k * size, (k + 1) * size). How a page is found depends on how
 * far the pages of a stream lie apart; with pages of 4 KiB:
 *
 *     level 0   root = the first of `count` adjacent pages           no node
 *     level 1   root = 1024 page numbers, page k at k mod 1024       4 MiB, anywhere on the circle
 *     level 2   root = 1024 blocks of 1024 page numbers              4 GiB
 *
 *         root ──▶ [ . . a b . c . . ]          a, b, c: pages of text; dots: not held
 *                        │ │   │
 *                        ▼ ▼   ▼
 *                      ####  ####               a hole costs nothing
 *
 * Text goes to its final place at once, in any order; what of it is there, the owner knows
 * (snd.una.., rcv.nxt, a set of ranges). A byte that was never put has no defined value and must
 * not be asked for.
 *
 * An idle stream takes 12 bytes and no page. All sequence numbers held at one time lie within 2^30
 * of each other, as windows do (RFC 7323 §2.3). At most 1023 pages of page numbers: at 2 KiB per
 * page that bounds a stream to about 1 GiB, at 1 KiB to 255 MiB; beyond, stream_put refuses.
 */
#ifndef LASTACK_STREAM_H
#define LASTACK_STREAM_H

#include "page_pool.h"
#include "seq.h"

#include <lastack/packet.h>

struct stream {
    uint32_t root;       /* page number; PAGE_NONE when idle */
    uint32_t first;      /* no page below this k is held; on level 0 this one is */
    unsigned count : 20; /* pages of text */
    unsigned index : 10; /* pages of page numbers */
    unsigned level : 2;
};

void stream_init(struct stream *stream);

/* Copies `length` bytes to [seq, seq + length), at most page_size * page_size / 8 of them (128 KiB
 * with the smallest pages); `data` NULL: as stream_make_room. False if there are not enough pages:
 * nothing changed. */
bool stream_put(struct stream *stream, struct page_pool *pages, struct seq seq, const void *data,
                uint32_t length);
/* The same, and the pool's reserve may be used: for text in order while nothing waits to be read,
 * so that each receiver can always go on by one page. */
bool stream_put_reserved(struct stream *stream, struct page_pool *pages, struct seq seq,
                         const void *data, uint32_t length);

/* As stream_put, but nothing is copied: the pages are there, for someone else to write to (where
 * they are, stream_iovec says). What is not written is whatever was there. */
bool stream_make_room(struct stream *stream, struct page_pool *pages, struct seq seq,
                      uint32_t length);
/* Has it pages for all of that already? */
bool stream_has_room(const struct stream *stream, const struct page_pool *pages, struct seq seq,
                     uint32_t length);

/* Would stream_put find pages for it? (Where this says no it may still find some, if those next to
 * the stream's own are free.) */
bool stream_may_put(const struct stream *stream, const struct page_pool *pages, struct seq seq,
                    uint32_t length);

/* Copies [seq, seq + length), all of which was put, to `out`. */
void stream_get(const struct stream *stream, const struct page_pool *pages, struct seq seq,
                void *out, uint32_t length);

/* Up to `max` pieces of memory that hold [seq, seq + length), in order; adjacent pages make one
 * piece. Returns how many; when `max` is too small they cover as much of the front as fits. Valid
 * until the stream drops them. */
unsigned stream_iovec(const struct stream *stream, const struct page_pool *pages, struct seq seq,
                      uint32_t length, struct lastack_iovec *iov, unsigned max);

/* Gives back what lies before page number `k`. */
void stream_drop_pages(struct stream *stream, struct page_pool *pages, uint32_t k);

/* Nothing before `seq` is needed any more: whole pages before it go back. */
static inline void stream_drop_before(struct stream *stream, struct page_pool *pages,
                                      struct seq seq)
{
    const uint32_t k = seq.v >> pages->shift;

    if (stream->count > 0 && k != stream->first)
        stream_drop_pages(stream, pages, k);
}
/* The pages that lie wholly in [seq, seq + length) go back: the end of a room that was not used. */
void stream_drop_room(struct stream *stream, struct page_pool *pages, struct seq seq,
                      uint32_t length);
void stream_free_all(struct stream *stream, struct page_pool *pages);

/* Everything goes back; the stream is idle. */
static inline void stream_clear(struct stream *stream, struct page_pool *pages)
{
    if (stream->root != PAGE_NONE)
        stream_free_all(stream, pages);
}

/* Pages held, those of page numbers included: what the stream is charged with. */
static inline uint32_t stream_pages(const struct stream *stream)
{
    return (uint32_t)stream->count + stream->index;
}

#endif
