/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * page_pool.h: the pages in which text waits, in either direction.
 *
 *     memory:  [ links of all pages: 8 bytes each ][ page 0 ][ page 1 ] ... [ page limit-1 ]
 *                                                  held, free or never touched, as in pool.h
 *
 * Two things are different from an ordinary pool:
 *
 *   neighbours  A stream asks for the page that follows the one it has. Adjacent pages are adjacent
 *               memory, so a frame of 64 KiB leaves as a few pieces instead of seventeen. Links
 *               live beside the pages, so looking for a neighbour touches no page.
 *   reserve     The last `reserve` pages are kept for text in order that lets a receiver go on.
 *               Without them, text beyond holes could fill the pool while the text that closes the
 *               holes finds no page: nobody could read, and nothing would ever be freed.
 *
 * Invariant: used pages + free pages = bump; a page is held by one stream.
 */
#ifndef LASTACK_PAGE_POOL_H
#define LASTACK_PAGE_POOL_H

#include "check.h"

#define PAGE_NONE UINT32_MAX

struct page_link {
    uint32_t next, prev; /* on the free list; a held page has prev == PAGE_HELD */
};

struct page_pool {
    struct page_link *links;
    uint8_t *memory;
    uint32_t page_size; /* a power of two */
    uint32_t shift;     /* its logarithm */
    uint32_t limit;     /* pages at the most */
    uint32_t reserve;   /* of these, only for page_pool_take with may_use_reserve */
    uint32_t bump;      /* pages ever taken: the touched part */
    uint32_t used;      /* pages held now */
    uint32_t peak;      /* most pages held at once */
    uint32_t free;      /* the page given back last, PAGE_NONE when none waits */
    uint32_t blank;     /* a free page that is known to be blank, or PAGE_NONE */
    uint64_t refusals;
};

/* Bytes of memory for `limit` pages. page_size: a power of two, 1024..65536. */
uint64_t page_pool_size(uint32_t page_size, uint32_t limit);
/* `memory` is aligned to 64; reserve < limit (or both 0). */
void page_pool_init(struct page_pool *pages, void *memory, uint32_t page_size, uint32_t limit,
                    uint32_t reserve);

static inline void *page_at(const struct page_pool *pages, uint32_t page)
{
    CHECK(page < pages->bump);
    return pages->memory + ((size_t)page << pages->shift);
}

/* Pages that page_pool_take would still give. */
static inline uint32_t page_pool_available(const struct page_pool *pages, bool may_use_reserve)
{
    const uint32_t left = pages->limit - pages->used;
    const uint32_t kept = may_use_reserve ? 0 : pages->reserve;

    return left > kept ? left - kept : 0;
}

/* Would it give so many? */
static inline bool page_pool_has(const struct page_pool *pages, uint32_t count,
                                 bool may_use_reserve)
{
    return pages->limit - pages->used >= count + (may_use_reserve ? 0 : pages->reserve);
}

/* A page, its bytes whatever was there, or PAGE_NONE (counted). If it can, the one after page
 * `after`, else the one before page `before`; either may be PAGE_NONE. */
uint32_t page_pool_take(struct page_pool *pages, uint32_t after, uint32_t before,
                        bool may_use_reserve);
/* `count` > 0 adjacent pages, the first of them right behind page `after` unless that is PAGE_NONE:
 * returns the first, or PAGE_NONE if no such run is at hand (not counted: single pages may be
 * left). */
uint32_t page_pool_take_run(struct page_pool *pages, uint32_t after, uint32_t count,
                            bool may_use_reserve);
void page_pool_give(struct page_pool *pages, uint32_t page);

enum { PAGE_BLANK = 0xff };

/* A page whose bytes are all PAGE_BLANK (words that are all PAGE_NONE). */
uint32_t page_pool_take_blank(struct page_pool *pages, bool may_use_reserve);
/* Gives one back that is so again: while nobody takes it for something else, the next who needs one
 * does not have to fill it. */
void page_pool_give_blank(struct page_pool *pages, uint32_t page);
/* Looks at every byte of it: for dear checks. */
bool page_pool_is_blank(const struct page_pool *pages, uint32_t page);

#endif
