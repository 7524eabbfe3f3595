/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * netns_walk.h: the network namespaces of this host, one after the other.
 *
 * Found by their processes (/proc/PID/ns/net) and by their names (/run/netns). Entering one takes
 * CAP_SYS_ADMIN; what may not be entered is counted, not hidden.
 */
#ifndef LASTACK_NETNS_WALK_H
#define LASTACK_NETNS_WALK_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

struct netns {
    uint64_t inode;
    uint32_t pid;  /* a process in it, 0 if known by name only */
    char name[64]; /* as `ip netns` calls it, "" if it has no name */
};

/* The namespace of the calling thread; 0 if it cannot be told. */
uint64_t netns_own(void);

/* All of them, the own one first. *list is the caller's to free. 0 or a negative errno. */
int netns_list(struct netns **list, size_t *count);

/* Calls `function` inside the namespace and comes back. Its result, or a negative errno if it could
 * not be entered: -ESRCH if it is not there any more. The inode says which one is meant; pid and
 * name only where to look first (that process may have ended, or be in another one by now). Ends
 * the program if coming back fails: everything after that would speak of the wrong host. */
typedef int netns_function(void *context, const struct netns *netns);
int netns_run(const struct netns *netns, netns_function *function, void *context);

#endif
