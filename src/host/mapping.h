/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * mapping.h: lazily committed memory: a page exists once it has been touched.
 *
 * A mapping begins in small pages, so that it costs what is used of it: in large ones, one touched
 * byte commits 2 MiB. Once much of it is in use it is given large pages, since by then the walks
 * through the page tables cost more than the rounding (docs/decisions/0014).
 */
#ifndef LASTACK_MAPPING_H
#define LASTACK_MAPPING_H

#include "trouble.h"

#include <stdbool.h>
#include <stddef.h>

/* Bytes in use from which on large pages pay: 16384 small ones, ten times what a TLB holds. */
#define MAPPING_MUCH ((size_t)64 << 20)

struct mapping {
    void *base; /* zeroed, aligned to 2 MiB */
    size_t size;
    void *mapped; /* what was really mapped, a little more */
    size_t mapped_size;
    bool has_large_pages;
};

/* `size` bytes, none of them committed yet, in small pages whatever the system's default is. */
bool mapping_make(struct mapping *mapping, size_t size, struct trouble *trouble);
void mapping_release(struct mapping *mapping);

/* Asks the kernel for 2 MiB pages, for what has been touched (which is copied, once: about 0.3 ms
 * a MiB) and for what will be. A kernel without them leaves everything as it is. */
void mapping_use_large_pages(struct mapping *mapping);

/* The owner says how many bytes he has touched so far: from MAPPING_MUCH on, large pages. */
void mapping_follow_use(struct mapping *mapping, size_t touched);

#endif
