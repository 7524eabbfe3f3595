/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * states_diagram.c: where states stand, what arrows are called, and the two drawings.
 *
 *                      CLOSED
 *                      LISTEN
 *          SYN-RECEIVED      SYN-SENT
 *                    ESTABLISHED
 *          FIN-WAIT-1        CLOSE-WAIT
 *     FIN-WAIT-2   CLOSING      LAST-ACK
 *              TIME-WAIT          CLOSED
 *
 * CLOSED stands twice, as in the figure: where lives begin and where they end.
 */
#include "states_diagram.h"

#include "color.h"
#include "state.h"
#include "svg.h"

#include <inttypes.h>
#include <stdio.h>
#include <string.h>

static const struct states_arrow arrows[] = {
    {TCP_CLOSED, TCP_LISTEN, "passive open", NULL, NULL},
    {TCP_CLOSED, TCP_SYN_SENT, "active open", "SYN", NULL},
    {TCP_CLOSED, TCP_SYN_RECEIVED, "SYN by way of a listener", "SYN, ACK", "SYN cache"},
    {TCP_LISTEN, TCP_SYN_RECEIVED, "SYN arrives", "SYN, ACK", NULL},
    {TCP_LISTEN, TCP_SYN_SENT, "send", "SYN", NULL},
    {TCP_LISTEN, TCP_CLOSED, "close", NULL, NULL},
    {TCP_SYN_SENT, TCP_SYN_RECEIVED, "SYN arrives", "SYN, ACK", NULL},
    {TCP_SYN_SENT, TCP_ESTABLISHED, "SYN, ACK arrives", "ACK", NULL},
    {TCP_SYN_SENT, TCP_CLOSED, "close", NULL, NULL},
    {TCP_SYN_RECEIVED, TCP_ESTABLISHED, "ACK of SYN arrives", NULL, NULL},
    {TCP_SYN_RECEIVED, TCP_FIN_WAIT_1, "close", "FIN", NULL},
    {TCP_SYN_RECEIVED, TCP_LISTEN, "RST arrives", NULL, NULL},
    {TCP_SYN_RECEIVED, TCP_TIME_WAIT, "an old duplicate", NULL, "RFC 1122"},
    {TCP_ESTABLISHED, TCP_FIN_WAIT_1, "close", "FIN", NULL},
    {TCP_ESTABLISHED, TCP_CLOSE_WAIT, "FIN arrives", "ACK", NULL},
    {TCP_FIN_WAIT_1, TCP_FIN_WAIT_2, "ACK of FIN arrives", NULL, NULL},
    {TCP_FIN_WAIT_1, TCP_CLOSING, "FIN arrives", "ACK", NULL},
    {TCP_FIN_WAIT_1, TCP_TIME_WAIT, "FIN and ACK of FIN", "ACK", NULL},
    {TCP_FIN_WAIT_2, TCP_TIME_WAIT, "FIN arrives", "ACK", NULL},
    {TCP_CLOSE_WAIT, TCP_LAST_ACK, "close", "FIN", NULL},
    {TCP_CLOSING, TCP_TIME_WAIT, "ACK of FIN arrives", NULL, NULL},
    {TCP_LAST_ACK, TCP_CLOSED, "ACK of FIN arrives", NULL, NULL},
    {TCP_TIME_WAIT, TCP_CLOSED, "2MSL over", NULL, NULL},
    {TCP_TIME_WAIT, TCP_SYN_RECEIVED, "new SYN arrives", "SYN, ACK", "RFC 6191"},
    {TCP_TIME_WAIT, TCP_SYN_SENT, "connect() reuses it", "SYN", "RFC 6191"},
};

const struct states_arrow *states_arrow_of(enum tcp_state from, enum tcp_state to)
{
    for (size_t i = 0; i < sizeof arrows / sizeof arrows[0]; i++)
        if (arrows[i].from == from && arrows[i].to == to)
            return &arrows[i];
    return NULL;
}

/* A move that all states have, said once below the drawing. */
static bool is_common(enum tcp_state from, enum tcp_state to)
{
    return to == TCP_CLOSED && states_arrow_of(from, to) == NULL;
}

/* States from birth to death. */
static const enum tcp_state in_order[] = {
    TCP_CLOSED,     TCP_LISTEN,     TCP_SYN_SENT, TCP_SYN_RECEIVED, TCP_ESTABLISHED, TCP_FIN_WAIT_1,
    TCP_FIN_WAIT_2, TCP_CLOSE_WAIT, TCP_LAST_ACK, TCP_CLOSING,      TCP_TIME_WAIT,
};

enum { STATES = sizeof in_order / sizeof in_order[0] };

/* ---- text ---- */

static void text_arrows(enum tcp_state from, bool has_color, struct text *text)
{
    for (unsigned i = 0; i < STATES; i++) {
        const struct states_arrow *arrow = states_arrow_of(from, in_order[i]);
        struct text words = {0};

        if (!tcp_state_may_move(from, in_order[i]) || is_common(from, in_order[i]))
            continue;
        text_add(&words, arrow != NULL ? arrow->event : "?");
        if (arrow != NULL && arrow->action != NULL)
            text_addf(&words, " / %s", arrow->action);
        text_add(text, "  ");
        text_add_left(text, text_string(&words), 35);
        text_add(text, " ─► ");
        color_add(text, has_color, color_of_state(in_order[i]), lastack_state_text(in_order[i]));
        if (arrow != NULL && arrow->source != NULL)
            text_addf(text, "  (%s)", arrow->source);
        text_add(text, "\n");
        text_free(&words);
    }
}

void states_draw_text(const struct states_counts *counts, bool has_color, struct text *text)
{
    for (unsigned i = 0; i < STATES; i++) {
        color_add(text, has_color, color_of_state(in_order[i]), lastack_state_text(in_order[i]));
        if (counts != NULL && in_order[i] != TCP_CLOSED)
            text_addf(text, "  %" PRIu64, counts->count[in_order[i]]);
        text_add(text, "\n");
        text_arrows(in_order[i], has_color, text);
    }
    text_add(text, "\nevery state: RST arrives, abort, or a timeout gives up ─► CLOSED\n");
}

/* ---- SVG: where states stand ---- */

enum { WIDTH = 1040, HEIGHT = 1000, BOX_WIDTH = 168, BOX_HEIGHT = 52 };

struct place {
    double x, y; /* centre */
};

/* Where it stands as the end of an arrow; CLOSED at the bottom is the end of lives. */
static struct place place_of(enum tcp_state state, bool is_end_of_life)
{
    switch (state) {
    case TCP_CLOSED:
        return is_end_of_life ? (struct place){780, 850} : (struct place){520, 70};
    case TCP_LISTEN:
        return (struct place){520, 190};
    case TCP_SYN_RECEIVED:
        return (struct place){220, 320};
    case TCP_SYN_SENT:
        return (struct place){820, 320};
    case TCP_ESTABLISHED:
        return (struct place){520, 440};
    case TCP_FIN_WAIT_1:
        return (struct place){260, 560};
    case TCP_CLOSE_WAIT:
        return (struct place){780, 560};
    case TCP_FIN_WAIT_2:
        return (struct place){190, 715};
    case TCP_CLOSING:
        return (struct place){520, 715};
    case TCP_LAST_ACK:
        return (struct place){780, 715};
    case TCP_TIME_WAIT:
        return (struct place){390, 850};
    }
    return (struct place){0, 0};
}

/* How an arrow runs: from a point on its box's edge, by way of a control point (a quadratic
 * curve; none if x is 0), to a point on the other's edge. Offsets are from the centres. And
 * where its name stands. */
struct route {
    enum tcp_state from, to;
    double from_dx, from_dy, by_x, by_y, to_dx, to_dy;
    double name_x, name_y;
    enum svg_anchor anchor;
};

enum { W = BOX_WIDTH / 2, H = BOX_HEIGHT / 2 };

static const struct route routes[] = {
    {TCP_CLOSED, TCP_LISTEN, -16, H, 0, 0, -16, -H, 494, 134, SVG_END},
    {TCP_LISTEN, TCP_CLOSED, 16, -H, 0, 0, 16, H, 546, 134, SVG_START},
    {TCP_CLOSED, TCP_SYN_SENT, W, 6, 850, 80, 24, -H, 800, 112, SVG_START},
    {TCP_SYN_SENT, TCP_CLOSED, -24, -H, 780, 130, W, 18, 706, 182, SVG_END},
    {TCP_CLOSED, TCP_SYN_RECEIVED, -W, 0, 200, 76, -6, -H, 236, 112, SVG_END},
    {TCP_LISTEN, TCP_SYN_RECEIVED, -W, -4, 250, 196, 24, -H, 330, 172, SVG_END},
    {TCP_SYN_RECEIVED, TCP_LISTEN, 64, -H, 330, 236, -W, 14, 352, 250, SVG_START},
    {TCP_LISTEN, TCP_SYN_SENT, W, 8, 720, 210, -64, -H, 622, 228, SVG_START},
    {TCP_SYN_SENT, TCP_SYN_RECEIVED, -W, 0, 0, 0, W, 0, 520, 298, SVG_MIDDLE},
    {TCP_SYN_RECEIVED, TCP_ESTABLISHED, 50, H, 320, 425, -W, -6, 354, 396, SVG_START},
    {TCP_SYN_SENT, TCP_ESTABLISHED, -50, H, 720, 425, W, -6, 686, 396, SVG_END},
    {TCP_SYN_RECEIVED, TCP_FIN_WAIT_1, -20, H, 196, 450, -50, -H, 188, 440, SVG_END},
    {TCP_ESTABLISHED, TCP_FIN_WAIT_1, -W, 12, 330, 462, 20, -H, 316, 464, SVG_END},
    {TCP_ESTABLISHED, TCP_CLOSE_WAIT, W, 12, 740, 462, -20, -H, 738, 464, SVG_START},
    {TCP_FIN_WAIT_1, TCP_FIN_WAIT_2, -30, H, 200, 620, -4, -H, 188, 634, SVG_END},
    {TCP_FIN_WAIT_1, TCP_CLOSING, W, 8, 500, 580, 0, -H, 518, 618, SVG_START},
    {TCP_FIN_WAIT_1, TCP_TIME_WAIT, 20, H, 350, 700, -10, -H, 336, 640, SVG_START},
    {TCP_FIN_WAIT_2, TCP_TIME_WAIT, 0, H, 190, 840, -W, -6, 218, 776, SVG_START},
    {TCP_CLOSE_WAIT, TCP_LAST_ACK, 0, H, 0, 0, 0, -H, 790, 640, SVG_START},
    {TCP_CLOSING, TCP_TIME_WAIT, -10, H, 500, 800, 40, -H, 516, 790, SVG_START},
    {TCP_LAST_ACK, TCP_CLOSED, 0, H, 0, 0, 0, -H, 790, 786, SVG_START},
    {TCP_TIME_WAIT, TCP_CLOSED, W, 0, 0, 0, -W, 0, 585, 840, SVG_MIDDLE},
    {TCP_SYN_RECEIVED, TCP_TIME_WAIT, -W, -8, -60, 860, -W, 4, 76, 572, SVG_START},
    {TCP_TIME_WAIT, TCP_SYN_RECEIVED, -W, 14, -160, 880, -W, 4, 70, 878, SVG_START},
    {TCP_TIME_WAIT, TCP_SYN_SENT, 40, H, 1190, 1060, W, 6, 944, 470, SVG_END},
};

static const struct route *route_of(enum tcp_state from, enum tcp_state to)
{
    for (size_t i = 0; i < sizeof routes / sizeof routes[0]; i++)
        if (routes[i].from == from && routes[i].to == to)
            return &routes[i];
    return NULL;
}

static bool ends_life(enum tcp_state from, enum tcp_state to)
{
    return to == TCP_CLOSED && (from == TCP_LAST_ACK || from == TCP_TIME_WAIT);
}

/* ---- SVG: drawing ---- */

static const char *line_class(enum tcp_state from, const struct states_arrow *arrow)
{
    if (arrow == NULL || arrow->source != NULL)
        return "line-ack medium dashed";
    switch (from) {
    case TCP_CLOSED:
    case TCP_LISTEN:
    case TCP_SYN_SENT:
    case TCP_SYN_RECEIVED:
        return "line-opening medium";
    case TCP_ESTABLISHED:
        return "line-open medium";
    case TCP_FIN_WAIT_1:
    case TCP_FIN_WAIT_2:
    case TCP_CLOSING:
        return "line-closing medium";
    case TCP_TIME_WAIT:
        return "line-waiting medium";
    case TCP_CLOSE_WAIT:
    case TCP_LAST_ACK:
        return "line-left medium";
    }
    return "line-ack medium";
}

/* What happens, and under it what is sent. */
static void draw_name(const struct states_arrow *arrow, const struct route *route, struct text *svg)
{
    char action[64];

    svg_words(svg, route->name_x, route->name_y, "", route->anchor, arrow->event);
    if (arrow->action == NULL)
        return;
    snprintf(action, sizeof action, "send %s", arrow->action);
    svg_words(svg, route->name_x, route->name_y + 14, "small mono dim", route->anchor, action);
}

static void draw_arrow(enum tcp_state from, enum tcp_state to, struct text *lines,
                       struct text *names)
{
    static const struct route straight = {.anchor = SVG_MIDDLE};
    const struct states_arrow *arrow = states_arrow_of(from, to);
    const struct route *route = route_of(from, to);
    struct place begin = place_of(from, false), end = place_of(to, ends_life(from, to));

    if (route == NULL)
        route = &straight;
    double x1 = begin.x + route->from_dx, y1 = begin.y + route->from_dy;
    double x2 = end.x + route->to_dx, y2 = end.y + route->to_dy;
    if (route->by_x == 0)
        svg_arrow(lines, x1, y1, x2, y2, line_class(from, arrow));
    else
        svg_curve(lines, x1, y1, route->by_x, route->by_y, x2, y2, line_class(from, arrow));
    if (arrow != NULL && route != &straight)
        draw_name(arrow, route, names);
}

static void draw_box(enum tcp_state state, struct place place, const struct states_counts *counts,
                     struct text *svg)
{
    const char *class = svg_state_class(state);
    bool has_count = counts != NULL && state != TCP_CLOSED;
    char words[64];

    svg_rect(svg, place.x - W, place.y - H, BOX_WIDTH, BOX_HEIGHT, 10, "ground");
    snprintf(words, sizeof words, "fill-%s soft", class);
    svg_rect(svg, place.x - W, place.y - H, BOX_WIDTH, BOX_HEIGHT, 10, words);
    snprintf(words, sizeof words, "line-%s medium", class);
    svg_rect(svg, place.x - W, place.y - H, BOX_WIDTH, BOX_HEIGHT, 10, words);
    snprintf(words, sizeof words, "mono large bold word-%s", class);
    svg_words(svg, place.x, place.y + (has_count ? -3 : 5), words, SVG_MIDDLE,
              lastack_state_text(state));
    if (!has_count)
        return;
    snprintf(words, sizeof words, "%" PRIu64, counts->count[state]);
    svg_words(svg, place.x, place.y + 16, counts->count[state] > 0 ? "bold" : "dim", SVG_MIDDLE,
              words);
}

static void draw_foot(const struct states_counts *counts, const char *subject, struct text *svg)
{
    char words[160];

    svg_words(svg, 40, HEIGHT - 66, "", SVG_START,
              "Every state goes to CLOSED, too, when a RST arrives, by abort, or when a timeout "
              "gives up.");
    svg_words(
        svg, 40, HEIGHT - 46, "dim small", SVG_START,
        "RFC 9293 Figure 5, drawn from the table of moves that the code checks. "
        "Dashed: not in the figure (RFC 6191; connect() on TIME-WAIT; requests of a listener).");
    if (counts == NULL)
        return;
    snprintf(words, sizeof words, "Numbers: connections of %s now.",
             subject != NULL ? subject : "this host");
    svg_words(svg, 40, HEIGHT - 26, "dim small", SVG_START, words);
}

void states_draw_svg(const struct states_counts *counts, const char *subject, struct text *svg)
{
    struct text lines = {0}, names = {0};

    for (unsigned i = 0; i < STATES; i++)
        for (unsigned j = 0; j < STATES; j++)
            if (tcp_state_may_move(in_order[i], in_order[j]) &&
                !is_common(in_order[i], in_order[j]))
                draw_arrow(in_order[i], in_order[j], &lines, &names);
    svg_begin(
        svg, WIDTH, HEIGHT, "TCP connection states",
        "The eleven states of a TCP connection and the moves between them, RFC 9293 Figure 5");
    text_add_bytes(svg, text_string(&lines), lines.length);
    for (unsigned i = 0; i < STATES; i++)
        draw_box(in_order[i], place_of(in_order[i], false), counts, svg);
    draw_box(TCP_CLOSED, place_of(TCP_CLOSED, true), NULL, svg);
    text_add_bytes(svg, text_string(&names), names.length);
    draw_foot(counts, subject, svg);
    svg_end(svg);
    text_free(&lines);
    text_free(&names);
}
