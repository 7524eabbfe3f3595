/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * namespaces.c: unshare(2), user_namespaces(7), and what the errors of both mean.
 */
#include "namespaces.h"

#include <errno.h>
#include <fcntl.h>
#include <sched.h>
#include <stdio.h>
#include <string.h>
#include <unistd.h>

/* What it usually means when the kernel will not make a namespace. */
static bool refused(struct trouble *trouble)
{
    switch (trouble->error) {
    case ENOSPC:
        return trouble_hint(trouble,
                            "user.max_user_namespaces or user.max_net_namespaces is 0 or used up");
    case EPERM:
    case EACCES:
        return trouble_hint(trouble,
                            "a container's seccomp filter, or kernel.unprivileged_userns_clone=0, "
                            "forbids unprivileged user namespaces");
    case EINVAL:
    case ENOSYS:
        return trouble_hint(trouble, "this kernel was built without user or network namespaces");
    case EUSERS:
        return trouble_hint(trouble, "namespaces are nested too deeply");
    default:
        return false;
    }
}

static bool write_file(const char *path, const char *text, struct trouble *trouble)
{
    int fd = open(path, O_WRONLY | O_CLOEXEC);
    ssize_t written;

    if (fd < 0)
        return trouble_set(trouble, errno, "open %s", path);
    written = write(fd, text, strlen(text));
    if (written < 0)
        trouble_set(trouble, errno, "write \"%s\" to %s", text, path);
    close(fd);
    return written >= 0;
}

/* Maps our own ids onto themselves. setgroups must be denied first (CVE-2014-8989). */
static bool map_ids(uid_t uid, gid_t gid, struct trouble *trouble)
{
    char text[64];

    snprintf(text, sizeof text, "%u %u 1", (unsigned)uid, (unsigned)uid);
    if (!write_file("/proc/self/uid_map", text, trouble))
        return false;
    if (!write_file("/proc/self/setgroups", "deny", trouble))
        return false;
    snprintf(text, sizeof text, "%u %u 1", (unsigned)gid, (unsigned)gid);
    return write_file("/proc/self/gid_map", text, trouble);
}

/* Lets this group use ping sockets in the new network, so that an unprivileged `ping` works. Best
 * effort. */
static void allow_ping(gid_t gid)
{
    struct trouble ignored;
    char text[64];

    snprintf(text, sizeof text, "%u %u", (unsigned)gid, (unsigned)gid);
    (void)write_file("/proc/sys/net/ipv4/ping_group_range", text, &ignored);
}

bool namespaces_enter(bool *has_user_namespace, struct trouble *trouble)
{
    uid_t uid = geteuid();
    gid_t gid = getegid();

    *has_user_namespace = false;
    if (unshare(CLONE_NEWNET) != 0) {
        if (errno != EPERM) {
            trouble_set(trouble, errno, "create a network namespace");
            return refused(trouble);
        }
        if (unshare(CLONE_NEWUSER | CLONE_NEWNET) != 0) {
            trouble_set(trouble, errno, "create a user and a network namespace");
            return refused(trouble);
        }
        *has_user_namespace = true;
        if (!map_ids(uid, gid, trouble))
            return false;
    }
    allow_ping(gid);
    return true;
}

bool namespaces_enter_another_net(struct trouble *trouble)
{
    if (unshare(CLONE_NEWNET) == 0)
        return true;
    trouble_set(trouble, errno, "create a second network namespace");
    return refused(trouble);
}

int namespaces_net_fd(struct trouble *trouble)
{
    int fd = open("/proc/self/ns/net", O_RDONLY | O_CLOEXEC);

    if (fd < 0)
        trouble_set(trouble, errno, "open /proc/self/ns/net");
    return fd;
}
