/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * main.c: `lastack VERB ...`: one table of verbs, each a main() of its own.
 *
 * What every verb can rely on: the descriptors 0, 1 and 2 are taken, so that no file or socket of a
 * verb is mistaken for standard output; and output that could not be written is an error, whatever
 * the verb thinks of its own work: `lastack metrics > file && mv file ...` must not move half a
 * file because the disk is full.
 */
#include "bench.h"
#include "drill.h"
#include "instruments.h"
#include "verbs.h"

#include <errno.h>
#include <fcntl.h>
#include <stdbool.h>
#include <stdio.h>
#include <string.h>

enum { STATUS_RUN_FAILED = 125 };

struct verb {
    const char *name;
    int (*run)(int argc, char **argv);
    const char *summary;
};

static const struct verb verbs[] = {
    {"run", run_main, "a command whose network is a lastack stack"},
    {"serve", serve_main, "the same services on an interface that is there"},
    {"demo", demo_main, "small stories of connections, each real and checked"},
    {"sim", sim_main, "two stacks over a simulated link: transfers, random lives, a grid"},
    {"drill", drill_main, "packetdrill scripts, on a stack in this process"},
    {"ss", ss_main, "connections, as ss(8) shows them, with owner, timer and reason"},
    {"netstat", netstat_main, "the classic columns"},
    {"kill", kill_main, "end connections"},
    {"doctor", doctor_main, "what is wrong with this host's connections, and what to do"},
    {"explain", explain_main, "a connection, a port, a process, an error or a state, in sentences"},
    {"sysctl", sysctl_main, "parameters, in four dialects, and what they do not do"},
    {"metrics", metrics_main, "Prometheus text"},
    {"collect", collect_main, "save what the doctor reads"},
    {"ladder", ladder_main, "both ends of the connections in a capture, drawn"},
    {"states", states_main, "the state diagram, and how many connections are where"},
    {"bench", bench_run, "what the stack costs, measured here"},
};

static int help(FILE *out)
{
    fprintf(out, "usage: lastack VERB [options]      lastack VERB --help\n\n");
    for (size_t i = 0; i < sizeof verbs / sizeof verbs[0]; i++)
        fprintf(out, "  %-10s %s\n", verbs[i].name, verbs[i].summary);
    return 0;
}

/*
 * Closed standard descriptors are taken by /dev/null, opened so that reading the first and writing
 * the second fails as before. No command that is run sees them: they are closed on exec.
 */
static void take_standard_descriptors(void)
{
    static const int modes[] = {O_WRONLY, O_RDONLY, O_WRONLY};

    for (int i = 0; i < 3; i++)
        if (fcntl(i, F_GETFD) < 0)
            open("/dev/null", modes[i] | O_CLOEXEC); /* the lowest that is free: i */
}

/* The status of the verb, if what it printed was written. */
static int written(const char *verb, int status)
{
    const bool has_failed_before = ferror(stdout) != 0;

    errno = 0;
    if (fflush(stdout) == 0 && !has_failed_before)
        return status;
    if (status != STATUS_USAGE && status != STATUS_RUN_FAILED)
        fprintf(stderr, "lastack %s: cannot write standard output%s%s\n", verb,
                errno != 0 ? ": " : "", errno != 0 ? strerror(errno) : "");
    return strcmp(verb, "run") == 0 ? STATUS_RUN_FAILED : STATUS_USAGE;
}

static int run_verb(const struct verb *verb, int argc, char **argv)
{
    char name[32]; /* what getopt_long puts before its complaints */

    snprintf(name, sizeof name, "lastack %s", verb->name);
    argv[0] = name;
    return written(verb->name, verb->run(argc, argv));
}

int main(int argc, char **argv)
{
    take_standard_descriptors();
    if (argc < 2) {
        help(stderr);
        return STATUS_USAGE;
    }
    if (strcmp(argv[1], "--help") == 0 || strcmp(argv[1], "help") == 0)
        return written(argv[1], help(stdout));
    for (size_t i = 0; i < sizeof verbs / sizeof verbs[0]; i++)
        if (strcmp(argv[1], verbs[i].name) == 0)
            return run_verb(&verbs[i], argc - 1, argv + 1);
    fprintf(stderr, "lastack: no verb '%s'; lastack --help lists them\n", argv[1]);
    return STATUS_USAGE;
}
