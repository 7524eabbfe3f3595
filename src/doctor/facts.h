/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * facts.h: a bundle understood: what the checks reason about. One namespace at two moments.
 */
#ifndef LASTACK_FACTS_H
#define LASTACK_FACTS_H

#include "bundle.h"
#include "counters.h"
#include "owners.h"

#include <lastack/row.h>

struct sample {
    int64_t time_ns;
    struct counters counters;
    struct lastack_connection_row *rows; /* TCP and UDP */
    size_t row_count;
};

struct facts_setting {
    char name[64];
    char value[256];
};

struct facts_assignment { /* in a file of sysctl.d */
    char file[128];
    int line;
    char name[96];
    char value[96];
};

struct facts_leak {
    uint32_t pid;
    int32_t fd;
};

struct facts_queue { /* of a UNIX socket, not empty */
    uint32_t inode, peer_inode, bytes;
};

struct facts {
    struct sample before, now; /* rows of `now` have owners and ages */
    double seconds;            /* between them */
    uint64_t netns;
    bool has_owners;
    struct owners owners;
    struct facts_setting *settings;
    size_t setting_count;
    struct facts_assignment *assignments;
    size_t assignment_count;
    struct facts_leak *leaks;
    size_t leak_count;
    struct facts_queue *queues;
    size_t queue_count;
    int destroy_status;  /* diag_probe_destroy */
    uint64_t malformed;  /* answers not understood */
    uint32_t *listeners; /* indices of `now`.rows: TCP, LISTEN */
    size_t listener_count;
    uint32_t *by_tuple; /* rows of `now` by local and remote endpoint: see facts_twin */
};

/* 0 or a negative errno: -EPROTO, the bundle lacks what is needed. */
int facts_read(struct facts *facts, const struct bundle *bundle);
void facts_free(struct facts *facts);

/* A setting's n-th number, `otherwise` if unknown. */
int64_t facts_number(const struct facts *facts, const char *name, int index, int64_t otherwise);
const char *facts_setting(const struct facts *facts, const char *name); /* NULL if unknown */

/* How often a counter moved between the samples, and its value now. */
int64_t facts_delta(const struct facts *facts, const char *group, const char *name);
int64_t facts_value(const struct facts *facts, const char *group, const char *name);

/* The other end of this row's connection if it is on this host and in this namespace; else NULL. */
const struct lastack_connection_row *facts_twin(const struct facts *facts,
                                                const struct lastack_connection_row *row);

/* The row of `before` with this cookie, or NULL. (`before` is sorted by cookie.) */
const struct lastack_connection_row *facts_earlier(const struct facts *facts, uint64_t cookie);

/* The listener that connections on this local port come from; NULL if there is none. */
const struct lastack_connection_row *facts_listener(const struct facts *facts, uint16_t port);

/* Ports for outgoing connections, less the reserved ones. */
struct port_range {
    uint16_t first, last;
    uint32_t available;
};
struct port_range facts_ports(const struct facts *facts);
bool facts_port_is_reserved(const struct facts *facts, uint16_t port);

#endif
