/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * explain.h: what the parts of `lastack explain` share: the rows that were read, and the answers
 * that have a file of their own.
 */
#ifndef LASTACK_EXPLAIN_H
#define LASTACK_EXPLAIN_H

#include "host_rows.h"
#include "text.h"

struct explain {
    struct host_rows rows;
    struct lastack_connection_row *list;
    size_t count, capacity;
    bool is_json;
    const char *stack; /* whose rows: a running stack's, all of them's, or NULL: the host's */
};

/* "in this network namespace": where the rows are from. */
const char *explain_place(const struct explain *explain);

/* State, both ends and the owner. */
void explain_add_tuple(struct text *text, const struct lastack_connection_row *row);

/* Which of its causes EADDRINUSE has for that port (explain_bind.c). The exit status: FINDINGS if
 * nobody has it. */
int explain_bind(const struct explain *explain, const struct lastack_endpoint *wanted);

#endif
