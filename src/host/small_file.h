/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * small_file.h: files of /proc, of sysctl.d and of saved bundles, whole. At most 64 MiB.
 */
#ifndef LASTACK_SMALL_FILE_H
#define LASTACK_SMALL_FILE_H

#include <stddef.h>

/* *text is NUL-terminated and the caller's to free. 0 or a negative errno. */
int small_file_read(const char *path, char **text);

/* The same for bytes; *length tells how many. */
int small_file_read_bytes(const char *path, char **bytes, size_t *length);

/* Writes a new file. 0 or a negative errno. */
int small_file_write(const char *path, const void *bytes, size_t length);

#endif
