/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * stack_source.c: see stack_source.h.
 */
#include "stack_source.h"

#include <lastack/stack.h>

#include <errno.h>
#include <getopt.h>
#include <stdio.h>
#include <string.h>

enum { STACKS_MAX = 64 };

const char *stack_option(const char *value)
{
    if (value[0] != '-')
        return value;
    optind--;
    return "all";
}

static bool complain(const char *verb, const struct trouble *trouble)
{
    fprintf(stderr, "lastack %s: %s\n", verb, trouble->text);
    return false;
}

static bool call(const char *verb, struct control_client *client, stack_function *function,
                 void *context)
{
    struct trouble trouble = {0};
    struct control_stack stack;

    return control_hello(client, &stack, &trouble) ? function(context, &stack, client)
                                                   : complain(verb, &trouble);
}

/* The name is nobody's: whose are there? */
static void tell_names(const char *verb, const char *name)
{
    struct control_stack stacks[STACKS_MAX];
    char directory[CONTROL_PATH_MAX];
    struct trouble trouble;
    int found = control_list(stacks, STACKS_MAX, &trouble);

    fprintf(stderr, "lastack %s: no running stack is called '%s'", verb, name);
    for (int i = 0; i < found; i++)
        fprintf(stderr, "%s%s", i == 0 ? "; there are " : ", ", stacks[i].name);
    if (found <= 0 && control_directory(directory, false, &trouble))
        fprintf(stderr, "; there is none in %s", directory);
    fputc('\n', stderr);
}

static int one(const char *verb, const char *name, stack_function *function, void *context)
{
    struct trouble trouble = {0};
    struct control_client *client = control_connect(name, &trouble);
    bool is_good;

    if (client == NULL) {
        if (trouble.error == ENOENT || trouble.error == ECONNREFUSED)
            tell_names(verb, name);
        else
            complain(verb, &trouble);
        return -1;
    }
    is_good = call(verb, client, function, context);
    control_disconnect(client);
    return is_good ? 1 : -1;
}

/* One that fails keeps nobody from the others. */
static int every(const char *verb, stack_function *function, void *context)
{
    struct control_stack stacks[STACKS_MAX];
    struct trouble trouble = {0};
    int found = control_list(stacks, STACKS_MAX, &trouble), called = 0;
    bool is_good = found >= 0 || complain(verb, &trouble);

    for (int i = 0; i < found; i++) {
        struct control_client *client;

        if (stacks[i].is_silent) {
            fprintf(stderr, "lastack %s: stack \"%s\" does not answer\n", verb, stacks[i].name);
            is_good = false;
            continue;
        }
        client = control_connect(stacks[i].name, &trouble);
        if (client == NULL)
            continue; /* it has just ended */
        called++;
        is_good &= function(context, &stacks[i], client);
        control_disconnect(client);
    }
    return is_good ? called : -1;
}

int stack_each(const char *verb, const char *name, stack_function *function, void *context)
{
    return strcmp(name, "all") == 0 ? every(verb, function, context)
                                    : one(verb, name, function, context);
}

struct sieve {
    const struct host_query *query;
    lastack_row_callback *callback;
    void *context;
    bool is_stopped;
};

static bool sift(void *context, const struct lastack_connection_row *row)
{
    struct sieve *sieve = context;
    const struct host_query *query = sieve->query;
    uint32_t bits = 1u << row->state;
    if (row->state == TCP_CLOSED && row->protocol == LASTACK_PROTOCOL_TCP)
        bits |= 1u << DIAG_BOUND;
    if (!(row->protocol == LASTACK_PROTOCOL_UDP ? query->udp : query->tcp) ||
        !(row->is_ipv6 ? query->ipv6 : query->ipv4) || (bits & query->states) == 0)
        return true;
    sieve->is_stopped = !sieve->callback(sieve->context, row);
    return !sieve->is_stopped;
}

static uint32_t kinds_of(const struct host_query *query)
{
    uint32_t kinds = query->udp ? LASTACK_ROWS_UDP : 0;
    if (!query->tcp)
        return kinds;
    uint32_t others =
        query->states & ~(1u << TCP_LISTEN | 1u << TCP_TIME_WAIT | 1u << TCP_SYN_RECEIVED |
                          1u << TCP_CLOSED | 1u << DIAG_BOUND | 1u << DIAG_NEW_SYN_RECV);
    kinds |= query->states & 1u << TCP_LISTEN ? LASTACK_ROWS_LISTEN : 0;
    kinds |= query->states & 1u << TCP_TIME_WAIT ? LASTACK_ROWS_TIME_WAIT : 0;
    kinds |=
        query->states & 1u << TCP_SYN_RECEIVED ? LASTACK_ROWS_SYN | LASTACK_ROWS_CONNECTIONS : 0;
    kinds |= query->states & (1u << TCP_CLOSED | 1u << DIAG_BOUND) ? LASTACK_ROWS_BOUND : 0;
    /* an orphan in FIN-WAIT-2 is kept as a record, too */
    kinds |= query->states & 1u << TCP_FIN_WAIT_2 ? LASTACK_ROWS_TIME_WAIT : 0;
    return others != 0 ? kinds | LASTACK_ROWS_CONNECTIONS : kinds;
}

bool stack_rows(const char *verb, struct control_client *client, const struct host_query *query,
                lastack_row_callback *callback, void *context)
{
    struct sieve sieve = {.query = query, .callback = callback, .context = context};
    struct trouble trouble = {0};
    if (control_rows(client, kinds_of(query), sift, &sieve, &trouble) || sieve.is_stopped)
        return true;
    fprintf(stderr, "lastack %s: %s\n", verb, trouble.text);
    return false;
}
