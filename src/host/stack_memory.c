/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * stack_memory.c: mmap(2). NORESERVE, because most of a generous config is never touched. No huge
 * pages by default: one touched byte would commit two megabytes.
 */
#include "stack_memory.h"

#include <errno.h>
#include <sys/mman.h>

struct lastack *stack_memory_create(struct stack_memory *memory,
                                    const struct lastack_config *config, int64_t now,
                                    struct trouble *trouble)
{
    struct lastack *stack;

    memory->size = lastack_size(config);
    if (memory->size == 0) {
        trouble_set(trouble, 0, "a limit of the stack is out of range");
        return NULL;
    }
    memory->base = mmap(NULL, memory->size, PROT_READ | PROT_WRITE,
                        MAP_PRIVATE | MAP_ANONYMOUS | MAP_NORESERVE, -1, 0);
    if (memory->base == MAP_FAILED) {
        memory->base = NULL;
        trouble_set(trouble, errno, "map %zu bytes for the stack", memory->size);
        return NULL;
    }
    stack = lastack_create(config, memory->base, memory->size, now);
    if (stack == NULL) {
        trouble_set(trouble, 0, "the stack refuses its limits");
        stack_memory_release(memory);
    }
    return stack;
}

void stack_memory_release(struct stack_memory *memory)
{
    if (memory->base != NULL)
        munmap(memory->base, memory->size);
    memory->base = NULL;
}
