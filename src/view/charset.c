/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * charset.c: box drawing in ASCII.
 */
#include "charset.h"

#include <stdlib.h>
#include <string.h>
#include <strings.h>

static bool names_utf8(const char *locale)
{
    const char *dot = strchr(locale, '.');

    return dot != NULL && (strncasecmp(dot, ".utf-8", 6) == 0 || strncasecmp(dot, ".utf8", 5) == 0);
}

bool charset_is_plain(const char *lc_all, const char *lc_ctype, const char *lang)
{
    const char *const says[] = {lc_all, lc_ctype, lang};

    for (size_t i = 0; i < sizeof says / sizeof says[0]; i++)
        if (says[i] != NULL && says[i][0] != '\0')
            return !names_utf8(says[i]);
    return false;
}

static char plain_of(int32_t code)
{
    switch (code) {
    case 0x2500: /* ─ */
        return '-';
    case 0x2502: /* │ */
    case 0x250a: /* ┊ */
        return '|';
    case 0x2550: /* ═ */
        return '=';
    case 0x251c: /* ├ */
    case 0x2524: /* ┤ */
    case 0x255e: /* ╞ */
    case 0x2561: /* ╡ */
        return '+';
    case 0x25b6: /* ▶ */
    case 0x25ba: /* ► */
    case 0x2192: /* → */
        return '>';
    case 0x25c0: /* ◀ */
    case 0x25c4: /* ◄ */
    case 0x2190: /* ← */
        return '<';
    case 0x25cf: /* ● */
        return 'o';
    default:
        return code >= 0 && code < 0x80 ? (char)code : '?';
    }
}

void charset_make_plain(struct text *text)
{
    size_t taken, written = 0;

    for (size_t at = 0; at < text->length; at += taken)
        text->data[written++] =
            plain_of(text_code_point(text->data + at, text->length - at, &taken));
    text->length = written;
    if (text->data != NULL)
        text->data[written] = '\0';
}

void charset_suit(struct text *text, bool is_terminal)
{
    if (is_terminal && charset_is_plain(getenv("LC_ALL"), getenv("LC_CTYPE"), getenv("LANG")))
        charset_make_plain(text);
}
