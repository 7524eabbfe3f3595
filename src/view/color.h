/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * color.h: colour on terminals, and when not.
 *
 * --color=auto|always|never; NO_COLOR (any value but empty) and TERM=dumb turn `auto` off.
 * Colour never carries meaning alone: every coloured word is there in words, too.
 */
#ifndef LASTACK_COLOR_H
#define LASTACK_COLOR_H

#include "text.h"

#include <lastack/trace.h>

enum color_mode { COLOR_AUTO, COLOR_ALWAYS, COLOR_NEVER };

/* "auto", "always", "never"; false for any other word. */
bool color_mode_parse(const char *word, enum color_mode *mode);

/* The decision: `is_terminal` is where the output goes, the two others are environment variables
 * (NULL = not set). */
bool color_wanted(enum color_mode mode, bool is_terminal, const char *no_color, const char *term);

enum color {
    COLOR_NONE,
    COLOR_BOLD,
    COLOR_DIM,
    COLOR_OPENING, /* SYN-SENT, SYN-RECEIVED, LISTEN */
    COLOR_OPEN,    /* ESTABLISHED */
    COLOR_CLOSING, /* the end that closed first: FIN-WAIT, CLOSING, TIME-WAIT */
    COLOR_LEFT,    /* the end that was left: CLOSE-WAIT, LAST-ACK */
    COLOR_TROUBLE, /* resets, retransmissions, refusals */
};

/* The colour of a state: which part of life it belongs to. */
enum color color_of_state(enum tcp_state state);

/* `string` in `color`, when `on`. */
void color_add(struct text *text, bool on, enum color color, const char *string);

#endif
