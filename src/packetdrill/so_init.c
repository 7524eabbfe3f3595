/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * so_init.c: packetdrill_interface_init: the one function that the library shows.
 */
#include "session.h"
#include "check.h"
#include "so_hooks.h"

#include <dlfcn.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

/* A broken invariant of the stack ends the test run: nothing behind it would be true. */
_Noreturn void lastack_check_failed(const char *what, const char *file, int line)
{
    fprintf(stderr, "liblastack-packetdrill: %s:%d: CHECK(%s)\n", file, line, what);
    abort();
}

/* A session and what the preloaded object knows of it. */
struct loaded {
    struct session session; /* first: userdata */
    struct so_hooks hooks;
};

static bool hook_is_ours(void *userdata, int fd)
{
    struct session *session = session_enter(userdata);
    const bool is_ours = session_live(session, fd) >= 0;

    (void)session_leave(session, 0);
    return is_ours;
}

static int hook_system(void *userdata, const char *command)
{
    struct session *session = session_enter(userdata);

    return (int)session_leave(session, so_command(session, command));
}

static int hook_open(void *userdata, const char *path)
{
    struct session *session = session_enter(userdata);
    const int fd = so_open_file(session, path);

    (void)session_leave(session, 0);
    return fd;
}

static ssize_t hook_sendfile(void *userdata, int to, int from, int64_t *offset, size_t count)
{
    struct session *session = session_enter(userdata);

    return session_leave(session, so_sendfile(session, to, from, offset, count));
}

/* Without the preloaded object nobody is there to be told. */
static void announce(const struct so_hooks *hooks)
{
    void *const found = dlsym(RTLD_DEFAULT, LASTACK_SO_ANNOUNCE);
    so_announce *tell = NULL;

    memcpy(&tell, &found, sizeof tell);
    if (tell != NULL)
        tell(hooks);
}

static void so_free(void *userdata)
{
    struct loaded *loaded = userdata;

    announce(NULL);
    session_close(&loaded->session);
    free(loaded);
}

__attribute__((visibility("default"))) void
packetdrill_interface_init(const char *flags, struct packetdrill_interface *interface)
{
    struct loaded *loaded = calloc(1, sizeof *loaded);
    char message[512] = "out of memory";

    /* The interface has no way to say no. */
    if (loaded == NULL || !session_open(&loaded->session, flags, message, sizeof message)) {
        fprintf(stderr, "liblastack-packetdrill: --so_flags: %s\n", message);
        exit(EXIT_FAILURE);
    }
    memset(interface, 0, sizeof *interface);
    interface->userdata = &loaded->session;
    interface->free = so_free;
    so_fill_sockets(interface);
    so_fill_transfer(interface);
    so_fill_options(interface);
    so_fill_readiness(interface);
    so_fill_pipes(interface);
    so_fill_network(interface);
    loaded->hooks = (struct so_hooks){
        .userdata = &loaded->session,
        .is_ours = hook_is_ours,
        .close = interface->close,
        .getsockopt = interface->getsockopt,
        .open = hook_open,
        .sendfile = hook_sendfile,
        .system = hook_system,
    };
    announce(&loaded->hooks);
}
