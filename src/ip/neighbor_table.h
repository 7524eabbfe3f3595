/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * neighbor_table.h: what the three files of neighbor.h share. Nobody else includes it.
 */
#ifndef LASTACK_NEIGHBOR_TABLE_H
#define LASTACK_NEIGHBOR_TABLE_H

#include "neighbor.h"

struct neighbor *neighbor_at(const struct neighbors *neighbors, uint32_t index);

/* POOL_NONE if there is none. */
uint32_t neighbor_index(const struct neighbors *neighbors, uint32_t link,
                        const struct lastack_address *address);

/* A new entry, without a timer yet: neighbor_enter follows, or asking. The oldest makes room.
 * POOL_NONE only if the table has no room at all (counted by the pool). */
uint32_t neighbor_make(struct neighbors *neighbors, uint32_t link,
                       const struct lastack_address *address, enum neighbor_state state);

/* The only writer of `state`: moves between the lists, arms the timer, asks where the state asks.
 * */
void neighbor_enter(struct neighbors *neighbors, uint32_t index, enum neighbor_state state,
                    int64_t now);

#endif
