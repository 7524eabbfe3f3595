/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * metrics.c: `lastack metrics`: Prometheus text, once.
 *
 * Names that node_exporter has are used where its linter-clean names allow. Every state and every
 * reason is there, with 0 too: an absent series breaks alerts. `promtool check metrics` passes.
 */
#include "instruments.h"

#include "color_option.h"
#include "bundle.h"
#include "checks.h"
#include "duration.h"
#include "metrics_stack.h"
#include "saved.h"
#include "stack_source.h"

#include <errno.h>
#include <getopt.h>
#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

static const char usage[] =
    "usage: lastack metrics [--interval S] [--from DIR] [--stack N]\n"
    "Prints connections by state and owner, the kernel's TCP counters, ports in use per "
    "destination, the oldest CLOSE-WAITs\n"
    "and the doctor's findings as Prometheus text. --interval: between the doctor's two samples, 1 "
    "s.\n"
    "  lastack metrics > /var/lib/node_exporter/lastack.prom.$$ && mv ...   (textfile collector)\n"
    "--stack N: connections, pools and causes of a running lastack stack (all: of every one)\n"
    "exit status: 0, 2 usage, 3 partly, 4 not permitted\n";

static const char *const state_labels[] = {
    [TCP_ESTABLISHED] = "established",
    [TCP_SYN_SENT] = "syn_sent",
    [TCP_SYN_RECEIVED] = "syn_recv",
    [TCP_FIN_WAIT_1] = "fin_wait1",
    [TCP_FIN_WAIT_2] = "fin_wait2",
    [TCP_TIME_WAIT] = "time_wait",
    [TCP_CLOSED] = "close",
    [TCP_CLOSE_WAIT] = "close_wait",
    [TCP_LAST_ACK] = "last_ack",
    [TCP_LISTEN] = "listen",
    [TCP_CLOSING] = "closing",
};

static void head(const char *name, const char *type, const char *help)
{
    printf("# HELP %s %s\n# TYPE %s %s\n", name, help, name, type);
}

/* \ and " escaped, control characters replaced. */
static void print_label(const char *name, const char *value, const char *before)
{
    printf("%s%s=\"", before, name);
    for (; *value != '\0'; value++) {
        if (*value == '\\' || *value == '"')
            putchar('\\');
        putchar((unsigned char)*value < ' ' || (unsigned char)*value >= 127 ? '?' : *value);
    }
    putchar('"');
}

static void print_states(const struct facts *facts)
{
    uint64_t states[16] = {0}, owners[LASTACK_OWNER_KERNEL + 1] = {0};
    for (size_t i = 0; i < facts->now.row_count; i++) {
        const struct lastack_connection_row *row = &facts->now.rows[i];
        if (row->protocol != LASTACK_PROTOCOL_TCP)
            continue;
        states[row->state & 15]++;
        owners[row->owner_kind]++;
    }
    head("node_tcp_connection_states", "gauge", "Number of connection states.");
    for (int state = TCP_ESTABLISHED; state <= TCP_CLOSING; state++)
        printf("node_tcp_connection_states{state=\"%s\"} %" PRIu64 "\n", state_labels[state],
               states[state]);
    head("lastack_unowned_sockets", "gauge",
         "TCP sockets that no descriptor of a known process holds, by reason.");
    for (int owner = LASTACK_OWNER_TIME_WAIT; owner <= LASTACK_OWNER_KERNEL; owner++)
        printf("lastack_unowned_sockets{reason=\"%s\"} %" PRIu64 "\n",
               lastack_owner_text((enum lastack_owner)owner), owners[owner]);
}

static void print_sockstat(const struct facts *facts)
{
    static const struct {
        const char *name, *help;
    } items[] = {
        {"inuse", "TCP sockets of this network namespace."},
        {"orphan", "TCP sockets without a descriptor, on the whole host."},
        {"tw", "TIME-WAIT and orphan FIN-WAIT-2 records of this network namespace."},
        {"alloc", "TCP sockets of any state on the whole host."},
        {"mem", "Pages used by TCP on the whole host."},
    };
    for (size_t i = 0; i < sizeof items / sizeof items[0]; i++) {
        char name[64];
        snprintf(name, sizeof name, "node_sockstat_TCP_%s", items[i].name);
        head(name, "gauge", items[i].help);
        printf("%s %" PRId64 "\n", name, facts_value(facts, "TCP", items[i].name));
    }
}

static void print_counters(const struct facts *facts)
{
    head("lastack_tcp_events_total", "counter",
         "Counters of /proc/net/snmp (Tcp) and /proc/net/netstat (TcpExt).");
    for (size_t i = 0; i < facts->now.counters.count; i++) {
        const struct counter *counter = &facts->now.counters.list[i];
        bool is_event =
            strcmp(counter->group, "TcpExt") == 0 ||
            (strcmp(counter->group, "Tcp") == 0 && strncmp(counter->name, "Rto", 3) != 0 &&
             strcmp(counter->name, "MaxConn") != 0 && strcmp(counter->name, "CurrEstab") != 0);
        if (!is_event)
            continue;
        print_label("group", counter->group, "lastack_tcp_events_total{");
        print_label("name", counter->name, ",");
        printf("} %" PRId64 "\n", counter->value);
    }
}

/* The oldest CLOSE-WAIT of each process. */
static void print_close_waits(const struct facts *facts)
{
    const struct lastack_connection_row *oldest[32];
    size_t count = 0;
    for (size_t i = 0; i < facts->now.row_count; i++) {
        const struct lastack_connection_row *row = &facts->now.rows[i];
        size_t at = 0;
        if (row->state != TCP_CLOSE_WAIT || row->age_ns < 0)
            continue;
        while (at < count && oldest[at]->pid != row->pid)
            at++;
        if (at == count && count < sizeof oldest / sizeof oldest[0])
            oldest[count++] = row;
        else if (at < count && row->age_ns > oldest[at]->age_ns)
            oldest[at] = row;
    }
    head("lastack_close_wait_oldest_seconds", "gauge",
         "Age of the oldest CLOSE-WAIT of a process; pid 0 is nobody's.");
    for (size_t i = 0; i < count; i++) {
        printf("lastack_close_wait_oldest_seconds{pid=\"%u\"", oldest[i]->pid);
        print_label("comm", oldest[i]->comm, ",");
        printf("} %.3f\n", (double)oldest[i]->age_ns / 1e9);
    }
}

static void print_ports(const struct facts *facts)
{
    struct findings top = {0};
    ports_busiest(facts, 10, &top);
    head("lastack_ephemeral_ports_used_ratio", "gauge",
         "Share of the ephemeral ports in use towards one destination; the "
         "ten busiest.");
    for (size_t i = 0; i < top.count; i++) {
        char source[LASTACK_ADDRESS_TEXT], destination[LASTACK_ADDRESS_TEXT];
        lastack_address_text(&top.list[i].local.address, source, sizeof source);
        lastack_address_text(&top.list[i].peer.address, destination, sizeof destination);
        printf("lastack_ephemeral_ports_used_ratio{src=\"%s\",dst=\"%s\",dport=\"%u\"} %.6f\n",
               source, destination, top.list[i].peer.port, top.list[i].evidence[0].value);
    }
    findings_free(&top);
}

static void print_findings(const struct facts *facts)
{
    struct findings findings = {0};
    checks_run(facts, &doctor_limits_default, NULL, 0, &findings);
    head("lastack_findings", "gauge", "Findings of lastack doctor, by check and severity.");
    for (size_t check = 0; check < check_count; check++) {
        for (int severity = SEVERITY_INFO; severity <= SEVERITY_CRIT; severity++) {
            unsigned count = 0;
            for (size_t i = 0; i < findings.count; i++)
                count += findings.list[i].severity == (enum severity)severity &&
                         strcmp(findings.list[i].check, checks[check].id) == 0;
            printf("lastack_findings{check=\"%s\",severity=\"%s\"} %u\n", checks[check].id,
                   severity_text((enum severity)severity), count);
        }
    }
    findings_free(&findings);
}

static int print_all(const struct bundle *bundle)
{
    struct facts *facts = malloc(sizeof *facts);
    if (facts == NULL || facts_read(facts, bundle) != 0) {
        fprintf(stderr, "lastack metrics: these are no saved samples\n");
        free(facts);
        return STATUS_USAGE;
    }
    print_states(facts);
    print_sockstat(facts);
    print_counters(facts);
    print_ports(facts);
    print_close_waits(facts);
    print_findings(facts);
    int status = facts->malformed > 0 ? STATUS_PARTLY : STATUS_FINE;
    facts_free(facts);
    free(facts);
    return status;
}

static bool take_interval(const char *text, int64_t *ns)
{
    char *end;
    double seconds = strtod(text, &end);
    if (end == text || *end != '\0' || !(seconds >= 0 && seconds <= 60)) {
        fprintf(stderr, "lastack metrics: --interval %s: seconds between 0 and 60\n", text);
        return false;
    }
    *ns = (int64_t)(seconds * 1e9);
    return true;
}

int metrics_main(int argc, char **argv)
{
    static const struct option options[] = {
        {"interval", required_argument, NULL, 'i'}, {"from", required_argument, NULL, 'f'},
        {"stack", required_argument, NULL, 's'},    {"color", required_argument, NULL, 'c'},
        {"help", no_argument, NULL, 'h'},           {NULL, 0, NULL, 0}};
    struct bundle_options capture = {.interval_ns = SEC(1)};
    const char *from = NULL, *stack = NULL;
    int option;
    optind = 1;
    while ((option = getopt_long(argc, argv, "", options, NULL)) != -1) {
        if (option == 'h')
            return fputs(usage, stdout) < 0 ? STATUS_USAGE : STATUS_FINE;
        if (option == 'f')
            from = optarg;
        else if (option == 's')
            stack = stack_option(optarg);
        else if (option == 'c') {
            if (!color_option("metrics", optarg, &(bool){false}))
                return STATUS_USAGE;
        } else if (option != 'i' || !take_interval(optarg, &capture.interval_ns))
            return fputs(usage, stderr) < 0 ? STATUS_USAGE : STATUS_USAGE;
    }
    if (optind < argc) {
        fprintf(stderr, "lastack metrics: '%s' is more than it takes\n", argv[optind]);
        return STATUS_USAGE;
    }
    if (stack != NULL && from != NULL) {
        fprintf(stderr, "lastack metrics: --stack or --from, not both\n");
        return STATUS_USAGE;
    }
    if (stack != NULL)
        return metrics_stack(stack);
    struct bundle *bundles = NULL;
    size_t count = 0, denied;
    char failed[512] = "";
    int error = from != NULL ? bundle_load(from, &bundles, &count, failed)
                             : bundle_capture(&capture, &bundles, &count, &denied);
    int status = error == 0 ? print_all(&bundles[0]) : from != NULL ? STATUS_USAGE : STATUS_PARTLY;
    if (error != 0)
        saved_tell_failure("metrics", failed, error);
    else if (saved_tell_damage("metrics", &bundles[0]) && status == STATUS_FINE)
        status = STATUS_PARTLY;
    for (size_t i = 0; i < count; i++)
        bundle_free(&bundles[i]);
    free(bundles);
    return error == -EPERM ? STATUS_NOT_PERMITTED : status;
}
