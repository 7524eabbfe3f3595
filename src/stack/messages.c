/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * messages.c: see messages.h.
 */
#include "messages.h"

void messages_init(struct messages *messages)
{
    *messages = (struct messages){.head = PAGE_NONE, .tail = PAGE_NONE, .handed = PAGE_NONE};
}

static struct message *message_at(const struct page_pool *pages, uint32_t page)
{
    return page_at(pages, page);
}

size_t messages_room(const struct page_pool *pages)
{
    return pages->page_size - sizeof(struct message);
}

struct message *messages_new(struct messages *messages, struct page_pool *pages, uint32_t *page)
{
    struct message *message;

    *page = messages_are_full(messages) ? PAGE_NONE
                                        : page_pool_take(pages, PAGE_NONE, PAGE_NONE, false);
    if (*page == PAGE_NONE) {
        messages->refusals++;
        return NULL;
    }
    messages->count++;
    message = message_at(pages, *page);
    *message = (struct message){.next = PAGE_NONE, .checksum_offset = 0xffff};
    return message;
}

void messages_append(struct messages *messages, const struct page_pool *pages, uint32_t page)
{
    message_at(pages, page)->next = PAGE_NONE;
    if (messages->head == PAGE_NONE)
        messages->head = page;
    else
        message_at(pages, messages->tail)->next = page;
    messages->tail = page;
}

void messages_drop(struct messages *messages, struct page_pool *pages, uint32_t page)
{
    CHECK(messages->count > 0);
    messages->count--;
    page_pool_give(pages, page);
}

uint32_t messages_take(struct messages *messages, const struct page_pool *pages)
{
    const uint32_t page = messages->head;

    if (page == PAGE_NONE)
        return PAGE_NONE;
    messages->head = message_at(pages, page)->next;
    if (messages->head == PAGE_NONE)
        messages->tail = PAGE_NONE;
    return page;
}

void messages_handed(struct messages *messages, const struct page_pool *pages, uint32_t page)
{
    message_at(pages, page)->next = messages->handed;
    messages->handed = page;
}

NOINLINE void messages_reclaim_handed(struct messages *messages, struct page_pool *pages)
{
    while (messages->handed != PAGE_NONE) {
        const uint32_t page = messages->handed;

        messages->handed = message_at(pages, page)->next;
        messages_drop(messages, pages, page);
    }
}
