/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * folder.c: see folder.h.
 */
#include "folder.h"

#include <dirent.h>
#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>

static bool is_shown(const struct dirent *item)
{
    return strcmp(item->d_name, ".") != 0 && strcmp(item->d_name, "..") != 0;
}

int folder_make(const char *path)
{
    if (mkdir(path, 0700) == 0)
        return 0;
    if (errno != EEXIST)
        return -errno;
    DIR *stream = opendir(path);
    if (stream == NULL)
        return -errno;
    const struct dirent *item;
    int status = 0;
    while (status == 0 && (item = readdir(stream)) != NULL)
        status = is_shown(item) ? -ENOTEMPTY : 0;
    closedir(stream);
    return status;
}

int folder_walk(const char *path, const char *prefix, folder_callback *callback, void *context)
{
    struct dirent **items;
    int count = scandir(path, &items, NULL, alphasort);
    if (count < 0)
        return -errno;
    bool goes_on = true;
    for (int i = 0; i < count; i++) {
        char full[600];
        if (goes_on && strncmp(items[i]->d_name, prefix, strlen(prefix)) == 0) {
            snprintf(full, sizeof full, "%s/%s", path, items[i]->d_name);
            goes_on = callback(context, full);
        }
        free(items[i]);
    }
    free(items);
    return 0;
}
