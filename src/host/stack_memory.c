/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * stack_memory.c: see stack_memory.h.
 */
#include "stack_memory.h"

#include "duration.h"

struct lastack *stack_memory_create(struct stack_memory *memory,
                                    const struct lastack_config *config, int64_t now,
                                    struct trouble *trouble)
{
    const size_t size = lastack_size(config);
    struct lastack *stack;

    *memory = (struct stack_memory){.next_look = now};
    if (size == 0) {
        trouble_set(trouble, 0, "a limit of the stack is out of range");
        return NULL;
    }
    if (!mapping_make(&memory->mapping, size, trouble))
        return NULL;
    stack = lastack_create(config, memory->mapping.base, size, now);
    if (stack == NULL) {
        trouble_set(trouble, 0, "the stack refuses its limits");
        stack_memory_release(memory);
    }
    return stack;
}

void stack_memory_release(struct stack_memory *memory)
{
    mapping_release(&memory->mapping);
}

/* Objects are taken in order, so the most there ever were is what has been touched. */
static size_t bytes_touched(const struct lastack *stack)
{
    size_t sum = 0;

    for (enum lastack_pool pool = 0; pool < LASTACK_POOL_COUNT; pool++) {
        struct lastack_pool_usage usage;

        lastack_pool_usage(stack, pool, &usage);
        sum += (size_t)usage.peak * usage.bytes_each;
    }
    return sum;
}

void stack_memory_follow_use(struct stack_memory *memory, const struct lastack *stack, int64_t now)
{
    if (now < memory->next_look || memory->mapping.has_large_pages)
        return;
    memory->next_look = now + SEC(1);
    mapping_follow_use(&memory->mapping, bytes_touched(stack));
}
