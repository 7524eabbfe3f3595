/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * row_wire.h: a row between two processes, as one JSON object: struct -> object -> the same struct.
 *
 * One table names each field once; both directions walk it. Fields that are 0 are left out, so a
 * TIME-WAIT row is short and a reader of another version takes what it knows. Unsigned 64-bit
 * numbers travel as their signed twins (JSON here has 64-bit integers, signed).
 */
#ifndef LASTACK_ROW_WIRE_H
#define LASTACK_ROW_WIRE_H

#include <lastack/row.h>

#include <jansson.h>

/* A new reference, or NULL without memory. */
json_t *row_encode(const struct lastack_connection_row *row);

/* False if the object is none, or a field is of the wrong kind or out of range. */
bool row_decode(const json_t *object, struct lastack_connection_row *row);

/* "192.0.2.1:80", "[2001:db8::1]:80" -> endpoint; "*" is port 0. */
bool endpoint_decode(const char *text, struct lastack_endpoint *endpoint);

#endif
