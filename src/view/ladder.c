/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * ladder.c: the model from its beginning to its end: names, rows, and what is done when all have
 * come.
 *
 *     ladder_segment.c ─┐
 *                       ├─▶ rows ─▶ ladder_finish: states ─▶ folds ─▶ pauses ─▶ summary
 *     ladder_trace.c ───┘           (ladder_states.c, ladder_folds.c)
 */
#include "ladder_parts.h"

#include "check.h"

#include <stdlib.h>
#include <string.h>

enum {
    ROWS_WANTED = 150, /* above that trouble is folded, too */
};

char *ladder_copy(const char *string)
{
    char *copy = string == NULL ? NULL : strdup(string);

    CHECK(string == NULL || copy != NULL);
    return copy;
}

void ladder_init(struct ladder *ladder, const char *left, const char *right)
{
    *ladder = (struct ladder){.own = -1};
    ladder->name[0] = ladder_copy(left);
    ladder->name[1] = ladder_copy(right);
    infer_init(&ladder->infer);
}

void ladder_free_row(struct ladder_row *row)
{
    free(row->note);
    free(row->cause[0]);
    free(row->cause[1]);
}

void ladder_free(struct ladder *ladder)
{
    for (size_t i = 0; i < ladder->count; i++)
        ladder_free_row(&ladder->rows[i]);
    free(ladder->rows);
    for (unsigned end = 0; end < 2; end++) {
        free(ladder->name[end]);
        free(ladder->role[end]);
    }
    *ladder = (struct ladder){.own = -1};
}

void ladder_set_role(struct ladder *ladder, unsigned end, const char *role)
{
    CHECK(end < 2);
    free(ladder->role[end]);
    ladder->role[end] = ladder_copy(role);
}

void ladder_set_own(struct ladder *ladder, unsigned end, enum tcp_state state)
{
    CHECK(end < 2);
    ladder->own = (int)end;
    ladder->own_state = (struct ladder_state){state, LADDER_PROVEN};
    ladder->begin[end] = ladder->own_state;
}

struct ladder_row *ladder_add_row(struct ladder *ladder, enum ladder_kind kind, unsigned from,
                                  int64_t at)
{
    CHECK(!ladder->is_finished);
    if (ladder->count == ladder->capacity) {
        ladder->capacity = ladder->capacity == 0 ? 64 : ladder->capacity * 2;
        ladder->rows = realloc(ladder->rows, ladder->capacity * sizeof *ladder->rows);
        CHECK(ladder->rows != NULL);
    }
    struct ladder_row *row = &ladder->rows[ladder->count++];
    *row = (struct ladder_row){.kind = kind, .from = from, .at = at, .until = at};
    if (ladder->own >= 0)
        row->state[ladder->own] = ladder->own_state;
    return row;
}

/* Bits 1 << end of the ends that were in TIME-WAIT, and how sure that is. */
static unsigned ends_in_time_wait(const struct ladder *ladder, enum ladder_certainty certainty)
{
    unsigned ends = 0;

    for (size_t i = 0; i < ladder->count; i++) {
        for (unsigned end = 0; end < 2; end++) {
            const struct ladder_state *state = &ladder->rows[i].state[end];

            if (state->certainty == certainty && state->state == TCP_TIME_WAIT)
                ends |= 1u << end;
        }
    }
    return ends;
}

static void sum_up(struct ladder *ladder)
{
    struct ladder_summary *summary = &ladder->summary;

    summary->closed_first = ladder->infer.closed_first;
    summary->by_reset = ladder->infer.closed_by_rst;
    summary->time_wait = -1;
    if (ladder->count == 0)
        return;
    summary->duration_ns = ladder->rows[ladder->count - 1].until - ladder->rows[0].at;
    unsigned proven = ends_in_time_wait(ladder, LADDER_PROVEN);
    unsigned ends = proven != 0 ? proven : ends_in_time_wait(ladder, LADDER_ASSUMED);
    summary->is_time_wait_proven = proven != 0;
    summary->time_wait = (int)ends - 1; /* 1, 2, 3: left, right, both */
}

void ladder_finish(struct ladder *ladder)
{
    for (unsigned end = 0; end < 2; end++) {
        if (ladder->own != (int)end) {
            ladder->begin[end] = ladder_state_before(ladder, end);
            ladder_draw_states(ladder, end);
        }
        ladder_carry_states(ladder, end);
    }
    ladder_fold_runs(ladder, false);
    if (ladder->count > ROWS_WANTED)
        ladder_fold_runs(ladder, true);
    ladder_add_pauses(ladder);
    sum_up(ladder);
    ladder->is_finished = true;
}
