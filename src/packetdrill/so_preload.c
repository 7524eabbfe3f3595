/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * so_preload.c: liblastack-packetdrill-preload.so: the three calls that packetdrill makes to libc
 * where it should ask the stack: close at a script's end, getsockopt for %{ }%, system for the
 * shell.
 */
#include "so_hooks.h"

#include <dlfcn.h>
#include <errno.h>
#include <stdatomic.h>
#include <stdlib.h>
#include <string.h>

static _Atomic(const struct so_hooks *) hooks;

void lastack_packetdrill_announce(const struct so_hooks *now)
{
    hooks = now;
}

/* The next definition of a function, libc's; dlsym tells it as an object. */
static void find_next(const char *name, void *function, size_t size)
{
    void *const found = dlsym(RTLD_NEXT, name);

    memcpy(function, &found, size);
}

int close(int fd);

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

int system(const char *command)
{
    const struct so_hooks *const now = hooks;
    int (*next)(const char *) = NULL;

    if (now != NULL && command != NULL)
        return now->system(now->userdata, command);
    find_next("system", &next, sizeof next);
    return next != NULL ? next(command) : -1;
}
