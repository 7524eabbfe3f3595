/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * control_path.c: see control_path.h.
 */
#include "control_path.h"

#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

bool control_name_is_good(const char *name)
{
    static const char good[] = "abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ0123456789-_.";
    size_t length = strlen(name);

    return length > 0 && length <= CONTROL_NAME_MAX && name[0] != '.' &&
           strspn(name, good) == length;
}

/* Whether it is a directory (no symbolic link) of our own. */
static bool is_ours(const char *path, struct stat *status)
{
    return lstat(path, status) == 0 && S_ISDIR(status->st_mode) && status->st_uid == geteuid();
}

static void choose(char path[CONTROL_PATH_MAX])
{
    const char *runtime = getenv("XDG_RUNTIME_DIR");
    struct stat status;

    if (runtime != NULL && runtime[0] == '/' && is_ours(runtime, &status) &&
        snprintf(path, CONTROL_PATH_MAX, "%s/lastack", runtime) <
            CONTROL_PATH_MAX - CONTROL_NAME_MAX - 1)
        return;
    if (geteuid() == 0)
        strcpy(path, "/run/lastack");
    else
        snprintf(path, CONTROL_PATH_MAX, "/tmp/lastack-%u", (unsigned)geteuid());
}

bool control_directory(char path[CONTROL_PATH_MAX], bool make, struct trouble *trouble)
{
    struct stat status;

    choose(path);
    if (make && mkdir(path, 0700) == 0)
        (void)chmod(path, 0700); /* whatever the umask */
    else if (make && errno != EEXIST)
        return trouble_set(trouble, errno, "make the directory %s", path);
    if (lstat(path, &status) != 0)
        return trouble_set(trouble, errno, "look at %s", path);
    if (!is_ours(path, &status) || (status.st_mode & 0077) != 0)
        return trouble_set(trouble, 0, "%s is not a directory of user %u alone (mode 0700)", path,
                           (unsigned)geteuid());
    return true;
}

bool control_path(char path[CONTROL_PATH_MAX], const char *name, bool make, struct trouble *trouble)
{
    size_t length;

    if (!control_name_is_good(name))
        return trouble_set(
            trouble, 0, "\"%s\" is no name of a stack: 1 to %d letters, digits, '-', '_' and '.'",
            name, CONTROL_NAME_MAX);
    if (!control_directory(path, make, trouble))
        return false;
    length = strlen(path);
    snprintf(path + length, CONTROL_PATH_MAX - length, "/%s", name);
    return true;
}
