/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * pairs.h: both ends of a connection when both are on this host, across network namespaces.
 *
 *     FIN-WAIT-2  A:40000 -> B:80   ──┐ the same tuple, turned round
 *     CLOSE-WAIT  B:80 -> A:40000   ──┘
 */
#ifndef LASTACK_PAIRS_H
#define LASTACK_PAIRS_H

#include "host_rows.h"

struct pair_end {
    struct lastack_endpoint local, remote;
    uint64_t cookie, netns;
    uint32_t pid;
    int32_t fd;
    uint8_t state, owner_kind;
    char comm[32];
};

struct pairs {
    struct pair_end *ends; /* sorted by local, then remote */
    size_t count;
};

/* Reads all connections of all namespaces that may be entered, with owners. 0 or a
 * negative errno. */
int pairs_read(struct pairs *pairs, const struct host_query *query);
void pairs_free(struct pairs *pairs);

/* The other end, in the same namespace rather than another; NULL if it is not here. */
const struct pair_end *pairs_find(const struct pairs *pairs,
                                  const struct lastack_connection_row *row);

#endif
