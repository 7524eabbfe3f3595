/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * kill_rows.c: see kill_rows.h.
 */
#include "kill_rows.h"

#include "check.h"
#include "duration.h"
#include "instruments.h"
#include "json_names.h"
#include "netns_walk.h"
#include "stack_source.h"
#include "words.h"

#include <errno.h>
#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

/* How long a process gets to notice and close, before we say that its descriptor stays open; and
 * how long where it wants to, but others have the processor. */
#define NOTICE_NS     MS(50)
#define NOTICE_MAX_NS SEC(1)

enum verdict {
    VERDICT_NONE,
    VERDICT_CLOSED,
    VERDICT_DESCRIPTOR_STAYS,
    VERDICT_GONE,
    VERDICT_STILL_THERE,
    VERDICT_LISTENER,
    VERDICT_NOT_PERMITTED,
    VERDICT_NOT_SUPPORTED,
    VERDICT_FAILED,
    VERDICT_WOULD_CLOSE,
    VERDICT_COUNT,
};

static const struct {
    const char *name; /* JSON */
    const char *text;
} verdicts[VERDICT_COUNT] = {
    [VERDICT_NONE] = {"none", "not tried"},
    [VERDICT_CLOSED] = {"closed", "closed"},
    [VERDICT_DESCRIPTOR_STAYS] = {"descriptor_stays", "closed, but"},
    [VERDICT_GONE] = {"gone", "gone already"},
    [VERDICT_STILL_THERE] = {"still_there", "still there"},
    [VERDICT_LISTENER] = {"listener", "left alone: a listener (--force ends it)"},
    [VERDICT_NOT_PERMITTED] = {"not_permitted", "not permitted"},
    [VERDICT_NOT_SUPPORTED] = {"not_supported", "not supported by this kernel"},
    [VERDICT_FAILED] = {"failed", "failed"},
    [VERDICT_WOULD_CLOSE] = {"would_close", "would be closed"},
};

struct victim {
    struct lastack_connection_row row;
    int status; /* of SOCK_DESTROY */
    enum verdict verdict;
    char detail[160];
};

struct hunt {
    const struct filter *filter;
    const struct kill_options *options;
    struct victim *victims;
    size_t count, capacity;
    struct diag *diag;
};

static bool collect(void *context, const struct lastack_connection_row *row)
{
    struct hunt *hunt = context;
    if (!filter_match(hunt->filter, row))
        return true;
    if (hunt->count == hunt->capacity) {
        hunt->capacity = hunt->capacity == 0 ? 64 : 2 * hunt->capacity;
        hunt->victims = realloc(hunt->victims, hunt->capacity * sizeof *hunt->victims);
        CHECK(hunt->victims != NULL);
    }
    hunt->victims[hunt->count++] = (struct victim){.row = *row};
    return true;
}

static bool is_bound_only(const struct lastack_connection_row *row)
{
    return row->protocol == LASTACK_PROTOCOL_TCP && row->state == TCP_CLOSED;
}

static void strike(struct hunt *hunt, struct victim *victim)
{
    if (victim->row.state == TCP_LISTEN && !hunt->options->may_kill_listeners) {
        victim->verdict = VERDICT_LISTENER;
        return;
    }
    if (is_bound_only(&victim->row)) {
        victim->verdict = VERDICT_NOT_SUPPORTED;
        snprintf(victim->detail, sizeof victim->detail,
                 "the kernel does not find a socket that is only bound; end its process");
        return;
    }
    victim->status = diag_destroy(hunt->diag, &victim->row);
}

/* Says what the kernel answered; what it claims to have done is looked at again. */
static void judge(struct hunt *hunt, struct victim *victim)
{
    struct lastack_connection_row now;
    const struct lastack_connection_row *row = &victim->row;
    if (victim->verdict != VERDICT_NONE)
        return;
    switch (-victim->status) {
    case 0:
        break;
    case ENOENT:
    case ESRCH: /* with its namespace */
        victim->verdict = VERDICT_GONE;
        return;
    case EPERM:
    case EACCES:
        victim->verdict = VERDICT_NOT_PERMITTED;
        snprintf(victim->detail, sizeof victim->detail,
                 "needs CAP_NET_ADMIN in this network namespace");
        return;
    case EOPNOTSUPP:
        victim->verdict = VERDICT_NOT_SUPPORTED;
        snprintf(victim->detail, sizeof victim->detail, "CONFIG_INET_DIAG_DESTROY is off");
        return;
    default:
        victim->verdict = VERDICT_FAILED;
        snprintf(victim->detail, sizeof victim->detail, "%s", strerror(-victim->status));
        return;
    }
    if (diag_find(hunt->diag, row, &now) == 0) {
        victim->verdict = VERDICT_STILL_THERE;
        snprintf(victim->detail, sizeof victim->detail, "now %s",
                 lastack_state_text((enum tcp_state)now.state));
    } else if (owner_still_holds("/proc", row->pid, row->fd, row->inode)) {
        victim->verdict = VERDICT_DESCRIPTOR_STAYS;
        snprintf(victim->detail, sizeof victim->detail, "descriptor %d of pid %u stays open%s",
                 row->fd, row->pid,
                 row->state == TCP_LISTEN || row->protocol == LASTACK_PROTOCOL_UDP
                     ? "; its port stays bound until it is closed"
                     : "");
    } else {
        victim->verdict = VERDICT_CLOSED;
    }
}

static bool may_still_notice(const struct lastack_connection_row *row, int64_t waited_ns)
{
    return waited_ns < NOTICE_NS ||
           (waited_ns < NOTICE_MAX_NS && owner_is_at_work("/proc", row->pid));
}

/* Sleeps until nobody holds what was ended, or will not notice any more. */
static void let_them_notice(const struct hunt *hunt, const struct netns *netns)
{
    const int64_t begun = host_now();
    for (size_t i = 0; i < hunt->count; i++) {
        const struct victim *victim = &hunt->victims[i];
        const struct lastack_connection_row *row = &victim->row;
        if (row->netns != netns->inode || victim->status != 0 || victim->verdict != VERDICT_NONE)
            continue;
        while (owner_still_holds("/proc", row->pid, row->fd, row->inode) &&
               may_still_notice(row, host_now() - begun))
            if (!host_sleep(MS(5)))
                return;
    }
}

static int hunt_in(void *context, const struct netns *netns)
{
    struct hunt *hunt = context;
    int error = 0;
    hunt->diag = diag_open(&error);
    if (hunt->diag == NULL)
        return error;
    for (size_t i = 0; i < hunt->count; i++) {
        struct victim *victim = &hunt->victims[i];
        if (victim->row.netns == netns->inode)
            strike(hunt, victim);
    }
    let_them_notice(hunt, netns);
    for (size_t i = 0; i < hunt->count; i++)
        if (hunt->victims[i].row.netns == netns->inode)
            judge(hunt, &hunt->victims[i]);
    diag_close(hunt->diag);
    return 0;
}

static void hunt_everywhere(struct hunt *hunt)
{
    for (size_t i = 0; i < hunt->count; i++) {
        struct victim *victim = &hunt->victims[i];
        const struct netns netns = {.inode = victim->row.netns};
        if (victim->verdict != VERDICT_NONE)
            continue;
        int result = netns_run(&netns, hunt_in, hunt);
        for (; result != 0 && victim < hunt->victims + hunt->count; victim++) {
            if (victim->verdict != VERDICT_NONE || victim->row.netns != netns.inode)
                continue;
            victim->status = result;
            judge(hunt, victim);
        }
    }
}

/* ---- what is said ---- */

static void print_json(const struct victim *victim)
{
    const struct lastack_connection_row *row = &victim->row;
    json_t *object = json_object();
    json_object_set_new(object, "local", json_endpoint(&row->local));
    json_object_set_new(object, "peer", json_endpoint(&row->remote));
    json_object_set_new(object, "state", json_state((enum tcp_state)row->state));
    json_object_set_new(object, "verdict", json_string(verdicts[victim->verdict].name));
    json_object_set_new(object, "detail",
                        victim->detail[0] == '\0' ? json_null() : json_safe(victim->detail));
    json_object_set_new(object, "pid", row->pid == 0 ? json_null() : json_integer(row->pid));
    json_object_set_new(object, "fd", row->pid == 0 ? json_null() : json_integer(row->fd));
    json_object_set_new(object, "netns", json_integer((json_int_t)row->netns));
    json_line(stdout, object);
}

static void print_text(const struct victim *victim)
{
    const struct lastack_connection_row *row = &victim->row;
    char local[LASTACK_ENDPOINT_TEXT], remote[LASTACK_ENDPOINT_TEXT];
    struct text owner = {0};
    lastack_endpoint_text(&row->local, local, sizeof local);
    lastack_endpoint_text(&row->remote, remote, sizeof remote);
    words_owner(&owner, row);
    printf("%-10s %s %s  %s: %s", words_ss_state((enum tcp_state)row->state), local, remote,
           text_string(&owner), verdicts[victim->verdict].text);
    if (victim->detail[0] != '\0')
        printf("%s%s", victim->verdict == VERDICT_DESCRIPTOR_STAYS ? " " : ": ", victim->detail);
    putchar('\n');
    text_free(&owner);
}

static int status_of(const struct hunt *hunt)
{
    size_t denied = 0, ended = 0;
    for (size_t i = 0; i < hunt->count; i++) {
        enum verdict verdict = hunt->victims[i].verdict;
        denied += verdict == VERDICT_NOT_PERMITTED;
        ended += verdict == VERDICT_CLOSED || verdict == VERDICT_DESCRIPTOR_STAYS ||
                 verdict == VERDICT_GONE;
    }
    if (ended == hunt->count)
        return STATUS_FINE;
    return denied > 0 && ended == 0 ? STATUS_NOT_PERMITTED : STATUS_PARTLY;
}

static int finish(const char *verb, struct hunt *hunt, bool is_dry)
{
    for (size_t i = 0; i < hunt->count; i++) {
        struct victim *victim = &hunt->victims[i];
        if (is_dry)
            victim->verdict = victim->row.state == TCP_LISTEN && !hunt->options->may_kill_listeners
                                  ? VERDICT_LISTENER
                                  : VERDICT_WOULD_CLOSE;
        if (hunt->options->is_json)
            print_json(victim);
        else
            print_text(victim);
    }
    if (is_dry && !hunt->options->is_dry) {
        fprintf(stderr, "lastack %s: %zu sockets match and nothing was done; --yes ends them\n",
                verb, hunt->count);
        return STATUS_PARTLY;
    }
    int status = is_dry ? STATUS_FINE : status_of(hunt);
    if (status == STATUS_NOT_PERMITTED)
        fprintf(
            stderr,
            "lastack %s: ending sockets needs CAP_NET_ADMIN in the user namespace that owns this "
            "network namespace; looking at them (lastack ss) does not\n",
            verb);
    return status;
}

/* ---- stacks ---- */

struct stack_hunt {
    const char *verb;
    const struct host_query *query;
    struct hunt *hunt;
};

static bool collect_from_stack(void *context, const struct control_stack *stack,
                               struct control_client *client)
{
    struct stack_hunt *stacks = context;
    (void)stack;
    return stack_rows(stacks->verb, client, stacks->query, collect, stacks->hunt);
}

/* The stack looks at its own tables: its verdict needs no second look. Tuples of other stacks are
 * gone to it. */
static bool strike_in_stack(void *context, const struct control_stack *stack,
                            struct control_client *client)
{
    struct stack_hunt *stacks = context;
    struct hunt *hunt = stacks->hunt;
    struct trouble trouble = {0};
    (void)stack;
    for (size_t i = 0; i < hunt->count; i++) {
        struct victim *victim = &hunt->victims[i];
        struct control_tuple tuple = {victim->row.local, victim->row.remote};
        enum lastack_kill_verdict verdict;
        if (victim->verdict != VERDICT_NONE && victim->verdict != VERDICT_GONE)
            continue;
        if (!control_kill(client, &tuple, 1, hunt->options->may_kill_listeners, &verdict,
                          &trouble)) {
            fprintf(stderr, "lastack %s: %s\n", stacks->verb, trouble.text);
            return false;
        }
        victim->verdict = verdict == LASTACK_KILLED      ? VERDICT_CLOSED
                          : verdict == LASTACK_KILL_GONE ? VERDICT_GONE
                                                         : VERDICT_LISTENER;
    }
    return true;
}

static int kill_in_stacks(const char *verb, struct hunt *hunt, const struct host_query *query)
{
    struct stack_hunt stacks = {.verb = verb, .query = query, .hunt = hunt};
    const struct kill_options *options = hunt->options;
    if (stack_each(verb, options->stack, collect_from_stack, &stacks) < 0)
        return STATUS_PARTLY;
    if (hunt->count == 0) {
        fprintf(stderr, "lastack %s: no socket of that stack matches\n", verb);
        return STATUS_FINDINGS;
    }
    bool is_dry = options->is_dry || (hunt->count > 1 && !options->is_sure);
    if (!is_dry)
        stack_each(verb, options->stack, strike_in_stack, &stacks);
    return finish(verb, hunt, is_dry);
}

int kill_rows(const char *verb, const struct filter *filter, const struct host_query *query,
              const struct kill_options *options)
{
    struct hunt hunt = {.filter = filter, .options = options};
    struct host_rows rows = {0};
    struct host_query wanted = *query;
    wanted.want_owners = true;
    wanted.want_autobound = filter_needs_autobound(filter);
    wanted.all_netns = options->all_netns;
    if (options->stack != NULL) {
        int result = kill_in_stacks(verb, &hunt, query);
        free(hunt.victims);
        return result;
    }
    int status = host_rows_read(&rows, &wanted, collect, &hunt);
    if (status != 0) {
        fprintf(stderr, "lastack %s: sock_diag: %s\n", verb, strerror(-status));
        status = status == -EPERM ? STATUS_NOT_PERMITTED : STATUS_PARTLY;
    } else if (hunt.count == 0) {
        fprintf(stderr, "lastack %s: no socket matches\n", verb);
        status = STATUS_FINDINGS;
    } else {
        bool is_dry = options->is_dry || (hunt.count > 1 && !options->is_sure);
        if (!is_dry)
            hunt_everywhere(&hunt);
        status = finish(verb, &hunt, is_dry);
    }
    host_rows_free(&rows);
    free(hunt.victims);
    return status;
}
