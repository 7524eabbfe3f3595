/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * same_file.h: two names that would write over each other.
 */
#ifndef LASTACK_SAME_FILE_H
#define LASTACK_SAME_FILE_H

#include <stdbool.h>

/* Whether both mean one regular file, there already or not; false if either is NULL. */
bool same_file(const char *a, const char *b);

#endif
