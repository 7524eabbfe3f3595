/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * call_option.c: setsockopt, getsockopt, fcntl.
 *
 * Options travel under Linux's numbers, which are those of socket.h; an option that no system of
 * ours has is the stack's to refuse. Whether a descriptor blocks is known to the runner alone.
 */
#include "call_value.h"
#include "calls.h"

#include "symbols.h"

#include <string.h>

enum { LINUX_O_RDWR = 2, LINUX_O_NONBLOCK = 0x800, LEVEL_BITS = 16 };
/* options whose values are no numbers: socket.h has calls for them */
enum {
    TCP_CONGESTION_NAME = LASTACK_SOL_TCP << LEVEL_BITS | 13,
    TCP_CC_INFO_BYTES = LASTACK_SOL_TCP << LEVEL_BITS | 26,
};

/* ---- options ---- */

struct option_call {
    struct run_descriptor descriptor;
    enum lastack_option option;
    const struct drill_value *name, *value;
};

static enum symbol_class class_of_level(int64_t level)
{
    switch (level) {
    case LASTACK_SOL_SOCKET:
        return SYMBOL_SOCKET_OPTION;
    case LASTACK_SOL_TCP:
        return SYMBOL_TCP_OPTION;
    case LASTACK_SOL_IP:
        return SYMBOL_IP_OPTION;
    case LASTACK_SOL_IPV6:
        return SYMBOL_IPV6_OPTION;
    default:
        return SYMBOL_OTHER;
    }
}

/* fd, level, name, value, length */
static bool read_option_call(struct runner *runner, const struct drill_call *call,
                             struct option_call *option)
{
    int64_t level, name;

    option->name = call_argument(call, 2);
    option->value = call_argument(call, 3);
    if (!value_descriptor(runner, call_argument(call, 0), &option->descriptor) ||
        !value_in_range(runner, call_argument(call, 1), SYMBOL_LEVEL, "a level", 0, 0xffff,
                        &level) ||
        !value_in_range(runner, option->name, class_of_level(level), "an option", 0, 0xffff, &name))
        return false;
    option->option = (enum lastack_option)(level << LEVEL_BITS | name);
    return true;
}

/* An option that the stack does not have, where the script counts on it. */
static bool is_missing(struct runner *runner, const struct posted_call *posted,
                       const struct option_call *option, int result)
{
    int64_t expected = 0;

    if (result != -LASTACK_ENOPROTOOPT || option->name->kind != VALUE_WORD ||
        posted->call->error != NULL ||
        !value_number(runner, posted->call->result, SYMBOL_OTHER, &expected) || expected != 0)
        return false;
    runner_fail(runner, DRILL_CLASS_NOT_SUPPORTED, option->name->place,
                "not supported: the option %s", option->name->text);
    return true;
}

static bool set_linger(struct runner *runner, const struct option_call *option, int *result)
{
    int64_t is_on, seconds;

    if (!value_member_number(runner, option->value, "onoff", SYMBOL_OTHER, 0, &is_on) ||
        !value_member_number(runner, option->value, "linger", SYMBOL_OTHER, 0, &seconds))
        return false;
    *result = lastack_set_linger(runner->target.stack, option->descriptor.live,
                                 is_on ? (int)seconds : -1);
    return true;
}

/* ---- lengths ---- */

/* How many bytes an option's value has at the least: IP's own take one for a number. */
static int64_t least_length(const struct runner *runner, const struct option_call *option)
{
    enum { NAME = 1, NUMBER = 4, LINGER = 8 };
    const bool is_linux = runner->script->settings.dialect == DRILL_LINUX;

    if ((int)option->option == TCP_CONGESTION_NAME)
        return NAME;
    if (is_linux && (int)option->option >> LEVEL_BITS == LASTACK_SOL_IP)
        return 0;
    return option->option == LASTACK_SO_LINGER ? LINGER : NUMBER;
}

/* What the length and the pointer alone are refused for: an errno; 0: nothing. */
static bool read_length(struct runner *runner, const struct drill_call *call,
                        const struct option_call *option, int64_t *length, int *error)
{
    const struct drill_value *value = call_argument(call, 4);

    *length = INT32_MAX;
    *error = 0;
    if (value->kind != VALUE_ELLIPSIS &&
        !value_in_range(runner, value, SYMBOL_OTHER, "a length", INT32_MIN, INT32_MAX, length))
        return false;
    if (!option->descriptor.is_open)
        *error = LASTACK_EBADF;
    else if (*length < least_length(runner, option))
        *error = LASTACK_EINVAL;
    else if (option->value->kind == VALUE_NULL && *length > 0)
        *error = LASTACK_EFAULT;
    return true;
}

/* [N] beside a value that came back against how long that is. */
static bool check_length(struct runner *runner, const struct drill_call *call, int64_t seen)
{
    const struct drill_value *value = call_argument(call, 4);
    int64_t expected;

    if (value->kind == VALUE_ELLIPSIS ||
        (value->kind == VALUE_LIST && value->first != NULL && value->first->kind == VALUE_ELLIPSIS))
        return true;
    return value_number(runner, value, SYMBOL_OTHER, &expected) &&
           (expected == seen || runner_fail(runner, DRILL_CLASS_BEHAVIOUR, value->place,
                                            "Bad getsockopt optlen: expected: %lld actual: %lld",
                                            (long long)expected, (long long)seen));
}

/* ---- setting and asking ---- */

/* The class of an option's value: its numbers may differ between systems. */
static enum symbol_class class_of_value(enum lastack_option option)
{
    return option == LASTACK_SO_ERROR ? SYMBOL_ERRNO : SYMBOL_OTHER;
}

/* A name as long as the call says, which is not always all of the string. */
static int set_congestion(struct runner *runner, const struct option_call *option, int64_t length)
{
    const size_t whole = strlen(option->value->text);
    const size_t count = (uint64_t)length < whole ? (size_t)length : whole;

    return lastack_set_congestion(runner->target.stack, option->descriptor.live,
                                  script_copy(&runner->memory, option->value->text, count));
}

static enum call_outcome call_setsockopt(struct runner *runner, struct posted_call *posted)
{
    struct option_call option;
    int64_t value, length;
    int result;

    if (!read_option_call(runner, posted->call, &option) ||
        !read_length(runner, posted->call, &option, &length, &result))
        return CALL_BROKEN;
    if (result != 0)
        return call_returns(posted, -result);
    if (option.option == LASTACK_SO_LINGER) {
        if (!set_linger(runner, &option, &result))
            return CALL_BROKEN;
        return call_returns(posted, result);
    }
    if ((int)option.option == TCP_CONGESTION_NAME && option.value->kind == VALUE_STRING)
        return call_returns(posted, set_congestion(runner, &option, length));
    if (option.value->kind == VALUE_STRING || option.value->kind == VALUE_STRUCT) {
        runner_fail(runner, DRILL_CLASS_NOT_SUPPORTED, option.value->place,
                    "not supported: an option whose value is no number");
        return CALL_BROKEN;
    }
    if (!value_in_range(runner, option.value, class_of_value(option.option), "an option's value",
                        INT32_MIN, UINT32_MAX, &value))
        return CALL_BROKEN;
    if (length < 4) /* (SOL_IP alone) */
        value = length > 0 ? value & UINT8_MAX : 0;
    result =
        lastack_set_option(runner->target.stack, option.descriptor.live, option.option, (int)value);
    return is_missing(runner, posted, &option, result) ? CALL_BROKEN : call_returns(posted, result);
}

static bool check_value(struct runner *runner, const struct option_call *option, int seen)
{
    int64_t expected;

    if (option->value->kind == VALUE_ELLIPSIS ||
        (option->value->kind == VALUE_LIST && option->value->first != NULL &&
         option->value->first->kind == VALUE_ELLIPSIS))
        return true;
    if (!value_number(runner, option->value, class_of_value(option->option), &expected))
        return false;
    if (expected == seen)
        return true;
    if (option->option == LASTACK_SO_ERROR)
        return runner_fail(runner, DRILL_CLASS_BEHAVIOUR, option->value->place,
                           "Bad getsockopt optval: expected: %lld (%s) actual: %d (%s)",
                           (long long)expected,
                           expected == 0 ? "none" : lastack_error_name((int)expected), seen,
                           seen == 0 ? "none" : lastack_error_name(seen));
    return runner_fail(runner, DRILL_CLASS_BEHAVIOUR, option->value->place,
                       "Bad getsockopt optval: expected: %lld actual: %d", (long long)expected,
                       seen);
}

/* SO_LINGER has two numbers; socket.h tells one: seconds, or -1. */
static bool check_linger(struct runner *runner, const struct option_call *option, int seen)
{
    int64_t is_on, seconds;

    if (!value_member_number(runner, option->value, "onoff", SYMBOL_OTHER, 0, &is_on) ||
        !value_member_number(runner, option->value, "linger", SYMBOL_OTHER, 0, &seconds))
        return false;
    return (is_on ? seconds : -1) == seen ||
           runner_fail(runner, DRILL_CLASS_BEHAVIOUR, option->value->place,
                       "Bad getsockopt optval: actual: %d s (-1: off)", seen);
}

/* "cubic"; a prefix, "cu"..., will do. */
static enum call_outcome get_congestion(struct runner *runner, struct posted_call *posted,
                                        const struct option_call *option)
{
    const struct drill_value *expected = option->value;
    const char *name = "";
    const int result = lastack_get_congestion(runner->target.stack, option->descriptor.live, &name);

    if (result < 0 || expected->kind == VALUE_ELLIPSIS)
        return call_returns(posted, result);
    if (expected->kind != VALUE_STRING) {
        runner_fail(runner, DRILL_CLASS_NOT_SUPPORTED, expected->place,
                    "not supported: a name that is no string");
        return CALL_BROKEN;
    }
    if (expected->is_prefix ? strncmp(name, expected->text, strlen(expected->text)) != 0
                            : strcmp(name, expected->text) != 0) {
        runner_fail(runner, DRILL_CLASS_BEHAVIOUR, expected->place,
                    "Bad getsockopt optval: expected: %s actual: %s", expected->text, name);
        return CALL_BROKEN;
    }
    return call_returns(posted, result);
}

/* Nothing is told of CUBIC and Reno, here as on Linux. */
static enum call_outcome get_cc_info(struct runner *runner, struct posted_call *posted)
{
    return check_length(runner, posted->call, 0) ? call_returns(posted, 0) : CALL_BROKEN;
}

static enum call_outcome call_getsockopt(struct runner *runner, struct posted_call *posted)
{
    struct option_call option;
    int seen = 0, result;
    bool is_right;

    if (!read_option_call(runner, posted->call, &option))
        return CALL_BROKEN;
    if ((int)option.option == TCP_CONGESTION_NAME)
        return get_congestion(runner, posted, &option);
    if ((int)option.option == TCP_CC_INFO_BYTES)
        return get_cc_info(runner, posted);
    result = lastack_get_option(runner->target.stack, option.descriptor.live, option.option, &seen);
    if (is_missing(runner, posted, &option, result))
        return CALL_BROKEN;
    if (result < 0)
        return call_returns(posted, result);
    is_right = option.option == LASTACK_SO_LINGER ? check_linger(runner, &option, seen)
                                                  : check_value(runner, &option, seen);
    return is_right &&
                   check_length(runner, posted->call, option.option == LASTACK_SO_LINGER ? 8 : 4)
               ? call_returns(posted, result)
               : CALL_BROKEN;
}

/* ---- fcntl ---- */

/* What is no mode of reading and writing. */
static enum call_outcome fcntl_of_stack(struct runner *runner, struct posted_call *posted,
                                        const struct run_descriptor *descriptor, int64_t command,
                                        int64_t argument)
{
    int result;

    if ((command != LASTACK_F_GETFD && command != LASTACK_F_SETFD && command != LASTACK_F_DUPFD) ||
        descriptor->file != NULL) {
        runner_fail(runner, DRILL_CLASS_NOT_SUPPORTED, call_argument(posted->call, 1)->place,
                    "not supported: fcntl() but F_GETFL, F_SETFL, F_GETFD, F_SETFD and F_DUPFD "
                    "of a socket");
        return CALL_BROKEN;
    }
    result = lastack_fcntl(runner->target.stack, descriptor->live, (int)command, (int)argument);
    if (command == LASTACK_F_DUPFD && result >= 0) {
        posted->made = *descriptor;
        posted->made.live = result;
    }
    return call_returns(posted, result);
}

static enum call_outcome call_fcntl(struct runner *runner, struct posted_call *posted)
{
    enum { GET_FLAGS = 3, SET_FLAGS = 4 };
    struct run_descriptor descriptor;
    struct run_descriptor *known;
    int64_t command, flags = 0;

    if (!value_descriptor(runner, call_argument(posted->call, 0), &descriptor) ||
        !value_number(runner, call_argument(posted->call, 1), SYMBOL_FCNTL, &command) ||
        (posted->call->argument_count > 2 &&
         !value_number(runner, call_argument(posted->call, 2), SYMBOL_OPEN, &flags)))
        return CALL_BROKEN;
    if (!descriptor.is_open)
        return call_returns(posted, -LASTACK_EBADF);
    known = runner_descriptor(runner, descriptor.script);
    if (command == GET_FLAGS)
        return call_returns(posted, LINUX_O_RDWR | (known->is_nonblocking ? LINUX_O_NONBLOCK : 0));
    if (command != SET_FLAGS)
        return fcntl_of_stack(runner, posted, &descriptor, command, flags);
    known->is_nonblocking = flags & LINUX_O_NONBLOCK;
    return call_returns(posted, 0);
}

const struct call_row calls_on_options[] = {
    {"setsockopt", 5, 5, call_setsockopt},
    {"getsockopt", 5, 5, call_getsockopt},
    {"fcntl", 2, 3, call_fcntl},
    {NULL, 0, 0, NULL},
};
