/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * page_pool.c: a last-in-first-out list of free pages from which any page can be taken.
 *
 * The list is doubly linked through `links`, so that a neighbour leaves it in O(1). Where no
 * neighbour is free, the page is taken from the start of the free pages of the run that the newest
 * one belongs to: then the next ones find their neighbours free.
 *
 * Neighbours are looked for within a run of PAGE_RUN pages only. At its end the newest free page
 * counts again, and that is what keeps text in the processor's cache: a stream that followed its
 * neighbours without end would walk through every page ever touched before it came back to the ones
 * it gave back a moment ago.
 */
#include "page_pool.h"

#include "bits.h"

#include <string.h>

/* `prev` of a page that is not on the free list; PAGE_NONE is the list's front. */
#define PAGE_HELD (UINT32_MAX - 1)

enum {
    PAGE_RUN = 16, /* 64 KiB of 4 KiB pages, aligned: a full frame is two or three pieces */
};

static uint64_t page_links_size(uint32_t limit)
{
    return ((uint64_t)sizeof(struct page_link) * limit + 63) & ~(uint64_t)63;
}

static bool page_is_free(const struct page_pool *pages, uint32_t page)
{
    return page < pages->bump && pages->links[page].prev != PAGE_HELD;
}

uint64_t page_pool_size(uint32_t page_size, uint32_t limit)
{
    return page_links_size(limit) + (uint64_t)page_size * limit;
}

void page_pool_init(struct page_pool *pages, void *memory, uint32_t page_size, uint32_t limit,
                    uint32_t reserve)
{
    CHECK(page_size >= 1024 && page_size <= 65536 && (page_size & (page_size - 1)) == 0);
    CHECK(limit < PAGE_HELD && (reserve < limit || reserve == 0));
    *pages = (struct page_pool){
        .links = memory,
        .memory = (uint8_t *)memory + page_links_size(limit),
        .page_size = page_size,
        .shift = lowest_bit64(page_size),
        .limit = limit,
        .reserve = reserve,
        .free = PAGE_NONE,
        .blank = PAGE_NONE,
    };
}

static void page_unlink(struct page_pool *pages, uint32_t page)
{
    struct page_link *link = &pages->links[page];

    if (link->prev == PAGE_NONE)
        pages->free = link->next;
    else
        pages->links[link->prev].next = link->next;
    if (link->next != PAGE_NONE)
        pages->links[link->next].prev = link->prev;
}

static bool page_begins_run(uint32_t page)
{
    return page % PAGE_RUN == 0;
}

/* Of a page that was touched; so were those before it. */
static uint32_t page_start_of_run(const struct page_pool *pages, uint32_t page)
{
    while (!page_begins_run(page) && pages->links[page - 1].prev != PAGE_HELD)
        page--;
    return page;
}

/* Which free page to take. New memory is touched only when none is free. */
static uint32_t page_choose(const struct page_pool *pages, uint32_t after, uint32_t before)
{
    if (after != PAGE_NONE && !page_begins_run(after + 1) && page_is_free(pages, after + 1))
        return after + 1;
    if (before != PAGE_NONE && !page_begins_run(before) && page_is_free(pages, before - 1))
        return before - 1;
    if (pages->free != PAGE_NONE)
        return page_start_of_run(pages, pages->free);
    return pages->bump;
}

/* This free page, or the first that was never touched. */
static uint32_t page_hand_out(struct page_pool *pages, uint32_t page)
{
    if (page == pages->bump)
        pages->bump++;
    else
        page_unlink(pages, page);
    if (page == pages->blank)
        pages->blank = PAGE_NONE;
    pages->links[page].prev = PAGE_HELD;
    pages->used++;
    if (pages->used > pages->peak)
        pages->peak = pages->used;
    return page;
}

uint32_t page_pool_take(struct page_pool *pages, uint32_t after, uint32_t before,
                        bool may_use_reserve)
{
    if (!page_pool_has(pages, 1, may_use_reserve)) {
        pages->refusals++;
        return PAGE_NONE;
    }
    return page_hand_out(pages, page_choose(pages, after, before));
}

uint32_t page_pool_take_blank(struct page_pool *pages, bool may_use_reserve)
{
    uint32_t page = pages->blank;

    /* not out of the middle of a run, which text will want */
    if (page != PAGE_NONE && page_start_of_run(pages, page) == page &&
        page_pool_has(pages, 1, may_use_reserve))
        return page_hand_out(pages, page);
    page = page_pool_take(pages, PAGE_NONE, PAGE_NONE, may_use_reserve);
    if (page != PAGE_NONE)
        memset(page_at(pages, page), PAGE_BLANK, pages->page_size);
    return page;
}

bool page_pool_is_blank(const struct page_pool *pages, uint32_t page)
{
    const uint8_t *bytes = page_at(pages, page);

    for (uint32_t i = 0; i < pages->page_size; i++)
        if (bytes[i] != PAGE_BLANK)
            return false;
    return true;
}

void page_pool_give_blank(struct page_pool *pages, uint32_t page)
{
    CHECK_SLOW(page_pool_is_blank(pages, page));
    page_pool_give(pages, page);
    pages->blank = page;
}

/* Page `page` may be taken as the one behind another of its run. */
static bool page_follows(const struct page_pool *pages, uint32_t page)
{
    return !page_begins_run(page) &&
           (page_is_free(pages, page) || (pages->free == PAGE_NONE && page >= pages->bump));
}

uint32_t page_pool_take_run(struct page_pool *pages, uint32_t after, uint32_t count,
                            bool may_use_reserve)
{
    const uint32_t first = page_choose(pages, after, PAGE_NONE);

    if (!page_pool_has(pages, count, may_use_reserve) || (after != PAGE_NONE && first != after + 1))
        return PAGE_NONE;
    for (uint32_t i = 1; i < count; i++)
        if (!page_follows(pages, first + i))
            return PAGE_NONE;
    page_hand_out(pages, first);
    for (uint32_t i = 1; i < count; i++)
        page_hand_out(pages, first + i);
    return first;
}

void page_pool_give(struct page_pool *pages, uint32_t page)
{
    CHECK(page < pages->bump && pages->links[page].prev == PAGE_HELD);
    pages->links[page] = (struct page_link){.next = pages->free, .prev = PAGE_NONE};
    if (pages->free != PAGE_NONE)
        pages->links[pages->free].prev = page;
    pages->free = page;
    pages->used--;
}
