/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * host_setting.c: see host_setting.h.
 *
 * A name may have its separators as dots or as slashes (sysctl.d(5)): the first one seen decides;
 * an interface name with a dot in it ("net/ipv4/conf/eth0.1/...") is written with slashes.
 */
#include "host_setting.h"

#include "small_file.h"

#include <ctype.h>
#include <dirent.h>
#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

static int path_of(const char *name, char *path, size_t size)
{
    int length = snprintf(path, size, "/proc/sys/%s", name);
    if (length < 0 || (size_t)length >= size || name[0] == '\0' || strstr(name, "..") != NULL ||
        name[0] == '/')
        return -EINVAL;
    char *at = path + strlen("/proc/sys/");
    bool is_dotted = at[strcspn(at, "./")] == '.';
    for (; *at != '\0'; at++) {
        if (is_dotted && *at == '.')
            *at = '/';
        else if (is_dotted && *at == '/')
            *at = '.';
    }
    return 0;
}

int host_setting_read(const char *name, char value[HOST_SETTING_TEXT])
{
    char path[256];
    int status = path_of(name, path, sizeof path);
    if (status != 0)
        return status;
    int fd = open(path, O_RDONLY | O_CLOEXEC);
    if (fd < 0)
        return -errno;
    ssize_t length = read(fd, value, HOST_SETTING_TEXT - 1);
    int error = errno;
    close(fd);
    if (length < 0)
        return -error;
    while (length > 0 && isspace((unsigned char)value[length - 1]))
        length--;
    value[length] = '\0';
    for (char *at = value; *at != '\0'; at++)
        if (*at == '\t' || *at == '\n')
            *at = ' ';
    return 0;
}

int host_setting_write(const char *name, const char *value)
{
    char path[256];
    int status = path_of(name, path, sizeof path);
    if (status != 0)
        return status;
    int fd = open(path, O_WRONLY | O_CLOEXEC);
    if (fd < 0)
        return -errno;
    size_t length = strlen(value);
    ssize_t done = write(fd, value, length);
    status = done == (ssize_t)length ? 0 : done < 0 ? -errno : -EIO;
    close(fd);
    return status;
}

int64_t host_setting_number(const char *name, int index, int64_t otherwise)
{
    char value[HOST_SETTING_TEXT];
    if (host_setting_read(name, value) != 0)
        return otherwise;
    char *at = value;
    char *end = at;
    long long number = 0;
    for (int i = 0; i <= index; i++) {
        number = strtoll(at, &end, 10);
        if (end == at)
            return otherwise;
        at = end;
    }
    return number;
}

/* ---- files ---- */

static void strip(char **text)
{
    while (isspace((unsigned char)**text))
        ++*text;
    size_t length = strlen(*text);
    while (length > 0 && isspace((unsigned char)(*text)[length - 1]))
        (*text)[--length] = '\0';
}

/* [-]name = value; '#' and ';' start comments */
static void read_line(char *line, const char *file, int number, host_setting_callback *callback,
                      void *context)
{
    strip(&line);
    if (line[0] == '\0' || line[0] == '#' || line[0] == ';')
        return;
    char *equals = strchr(line, '=');
    if (equals == NULL)
        return;
    *equals++ = '\0';
    char *name = line[0] == '-' ? line + 1 : line;
    strip(&name);
    strip(&equals);
    if (name[strcspn(name, "./")] == '/')
        for (char *at = name; *at != '\0'; at++)
            *at = *at == '/' ? '.' : *at;
    callback(context, file, number, name, equals);
}

static void read_file(const char *path, const char *shown, host_setting_callback *callback,
                      void *context)
{
    char *text;
    if (small_file_read(path, &text) != 0)
        return;
    int number = 1;
    for (char *line = text; line != NULL; number++) {
        char *next = strchr(line, '\n');
        if (next != NULL)
            *next++ = '\0';
        read_line(line, shown, number, callback, context);
        line = next;
    }
    free(text);
}

static int is_conf(const struct dirent *item)
{
    size_t length = strlen(item->d_name);
    return length > 5 && strcmp(item->d_name + length - 5, ".conf") == 0;
}

void host_setting_files(const char *root, host_setting_callback *callback, void *context)
{
    static const char *const folders[] = {"/usr/lib/sysctl.d", "/usr/local/lib/sysctl.d",
                                          "/run/sysctl.d", "/etc/sysctl.d"};
    char path[700];
    for (size_t i = 0; i < sizeof folders / sizeof folders[0]; i++) {
        struct dirent **items;
        snprintf(path, sizeof path, "%s%s", root, folders[i]);
        int count = scandir(path, &items, is_conf, alphasort);
        for (int n = 0; n < count; n++) {
            snprintf(path, sizeof path, "%s%s/%s", root, folders[i], items[n]->d_name);
            read_file(path, path + strlen(root), callback, context);
            free(items[n]);
        }
        if (count >= 0)
            free(items);
    }
    snprintf(path, sizeof path, "%s/etc/sysctl.conf", root);
    read_file(path, "/etc/sysctl.conf", callback, context);
}
