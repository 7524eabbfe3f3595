/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * small_file.c: see small_file.h. Files of /proc have no size, so they are read until they end.
 */
#include "small_file.h"

#include <errno.h>
#include <fcntl.h>
#include <stdlib.h>
#include <unistd.h>

enum { FILE_MAX = 64 << 20 };

static int read_all(int fd, char **bytes, size_t *length)
{
    size_t capacity = 8192, used = 0;
    char *buffer = malloc(capacity);
    while (buffer != NULL) {
        ssize_t got = read(fd, buffer + used, capacity - used - 1);
        if (got < 0 && errno == EINTR)
            continue;
        if (got <= 0) {
            buffer[used] = '\0';
            *bytes = buffer;
            *length = used;
            if (got == 0)
                return 0;
            free(buffer);
            return -errno;
        }
        used += (size_t)got;
        if (used + 1 < capacity)
            continue;
        char *bigger = capacity < FILE_MAX ? realloc(buffer, 2 * capacity) : NULL;
        if (bigger == NULL) {
            free(buffer);
            return capacity < FILE_MAX ? -ENOMEM : -EFBIG;
        }
        buffer = bigger;
        capacity *= 2;
    }
    return -ENOMEM;
}

int small_file_read_bytes(const char *path, char **bytes, size_t *length)
{
    int fd = open(path, O_RDONLY | O_CLOEXEC);
    if (fd < 0)
        return -errno;
    int status = read_all(fd, bytes, length);
    close(fd);
    return status;
}

int small_file_read(const char *path, char **text)
{
    size_t length;
    return small_file_read_bytes(path, text, &length);
}

int small_file_write(const char *path, const void *bytes, size_t length)
{
    int fd = open(path, O_WRONLY | O_CREAT | O_TRUNC | O_CLOEXEC, 0644);
    if (fd < 0)
        return -errno;
    int status = 0;
    const char *at = bytes;
    while (length > 0 && status == 0) {
        ssize_t done = write(fd, at, length);
        if (done < 0 && errno != EINTR)
            status = -errno;
        if (done > 0) {
            at += done;
            length -= (size_t)done;
        }
    }
    if (close(fd) != 0 && status == 0)
        status = -errno;
    return status;
}
