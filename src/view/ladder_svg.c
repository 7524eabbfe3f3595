/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * ladder_svg.c: the ladder as a picture.
 *
 *        time     state  ┃                                   ┃  state
 *                     ┌──┸───┐                            ┌──┸───┐
 *      0.000000  SYN- ┃  SYN  seq 0                          ┃
 *                SENT ┃ ────────────────────────────────▶    ┃ SYN-RECEIVED
 *                     ┃          mss 1460, wscale 7          ┃
 *
 * Every end has a rail; a bar on it, in the state's colour, lasts as long as the state. A bar
 * that is pale and dashed is a state that no packet has proven. Arrows fall a little, because
 * packets take time; how much is not to scale, the stamps are what counts.
 *
 * Heights are decided first (how many lines a row has), then drawn: layout and drawing walk the
 * rows in the same order and both ask height_of.
 */
#include "ladder.h"

#include "svg.h"
#include "words.h"

#include "check.h"
#include "duration.h"

#include <inttypes.h>
#include <string.h>

enum {
    WIDTH = 1000,
    TIME_X = 84,
    LEFT_X = 276,
    RIGHT_X = 724,
    MIDDLE_X = (LEFT_X + RIGHT_X) / 2,
    BAR = 9,    /* width of a state's bar */
    FALL = 12,  /* how much an arrow falls */
    LINE = 15,  /* a line of words under an arrow */
    HEAD = 104, /* names and roles */
    TOP = 28,   /* the states before the first row */
    FOOT_LINE = 18,
    WORDS_WIDTH = 62, /* characters of small words between the rails */
    CAUSE_WIDTH = 26, /* and beside them */
    LABEL_WIDTH = 54,
    FOOT_WIDTH = 112,
    LINES_MAX = 6,
};

struct picture {
    const struct ladder *ladder;
    struct text *bars; /* under all else */
    struct text *svg;
    double y; /* where the next row begins */
    int64_t begin;
    double since[2]; /* where the bar of the present state began */
    struct ladder_state state[2];
};

/* ---- words in lines ---- */

struct lines {
    struct text line[LINES_MAX];
    unsigned count;
};

/* Adds `words` broken at blanks into lines of `width` characters; what is beyond LINES_MAX is
 * left out. */
static void break_words(struct lines *lines, const char *words, size_t width)
{
    bool is_new = true;

    while (*words != '\0') {
        size_t length = strcspn(words, " ");
        struct text *line = is_new ? NULL : &lines->line[lines->count - 1];

        if (is_new ||
            text_width(text_string(line), line->length) + 1 + text_width(words, length) > width) {
            if (lines->count == LINES_MAX)
                return;
            line = &lines->line[lines->count++];
        } else {
            text_add(line, " ");
        }
        text_add_bytes(line, words, length);
        is_new = false;
        words += length + strspn(words + length, " ");
    }
}

static void lines_free(struct lines *lines)
{
    for (unsigned i = 0; i < lines->count; i++)
        text_free(&lines->line[i]);
}

/* What stands under an arrow: options, then remarks; how many of the lines are options. */
static unsigned words_under(struct lines *lines, const struct ladder_row *row)
{
    struct text remark = {0};
    unsigned notes;

    *lines = (struct lines){0};
    if (row->note != NULL)
        break_words(lines, row->note, WORDS_WIDTH);
    notes = lines->count;
    ladder_remark_text(&remark, row);
    break_words(lines, text_string(&remark), WORDS_WIDTH);
    text_free(&remark);
    return notes;
}

static unsigned count_words_under(const struct ladder_row *row)
{
    struct lines lines;

    words_under(&lines, row);
    unsigned count = lines.count;
    lines_free(&lines);
    return count;
}

/* ---- heights ---- */

static double cause_height(const struct ladder_row *row)
{
    double height = 0;

    for (unsigned end = 0; end < 2; end++) {
        struct lines lines = {0};

        if (row->cause[end] != NULL)
            break_words(&lines, row->cause[end], CAUSE_WIDTH);
        if (lines.count * 13.0 > height)
            height = lines.count * 13.0;
        lines_free(&lines);
    }
    return height;
}

static double height_of(const struct ladder_row *row)
{
    double height = 30;

    switch (row->kind) {
    case LADDER_SEGMENT:
        height = 38 + (double)count_words_under(row) * LINE;
        if (row->cause[0] != NULL || row->cause[1] != NULL) {
            double needed = 42 + cause_height(row);

            height = height > needed ? height : needed;
        }
        break;
    case LADDER_NOTE:
        height = 28 + cause_height(row);
        break;
    case LADDER_FOLD:
        height = 46;
        break;
    case LADDER_PAUSE:
        height = 40;
        break;
    case LADDER_AGAIN:
        height = 44;
        break;
    }
    return height;
}

static double x_of(unsigned end)
{
    return end == 0 ? LEFT_X : RIGHT_X;
}

/* ---- states ---- */

static const char *class_of(const struct ladder_state *state)
{
    return state->certainty == LADDER_UNKNOWN ? "closed" : svg_state_class(state->state);
}

/* The bar of the state that ends here. */
static void end_bar(struct picture *picture, unsigned end, double y)
{
    const struct ladder_state *state = &picture->state[end];
    double from = picture->since[end];
    char class[64];

    if (state->certainty == LADDER_UNKNOWN || y - from < 1)
        return;
    snprintf(class, sizeof class, state->certainty == LADDER_PROVEN ? "fill-%s" : "fill-%s pale",
             class_of(state));
    svg_rect(picture->bars, x_of(end) - BAR / 2.0, from, BAR, y - from, 3, class);
    if (state->certainty == LADDER_PROVEN)
        return;
    snprintf(class, sizeof class, "line-%s thin dashed", class_of(state));
    svg_rect(picture->bars, x_of(end) - BAR / 2.0, from, BAR, y - from, 3, class);
}

static void name_state(struct picture *picture, unsigned end, double y,
                       const struct ladder_state *state)
{
    struct text name = {0};
    char class[64];
    bool is_proven = state->certainty == LADDER_PROVEN;

    if (state->certainty == LADDER_UNKNOWN)
        text_add(&name, "unknown");
    else
        text_addf(&name, is_proven ? "%s" : "(%s)", lastack_state_text(state->state));
    snprintf(class, sizeof class, "mono %s word-%s", is_proven ? "bold" : "italic",
             class_of(state));
    svg_words(picture->svg, x_of(end) + (end == 0 ? -18 : 18), y + 4, class,
              end == 0 ? SVG_END : SVG_START, text_string(&name));
    text_free(&name);
}

/* Where one state ends and the next begins, though both may have one colour. */
static void tick(struct picture *picture, unsigned end, double y, const struct ladder_state *state)
{
    double inner = x_of(end) + (end == 0 ? BAR : -BAR) / 2.0;
    double outer = x_of(end) + (end == 0 ? -14 : 14);
    char class[64];

    svg_line(picture->bars, inner, y, outer, y, "line-ground medium");
    snprintf(class, sizeof class, "line-%s medium", class_of(state));
    svg_line(picture->bars, x_of(end) + (end == 0 ? -BAR : BAR) / 2.0, y + 1, outer, y + 1, class);
}

static void explain_state(struct picture *picture, unsigned end, double y, const char *cause)
{
    struct lines lines = {0};

    break_words(&lines, cause, CAUSE_WIDTH);
    for (unsigned i = 0; i < lines.count; i++)
        svg_words(picture->svg, x_of(end) + (end == 0 ? -18 : 18), y + 17 + 13.0 * i, "small dim",
                  end == 0 ? SVG_END : SVG_START, text_string(&lines.line[i]));
    lines_free(&lines);
}

/* From y on the end is in this state, if that is news. */
static void go_to(struct picture *picture, unsigned end, double y, const struct ladder_row *row)
{
    const struct ladder_state *state = &row->state[end];
    struct ladder_state *now = &picture->state[end];
    bool is_known = state->certainty != LADDER_UNKNOWN;
    bool is_named = now->certainty != LADDER_UNKNOWN && state->state == now->state;

    if (is_known && !is_named) {
        tick(picture, end, y, state);
        name_state(picture, end, y, state);
    }
    if (is_known && (!is_named || state->certainty != now->certainty)) {
        end_bar(picture, end, y);
        *now = *state;
        picture->since[end] = y;
    }
    if (row->cause[end] != NULL)
        explain_state(picture, end, y, row->cause[end]);
}

/* ---- rows ---- */

static void stamp(struct picture *picture, double y, int64_t at)
{
    int64_t us = (at - picture->begin) / US(1);
    struct text words = {0};

    text_addf(&words, "%" PRId64 ".%06" PRId64, us / 1000000, us % 1000000);
    svg_words(picture->svg, TIME_X, y + 4, "mono small dim", SVG_END, text_string(&words));
    text_free(&words);
}

static const char *arrow_class(const struct ladder_row *row)
{
    if (row->flags & LASTACK_RST)
        return "line-reset thick";
    if (ladder_remark_weight(row) >= 2)
        return "line-trouble medium dashed";
    if (row->flags & LASTACK_SYN)
        return "line-opening thick";
    if (row->flags & LASTACK_FIN)
        return "line-closing thick";
    return row->length > 0 ? "line-data medium" : "line-ack medium";
}

static const char *label_class(const struct ladder_row *row)
{
    if (row->flags & LASTACK_RST)
        return "mono bold word-reset";
    if (row->flags & LASTACK_SYN)
        return "mono bold word-opening";
    if (row->flags & LASTACK_FIN)
        return "mono bold word-closing";
    return row->length > 0 ? "mono" : "mono dim";
}

/* A remark on a pill of its colour. */
static void draw_remark(struct picture *picture, double y, const char *words, unsigned weight)
{
    static const char *const names[] = {"ack", "news", "trouble", "reset"};
    double width = svg_mono_width(words, 10.5) + 16;
    char class[64];

    snprintf(class, sizeof class, "fill-%s soft", names[weight]);
    svg_rect(picture->svg, MIDDLE_X - width / 2, y - 10.5, width, 14, 7, class);
    snprintf(class, sizeof class, "mono small word-%s", names[weight]);
    svg_words(picture->svg, MIDDLE_X, y, class, SVG_MIDDLE, words);
}

/* XML takes two blanks for one: a dot stands for them. */
static void draw_label(struct picture *picture, double y, const char *class, const char *label)
{
    struct text words = {0};

    for (const char *at = label; *at != '\0'; at++) {
        bool is_gap = at[0] == ' ' && at[1] == ' ';

        text_add_bytes(&words, is_gap ? " \u00b7 " : at, is_gap ? strlen(" \u00b7 ") : 1);
        at += is_gap;
    }
    svg_words(picture->svg, MIDDLE_X, y, class, SVG_MIDDLE, text_string(&words));
    text_free(&words);
}

static void draw_segment(struct picture *picture, const struct ladder_row *row)
{
    unsigned to = 1 - row->from;
    double y = picture->y + 20, inset = BAR / 2.0 + 2;
    double from_x = x_of(row->from) + (row->from == 0 ? inset : -inset);
    double to_x = x_of(to) + (to == 0 ? inset : -inset);
    struct text label = {0};
    struct lines lines;

    stamp(picture, y, row->at);
    svg_arrow(picture->svg, from_x, y, to_x, y + FALL, arrow_class(row));
    ladder_label_text(&label, row, LABEL_WIDTH);
    draw_label(picture, y - 3, label_class(row), text_string(&label));
    text_free(&label);
    go_to(picture, row->from, y, row);
    go_to(picture, to, y + FALL, row);
    unsigned notes = words_under(&lines, row);
    for (unsigned i = 0; i < lines.count; i++) {
        double base = y + 21 + LINE * i;

        if (i < notes)
            svg_words(picture->svg, MIDDLE_X, base, "mono small dim", SVG_MIDDLE,
                      text_string(&lines.line[i]));
        else
            draw_remark(picture, base, text_string(&lines.line[i]), ladder_remark_weight(row));
    }
    lines_free(&lines);
}

static void draw_note(struct picture *picture, const struct ladder_row *row)
{
    double y = picture->y + 14, x = x_of(row->from);

    stamp(picture, y, row->at);
    go_to(picture, row->from, y, row);
    svg_circle(picture->svg, x, y, 5.5, "card thin");
    svg_circle(picture->svg, x, y, 3, "fill-data");
    svg_words(picture->svg, x + (row->from == 0 ? 14 : -14), y + 4, "bold",
              row->from == 0 ? SVG_START : SVG_END, row->note != NULL ? row->note : "");
}

static void draw_fold(struct picture *picture, const struct ladder_row *row)
{
    struct text words = {0};

    text_add(&words, "\u2026 ");
    ladder_fold_text(&words, row);
    text_add(&words, " \u2026");
    stamp(picture, picture->y + 23, row->at);
    svg_rect(picture->svg, LEFT_X + 24, picture->y + 8, RIGHT_X - LEFT_X - 48, 30, 6, "band");
    svg_words(picture->svg, MIDDLE_X, picture->y + 27, "mono dim", SVG_MIDDLE, text_string(&words));
    text_free(&words);
}

/* The rails are broken: time that nobody spent talking. */
static void draw_pause(struct picture *picture, const struct ladder_row *row)
{
    struct text words = {0};
    double y = picture->y;

    for (unsigned end = 0; end < 2; end++) {
        svg_rect(picture->svg, x_of(end) - BAR, y + 11, 2 * BAR, 18, 0, "ground");
        svg_line(picture->svg, x_of(end), y + 13, x_of(end), y + 28, "line-ack dotted thick");
    }
    words_duration(&words, row->until - row->at);
    svg_words(picture->svg, MIDDLE_X, y + 24, "dim italic", SVG_MIDDLE, text_string(&words));
    text_free(&words);
}

static void draw_again(struct picture *picture)
{
    double y = picture->y + 22;

    svg_line(picture->svg, LEFT_X, y, RIGHT_X, y, "rail medium dashed");
    svg_rect(picture->svg, MIDDLE_X - 140, y - 11, 280, 22, 11, "card");
    svg_words(picture->svg, MIDDLE_X, y + 4, "bold", SVG_MIDDLE,
              "the same addresses, a new connection");
}

static void draw_row(struct picture *picture, const struct ladder_row *row)
{
    switch (row->kind) {
    case LADDER_SEGMENT:
        draw_segment(picture, row);
        break;
    case LADDER_NOTE:
        draw_note(picture, row);
        break;
    case LADDER_FOLD:
        draw_fold(picture, row);
        break;
    case LADDER_PAUSE:
        draw_pause(picture, row);
        break;
    case LADDER_AGAIN:
        draw_again(picture);
        break;
    }
    picture->y += height_of(row);
}

/* ---- one ladder ---- */

static unsigned foot_lines(const struct ladder *ladder, struct lines *lines)
{
    struct text words = {0};

    *lines = (struct lines){0};
    ladder_summary_text(&words, ladder);
    break_words(lines, text_string(&words), FOOT_WIDTH);
    text_free(&words);
    return lines->count;
}

static double rows_height(const struct ladder *ladder)
{
    double height = 0;

    for (size_t i = 0; i < ladder->count; i++)
        height += height_of(&ladder->rows[i]);
    return height;
}

static double ladder_height(const struct ladder *ladder)
{
    struct lines lines;
    unsigned foot = foot_lines(ladder, &lines);

    lines_free(&lines);
    return HEAD + TOP + rows_height(ladder) + 48 + FOOT_LINE * foot + 44;
}

static void draw_head(struct picture *picture, double top)
{
    const struct ladder *ladder = picture->ladder;

    for (unsigned end = 0; end < 2; end++) {
        double width = svg_mono_width(ladder->name[end], 14) + 36;
        bool has_role = ladder->role[end] != NULL;

        width = width < 180 ? 180 : width;
        svg_rect(picture->svg, x_of(end) - width / 2, top + 28, width, 50, 9, "card thin");
        svg_words(picture->svg, x_of(end), top + (has_role ? 50 : 58), "mono large bold",
                  SVG_MIDDLE, ladder->name[end]);
        if (has_role)
            svg_words(picture->svg, x_of(end), top + 67, "small dim", SVG_MIDDLE,
                      ladder->role[end]);
    }
}

static void draw_key(struct picture *picture, double y)
{
    svg_rect(picture->svg, TIME_X - 40, y - 9, 22, 9, 3, "fill-open");
    svg_words(picture->svg, TIME_X - 10, y, "small dim", SVG_START, "proven by that end's packets");
    svg_rect(picture->svg, LEFT_X + 4, y - 9, 22, 9, 3, "fill-open pale");
    svg_rect(picture->svg, LEFT_X + 4, y - 9, 22, 9, 3, "line-open thin dashed");
    svg_words(picture->svg, LEFT_X + 34, y, "small dim italic", SVG_START,
              "(STATE): if everything arrived; no packet of that end has proven it");
}

static void draw_foot(struct picture *picture)
{
    struct lines lines;
    double y = picture->y + 30;

    foot_lines(picture->ladder, &lines);
    for (unsigned i = 0; i < lines.count; i++)
        svg_words(picture->svg, TIME_X - 40, y + FOOT_LINE * i, i == 0 ? "bold" : "", SVG_START,
                  text_string(&lines.line[i]));
    draw_key(picture, y + FOOT_LINE * lines.count + 8);
    lines_free(&lines);
}

static void draw_ladder(const struct ladder *ladder, double top, struct text *svg)
{
    struct text bars = {0}, rows = {0};
    struct picture picture = {
        .ladder = ladder,
        .bars = &bars,
        .svg = &rows,
        .y = top + HEAD,
        .begin = ladder->count > 0 ? ladder->rows[0].at : 0,
        .state = {ladder->begin[0], ladder->begin[1]},
    };
    double end_y = top + HEAD + TOP + rows_height(ladder);

    for (unsigned end = 0; end < 2; end++) {
        svg_line(&bars, x_of(end), top + 78, x_of(end), end_y + 26, "rail medium");
        picture.since[end] = picture.y - 14;
        name_state(&picture, end, picture.y, &picture.state[end]);
    }
    draw_head(&picture, top);
    picture.y += TOP;
    for (size_t i = 0; i < ladder->count; i++)
        draw_row(&picture, &ladder->rows[i]);
    for (unsigned end = 0; end < 2; end++)
        end_bar(&picture, end, picture.y + 22);
    picture.y += 18;
    draw_foot(&picture);
    text_add_bytes(svg, text_string(&bars), bars.length);
    text_add_bytes(svg, text_string(&rows), rows.length);
    text_free(&bars);
    text_free(&rows);
}

void ladder_draw_svg(const struct ladder *const *ladders, size_t count, struct text *svg)
{
    struct text title = {0}, description = {0};
    double height = 8;

    for (size_t i = 0; i < count; i++) {
        CHECK(ladders[i]->is_finished);
        height += ladder_height(ladders[i]);
        text_addf(&title, "%s%s to %s", i == 0 ? "TCP " : ", ", ladders[i]->name[0],
                  ladders[i]->name[1]);
        ladder_summary_text(&description, ladders[i]);
        text_add(&description, " ");
    }
    svg_begin(svg, WIDTH, (int)height, text_string(&title), text_string(&description));
    double top = 0;
    for (size_t i = 0; i < count; i++) {
        if (i > 0)
            svg_line(svg, 40, top, WIDTH - 40, top, "rail thin");
        draw_ladder(ladders[i], top, svg);
        top += ladder_height(ladders[i]);
    }
    svg_end(svg);
    text_free(&title);
    text_free(&description);
}
