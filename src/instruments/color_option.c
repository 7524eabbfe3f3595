/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * color_option.c: a word, a terminal or none, NO_COLOR and TERM: colours or none.
 */
#include "color_option.h"

#include "color.h"
#include "host_rows.h"

#include <stdio.h>
#include <stdlib.h>

bool color_option(const char *verb, const char *text, bool *has_color)
{
    enum color_mode mode;

    if (!color_mode_parse(text, &mode)) {
        fprintf(stderr, "lastack %s: --color=%s: auto, always or never\n", verb, text);
        return false;
    }
    *has_color = color_wanted(mode, host_is_terminal(stdout), getenv("NO_COLOR"), getenv("TERM"));
    return true;
}
