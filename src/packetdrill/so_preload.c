/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * so_preload.c: liblastack-packetdrill-preload.so: the calls that packetdrill makes to libc where
 * it should ask the stack: close at a script's end, getsockopt for %{ }%, open and sendfile of
 * files that commands made, system for the shell.
 *
 *     --init_scripts ── before a stack is loaded: kept, and done as soon as there is one
 *     `commands`     ── the stack
 *     %{ }%          ── "python3 /tmp/code_x5dR2a", packetdrill's own file: the host's shell
 */
#include "so_hooks.h"

#include <ctype.h>
#include <dlfcn.h>
#include <errno.h>
#include <fcntl.h>
#include <stdarg.h>
#include <stdatomic.h>
#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/sendfile.h>
#include <unistd.h>

enum { KEPT_MOST = 16 };

static _Atomic(const struct so_hooks *) hooks;
static char *kept[KEPT_MOST]; /* commands that wait for a stack */
static unsigned kept_count;

/* The next definition of a function, libc's; dlsym tells it as an object. */
static void find_next(const char *name, void *function, size_t size)
{
    void *const found = dlsym(RTLD_NEXT, name);

    memcpy(function, &found, size);
}

/* ---- a stack comes and goes ---- */

/* The interface has no way to say no: a command that fails ends the program, as it does there. */
static void run_kept(const struct so_hooks *now)
{
    for (unsigned i = 0; i < kept_count; i++) {
        if (now->system(now->userdata, kept[i]) != 0) {
            fprintf(stderr, "lastack: the init script failed: %s\n", kept[i]);
            exit(EXIT_FAILURE);
        }
        free(kept[i]);
    }
    kept_count = 0;
}

void lastack_packetdrill_announce(const struct so_hooks *now)
{
    hooks = now;
    if (now != NULL)
        run_kept(now);
}

/* ---- descriptors ---- */

int close(int fd)
{
    const struct so_hooks *const now = hooks;
    int (*next)(int) = NULL;

    if (now != NULL && now->is_ours(now->userdata, fd))
        return now->close(now->userdata, fd);
    find_next("close", &next, sizeof next);
    if (next != NULL)
        return next(fd);
    errno = ENOSYS;
    return -1;
}

int getsockopt(int fd, int level, int name, void *restrict value, socklen_t *restrict length)
{
    const struct so_hooks *const now = hooks;
    int (*next)(int, int, int, void *, socklen_t *) = NULL;

    if (now != NULL && now->is_ours(now->userdata, fd))
        return now->getsockopt(now->userdata, fd, level, name, value, length);
    find_next("getsockopt", &next, sizeof next);
    if (next != NULL)
        return next(fd, level, name, value, length);
    errno = ENOSYS;
    return -1;
}

int open(const char *path, int flags, ...)
{
    const struct so_hooks *const now = hooks;
    int (*next)(const char *, int, ...) = NULL;
    va_list arguments;
    mode_t mode;
    int fd;

    va_start(arguments, flags);
    mode = flags & (O_CREAT | O_TMPFILE) ? va_arg(arguments, mode_t) : 0;
    va_end(arguments);
    fd = now != NULL ? now->open(now->userdata, path) : -1;
    if (fd >= 0)
        return fd;
    find_next("open", &next, sizeof next);
    if (next != NULL)
        return next(path, flags, mode);
    errno = ENOSYS;
    return -1;
}

ssize_t sendfile(int to, int from, off_t *offset, size_t count)
{
    const struct so_hooks *const now = hooks;
    ssize_t (*next)(int, int, off_t *, size_t) = NULL;

    if (now != NULL && offset != NULL && now->is_ours(now->userdata, to)) {
        int64_t where = *offset;
        const ssize_t sent = now->sendfile(now->userdata, to, from, &where, count);

        *offset = (off_t)where;
        return sent;
    }
    find_next("sendfile", &next, sizeof next);
    if (next != NULL)
        return next(to, from, offset, count);
    errno = ENOSYS;
    return -1;
}

#if defined __LP64__
/* What they are called where a program is compiled for large files: the same here. */
int open64(const char *path, int flags, ...) __attribute__((alias("open")));
ssize_t sendfile64(int to, int from, off64_t *offset, size_t count)
    __attribute__((alias("sendfile")));
#endif

/* ---- commands ---- */

/* "PROGRAM /tmp/code_XXXXXX": the text of %{ }%, which packetdrill wrote to a file of its own. */
static bool is_code(const char *command)
{
    static const char start[] = " /tmp/code_";
    const char *at = strstr(command, start);
    const char *name = at != NULL ? at + sizeof start - 1 : "";

    for (unsigned i = 0; i < 6; i++)
        if (!isalnum((unsigned char)name[i]))
            return false;
    return name[6] == '\0' && strpbrk(command, ";&|`$<>\n") == NULL && access(at + 1, R_OK) == 0;
}

static int keep(const char *command)
{
    if (kept_count == KEPT_MOST) {
        fprintf(stderr, "lastack: more than %d init scripts\n", KEPT_MOST);
        return -1;
    }
    kept[kept_count] = strdup(command);
    return kept[kept_count++] != NULL ? 0 : -1;
}

int system(const char *command)
{
    const struct so_hooks *const now = hooks;
    int (*next)(const char *) = NULL;

    if (command != NULL && !is_code(command))
        return now != NULL ? now->system(now->userdata, command) : keep(command);
    find_next("system", &next, sizeof next);
    return next != NULL ? next(command) : -1;
}
