/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * status_page.h: one connection, described to the person at its other end.
 */
#ifndef LASTACK_STATUS_PAGE_H
#define LASTACK_STATUS_PAGE_H

#include <lastack/row.h>

enum { STATUS_PAGE_MAX = 4096 };

/* Plain text into `text`; returns its length. */
size_t status_page_write(char text[STATUS_PAGE_MAX], const char *stack_name,
                         const struct lastack_connection_row *row);

#endif
