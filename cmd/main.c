/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * main.c: `lastack VERB ...`: one table of verbs, each a main() of its own.
 */
#include "bench.h"
#include "drill.h"
#include "instruments.h"
#include "verbs.h"

#include <stdio.h>
#include <string.h>

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

int main(int argc, char **argv)
{
    if (argc < 2) {
        help(stderr);
        return 2;
    }
    if (strcmp(argv[1], "--help") == 0 || strcmp(argv[1], "help") == 0)
        return help(stdout);
    for (size_t i = 0; i < sizeof verbs / sizeof verbs[0]; i++)
        if (strcmp(argv[1], verbs[i].name) == 0)
            return verbs[i].run(argc - 1, argv + 1);
    fprintf(stderr, "lastack: no verb '%s'; lastack --help lists them\n", argv[1]);
    return 2;
}
