/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * ladder_folds.c: long runs of nothing but data and ACKs become one row, and silences one each.
 *
 *     d a d a d a d a d a d a d a   ─▶   d a d [ 8 segments, 5 KB ] a d a
 *
 * What changes a state is never folded.
 */
#include "ladder_parts.h"

#include "duration.h"

#include <stdlib.h>
#include <string.h>

enum {
    FOLD_KEEP = 3, /* rows of a run that stay at its begin and end */
    FOLD_MIN = 12, /* shorter runs are not folded */
};

#define PAUSE MS(900) /* longer silences are said to be silences */

static bool is_same_state(const struct ladder_state *a, const struct ladder_state *b)
{
    return a->certainty == b->certainty && (a->certainty == LADDER_UNKNOWN || a->state == b->state);
}

static bool changes_state(const struct ladder *ladder, size_t i)
{
    const struct ladder_state *before = i == 0 ? ladder->begin : ladder->rows[i - 1].state;

    return !is_same_state(&before[0], &ladder->rows[i].state[0]) ||
           !is_same_state(&before[1], &ladder->rows[i].state[1]);
}

/* Nothing but data and ACKs; `with_trouble` counts retransmissions and duplicates as nothing. */
static bool is_plain(const struct ladder *ladder, size_t i, bool with_trouble)
{
    const uint32_t trouble =
        1u << INFER_RETRANSMISSION | 1u << INFER_FAST_RETRANSMISSION | 1u << INFER_NEEDLESS |
        1u << INFER_OUT_OF_ORDER | 1u << INFER_COPY | 1u << INFER_DUPLICATE_ACK |
        1u << INFER_WINDOW_FULL | 1u << INFER_UNSEEN_BEFORE | 1u << INFER_ACKS_UNSEEN |
        1u << INFER_KEEPALIVE | 1u << INFER_KEEPALIVE_ACK | 1u << INFER_OLD_DUPLICATE;
    const struct ladder_row *row = &ladder->rows[i];

    return row->kind == LADDER_SEGMENT &&
           (row->flags & (LASTACK_SYN | LASTACK_FIN | LASTACK_RST)) == 0 &&
           (row->marks & ~(with_trouble ? trouble : 1u << INFER_WINDOW_FULL)) == 0 &&
           !changes_state(ladder, i) && (i == 0 || row->at - ladder->rows[i - 1].at < PAUSE);
}

static void fold_in(struct ladder_row *fold, const struct ladder_row *row)
{
    fold->segments += row->kind == LADDER_FOLD ? row->segments : 1;
    fold->bytes[row->from] += row->length;
    fold->bytes[0] += row->bytes[0];
    fold->bytes[1] += row->bytes[1];
    fold->repeats += row->repeats;
    if (row->marks &
        (1u << INFER_RETRANSMISSION | 1u << INFER_FAST_RETRANSMISSION | 1u << INFER_NEEDLESS))
        fold->repeats++;
    fold->until = row->until > row->at ? row->until : row->at;
    fold->state[0] = row->state[0];
    fold->state[1] = row->state[1];
}

/* Rows [from, to) become one. */
static void fold_rows(struct ladder *ladder, size_t from, size_t to)
{
    struct ladder_row fold = {.kind = LADDER_FOLD, .at = ladder->rows[from].at};

    for (size_t i = from; i < to; i++) {
        fold_in(&fold, &ladder->rows[i]);
        ladder_free_row(&ladder->rows[i]);
    }
    ladder->rows[from] = fold;
    memmove(&ladder->rows[from + 1], &ladder->rows[to],
            (ladder->count - to) * sizeof *ladder->rows);
    ladder->count -= to - from - 1;
}

/* Runs are found from the end, so that folding one moves none that is still to be found. */
void ladder_fold_runs(struct ladder *ladder, bool with_trouble)
{
    size_t end = ladder->count;

    while (end > 0) {
        size_t begin = end;

        while (begin > 0 && (is_plain(ladder, begin - 1, with_trouble) ||
                             ladder->rows[begin - 1].kind == LADDER_FOLD))
            begin--;
        if (end - begin >= FOLD_MIN)
            fold_rows(ladder, begin + FOLD_KEEP, end - FOLD_KEEP);
        end = begin == end ? end - 1 : begin;
    }
}

void ladder_add_pauses(struct ladder *ladder)
{
    struct ladder_row *rows = ladder->rows;
    size_t count = ladder->count;

    ladder->rows = NULL;
    ladder->count = ladder->capacity = 0;
    for (size_t i = 0; i < count; i++) {
        bool is_late = i > 0 && rows[i].at - rows[i - 1].until >= PAUSE;

        if (is_late) {
            struct ladder_row *pause = ladder_add_row(ladder, LADDER_PAUSE, 0, rows[i - 1].until);

            pause->until = rows[i].at;
            pause->state[0] = rows[i - 1].state[0];
            pause->state[1] = rows[i - 1].state[1];
        }
        *ladder_add_row(ladder, rows[i].kind, 0, rows[i].at) = rows[i];
    }
    free(rows);
}
