/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * script_memory.c: blocks of at least 16 KiB, filled from the front.
 */
#include "script_memory.h"

#include <stdarg.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

enum { BLOCK_SIZE = 16 * 1024, ALIGNMENT = 16 };

struct script_block {
    struct script_block *next;
    size_t used, size; /* of bytes[] */
    _Alignas(ALIGNMENT) unsigned char bytes[];
};

static struct script_block *block_new(size_t at_least)
{
    size_t size = at_least > BLOCK_SIZE ? at_least : BLOCK_SIZE;
    struct script_block *block = calloc(1, sizeof *block + size);

    if (block == NULL) {
        fputs("lastack: out of memory\n", stderr);
        abort();
    }
    block->size = size;
    return block;
}

void *script_take(struct script_memory *memory, size_t size)
{
    struct script_block *block = memory->blocks;
    size_t rounded = (size + ALIGNMENT - 1) & ~(size_t)(ALIGNMENT - 1);
    void *object;

    if (block == NULL || block->size - block->used < rounded) {
        block = block_new(rounded);
        block->next = memory->blocks;
        memory->blocks = block;
    }
    object = block->bytes + block->used;
    block->used += rounded;
    return object;
}

char *script_copy(struct script_memory *memory, const char *text, size_t length)
{
    char *copy = script_take(memory, length + 1);

    memcpy(copy, text, length);
    return copy;
}

char *script_format(struct script_memory *memory, const char *format, ...)
{
    va_list arguments, again;
    int length;
    char *text;

    va_start(arguments, format);
    va_copy(again, arguments);
    length = vsnprintf(NULL, 0, format, arguments);
    va_end(arguments);
    text = script_take(memory, (size_t)(length < 0 ? 0 : length) + 1);
    vsnprintf(text, (size_t)(length < 0 ? 0 : length) + 1, format, again);
    va_end(again);
    return text;
}

void script_memory_free(struct script_memory *memory)
{
    while (memory->blocks != NULL) {
        struct script_block *next = memory->blocks->next;

        free(memory->blocks);
        memory->blocks = next;
    }
}
