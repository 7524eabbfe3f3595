/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * netns_walk.c: see netns_walk.h.
 */
#include "netns_walk.h"

#include "check.h"

#include <ctype.h>
#include <dirent.h>
#include <errno.h>
#include <fcntl.h>
#include <linux/magic.h>
#include <sched.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <sys/vfs.h>
#include <unistd.h>

static uint64_t inode_of(const char *path)
{
    struct stat status;
    return stat(path, &status) == 0 ? status.st_ino : 0;
}

/* A name outlives its namespace as an ordinary file (an unmount, another mount namespace). */
static bool is_namespace(const char *path)
{
    struct statfs status;
    return statfs(path, &status) == 0 && status.f_type == NSFS_MAGIC;
}

uint64_t netns_own(void)
{
    return inode_of("/proc/thread-self/ns/net");
}

static int note(struct netns **list, size_t *count, const struct netns *netns)
{
    for (size_t i = 0; i < *count; i++) {
        if ((*list)[i].inode != netns->inode)
            continue;
        if ((*list)[i].name[0] == '\0')
            memcpy((*list)[i].name, netns->name, sizeof netns->name);
        return 0;
    }
    struct netns *bigger = realloc(*list, (*count + 1) * sizeof **list);
    if (bigger == NULL)
        return -ENOMEM;
    *list = bigger;
    (*list)[(*count)++] = *netns;
    return 0;
}

/* `is_process`: the items are numbers with a file ns/net, else names of files. */
static int scan(const char *folder, bool is_process, struct netns **list, size_t *count)
{
    DIR *stream = opendir(folder);
    if (stream == NULL)
        return is_process ? -errno : 0;
    int status = 0;
    const struct dirent *item;
    while (status == 0 && (item = readdir(stream)) != NULL) {
        char path[400];
        struct netns netns = {0};
        if (item->d_name[0] == '.' || (is_process && !isdigit((unsigned char)item->d_name[0])))
            continue;
        snprintf(path, sizeof path, is_process ? "%s/%s/ns/net" : "%s/%s", folder, item->d_name);
        netns.inode = inode_of(path);
        if (is_process)
            netns.pid = (uint32_t)strtoul(item->d_name, NULL, 10);
        else
            snprintf(netns.name, sizeof netns.name, "%.63s", item->d_name);
        if (netns.inode != 0 && (is_process || is_namespace(path)))
            status = note(list, count, &netns);
    }
    closedir(stream);
    return status;
}

int netns_list(struct netns **list, size_t *count)
{
    *list = NULL;
    *count = 0;
    struct netns own = {.inode = netns_own(), .pid = (uint32_t)getpid()};
    int status = note(list, count, &own);
    if (status == 0)
        status = scan("/proc", true, list, count);
    if (status == 0)
        status = scan("/run/netns", false, list, count);
    if (status != 0) {
        free(*list);
        *list = NULL;
        *count = 0;
    }
    return status;
}

/* A descriptor of it, or a negative errno: -ESRCH if it is not there any more. */
static int open_as_listed(const struct netns *netns)
{
    char path[128];
    struct stat about;
    if (netns->pid == 0 && netns->name[0] == '\0')
        return -ESRCH;
    if (netns->pid != 0)
        snprintf(path, sizeof path, "/proc/%u/ns/net", netns->pid);
    else
        snprintf(path, sizeof path, "/run/netns/%s", netns->name);
    int fd = open(path, O_RDONLY | O_CLOEXEC);
    if (fd < 0)
        return errno == ENOENT ? -ESRCH : -errno;
    if (fstat(fd, &about) == 0 && about.st_ino == netns->inode)
        return fd;
    close(fd);
    return -ESRCH;
}

/* The process that it was listed by may have ended, or have gone elsewhere (others walk, too):
 * then it is looked for once more. */
static int open_netns(const struct netns *netns)
{
    int fd = open_as_listed(netns);
    struct netns *list;
    size_t count;
    if (fd != -ESRCH || netns_list(&list, &count) != 0)
        return fd;
    for (size_t i = 0; i < count && fd == -ESRCH; i++)
        if (list[i].inode == netns->inode)
            fd = open_as_listed(&list[i]);
    free(list);
    return fd;
}

int netns_run(const struct netns *netns, netns_function *function, void *context)
{
    if (netns->inode == netns_own())
        return function(context, netns);
    int home = open("/proc/thread-self/ns/net", O_RDONLY | O_CLOEXEC);
    int there = open_netns(netns);
    if (there < 0)
        errno = -there;
    int status = home < 0 || there < 0 || setns(there, CLONE_NEWNET) != 0 ? -errno : 0;
    if (status == 0) {
        status = function(context, netns);
        int back = setns(home, CLONE_NEWNET);
        CHECK(back == 0);
    }
    if (home >= 0)
        close(home);
    if (there >= 0)
        close(there);
    return status;
}
