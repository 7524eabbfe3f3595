/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * mapping.c: mmap(2) and madvise(2). NORESERVE, because most of a generous mapping is never
 * touched.
 */
#include "mapping.h"

#include <errno.h>
#include <stdint.h>
#include <sys/mman.h>

enum { LARGE_PAGE = 2 << 20 };

#ifndef MADV_COLLAPSE
#define MADV_COLLAPSE 25 /* Linux 6.1; the C library of Debian 12 knows it, older ones do not */
#endif

bool mapping_make(struct mapping *mapping, size_t size, struct trouble *trouble)
{
    *mapping = (struct mapping){.size = size, .mapped_size = size + LARGE_PAGE};
    mapping->mapped = mmap(NULL, mapping->mapped_size, PROT_READ | PROT_WRITE,
                           MAP_PRIVATE | MAP_ANONYMOUS | MAP_NORESERVE, -1, 0);
    if (mapping->mapped == MAP_FAILED) {
        mapping->mapped = NULL;
        return trouble_set(trouble, errno, "map %zu bytes", mapping->mapped_size);
    }
    mapping->base =
        (void *)(((uintptr_t)mapping->mapped + LARGE_PAGE - 1) & ~(uintptr_t)(LARGE_PAGE - 1));
    /* A kernel that knows no large pages refuses, and need not be told. */
    (void)madvise(mapping->base, size, MADV_NOHUGEPAGE);
    return true;
}

void mapping_release(struct mapping *mapping)
{
    if (mapping->mapped != NULL)
        munmap(mapping->mapped, mapping->mapped_size);
    *mapping = (struct mapping){0};
}

void mapping_use_large_pages(struct mapping *mapping)
{
    if (mapping->has_large_pages)
        return;
    mapping->has_large_pages = true;
    /* What was touched already is gathered at once where the kernel can (6.1), else by and by. The
     * second call reports each large page of which nothing was touched as an error: expected. */
    if (madvise(mapping->base, mapping->size, MADV_HUGEPAGE) == 0)
        (void)madvise(mapping->base, mapping->size, MADV_COLLAPSE);
}

void mapping_follow_use(struct mapping *mapping, size_t touched)
{
    if (touched >= MAPPING_MUCH)
        mapping_use_large_pages(mapping);
}
