/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * svg.c: the style sheet and the shapes.
 *
 * One colour for each part of a connection's life, the same in ladders and in the state diagram:
 *
 *     opening  blue     SYN-SENT, SYN-RECEIVED, LISTEN
 *     open     green    ESTABLISHED
 *     closing  amber    FIN-WAIT-1, FIN-WAIT-2, CLOSING: the end that closed first
 *     waiting  brown    TIME-WAIT
 *     left     violet   CLOSE-WAIT, LAST-ACK: the end that was left
 *     closed   grey     CLOSED
 *
 * Each class has .fill-, .line- and .word- forms, so that a rectangle, a stroke and a word of
 * one state match.
 */
#include "svg.h"

#include <math.h>
#include <stdlib.h>
#include <string.h>

/* (name, fill and stroke, words on light; the same on dark) */
#define SVG_COLORS(X)                                                                              \
    X("opening", "#3b82f6", "#1d4ed8", "#60a5fa", "#93c5fd")                                       \
    X("open", "#16a34a", "#15803d", "#34d399", "#6ee7b7")                                          \
    X("closing", "#f59e0b", "#b45309", "#fbbf24", "#fcd34d")                                       \
    X("waiting", "#b45309", "#92400e", "#d97706", "#fdba74")                                       \
    X("left", "#8b5cf6", "#6d28d9", "#a78bfa", "#c4b5fd")                                          \
    X("closed", "#9ca3af", "#6b7280", "#6b7280", "#9ca3af")                                        \
    X("data", "#334155", "#334155", "#cbd5e1", "#cbd5e1")                                          \
    X("ack", "#94a3b8", "#64748b", "#64748b", "#94a3b8")                                           \
    X("trouble", "#ea580c", "#c2410c", "#fb923c", "#fdba74")                                       \
    X("reset", "#dc2626", "#b91c1c", "#f87171", "#fca5a5")                                         \
    X("news", "#0891b2", "#0e7490", "#22d3ee", "#67e8f9")

static const char sheet_common[] =
    "text{font-family:ui-sans-serif,system-ui,'Segoe UI',Roboto,'DejaVu Sans',sans-serif;"
    "font-size:12px}\n"
    ".mono{font-family:ui-monospace,SFMono-Regular,Menlo,Consolas,'DejaVu Sans Mono',monospace}\n"
    ".small{font-size:10.5px}.large{font-size:14px}.bold{font-weight:600}.italic{font-style:italic}"
    "\n"
    ".thin{stroke-width:1;fill:none}.thick{stroke-width:2.2;fill:none}.medium{stroke-width:1.5;"
    "fill:"
    "none}\n"
    ".dashed{stroke-dasharray:5 4}.dotted{stroke-dasharray:1.5 4;stroke-linecap:round}\n"
    ".pale{fill-opacity:.22}.soft{fill-opacity:.13}\n";

static const char sheet_light[] = ".ground{fill:#ffffff}.line-ground{stroke:#ffffff}.card{fill:#"
                                  "f8fafc;stroke:#cbd5e1}.rail{stroke:#cbd5e1}"
                                  ".band{fill:#f1f5f9}text{fill:#1e293b}.dim{fill:#64748b}\n";

static const char sheet_dark[] = ".ground{fill:#0d1117}.line-ground{stroke:#0d1117}.card{fill:#"
                                 "161b22;stroke:#3d444d}.rail{stroke:#3d444d}"
                                 ".band{fill:#161b22}text{fill:#e6edf3}.dim{fill:#9198a1}\n";

static void add_color(struct text *svg, const char *name, const char *shape, const char *word)
{
    text_addf(svg, ".fill-%s{fill:%s}.line-%s{stroke:%s}.word-%s{fill:%s}\n", name, shape, name,
              shape, name, word);
}

static void add_sheet(struct text *svg)
{
    text_add(svg, "<style>\n");
    text_add(svg, sheet_common);
    text_add(svg, sheet_light);
#define X(name, shape, word, dark_shape, dark_word) add_color(svg, name, shape, word);
    SVG_COLORS(X)
#undef X
    text_add(svg, "@media (prefers-color-scheme:dark){\n");
    text_add(svg, sheet_dark);
#define X(name, shape, word, dark_shape, dark_word) add_color(svg, name, dark_shape, dark_word);
    SVG_COLORS(X)
#undef X
    text_add(svg, "}\n</style>\n");
}

void svg_begin(struct text *svg, int width, int height, const char *title, const char *description)
{
    text_addf(svg,
              "<svg xmlns=\"http://www.w3.org/2000/svg\" width=\"%d\" height=\"%d\" "
              "viewBox=\"0 0 %d %d\" role=\"img\">\n<title>",
              width, height, width, height);
    svg_escape(svg, title);
    text_add(svg, "</title>\n<desc>");
    svg_escape(svg, description);
    text_add(svg, "</desc>\n");
    add_sheet(svg);
    text_addf(svg, "<rect class=\"ground\" width=\"%d\" height=\"%d\" rx=\"8\"/>\n", width, height);
}

void svg_end(struct text *svg)
{
    text_add(svg, "</svg>\n");
}

void svg_escape(struct text *svg, const char *string)
{
    struct text safe = {0};

    text_add_safe(&safe, string, NULL);
    for (const char *at = text_string(&safe); *at != '\0'; at++) {
        if (*at == '&')
            text_add(svg, "&amp;");
        else if (*at == '<')
            text_add(svg, "&lt;");
        else if (*at == '>')
            text_add(svg, "&gt;");
        else if (*at == '"')
            text_add(svg, "&quot;");
        else
            text_add_bytes(svg, at, 1);
    }
    text_free(&safe);
}

/* A number with at most one decimal, and never in a locale's manner. */
static void add_number(struct text *svg, double number)
{
    long tenths = lround(number * 10);

    text_addf(svg, tenths < 0 ? "-%ld" : "%ld", labs(tenths) / 10);
    if (tenths % 10 != 0)
        text_addf(svg, ".%ld", labs(tenths) % 10);
}

static void add_attribute(struct text *svg, const char *name, double number)
{
    text_addf(svg, " %s=\"", name);
    add_number(svg, number);
    text_add(svg, "\"");
}

void svg_words(struct text *svg, double x, double y, const char *class, enum svg_anchor anchor,
               const char *words)
{
    static const char *const anchors[] = {"", " text-anchor=\"middle\"", " text-anchor=\"end\""};

    text_add(svg, "<text");
    add_attribute(svg, "x", x);
    add_attribute(svg, "y", y);
    text_addf(svg, "%s class=\"%s\">", anchors[anchor], class);
    svg_escape(svg, words);
    text_add(svg, "</text>\n");
}

void svg_rect(struct text *svg, double x, double y, double width, double height, double radius,
              const char *class)
{
    text_add(svg, "<rect");
    add_attribute(svg, "x", x);
    add_attribute(svg, "y", y);
    add_attribute(svg, "width", width);
    add_attribute(svg, "height", height);
    add_attribute(svg, "rx", radius);
    text_addf(svg, " class=\"%s\"/>\n", class);
}

void svg_line(struct text *svg, double x1, double y1, double x2, double y2, const char *class)
{
    text_add(svg, "<line");
    add_attribute(svg, "x1", x1);
    add_attribute(svg, "y1", y1);
    add_attribute(svg, "x2", x2);
    add_attribute(svg, "y2", y2);
    text_addf(svg, " class=\"%s\"/>\n", class);
}

void svg_circle(struct text *svg, double x, double y, double radius, const char *class)
{
    text_add(svg, "<circle");
    add_attribute(svg, "cx", x);
    add_attribute(svg, "cy", y);
    add_attribute(svg, "r", radius);
    text_addf(svg, " class=\"%s\"/>\n", class);
}

/* The class of the point: that of the line with "line-" turned into "fill-". */
static void add_point_class(struct text *svg, const char *class)
{
    const char *line = strstr(class, "line-");
    size_t length = line == NULL ? 0 : strcspn(line + 5, " ");

    text_add(svg, "fill-");
    if (line != NULL)
        text_add_bytes(svg, line + 5, length);
}

/* Where a line that comes from (x, y) has to end so that its point ends at (x2, y2). */
struct point {
    double x, y;
};

static struct point add_point(struct text *svg, double x, double y, double x2, double y2,
                              const char *class)
{
    const double length = 9, half = 3.8;
    double span = hypot(x2 - x, y2 - y);
    double ux = span > 0 ? (x2 - x) / span : 1, uy = span > 0 ? (y2 - y) / span : 0;
    struct point base = {x2 - ux * length, y2 - uy * length};
    const double points[6] = {
        x2, y2, base.x - uy * half, base.y + ux * half, base.x + uy * half, base.y - ux * half};

    text_add(svg, "<polygon points=\"");
    for (unsigned i = 0; i < 6; i++) {
        text_add(svg, i == 0 ? "" : i % 2 ? "," : " ");
        add_number(svg, points[i]);
    }
    text_add(svg, "\" class=\"");
    add_point_class(svg, class);
    text_add(svg, "\"/>\n");
    return base;
}

void svg_arrow(struct text *svg, double x1, double y1, double x2, double y2, const char *class)
{
    struct point base = add_point(svg, x1, y1, x2, y2, class);

    svg_line(svg, x1, y1, base.x, base.y, class);
}

void svg_curve(struct text *svg, double x1, double y1, double by_x, double by_y, double x2,
               double y2, const char *class)
{
    struct point base = add_point(svg, by_x, by_y, x2, y2, class);
    const double numbers[6] = {x1, y1, by_x, by_y, base.x, base.y};

    text_add(svg, "<path d=\"");
    for (unsigned i = 0; i < 6; i++) {
        text_add(svg, i == 0 ? "M" : i == 2 ? " Q" : " ");
        add_number(svg, numbers[i]);
    }
    text_addf(svg, "\" class=\"%s\"/>\n", class);
}

double svg_mono_width(const char *string, double size)
{
    return (double)text_width(string, strlen(string)) * size * 0.602;
}

const char *svg_state_class(enum tcp_state state)
{
    switch (state) {
    case TCP_SYN_SENT:
    case TCP_SYN_RECEIVED:
    case TCP_LISTEN:
        return "opening";
    case TCP_ESTABLISHED:
        return "open";
    case TCP_FIN_WAIT_1:
    case TCP_FIN_WAIT_2:
    case TCP_CLOSING:
        return "closing";
    case TCP_TIME_WAIT:
        return "waiting";
    case TCP_CLOSE_WAIT:
    case TCP_LAST_ACK:
        return "left";
    case TCP_CLOSED:
        return "closed";
    }
    return "closed";
}
