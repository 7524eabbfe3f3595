/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * ladder_parts.h: what the parts of the ladder's model ask of each other. Nobody else includes it.
 */
#ifndef LASTACK_LADDER_PARTS_H
#define LASTACK_LADDER_PARTS_H

#include "ladder.h"

/* ---- ladder.c ---- */

/* The caller frees it; NULL stays NULL. */
char *ladder_copy(const char *string);

/* A new last row, valid until the next is added. */
struct ladder_row *ladder_add_row(struct ladder *ladder, enum ladder_kind kind, unsigned from,
                                  int64_t at);
void ladder_free_row(struct ladder_row *row);

/* ---- ladder_states.c ---- */

/* Before its first packet: who sends a SYN was CLOSED, who answers one was in LISTEN. */
struct ladder_state ladder_state_before(const struct ladder *ladder, unsigned end);

/* States of one end, from the last row to the first. */
void ladder_draw_states(struct ladder *ladder, unsigned end);

/* A row that tells nothing new of an end shows what was known before. */
void ladder_carry_states(struct ladder *ladder, unsigned end);

/* ---- ladder_folds.c ---- */

/* `with_trouble`: retransmissions and duplicates are folded, too. */
void ladder_fold_runs(struct ladder *ladder, bool with_trouble);
void ladder_add_pauses(struct ladder *ladder);

#endif
