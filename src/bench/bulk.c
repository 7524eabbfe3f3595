/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * bulk.c: a program that always sends and one that always reads.
 */
#include "bulk.h"

#include "check.h"
#include "duration.h"

enum { BULK_PORT = 9, BULK_WRITE = 32768, BULK_PIECES = 16 };

static void bulk_fill(struct bulk *bulk)
{
    static const char text[BULK_WRITE];
    struct lastack *stack = bulk->pair.stack[PAIR_CLIENT];

    while (bulk->left > 0) {
        const size_t part = bulk->left < BULK_WRITE ? (size_t)bulk->left : BULK_WRITE;
        const int64_t sent = lastack_send(stack, bulk->sender, text, part, 0);

        if (sent == -LASTACK_EAGAIN)
            return;
        CHECK(sent > 0);
        bulk->left -= (uint64_t)sent;
    }
}

static void bulk_drain(struct bulk *bulk)
{
    struct lastack *stack = bulk->pair.stack[PAIR_SERVER];
    struct lastack_iovec piece[BULK_PIECES];
    int count;

    while ((count = lastack_recv_peek(stack, bulk->receiver, piece, BULK_PIECES)) > 0) {
        size_t length = 0;

        for (int i = 0; i < count; i++)
            length += piece[i].length;
        CHECK(lastack_recv_done(stack, bulk->receiver, length) == 0);
        bulk->got += length;
    }
}

static void bulk_event(void *context, enum pair_end end, const struct lastack_event *event)
{
    struct bulk *bulk = context;

    CHECK((event->kinds & (1u << LASTACK_EVENT_ERROR | 1u << LASTACK_EVENT_HANGUP)) == 0);
    if (end == PAIR_CLIENT && event->kinds & 1u << LASTACK_EVENT_WRITABLE)
        bulk_fill(bulk);
    else if (end == PAIR_SERVER && event->descriptor == bulk->listener)
        bulk->receiver = lastack_accept(bulk->pair.stack[PAIR_SERVER], bulk->listener, NULL);
    else if (end == PAIR_SERVER)
        bulk_drain(bulk);
}

bool bulk_make(struct bulk *bulk, uint32_t gso_max)
{
    const struct lastack_endpoint server = {pair_address(PAIR_SERVER), BULK_PORT};
    struct lastack_config config;

    lastack_config_default(&config);
    *bulk = (struct bulk){.receiver = -1};
    if (!pair_make(&bulk->pair, &config, 1500, gso_max))
        return false;
    bulk->pair.on_event = bulk_event;
    bulk->pair.context = bulk;
    bulk->listener =
        lastack_socket(bulk->pair.stack[PAIR_SERVER], LASTACK_AF_INET, LASTACK_SOCK_STREAM, 0);
    bulk->sender =
        lastack_socket(bulk->pair.stack[PAIR_CLIENT], LASTACK_AF_INET, LASTACK_SOCK_STREAM, 0);
    CHECK(lastack_bind(bulk->pair.stack[PAIR_SERVER], bulk->listener, &server) == 0);
    CHECK(lastack_listen(bulk->pair.stack[PAIR_SERVER], bulk->listener, 1) == 0);
    CHECK(lastack_connect(bulk->pair.stack[PAIR_CLIENT], bulk->sender, &server) ==
          -LASTACK_EINPROGRESS);
    pair_settle(&bulk->pair);
    CHECK(bulk->receiver >= 0);
    return true;
}

void bulk_release(struct bulk *bulk)
{
    pair_release(&bulk->pair);
}

/* A delayed acknowledgment may hold the rest up: then time goes on to its deadline. */
void bulk_run(struct bulk *bulk, uint64_t bytes)
{
    const uint64_t wanted = bulk->got + bytes;

    bulk->left = bytes;
    bulk_fill(bulk);
    pair_settle(&bulk->pair);
    for (unsigned waits = 0; bulk->got < wanted; waits++) {
        CHECK(waits < 1000000);
        pair_pass(&bulk->pair, MS(1));
    }
}
