/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * mapping.c: mmap(2) and madvise(2). NORESERVE, because most of a generous mapping is never
 * touched.
 */
#include "mapping.h"

#include <errno.h>
#include <stdint.h>
#include <sys/mman.h>

enum { HUGE_PAGE = 2 << 20 };

bool mapping_make(struct mapping *mapping, size_t size, bool huge, struct trouble *trouble)
{
    *mapping = (struct mapping){.size = size, .mapped_size = size + HUGE_PAGE};
    mapping->mapped = mmap(NULL, mapping->mapped_size, PROT_READ | PROT_WRITE,
                           MAP_PRIVATE | MAP_ANONYMOUS | MAP_NORESERVE, -1, 0);
    if (mapping->mapped == MAP_FAILED) {
        mapping->mapped = NULL;
        return trouble_set(trouble, errno, "map %zu bytes", mapping->mapped_size);
    }
    mapping->base =
        (void *)(((uintptr_t)mapping->mapped + HUGE_PAGE - 1) & ~(uintptr_t)(HUGE_PAGE - 1));
    /* A kernel without huge pages refuses; the mapping is good all the same. */
    (void)madvise(mapping->base, size, huge ? MADV_HUGEPAGE : MADV_NOHUGEPAGE);
    return true;
}

void mapping_release(struct mapping *mapping)
{
    if (mapping->mapped != NULL)
        munmap(mapping->mapped, mapping->mapped_size);
    *mapping = (struct mapping){0};
}
