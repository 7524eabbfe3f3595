/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * ladder_json.h: a ladder, or the list of streams of a capture, as JSON lines.
 *
 * Rows: stream kind time_ns from flags seq ack len win remark note left_state left_proven
 * right_state right_proven; then one object for each stream: stream left right segments
 * bytes_left bytes_right duration_ns closed_first time_wait.
 */
#ifndef LASTACK_LADDER_JSON_H
#define LASTACK_LADDER_JSON_H

#include "streams.h"

void ladder_streams_json(const struct streams *streams, bool is_list, struct text *text);

#endif
