/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * so_transfer.c: read, readv, recv, recvfrom, recvmsg; write, writev, send, sendto, sendmsg: each a
 * message of pieces.
 *
 * On a descriptor in blocking mode a write returns when all is queued, a read when there is
 * something to read (with MSG_WAITALL: all of it, or the end).
 */
#include "session.h"

#include <stdlib.h>
#include <string.h>
#include <unistd.h>

enum {
    PIECES_MOST = 64,
    CONTROLS_MOST = 8,
    FLAGS_WITHOUT_MEANING = MSG_DONTROUTE | MSG_CONFIRM | MSG_CMSG_CLOEXEC,
};

struct transfer {
    int live;
    uint32_t flags;
    bool is_stream, may_wait, has_begun, waits_for_handshake;
    bool has_fault; /* bytes are asked for where there is no memory */
    struct lastack_message message;
    struct lastack_endpoint remote;
    struct lastack_iovec send[PIECES_MOST];
    struct lastack_buffer receive[PIECES_MOST];
    struct lastack_control control[CONTROLS_MOST];
    int64_t done; /* bytes */
};

/* ---- pieces ---- */

static int64_t begin(struct session *session, struct transfer *transfer, int fd,
                     const struct iovec *iov, size_t count, int flags)
{
    int type = LASTACK_SOCK_STREAM;

    memset(transfer, 0, sizeof *transfer);
    transfer->live = session_live(session, fd);
    if (transfer->live < 0)
        return transfer->live;
    if (count > PIECES_MOST)
        return -LASTACK_EMSGSIZE;
    if (count > 0 && iov == NULL)
        return -LASTACK_EFAULT;
    for (size_t i = 0; i < count; i++) {
        if (iov[i].iov_base == NULL && iov[i].iov_len > 0)
            transfer->has_fault = true;
        transfer->send[i] = (struct lastack_iovec){iov[i].iov_base, iov[i].iov_len};
        transfer->receive[i] = (struct lastack_buffer){iov[i].iov_base, iov[i].iov_len};
    }
    (void)lastack_get_option(session->target.stack, transfer->live, LASTACK_SO_TYPE, &type);
    transfer->is_stream = type == LASTACK_SOCK_STREAM;
    transfer->may_wait = session_may_wait(session, transfer->live, flags);
    transfer->flags = (uint32_t)(flags & ~FLAGS_WITHOUT_MEANING);
    transfer->message.send = transfer->send;
    transfer->message.receive = transfer->receive;
    transfer->message.count = count;
    return 0;
}

/* Drops the first `length` bytes of the pieces: they are done. */
static void go_on(struct transfer *transfer, size_t length)
{
    transfer->done += (int64_t)length;
    for (size_t i = 0; i < transfer->message.count && length > 0; i++) {
        struct lastack_iovec *send = &transfer->send[i];
        struct lastack_buffer *receive = &transfer->receive[i];
        const size_t part = length < send->length ? length : send->length;

        send->base = (const char *)send->base + part;
        receive->base = (char *)receive->base + part;
        send->length -= part;
        receive->length -= part;
        length -= part;
    }
}

static size_t left(const struct transfer *transfer)
{
    size_t length = 0;

    for (size_t i = 0; i < transfer->message.count; i++)
        length += transfer->send[i].length;
    return length;
}

/* The stack takes pointers on trust, so a fault is found here; but an error of the socket goes
 * first, as does having nothing to read. */
static int64_t fault_of_write(struct session *session, const struct transfer *transfer)
{
    const int64_t sent =
        lastack_send(session->target.stack, transfer->live, "", 0, transfer->flags);
    const bool is_open = sent >= 0 || sent == -LASTACK_EAGAIN || sent == -LASTACK_EINPROGRESS ||
                         (transfer->flags & LASTACK_MSG_FASTOPEN);

    return is_open ? -LASTACK_EFAULT : sent;
}

static int64_t fault_of_read(struct session *session, const struct transfer *transfer)
{
    char byte;
    const int64_t got = lastack_recv(session->target.stack, transfer->live, &byte, 1,
                                     transfer->flags | LASTACK_MSG_PEEK);

    return got > 0 ? -LASTACK_EFAULT : got;
}

/* What was done counts more than an error behind it. */
static int64_t finish(struct session *session, struct transfer *transfer, session_attempt *attempt)
{
    const int64_t value = transfer->may_wait ? session_wait(session, INT64_MAX, attempt, transfer)
                                             : attempt(session, transfer);

    return value < 0 && transfer->done > 0 ? transfer->done : value;
}

/* ---- sending ---- */

/* Who sleeps in a write is woken when a good part of the buffer is free, not by each byte. */
static bool may_wake(struct session *session, const struct transfer *transfer)
{
    const uint32_t wakes = LASTACK_POLLOUT | LASTACK_POLLERR | LASTACK_POLLHUP | LASTACK_POLLNVAL;

    return lastack_poll(session->target.stack, transfer->live) & wakes;
}

/* Its text went with the SYN, or waits for a cookie. */
static bool is_connecting(struct session *session, const struct transfer *transfer)
{
    struct lastack_connection_row row;

    return transfer->is_stream &&
           lastack_status(session->target.stack, transfer->live, &row) == 0 &&
           row.state == TCP_SYN_SENT;
}

/* A blocking write on a new connection sleeps until the handshake is over, also when all its text
 * went with the SYN; not where the send buffer takes it all (implied_connect: FreeBSD). */
static int64_t send_once(struct session *session, struct transfer *transfer)
{
    const bool has_begun = transfer->has_begun;
    int64_t value;

    if (transfer->has_fault)
        return fault_of_write(session, transfer);
    if (has_begun && !may_wake(session, transfer))
        return -LASTACK_EAGAIN;
    if (transfer->waits_for_handshake) { /* it is over */
        transfer->waits_for_handshake = false;
        session->handshakes--;
        if (transfer->done > 0 && left(transfer) == 0)
            return transfer->done;
    }
    value = lastack_send_message(session->target.stack, transfer->live, &transfer->message,
                                 transfer->flags);
    transfer->has_begun = true;
    if (!transfer->is_stream || (value < 0 && !transfer->may_wait))
        return value;
    if (value > 0)
        go_on(transfer, (size_t)value);
    transfer->flags &= ~(uint32_t)LASTACK_MSG_FASTOPEN;
    transfer->message.remote = NULL;
    if (value < 0 && value != -LASTACK_EINPROGRESS)
        return value;
    if (!transfer->may_wait)
        return transfer->done;
    if (!has_begun && is_connecting(session, transfer) &&
        !lastack_params(session->target.stack)->implied_connect) {
        transfer->waits_for_handshake = true;
        session->handshakes++;
    }
    return value < 0 || left(transfer) > 0 || transfer->waits_for_handshake ? -LASTACK_EAGAIN
                                                                            : transfer->done;
}

/* What leaves may make room for more: time need not move on for that. */
static int64_t try_send(struct session *session, void *context)
{
    struct transfer *transfer = context;
    int64_t value, done;

    do {
        done = transfer->done;
        value = send_once(session, transfer);
        if (transfer->done > done && !transfer->waits_for_handshake)
            target_settle(&session->target);
    } while (value == -LASTACK_EAGAIN && transfer->done > done && !transfer->waits_for_handshake);
    return value;
}

static int64_t send_pieces(struct session *session, int fd, const struct msghdr *message, int flags)
{
    struct transfer transfer;
    int64_t value = begin(session, &transfer, fd, message->msg_iov, message->msg_iovlen, flags);

    if (value < 0)
        return value;
    if (message->msg_controllen > 0)
        return -LASTACK_EINVAL; /* none is known that sends something */
    if (message->msg_name != NULL) {
        value = so_name_read(message->msg_name, message->msg_namelen, &transfer.remote);
        transfer.message.remote = &transfer.remote;
        if (value == 0)
            session_meet_address(session, lastack_is_ipv4(&transfer.remote.address), NULL);
    }
    return value < 0 ? value : finish(session, &transfer, try_send);
}

static ssize_t so_sendmsg(void *userdata, int fd, const struct msghdr *message, int flags)
{
    struct session *session = session_enter(userdata);

    return session_leave(session, message == NULL ? -LASTACK_EFAULT
                                                  : send_pieces(session, fd, message, flags));
}

static ssize_t so_sendto(void *userdata, int fd, const void *buffer, size_t size, int flags,
                         const struct sockaddr *address, socklen_t length)
{
    struct iovec iov = {(void *)(uintptr_t)buffer, size};
    const struct msghdr message = {.msg_name = (void *)(uintptr_t)address,
                                   .msg_namelen = length,
                                   .msg_iov = &iov,
                                   .msg_iovlen = 1};

    return so_sendmsg(userdata, fd, &message, flags);
}

static ssize_t so_send(void *userdata, int fd, const void *buffer, size_t size, int flags)
{
    return so_sendto(userdata, fd, buffer, size, flags, NULL, 0);
}

static bool is_ours(void *userdata, int fd)
{
    struct session *session = session_enter(userdata);
    const int live = session_live(session, fd);

    (void)session_leave(session, 0);
    return live >= 0;
}

static ssize_t so_write(void *userdata, int fd, const void *buffer, size_t size)
{
    return is_ours(userdata, fd) ? so_send(userdata, fd, buffer, size, 0) : write(fd, buffer, size);
}

static ssize_t so_writev(void *userdata, int fd, const struct iovec *iov, int count)
{
    const struct msghdr message = {.msg_iov = (struct iovec *)(uintptr_t)iov,
                                   .msg_iovlen = count > 0 ? (size_t)count : 0};

    return is_ours(userdata, fd) ? so_sendmsg(userdata, fd, &message, 0) : writev(fd, iov, count);
}

/* ---- receiving ---- */

static int64_t try_receive(struct session *session, void *context)
{
    struct transfer *transfer = context;
    const bool wants_all = (transfer->flags & LASTACK_MSG_WAITALL) && transfer->may_wait &&
                           transfer->is_stream && !(transfer->flags & LASTACK_MSG_PEEK);
    int64_t value;

    if (transfer->has_fault)
        return fault_of_read(session, transfer);
    transfer->message.control = transfer->control;
    transfer->message.control_count = CONTROLS_MOST;
    value = lastack_recv_message(session->target.stack, transfer->live, &transfer->message,
                                 transfer->flags & ~(uint32_t)LASTACK_MSG_WAITALL);
    if (!wants_all || value < 0)
        return value;
    go_on(transfer, (size_t)value);
    return value > 0 && left(transfer) > 0 ? -LASTACK_EAGAIN : transfer->done;
}

/* What came along, as cmsg(3). */
static void write_control(const struct lastack_message *seen, struct msghdr *message)
{
    const size_t room = message->msg_control != NULL ? message->msg_controllen : 0;
    size_t used = 0;

    for (size_t i = 0; i < seen->control_count; i++) {
        const struct lastack_control *control = &seen->control[i];
        struct cmsghdr *header = (void *)((char *)message->msg_control + used);

        if (room - used < CMSG_SPACE(sizeof control->number)) {
            message->msg_flags |= MSG_CTRUNC;
            break;
        }
        header->cmsg_level = control->level;
        header->cmsg_type = control->type;
        header->cmsg_len = CMSG_LEN(sizeof control->number);
        memcpy(CMSG_DATA(header), &control->number, sizeof control->number);
        used += CMSG_SPACE(sizeof control->number);
    }
    message->msg_controllen = used;
}

static int64_t receive_pieces(struct session *session, int fd, struct msghdr *message, int flags)
{
    struct transfer transfer;
    int64_t value = begin(session, &transfer, fd, message->msg_iov, message->msg_iovlen, flags);

    if (value < 0)
        return value;
    if (!transfer.is_stream)
        transfer.message.remote = &transfer.remote;
    value = finish(session, &transfer, try_receive);
    if (value < 0)
        return value;
    message->msg_flags = (int)transfer.message.flags;
    write_control(&transfer.message, message);
    if (transfer.is_stream)
        message->msg_namelen = 0; /* TCP tells no name */
    else
        so_name_write(&transfer.remote, so_name_is_ipv6(session, transfer.live), message->msg_name,
                      &message->msg_namelen);
    return value;
}

static ssize_t so_recvmsg(void *userdata, int fd, struct msghdr *message, int flags)
{
    struct session *session = session_enter(userdata);

    return session_leave(session, message == NULL ? -LASTACK_EFAULT
                                                  : receive_pieces(session, fd, message, flags));
}

static ssize_t so_recvfrom(void *userdata, int fd, void *buffer, size_t size, int flags,
                           struct sockaddr *address, socklen_t *length)
{
    struct iovec iov = {buffer, size};
    struct msghdr message = {.msg_name = address,
                             .msg_namelen = length != NULL ? *length : 0,
                             .msg_iov = &iov,
                             .msg_iovlen = 1};
    const ssize_t value = so_recvmsg(userdata, fd, &message, flags);

    if (value >= 0 && length != NULL)
        *length = message.msg_namelen;
    return value;
}

static ssize_t so_recv(void *userdata, int fd, void *buffer, size_t size, int flags)
{
    return so_recvfrom(userdata, fd, buffer, size, flags, NULL, NULL);
}

static ssize_t so_read(void *userdata, int fd, void *buffer, size_t size)
{
    return is_ours(userdata, fd) ? so_recv(userdata, fd, buffer, size, 0) : read(fd, buffer, size);
}

static ssize_t so_readv(void *userdata, int fd, const struct iovec *iov, int count)
{
    struct msghdr message = {.msg_iov = (struct iovec *)(uintptr_t)iov,
                             .msg_iovlen = count > 0 ? (size_t)count : 0};

    return is_ours(userdata, fd) ? so_recvmsg(userdata, fd, &message, 0) : readv(fd, iov, count);
}

void so_fill_transfer(struct packetdrill_interface *interface)
{
    interface->read = so_read;
    interface->readv = so_readv;
    interface->recv = so_recv;
    interface->recvfrom = so_recvfrom;
    interface->recvmsg = so_recvmsg;
    interface->write = so_write;
    interface->writev = so_writev;
    interface->send = so_send;
    interface->sendto = so_sendto;
    interface->sendmsg = so_sendmsg;
}
