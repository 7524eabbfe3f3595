/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * script_error.c: keeping the first error and drawing its caret.
 */
#include "script_error.h"

#include <stdio.h>
#include <string.h>

enum { LINE_SHOWN = 160 }; /* bytes of a source line shown at the most */

bool script_error_vat(struct script_error *error, struct place place, const char *format,
                      va_list arguments)
{
    if (error->message[0] != '\0')
        return false;
    error->place = place;
    vsnprintf(error->message, sizeof error->message, format, arguments);
    return false;
}

bool script_error_at(struct script_error *error, struct place place, const char *format, ...)
{
    va_list arguments;

    va_start(arguments, format);
    script_error_vat(error, place, format, arguments);
    va_end(arguments);
    return false;
}

const char *script_line(const char *text, size_t text_length, uint32_t line, size_t *length)
{
    const char *at = text, *end = text + text_length;

    while (line > 1 && at < end) {
        const char *newline = memchr(at, '\n', (size_t)(end - at));

        at = newline == NULL ? end : newline + 1;
        line--;
    }
    const char *stop = at == end ? end : memchr(at, '\n', (size_t)(end - at));
    *length = (size_t)((stop == NULL ? end : stop) - at);
    return at;
}

/* The line, then a line of blanks and a caret under `column`. Tabs stay tabs in both, so the
 * caret stands right whatever their width is. */
static void draw_caret(const char *line, size_t length, uint32_t column,
                       char drawing[2 * LINE_SHOWN + 8])
{
    size_t first = column > LINE_SHOWN / 2 && length > LINE_SHOWN ? column - LINE_SHOWN / 2 : 0;
    size_t shown = length > first ? length - first : 0;
    size_t caret = column > first ? column - 1 - first : 0;
    char *to = drawing;

    if (shown > LINE_SHOWN)
        shown = LINE_SHOWN;
    for (size_t i = 0; i < shown; i++) {
        char c = line[first + i];

        *to++ = c == '\t' || (unsigned char)c >= ' ' ? c : '?';
    }
    *to++ = '\n';
    for (size_t i = 0; i < caret && i < LINE_SHOWN; i++)
        *to++ = i < shown && line[first + i] == '\t' ? '\t' : ' ';
    *to++ = '^';
    *to++ = '\n';
    *to = '\0';
}

size_t script_error_text(const struct script_error *error, const char *path, const char *text,
                         size_t text_length, char *out, size_t size)
{
    char drawing[2 * LINE_SHOWN + 8] = "";
    size_t length;
    const char *line;
    int written;

    if (error->place.line == 0) {
        written = snprintf(out, size, "%s: %s\n", path, error->message);
        return written < 0 ? 0 : (size_t)written;
    }
    line = script_line(text, text_length, error->place.line, &length);
    draw_caret(line, length, error->place.column, drawing);
    written = snprintf(out, size, "%s:%u:%u: %s\n%s", path, error->place.line, error->place.column,
                       error->message, drawing);
    return written < 0 ? 0 : (size_t)written;
}
