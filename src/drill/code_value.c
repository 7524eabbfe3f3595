/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * code_value.c: arithmetic, comparison and formatting as Python does them.
 *
 * Division and remainder round towards minus infinity (so -7 // 2 is -4 and -7 % 2 is 1); / always
 * gives a floating number.
 */
#include "code_value.h"

#include <inttypes.h>
#include <math.h>
#include <stdio.h>
#include <string.h>

enum { TEXT_MAX = 64 * 1024, DEPTH_MAX = 20 };

struct code_value code_integer(int64_t integer)
{
    return (struct code_value){.kind = VALUE_OF_INTEGER, .integer = integer};
}

struct code_value code_float(double number)
{
    return (struct code_value){.kind = VALUE_OF_FLOAT, .number = number};
}

struct code_value code_text(const char *text, size_t length)
{
    return (struct code_value){.kind = VALUE_OF_TEXT, .text = text, .count = length};
}

bool code_value_is_number(const struct code_value *value)
{
    return value->kind == VALUE_OF_INTEGER || value->kind == VALUE_OF_FLOAT;
}

double code_value_as_float(const struct code_value *value)
{
    return value->kind == VALUE_OF_INTEGER ? (double)value->integer : value->number;
}

bool code_value_is_true(const struct code_value *value)
{
    switch (value->kind) {
    case VALUE_OF_INTEGER:
        return value->integer != 0;
    case VALUE_OF_FLOAT:
        return value->number < 0 || value->number > 0;
    case VALUE_OF_TEXT:
    case VALUE_OF_TUPLE:
        return value->count > 0;
    case VALUE_OF_NONE:
        return false;
    }
    return false;
}

static int sign_of(double difference)
{
    return difference < 0 ? -1 : difference > 0;
}

static int order_of_numbers(const struct code_value *a, const struct code_value *b)
{
    if (a->kind == VALUE_OF_INTEGER && b->kind == VALUE_OF_INTEGER)
        return a->integer < b->integer ? -1 : a->integer > b->integer;
    return sign_of(code_value_as_float(a) - code_value_as_float(b));
}

bool code_value_equal(const struct code_value *a, const struct code_value *b)
{
    if (code_value_is_number(a) && code_value_is_number(b))
        return order_of_numbers(a, b) == 0;
    if (a->kind != b->kind || a->count != b->count)
        return false;
    if (a->kind == VALUE_OF_TEXT)
        return memcmp(a->text, b->text, a->count) == 0;
    for (size_t i = 0; a->kind == VALUE_OF_TUPLE && i < a->count; i++)
        if (!code_value_equal(&a->items[i], &b->items[i]))
            return false;
    return true;
}

bool code_value_order(const struct code_value *a, const struct code_value *b, int *order)
{
    if (code_value_is_number(a) && code_value_is_number(b)) {
        *order = order_of_numbers(a, b);
        return true;
    }
    if (a->kind == VALUE_OF_TEXT && b->kind == VALUE_OF_TEXT) {
        *order = sign_of(strcmp(a->text, b->text));
        return true;
    }
    if (a->kind != VALUE_OF_TUPLE || b->kind != VALUE_OF_TUPLE)
        return false;
    for (size_t i = 0; i < a->count && i < b->count; i++)
        if (!code_value_equal(&a->items[i], &b->items[i]))
            return code_value_order(&a->items[i], &b->items[i], order);
    *order = a->count < b->count ? -1 : a->count > b->count;
    return true;
}

/* ---- arithmetic ---- */

static const char too_large[] = "the result does not fit 64 bits";

static const char *floor_divide(int64_t a, int64_t b, int64_t *quotient, int64_t *remainder)
{
    if (b == 0)
        return "division by zero";
    if (a == INT64_MIN && b == -1)
        return too_large;
    *quotient = a / b;
    *remainder = a % b;
    if (*remainder != 0 && (*remainder < 0) != (b < 0)) {
        *quotient -= 1;
        *remainder += b;
    }
    return NULL;
}

static const char *power(int64_t base, int64_t exponent, int64_t *result)
{
    *result = 1;
    if (exponent < 0)
        return "a negative exponent";
    for (int64_t i = 0; i < exponent; i++) {
        if (base == 0 || base == 1 || base == -1) {
            *result = base == -1 && exponent % 2 == 0 ? 1 : base;
            return NULL;
        }
        if (__builtin_mul_overflow(*result, base, result))
            return too_large;
    }
    return NULL;
}

static const char *shift(enum code_op op, int64_t a, int64_t count, int64_t *result)
{
    if (count < 0)
        return "a negative shift";
    if (op == OP_SHIFT_RIGHT) {
        *result = a >> (count > 63 ? 63 : count);
        return NULL;
    }
    *result = 0;
    if (a == 0)
        return NULL;
    if (count > 62 || __builtin_mul_overflow(a, INT64_C(1) << count, result))
        return too_large;
    return NULL;
}

static const char *compute_integers(enum code_op op, int64_t a, int64_t b,
                                    struct code_value *result)
{
    int64_t value = 0, other = 0;
    const char *wrong = NULL;

    if (op == OP_ADD)
        wrong = __builtin_add_overflow(a, b, &value) ? too_large : NULL;
    else if (op == OP_SUBTRACT)
        wrong = __builtin_sub_overflow(a, b, &value) ? too_large : NULL;
    else if (op == OP_MULTIPLY)
        wrong = __builtin_mul_overflow(a, b, &value) ? too_large : NULL;
    else if (op == OP_FLOOR_DIVIDE)
        wrong = floor_divide(a, b, &value, &other);
    else if (op == OP_MODULO)
        wrong = floor_divide(a, b, &other, &value);
    else if (op == OP_POWER)
        wrong = power(a, b, &value);
    else if (op == OP_SHIFT_LEFT || op == OP_SHIFT_RIGHT)
        wrong = shift(op, a, b, &value);
    else
        value = op == OP_BIT_AND ? a & b : op == OP_BIT_OR ? a | b : a ^ b;
    *result = code_integer(value);
    return wrong;
}

static const char *compute_floats(enum code_op op, double a, double b, struct code_value *result)
{
    double value;

    if ((op == OP_DIVIDE || op == OP_FLOOR_DIVIDE || op == OP_MODULO) && !(b < 0 || b > 0))
        return "division by zero";
    if (op == OP_ADD)
        value = a + b;
    else if (op == OP_SUBTRACT)
        value = a - b;
    else if (op == OP_MULTIPLY)
        value = a * b;
    else if (op == OP_DIVIDE)
        value = a / b;
    else if (op == OP_FLOOR_DIVIDE)
        value = floor(a / b);
    else if (op == OP_MODULO)
        value = a - b * floor(a / b);
    else if (op == OP_POWER)
        value = pow(a, b);
    else
        return "bits of a floating number";
    *result = code_float(value);
    return NULL;
}

static const char *join(const struct code_value *a, const struct code_value *b,
                        struct script_memory *memory, struct code_value *result)
{
    char *text;

    if (a->count + b->count > TEXT_MAX)
        return "a text that is too long";
    text = script_take(memory, a->count + b->count + 1);
    memcpy(text, a->text, a->count);
    memcpy(text + a->count, b->text, b->count);
    *result = code_text(text, a->count + b->count);
    return NULL;
}

const char *code_value_compute(enum code_op op, const struct code_value *a,
                               const struct code_value *b, struct script_memory *memory,
                               struct code_value *result)
{
    if (op == OP_MODULO && a->kind == VALUE_OF_TEXT)
        return code_value_format(a->text, b, memory, result);
    if (op == OP_ADD && a->kind == VALUE_OF_TEXT && b->kind == VALUE_OF_TEXT)
        return join(a, b, memory, result);
    if (!code_value_is_number(a) || !code_value_is_number(b))
        return "arithmetic with something that is no number";
    if (a->kind == VALUE_OF_INTEGER && b->kind == VALUE_OF_INTEGER && op != OP_DIVIDE)
        return compute_integers(op, a->integer, b->integer, result);
    return compute_floats(op, code_value_as_float(a), code_value_as_float(b), result);
}

/* ---- texts ---- */

static const char *float_text(double number, struct script_memory *memory)
{
    const char *text = script_format(memory, "%.12g", number);

    return strpbrk(text, ".en") == NULL ? script_format(memory, "%s.0", text) : text;
}

static const char *value_text(const struct code_value *value, bool quoted, unsigned depth,
                              struct script_memory *memory)
{
    const char *text = "(";

    switch (value->kind) {
    case VALUE_OF_INTEGER:
        return script_format(memory, "%" PRId64, value->integer);
    case VALUE_OF_FLOAT:
        return float_text(value->number, memory);
    case VALUE_OF_TEXT:
        return quoted ? script_format(memory, "'%s'", value->text) : value->text;
    case VALUE_OF_NONE:
        return "None";
    case VALUE_OF_TUPLE:
        break;
    }
    for (size_t i = 0; i < value->count && strlen(text) < TEXT_MAX; i++)
        text = script_format(
            memory, "%s%s%s", text, i == 0 ? "" : ", ",
            depth == DEPTH_MAX ? "..." : value_text(&value->items[i], true, depth + 1, memory));
    return script_format(memory, "%s%s", text, value->count == 1 ? ",)" : ")");
}

const char *code_value_text(const struct code_value *value, bool quoted,
                            struct script_memory *memory)
{
    return value_text(value, quoted, 0, memory);
}

/* One conversion: what stands between % and its letter, and the letter. */
static const char *convert(const char *flags, size_t length, char letter,
                           const struct code_value *value, struct script_memory *memory,
                           const char **text)
{
    char spec[32];

    if (letter == 's' || letter == 'r') {
        snprintf(spec, sizeof spec, "%%%.*ss", (int)length, flags);
        *text = script_format(memory, "%s", "");
        const char *shown = code_value_text(value, letter == 'r', memory);
#pragma GCC diagnostic push
#pragma GCC diagnostic ignored "-Wformat-nonliteral"
        *text = script_format(memory, spec, shown);
        return NULL;
    }
    if (!code_value_is_number(value))
        return "a number conversion of something that is no number";
    if (strchr("diuxXoc", letter) != NULL) {
        long long integer =
            value->kind == VALUE_OF_INTEGER ? value->integer : (long long)value->number;

        snprintf(spec, sizeof spec, "%%%.*s%s%c", (int)length, flags, letter == 'c' ? "" : "ll",
                 letter == 'u' || letter == 'i' ? 'd' : letter);
        *text = letter == 'c' ? script_format(memory, spec, (int)(integer & 0x7f))
                              : script_format(memory, spec, integer);
        return NULL;
    }
    if (strchr("feEgG", letter) == NULL)
        return "an unknown % conversion";
    snprintf(spec, sizeof spec, "%%%.*s%c", (int)length, flags, letter);
    *text = script_format(memory, spec, code_value_as_float(value));
#pragma GCC diagnostic pop
    return NULL;
}

const char *code_value_format(const char *format, const struct code_value *value,
                              struct script_memory *memory, struct code_value *result)
{
    const struct code_value *items = value->kind == VALUE_OF_TUPLE ? value->items : value;
    size_t count = value->kind == VALUE_OF_TUPLE ? value->count : 1, used = 0, length = 0;
    char *out = script_take(memory, TEXT_MAX);

    while (*format != '\0') {
        size_t plain = strcspn(format, "%"), flags;
        const char *text = "%", *wrong;

        length += (size_t)snprintf(out + length, TEXT_MAX - length, "%.*s", (int)plain, format);
        format += plain;
        if (length >= TEXT_MAX - 1)
            return "a text that is too long";
        if (*format == '\0')
            break;
        flags = strspn(++format, "-+ #0123456789.");
        if (format[flags] == '\0' || flags > 6) /* so widths stay below a million */
            return "a % conversion without its letter, or with too large a width";
        if (format[flags] != '%') {
            if (used == count)
                return "more conversions than values";
            wrong = convert(format, flags, format[flags], &items[used++], memory, &text);
            if (wrong != NULL)
                return wrong;
        }
        length += (size_t)snprintf(out + length, TEXT_MAX - length, "%s", text);
        if (length >= TEXT_MAX - 1)
            return "a text that is too long";
        format += flags + 1;
    }
    if (used < count)
        return "more values than conversions";
    *result = code_text(out, length);
    return NULL;
}
