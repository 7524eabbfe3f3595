/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * string.h: the four functions that the core wants of a C library, for targets without
 * <string.h>.
 *
 * Whoever embeds the core there defines them; compilers emit calls to them in any case.
 */
#ifndef LASTACK_FREESTANDING_STRING_H
#define LASTACK_FREESTANDING_STRING_H

#include <stddef.h>

void *memcpy(void *restrict to, const void *restrict from, size_t size);
void *memmove(void *to, const void *from, size_t size);
void *memset(void *to, int byte, size_t size);
int memcmp(const void *a, const void *b, size_t size);

#endif
