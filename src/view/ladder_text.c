/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * ladder_text.c: the ladder in box characters.
 *
 *     |<- time ->|<- state ->│<-------------- zone -------------->│<- state ->|
 *       0.000000    SYN-SENT ├─ SYN  seq 0 ──────────────────────►│ SYN-RECEIVED
 *                            │  mss 1460, sackOK, wscale 7        │
 *
 * A state is written where it begins. In brackets: not proven by a packet of that end. What does
 * not fit into the zone is said in fewer words, or on the next line.
 */
#include "ladder.h"

#include "color.h"
#include "words.h"

#include "check.h"
#include "duration.h"

#include <inttypes.h>
#include <string.h>

enum {
    TIME_WIDTH = 12,
    STATE_WIDTH = 14,
    AROUND = TIME_WIDTH + 1 + STATE_WIDTH + 1 + 1 + 1 + 1 + STATE_WIDTH,
    WIDTH_MIN = 72,
    WIDTH_MAX = 160,
};

/* What one line shows; NULL or empty where nothing. */
struct line {
    const char *time;
    const struct ladder_state *state[2]; /* NULL: unchanged */
    const char *rail[2];
    const char *zone; /* filled up with blanks */
    enum color zone_color;
};

struct canvas {
    const struct ladder *ladder;
    struct text *out;
    size_t zone;
    bool has_color;
    int64_t begin; /* time 0 */
    bool has_assumed;
    struct line event; /* the next line of an event */
};

/* ---- one line ---- */

static void add_state(struct canvas *canvas, const struct ladder_state *state, bool is_left)
{
    struct text word = {0};
    struct text cell = {0};

    if (state != NULL && state->certainty == LADDER_UNKNOWN)
        text_add(&word, "?");
    else if (state != NULL)
        text_addf(&word, state->certainty == LADDER_PROVEN ? "%s" : "(%s)",
                  lastack_state_text(state->state));
    canvas->has_assumed |= state != NULL && state->certainty == LADDER_ASSUMED;
    enum color color = state == NULL || state->certainty == LADDER_UNKNOWN ? COLOR_NONE
                       : state->certainty == LADDER_ASSUMED                ? COLOR_DIM
                                                            : color_of_state(state->state);
    color_add(&cell, canvas->has_color && word.length > 0, color, text_string(&word));
    if (is_left)
        text_add_right(canvas->out, text_string(&cell), STATE_WIDTH);
    else
        text_add(canvas->out, text_string(&cell));
    text_free(&word);
    text_free(&cell);
}

static void add_line(struct canvas *canvas, const struct line *line)
{
    struct text *out = canvas->out;
    size_t taken = text_width(line->zone, strlen(line->zone));

    text_add_right(out, line->time, TIME_WIDTH);
    text_add(out, " ");
    add_state(canvas, line->state[0], true);
    text_addf(out, " %s", line->rail[0]);
    color_add(out, canvas->has_color && line->zone[0] != '\0', line->zone_color, line->zone);
    if (taken < canvas->zone)
        text_add_repeat(out, " ", canvas->zone - taken);
    text_addf(out, "%s ", line->rail[1]);
    add_state(canvas, line->state[1], false);
    text_trim(out);
    text_add(out, "\n");
}

/* `words` in lines of at most `width` columns, broken at blanks; calls `emit` for each. */
typedef void line_function(struct canvas *canvas, const char *line, unsigned side,
                           enum color color);

static void wrap(struct canvas *canvas, const char *words, size_t width, unsigned side,
                 enum color color, line_function *emit)
{
    struct text line = {0};

    for (const char *at = words; *at != '\0';) {
        size_t length = strcspn(at, " ");
        size_t taken = text_width(at, length);
        size_t used = text_width(text_string(&line), line.length);

        if (used > 0 && used + 1 + taken > width) {
            emit(canvas, text_string(&line), side, color);
            text_clear(&line);
        } else if (used > 0) {
            text_add(&line, " ");
        }
        text_add_bytes(&line, at, length);
        at += length + strspn(at + length, " ");
    }
    if (line.length > 0)
        emit(canvas, text_string(&line), side, color);
    text_free(&line);
}

/* A line of words between the rails, at the side whose words they are. */
static void add_words_line(struct canvas *canvas, const char *words, unsigned side,
                           enum color color)
{
    struct text zone = {0};
    size_t taken = text_width(words, strlen(words));

    text_add_repeat(&zone, " ",
                    side == 0 || taken + 2 > canvas->zone ? 2 : canvas->zone - taken - 2);
    text_add(&zone, words);
    add_line(canvas, &(struct line){"", {NULL, NULL}, {"│", "│"}, text_string(&zone), color});
    text_free(&zone);
}

static void add_words(struct canvas *canvas, const char *words, unsigned side, enum color color)
{
    wrap(canvas, words, canvas->zone - 4, side, color, add_words_line);
}

/* ---- rows ---- */

static enum color color_of_row(const struct ladder_row *row)
{
    if (ladder_remark_weight(row) >= 2)
        return COLOR_TROUBLE;
    if (row->flags & LASTACK_SYN)
        return COLOR_OPENING;
    if (row->flags & LASTACK_FIN)
        return COLOR_CLOSING;
    return COLOR_NONE;
}

static void add_stamp(const struct canvas *canvas, struct text *text, int64_t at)
{
    int64_t us = (at - canvas->begin) / US(1);

    text_addf(text, "%" PRId64 ".%06" PRId64, us / 1000000, us % 1000000);
}

static const struct ladder_state *changed(const struct ladder *ladder, size_t i, unsigned end)
{
    const struct ladder_state *now = &ladder->rows[i].state[end];
    const struct ladder_state *before =
        i == 0 ? &ladder->begin[end] : &ladder->rows[i - 1].state[end];

    /* The same state, now proven, is no news. */
    if (now->certainty == LADDER_UNKNOWN ||
        (before->certainty != LADDER_UNKNOWN && now->state == before->state))
        return NULL;
    return now;
}

static void add_segment(struct canvas *canvas, size_t i)
{
    const struct ladder_row *row = &canvas->ladder->rows[i];
    bool is_right = row->from == 0; /* points to the right */
    struct text time = {0}, zone = {0}, words = {0};

    add_stamp(canvas, &time, row->at);
    ladder_label_text(&words, row, canvas->zone - 5);
    size_t taken = text_width(text_string(&words), words.length);
    size_t shaft = taken < canvas->zone - 5 ? canvas->zone - 5 - taken : 0;
    text_add(&zone, is_right ? "─ " : "◄");
    if (is_right)
        text_add(&zone, text_string(&words));
    text_add(&zone, is_right ? " " : "");
    text_add_repeat(&zone, "─", shaft + 1);
    if (!is_right)
        text_addf(&zone, " %s ─", text_string(&words));
    text_add(&zone, is_right ? "►" : "");
    add_line(canvas, &(struct line){text_string(&time),
                                    {changed(canvas->ladder, i, 0), changed(canvas->ladder, i, 1)},
                                    {is_right ? "├" : "│", is_right ? "│" : "┤"},
                                    text_string(&zone),
                                    color_of_row(row)});
    text_free(&time);
    text_free(&zone);
    if (row->note != NULL)
        add_words(canvas, row->note, row->from, COLOR_DIM);
    text_clear(&words);
    ladder_remark_text(&words, row);
    if (words.length > 0)
        add_words(canvas, text_string(&words), row->from,
                  ladder_remark_weight(row) >= 2 ? COLOR_TROUBLE : COLOR_BOLD);
    text_free(&words);
}

/* Further lines of an event, beside the rail where it happened. */
static void add_event_line(struct canvas *canvas, const char *words, unsigned side,
                           enum color color)
{
    size_t taken = text_width(words, strlen(words));
    struct text zone = {0};

    text_add_repeat(&zone, " ",
                    side == 0 || taken + 3 > canvas->zone ? 3 : canvas->zone - taken - 3);
    text_add(&zone, words);
    canvas->event.zone = text_string(&zone);
    canvas->event.zone_color = color;
    add_line(canvas, &canvas->event);
    /* The first line has the time, the state and the mark on the rail. */
    canvas->event = (struct line){"", {NULL, NULL}, {"│", "│"}, "", color};
    text_free(&zone);
}

static void add_event(struct canvas *canvas, size_t i)
{
    const struct ladder_row *row = &canvas->ladder->rows[i];
    struct text time = {0};

    add_stamp(canvas, &time, row->at);
    canvas->event = (struct line){text_string(&time),
                                  {changed(canvas->ladder, i, 0), changed(canvas->ladder, i, 1)},
                                  {row->from == 0 ? "●" : "│", row->from == 0 ? "│" : "●"},
                                  "",
                                  COLOR_BOLD};
    wrap(canvas, row->note, canvas->zone - 4, row->from, COLOR_BOLD, add_event_line);
    text_free(&time);
}

/* Words amid the zone, between rails of their own. */
static void add_amid(struct canvas *canvas, const char *words, const char *left, const char *right,
                     const char *fill, enum color color)
{
    size_t taken = text_width(words, strlen(words));
    size_t before = taken < canvas->zone ? (canvas->zone - taken) / 2 : 0;
    struct text zone = {0};

    text_add_repeat(&zone, fill, before);
    text_add(&zone, words);
    if (taken < canvas->zone)
        text_add_repeat(&zone, fill, canvas->zone - taken - before);
    add_line(canvas, &(struct line){"", {NULL, NULL}, {left, right}, text_string(&zone), color});
    text_free(&zone);
}

static void add_fold_line(struct canvas *canvas, const char *words, unsigned side, enum color color)
{
    (void)side;
    add_amid(canvas, words, "┊", "┊", " ", color);
}

static void add_gap(struct canvas *canvas, const struct ladder_row *row)
{
    struct text words = {0};

    if (row->kind == LADDER_FOLD) {
        text_add(&words, "\u2026 ");
        ladder_fold_text(&words, row);
        text_add(&words, " \u2026");
    } else {
        words_duration(&words, row->until - row->at);
    }
    wrap(canvas, text_string(&words), canvas->zone - 2, 0, COLOR_DIM, add_fold_line);
    text_free(&words);
}

static void add_causes(struct canvas *canvas, const struct ladder_row *row)
{
    for (unsigned end = 0; end < 2; end++)
        if (row->cause[end] != NULL)
            add_words(canvas, row->cause[end], end, COLOR_DIM);
}

/* ---- around ---- */

/* `left` and `right` centred on the rails. */
static void add_heads(struct canvas *canvas, const char *left, const char *right)
{
    size_t rail[2] = {TIME_WIDTH + 1 + STATE_WIDTH + 1, 0};
    struct text line = {0};
    size_t half = text_width(left, strlen(left)) / 2;

    rail[1] = rail[0] + 1 + canvas->zone;
    text_add_repeat(&line, " ", rail[0] > half ? rail[0] - half : 0);
    color_add(&line, canvas->has_color, COLOR_BOLD, left);
    size_t at = text_width(text_string(&line), line.length);
    half = text_width(right, strlen(right)) / 2;
    size_t want = rail[1] > half ? rail[1] - half : 0;
    text_add_repeat(&line, " ", want > at + 1 ? want - at : 2);
    color_add(&line, canvas->has_color, COLOR_BOLD, right);
    text_trim(&line);
    text_addf(canvas->out, "%s\n", text_string(&line));
    text_free(&line);
}

static void add_plain_line(struct canvas *canvas, const char *line, unsigned side, enum color color)
{
    (void)side;
    color_add(canvas->out, canvas->has_color, color, line);
    text_add(canvas->out, "\n");
}

static void add_foot(struct canvas *canvas, size_t width)
{
    struct text words = {0};

    ladder_summary_text(&words, canvas->ladder);
    text_add(canvas->out, "\n");
    wrap(canvas, text_string(&words), width, 0, COLOR_NONE, add_plain_line);
    if (canvas->has_assumed)
        wrap(canvas, "(STATE): if everything arrived; no packet of that end has proven it.", width,
             0, COLOR_DIM, add_plain_line);
    text_free(&words);
}

static void add_row_lines(struct canvas *canvas, size_t i)
{
    const struct ladder_row *row = &canvas->ladder->rows[i];

    switch (row->kind) {
    case LADDER_SEGMENT:
        add_segment(canvas, i);
        break;
    case LADDER_NOTE:
        add_event(canvas, i);
        break;
    case LADDER_FOLD:
    case LADDER_PAUSE:
        add_gap(canvas, row);
        break;
    case LADDER_AGAIN:
        add_amid(canvas, " the same addresses, a new connection ", "╞", "╡", "═", COLOR_BOLD);
        break;
    }
    add_causes(canvas, row);
}

void ladder_draw_text(const struct ladder *ladder, const struct ladder_text_style *style,
                      struct text *text)
{
    size_t width = style->width < WIDTH_MIN   ? WIDTH_MIN
                   : style->width > WIDTH_MAX ? WIDTH_MAX
                                              : style->width;
    struct canvas canvas = {
        .ladder = ladder,
        .out = text,
        .zone = width - AROUND,
        .has_color = style->has_color,
        .begin = ladder->count > 0 ? ladder->rows[0].at : 0,
    };

    CHECK(ladder->is_finished);
    add_heads(&canvas, ladder->name[0], ladder->name[1]);
    if (ladder->role[0] != NULL || ladder->role[1] != NULL)
        add_heads(&canvas, ladder->role[0] != NULL ? ladder->role[0] : "",
                  ladder->role[1] != NULL ? ladder->role[1] : "");
    add_line(&canvas, &(struct line){
                          "", {&ladder->begin[0], &ladder->begin[1]}, {"│", "│"}, "", COLOR_NONE});
    for (size_t i = 0; i < ladder->count; i++)
        add_row_lines(&canvas, i);
    add_foot(&canvas, width);
}
