/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * counters.c: see counters.h.
 */
#include "counters.h"

#include "small_file.h"

#include <ctype.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

static void add(struct counters *counters, const char *group, const char *name, size_t length,
                int64_t value)
{
    if (counters->count == COUNTERS_MAX || length == 0 || length >= sizeof counters->list[0].name)
        return;
    struct counter *counter = &counters->list[counters->count++];
    memset(counter, 0, sizeof *counter);
    snprintf(counter->group, sizeof counter->group, "%s", group);
    memcpy(counter->name, name, length);
    counter->value = value;
}

/* The "Group:" a line starts with; returns what follows it, NULL if there is none. */
static const char *group_of(const char *line, char group[12])
{
    size_t length = strcspn(line, ":\n");
    if (line[length] != ':' || length == 0 || length >= 12)
        return NULL;
    memcpy(group, line, length);
    group[length] = '\0';
    return line + length + 1;
}

static const char *next_line(const char *line)
{
    const char *end = strchr(line, '\n');
    return end == NULL ? NULL : end + 1;
}

/* The next word of the line that `at` is in: its length, *at moved to its start; 0 at the end of
 * the line. */
static size_t next_word(const char **at)
{
    while (**at == ' ' || **at == '\t')
        ++*at;
    return strcspn(*at, " \t\n");
}

void counters_parse_pairs(struct counters *counters, const char *text)
{
    char group[12], again[12];
    const char *line = text;
    while (line != NULL && *line != '\0') {
        const char *values_line = next_line(line);
        const char *name = group_of(line, group);
        const char *value = values_line == NULL ? NULL : group_of(values_line, again);
        if (name == NULL || value == NULL || strcmp(group, again) != 0) {
            line = values_line;
            continue;
        }
        size_t name_length, value_length;
        while ((name_length = next_word(&name)) > 0 && (value_length = next_word(&value)) > 0) {
            add(counters, group, name, name_length, (int64_t)strtoll(value, NULL, 10));
            name += name_length;
            value += value_length;
        }
        line = next_line(values_line);
    }
}

void counters_parse_sockstat(struct counters *counters, const char *text)
{
    char group[12];
    for (const char *line = text; line != NULL && *line != '\0'; line = next_line(line)) {
        const char *at = group_of(line, group);
        size_t length;
        while (at != NULL && (length = next_word(&at)) > 0) {
            const char *name = at;
            at += length;
            size_t value_length = next_word(&at);
            if (value_length > 0 && (isdigit((unsigned char)*at) || *at == '-'))
                add(counters, group, name, length, (int64_t)strtoll(at, NULL, 10));
            at += value_length;
        }
    }
}

int counters_read(struct counters *counters, const char *net)
{
    static const char *const pairs[] = {"snmp", "netstat"};
    static const char *const stats[] = {"sockstat", "sockstat6"};
    counters->count = 0;
    int status = 0;
    for (int i = 0; i < 4; i++) {
        char path[256];
        snprintf(path, sizeof path, "%s/%s", net, i < 2 ? pairs[i] : stats[i - 2]);
        char *text;
        int result = small_file_read(path, &text);
        if (result != 0) {
            status = result;
            continue;
        }
        if (i < 2)
            counters_parse_pairs(counters, text);
        else
            counters_parse_sockstat(counters, text);
        free(text);
    }
    return counters->count > 0 ? 0 : status;
}

int64_t counters_get(const struct counters *counters, const char *group, const char *name,
                     bool *found)
{
    for (size_t i = 0; i < counters->count; i++) {
        const struct counter *counter = &counters->list[i];
        if (strcmp(counter->name, name) == 0 && strcmp(counter->group, group) == 0) {
            if (found != NULL)
                *found = true;
            return counter->value;
        }
    }
    if (found != NULL)
        *found = false;
    return 0;
}

int64_t counters_delta(const struct counters *earlier, const struct counters *later,
                       const char *group, const char *name)
{
    int64_t delta =
        counters_get(later, group, name, NULL) - counters_get(earlier, group, name, NULL);
    return delta > 0 ? delta : 0;
}
