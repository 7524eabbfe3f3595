/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * folder.h: folders of saved bundles.
 */
#ifndef LASTACK_FOLDER_H
#define LASTACK_FOLDER_H

#include <stdbool.h>

/* Makes it (mode 0700: it tells who talks to whom); one that exists must be empty. 0 or a negative
 * errno. */
int folder_make(const char *path);

/* Calls back with the path of each folder in `path` whose name starts with `prefix`, in order,
 * until false. 0 or a negative errno. */
typedef bool folder_callback(void *context, const char *path);
int folder_walk(const char *path, const char *prefix, folder_callback *callback, void *context);

#endif
