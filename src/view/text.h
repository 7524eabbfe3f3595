/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * text.h: text that grows, and how wide it is on a terminal.
 *
 * Every viewer writes into a struct text and hands the whole to a FILE* at the end, so that
 * widths can be known before the first line is printed and a reader never sees half a table.
 *
 * What comes from outside (names of processes, of files, of cgroups) goes through text_add_safe:
 * it can move no cursor, ring no bell and pretend to be nothing it is not. Memory that cannot be
 * had ends the program (CHECK): a viewer has nothing left to show then.
 */
#ifndef LASTACK_TEXT_H
#define LASTACK_TEXT_H

#include <stdarg.h>
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>

struct text {
    char *data; /* NUL-terminated once something was added; NULL before */
    size_t length;
    size_t capacity;
};

void text_free(struct text *text);
/* Empty again; the memory is kept. */
void text_clear(struct text *text);
/* What it holds; "" rather than NULL. Valid until the next change. */
const char *text_string(const struct text *text);

void text_add(struct text *text, const char *string);
void text_add_bytes(struct text *text, const char *bytes, size_t length);
void text_add_repeat(struct text *text, const char *string, size_t times);
void text_addf(struct text *text, const char *format, ...) __attribute__((format(printf, 2, 3)));
void text_addfv(struct text *text, const char *format, va_list arguments)
    __attribute__((format(printf, 2, 0)));

/* In decimal; several times faster than text_addf, which counts in tables of a million rows. */
void text_add_number(struct text *text, uint64_t number);

/* `string` in `width` columns: padded with blanks, never cut. */
void text_add_left(struct text *text, const char *string, size_t width);
void text_add_right(struct text *text, const char *string, size_t width);

/* `string` with everything escaped as \xNN that is not printable: control characters, broken
 * UTF-8, and the marks that turn the direction of writing; and each of `also` with a backslash
 * before it (may be NULL). */
void text_add_safe(struct text *text, const char *string, const char *also);

/* Cuts off blanks at the end. */
void text_trim(struct text *text);

/* Columns that `length` bytes of UTF-8 take on a terminal. Escape sequences of colour (ESC [ ...
 * m) take none. */
size_t text_width(const char *string, size_t length);

/* One character of UTF-8 at `string` (at most `length` bytes): its code point, or -1 if it is
 * broken; *taken is how many bytes it has, at least 1. */
int32_t text_code_point(const char *string, size_t length, size_t *taken);

#endif
