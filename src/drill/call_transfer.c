/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * call_transfer.c: read, recv and their kin; write, send and their kin. All bytes are zeros.
 *
 * In blocking mode a write returns when all is queued, a read when there is something to read (or,
 * with MSG_WAITALL, when there is all of it).
 */
#include "call_value.h"
#include "calls.h"

#include "check.h"

#include <stdlib.h>

enum {
    TRANSFER_MAX = 64 << 20,
    /* MSG_DONTROUTE, MSG_CONFIRM, MSG_CMSG_CLOEXEC: nothing to do here */
    FLAGS_WITHOUT_MEANING = 0x4 | 0x800 | 0x40000000,
    FLAGS_KNOWN = LASTACK_MSG_PEEK | LASTACK_MSG_TRUNC | LASTACK_MSG_DONTWAIT | LASTACK_MSG_EOR |
                  LASTACK_MSG_WAITALL | LASTACK_MSG_NOSIGNAL | LASTACK_MSG_MORE |
                  LASTACK_MSG_FASTOPEN,
};

struct transfer {
    struct run_descriptor descriptor;
    int64_t length;
    bool is_null; /* bytes are asked for where there is no memory */
    uint32_t flags;
    struct lastack_endpoint remote; /* sendto */
    bool has_remote;
};

/* ---- arguments ---- */

static bool read_length(struct runner *runner, const struct drill_value *value, int64_t *length)
{
    return value_in_range(runner, value, SYMBOL_OTHER, "a length", 0, TRANSFER_MAX, length);
}

static bool read_flags(struct runner *runner, const struct drill_value *value,
                       struct transfer *transfer)
{
    int64_t flags;

    if (!value_number(runner, value, SYMBOL_MESSAGE, &flags))
        return false;
    flags &= ~(int64_t)FLAGS_WITHOUT_MEANING;
    transfer->flags = (uint32_t)flags;
    if ((flags & ~(int64_t)FLAGS_KNOWN) == 0)
        return true;
    return runner_fail(runner, DRILL_CLASS_NOT_SUPPORTED, value->place,
                       "not supported: message flags 0x%llx (ZEROCOPY, ERRQUEUE, OOB)",
                       (unsigned long long)(flags & ~(int64_t)FLAGS_KNOWN));
}

/* fd, buffer, length [, flags [, address, its length]] */
static bool read_buffer_call(struct runner *runner, const struct drill_call *call,
                             struct transfer *transfer)
{
    *transfer = (struct transfer){0};
    if (!value_descriptor(runner, call_argument(call, 0), &transfer->descriptor) ||
        !read_length(runner, call_argument(call, 2), &transfer->length))
        return false;
    transfer->is_null = transfer->length > 0 && call_argument(call, 1)->kind == VALUE_NULL;
    return call->argument_count < 4 || read_flags(runner, call_argument(call, 3), transfer);
}

/* fd, [{..., N}], count */
static bool read_vector_call(struct runner *runner, const struct drill_call *call,
                             struct transfer *transfer)
{
    const struct drill_value *vector = call_argument(call, 1);

    *transfer = (struct transfer){0};
    if (!value_descriptor(runner, call_argument(call, 0), &transfer->descriptor) ||
        !value_iovec_length(runner, vector, &transfer->length) ||
        !value_is_count(runner, call_argument(call, 2), vector))
        return false;
    transfer->is_null = value_iovec_is_null(vector);
    return true;
}

/* fd, {msg_name, msg_iov, msg_flags, msg_control}, flags */
static bool read_message_call(struct runner *runner, const struct drill_call *call,
                              struct transfer *transfer)
{
    const struct drill_value *message = call_argument(call, 1);
    const struct drill_value *iov = value_member(message, "msg_iov");
    const struct drill_value *control = value_member(message, "msg_control");
    const struct drill_value *name = value_member(message, "msg_name");

    *transfer = (struct transfer){0};
    if (control != NULL && !(control->kind == VALUE_LIST && control->first == NULL))
        return runner_fail(runner, DRILL_CLASS_NOT_SUPPORTED, control->place,
                           "not supported: control messages (msg_control)");
    if (iov == NULL)
        return runner_fail(runner, DRILL_CLASS_SCRIPT, message->place, "a message needs msg_iov");
    if (name != NULL && name->kind != VALUE_NULL) {
        transfer->has_remote = true;
        if (!value_endpoint(runner, name, &runner->remote, &transfer->remote))
            return false;
    }
    if (!value_descriptor(runner, call_argument(call, 0), &transfer->descriptor) ||
        !read_flags(runner, call_argument(call, 2), transfer) ||
        !value_iovec_length(runner, iov, &transfer->length))
        return false;
    transfer->is_null = value_iovec_is_null(iov);
    return true;
}

/* ---- sending ---- */

static int64_t send_some(struct runner *runner, const struct transfer *transfer, const void *zeros,
                         int64_t length)
{
    struct lastack *stack = runner->target.stack;
    const int live = transfer->descriptor.live;

    if (transfer->has_remote)
        return lastack_send_to(stack, live, zeros, (size_t)length, transfer->flags,
                               &transfer->remote);
    return lastack_send(stack, live, zeros, (size_t)length, transfer->flags);
}

/* NULL where there should be bytes: our calls take pointers on trust, so the fault is found here;
 * but an error of the socket goes first. */
static int64_t fault_of_write(struct runner *runner, const struct transfer *transfer)
{
    const int64_t sent =
        lastack_send(runner->target.stack, transfer->descriptor.live, "", 0, transfer->flags);
    const bool is_open = sent >= 0 || sent == -LASTACK_EAGAIN || sent == -LASTACK_EINPROGRESS ||
                         transfer->flags & LASTACK_MSG_FASTOPEN;

    return is_open ? -LASTACK_EFAULT : sent;
}

static int64_t fault_of_read(struct runner *runner, const struct transfer *transfer)
{
    char byte;
    const int64_t got = lastack_recv(runner->target.stack, transfer->descriptor.live, &byte, 1,
                                     transfer->flags | LASTACK_MSG_PEEK);

    return got > 0 ? -LASTACK_EFAULT : got;
}

static bool may_wait(const struct transfer *transfer)
{
    return !transfer->descriptor.is_nonblocking && !(transfer->flags & LASTACK_MSG_DONTWAIT);
}

/* Who sleeps in a write is woken when a good part of the buffer is free, not by each byte. */
static bool may_wake(struct runner *runner, const struct transfer *transfer)
{
    const uint32_t wakes = LASTACK_POLLOUT | LASTACK_POLLERR | LASTACK_POLLHUP | LASTACK_POLLNVAL;

    return lastack_poll(runner->target.stack, transfer->descriptor.live) & wakes;
}

/* A blocking write whose text went with the SYN sleeps until the handshake is over; not where the
 * send buffer takes it all (FreeBSD). */
static bool is_connecting(struct runner *runner, const struct transfer *transfer)
{
    struct lastack_connection_row row;

    return lastack_status(runner->target.stack, transfer->descriptor.live, &row) == 0 &&
           row.state == TCP_SYN_SENT;
}

static enum call_outcome transfer_out(struct runner *runner, struct posted_call *posted,
                                      struct transfer *transfer)
{
    const int64_t left = transfer->length - posted->done;
    void *zeros;
    int64_t sent;

    if (transfer->is_null)
        return call_returns(posted, fault_of_write(runner, transfer));
    if (posted->has_begun && may_wait(transfer) && !may_wake(runner, transfer))
        return CALL_WAITS;
    if (posted->waits_for_handshake) { /* it is over */
        if (posted->done > 0 && left == 0)
            return call_returns(posted, posted->done);
        transfer->flags &= ~(uint32_t)LASTACK_MSG_FASTOPEN;
        transfer->has_remote = transfer->has_remote && transfer->descriptor.conversation != NULL &&
                               transfer->descriptor.conversation->is_udp;
    }
    zeros = calloc(1, left > 0 ? (size_t)left : 1);
    CHECK(zeros != NULL);
    sent = send_some(runner, transfer, zeros, left);
    free(zeros);
    if (sent > 0)
        posted->done += sent;
    if (!posted->has_begun && is_connecting(runner, transfer)) {
        posted->waits_for_handshake = !lastack_params(runner->target.stack)->implied_connect;
        call_notes_connecting(runner, &transfer->descriptor,
                              transfer->has_remote ? &transfer->remote : &runner->remote);
    }
    if (may_wait(transfer) && (sent == -LASTACK_EAGAIN || sent == -LASTACK_EINPROGRESS ||
                               (posted->waits_for_handshake && is_connecting(runner, transfer)) ||
                               (sent >= 0 && posted->done < transfer->length)))
        return CALL_WAITS;
    /* What was queued before an error counts; the error is told next time. */
    return call_returns(posted, posted->done > 0 ? posted->done : sent);
}

/* What a call's arguments say; false: the script is wrong, and that has been said. */
typedef bool read_arguments(struct runner *runner, const struct drill_call *call,
                            struct transfer *transfer);

static enum call_outcome send_as(struct runner *runner, struct posted_call *posted,
                                 read_arguments *read)
{
    struct transfer transfer;

    return read(runner, posted->call, &transfer) ? transfer_out(runner, posted, &transfer)
                                                 : CALL_BROKEN;
}

static enum call_outcome call_write(struct runner *runner, struct posted_call *posted)
{
    return send_as(runner, posted, read_buffer_call);
}

static enum call_outcome call_writev(struct runner *runner, struct posted_call *posted)
{
    return send_as(runner, posted, read_vector_call);
}

static enum call_outcome call_sendmsg(struct runner *runner, struct posted_call *posted)
{
    return send_as(runner, posted, read_message_call);
}

static enum call_outcome call_sendto(struct runner *runner, struct posted_call *posted)
{
    const struct drill_value *address = call_argument(posted->call, 4);
    struct conversation *conversation;
    struct transfer transfer;

    if (!read_buffer_call(runner, posted->call, &transfer))
        return CALL_BROKEN;
    if (transfer.is_null)
        return call_returns(posted, fault_of_write(runner, &transfer));
    conversation = transfer.descriptor.conversation;
    if (address->kind != VALUE_NULL) {
        transfer.has_remote = true;
        if (!value_endpoint(runner, address, &runner->remote, &transfer.remote))
            return CALL_BROKEN;
        if (conversation != NULL && conversation->is_udp)
            conversation->remote = transfer.remote;
    }
    return transfer_out(runner, posted, &transfer);
}

/* ---- receiving ---- */

/* MSG_TRUNC throws a stream's text away without a look at the buffer. */
static bool drops_unread(const struct transfer *transfer)
{
    const struct conversation *conversation = transfer->descriptor.conversation;

    return transfer->flags & LASTACK_MSG_TRUNC && conversation != NULL && !conversation->is_udp;
}

/* read() and readv() of nothing are over before they begin, unlike recv(). */
static bool reads_nothing(const struct posted_call *posted, const struct transfer *transfer)
{
    return posted->call->argument_count == 3 && transfer->length == 0 &&
           transfer->descriptor.is_open;
}

static enum call_outcome transfer_in(struct runner *runner, struct posted_call *posted,
                                     const struct transfer *transfer)
{
    const int64_t left = transfer->length - posted->done;
    const bool wants_all = transfer->flags & LASTACK_MSG_WAITALL && may_wait(transfer);
    void *buffer = malloc(left > 0 ? (size_t)left : 1);
    int64_t got;

    CHECK(buffer != NULL);
    if (transfer->is_null && !drops_unread(transfer))
        got = fault_of_read(runner, transfer);
    else
        got = lastack_recv(runner->target.stack, transfer->descriptor.live, buffer, (size_t)left,
                           transfer->flags & ~(uint32_t)LASTACK_MSG_WAITALL);
    free(buffer);
    if (got > 0)
        posted->done += got;
    if (may_wait(transfer) && got == -LASTACK_EAGAIN)
        return CALL_WAITS;
    if (wants_all && got > 0 && posted->done < transfer->length)
        return CALL_WAITS;
    return call_returns(posted, posted->done > 0 ? posted->done : got);
}

static enum call_outcome receive_as(struct runner *runner, struct posted_call *posted,
                                    read_arguments *read)
{
    struct transfer transfer;

    if (!read(runner, posted->call, &transfer))
        return CALL_BROKEN;
    return reads_nothing(posted, &transfer) ? call_returns(posted, 0)
                                            : transfer_in(runner, posted, &transfer);
}

static enum call_outcome call_read(struct runner *runner, struct posted_call *posted)
{
    return receive_as(runner, posted, read_buffer_call);
}

static enum call_outcome call_readv(struct runner *runner, struct posted_call *posted)
{
    return receive_as(runner, posted, read_vector_call);
}

const struct call_row calls_that_transfer[] = {
    {"read", 3, 3, call_read},       {"recv", 4, 4, call_read},
    {"recvfrom", 6, 6, call_read},   {"readv", 3, 3, call_readv},
    {"write", 3, 3, call_write},     {"send", 4, 4, call_write},
    {"sendto", 6, 6, call_sendto},   {"writev", 3, 3, call_writev},
    {"sendmsg", 3, 3, call_sendmsg}, {NULL, 0, 0, NULL},
};
