/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * call_file.c: open, sendfile, pipe, splice, on files and pipes that exist in the runner alone.
 *
 *     `dd if=/dev/zero of=/tmp/x count=5`   a file of five zeros, by that name
 *     open("/tmp/x", O_RDONLY) = 5          a descriptor that is none of the stack
 *     sendfile(4, 5, [0], 5) = 5            written to the socket as any zeros are
 *
 * Nothing of the host is opened, made or removed. A pipe is a number of bytes, 64 KiB at the most.
 */
#include "call_value.h"
#include "calls.h"

#include "check.h"

#include <stdlib.h>
#include <string.h>

enum { TRANSFER_MAX = 64 << 20, PIPE_ROOM = 65536 };

struct drill_file {
    struct drill_file *next;
    const char *path; /* NULL: a pipe, or removed */
    int64_t length;   /* bytes in it */
};

/* ---- the files ---- */

static struct drill_file *find_file(const struct runner *runner, const char *path)
{
    struct drill_file *file = runner->files;

    while (file != NULL && (file->path == NULL || strcmp(file->path, path) != 0))
        file = file->next;
    return file;
}

static struct drill_file *new_file(struct runner *runner, const char *path, int64_t length)
{
    struct drill_file *file = script_take(&runner->memory, sizeof *file);

    *file = (struct drill_file){.next = runner->files, .path = path, .length = length};
    runner->files = file;
    return file;
}

void runner_make_file(struct runner *runner, const char *path, int64_t length)
{
    runner_remove_file(runner, path);
    new_file(runner, script_copy(&runner->memory, path, strlen(path)), length);
}

void runner_remove_file(struct runner *runner, const char *path)
{
    struct drill_file *file = find_file(runner, path);

    if (file != NULL)
        file->path = NULL; /* who has it open keeps it */
}

/* ---- calls ---- */

static enum call_outcome call_open(struct runner *runner, struct posted_call *posted)
{
    const struct drill_value *path = call_argument(posted->call, 0);
    struct drill_file *file;
    int64_t flags;

    if (!value_number(runner, call_argument(posted->call, 1), SYMBOL_OPEN, &flags))
        return CALL_BROKEN;
    if (path->kind != VALUE_STRING) {
        runner_fail(runner, DRILL_CLASS_SCRIPT, path->place, "open needs a path in quotes");
        return CALL_BROKEN;
    }
    if (strcmp(path->text, "/dev/zero") == 0)
        file = new_file(runner, NULL, TRANSFER_MAX);
    else
        file = find_file(runner, path->text);
    if (file == NULL)
        return call_returns(posted, -LASTACK_ENOENT);
    posted->made.live = 0;
    posted->made.file = file;
    return call_returns(posted, 0);
}

static enum call_outcome call_pipe(struct runner *runner, struct posted_call *posted)
{
    const struct drill_value *ends = call_argument(posted->call, 0);
    struct run_descriptor end = {.live = 0, .file = new_file(runner, NULL, 0)};
    int64_t number;

    if (ends->kind != VALUE_LIST) {
        runner_fail(runner, DRILL_CLASS_SCRIPT, ends->place, "pipe needs [reader, writer]");
        return CALL_BROKEN;
    }
    for (const struct drill_value *value = ends->first; value != NULL; value = value->next) {
        if (!value_in_range(runner, value, SYMBOL_OTHER, "a descriptor", 0, INT32_MAX, &number))
            return CALL_BROKEN;
        runner_keep_descriptor(runner, (int)number, &end);
    }
    return call_returns(posted, 0);
}

/* Zeros into a socket: how many it took, or an error. */
static int64_t write_zeros(struct runner *runner, int live, int64_t length, uint32_t flags)
{
    void *zeros = calloc(1, length > 0 ? (size_t)length : 1);
    int64_t sent;

    CHECK(zeros != NULL);
    sent = lastack_send(runner->target.stack, live, zeros, (size_t)length, flags);
    free(zeros);
    return sent;
}

/* out, in, [offset], count */
static enum call_outcome call_sendfile(struct runner *runner, struct posted_call *posted)
{
    const struct drill_value *where = call_argument(posted->call, 2);
    struct run_descriptor out, in;
    int64_t offset = 0, count, left;

    if (!value_descriptor(runner, call_argument(posted->call, 0), &out) ||
        !value_descriptor(runner, call_argument(posted->call, 1), &in) ||
        (where->kind != VALUE_NULL &&
         !value_in_range(runner, where, SYMBOL_OTHER, "an offset", 0, TRANSFER_MAX, &offset)) ||
        !value_in_range(runner, call_argument(posted->call, 3), SYMBOL_OTHER, "a count", 0,
                        TRANSFER_MAX, &count))
        return CALL_BROKEN;
    if (in.file == NULL || out.file != NULL)
        return call_returns(posted, -LASTACK_EBADF);
    left = in.file->length > offset ? in.file->length - offset : 0;
    count = count < left ? count : left;
    return call_returns_or_waits(posted, &out, write_zeros(runner, out.live, count, 0));
}

static int64_t read_into_pipe(struct runner *runner, int live, struct drill_file *pipe,
                              int64_t length)
{
    const int64_t room = PIPE_ROOM - pipe->length;
    int64_t got;
    void *bytes;

    if (room <= 0)
        return -LASTACK_EAGAIN;
    length = length < room ? length : room;
    bytes = malloc(length > 0 ? (size_t)length : 1);
    CHECK(bytes != NULL);
    got = lastack_recv(runner->target.stack, live, bytes, (size_t)length, 0);
    free(bytes);
    if (got > 0)
        pipe->length += got;
    return got;
}

static int64_t write_from_pipe(struct runner *runner, int live, struct drill_file *pipe,
                               int64_t length, bool more)
{
    const int64_t count = length < pipe->length ? length : pipe->length;
    int64_t sent;

    if (count == 0)
        return -LASTACK_EAGAIN;
    sent = write_zeros(runner, live, count, more ? LASTACK_MSG_MORE : 0);
    if (sent > 0)
        pipe->length -= sent;
    return sent;
}

/* in, its offset, out, its offset, length, flags; one of them is a pipe. */
static enum call_outcome call_splice(struct runner *runner, struct posted_call *posted)
{
    enum { NONBLOCK = 2, MORE = 4 };
    struct run_descriptor in, out;
    int64_t length, flags, moved;

    if (!value_descriptor(runner, call_argument(posted->call, 0), &in) ||
        !value_descriptor(runner, call_argument(posted->call, 2), &out) ||
        !value_in_range(runner, call_argument(posted->call, 4), SYMBOL_OTHER, "a length", 0,
                        TRANSFER_MAX, &length) ||
        !value_number(runner, call_argument(posted->call, 5), SYMBOL_OTHER, &flags))
        return CALL_BROKEN;
    if ((in.file == NULL) == (out.file == NULL))
        return call_returns(posted, -LASTACK_EINVAL);
    moved = out.file != NULL
                ? read_into_pipe(runner, in.live, out.file, length)
                : write_from_pipe(runner, out.live, in.file, length, (flags & MORE) != 0);
    if (flags & NONBLOCK)
        return call_returns(posted, moved);
    return call_returns_or_waits(posted, out.file != NULL ? &in : &out, moved);
}

const struct call_row calls_on_files[] = {
    {"open", 2, 3, call_open},     {"pipe", 1, 1, call_pipe}, {"sendfile", 4, 4, call_sendfile},
    {"splice", 6, 6, call_splice}, {NULL, 0, 0, NULL},
};
