/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * stack_memory.h: a stack in a mapping of its own, committed page by page as it is touched.
 *
 * A stack touches what it uses, never what it might use, so limits of millions cost address space
 * only.
 */
#ifndef LASTACK_STACK_MEMORY_H
#define LASTACK_STACK_MEMORY_H

#include "mapping.h"

#include <lastack/stack.h>

struct stack_memory {
    struct mapping mapping;
    int64_t next_look;
};

/* Maps lastack_size(config) bytes and creates a stack in it at time `now`; NULL and trouble
 * otherwise. */
struct lastack *stack_memory_create(struct stack_memory *memory,
                                    const struct lastack_config *config, int64_t now,
                                    struct trouble *trouble);
void stack_memory_release(struct stack_memory *memory);

/* To be called now and then after the stack has been called, as often as one likes: once a second
 * it looks how much the stack has come to use, and changes to large pages when it is much. */
void stack_memory_follow_use(struct stack_memory *memory, const struct lastack *stack, int64_t now);

#endif
