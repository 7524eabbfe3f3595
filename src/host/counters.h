/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * counters.h: the kernel's counters of this network namespace.
 *
 *     /proc/net/snmp, netstat         "Tcp: RtoAlgorithm ...\nTcp: 1 ..."   pairs of lines
 *     /proc/net/sockstat, sockstat6   "TCP: inuse 5 orphan 0 ..."           names, values in turn
 *
 * A name is found by its group: counters_get(c, "TcpExt", "ListenOverflows"). In sockstat, `inuse`
 * and `tw` are of the namespace, while `orphan`, `alloc` and `mem` are of the whole host: whoever
 * shows them must say so.
 */
#ifndef LASTACK_COUNTERS_H
#define LASTACK_COUNTERS_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

struct counter {
    char group[12];
    char name[44];
    int64_t value;
};

enum { COUNTERS_MAX = 1024 };

struct counters {
    size_t count;
    struct counter list[COUNTERS_MAX];
};

/* Adds what a text in the format of snmp and netstat, or of sockstat, holds. Lines that make no
 * sense are passed over; more than COUNTERS_MAX names are not kept. */
void counters_parse_pairs(struct counters *counters, const char *text);
void counters_parse_sockstat(struct counters *counters, const char *text);

/* Reads the four files below `net` ("/proc/net"). 0, or a negative errno if none could be read. */
int counters_read(struct counters *counters, const char *net);

/* 0 if there is no such counter; *found (may be NULL) tells. */
int64_t counters_get(const struct counters *counters, const char *group, const char *name,
                     bool *found);

/* later - earlier, never below 0 (a counter may be new). */
int64_t counters_delta(const struct counters *earlier, const struct counters *later,
                       const char *group, const char *name);

#endif
