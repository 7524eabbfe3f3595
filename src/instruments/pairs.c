/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * pairs.c: see pairs.h.
 */
#include "pairs.h"

#include "check.h"

#include <stdlib.h>
#include <string.h>

static bool add_end(void *context, const struct lastack_connection_row *row)
{
    struct pairs *pairs = context;
    if (row->remote.port == 0)
        return true;
    if (pairs->count == 0 || (pairs->count >= 64 && (pairs->count & (pairs->count - 1)) == 0)) {
        size_t capacity = pairs->count == 0 ? 64 : 2 * pairs->count;
        pairs->ends = realloc(pairs->ends, capacity * sizeof *pairs->ends);
        CHECK(pairs->ends != NULL);
    }
    struct pair_end *end = &pairs->ends[pairs->count++];
    *end = (struct pair_end){.local = row->local,
                             .remote = row->remote,
                             .cookie = row->cookie,
                             .netns = row->netns,
                             .pid = row->pid,
                             .fd = row->fd,
                             .state = row->state,
                             .owner_kind = row->owner_kind};
    memcpy(end->comm, row->comm, sizeof end->comm);
    return true;
}

static int compare_endpoints(const struct lastack_endpoint *a, const struct lastack_endpoint *b)
{
    return a->port != b->port ? (int)a->port - (int)b->port
                              : memcmp(a->address.bytes, b->address.bytes, sizeof a->address.bytes);
}

static int compare_ends(const void *left, const void *right)
{
    const struct pair_end *a = left, *b = right;
    int order = compare_endpoints(&a->local, &b->local);
    return order != 0 ? order : compare_endpoints(&a->remote, &b->remote);
}

int pairs_read(struct pairs *pairs, const struct host_query *query)
{
    struct host_rows rows = {0};
    struct host_query all = *query;
    all.all_netns = all.want_owners = true;
    all.want_info = all.want_memory = all.want_autobound = false;
    all.states = DIAG_ALL_STATES;
    *pairs = (struct pairs){0};
    int status = host_rows_read(&rows, &all, add_end, pairs);
    host_rows_free(&rows);
    if (pairs->count > 1)
        qsort(pairs->ends, pairs->count, sizeof *pairs->ends, compare_ends);
    return status;
}

void pairs_free(struct pairs *pairs)
{
    free(pairs->ends);
    *pairs = (struct pairs){0};
}

const struct pair_end *pairs_find(const struct pairs *pairs,
                                  const struct lastack_connection_row *row)
{
    struct pair_end key = {.local = row->remote, .remote = row->local};
    const struct pair_end *best = NULL;
    size_t low = 0, high = pairs->count;
    while (low < high) {
        size_t middle = low + (high - low) / 2;
        if (compare_ends(&pairs->ends[middle], &key) < 0)
            low = middle + 1;
        else
            high = middle;
    }
    for (; low < pairs->count && compare_ends(&pairs->ends[low], &key) == 0; low++) {
        const struct pair_end *end = &pairs->ends[low];
        if (end->cookie == row->cookie && end->netns == row->netns)
            continue; /* a socket connected to itself */
        if (best == NULL || end->netns == row->netns)
            best = end;
    }
    return best;
}
