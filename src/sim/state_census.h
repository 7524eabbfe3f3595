/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * state_census.h: which states and which moves between them have been seen, counted from traces.
 *
 * moves_missing says which arrows of RFC 9293 Figure 5 (and of RFC 1122, RFC 6191 around TIME-WAIT)
 * nobody has taken yet: a simulation that misses one has not tried everything.
 */
#ifndef LASTACK_STATE_CENSUS_H
#define LASTACK_STATE_CENSUS_H

#include <lastack/trace.h>

#include <stddef.h>

enum { CENSUS_STATES = TCP_CLOSING + 1 };

struct state_census {
    uint64_t moves[CENSUS_STATES][CENSUS_STATES]; /* [from][to] */
    uint64_t causes[LASTACK_CAUSE_COUNT];         /* of these moves */
};

struct state_move {
    enum tcp_state from, to;
};

/* Takes one record in; others than moves do not count. */
void state_census_take(struct state_census *census, const struct lastack_trace_record *record);
/* Adds one to another. */
void state_census_add(struct state_census *census, const struct state_census *other);
/* How often a state was entered. */
uint64_t state_census_entered(const struct state_census *census, enum tcp_state state);

/* The moves that a complete run takes at least once: the index-th; false behind the last. */
bool state_census_wanted(size_t index, struct state_move *move);
/* How many of them were not taken. */
size_t state_census_missing(const struct state_census *census);

#endif
