/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * script_files.c: see script_files.h. Folders in folders are walked to a depth of 32.
 */
#include "script_files.h"

#include "check.h"
#include "script.h"

#include <dirent.h>
#include <errno.h>
#include <stdlib.h>
#include <string.h>

enum { DEPTH_MAX = 32, READ_BYTES = 16384 };

static void keep(struct script_files *files, const char *path)
{
    if (files->count == files->room) {
        files->room = files->room == 0 ? 64 : 2 * files->room;
        files->paths = realloc(files->paths, files->room * sizeof *files->paths);
        CHECK(files->paths != NULL);
    }
    files->paths[files->count++] = script_copy(&files->memory, path, strlen(path));
}

static bool is_script(const char *name)
{
    const size_t length = strlen(name);

    return length > 4 && strcmp(name + length - 4, ".pkt") == 0;
}

static bool add_at(struct script_files *files, const char *path, unsigned depth,
                   struct text *message);

static bool walk(struct script_files *files, DIR *folder, const char *path, unsigned depth,
                 struct text *message)
{
    const bool has_slash = *path != '\0' && path[strlen(path) - 1] == '/';
    const struct dirent *item;
    bool is_good = true;

    while (is_good && (item = readdir(folder)) != NULL) {
        const char *below;

        if (item->d_name[0] == '.')
            continue;
        below = script_format(&files->memory, "%s%s%s", path, has_slash ? "" : "/", item->d_name);
        is_good = add_at(files, below, depth + 1, message);
    }
    return is_good;
}

/* Below the top, what is neither a folder nor a script is left alone. */
static bool add_at(struct script_files *files, const char *path, unsigned depth,
                   struct text *message)
{
    DIR *folder = opendir(path);
    bool is_good;

    if (folder == NULL && errno == ENOTDIR) {
        if (depth == 0 || is_script(path))
            keep(files, path);
        return true;
    }
    if (folder == NULL) {
        text_addf(message, "%s: %s\n", path, strerror(errno));
        return false;
    }
    is_good = depth < DEPTH_MAX;
    if (!is_good)
        text_addf(message, "%s: more than %d folders deep\n", path, DEPTH_MAX);
    is_good = is_good && walk(files, folder, path, depth, message);
    closedir(folder);
    return is_good;
}

static int by_name(const void *a, const void *b)
{
    const char *const *one = a, *const *other = b;

    return strcmp(*one, *other);
}

bool script_files_add(struct script_files *files, const char *path, struct text *message)
{
    const size_t before = files->count;

    if (!add_at(files, path, 0, message))
        return false;
    if (files->count == before) {
        text_addf(message, "%s: no *.pkt in it\n", path);
        return false;
    }
    qsort(files->paths + before, files->count - before, sizeof *files->paths, by_name);
    return true;
}

void script_files_free(struct script_files *files)
{
    free(files->paths);
    script_memory_free(&files->memory);
    *files = (struct script_files){0};
}

bool script_file_read(const char *path, struct text *text, struct text *message)
{
    FILE *file = fopen(path, "rb");
    char bytes[READ_BYTES];
    size_t length = 0;
    bool is_good;

    if (file == NULL) {
        text_addf(message, "%s: %s\n", path, strerror(errno));
        return false;
    }
    while (text->length <= SCRIPT_TEXT_MAX && (length = fread(bytes, 1, sizeof bytes, file)) > 0)
        text_add_bytes(text, bytes, length);
    is_good = !ferror(file);
    if (!is_good)
        text_addf(message, "%s: %s\n", path, strerror(errno));
    fclose(file);
    return is_good;
}
