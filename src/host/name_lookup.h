/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * name_lookup.h: what names mean on this host: interfaces, services, hosts, cgroups.
 *
 * The functions have the shapes that filters ask for.
 */
#ifndef LASTACK_NAME_LOOKUP_H
#define LASTACK_NAME_LOOKUP_H

#include <lastack/address.h>

/* Interface index, 0 if there is none of that name. */
uint32_t name_lookup_device(const char *name);

/* The name of an interface, or "" (text has at least 16 bytes). */
void name_lookup_device_text(uint32_t index, char *text, size_t size);

/* The id of a cgroup v2 is the inode number of its directory; 0 if there is none. */
uint64_t name_lookup_cgroup(const char *path);

/* The path of a cgroup below its mount, "/" for the root; false if it cannot be told (it takes
 * CAP_DAC_READ_SEARCH). */
bool name_lookup_cgroup_path(uint64_t id, char *path, size_t size);

/* TCP port of a service of /etc/services, -1 if unknown. */
int name_lookup_service(const char *name);

/* Up to `max` addresses of a host; may ask the resolver. */
int name_lookup_host(const char *name, struct lastack_address *addresses, int max);

#endif
