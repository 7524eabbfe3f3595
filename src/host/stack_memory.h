/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * stack_memory.h: a stack in a mapping of its own, committed page by page as it is touched.
 *
 * A stack touches what it uses, never what it might use, so limits of millions cost address space
 * only.
 */
#ifndef LASTACK_STACK_MEMORY_H
#define LASTACK_STACK_MEMORY_H

#include "trouble.h"

#include <lastack/stack.h>

struct stack_memory {
    void *base;
    size_t size;
};

/* Maps lastack_size(config) bytes and creates a stack in it at time `now`; NULL and trouble
 * otherwise. */
struct lastack *stack_memory_create(struct stack_memory *memory,
                                    const struct lastack_config *config, int64_t now,
                                    struct trouble *trouble);
void stack_memory_release(struct stack_memory *memory);

#endif
