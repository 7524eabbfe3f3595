/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * resident.h: memory that this process really occupies.
 */
#ifndef LASTACK_RESIDENT_H
#define LASTACK_RESIDENT_H

#include <stddef.h>

/* Bytes, from /proc/self/smaps_rollup; 0 where there is none. */
size_t resident_bytes(void);

#endif
