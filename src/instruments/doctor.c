/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * doctor.c: `lastack doctor` and `lastack collect`: options, and findings as text or JSON lines.
 *
 *   crit  acceptor-stalled  (confidence: high)
 *     10 of 8 connections to port 80 wait for accept() ...
 *     evidence  accept_queue 10, backlog 8 ...
 *     do        ...
 *     don't     ...
 */
#include "instruments.h"

#include "bundle.h"
#include "checks.h"
#include "color.h"
#include "color_option.h"
#include "duration.h"
#include "host_rows.h"
#include "json_names.h"
#include "saved.h"

#include <errno.h>
#include <getopt.h>
#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

static const char usage[] =
    "usage: lastack doctor [options]\n"
    "  --check ID        only this check (repeatable); --list names them all\n"
    "  --port PORT       a service port that should be free or listening (repeatable)\n"
    "  --from DIR        read what `lastack collect DIR` saved instead of this host\n"
    "  --interval S      between the two samples: 2\n"
    "  --watch[=S]       again every S seconds: 10\n"
    "  --all-netns       every network namespace, not only this one\n"
    "  --close-wait-age S 5   --half-close-age S (twice tcp_fin_timeout)   --zero-window-age S 30\n"
    "  --idle-age S (off)     --resets N 50 (a second)\n"
    "  --json            one finding per line         --color=auto|always|never\n"
    "exit status: 0 nothing found, 1 findings, 2 usage or unreadable input, 3 partly looked, 4 not "
    "permitted\n";

enum {
    OPTION_CHECK = 256,
    OPTION_LIST,
    OPTION_PORT,
    OPTION_FROM,
    OPTION_INTERVAL,
    OPTION_WATCH,
    OPTION_ALL_NETNS,
    OPTION_CLOSE_WAIT,
    OPTION_HALF_CLOSE,
    OPTION_ZERO_WINDOW,
    OPTION_IDLE,
    OPTION_RESETS,
    OPTION_JSON,
    OPTION_COLOR,
    OPTION_HELP,
};

static const struct option long_options[] = {
    {"check", required_argument, NULL, OPTION_CHECK},
    {"list", no_argument, NULL, OPTION_LIST},
    {"port", required_argument, NULL, OPTION_PORT},
    {"from", required_argument, NULL, OPTION_FROM},
    {"interval", required_argument, NULL, OPTION_INTERVAL},
    {"watch", optional_argument, NULL, OPTION_WATCH},
    {"all-netns", no_argument, NULL, OPTION_ALL_NETNS},
    {"close-wait-age", required_argument, NULL, OPTION_CLOSE_WAIT},
    {"half-close-age", required_argument, NULL, OPTION_HALF_CLOSE},
    {"zero-window-age", required_argument, NULL, OPTION_ZERO_WINDOW},
    {"idle-age", required_argument, NULL, OPTION_IDLE},
    {"resets", required_argument, NULL, OPTION_RESETS},
    {"json", no_argument, NULL, OPTION_JSON},
    {"color", required_argument, NULL, OPTION_COLOR},
    {"help", no_argument, NULL, OPTION_HELP},
    {NULL, 0, NULL, 0},
};

enum { IDS_MAX = 32 };

struct doctor {
    struct doctor_limits limits;
    struct bundle_options capture;
    const char *ids[IDS_MAX];
    size_t id_count;
    const char *from;
    int64_t watch_ns;
    const char *verb; /* "doctor" or "collect": who complains */
    bool is_json, has_color;
    bool has_findings, has_partial_view;
};

/* ---- output ---- */

static void print_json(const struct finding *finding)
{
    json_t *object = json_object();
    json_t *evidence = json_object();
    for (size_t i = 0; i < finding->evidence_count; i++) {
        double value = finding->evidence[i].value;
        bool is_whole = value >= -9e15 && value <= 9e15 && value == (double)(int64_t)value;
        json_object_set_new(evidence, finding->evidence[i].name,
                            is_whole ? json_integer((json_int_t)value) : json_real(value));
    }
    json_object_set_new(object, "check", json_string(finding->check));
    json_object_set_new(object, "severity", json_string(severity_text(finding->severity)));
    json_object_set_new(object, "confidence", json_string(confidence_text(finding->confidence)));
    json_object_set_new(object, "summary", json_safe(finding->summary));
    json_object_set_new(object, "evidence", evidence);
    json_object_set_new(object, "remedy", json_safe(finding->remedy));
    json_object_set_new(object, "dont",
                        finding->dont[0] == '\0' ? json_null() : json_safe(finding->dont));
    json_object_set_new(object, "pid",
                        finding->pid == 0 ? json_null() : json_integer(finding->pid));
    json_object_set_new(object, "comm",
                        finding->comm[0] == '\0' ? json_null() : json_safe(finding->comm));
    json_object_set_new(object, "local",
                        finding->has_local ? json_endpoint(&finding->local) : json_null());
    json_object_set_new(object, "peer",
                        finding->has_peer ? json_endpoint(&finding->peer) : json_null());
    json_object_set_new(object, "netns", json_integer((json_int_t)finding->netns));
    json_line(stdout, object);
}

static void print_text(const struct doctor *doctor, const struct finding *finding)
{
    static const enum color colors[] = {COLOR_DIM, COLOR_OPENING, COLOR_TROUBLE};
    struct text text = {0};
    color_add(&text, doctor->has_color, colors[finding->severity],
              severity_text(finding->severity));
    text_add(&text, "  ");
    color_add(&text, doctor->has_color, COLOR_BOLD, finding->check);
    text_addf(&text, "  (confidence: %s%s", confidence_text(finding->confidence),
              doctor->capture.all_netns ? "" : ")\n");
    if (doctor->capture.all_netns)
        text_addf(&text, ", netns %" PRIu64 ")\n", finding->netns);
    text_add(&text, "  ");
    text_add_safe(&text, finding->summary, NULL);
    text_add(&text, "\n  evidence ");
    for (size_t i = 0; i < finding->evidence_count; i++)
        text_addf(&text, "%s %s %.10g", i == 0 ? "" : ",", finding->evidence[i].name,
                  finding->evidence[i].value);
    text_add(&text, "\n");
    if (finding->remedy[0] != '\0') {
        text_add(&text, "  do        ");
        text_add_safe(&text, finding->remedy, NULL);
        text_add(&text, "\n");
    }
    if (finding->dont[0] != '\0') {
        text_add(&text, "  don't     ");
        text_add_safe(&text, finding->dont, NULL);
        text_add(&text, "\n");
    }
    printf("%s\n", text_string(&text));
    text_free(&text);
}

/* ---- one look ---- */

static int examine(struct doctor *doctor, const struct bundle *bundle)
{
    struct facts *facts = malloc(sizeof *facts);
    struct findings findings = {0};
    doctor->has_partial_view |= saved_tell_damage("doctor", bundle);
    int status = facts == NULL ? -ENOMEM : facts_read(facts, bundle);
    if (status != 0) {
        fprintf(stderr, "lastack doctor: %s\n",
                status == -EPROTO ? "these are no saved samples" : strerror(-status));
        free(facts);
        return STATUS_USAGE;
    }
    checks_run(facts, &doctor->limits, doctor->ids, doctor->id_count, &findings);
    for (size_t i = 0; i < findings.count; i++) {
        doctor->has_findings = doctor->has_findings || !findings.list[i].is_note;
        if (doctor->is_json)
            print_json(&findings.list[i]);
        else
            print_text(doctor, &findings.list[i]);
    }
    if (facts->malformed > 0) {
        fprintf(stderr, "lastack doctor: %" PRIu64 " answers of the kernel were not understood\n",
                facts->malformed);
        doctor->has_partial_view = true;
    }
    if (facts->owners.denied > 0)
        fprintf(stderr,
                "lastack doctor: the descriptors of %u process%s may not be seen; owners of their "
                "sockets are missing (CAP_SYS_PTRACE shows them)\n",
                facts->owners.denied, facts->owners.denied == 1 ? "" : "es");
    findings_free(&findings);
    facts_free(facts);
    free(facts);
    return STATUS_FINE;
}

static int obtain(const struct doctor *doctor, struct bundle **bundles, size_t *count)
{
    char failed[512] = "";
    size_t denied = 0;
    int status = doctor->from != NULL ? bundle_load(doctor->from, bundles, count, failed)
                                      : bundle_capture(&doctor->capture, bundles, count, &denied);
    if (denied > 0)
        fprintf(stderr, "lastack %s: %zu network namespaces could not be entered (CAP_SYS_ADMIN)\n",
                doctor->verb, denied);
    if (status == 0 || status == -EINTR)
        return status == 0 ? STATUS_FINE : STATUS_PARTLY;
    if (doctor->from != NULL) {
        saved_tell_failure("doctor", failed, status);
        return STATUS_USAGE;
    }
    fprintf(stderr, "lastack %s: sock_diag: %s\n", doctor->verb, strerror(-status));
    return status == -EPERM || status == -EACCES ? STATUS_NOT_PERMITTED : STATUS_PARTLY;
}

static int look(struct doctor *doctor)
{
    struct bundle *bundles = NULL;
    size_t count = 0;
    doctor->has_findings = doctor->has_partial_view = false;
    int status = obtain(doctor, &bundles, &count);
    for (size_t i = 0; i < count; i++) {
        if (status == STATUS_FINE)
            status = examine(doctor, &bundles[i]);
        bundle_free(&bundles[i]);
    }
    free(bundles);
    if (status != STATUS_FINE)
        return status;
    if (!doctor->has_findings && !doctor->is_json && doctor->id_count == 0)
        printf("nothing found%s: %zu checks, %zu network namespace%s\n",
               doctor->has_partial_view ? " in what could be read" : "", check_count, count,
               count == 1 ? "" : "s");
    if (doctor->watch_ns > 0)
        fflush(stdout);
    return doctor->has_findings       ? STATUS_FINDINGS
           : doctor->has_partial_view ? STATUS_PARTLY
                                      : STATUS_FINE;
}

/* ---- options ---- */

static bool take_seconds(const struct doctor *doctor, const char *option, const char *text,
                         double low, double high, int64_t *ns)
{
    char *end;
    double seconds = strtod(text, &end);
    if (end == text || *end != '\0' || !(seconds >= low && seconds <= high)) {
        fprintf(stderr, "lastack %s: --%s %s: seconds between %g and %g\n", doctor->verb, option,
                text, low, high);
        return false;
    }
    *ns = (int64_t)(seconds * 1e9);
    return true;
}

static bool take_check(struct doctor *doctor, const char *id)
{
    if (check_find(id) == NULL || doctor->id_count == IDS_MAX) {
        fprintf(stderr, "lastack doctor: --check %s: there is no such check; --list names them\n",
                id);
        return false;
    }
    doctor->ids[doctor->id_count++] = id;
    return true;
}

static bool take_port(struct doctor *doctor, const char *text)
{
    char *end;
    unsigned long port = strtoul(text, &end, 10);
    if (end == text || *end != '\0' || port == 0 || port > 65535 ||
        doctor->limits.wanted_count == WANTED_PORTS_MAX) {
        fprintf(stderr,
                "lastack doctor: --port %s: a number between 1 and 65535, at most %d of them\n",
                text, WANTED_PORTS_MAX);
        return false;
    }
    doctor->limits.wanted[doctor->limits.wanted_count++] = (uint16_t)port;
    return true;
}

static bool take_resets(struct doctor *doctor, const char *text)
{
    char *end;
    doctor->limits.resets_per_s = strtod(text, &end);
    if (end == text || *end != '\0' || !(doctor->limits.resets_per_s > 0)) {
        fprintf(stderr, "lastack doctor: --resets %s: a number above 0\n", text);
        return false;
    }
    return true;
}

static bool take_option(struct doctor *doctor, int option)
{
    switch (option) {
    case OPTION_CHECK:
        return take_check(doctor, optarg);
    case OPTION_PORT:
        return take_port(doctor, optarg);
    case OPTION_FROM:
        doctor->from = optarg;
        return true;
    case OPTION_INTERVAL:
        return take_seconds(doctor, "interval", optarg, 0.1, 3600, &doctor->capture.interval_ns);
    case OPTION_WATCH:
        return take_seconds(doctor, "watch", optarg == NULL ? "10" : optarg, 0.1, 86400,
                            &doctor->watch_ns);
    case OPTION_ALL_NETNS:
        doctor->capture.all_netns = true;
        return true;
    case OPTION_CLOSE_WAIT:
        return take_seconds(doctor, "close-wait-age", optarg, 0, 1e6,
                            &doctor->limits.close_wait_ns);
    case OPTION_HALF_CLOSE:
        return take_seconds(doctor, "half-close-age", optarg, 0.001, 1e6,
                            &doctor->limits.half_close_ns);
    case OPTION_ZERO_WINDOW:
        return take_seconds(doctor, "zero-window-age", optarg, 0, 1e6,
                            &doctor->limits.zero_window_ns);
    case OPTION_IDLE:
        return take_seconds(doctor, "idle-age", optarg, 1, 1e6, &doctor->limits.idle_ns);
    case OPTION_RESETS:
        return take_resets(doctor, optarg);
    case OPTION_JSON:
        doctor->is_json = true;
        return true;
    case OPTION_COLOR:
        return color_option("doctor", optarg, &doctor->has_color);
    default:
        fputs(usage, stderr);
        return false;
    }
}

int doctor_main(int argc, char **argv)
{
    struct doctor doctor = {
        .verb = "doctor", .limits = doctor_limits_default, .capture.interval_ns = SEC(2)};
    int option;
    color_option("doctor", "auto", &doctor.has_color);
    optind = 1;
    while ((option = getopt_long(argc, argv, "", long_options, NULL)) != -1) {
        if (option == OPTION_HELP)
            return fputs(usage, stdout) < 0 ? STATUS_USAGE : STATUS_FINE;
        if (option == OPTION_LIST) {
            for (size_t i = 0; i < check_count; i++)
                printf("%-20s %s\n", checks[i].id, checks[i].fires);
            return STATUS_FINE;
        }
        if (!take_option(&doctor, option))
            return STATUS_USAGE;
    }
    if (optind < argc) {
        fprintf(stderr, "lastack doctor: '%s' is more than it takes\n", argv[optind]);
        return STATUS_USAGE;
    }
    int status = look(&doctor);
    while (doctor.watch_ns > 0 && doctor.from == NULL && status != STATUS_NOT_PERMITTED &&
           !ferror(stdout) && host_sleep(doctor.watch_ns))
        status = look(&doctor);
    return status;
}

/* ---- collect ---- */

static const char collect_usage[] =
    "usage: lastack collect [--all-netns] [--interval S] [--json] DIR\n"
    "Saves what the doctor reads, for `lastack doctor --from DIR` anywhere: two samples of all "
    "sockets, counters, owners,\n"
    "settings. DIR is made; if it exists it must be empty. It tells who talks to whom: pass it on "
    "with care.\n"
    "exit status: 0, 2 usage or DIR cannot be written, 3 partly, 4 not permitted\n";

int collect_main(int argc, char **argv)
{
    static const struct option options[] = {{"all-netns", no_argument, NULL, OPTION_ALL_NETNS},
                                            {"interval", required_argument, NULL, OPTION_INTERVAL},
                                            {"json", no_argument, NULL, OPTION_JSON},
                                            {"color", required_argument, NULL, OPTION_COLOR},
                                            {"help", no_argument, NULL, OPTION_HELP},
                                            {NULL, 0, NULL, 0}};
    struct doctor doctor = {.verb = "collect", .capture.interval_ns = SEC(2)};
    int option;
    optind = 1;
    while ((option = getopt_long(argc, argv, "", options, NULL)) != -1) {
        if (option == OPTION_HELP)
            return fputs(collect_usage, stdout) < 0 ? STATUS_USAGE : STATUS_FINE;
        if (option == '?' || !take_option(&doctor, option))
            return fputs(collect_usage, stderr) < 0 ? STATUS_USAGE : STATUS_USAGE;
    }
    if (optind + 1 != argc)
        return fputs(collect_usage, stderr) < 0 ? STATUS_USAGE : STATUS_USAGE;
    struct bundle *bundles = NULL;
    size_t count = 0;
    char failed[512] = "";
    int status = obtain(&doctor, &bundles, &count);
    if (status == STATUS_FINE) {
        int error = bundle_save(bundles, count, argv[optind], failed);
        if (error != 0) {
            fprintf(stderr, "lastack collect: %s: %s\n", failed[0] == '\0' ? argv[optind] : failed,
                    strerror(-error));
            status = STATUS_USAGE;
        } else if (doctor.is_json) {
            json_line(stdout, json_pack("{s:o, s:I}", "folder", json_safe(argv[optind]),
                                        "namespaces", (json_int_t)count));
        }
    }
    for (size_t i = 0; i < count; i++)
        bundle_free(&bundles[i]);
    free(bundles);
    return status;
}
