/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * age_list.h: objects of a pool in the order of their age.
 *
 *     oldest ─▶ newer ─▶ newer ─▶ ... ─▶ newest
 *
 * A cache touches what it uses (it becomes the newest) and evicts the oldest; a queue adds at the
 * newest end and takes the oldest. The nodes live inside the objects; everything is O(1). An object
 * may have several nodes and so stand in several lists.
 */
#ifndef LASTACK_AGE_LIST_H
#define LASTACK_AGE_LIST_H

#include "pool.h"

struct age_node {
    uint32_t older, newer; /* POOL_NONE at the ends */
};

struct age_list {
    const struct pool *pool;
    uint32_t offset; /* of the node in the object */
    uint32_t oldest, newest;
    uint32_t count;
};

/* The pool must stay where it is. */
static inline void age_list_init(struct age_list *list, const struct pool *pool, size_t offset)
{
    *list = (struct age_list){pool, (uint32_t)offset, POOL_NONE, POOL_NONE, 0};
}

static inline struct age_node *age_node_at(const struct age_list *list, uint32_t index)
{
    return (struct age_node *)(void *)((uint8_t *)pool_at(list->pool, index) + list->offset);
}

static inline void age_list_add_newest(struct age_list *list, uint32_t index)
{
    *age_node_at(list, index) = (struct age_node){list->newest, POOL_NONE};
    if (list->newest == POOL_NONE)
        list->oldest = index;
    else
        age_node_at(list, list->newest)->newer = index;
    list->newest = index;
    list->count++;
}

/* As the next to be evicted: for what has yet to prove its worth. */
static inline void age_list_add_oldest(struct age_list *list, uint32_t index)
{
    *age_node_at(list, index) = (struct age_node){POOL_NONE, list->oldest};
    if (list->oldest == POOL_NONE)
        list->newest = index;
    else
        age_node_at(list, list->oldest)->older = index;
    list->oldest = index;
    list->count++;
}

/* `index` stands in this list. */
static inline void age_list_remove(struct age_list *list, uint32_t index)
{
    const struct age_node *node = age_node_at(list, index);

    CHECK(list->count > 0);
    if (node->older == POOL_NONE)
        list->oldest = node->newer;
    else
        age_node_at(list, node->older)->newer = node->newer;
    if (node->newer == POOL_NONE)
        list->newest = node->older;
    else
        age_node_at(list, node->newer)->older = node->older;
    list->count--;
}

static inline void age_list_touch(struct age_list *list, uint32_t index)
{
    if (list->newest == index)
        return;
    age_list_remove(list, index);
    age_list_add_newest(list, index);
}

#endif
