/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * svg.h: shapes and words of an SVG document, as text.
 *
 * Self-contained: no script, no link, no font but those every system has. Colours are classes in
 * one style sheet, with a second set for who prefers dark grounds. Lengths are pixels.
 *
 * Nothing can be measured here, so words whose width matters are set in a fixed-width font, whose
 * characters are 0.602 of its size wide.
 */
#ifndef LASTACK_SVG_H
#define LASTACK_SVG_H

#include "text.h"

#include <lastack/trace.h>

enum svg_anchor { SVG_START, SVG_MIDDLE, SVG_END };

/* The document's begin: size, style sheet, ground. `title` and `description` are for readers
 * that do not see. */
void svg_begin(struct text *svg, int width, int height, const char *title, const char *description);
void svg_end(struct text *svg);

/* Words at (x, y) of their base line. `class` as in the style sheet, e.g. "mono dim". */
void svg_words(struct text *svg, double x, double y, const char *class, enum svg_anchor anchor,
               const char *words);
void svg_rect(struct text *svg, double x, double y, double width, double height, double radius,
              const char *class);
void svg_line(struct text *svg, double x1, double y1, double x2, double y2, const char *class);
void svg_circle(struct text *svg, double x, double y, double radius, const char *class);
/* A line that ends in a point. */
void svg_arrow(struct text *svg, double x1, double y1, double x2, double y2, const char *class);
/* The same, bent by way of a control point. */
void svg_curve(struct text *svg, double x1, double y1, double by_x, double by_y, double x2,
               double y2, const char *class);

/* Adds `string` with what XML must not see escaped. */
void svg_escape(struct text *svg, const char *string);

/* Width of `string` in the fixed-width font at `size`. */
double svg_mono_width(const char *string, double size);

/* The class that colours a state: "opening", "open", "closing", "left", "waiting", "closed". */
const char *svg_state_class(enum tcp_state state);

#endif
