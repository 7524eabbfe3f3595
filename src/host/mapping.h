/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * mapping.h: lazily committed memory: a page exists once it has been touched.
 */
#ifndef LASTACK_MAPPING_H
#define LASTACK_MAPPING_H

#include "trouble.h"

#include <stdbool.h>
#include <stddef.h>

struct mapping {
    void *base; /* zeroed, aligned to 2 MiB */
    size_t size;
    void *mapped; /* what was really mapped, a little more */
    size_t mapped_size;
};

/* `size` bytes, none of them committed yet. With `huge`, the kernel is asked for 2 MiB pages: fewer
 * TLB misses, but one touched byte commits 2 MiB; without, it is asked to use none. */
bool mapping_make(struct mapping *mapping, size_t size, bool huge, struct trouble *trouble);
void mapping_release(struct mapping *mapping);

#endif
