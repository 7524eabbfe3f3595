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
#include <sched.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

static uint64_t inode_of(const char *path)
{
    struct stat status;
    return stat(path, &status) == 0 ? status.st_ino : 0;
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
        if (netns.inode != 0)
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

int netns_run(const struct netns *netns, netns_function *function, void *context)
{
    if (netns->inode == netns_own())
        return function(context, netns);
    char path[128];
    if (netns->pid != 0)
        snprintf(path, sizeof path, "/proc/%u/ns/net", netns->pid);
    else
        snprintf(path, sizeof path, "/run/netns/%s", netns->name);
    int home = open("/proc/thread-self/ns/net", O_RDONLY | O_CLOEXEC);
    int there = open(path, O_RDONLY | O_CLOEXEC);
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
