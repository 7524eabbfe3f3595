/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * so_files.c: files of zeros that commands made (dd), and sendfile from any file to a socket.
 *
 *     `dd if=/dev/zero of=/tmp/x ...`  ──▶ a name and a nameless file of the kernel (memfd)
 *     open("/tmp/x")                   ──▶ a descriptor of it
 *     sendfile(socket, file, ...)      ──▶ read there, sent here: no byte of it passes the host
 */
#include "session.h"

#include "check.h"

#include <errno.h>
#include <fcntl.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <unistd.h>

enum { CHUNK = 65536 };

struct so_file {
    struct so_file *next;
    char *path;
    int fd;
};

/* ---- names ---- */

void so_remove_file(struct session *session, const char *path)
{
    struct so_file **link = &session->files;
    struct so_file *file;

    while (*link != NULL && strcmp((*link)->path, path) != 0)
        link = &(*link)->next;
    file = *link;
    if (file == NULL)
        return;
    *link = file->next;
    close(file->fd);
    free(file->path);
    free(file);
}

void so_remove_files(struct session *session)
{
    while (session->files != NULL)
        so_remove_file(session, session->files->path);
}

void so_make_file(struct session *session, const char *path, int64_t length)
{
    struct so_file *file = malloc(sizeof *file);

    CHECK(file != NULL);
    so_remove_file(session, path);
    *file =
        (struct so_file){session->files, strdup(path), memfd_create("lastack-drill", MFD_CLOEXEC)};
    CHECK(file->path != NULL && file->fd >= 0 && ftruncate(file->fd, length) == 0);
    session->files = file;
}

int so_open_file(struct session *session, const char *path)
{
    for (const struct so_file *file = session->files; file != NULL; file = file->next)
        if (strcmp(file->path, path) == 0)
            return fcntl(file->fd, F_DUPFD_CLOEXEC, 0);
    return -1;
}

/* ---- sendfile ---- */

struct sending {
    int from, live;
    off_t offset;
    size_t left;
    int64_t done;
};

static int64_t try_sendfile(struct session *session, void *context)
{
    struct sending *sending = context;
    char bytes[CHUNK];

    while (sending->left > 0) {
        const size_t most = sending->left < CHUNK ? sending->left : CHUNK;
        const ssize_t got = pread(sending->from, bytes, most, sending->offset);
        int64_t sent;

        if (got < 0)
            return sending->done > 0 ? sending->done : -errno;
        if (got == 0)
            break;
        sent = lastack_send(session->target.stack, sending->live, bytes, (size_t)got, 0);
        if (sent < 0)
            return sent;
        sending->offset += sent;
        sending->left -= (size_t)sent;
        sending->done += sent;
    }
    return sending->done;
}

int64_t so_sendfile(struct session *session, int to, int from, int64_t *offset, size_t count)
{
    struct sending sending = {from, session_live(session, to), 0, count, 0};
    int64_t value;

    if (sending.live < 0)
        return sending.live;
    sending.offset = *offset;
    value = session_may_wait(session, sending.live, 0)
                ? session_wait(session, INT64_MAX, try_sendfile, &sending)
                : try_sendfile(session, &sending);
    *offset = sending.offset;
    return value < 0 && sending.done > 0 ? sending.done : value;
}
