/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * sandbox.h: a command in a network of its own, whose only interface is ours.
 *
 *     lastack (host's network)                 child (own user and network namespace)
 *        fork ────────────────────────────────▶ unshare, map own ids
 *                                               lo up; interface made, addressed, up
 *        packet and namespace fds, what was ◀── over a socket pair (SCM_RIGHTS)
 *        tried
 *        ... builds its stack on the fd ...     waits
 *        sandbox_release ─────────────────────▶ exec CMD
 *        pidfd becomes readable ◀────────────── CMD ends
 *
 *     tun:   CMD's namespace { lo, lastack0 = tun }             fd of the tun
 *     veth:  CMD's namespace { lo, lastack0 } ═ veth ═ { stack0 } a second namespace, kept alive
 *            by the packet socket in it, so that here too the command sees one interface
 *
 * The parent holds CMD's namespace, too: without its last process the kernel would take the
 * namespace down at once, with every connection that CMD left behind in it, and not tell the peer.
 *
 * The command is killed when the thread that opened the sandbox ends, even by SIGKILL; what the
 * command itself has started is not.
 *
 * Everything is done by this process, before exec, without any setuid helper. What fails is named.
 */
#ifndef LASTACK_SANDBOX_H
#define LASTACK_SANDBOX_H

#include "host_link.h"

#include <sys/types.h>

enum sandbox_link {
    SANDBOX_LINK_AUTO, /* tun, else veth */
    SANDBOX_LINK_TUN,
    SANDBOX_LINK_VETH,
};

enum { SANDBOX_ADDRESSES_MAX = 4 };

struct sandbox_config {
    enum sandbox_link link;
    const char *interface; /* as the command sees it */
    uint32_t mtu;
    uint32_t queue_length; /* packets waiting for us at the most */
    struct {
        struct lastack_address address;
        unsigned prefix_length;
    } addresses[SANDBOX_ADDRESSES_MAX]; /* of the command's side */
    unsigned address_count;
    char *const *command; /* ends with NULL */
};

struct sandbox {
    pid_t pid;
    int pid_fd;             /* readable when the command has ended */
    int gate;               /* our end of the socket pair, until released */
    int packet_fd;          /* until a link takes it */
    int net_fd;             /* CMD's network namespace: lives until sandbox_close */
    enum sandbox_link link; /* TUN or VETH: what was chosen */
    bool has_user_namespace;
    struct trouble not_tun; /* AUTO chose VETH: why not tun */
};

/* 192.0.2.2/24 and 2001:db8::2/64 on "lastack0", MTU 1500, link AUTO. */
void sandbox_config_default(struct sandbox_config *config);

/* Makes namespaces and interface. The command does not run yet. */
bool sandbox_open(struct sandbox *sandbox, const struct sandbox_config *config,
                  struct trouble *trouble);

/* Makes a link of the packet descriptor. */
void sandbox_take_link(struct sandbox *sandbox, const struct sandbox_config *config,
                       struct host_link *link);

/* Runs the command. */
bool sandbox_release(struct sandbox *sandbox, struct trouble *trouble);

/* The command's exit status if it has ended (128 + signal if one ended it; 126: could not be run,
 * 127: not found, as env(1) has them), else -1. */
int sandbox_status(struct sandbox *sandbox);

/* Ends the command if it still runs, and gives everything back. */
void sandbox_close(struct sandbox *sandbox);

/* "nsenter --preserve-credentials -U -n -t 1234": what to type in a second terminal before a
 * command. */
void sandbox_enter_text(const struct sandbox *sandbox, char *text, size_t size);

#endif
