/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * bulk.h: bytes without end over one connection of a pair.
 *
 *     lastack_send ─(copy)─▶ pages ─(copy: the wire)─▶ frame ─(copy)─▶ pages ─▶ lastack_recv_peek
 */
#ifndef LASTACK_BULK_H
#define LASTACK_BULK_H

#include "pair.h"

struct bulk {
    struct pair pair;
    int listener, sender, receiver;
    uint64_t left, got;
};

/* Connected and ready. gso_max 0: packets of 1460 bytes. */
bool bulk_make(struct bulk *bulk, uint32_t gso_max);
void bulk_release(struct bulk *bulk);
/* Sends so many bytes and waits until they have all been read. */
void bulk_run(struct bulk *bulk, uint64_t bytes);

#endif
