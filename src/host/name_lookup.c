/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * name_lookup.c: see name_lookup.h.
 */
#include "name_lookup.h"

#include <net/if.h>
#include <netdb.h>
#include <netinet/in.h>
#include <stdio.h>
#include <string.h>
#include <sys/socket.h>
#include <fcntl.h>
#include <sys/stat.h>
#include <unistd.h>

uint32_t name_lookup_device(const char *name)
{
    return if_nametoindex(name);
}

void name_lookup_device_text(uint32_t index, char *text, size_t size)
{
    char name[IF_NAMESIZE];
    snprintf(text, size, "%s", if_indextoname(index, name) == NULL ? "" : name);
}

uint64_t name_lookup_cgroup(const char *path)
{
    static const char *const roots[] = {"/sys/fs/cgroup", "/sys/fs/cgroup/unified", ""};
    for (size_t i = 0; i < sizeof roots / sizeof roots[0]; i++) {
        char full[512];
        struct stat status;
        int length =
            snprintf(full, sizeof full, "%s%s%s", roots[i], path[0] == '/' ? "" : "/", path);
        bool is_cgroup = strncmp(full, "/sys/fs/cgroup", 14) == 0;
        if (is_cgroup && length < (int)sizeof full && stat(full, &status) == 0 &&
            S_ISDIR(status.st_mode))
            return status.st_ino;
    }
    return 0;
}

enum { FILEID_KERNFS = 0xfe }; /* linux/exportfs.h */

bool name_lookup_cgroup_path(uint64_t id, char *path, size_t size)
{
    struct {
        struct file_handle head;
        uint64_t id;
    } handle = {.head = {.handle_bytes = sizeof id, .handle_type = FILEID_KERNFS}};
    memcpy(handle.head.f_handle, &id, sizeof id);
    if (id == 1) { /* the root of the hierarchy, mounted or not */
        snprintf(path, size, "/");
        return true;
    }
    int mount = open("/sys/fs/cgroup", O_RDONLY | O_DIRECTORY | O_CLOEXEC);
    if (mount < 0)
        return false;
    int fd = open_by_handle_at(mount, &handle.head, O_PATH | O_CLOEXEC);
    close(mount);
    if (fd < 0)
        return false;
    char link[64], full[512];
    snprintf(link, sizeof link, "/proc/self/fd/%d", fd);
    ssize_t length = readlink(link, full, sizeof full - 1);
    close(fd);
    if (length < 14)
        return false;
    full[length] = '\0';
    snprintf(path, size, "%s", full[14] == '\0' ? "/" : full + 14);
    return true;
}

int name_lookup_service(const char *name)
{
    const struct servent *service = getservbyname(name, "tcp");
    return service == NULL ? -1 : ntohs((uint16_t)service->s_port);
}

int name_lookup_host(const char *name, struct lastack_address *addresses, int max)
{
    struct addrinfo hints = {.ai_socktype = SOCK_STREAM};
    struct addrinfo *list;
    int count = 0;
    if (getaddrinfo(name, NULL, &hints, &list) != 0)
        return 0;
    for (const struct addrinfo *i = list; i != NULL && count < max; i = i->ai_next) {
        if (i->ai_family == AF_INET6) {
            memcpy(addresses[count++].bytes,
                   &((const struct sockaddr_in6 *)(const void *)i->ai_addr)->sin6_addr, 16);
        } else if (i->ai_family == AF_INET) {
            uint8_t in[4];
            memcpy(in, &((const struct sockaddr_in *)(const void *)i->ai_addr)->sin_addr, 4);
            addresses[count++] = lastack_ipv4(in[0], in[1], in[2], in[3]);
        }
    }
    freeaddrinfo(list);
    return count;
}
