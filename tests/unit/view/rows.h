/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * rows.h: rows for tests of viewers, and what a viewer prints as a string.
 */
#ifndef LASTACK_TEST_ROWS_H
#define LASTACK_TEST_ROWS_H

#include "text.h"

#include <lastack/row.h>

/* A TCP row without owner, timer, cause or age. Addresses as lastack_address_parse takes them. */
struct lastack_connection_row row_of(enum tcp_state state, const char *local, uint16_t local_port,
                                     const char *remote, uint16_t remote_port);

/* The same for an IPv6 socket; an IPv4 address becomes a mapped one. */
struct lastack_connection_row row6_of(enum tcp_state state, const char *local, uint16_t local_port,
                                      const char *remote, uint16_t remote_port);

/* Held by one descriptor of one process. */
void row_own(struct lastack_connection_row *row, const char *comm, uint32_t pid, int fd);

/* Where a viewer writes to, and what it wrote. */
struct printed {
    char *data;
    size_t length;
    FILE *out;
};

void printed_open(struct printed *printed);
/* The text; closes the FILE. */
const char *printed_string(struct printed *printed);
void printed_free(struct printed *printed);

#endif
