/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * ss_summary.c: the first lines are those of ss(8); then every state, zeros included; then what
 * the numbers are of. `orphaned` and memory are of the whole host even inside a namespace.
 */
#include "ss_summary.h"

#include "counters.h"
#include "instruments.h"
#include "json_names.h"
#include "stack_source.h"
#include "words.h"

#include <errno.h>
#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

struct summary {
    uint64_t by_state[16][2]; /* [1]: IPv6 */
    uint64_t udp[2];
    uint64_t by_owner[LASTACK_OWNER_KERNEL + 1];
};

static bool add_row(void *context, const struct lastack_connection_row *row)
{
    struct summary *summary = context;
    if (row->protocol == LASTACK_PROTOCOL_UDP) {
        summary->udp[row->is_ipv6]++;
        return true;
    }
    summary->by_state[row->state & 15][row->is_ipv6]++;
    summary->by_owner[row->owner_kind <= LASTACK_OWNER_KERNEL ? row->owner_kind
                                                              : LASTACK_OWNER_KERNEL]++;
    return true;
}

static int64_t sockstat(const struct counters *counters, const char *group, const char *name)
{
    return counters_get(counters, group, name, NULL);
}

static void print_table(const struct summary *summary)
{
    printf("%-12s %10s %10s %10s\n", "State", "Total", "IPv4", "IPv6");
    for (int state = TCP_ESTABLISHED; state <= TCP_CLOSING; state++) {
        const uint64_t *count = summary->by_state[state];
        printf("%-12s %10" PRIu64 " %10" PRIu64 " %10" PRIu64 "\n",
               words_ss_state((enum tcp_state)state), count[0] + count[1], count[0], count[1]);
    }
    printf("%-12s %10" PRIu64 " %10" PRIu64 " %10" PRIu64 "\n\n", "UDP",
           summary->udp[0] + summary->udp[1], summary->udp[0], summary->udp[1]);
    printf("TCP sockets without a descriptor:");
    for (int owner = LASTACK_OWNER_TIME_WAIT; owner <= LASTACK_OWNER_SYN_REQUEST; owner++)
        printf(" %s %" PRIu64, lastack_owner_text((enum lastack_owner)owner),
               summary->by_owner[owner]);
    putchar('\n');
}

static void print_text(const struct summary *summary, const struct counters *counters)
{
    int64_t inuse = sockstat(counters, "TCP", "inuse") + sockstat(counters, "TCP6", "inuse");
    int64_t alloc = sockstat(counters, "TCP", "alloc"), tw = sockstat(counters, "TCP", "tw");
    printf("Total: %" PRId64 "\n", sockstat(counters, "sockets", "used"));
    printf("TCP:   %" PRId64 " (estab %" PRId64 ", closed %" PRId64 ", orphaned %" PRId64
           ", timewait %" PRId64 ")\n\n",
           alloc + tw, counters_get(counters, "Tcp", "CurrEstab", NULL),
           alloc > inuse ? alloc - inuse : 0, sockstat(counters, "TCP", "orphan"), tw);
    print_table(summary);
    printf("Of this network namespace: the table, estab, timewait. Of the whole host: orphaned, "
           "and closed "
           "as far as it counts them.\n");
}

/* What the rows tell, of the host as of a stack. */
static json_t *rows_json(const struct summary *summary, const char *source)
{
    json_t *object = json_object();
    json_t *states = json_object();
    for (int state = TCP_ESTABLISHED; state <= TCP_CLOSING; state++)
        json_object_set_new(
            states, lastack_state_text((enum tcp_state)state),
            json_integer((json_int_t)(summary->by_state[state][0] + summary->by_state[state][1])));
    json_object_set_new(object, "source", json_safe(source));
    json_object_set_new(object, "states", states);
    json_t *owners = json_object();
    for (int owner = 0; owner <= LASTACK_OWNER_KERNEL; owner++)
        json_object_set_new(owners, lastack_owner_text((enum lastack_owner)owner),
                            json_integer((json_int_t)summary->by_owner[owner]));
    json_object_set_new(object, "owner_kinds", owners);
    json_object_set_new(object, "udp",
                        json_integer((json_int_t)(summary->udp[0] + summary->udp[1])));
    return object;
}

static void print_json(const struct summary *summary, const struct counters *counters)
{
    json_t *object = rows_json(summary, "host");
    json_object_set_new(object, "time_wait_records", json_integer(sockstat(counters, "TCP", "tw")));
    json_object_set_new(object, "host_orphans", json_integer(sockstat(counters, "TCP", "orphan")));
    json_object_set_new(object, "host_memory_pages",
                        json_integer(sockstat(counters, "TCP", "mem")));
    json_object_set_new(object, "host_sockets", json_integer(sockstat(counters, "TCP", "alloc")));
    json_line(stdout, object);
}

/* ---- of stacks ---- */

struct stack_summary {
    struct host_query query;
    bool is_json;
};

static bool summarize_stack(void *context, const struct control_stack *stack,
                            struct control_client *client)
{
    const struct stack_summary *wanted = context;
    struct summary summary = {0};
    if (!stack_rows("ss", client, &wanted->query, add_row, &summary))
        return false;
    if (wanted->is_json) {
        json_line(stdout, rows_json(&summary, stack->name));
        return true;
    }
    printf("stack %s (pid %d, %s)\n", stack->name, stack->pid, stack->link);
    print_table(&summary);
    return true;
}

int ss_summary_of_stacks(const char *stack, const struct host_query *query, bool is_json)
{
    struct stack_summary wanted = {.query = *query, .is_json = is_json};
    wanted.query.udp = wanted.query.tcp = true;
    return stack_each("ss", stack, summarize_stack, &wanted) < 0 ? STATUS_PARTLY : STATUS_FINE;
}

int ss_summary(const struct host_query *query, bool is_json)
{
    struct summary summary = {0};
    struct host_rows rows = {0};
    struct counters *counters = calloc(1, sizeof *counters);
    struct host_query all = *query;
    all.udp = all.tcp = true;
    int status = counters == NULL ? -ENOMEM : host_rows_read(&rows, &all, add_row, &summary);
    if (status == 0)
        status = counters_read(counters, "/proc/net");
    if (status != 0)
        fprintf(stderr, "lastack ss: %s\n", strerror(-status));
    else if (is_json)
        print_json(&summary, counters);
    else
        print_text(&summary, counters);
    host_rows_free(&rows);
    free(counters);
    return status == 0 ? STATUS_FINE : status == -EPERM ? STATUS_NOT_PERMITTED : STATUS_PARTLY;
}
