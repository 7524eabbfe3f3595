/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * color_option.h: --color=auto|always|never of the verbs.
 */
#ifndef LASTACK_COLOR_OPTION_H
#define LASTACK_COLOR_OPTION_H

#include <stdbool.h>

/* Shall standard output have colours? False: `text` is none of the three words, and that has been
 * said in the name of `verb`. */
bool color_option(const char *verb, const char *text, bool *has_color);

#endif
