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
#include <sys/stat.h>

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
