/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * words.h: numbers as people say them: "52 s", "3 h 12 min", "1.2 MB", "FIN resend 3/8, gives up
 * in 52 s".
 *
 * Durations keep two significant parts and no more: who reads "13 min" does not need its
 * milliseconds. Sizes are decimal (1 KB = 1000 bytes), as sizes on the wire are.
 */
#ifndef LASTACK_WORDS_H
#define LASTACK_WORDS_H

#include "text.h"

#include <lastack/row.h>

/* "850 ns", "12 us", "1.6 ms", "200 ms", "1.6 s", "52 s", "3 min 20 s", "13 min", "3 h 12 min",
 * "2 d 4 h". A negative duration counts as 0. */
void words_duration(struct text *text, int64_t ns);

/* "512 B", "1.2 KB", "64 KB", "1.2 MB" ... */
void words_bytes(struct text *text, uint64_t bytes);

/* The deadline that a row waits for: "FIN resend 3/8 in 1.6 s, gives up in 52 s", "2MSL ends in
 * 42 s", "none: waits for ever" where that is worth a warning, else "-". */
void words_timer(struct text *text, const struct lastack_connection_row *row);

/* Who holds it, or why nobody does; never empty. "nginx[812] fd 7", "nobody: TIME-WAIT record". */
void words_owner(struct text *text, const struct lastack_connection_row *row);

/* Why it is in this state and since when; never empty. What the source knows as a cause wins;
 * else what state, queues and owner tell. */
void words_why(struct text *text, const struct lastack_connection_row *row);

/* "ESTAB", "SYN-RECV", "UNCONN": the names of `ss`. */
const char *words_ss_state(enum tcp_state state);
/* "ESTABLISHED", "SYN_RECV", "FIN_WAIT1": the names of `netstat`. */
const char *words_netstat_state(enum tcp_state state);

#endif
