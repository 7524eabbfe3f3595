/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * sysctl_lore.h: what names of Linux's TCP sysctls do, and what they are often set for and do not
 * do.
 */
#ifndef LASTACK_SYSCTL_LORE_H
#define LASTACK_SYSCTL_LORE_H

#include <stdbool.h>

struct sysctl_lore {
    const char *name; /* full, with dots */
    const char *does;
    const char *does_not; /* NULL if nobody misunderstands it */
    bool is_dead;         /* no living kernel has it */
    bool is_global;       /* one for the whole host: a child namespace has no such name */
};

/* By full name, or by its last part. NULL if nothing is to be said. */
const struct sysctl_lore *sysctl_lore_find(const char *name);

#endif
