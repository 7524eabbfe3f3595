/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * color.c: eight colours that are readable on dark and on light grounds.
 */
#include "color.h"

#include "check.h"

#include <string.h>

bool color_mode_parse(const char *word, enum color_mode *mode)
{
    static const char *const words[] = {"auto", "always", "never"};

    for (unsigned i = 0; i < sizeof words / sizeof words[0]; i++) {
        if (strcmp(word, words[i]) == 0) {
            *mode = (enum color_mode)i;
            return true;
        }
    }
    return false;
}

bool color_wanted(enum color_mode mode, bool is_terminal, const char *no_color, const char *term)
{
    if (mode != COLOR_AUTO)
        return mode == COLOR_ALWAYS;
    if (no_color != NULL && no_color[0] != '\0')
        return false;
    if (term != NULL && strcmp(term, "dumb") == 0)
        return false;
    return is_terminal;
}

enum color color_of_state(enum tcp_state state)
{
    switch (state) {
    case TCP_ESTABLISHED:
        return COLOR_OPEN;
    case TCP_SYN_SENT:
    case TCP_SYN_RECEIVED:
    case TCP_LISTEN:
        return COLOR_OPENING;
    case TCP_FIN_WAIT_1:
    case TCP_FIN_WAIT_2:
    case TCP_CLOSING:
    case TCP_TIME_WAIT:
        return COLOR_CLOSING;
    case TCP_CLOSE_WAIT:
    case TCP_LAST_ACK:
        return COLOR_LEFT;
    case TCP_CLOSED:
        return COLOR_DIM;
    }
    return COLOR_NONE;
}

void color_add(struct text *text, bool on, enum color color, const char *string)
{
    static const char *const codes[] = {"", "1", "2", "36", "32", "33", "35", "31"};

    CHECK(color < sizeof codes / sizeof codes[0]);
    if (!on || color == COLOR_NONE) {
        text_add(text, string);
        return;
    }
    text_addf(text, "\x1b[%sm%s\x1b[0m", codes[color], string);
}
