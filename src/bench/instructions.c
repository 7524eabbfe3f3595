/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * instructions.c: the child's switches and the parent's reading of callgrind's dumps.
 *
 * A dump is a text file; two of its lines matter:
 *
 *     desc: Trigger: Client Request: insert/100000
 *     totals: 31234567
 */
#include "instructions.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#ifdef LASTACK_HAVE_CALLGRIND
#include <valgrind/callgrind.h>
#else
#define CALLGRIND_START_INSTRUMENTATION ((void)0)
#define CALLGRIND_STOP_INSTRUMENTATION  ((void)0)
#define CALLGRIND_ZERO_STATS            ((void)0)
#define CALLGRIND_TOGGLE_COLLECT        ((void)0)
#define CALLGRIND_DUMP_STATS_AT(name)   ((void)(name))
#endif

void counting_begin(void)
{
    CALLGRIND_START_INSTRUMENTATION;
    CALLGRIND_ZERO_STATS;
}

/* Instrumentation stays on, since switching it off forgets all translated code. */
void counting_pause(void)
{
    CALLGRIND_TOGGLE_COLLECT;
}

void counting_resume(void)
{
    CALLGRIND_TOGGLE_COLLECT;
}

void counting_end(const char *name, uint64_t operations)
{
    char label[INSTRUCTIONS_NAME + 24];

    CALLGRIND_STOP_INSTRUMENTATION;
    snprintf(label, sizeof label, "%s/%llu", name, (unsigned long long)operations);
    CALLGRIND_DUMP_STATS_AT(label);
}

/* One dump; false when it is not one that counting_end has made. */
static bool read_dump(const char *path, struct instruction_count *count)
{
    FILE *file = fopen(path, "r");
    char line[1024];
    unsigned long long operations = 0, totals = 0;
    bool is_ours = false;

    if (file == NULL)
        return false;
    while (fgets(line, sizeof line, file) != NULL) {
        if (sscanf(line, "desc: Trigger: Client Request: %31[^/]/%llu", count->name, &operations) ==
            2)
            is_ours = operations > 0;
        else if (sscanf(line, "totals: %llu", &totals) == 1)
            break;
    }
    fclose(file);
    if (is_ours)
        count->per_operation = (double)totals / (double)operations;
    return is_ours;
}

/* Dumps are numbered from 1. All are removed again. */
static void read_dumps(const char *folder, struct instruction_counts *counts)
{
    char path[128];

    counts->count = 0;
    for (unsigned i = 1; i < 2 * INSTRUCTIONS_NAMES; i++) {
        snprintf(path, sizeof path, "%s/out.%u", folder, i);
        if (counts->count < INSTRUCTIONS_NAMES && read_dump(path, &counts->of[counts->count]))
            counts->count++;
        remove(path);
    }
    snprintf(path, sizeof path, "%s/out", folder);
    remove(path);
    remove(folder);
}

bool instructions_count(const char *bench, const char *what, struct instruction_counts *counts,
                        const char **why)
{
    char folder[] = "/tmp/lastack-bench-XXXXXX";
    char self[4096];
    char command[sizeof self + 512];
    FILE *child;
    int status;

    counts->count = 0;
#ifndef LASTACK_HAVE_CALLGRIND
    *why = "built without valgrind's headers";
    return false;
#endif
    if (system("command -v valgrind >/dev/null 2>&1") != 0) {
        *why = "valgrind is not installed";
        return false;
    }
    if (realpath("/proc/self/exe", self) == NULL || strchr(self, '\'') != NULL ||
        mkdtemp(folder) == NULL) {
        *why = "no place for callgrind's output";
        return false;
    }
    snprintf(command, sizeof command,
             "valgrind --quiet --tool=callgrind --instr-atstart=no --callgrind-out-file=%s/out"
             " '%s' bench %s --count %s >/dev/null 2>&1",
             folder, self, bench, what);
    child = popen(command, "r");
    status = child == NULL ? -1 : pclose(child);
    read_dumps(folder, counts);
    *why = status == 0 ? "callgrind wrote nothing" : "the run under callgrind failed";
    return status == 0 && counts->count > 0;
}

double instructions_of(const struct instruction_counts *counts, const char *name)
{
    for (size_t i = 0; i < counts->count; i++)
        if (strcmp(counts->of[i].name, name) == 0)
            return counts->of[i].per_operation;
    return -1;
}
