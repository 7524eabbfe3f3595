/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * call_message.c: recvmsg: text into pieces, and what came along with it, against what the script
 * has in msg_flags and msg_control.
 */
#include "call_value.h"
#include "calls.h"

#include "check.h"

#include <stdlib.h>

enum { CONTROLS_MOST = 8 };

struct reading {
    struct run_descriptor descriptor;
    const struct drill_value *message;
    int64_t flags;
    struct lastack_buffer *pieces;
    size_t count;
    struct lastack_control control[CONTROLS_MOST];
    struct lastack_message seen;
};

static bool read_arguments(struct runner *runner, const struct drill_call *call,
                           struct reading *reading)
{
    const struct drill_value *iov;
    int64_t length;

    *reading = (struct reading){.message = call_argument(call, 1)};
    iov = value_member(reading->message, "msg_iov");
    if (iov == NULL)
        return runner_fail(runner, DRILL_CLASS_SCRIPT, reading->message->place,
                           "a message needs msg_iov");
    if (!value_descriptor(runner, call_argument(call, 0), &reading->descriptor) ||
        !value_number(runner, call_argument(call, 2), SYMBOL_MESSAGE, &reading->flags) ||
        !value_iovec_length(runner, iov, &length))
        return false;
    for (const struct drill_value *piece = iov->first; piece != NULL; piece = piece->next)
        reading->count++;
    reading->pieces = calloc(reading->count + 1, sizeof *reading->pieces);
    CHECK(reading->pieces != NULL);
    reading->count = 0;
    for (const struct drill_value *piece = iov->first; piece != NULL; piece = piece->next) {
        struct lastack_buffer *buffer = &reading->pieces[reading->count++];

        CHECK(value_number(runner, piece->first->next, SYMBOL_OTHER, &length)); /* (done above) */
        buffer->base = malloc(length > 0 ? (size_t)length : 1);
        CHECK(buffer->base != NULL);
        buffer->length = (size_t)length;
    }
    return true;
}

static void free_reading(struct reading *reading)
{
    for (size_t i = 0; i < reading->count; i++)
        free(reading->pieces[i].base);
    free(reading->pieces);
}

static bool check_control(struct runner *runner, const struct drill_value *list,
                          const struct lastack_message *seen)
{
    size_t at = 0;

    for (const struct drill_value *entry = list->first; entry != NULL; entry = entry->next, at++) {
        const struct drill_value *data = value_member(entry, "cmsg_data");
        int64_t level, type, number;

        if (data == NULL || data->kind == VALUE_STRUCT || data->kind == VALUE_LIST)
            return runner_fail(runner, DRILL_CLASS_NOT_SUPPORTED, entry->place,
                               "not supported: a control message that is not one number");
        if (!value_member_number(runner, entry, "cmsg_level", SYMBOL_LEVEL, -1, &level) ||
            !value_member_number(runner, entry, "cmsg_type", SYMBOL_ERROR_QUEUE, -1, &type) ||
            !value_number(runner, data, SYMBOL_OTHER, &number))
            return false;
        if (at >= seen->control_count)
            return runner_fail(runner, DRILL_CLASS_BEHAVIOUR, entry->place,
                               "no control message came along where the script has one");
        if (level != seen->control[at].level || type != seen->control[at].type ||
            number != seen->control[at].number)
            return runner_fail(runner, DRILL_CLASS_BEHAVIOUR, entry->place,
                               "Bad control message: actual: level %d, type %d, data %d",
                               seen->control[at].level, seen->control[at].type,
                               seen->control[at].number);
    }
    return at == seen->control_count ||
           runner_fail(runner, DRILL_CLASS_BEHAVIOUR, list->place,
                       "a control message came along that the script does not have: level %d, "
                       "type %d, data %d",
                       seen->control[at].level, seen->control[at].type, seen->control[at].number);
}

static bool check_message(struct runner *runner, const struct reading *reading)
{
    const struct drill_value *control = value_member(reading->message, "msg_control");
    const struct drill_value *flags = value_member(reading->message, "msg_flags");
    int64_t expected;

    if (flags != NULL && flags->kind != VALUE_ELLIPSIS) {
        if (!value_number(runner, flags, SYMBOL_MESSAGE, &expected))
            return false;
        if ((uint32_t)expected != reading->seen.flags)
            return runner_fail(runner, DRILL_CLASS_BEHAVIOUR, flags->place,
                               "Expected msg_flags 0x%llx but got 0x%x",
                               (unsigned long long)expected, reading->seen.flags);
    }
    return control == NULL || control->kind != VALUE_LIST ||
           check_control(runner, control, &reading->seen);
}

/* Nothing to read, and the descriptor may wait for it. */
static bool has_to_wait(const struct reading *reading, int64_t got)
{
    return got == -LASTACK_EAGAIN && !reading->descriptor.is_nonblocking &&
           !(reading->flags & LASTACK_MSG_DONTWAIT);
}

static enum call_outcome call_recvmsg(struct runner *runner, struct posted_call *posted)
{
    const int64_t known = LASTACK_MSG_PEEK | LASTACK_MSG_TRUNC | LASTACK_MSG_DONTWAIT |
                          LASTACK_MSG_WAITALL | LASTACK_MSG_NOSIGNAL;
    enum call_outcome outcome = CALL_BROKEN;
    struct reading reading;
    bool is_null;
    int64_t got;

    if (!read_arguments(runner, posted->call, &reading))
        return CALL_BROKEN;
    if (reading.flags & ~known) {
        runner_fail(runner, DRILL_CLASS_NOT_SUPPORTED, call_argument(posted->call, 2)->place,
                    "not supported: message flags 0x%llx of recvmsg (ERRQUEUE, OOB)",
                    (unsigned long long)(reading.flags & ~known));
        free_reading(&reading);
        return CALL_BROKEN;
    }
    reading.seen = (struct lastack_message){.receive = reading.pieces,
                                            .count = reading.count,
                                            .control = reading.control,
                                            .control_count = CONTROLS_MOST};
    is_null = value_iovec_is_null(value_member(reading.message, "msg_iov"));
    if (is_null) /* a fault leaves what there is */
        reading.flags |= LASTACK_MSG_PEEK;
    got = lastack_recv_message(runner->target.stack, reading.descriptor.live, &reading.seen,
                               (uint32_t)reading.flags);
    if (is_null && got > 0)
        got = -LASTACK_EFAULT;
    if (has_to_wait(&reading, got))
        outcome = CALL_WAITS;
    else if (got < 0 || check_message(runner, &reading))
        outcome = call_returns(posted, got);
    free_reading(&reading);
    return outcome;
}

const struct call_row calls_with_messages[] = {
    {"recvmsg", 3, 3, call_recvmsg},
    {NULL, 0, 0, NULL},
};
