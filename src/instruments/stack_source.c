/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * stack_source.c: see stack_source.h.
 */
#include "stack_source.h"

#include <lastack/stack.h>

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

int stack_each(const char *verb, const char *name, stack_function *function, void *context)
{
    struct control_stack stacks[STACKS_MAX];
    struct trouble trouble = {0};
    bool is_all = strcmp(name, "all") == 0;
    int found = control_list(stacks, STACKS_MAX, &trouble);
    int called = 0;
    if (found < 0) {
        fprintf(stderr, "lastack %s: --stack %s: %s\n", verb, name, trouble.text);
        return -1;
    }
    for (int i = 0; i < found && i < STACKS_MAX; i++) {
        if (!is_all && strcmp(stacks[i].name, name) != 0)
            continue;
        struct control_client *client = control_connect(stacks[i].name, &trouble);
        if (client == NULL)
            continue; /* it has just ended */
        called++;
        bool goes_on = function(context, &stacks[i], client);
        control_disconnect(client);
        if (!goes_on)
            break;
    }
    if (called > 0 || is_all)
        return called;
    fprintf(stderr, "lastack %s: no running stack is called '%s'", verb, name);
    for (int i = 0; i < found && i < STACKS_MAX; i++)
        fprintf(stderr, "%s%s", i == 0 ? "; there are " : ", ", stacks[i].name);
    fputc('\n', stderr);
    return -1;
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
