/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * text.c: growing by doubling; UTF-8 as RFC 3629 has it (no overlong forms, no surrogates, up to
 * 10FFFF).
 *
 * Widths follow the East Asian Width property in its coarse form: a handful of blocks are two
 * columns wide, combining marks none. That is what terminals agree on; the rest of Unicode is
 * one column.
 */
#include "text.h"

#include "check.h"

#include <stdlib.h>
#include <string.h>

static void reserve(struct text *text, size_t more)
{
    size_t need = text->length + more + 1;

    CHECK(need > more);
    if (need <= text->capacity)
        return;
    size_t capacity = text->capacity < 128 ? 128 : text->capacity;
    while (capacity < need)
        capacity *= 2;
    text->data = realloc(text->data, capacity);
    CHECK(text->data != NULL);
    text->capacity = capacity;
}

void text_free(struct text *text)
{
    free(text->data);
    *text = (struct text){0};
}

void text_clear(struct text *text)
{
    text->length = 0;
    if (text->data != NULL)
        text->data[0] = '\0';
}

const char *text_string(const struct text *text)
{
    return text->data != NULL ? text->data : "";
}

void text_add_bytes(struct text *text, const char *bytes, size_t length)
{
    reserve(text, length);
    memcpy(text->data + text->length, bytes, length);
    text->length += length;
    text->data[text->length] = '\0';
}

void text_add(struct text *text, const char *string)
{
    text_add_bytes(text, string, strlen(string));
}

void text_add_repeat(struct text *text, const char *string, size_t times)
{
    for (size_t i = 0; i < times; i++)
        text_add(text, string);
}

void text_addfv(struct text *text, const char *format, va_list arguments)
{
    va_list again;

    CHECK(format != NULL);
    va_copy(again, arguments);
    int length = vsnprintf(NULL, 0, format, again);
    va_end(again);
    CHECK(length >= 0);
    reserve(text, (size_t)length);
    vsnprintf(text->data + text->length, (size_t)length + 1, format, arguments);
    text->length += (size_t)length;
}

void text_addf(struct text *text, const char *format, ...)
{
    va_list arguments;

    va_start(arguments, format);
    text_addfv(text, format, arguments);
    va_end(arguments);
}

void text_add_number(struct text *text, uint64_t number)
{
    char digits[20];
    size_t at = sizeof digits;

    do {
        digits[--at] = (char)('0' + number % 10);
        number /= 10;
    } while (number != 0);
    text_add_bytes(text, digits + at, sizeof digits - at);
}

void text_add_left(struct text *text, const char *string, size_t width)
{
    size_t taken = text_width(string, strlen(string));

    text_add(text, string);
    if (taken < width)
        text_add_repeat(text, " ", width - taken);
}

void text_add_right(struct text *text, const char *string, size_t width)
{
    size_t taken = text_width(string, strlen(string));

    if (taken < width)
        text_add_repeat(text, " ", width - taken);
    text_add(text, string);
}

/* How many bytes follow this first byte; -1 for a byte that starts nothing. */
static int following(unsigned char first)
{
    if (first < 0x80)
        return 0;
    if (first >= 0xc2 && first <= 0xdf)
        return 1;
    if (first >= 0xe0 && first <= 0xef)
        return 2;
    if (first >= 0xf0 && first <= 0xf4)
        return 3;
    return -1;
}

int32_t text_code_point(const char *string, size_t length, size_t *taken)
{
    static const int32_t smallest[] = {0, 0x80, 0x800, 0x10000};
    static const unsigned char mask[] = {0x7f, 0x1f, 0x0f, 0x07};
    const unsigned char *bytes = (const unsigned char *)string;
    int more = length == 0 ? -1 : following(bytes[0]);

    *taken = 1;
    if (more < 0 || (size_t)more >= length)
        return -1;
    int32_t point = bytes[0] & mask[more];
    for (int i = 1; i <= more; i++) {
        if ((bytes[i] & 0xc0) != 0x80)
            return -1;
        point = point << 6 | (bytes[i] & 0x3f);
    }
    if (point < smallest[more] || point > 0x10ffff || (point >= 0xd800 && point <= 0xdfff))
        return -1;
    *taken = (size_t)more + 1;
    return point;
}

/* May stand in a terminal's line: no control character, nothing invisible that changes what is
 * seen. */
static bool is_harmless(int32_t point)
{
    if (point < 0x20 || (point >= 0x7f && point < 0xa0))
        return false;
    if (point >= 0x200b && point <= 0x200f) /* zero width, direction marks */
        return false;
    if (point >= 0x2028 &&
        point <= 0x202e) /* line and paragraph separators, embeddings, overrides */
        return false;
    if (point >= 0x2060 && point <= 0x206f) /* invisible operators, isolates */
        return false;
    return point != 0xfeff && point != 0x61c && (point < 0xe0000 || point > 0xe0fff);
}

void text_add_safe(struct text *text, const char *string, const char *also)
{
    size_t length = strlen(string), taken;

    for (size_t at = 0; at < length; at += taken) {
        int32_t point = text_code_point(string + at, length - at, &taken);

        if (point < 0 || !is_harmless(point)) {
            for (size_t i = 0; i < taken; i++)
                text_addf(text, "\\x%02x", (unsigned char)string[at + i]);
            continue;
        }
        if (also != NULL && taken == 1 && strchr(also, string[at]) != NULL)
            text_add(text, "\\");
        text_add_bytes(text, string + at, taken);
    }
}

void text_trim(struct text *text)
{
    while (text->length > 0 && text->data[text->length - 1] == ' ')
        text->data[--text->length] = '\0';
}

static size_t columns_of(int32_t point)
{
    static const struct {
        int32_t from, to;
    } wide[] = {
        {0x1100, 0x115f},   {0x2e80, 0x303e}, {0x3041, 0x4dbf},   {0x4e00, 0x9fff},
        {0xa000, 0xa4cf},   {0xac00, 0xd7a3}, {0xf900, 0xfaff},   {0xfe30, 0xfe6f},
        {0xff00, 0xff60},   {0xffe0, 0xffe6}, {0x1f300, 0x1f64f}, {0x1f900, 0x1f9ff},
        {0x20000, 0x3fffd},
    };

    if ((point >= 0x300 && point <= 0x36f) || (point >= 0x20d0 && point <= 0x20ff))
        return 0;
    for (size_t i = 0; i < sizeof wide / sizeof wide[0]; i++)
        if (point >= wide[i].from && point <= wide[i].to)
            return 2;
    return 1;
}

/* Bytes of a colour sequence at `string`, 0 if there is none. */
static size_t colour_length(const char *string, size_t length)
{
    if (length < 3 || string[0] != '\x1b' || string[1] != '[')
        return 0;
    for (size_t i = 2; i < length; i++) {
        if (string[i] == 'm')
            return i + 1;
        if ((string[i] < '0' || string[i] > '9') && string[i] != ';')
            break;
    }
    return 0;
}

size_t text_width(const char *string, size_t length)
{
    size_t width = 0, taken;

    while (width < length && string[width] >= ' ' &&
           string[width] <= '~') /* as a rule that is all */
        width++;
    for (size_t at = width; at < length; at += taken) {
        taken = colour_length(string + at, length - at);
        if (taken != 0)
            continue;
        int32_t point = text_code_point(string + at, length - at, &taken);
        width += point < 0 ? 1 : columns_of(point);
    }
    return width;
}
