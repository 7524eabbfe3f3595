/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * host_setting.h: the kernel's parameters by their sysctl names, and the files that set them at
 * boot.
 */
#ifndef LASTACK_HOST_SETTING_H
#define LASTACK_HOST_SETTING_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

enum { HOST_SETTING_TEXT = 256 };

/* "net.ipv4.tcp_fin_timeout" or "net/ipv4/tcp_fin_timeout". The value without its newline, tabs as
 * blanks. 0 or a negative errno: -ENOENT, this kernel or namespace has no such name; -EINVAL, not
 * a name. */
int host_setting_read(const char *name, char value[HOST_SETTING_TEXT]);
int host_setting_write(const char *name, const char *value);

/* The n-th number of a value, or `otherwise`. */
int64_t host_setting_number(const char *name, int index, int64_t otherwise);

/* One assignment in sysctl.conf or sysctl.d. */
typedef void host_setting_callback(void *context, const char *file, int line, const char *name,
                                   const char *value);

/* Every assignment of the files that systemd-sysctl and procps read, below `root` ("" = "/"), in
 * their order. Names come with dots. */
void host_setting_files(const char *root, host_setting_callback *callback, void *context);

#endif
