/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * kill.c: `lastack kill`: which sockets, by filter or by tuple, and how sure. The work is in
 * kill_rows.c.
 */
#include "instruments.h"

#include "color_option.h"
#include "host_filter.h"
#include "kill_rows.h"
#include "stack_source.h"

#include <getopt.h>
#include <stdio.h>
#include <string.h>

static const char usage[] =
    "usage: lastack kill [options] FILTER\n"
    "       lastack kill [options] LOCAL REMOTE     192.0.2.1:80 198.51.100.7:40000, "
    "[2001:db8::1]:80 ...\n"
    "       lastack kill [options] LADDR LPORT RADDR RPORT\n"
    "  --yes         act though more than one socket matches (else they are listed only, exit "
    "status 3)\n"
    "  --dry-run     list only\n"
    "  --force       end listeners, too (their port stays bound until the descriptor is closed)\n"
    "  --time-wait   all that is in TIME-WAIT; a FILTER narrows it\n"
    "  -u            UDP sockets instead of TCP\n"
    "  --all-netns   in all network namespaces\n"
    "  --stack N     in a running lastack stack (all, or no name: in every one) instead of the "
    "host\n"
    "  --json        one object per socket: local peer state verdict detail\n"
    "One verdict per socket, after a second look: closed; closed, but descriptor N of pid P stays "
    "open; gone\n"
    "already; still there; left alone (a listener); not permitted; not supported by this kernel.\n"
    "  lastack kill state close-wait and pid=4711 --yes\n"
    "exit status: 0 all ended, 1 nothing matched, 2 usage, 3 partly or nothing done, 4 not "
    "permitted\n";

enum {
    OPTION_YES = 256,
    OPTION_DRY,
    OPTION_FORCE,
    OPTION_TIME_WAIT,
    OPTION_ALL_NETNS,
    OPTION_JSON,
    OPTION_COLOR,
    OPTION_STACK,
    OPTION_HELP
};

static const struct option long_options[] = {
    {"yes", no_argument, NULL, OPTION_YES},
    {"dry-run", no_argument, NULL, OPTION_DRY},
    {"force", no_argument, NULL, OPTION_FORCE},
    {"time-wait", no_argument, NULL, OPTION_TIME_WAIT},
    {"all-netns", no_argument, NULL, OPTION_ALL_NETNS},
    {"json", no_argument, NULL, OPTION_JSON},
    {"color", required_argument, NULL, OPTION_COLOR},
    {"stack", required_argument, NULL, OPTION_STACK},
    {"help", no_argument, NULL, OPTION_HELP},
    {NULL, 0, NULL, 0},
};

enum { END_TEXT = LASTACK_ENDPOINT_TEXT + 16 };

/* "0.0.0.0:*" and "*:*" are how a listener's other end is shown: port 0. */
static void end_filter(const char *end, const char *port, const struct lastack_endpoint *wanted,
                       char text[END_TEXT])
{
    char endpoint[LASTACK_ENDPOINT_TEXT];
    lastack_endpoint_text(wanted, endpoint, sizeof endpoint);
    if (lastack_is_any(&wanted->address))
        snprintf(text, END_TEXT, "%s = %u", port, wanted->port);
    else
        snprintf(text, END_TEXT, "%s %s", end, endpoint);
}

/* "src A and dst B" from a tuple in either form; false: these words are a filter. */
static bool tuple_filter(int count, char **words, char *text, size_t size)
{
    char joined[2][128];
    struct lastack_endpoint local, remote;
    char local_text[END_TEXT], remote_text[END_TEXT];
    if (count != 2 && count != 4)
        return false;
    for (int i = 0; i < 2; i++) {
        if (count == 2)
            snprintf(joined[i], sizeof joined[i], "%s", words[i]);
        else
            snprintf(joined[i], sizeof joined[i],
                     strchr(words[2 * i], ':') != NULL ? "[%s]:%s" : "%s:%s", words[2 * i],
                     words[2 * i + 1]);
    }
    if (!host_endpoint_parse(joined[0], &local) || !host_endpoint_parse(joined[1], &remote))
        return false;
    end_filter("src", "sport", &local, local_text);
    end_filter("dst", "dport", &remote, remote_text);
    snprintf(text, size, "%s and %s", local_text, remote_text);
    return true;
}

static struct filter *chosen(int count, char **words, bool is_time_wait)
{
    char tuple[256];
    char *parts[64];
    int used = 0;
    if (count > 60) {
        fprintf(stderr, "lastack kill: more than 60 words\n");
        return NULL;
    }
    if (is_time_wait) {
        parts[used++] = "state";
        parts[used++] = "time-wait";
    }
    if (tuple_filter(count, words, tuple, sizeof tuple)) {
        parts[used++] = tuple;
        count = 0;
    }
    for (int i = 0; i < count; i++)
        parts[used++] = words[i];
    return host_filter("kill", parts, used);
}

int kill_main(int argc, char **argv)
{
    struct kill_options options = {0};
    struct host_query query = {
        .tcp = true, .ipv4 = true, .ipv6 = true, .states = DIAG_ALL_STATES, .want_info = true};
    bool is_time_wait = false;
    int option;
    optind = 1;
    while ((option = getopt_long(argc, argv, "u", long_options, NULL)) != -1) {
        switch (option) {
        case 'u':
            query.tcp = false;
            query.udp = true;
            break;
        case OPTION_YES:
            options.is_sure = true;
            break;
        case OPTION_DRY:
            options.is_dry = true;
            break;
        case OPTION_FORCE:
            options.may_kill_listeners = true;
            break;
        case OPTION_TIME_WAIT:
            is_time_wait = true;
            break;
        case OPTION_STACK:
            options.stack = stack_option(optarg);
            break;
        case OPTION_ALL_NETNS:
            options.all_netns = true;
            break;
        case OPTION_JSON:
            options.is_json = true;
            break;
        case OPTION_COLOR: /* nothing here is coloured */
            if (!color_option("kill", optarg, &(bool){false}))
                return STATUS_USAGE;
            break;
        case OPTION_HELP:
            return fputs(usage, stdout) < 0 ? STATUS_USAGE : STATUS_FINE;
        default:
            fputs(usage, stderr);
            return STATUS_USAGE;
        }
    }
    if (options.stack != NULL && options.all_netns) {
        fprintf(stderr, "lastack kill: --stack: --all-netns looks at the host\n");
        return STATUS_USAGE;
    }
    if (optind == argc && !is_time_wait) {
        fprintf(stderr,
                "lastack kill: a filter or a tuple is needed; 'state all' would be everything\n");
        return STATUS_USAGE;
    }
    struct lastack_endpoint end;
    if (argc - optind == 1 && host_endpoint_parse(argv[optind], &end)) {
        fprintf(stderr,
                "lastack kill: '%s' is one end: LOCAL REMOTE are a connection, 'src %s' or 'dst "
                "%s' a filter\n",
                argv[optind], argv[optind], argv[optind]);
        return STATUS_USAGE;
    }
    struct filter *filter = chosen(argc - optind, argv + optind, is_time_wait);
    if (filter == NULL)
        return STATUS_USAGE;
    if (filter_states(filter) == 1 << TCP_TIME_WAIT)
        query.states = 1 << TCP_TIME_WAIT;
    int status = kill_rows("kill", filter, &query, &options);
    filter_free(filter);
    return status;
}
