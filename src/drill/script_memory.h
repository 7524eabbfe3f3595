/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * script_memory.h: everything a parsed script is made of lives and dies together.
 *
 *     blocks: [ header | objects ........ free ] -> [ header | objects full ] -> ...
 *
 * Objects are never given back one by one; script_memory_free drops them all. So the parser can
 * stop at any error without cleaning up, and nothing in a script needs an owner of its own. A
 * script's memory is bounded by a small multiple of its text, which is bounded by SCRIPT_TEXT_MAX
 * (parser.h).
 */
#ifndef LASTACK_SCRIPT_MEMORY_H
#define LASTACK_SCRIPT_MEMORY_H

#include <stddef.h>

struct script_block;

struct script_memory {
    struct script_block *blocks; /* the newest first; NULL when empty */
};

/* `size` zeroed bytes, aligned for anything. Never NULL: without memory the program ends with a
 * message. */
void *script_take(struct script_memory *memory, size_t size);

/* A copy with a terminating NUL. */
char *script_copy(struct script_memory *memory, const char *text, size_t length);

/* A formatted text. */
char *script_format(struct script_memory *memory, const char *format, ...)
    __attribute__((format(printf, 2, 3)));

void script_memory_free(struct script_memory *memory);

#endif
