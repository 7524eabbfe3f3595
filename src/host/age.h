/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * age.h: how long a socket has been in its state.
 *
 * The kernel does not say. Two ways to know it all the same:
 *
 *   one look    TIME-WAIT and FIN-WAIT-2 records: the timer's length less what is left of it.
 *               CLOSE-WAIT, FIN-WAIT-2: the time since the peer's last segment, which was what led
 *               there (a lower bound: a later keepalive answer moves it).
 *   two looks   the cookie names a socket from SYN to TIME-WAIT: seen in the same state since then.
 */
#ifndef LASTACK_AGE_H
#define LASTACK_AGE_H

#include <lastack/row.h>

/* What one look tells; -1 if nothing. `fin_timeout_ns`: tcp_fin_timeout of its namespace. */
int64_t age_of_row(const struct lastack_connection_row *row, int64_t fin_timeout_ns);

struct age_table; /* which cookie was in which state, since when */

struct age_table *age_table_new(void);
void age_table_free(struct age_table *table);

/* Notes the row and raises its age_ns to what earlier looks prove. */
void age_table_apply(struct age_table *table, struct lastack_connection_row *row, int64_t now);

/* Forgets what was not applied since the previous call: once after each look. */
void age_table_turn(struct age_table *table);

#endif
