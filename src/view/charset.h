/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * charset.h: drawings on a terminal that cannot show their lines.
 *
 *     UTF-8   ├─ SYN  seq 0 ──────►│        ASCII   +- SYN  seq 0 ------>|
 *
 * Only what a terminal shows changes; files and pipes get UTF-8 as ever.
 */
#ifndef LASTACK_CHARSET_H
#define LASTACK_CHARSET_H

#include "text.h"

/* Do these say that the terminal is not one of UTF-8? The values of LC_ALL, LC_CTYPE and LANG, each
 * may be NULL or empty: the first that is neither decides. None at all says nothing, and terminals
 * of our days are. */
bool charset_is_plain(const char *lc_all, const char *lc_ctype, const char *lang);

/* Each character beyond ASCII becomes one of ASCII, of the same shape where there is one. */
void charset_make_plain(struct text *text);

/* The two above, for what goes to `out` if that is a terminal, with this process's environment. */
void charset_suit(struct text *text, bool is_terminal);

#endif
