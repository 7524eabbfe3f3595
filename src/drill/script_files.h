/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * script_files.h: which scripts to run: files as they are named, folders walked for *.pkt.
 */
#ifndef LASTACK_SCRIPT_FILES_H
#define LASTACK_SCRIPT_FILES_H

#include "script_memory.h"
#include "text.h"

struct script_files {
    struct script_memory memory;
    const char **paths;
    size_t count, room;
};

/* Adds a file, or what is below a folder, sorted by name. False with a message (one line) if it
 * cannot be read, or a folder has no scripts. */
bool script_files_add(struct script_files *files, const char *path, struct text *message);
void script_files_free(struct script_files *files);

/* The whole of a file into `text`; false with a message. At most SCRIPT_TEXT_MAX bytes. */
bool script_file_read(const char *path, struct text *text, struct text *message);

#endif
