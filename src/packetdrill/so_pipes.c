/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * so_pipes.c: pipe: the kernel's; splice between one and a socket of the stack.
 *
 *     socket ─ peek ─▶ write, pipe      only what the other side took is consumed
 *     pipe ─ tee ─▶ scratch pipe ─ read ─▶ send, socket
 */
#include "session.h"

#include <errno.h>
#include <fcntl.h>
#include <sys/ioctl.h>
#include <unistd.h>

enum { CHUNK = 16384 };

static int so_pipe(void *userdata, int ends[2])
{
    (void)userdata;
    return pipe(ends);
}

static int64_t socket_to_pipe(struct session *session, int live, int to, size_t length)
{
    struct pollfd room = {.fd = to, .events = POLLOUT};
    char bytes[CHUNK];
    int64_t got;
    ssize_t put;

    if (poll(&room, 1, 0) != 1 || !(room.revents & POLLOUT))
        return -LASTACK_EAGAIN;
    /* (a pipe that is writable has PIPE_BUF of room) */
    got = lastack_recv(session->target.stack, live, bytes, length < 4096 ? length : 4096,
                       LASTACK_MSG_PEEK);
    if (got <= 0)
        return got;
    put = write(to, bytes, (size_t)got);
    if (put < 0)
        return -errno;
    return lastack_recv(session->target.stack, live, bytes, (size_t)put, 0);
}

static int64_t send_from(struct session *session, int from, int live, size_t length,
                         const int scratch[2])
{
    char bytes[CHUNK];
    ssize_t got = tee(from, scratch[1], length < CHUNK ? length : CHUNK, SPLICE_F_NONBLOCK);
    int64_t sent;

    if (got <= 0)
        return got == 0 ? 0 : -errno;
    got = read(scratch[0], bytes, (size_t)got);
    if (got < 0)
        return -errno;
    sent = lastack_send(session->target.stack, live, bytes, (size_t)got, 0);
    if (sent > 0 && read(from, bytes, (size_t)sent) != sent)
        return -LASTACK_EFAULT;
    return sent;
}

static int64_t pipe_to_socket(struct session *session, int from, int live, size_t length)
{
    int scratch[2];
    int64_t value;

    if (pipe(scratch) != 0)
        return -errno;
    value = send_from(session, from, live, length, scratch);
    close(scratch[0]);
    close(scratch[1]);
    return value;
}

/* Repeats until `length` bytes are moved, or nothing more can be without waiting. */
struct splicing {
    int from, to, live_from, live_to;
    size_t length;
};

static int64_t try_splice(struct session *session, void *context)
{
    const struct splicing *splicing = context;
    int64_t moved = 0;

    while ((size_t)moved < splicing->length) {
        const size_t rest = splicing->length - (size_t)moved;
        const int64_t value =
            splicing->live_from >= 0
                ? socket_to_pipe(session, splicing->live_from, splicing->to, rest)
                : pipe_to_socket(session, splicing->from, splicing->live_to, rest);

        if (value <= 0)
            return moved > 0 ? moved : value;
        moved += value;
    }
    return moved;
}

static int so_splice(void *userdata, int from, loff_t *from_offset, int to, loff_t *to_offset,
                     size_t length, unsigned int flags)
{
    struct session *session = session_enter(userdata);
    struct splicing splicing = {from, to, session_live(session, from), session_live(session, to),
                                length};
    const int live = splicing.live_from >= 0 ? splicing.live_from : splicing.live_to;
    int64_t value;

    /* offsets come along where the kernel gets none: they mean nothing to pipes and sockets */
    (void)from_offset;
    (void)to_offset;
    if ((splicing.live_from >= 0) == (splicing.live_to >= 0))
        return (int)session_leave(session, -LASTACK_EINVAL);
    value = !(flags & SPLICE_F_NONBLOCK) && session_may_wait(session, live, 0)
                ? session_wait(session, INT64_MAX, try_splice, &splicing)
                : try_splice(session, &splicing);
    return (int)session_leave(session, value);
}

void so_fill_pipes(struct packetdrill_interface *interface)
{
    interface->pipe = so_pipe;
    interface->splice = so_splice;
}
