/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * wheel.h: a hierarchical timing wheel with exact deadlines.
 *
 *     level 0: 64 slots of 1.024 us   level 1: 64 of 65.5 us   level 2: 64 of 4.2 ms  ...  level 8
 *
 * The nodes live inside the objects of one pool: the wheel is told where (memory, stride, offset)
 * and names them by the object's index. A node hangs in the slot of its deadline on the level of
 * the highest digit in which deadline and wheel time differ; when time reaches that slot, it moves
 * down. Slots are only a coarse order: a node is due when now >= node->at, to the nanosecond, never
 * early.
 *
 * arm, cancel, pop: O(1) amortised; a wheel costs 2.4 KiB whatever it holds. Nodes due at the same
 * nanosecond come out in the order in which they were armed; otherwise in the order of their
 * deadlines.
 */
#ifndef LASTACK_WHEEL_H
#define LASTACK_WHEEL_H

#include "check.h"
#include "duration.h"

enum { WHEEL_LEVELS = 9, WHEEL_SLOTS = 64, WHEEL_SHIFT = 10 };

struct wheel_node {
    int64_t at; /* deadline; NEVER when not armed */
    uint32_t next, prev;
    uint16_t slot; /* level * 64 + slot, WHEEL_UNARMED when not armed */
    uint16_t spare;
};

#define WHEEL_UNARMED UINT16_MAX
#define WHEEL_NONE    UINT32_MAX

struct wheel {
    int64_t now;    /* all slots before this are empty */
    uint8_t *nodes; /* that of object 0 */
    size_t stride;
    uint32_t armed;                  /* how many nodes hang */
    uint32_t levels;                 /* a bit per level that holds a node */
    uint64_t occupied[WHEEL_LEVELS]; /* a bit per slot */
    uint32_t head[WHEEL_LEVELS * WHEEL_SLOTS];
};

void wheel_init(struct wheel *wheel, void *memory, size_t stride, size_t offset, int64_t now);
/* Must be called once on every fresh node before anything else. */
void wheel_node_init(struct wheel_node *node);
/* Arms or re-arms object `index` for `at` (a past time is due at once; NEVER cancels). */
void wheel_arm(struct wheel *wheel, uint32_t index, int64_t at);
void wheel_cancel(struct wheel *wheel, uint32_t index);
/* The next object that is due at `now`, unarmed again, or WHEEL_NONE. Call until WHEEL_NONE. `now`
 * never goes back. */
uint32_t wheel_pop(struct wheel *wheel, int64_t now);
/* No node is due before this. Exact for deadlines within the level 0 slot at hand; else the start
 * of the earliest occupied slot (early, never late). NEVER when empty. */
int64_t wheel_next(const struct wheel *wheel);

#endif
