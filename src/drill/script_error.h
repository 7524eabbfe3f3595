/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * script_error.h: what is wrong with a script, and where.
 *
 *     close-wait.pkt:6:21: expected a sequence range START:END(LENGTH), got "ack"
 *     0.100 < S ack 1 win 32792 <mss 1460>
 *               ^
 *
 * The first error ends parsing; there is never a second one to be misled by.
 */
#ifndef LASTACK_SCRIPT_ERROR_H
#define LASTACK_SCRIPT_ERROR_H

#include <stdarg.h>
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

/* A place in a script; both count from 1, columns in bytes. Line 0: no place (a command line
 * option). */
struct place {
    uint32_t line, column;
};

struct script_error {
    struct place place;
    char message[240]; /* empty: no error */
};

/* Sets the error if none is set yet. Always returns false, so that parsing functions can end with
 * it. */
bool script_error_at(struct script_error *error, struct place place, const char *format, ...)
    __attribute__((format(printf, 3, 4)));
bool script_error_vat(struct script_error *error, struct place place, const char *format,
                      va_list arguments) __attribute__((format(printf, 3, 0)));

/* One line of a text without its end; *length = 0 and an empty string behind the last line. */
const char *script_line(const char *text, size_t text_length, uint32_t line, size_t *length);

/* "FILE:LINE:COLUMN: message", the source line and a caret, each ended by a newline, into `out`
 * (always terminated when size > 0). Returns the length of the whole. Overlong source lines are
 * shown around the place; control characters are shown as '?'. */
size_t script_error_text(const struct script_error *error, const char *path, const char *text,
                         size_t text_length, char *out, size_t size);

#endif
