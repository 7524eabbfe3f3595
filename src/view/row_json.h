/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * row_json.h: a row as one JSON object.
 *
 * Fields: family state local peer recv_q send_q owner owner_kind pid fd holders timer_kind
 * timer_left_ms timer_retries timer_retries_max gives_up_ms why cause age_ms inode cookie uid
 * netns source; with `has_tcp_info` also tcp_info, under the kernel's field names. What is
 * unknown is null, never 0. `cookie` is a string of hex digits, as `ss -e` prints it, because 64
 * bits do not survive every JSON reader.
 */
#ifndef LASTACK_ROW_JSON_H
#define LASTACK_ROW_JSON_H

#include "row_text.h"

#include <jansson.h>

/* A new reference. `source`: "host" or a stack's name. `holders` as in row_table_add; more than
 * one gives an array `processes`. */
json_t *row_json(const struct lastack_connection_row *row, const char *source, bool has_tcp_info,
                 const struct row_holder *holders, size_t count);

#endif
