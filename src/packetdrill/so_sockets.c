/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * so_sockets.c: socket, bind, listen, accept, connect, fcntl, ioctl, shutdown, close.
 *
 * Descriptors that are not the stack's (pipes, files that the script opened) stay the kernel's.
 */
#include "session.h"

#include <fcntl.h>
#include <stdarg.h>
#include <sys/ioctl.h>
#include <unistd.h>

static int so_socket(void *userdata, int domain, int type, int protocol)
{
    const int kind = type & ~(SOCK_NONBLOCK | SOCK_CLOEXEC);
    const int own = kind == SOCK_STREAM ? LASTACK_PROTOCOL_TCP : LASTACK_PROTOCOL_UDP;
    struct session *session = session_enter(userdata);
    int live;

    if (protocol != 0 && protocol != own)
        return (int)session_leave(session, -LASTACK_EPROTONOSUPPORT);
    live = lastack_socket(session->target.stack, (enum lastack_domain)domain,
                          (enum lastack_socket_type)kind, 0);
    if (live >= 0 && (type & SOCK_NONBLOCK))
        (void)lastack_fcntl(session->target.stack, live, LASTACK_F_SETFL, LASTACK_O_NONBLOCK);
    return (int)session_leave(session, session_new_fd(session, live));
}

static int so_bind(void *userdata, int fd, const struct sockaddr *address, socklen_t length)
{
    struct session *session = session_enter(userdata);
    const int live = session_live(session, fd);
    struct lastack_endpoint local;
    int value = live < 0 ? live : so_name_read(address, length, &local);

    if (value == 0)
        session_meet_address(session, lastack_is_ipv4(&local.address), &local.address);
    if (value == 0)
        value = lastack_bind(session->target.stack, live, &local);
    return (int)session_leave(session, value);
}

static int so_listen(void *userdata, int fd, int backlog)
{
    struct session *session = session_enter(userdata);
    const int live = session_live(session, fd);

    return (int)session_leave(
        session, live < 0 ? live : lastack_listen(session->target.stack, live, backlog));
}

/* ---- accept ---- */

struct accepting {
    int live;
    struct lastack_endpoint remote;
};

static int64_t try_accept(struct session *session, void *context)
{
    struct accepting *accepting = context;

    return lastack_accept(session->target.stack, accepting->live, &accepting->remote);
}

static int so_accept(void *userdata, int fd, struct sockaddr *address, socklen_t *length)
{
    struct session *session = session_enter(userdata);
    struct accepting accepting = {.live = session_live(session, fd)};
    int64_t live;

    if (accepting.live < 0)
        return (int)session_leave(session, accepting.live);
    live = session_may_wait(session, accepting.live, 0)
               ? session_wait(session, INT64_MAX, try_accept, &accepting)
               : try_accept(session, &accepting);
    if (live >= 0)
        so_name_write(&accepting.remote, so_name_is_ipv6(session, (int)live), address, length);
    return (int)session_leave(session, session_new_fd(session, (int)live));
}

/* ---- connect ---- */

struct connecting {
    int live;
    bool has_begun;
    struct lastack_endpoint remote;
};

/* The handshake is what a blocking connect() waits for. */
static int64_t try_connect(struct session *session, void *context)
{
    struct connecting *connecting = context;
    const int value = lastack_connect(session->target.stack, connecting->live, &connecting->remote);
    const bool had_begun = connecting->has_begun;

    connecting->has_begun = true;
    if (value == -LASTACK_EINPROGRESS || value == -LASTACK_EALREADY)
        return -LASTACK_EAGAIN;
    return value == -LASTACK_EISCONN && had_begun ? 0 : value;
}

static int so_connect(void *userdata, int fd, const struct sockaddr *address, socklen_t length)
{
    struct session *session = session_enter(userdata);
    struct connecting connecting = {.live = session_live(session, fd)};
    int64_t value;

    if (connecting.live < 0)
        return (int)session_leave(session, connecting.live);
    value = so_name_read(address, length, &connecting.remote);
    if (value == 0)
        session_meet_address(session, lastack_is_ipv4(&connecting.remote.address), NULL);
    if (value == 0)
        value = session_may_wait(session, connecting.live, 0)
                    ? session_wait(session, INT64_MAX, try_connect, &connecting)
                    : lastack_connect(session->target.stack, connecting.live, &connecting.remote);
    return (int)session_leave(session, value);
}

/* ---- the rest of a descriptor's life ---- */

static int so_fcntl(void *userdata, int fd, int command, ...)
{
    struct session *session = session_enter(userdata);
    const int live = session_live(session, fd);
    va_list arguments;
    int argument, value;

    va_start(arguments, command);
    argument = va_arg(arguments, int);
    va_end(arguments);
    if (live < 0) {
        (void)session_leave(session, 0);
        return fcntl(fd, command, argument);
    }
    value = lastack_fcntl(session->target.stack, live, command, argument);
    if (command == LASTACK_F_DUPFD)
        value = session_new_fd(session, value);
    return (int)session_leave(session, value);
}

static int so_ioctl(void *userdata, int fd, unsigned long request, ...)
{
    struct session *session = session_enter(userdata);
    const int live = session_live(session, fd);
    va_list arguments;
    int *value;

    va_start(arguments, request);
    value = va_arg(arguments, int *);
    va_end(arguments);
    if (live < 0) {
        (void)session_leave(session, 0);
        return ioctl(fd, request, value);
    }
    return (int)session_leave(session, value == NULL ? -LASTACK_EFAULT
                                                     : lastack_ioctl(session->target.stack, live,
                                                                     (unsigned)request, value));
}

static int so_close(void *userdata, int fd)
{
    struct session *session = session_enter(userdata);

    if (session_live(session, fd) < 0) {
        (void)session_leave(session, 0);
        return close(fd);
    }
    return (int)session_leave(session, session_close_fd(session, fd));
}

static int so_shutdown(void *userdata, int fd, int how)
{
    struct session *session = session_enter(userdata);
    const int live = session_live(session, fd);

    return (int)session_leave(session,
                              live < 0 ? live : lastack_shutdown(session->target.stack, live, how));
}

void so_fill_sockets(struct packetdrill_interface *interface)
{
    interface->socket = so_socket;
    interface->bind = so_bind;
    interface->listen = so_listen;
    interface->accept = so_accept;
    interface->connect = so_connect;
    interface->fcntl = so_fcntl;
    interface->ioctl = so_ioctl;
    interface->close = so_close;
    interface->shutdown = so_shutdown;
}
