/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * call_socket.c: socket, bind, listen, accept, connect, shutdown, close, dup.
 *
 * Each new socket is a conversation, the one under test until the next; what accept() gives back
 * was one already: its packets came first.
 */
#include "call_value.h"
#include "calls.h"

#include "check.h"
#include "words.h"

enum { LINUX_SOCK_TYPE_MASK = 0xf, LINUX_SOCK_NONBLOCK = 0x800, PROTOCOL_ANY = 0 };

/* ---- socket ---- */

static bool is_protocol_of(int64_t type, int64_t protocol)
{
    return protocol == PROTOCOL_ANY ||
           (type == LASTACK_SOCK_STREAM ? protocol == LASTACK_PROTOCOL_TCP
                                        : protocol == LASTACK_PROTOCOL_UDP);
}

static enum call_outcome call_socket(struct runner *runner, struct posted_call *posted)
{
    const struct drill_value *domain_value = call_argument(posted->call, 0);
    int64_t domain = runner->has_ipv6_sockets ? LASTACK_AF_INET6 : LASTACK_AF_INET;
    int64_t type, protocol;
    struct conversation *conversation;
    int live;

    if ((domain_value->kind != VALUE_ELLIPSIS &&
         !value_number(runner, domain_value, SYMBOL_DOMAIN, &domain)) ||
        !value_number(runner, call_argument(posted->call, 1), SYMBOL_TYPE, &type) ||
        !value_number(runner, call_argument(posted->call, 2), SYMBOL_OTHER, &protocol))
        return CALL_BROKEN;
    posted->made.is_nonblocking = type & LINUX_SOCK_NONBLOCK;
    type &= LINUX_SOCK_TYPE_MASK;
    if (!is_protocol_of(type, protocol))
        return call_returns(posted, -LASTACK_EPROTONOSUPPORT);
    live = lastack_socket(runner->target.stack, (enum lastack_domain)domain,
                          (enum lastack_socket_type)type, 0);
    if (live < 0)
        return call_returns(posted, live);
    /* the old conversation is out of sight from now on */
    if (runner->options->is_strict && runner->current != NULL &&
        !runner_check_rest(runner, posted->call->place))
        return CALL_BROKEN;
    conversation = runner_new_conversation(runner);
    conversation->is_udp = type == LASTACK_SOCK_DGRAM;
    conversation->local.address = runner->local.address;
    conversation->remote.address = runner->remote.address;
    posted->made.live = live;
    posted->made.conversation = conversation;
    return call_returns(posted, live);
}

/* ---- names ---- */

static enum call_outcome call_bind(struct runner *runner, struct posted_call *posted)
{
    struct run_descriptor descriptor;
    struct lastack_endpoint local;
    int result;

    if (!value_descriptor(runner, call_argument(posted->call, 0), &descriptor) ||
        !value_endpoint(runner, call_argument(posted->call, 1), &runner->local, &local))
        return CALL_BROKEN;
    result = lastack_bind(runner->target.stack, descriptor.live, &local);
    if (result == 0 && descriptor.conversation != NULL)
        (void)lastack_getsockname(runner->target.stack, descriptor.live,
                                  &descriptor.conversation->local);
    if (result == 0 && descriptor.conversation != NULL &&
        lastack_is_any(&descriptor.conversation->local.address))
        descriptor.conversation->local.address = runner->local.address;
    return call_returns(posted, result);
}

static enum call_outcome call_listen(struct runner *runner, struct posted_call *posted)
{
    struct run_descriptor descriptor;
    int64_t backlog;
    int result;

    if (!value_descriptor(runner, call_argument(posted->call, 0), &descriptor) ||
        !value_in_range(runner, call_argument(posted->call, 1), SYMBOL_OTHER, "a backlog",
                        INT32_MIN, INT32_MAX, &backlog))
        return CALL_BROKEN;
    result = lastack_listen(runner->target.stack, descriptor.live, (int)backlog);
    if (result == 0 && descriptor.conversation != NULL)
        descriptor.conversation->state = CONVERSATION_LISTENING;
    return call_returns(posted, result);
}

/* ---- accept ---- */

static struct conversation *conversation_of(struct runner *runner,
                                            const struct lastack_endpoint *remote)
{
    struct conversation *conversation = runner->conversations;

    while (conversation != NULL &&
           (conversation->script_fd >= 0 || conversation->remote.port != remote->port ||
            !lastack_address_equal(&conversation->remote.address, &remote->address)))
        conversation = conversation->next;
    return conversation;
}

static enum call_outcome call_accept(struct runner *runner, struct posted_call *posted)
{
    struct run_descriptor descriptor;
    struct lastack_endpoint remote;
    int live;

    if (!value_descriptor(runner, call_argument(posted->call, 0), &descriptor))
        return CALL_BROKEN;
    live = lastack_accept(runner->target.stack, descriptor.live, &remote);
    if (live < 0)
        return call_returns_or_waits(posted, &descriptor, live);
    posted->made.live = live;
    posted->made.conversation = conversation_of(runner, &remote);
    /* BSDs hand the mode of the listener down, Linux does not. */
    posted->made.is_nonblocking =
        descriptor.is_nonblocking && runner->script->settings.dialect == DRILL_FREEBSD;
    return call_returns(posted, live);
}

/* ---- connect ---- */

void call_notes_connecting(struct runner *runner, const struct run_descriptor *descriptor,
                           const struct lastack_endpoint *remote)
{
    struct conversation *conversation = descriptor->conversation;
    struct lastack_endpoint local;

    if (conversation == NULL)
        return;
    conversation->remote = *remote;
    if (conversation->state == CONVERSATION_NEW && !conversation->is_udp)
        conversation->state = CONVERSATION_CONNECTING;
    if (lastack_getsockname(runner->target.stack, descriptor->live, &local) == 0 && local.port != 0)
        conversation->local.port = local.port;
}

static enum call_outcome call_connect(struct runner *runner, struct posted_call *posted)
{
    struct run_descriptor descriptor;
    struct lastack_endpoint remote;
    int result;

    if (!value_descriptor(runner, call_argument(posted->call, 0), &descriptor) ||
        !value_endpoint(runner, call_argument(posted->call, 1), &runner->remote, &remote))
        return CALL_BROKEN;
    result = lastack_connect(runner->target.stack, descriptor.live, &remote);
    if (!posted->has_begun && (result == 0 || result == -LASTACK_EINPROGRESS))
        call_notes_connecting(runner, &descriptor, &remote);
    if (!descriptor.is_nonblocking) {
        if (result == -LASTACK_EINPROGRESS || result == -LASTACK_EALREADY)
            return CALL_WAITS;
        if (result == -LASTACK_EISCONN && posted->has_begun)
            result = 0;
    }
    return call_returns(posted, result);
}

/* ---- the end ---- */

static enum call_outcome call_shutdown(struct runner *runner, struct posted_call *posted)
{
    struct run_descriptor descriptor;
    int64_t how;

    if (!value_descriptor(runner, call_argument(posted->call, 0), &descriptor) ||
        !value_in_range(runner, call_argument(posted->call, 1), SYMBOL_SHUTDOWN,
                        "the direction to shut down", INT32_MIN, INT32_MAX, &how))
        return CALL_BROKEN;
    return call_returns(posted, lastack_shutdown(runner->target.stack, descriptor.live, (int)how));
}

/* Who held what, and for how long: an application that forgets to close is the usual reason for
 * CLOSE-WAIT. */
static void tell_holder(struct runner *runner, const struct run_descriptor *descriptor)
{
    struct lastack_connection_row row;
    struct text text = {0};

    if (runner->options->on_note == NULL ||
        lastack_status(runner->target.stack, descriptor->live, &row) != 0 || row.state == 0)
        return;
    row.fd = descriptor->script;
    text_addf(&text, "close(%d): %s", descriptor->script,
              lastack_state_text((enum tcp_state)row.state));
    if (row.age_ns >= 0) {
        text_add(&text, " for ");
        words_duration(&text, row.age_ns);
    }
    text_add(&text, ", held by ");
    words_owner(&text, &row);
    runner_note(runner, "%s", text_string(&text));
    text_free(&text);
}

static enum call_outcome call_close(struct runner *runner, struct posted_call *posted)
{
    struct run_descriptor descriptor;
    struct run_descriptor *known;
    int result;

    if (!value_descriptor(runner, call_argument(posted->call, 0), &descriptor))
        return CALL_BROKEN;
    if (descriptor.file == NULL)
        tell_holder(runner, &descriptor);
    result = descriptor.file != NULL ? 0 : lastack_close(runner->target.stack, descriptor.live);
    known = runner_descriptor(runner, descriptor.script);
    if (result == 0 && known != NULL)
        known->is_open = false;
    return call_returns(posted, result);
}

static enum call_outcome call_dup(struct runner *runner, struct posted_call *posted)
{
    struct run_descriptor descriptor;
    int live;

    if (!value_descriptor(runner, call_argument(posted->call, 0), &descriptor))
        return CALL_BROKEN;
    live = lastack_dup(runner->target.stack, descriptor.live);
    if (live >= 0) {
        posted->made = descriptor;
        posted->made.live = live;
    }
    return call_returns(posted, live);
}

const struct call_row calls_on_sockets[] = {
    {"socket", 3, 3, call_socket},
    {"bind", 3, 3, call_bind},
    {"listen", 2, 2, call_listen},
    {"accept", 3, 3, call_accept},
    {"connect", 3, 3, call_connect},
    {"shutdown", 2, 2, call_shutdown},
    {"close", 1, 1, call_close},
    {"dup", 1, 1, call_dup},
    {NULL, 0, 0, NULL},
};
