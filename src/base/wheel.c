/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * wheel.c: the hierarchical timing wheel (Varghese and Lauck, 1987) with exact deadlines.
 *
 * A time is read as ten bits of nanoseconds and nine digits of six bits:
 *
 *      digit 8 | ... | digit 2 | digit 1 | digit 0 | 10 bits
 *
 * Invariant: an armed node hangs on the level of the highest digit in which its deadline differs
 * from wheel->now (level 0 if none does), in the slot named by that digit. So
 *   - a node on a level is due before any on a higher one, and slots of a level are in order;
 *   - equal deadlines always hang in the same slot, in arming order, because time enters a slot and
 *     empties it downwards in one step: nobody can be armed in between;
 *   - slots behind `now` are empty. A deadline already past hangs in the slot of `now`.
 * Lists of level 0 are sorted by deadline; a node is put in from the back, where a tie stops at
 * once.
 *
 * Lists are circular: head->prev is the tail. Times are biased by 2^63 (wheel_ticks) so that
 * unsigned order is the order of time for negative times too.
 */
#include "wheel.h"

#include "bits.h"

enum { WHEEL_DIGIT = 6 };

static uint64_t wheel_ticks(int64_t at)
{
    return (uint64_t)at ^ (uint64_t)1 << 63;
}

static int64_t wheel_time(uint64_t ticks)
{
    return (int64_t)(ticks ^ (uint64_t)1 << 63);
}

static unsigned wheel_shift(unsigned level)
{
    return WHEEL_SHIFT + WHEEL_DIGIT * level;
}

static struct wheel_node *wheel_node_at(const struct wheel *wheel, uint32_t index)
{
    return (void *)(wheel->nodes + (size_t)index * wheel->stride);
}

/* Level and slot in one number: level * 64 + slot. */
static unsigned wheel_slot_of(const struct wheel *wheel, int64_t at)
{
    const uint64_t ticks = wheel_ticks(max64(at, wheel->now));
    const uint64_t differs = (ticks ^ wheel_ticks(wheel->now)) >> WHEEL_SHIFT;
    const unsigned level = highest_bit64(differs | 1) / WHEEL_DIGIT;

    return level * WHEEL_SLOTS + (unsigned)(ticks >> wheel_shift(level)) % WHEEL_SLOTS;
}

/* First moment that belongs to an occupied slot, which lies ahead of `now` on its level. */
static int64_t wheel_slot_start(const struct wheel *wheel, unsigned level, unsigned slot)
{
    unsigned shift = wheel_shift(level);
    uint64_t above = level + 1 == WHEEL_LEVELS ? 0 : ~(uint64_t)0 << (shift + WHEEL_DIGIT);

    return wheel_time((wheel_ticks(wheel->now) & above) | (uint64_t)slot << shift);
}

/* The node behind which `at` belongs, going back from the tail, or WHEEL_NONE: in front of all. */
static uint32_t wheel_find_place(const struct wheel *wheel, uint32_t head, int64_t at)
{
    uint32_t tail = wheel_node_at(wheel, head)->prev;
    uint32_t place = tail;

    while (wheel_node_at(wheel, place)->at > at) {
        place = wheel_node_at(wheel, place)->prev;
        if (place == tail)
            return WHEEL_NONE;
    }
    return place;
}

/* The slot holds a node now. */
static void wheel_enter_occupied(struct wheel *wheel, unsigned slot)
{
    const unsigned level = slot / WHEEL_SLOTS;

    wheel->occupied[level] |= (uint64_t)1 << slot % WHEEL_SLOTS;
    wheel->levels |= 1u << level;
}

/* The slot is empty now. */
static void wheel_leave_slot(struct wheel *wheel, unsigned slot)
{
    const unsigned level = slot / WHEEL_SLOTS;

    wheel->head[slot] = WHEEL_NONE;
    wheel->occupied[level] &= ~((uint64_t)1 << slot % WHEEL_SLOTS);
    if (wheel->occupied[level] == 0)
        wheel->levels &= ~(1u << level);
}

/* Beside the others in its slot. */
static NOINLINE void wheel_hang_beside(struct wheel *wheel, uint32_t index, struct wheel_node *node)
{
    uint32_t *head = &wheel->head[node->slot];
    uint32_t before = wheel_node_at(wheel, *head)->prev;

    if (node->slot < WHEEL_SLOTS) { /* level 0 */
        const uint32_t place = wheel_find_place(wheel, *head, node->at);

        if (place == WHEEL_NONE)
            *head = index; /* between the tail and the old head, but the first now */
        else
            before = place;
    }
    node->prev = before;
    node->next = wheel_node_at(wheel, before)->next;
    wheel_node_at(wheel, before)->next = index;
    wheel_node_at(wheel, node->next)->prev = index;
}

static inline void wheel_hang(struct wheel *wheel, uint32_t index, struct wheel_node *node)
{
    const unsigned slot = wheel_slot_of(wheel, node->at);

    node->slot = (uint16_t)slot;
    if (wheel->head[slot] != WHEEL_NONE) {
        wheel_hang_beside(wheel, index, node);
        return;
    }
    node->next = node->prev = wheel->head[slot] = index;
    wheel_enter_occupied(wheel, slot);
}

/* Its slot is for the caller to tell. */
static inline void wheel_unhang(struct wheel *wheel, uint32_t index, const struct wheel_node *node)
{
    uint32_t *head = &wheel->head[node->slot];

    if (node->next == index) {
        wheel_leave_slot(wheel, node->slot);
        return;
    }
    wheel_node_at(wheel, node->prev)->next = node->next;
    wheel_node_at(wheel, node->next)->prev = node->prev;
    if (*head == index)
        *head = node->next;
}

/* Time has reached a slot: its nodes move down, in list order. */
static void wheel_enter_slot(struct wheel *wheel, unsigned level, unsigned slot)
{
    const unsigned left = level * WHEEL_SLOTS + slot;
    uint32_t first = wheel->head[left], index = first;

    wheel->now = wheel_slot_start(wheel, level, slot);
    wheel_leave_slot(wheel, left);
    do {
        struct wheel_node *node = wheel_node_at(wheel, index);
        uint32_t next = node->next;

        wheel_hang(wheel, index, node);
        index = next;
    } while (index != first);
}

/* The lowest level that holds a node; WHEEL_LEVELS if none does. */
static unsigned wheel_lowest_level(const struct wheel *wheel)
{
    return wheel->levels == 0 ? WHEEL_LEVELS : lowest_bit64(wheel->levels);
}

void wheel_init(struct wheel *wheel, void *memory, size_t stride, size_t offset, int64_t now)
{
    *wheel = (struct wheel){.now = now, .nodes = (uint8_t *)memory + offset, .stride = stride};
    for (unsigned slot = 0; slot < WHEEL_LEVELS * WHEEL_SLOTS; slot++)
        wheel->head[slot] = WHEEL_NONE;
}

void wheel_node_init(struct wheel_node *node)
{
    *node = (struct wheel_node){
        .at = NEVER, .next = WHEEL_NONE, .prev = WHEEL_NONE, .slot = WHEEL_UNARMED};
}

void wheel_arm(struct wheel *wheel, uint32_t index, int64_t at)
{
    struct wheel_node *node = wheel_node_at(wheel, index);

    if (at == NEVER) {
        wheel_cancel(wheel, index);
        return;
    }
    if (node->slot != WHEEL_UNARMED)
        wheel_unhang(wheel, index, node);
    else
        wheel->armed++;
    node->at = at;
    wheel_hang(wheel, index, node);
}

void wheel_cancel(struct wheel *wheel, uint32_t index)
{
    struct wheel_node *node = wheel_node_at(wheel, index);

    if (node->slot == WHEEL_UNARMED)
        return;
    wheel_unhang(wheel, index, node);
    node->slot = WHEEL_UNARMED;
    node->at = NEVER;
    wheel->armed--;
}

/* Each turn that finds nothing enters a slot and moves its nodes down: no more than 8 in a row. */
uint32_t wheel_pop(struct wheel *wheel, int64_t now)
{
    CHECK(now >= wheel->now);
    for (;;) {
        unsigned level = wheel_lowest_level(wheel), slot;

        if (level == WHEEL_LEVELS)
            break;
        slot = lowest_bit64(wheel->occupied[level]);
        if (level == 0) {
            uint32_t index = wheel->head[slot];
            int64_t at = wheel_node_at(wheel, index)->at;

            if (at > now)
                break;
            wheel->now = max64(wheel->now, at);
            wheel_cancel(wheel, index);
            return index;
        }
        if (wheel_slot_start(wheel, level, slot) > now)
            break;
        wheel_enter_slot(wheel, level, slot);
    }
    wheel->now = now;
    return WHEEL_NONE;
}

int64_t wheel_next(const struct wheel *wheel)
{
    unsigned level = wheel_lowest_level(wheel), slot;

    if (level == WHEEL_LEVELS)
        return NEVER;
    slot = lowest_bit64(wheel->occupied[level]);
    if (level == 0)
        return wheel_node_at(wheel, wheel->head[slot])->at;
    return wheel_slot_start(wheel, level, slot);
}
