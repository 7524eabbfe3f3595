/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * ss.c: `lastack ss`: ss(8)'s options, filters and columns, then OWNER, TIMER and WHY.
 *
 *     options + filter ──▶ host_query ──▶ rows ──▶ filter_match ──▶ table | JSON lines | counts
 *
 * The filter's leading states become the kernel's state bitmap, so that `state listening` among a
 * million TIME-WAITs costs nothing; the rest is decided here, row by row.
 */
#include "instruments.h"

#include "color_option.h"
#include "duration.h"
#include "host_filter.h"
#include "host_rows.h"
#include "json_names.h"
#include "kill_rows.h"
#include "name_lookup.h"
#include "pairs.h"
#include "row_json.h"
#include "row_text.h"
#include "ss_summary.h"
#include "stack_source.h"
#include "tally.h"
#include "words.h"

#include <errno.h>
#include <getopt.h>
#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

struct ss {
    struct row_view view;
    struct host_query query;
    bool is_all, is_listening, is_bound, is_summary, is_kill, is_json;
    struct kill_options kill;
    struct tally_by by;
    struct tally tally;
    uint64_t state_counts[16];
    int64_t watch_ns; /* 0 = once */
    bool has_pairs;   /* --pairs */
    struct pairs pairs;
    const char *stack;  /* a name or "all"; NULL: the host only */
    bool has_host;      /* --host: the host besides stacks */
    const char *source; /* of the rows that come now */
    struct filter *filter;
    struct host_rows rows;
    struct row_table *table;
    uint64_t shown;
    char cgroup[512], device[16];
};

static const char usage[] =
    "usage: lastack ss [options] [filter]\n"
    "  -t -u           TCP (default), UDP        -4 -6   one family\n"
    "  -a -l -B        all states, listeners, sockets that are only bound\n"
    "  -n -p           numbers (always), owners (process, pid, descriptor)\n"
    "  -i -o -e -m     tcp_info, timers, details, memory\n"
    "  -s              totals by state           -H -O   no header, one line each\n"
    "  -K              end what matches (dry run if more than one; --yes, --force)\n"
    "  --count-by F,.. count by state local peer sport dport pid comm owner uid netns\n"
    "  --watch[=S]     again every S seconds (2)  --all-netns  all network namespaces\n"
    "  --pairs         the other end of each connection, if it is on this host, in any network "
    "namespace\n"
    "  --stack N|all   running lastack stacks instead of the host; with --host both\n"
    "  --json          one object per line        --color=auto|always|never\n"
    "filter: [state|exclude NAME]... and, or, not, ( ), src dst sport dport dev fwmark cgroup "
    "autobound,\n"
    "        pid= uid= comm= netns= inode= age> why= owner=\n"
    "  lastack ss -tanp state close-wait '( sport = :80 or dport = :80 ) and age > 5s'\n"
    "exit status: 0, 2 usage, 3 partly shown, 4 not permitted\n";

enum {
    OPTION_COUNT_BY = 256,
    OPTION_WATCH,
    OPTION_ALL_NETNS,
    OPTION_JSON,
    OPTION_COLOR,
    OPTION_YES,
    OPTION_FORCE,
    OPTION_STACK,
    OPTION_PAIRS,
    OPTION_HOST,
    OPTION_HELP,
};

static const struct option long_options[] = {
    {"tcp", no_argument, NULL, 't'},
    {"udp", no_argument, NULL, 'u'},
    {"all", no_argument, NULL, 'a'},
    {"listening", no_argument, NULL, 'l'},
    {"bound-inactive", no_argument, NULL, 'B'},
    {"numeric", no_argument, NULL, 'n'},
    {"processes", no_argument, NULL, 'p'},
    {"info", no_argument, NULL, 'i'},
    {"options", no_argument, NULL, 'o'},
    {"extended", no_argument, NULL, 'e'},
    {"memory", no_argument, NULL, 'm'},
    {"summary", no_argument, NULL, 's'},
    {"ipv4", no_argument, NULL, '4'},
    {"ipv6", no_argument, NULL, '6'},
    {"no-header", no_argument, NULL, 'H'},
    {"oneline", no_argument, NULL, 'O'},
    {"kill", no_argument, NULL, 'K'},
    {"count-by", required_argument, NULL, OPTION_COUNT_BY},
    {"watch", optional_argument, NULL, OPTION_WATCH},
    {"all-netns", no_argument, NULL, OPTION_ALL_NETNS},
    {"json", no_argument, NULL, OPTION_JSON},
    {"color", required_argument, NULL, OPTION_COLOR},
    {"yes", no_argument, NULL, OPTION_YES},
    {"force", no_argument, NULL, OPTION_FORCE},
    {"stack", required_argument, NULL, OPTION_STACK},
    {"host", no_argument, NULL, OPTION_HOST},
    {"pairs", no_argument, NULL, OPTION_PAIRS},
    {"help", no_argument, NULL, OPTION_HELP},
    {NULL, 0, NULL, 0},
};

/* ---- options ---- */

static bool take_count_by(struct ss *ss, const char *text)
{
    char bad[32];
    if (tally_by_parse(&ss->by, text, bad))
        return true;
    fprintf(stderr,
            "lastack ss: --count-by: '%s' is no field; there are state, local, peer, sport, dport, "
            "pid, "
            "comm, owner, uid and netns (at most %d)\n",
            bad, TALLY_FIELDS_MAX);
    return false;
}

static bool take_watch(struct ss *ss, const char *text)
{
    char *end;
    double seconds = text == NULL ? 2 : strtod(text, &end);
    if (text != NULL && (end == text || *end != '\0' || !(seconds >= 0.05 && seconds <= 86400))) {
        fprintf(stderr, "lastack ss: --watch=%s: a number of seconds between 0.05 and 86400\n",
                text);
        return false;
    }
    ss->watch_ns = (int64_t)(seconds * 1e9);
    return true;
}

/* Which rows there are to choose from. */
static bool take_selection(struct ss *ss, int option)
{
    switch (option) {
    case 't':
        ss->query.tcp = true;
        break;
    case 'u':
        ss->query.udp = true;
        break;
    case '4':
        ss->query.ipv4 = true;
        break;
    case '6':
        ss->query.ipv6 = true;
        break;
    case 'a':
        ss->is_all = true;
        break;
    case 'l':
        ss->is_listening = true;
        break;
    case 'B':
        ss->is_bound = true;
        break;
    case OPTION_ALL_NETNS:
        ss->query.all_netns = ss->kill.all_netns = true;
        break;
    case OPTION_HOST:
        ss->has_host = true;
        break;
    default:
        return false;
    }
    return true;
}

/* What is shown of a row; what that needs has to be asked for. */
static bool take_columns(struct ss *ss, int option)
{
    switch (option) {
    case 'n':
        break; /* never asks a resolver for what it prints */
    case 'p':
        ss->view.has_processes = ss->query.want_owners = true;
        break;
    case 'i':
        ss->view.has_tcp_info = ss->query.want_info = true;
        break;
    case 'o':
        ss->view.has_timers = true;
        break;
    case 'e':
        ss->view.has_extended = true;
        break;
    case 'm':
        ss->view.has_memory = ss->query.want_memory = true;
        break;
    case 'H':
        ss->view.is_headless = true;
        break;
    case 'O':
        ss->view.is_oneline = true;
        break;
    default:
        return false;
    }
    return true;
}

/* What is done with the rows, other than showing them one by one. */
static bool take_purpose(struct ss *ss, int option)
{
    switch (option) {
    case 's':
        ss->is_summary = true;
        break;
    case 'K':
        ss->is_kill = true;
        break;
    case OPTION_YES:
        ss->kill.is_sure = true;
        break;
    case OPTION_FORCE:
        ss->kill.may_kill_listeners = true;
        break;
    case OPTION_JSON:
        ss->is_json = ss->kill.is_json = true;
        break;
    case OPTION_PAIRS:
        ss->has_pairs = true;
        break;
    default:
        return false;
    }
    return true;
}

static bool take_option(struct ss *ss, int option)
{
    switch (option) {
    case OPTION_COUNT_BY:
        return take_count_by(ss, optarg);
    case OPTION_STACK:
        ss->stack = ss->kill.stack = stack_option(optarg);
        return true;
    case OPTION_WATCH:
        return take_watch(ss, optarg);
    case OPTION_COLOR:
        return color_option("ss", optarg, &ss->view.has_color);
    default:
        break;
    }
    if (take_selection(ss, option) || take_columns(ss, option) || take_purpose(ss, option))
        return true;
    fputs(usage, stderr);
    return false;
}

/* Without -a or -l: what is connected, as ss has it. */
static uint32_t chosen_states(const struct ss *ss)
{
    uint32_t states = filter_states(ss->filter);
    if (states == 0 && (ss->is_all || ss->is_summary))
        states = FILTER_STATES_ALL;
    if (states == 0 && ss->is_listening)
        states = 1 << TCP_LISTEN | 1 << TCP_CLOSED;
    if (states == 0 && ss->is_bound)
        states = FILTER_STATES_BOUND;
    if (states == 0)
        states = FILTER_STATES_ALL & ~(1u << TCP_LISTEN | 1u << TCP_CLOSED | 1u << TCP_TIME_WAIT |
                                       1u << TCP_SYN_RECEIVED);
    if (ss->is_bound)
        states |= FILTER_STATES_BOUND;
    return states & 1 << TCP_SYN_RECEIVED ? states | 1 << DIAG_NEW_SYN_RECV : states;
}

static void complete(struct ss *ss)
{
    if (!ss->query.tcp && !ss->query.udp)
        ss->query.tcp = true;
    if (!ss->query.ipv4 && !ss->query.ipv6)
        ss->query.ipv4 = ss->query.ipv6 = true;
    ss->view.has_netid = ss->query.tcp && ss->query.udp;
    ss->query.want_owners =
        ss->query.want_owners || filter_needs_owners(ss->filter) || ss->by.needs_owners;
    ss->query.want_info = ss->query.want_info || filter_needs_age(ss->filter);
    ss->query.want_autobound = filter_needs_autobound(ss->filter);
    ss->query.states = chosen_states(ss);
    uint32_t asked = filter_states(ss->filter);
    ss->view.is_stateless = asked != 0 && (asked & (asked - 1)) == 0; /* as ss does */
}

/* ---- rows ---- */

static const char *cgroup_path(void *context, uint64_t id)
{
    struct ss *ss = context;
    return name_lookup_cgroup_path(id, ss->cgroup, sizeof ss->cgroup) ? ss->cgroup : NULL;
}

static const char *link_name(void *context, uint32_t link)
{
    struct ss *ss = context;
    name_lookup_device_text(link, ss->device, sizeof ss->device);
    return ss->device[0] == '\0' ? NULL : ss->device;
}

static void note_twin(void *context, const struct lastack_connection_row *row, struct text *text)
{
    const struct ss *ss = context;
    const struct pair_end *twin = ss->has_pairs ? pairs_find(&ss->pairs, row) : NULL;
    if (twin == NULL)
        return;
    struct lastack_connection_row other = {
        .owner_kind = twin->owner_kind, .pid = twin->pid, .fd = twin->fd};
    memcpy(other.comm, twin->comm, sizeof other.comm);
    text_addf(text, "; other end: %s, ", words_ss_state((enum tcp_state)twin->state));
    words_owner(text, &other);
    if (twin->netns != row->netns)
        text_addf(text, ", netns %" PRIu64, twin->netns);
}

static json_t *twin_json(const struct ss *ss, const struct lastack_connection_row *row)
{
    const struct pair_end *twin = pairs_find(&ss->pairs, row);
    if (twin == NULL)
        return json_null();
    json_t *object = json_object();
    json_object_set_new(object, "state", json_state((enum tcp_state)twin->state));
    json_object_set_new(object, "owner_kind",
                        json_string(lastack_owner_text((enum lastack_owner)twin->owner_kind)));
    json_object_set_new(object, "pid", twin->pid == 0 ? json_null() : json_integer(twin->pid));
    json_object_set_new(object, "fd", twin->pid == 0 ? json_null() : json_integer(twin->fd));
    json_object_set_new(object, "comm", twin->pid == 0 ? json_null() : json_safe(twin->comm));
    json_object_set_new(object, "netns", json_integer((json_int_t)twin->netns));
    return object;
}

enum { HOLDERS_MAX = 64 };

static size_t holders_of(const struct ss *ss, const struct lastack_connection_row *row,
                         struct row_holder holders[HOLDERS_MAX])
{
    size_t count = 0;
    if (!ss->rows.has_owners || row->inode == 0 || !(ss->view.has_processes || ss->is_json))
        return 0;
    const struct owner_entry *entry = owners_find(&ss->rows.owners, row->inode, &count);
    if (count > HOLDERS_MAX)
        count = HOLDERS_MAX;
    for (size_t i = 0; i < count; i++) {
        bool has_name = entry[i].process < ss->rows.owners.process_count;
        holders[i] = (struct row_holder){
            .pid = entry[i].pid,
            .fd = entry[i].fd,
            .comm = has_name ? ss->rows.owners.processes[entry[i].process].comm : "?",
        };
    }
    return count;
}

static void count_row(struct ss *ss, const struct lastack_connection_row *row)
{
    if (ss->by.count == 1 && ss->by.fields[0] == TALLY_STATE) {
        ss->state_counts[row->state & 15]++;
        return;
    }
    char key[512];
    tally_row_key(&ss->by, row, key, sizeof key);
    tally_add(&ss->tally, key, 1);
}

static bool show_row(void *context, const struct lastack_connection_row *row)
{
    struct ss *ss = context;
    if (!filter_match(ss->filter, row))
        return true;
    ss->shown++;
    if (ss->by.count > 0) {
        count_row(ss, row);
        return true;
    }
    struct row_holder holders[HOLDERS_MAX];
    size_t count = holders_of(ss, row, holders);
    if (ss->is_json) {
        json_t *object = row_json(row, ss->source, ss->view.has_tcp_info, holders, count);
        if (ss->has_pairs)
            json_object_set_new(object, "twin", twin_json(ss, row));
        json_line(stdout, object);
    } else {
        row_table_add(ss->table, row, holders, count);
    }
    return true;
}

static void print_count(const struct ss *ss, const struct tally_entry *entry)
{
    if (!ss->is_json) {
        printf("%8" PRIu64 "  ", entry->count);
        for (const char *at = entry->key; *at != '\0'; at++)
            fputs(*at == '\t' ? "  " : (char[2]){*at, '\0'}, stdout);
        putchar('\n');
        return;
    }
    json_t *object = json_pack("{s:I}", "count", (json_int_t)entry->count);
    const char *at = entry->key;
    for (int i = 0; i < ss->by.count; i++) {
        size_t length = strcspn(at, "\t");
        json_object_set_new(object, tally_field_name(ss->by.fields[i]), json_stringn(at, length));
        at += length + (at[length] != '\0');
    }
    json_line(stdout, object);
}

static void print_counts(struct ss *ss)
{
    for (int state = 0; state < 16; state++)
        if (ss->state_counts[state] > 0)
            tally_add(&ss->tally, words_ss_state((enum tcp_state)state), ss->state_counts[state]);
    size_t count = ss->tally.count;
    tally_sort(&ss->tally);
    if (!ss->view.is_headless && !ss->is_json) {
        printf("%8s", "COUNT");
        for (int i = 0; i < ss->by.count; i++)
            printf("  %s", tally_field_name(ss->by.fields[i]));
        putchar('\n');
    }
    for (size_t i = 0; i < count; i++)
        print_count(ss, &ss->tally.entries[i]);
    tally_free(&ss->tally);
    memset(ss->state_counts, 0, sizeof ss->state_counts);
}

/* What could not be shown is said. */
static int report(const struct ss *ss, int status)
{
    if (status == -EPERM || status == -EACCES) {
        fprintf(stderr, "lastack ss: the kernel does not permit to list sockets: %s\n",
                strerror(-status));
        return STATUS_NOT_PERMITTED;
    }
    if (status != 0) {
        fprintf(stderr, "lastack ss: sock_diag: %s\n", strerror(-status));
        return STATUS_PARTLY;
    }
    if (ss->rows.malformed > 0)
        fprintf(stderr, "lastack ss: %" PRIu64 " answers of the kernel were not understood\n",
                ss->rows.malformed);
    if (ss->rows.netns_denied > 0)
        fprintf(stderr,
                "lastack ss: %zu of %zu network namespaces could not be entered (CAP_SYS_ADMIN)\n",
                ss->rows.netns_denied, ss->rows.netns_denied + ss->rows.netns_count);
    return ss->rows.malformed > 0 || ss->rows.netns_denied > 0 ? STATUS_PARTLY : STATUS_FINE;
}

static void begin_rows(struct ss *ss, const char *source)
{
    ss->source = source;
    if (ss->by.count == 0 && !ss->is_json)
        ss->table = row_table_new(&ss->view, stdout);
}

static void end_rows(struct ss *ss)
{
    if (ss->table != NULL)
        row_table_end(ss->table);
    ss->table = NULL;
}

static bool look_at_stack(void *context, const struct control_stack *stack,
                          struct control_client *client)
{
    struct ss *ss = context;
    if (!ss->is_json && !ss->view.is_headless && ss->by.count == 0)
        printf("stack %s (pid %d, %s)\n", stack->name, stack->pid, stack->link);
    begin_rows(ss, stack->name);
    bool is_good = stack_rows("ss", client, &ss->query, show_row, ss);
    end_rows(ss);
    return is_good;
}

static int look(struct ss *ss)
{
    int status = STATUS_FINE;
    ss->shown = 0;
    if (ss->stack != NULL && stack_each("ss", ss->stack, look_at_stack, ss) < 0)
        status = STATUS_PARTLY;
    if (ss->stack == NULL || ss->has_host) {
        if (ss->has_pairs)
            pairs_read(&ss->pairs, &ss->query);
        begin_rows(ss, "host");
        int error = host_rows_read(&ss->rows, &ss->query, show_row, ss);
        end_rows(ss);
        pairs_free(&ss->pairs);
        int host_status = report(ss, error);
        status = host_status > status ? host_status : status;
    }
    if (ss->by.count > 0)
        print_counts(ss);
    if (ss->watch_ns > 0)
        fflush(stdout);
    return status;
}

static int summarize(const struct ss *ss)
{
    int status = STATUS_FINE;
    if (ss->stack != NULL)
        status = ss_summary_of_stacks(ss->stack, &ss->query, ss->is_json);
    if (ss->stack != NULL && !ss->has_host)
        return status;
    if (ss->stack != NULL && !ss->is_json)
        putchar('\n');
    int host_status = ss_summary(&ss->query, ss->is_json);
    return host_status > status ? host_status : status;
}

static int watch(struct ss *ss)
{
    bool is_screen = host_is_terminal(stdout) && !ss->is_json;
    ss->rows.ages = age_table_new();
    ss->query.want_info = true; /* ages */
    int status;
    do {
        if (is_screen)
            fputs("\033[H\033[2J", stdout);
        status = look(ss);
        if (!ss->is_json) {
            printf("%s%" PRIu64 " sockets\n", is_screen ? "\n" : "-- ", ss->shown);
            fflush(stdout);
        }
    } while ((status == STATUS_FINE || status == STATUS_PARTLY) && !ferror(stdout) &&
             host_sleep(ss->watch_ns));
    return status;
}

int ss_main(int argc, char **argv)
{
    struct ss ss = {0};
    int option;
    int status = STATUS_USAGE;
    color_option("ss", "auto", &ss.view.has_color);
    ss.view.cgroup_path = cgroup_path;
    ss.view.link_name = link_name;
    ss.view.note = note_twin;
    ss.view.context = &ss;
    optind = 1;
    while ((option = getopt_long(argc, argv, "tualBnpioems46HOK", long_options, NULL)) != -1) {
        if (option == OPTION_HELP)
            return fputs(usage, stdout) < 0 ? STATUS_USAGE : STATUS_FINE;
        if (!take_option(&ss, option))
            return STATUS_USAGE;
    }
    if (ss.stack != NULL && !ss.has_host && (ss.has_pairs || ss.query.all_netns)) {
        fprintf(stderr, "lastack ss: --stack: --pairs and --all-netns look at the host, which "
                        "--host shows besides\n");
        return STATUS_USAGE;
    }
    ss.filter = host_filter("ss", argv + optind, argc - optind);
    if (ss.filter == NULL)
        return STATUS_USAGE;
    complete(&ss);
    if (ss.is_kill)
        status = kill_rows("ss", ss.filter, &ss.query, &ss.kill);
    else if (ss.is_summary)
        status = summarize(&ss);
    else if (ss.watch_ns > 0)
        status = watch(&ss);
    else
        status = look(&ss);
    host_rows_free(&ss.rows);
    filter_free(ss.filter);
    return status;
}
