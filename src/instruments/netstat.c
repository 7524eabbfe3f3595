/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * netstat.c: `lastack netstat`: the classic columns for classic fingers.
 *
 * -ano is the Windows habit: there the last column is the PID, and PID 0 on TIME-WAIT has
 * frightened many. So a line whose owner is nobody says why.
 */
#include "instruments.h"

#include "color_option.h"
#include "counters.h"
#include "filter.h"
#include "host_filter.h"
#include "host_rows.h"
#include "netstat_text.h"
#include "json_names.h"
#include "row_json.h"
#include "stack_source.h"

#include <errno.h>
#include <getopt.h>
#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

static const char usage[] =
    "usage: lastack netstat [-ano | -nlp | -antp | -s] [filter]\n"
    "  -a -l    all, listeners only      -t -u   TCP, UDP (default: both)\n"
    "  -n       numbers (always)         -4 -6   one family\n"
    "  -p       PID and program          -o      timers; with -a and without -p also PID, as on "
    "Windows\n"
    "  -e       user and inode           -s      the kernel's counters, those that are not 0\n"
    "  --stack N  of a running lastack stack (all: of every one); with -s how often each cause "
    "occurred\n"
    "  --all-netns --json --help\n"
    "A PID of 0 (or -) is bookkeeping, not a program: the reason stands beside it.\n";

enum { OPTION_ALL_NETNS = 256, OPTION_JSON, OPTION_COLOR, OPTION_STACK, OPTION_HELP };

static const struct option long_options[] = {
    {"all", no_argument, NULL, 'a'},
    {"listening", no_argument, NULL, 'l'},
    {"tcp", no_argument, NULL, 't'},
    {"udp", no_argument, NULL, 'u'},
    {"numeric", no_argument, NULL, 'n'},
    {"programs", no_argument, NULL, 'p'},
    {"timers", no_argument, NULL, 'o'},
    {"extend", no_argument, NULL, 'e'},
    {"statistics", no_argument, NULL, 's'},
    {"wide", no_argument, NULL, 'W'},
    {"all-netns", no_argument, NULL, OPTION_ALL_NETNS},
    {"json", no_argument, NULL, OPTION_JSON},
    {"color", required_argument, NULL, OPTION_COLOR},
    {"stack", required_argument, NULL, OPTION_STACK},
    {"help", no_argument, NULL, OPTION_HELP},
    {NULL, 0, NULL, 0},
};

struct netstat {
    struct netstat_view view;
    struct host_query query;
    struct filter *filter;
    bool is_statistics, is_json;
    const char *stack;  /* NULL: the host */
    const char *source; /* of the rows at hand */
};

static bool print_row(void *context, const struct lastack_connection_row *row)
{
    const struct netstat *netstat = context;
    if (!filter_match(netstat->filter, row))
        return true;
    if (netstat->is_json)
        json_line(stdout, row_json(row, netstat->source, false, NULL, 0));
    else
        netstat_row(&netstat->view, row, stdout);
    return true;
}

/* ---- -s ---- */

static int print_statistics(bool is_json)
{
    static const char *const groups[] = {"Ip", "Icmp", "Tcp", "Udp", "TcpExt", "IpExt", "MPTcpExt"};
    struct counters *counters = calloc(1, sizeof *counters);
    int status = counters == NULL ? -ENOMEM : counters_read(counters, "/proc/net");
    json_t *object = json_object();
    for (size_t g = 0; status == 0 && g < sizeof groups / sizeof groups[0]; g++) {
        json_t *group = json_object();
        bool has_title = false;
        for (size_t i = 0; i < counters->count; i++) {
            const struct counter *counter = &counters->list[i];
            if (strcmp(counter->group, groups[g]) != 0)
                continue;
            json_object_set_new(group, counter->name, json_integer(counter->value));
            if (is_json || counter->value == 0)
                continue;
            if (!has_title)
                printf("%s:\n", groups[g]);
            has_title = true;
            printf("    %-32s %" PRId64 "\n", counter->name, counter->value);
        }
        json_object_set_new(object, groups[g], group);
    }
    if (status != 0)
        fprintf(stderr, "lastack netstat: /proc/net: %s\n", strerror(-status));
    else if (is_json)
        json_line(stdout, object);
    if (status != 0 || !is_json)
        json_decref(object);
    free(counters);
    return status == 0 ? STATUS_FINE : STATUS_PARTLY;
}

/* ---- stacks ---- */

static void print_cause(void *context, enum lastack_cause cause, uint64_t count)
{
    json_t *object = context;

    if (object == NULL)
        printf("    %-48s %" PRIu64 "\n", lastack_cause_text(cause), count);
    else
        json_object_set_new(object, lastack_cause_text(cause), json_integer((json_int_t)count));
}

static bool print_stack(void *context, const struct control_stack *stack,
                        struct control_client *client)
{
    struct netstat *netstat = context;
    struct trouble trouble;
    json_t *object;
    bool is_done;

    netstat->source = stack->name;
    if (!netstat->is_statistics)
        return stack_rows("netstat", client, &netstat->query, print_row, netstat);
    object = netstat->is_json ? json_object() : NULL;
    if (object == NULL)
        printf("%s:\n", stack->name);
    is_done = control_counters(client, print_cause, object, &trouble);
    if (object != NULL)
        json_line(stdout, json_pack("{s:o}", stack->name, object));
    if (!is_done)
        fprintf(stderr, "lastack netstat: %s\n", trouble.text);
    return is_done;
}

/* ---- options ---- */

static bool take_option(struct netstat *netstat, int option)
{
    switch (option) {
    case 'a':
        netstat->view.has_servers = true;
        break;
    case 'l':
        netstat->view.is_servers_only = netstat->view.has_servers = true;
        break;
    case 't':
        netstat->query.tcp = true;
        break;
    case 'u':
        netstat->query.udp = true;
        break;
    case 'n':
    case 'W':
        break;
    case 'p':
        netstat->view.has_programs = true;
        break;
    case 'o':
        netstat->view.has_timers = true;
        break;
    case 'e':
        netstat->view.has_extended = true;
        break;
    case 's':
        netstat->is_statistics = true;
        break;
    case '4':
        netstat->query.ipv4 = true;
        break;
    case '6':
        netstat->query.ipv6 = true;
        break;
    case OPTION_ALL_NETNS:
        netstat->query.all_netns = true;
        break;
    case OPTION_STACK:
        netstat->stack = stack_option(optarg);
        break;
    case OPTION_JSON:
        netstat->is_json = true;
        break;
    case OPTION_COLOR:
        return color_option("netstat", optarg, &(bool){false});
    default:
        fputs(usage, stderr);
        return false;
    }
    return true;
}

static void complete(struct netstat *netstat)
{
    struct host_query *query = &netstat->query;
    const struct netstat_view *view = &netstat->view;
    if (!query->tcp && !query->udp)
        query->tcp = query->udp = true;
    if (!query->ipv4 && !query->ipv6)
        query->ipv4 = query->ipv6 = true;
    if (view->has_servers && view->has_timers) /* -ano: who types this wants the PID */
        netstat->view.has_programs = true;
    query->want_owners =
        view->has_programs || filter_needs_owners(netstat->filter) || netstat->is_json;
    uint32_t servers = 1 << TCP_LISTEN | 1 << TCP_CLOSED;
    query->states = FILTER_STATES_ALL | 1 << DIAG_NEW_SYN_RECV;
    if (view->is_servers_only)
        query->states = servers;
    else if (!view->has_servers)
        query->states &= ~servers;
    if (filter_states(netstat->filter) != 0)
        query->states = filter_states(netstat->filter);
}

int netstat_main(int argc, char **argv)
{
    struct netstat netstat = {.source = "host"};
    int option;
    optind = 1;
    while ((option = getopt_long(argc, argv, "altunpoesW46", long_options, NULL)) != -1) {
        if (option == OPTION_HELP)
            return fputs(usage, stdout) < 0 ? STATUS_USAGE : STATUS_FINE;
        if (!take_option(&netstat, option))
            return STATUS_USAGE;
    }
    if (netstat.stack != NULL && netstat.query.all_netns) {
        fprintf(stderr, "lastack netstat: --stack: --all-netns looks at the host\n");
        return STATUS_USAGE;
    }
    if (netstat.is_statistics && netstat.stack == NULL)
        return print_statistics(netstat.is_json);
    netstat.filter = host_filter("netstat", argv + optind, argc - optind);
    if (netstat.filter == NULL)
        return STATUS_USAGE;
    complete(&netstat);
    if (!netstat.is_json && !netstat.is_statistics)
        netstat_header(&netstat.view, stdout);
    if (netstat.stack != NULL) {
        int found = stack_each("netstat", netstat.stack, print_stack, &netstat);
        filter_free(netstat.filter);
        return found < 0 ? STATUS_PARTLY : STATUS_FINE;
    }
    struct host_rows rows = {0};
    int status = host_rows_read(&rows, &netstat.query, print_row, &netstat);
    if (status != 0)
        fprintf(stderr, "lastack netstat: sock_diag: %s\n", strerror(-status));
    host_rows_free(&rows);
    filter_free(netstat.filter);
    return status == 0 ? STATUS_FINE : status == -EPERM ? STATUS_NOT_PERMITTED : STATUS_PARTLY;
}
