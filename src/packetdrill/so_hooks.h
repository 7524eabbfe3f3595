/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * so_hooks.h: what the preloaded object asks of the loaded stack.
 *
 *     packetdrill ── close(), getsockopt(), open(), sendfile(), system() ──▶ preload
 *                                                                             │ hooks
 *                                                                             ▼
 *                                                                       stack, or libc
 *
 * The stack is loaded with RTLD_LOCAL, so nobody finds it: it announces itself to the preloaded
 * object, which is found by its name, LASTACK_SO_ANNOUNCE.
 */
#ifndef LASTACK_SO_HOOKS_H
#define LASTACK_SO_HOOKS_H

#include <stdbool.h>
#include <stdint.h>
#include <sys/socket.h>
#include <sys/types.h>

struct so_hooks {
    void *userdata;
    bool (*is_ours)(void *userdata, int fd);
    int (*close)(void *userdata, int fd);
    int (*getsockopt)(void *userdata, int fd, int level, int name, void *value, socklen_t *length);
    /* -1: no file that a command of the script made. */
    int (*open)(void *userdata, const char *path);
    ssize_t (*sendfile)(void *userdata, int to, int from, int64_t *offset, size_t count);
    /* As system(3) answers. */
    int (*system)(void *userdata, const char *command);
};

#define LASTACK_SO_ANNOUNCE "lastack_packetdrill_announce"

/* NULL: the stack is gone. `hooks` stays where it is until then. */
typedef void so_announce(const struct so_hooks *hooks);
void lastack_packetdrill_announce(const struct so_hooks *hooks);

#endif
