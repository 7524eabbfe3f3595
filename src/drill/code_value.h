/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * code_value.h: the values that code in %{ }% computes with: whole numbers, floating ones, texts,
 * tuples.
 *
 * As in Python, True and False are the numbers 1 and 0, numbers of both kinds mix, and a text and a
 * number compare unequal but have no order. Unlike Python, whole numbers have 64 bits: a result
 * that does not fit is an error.
 */
#ifndef LASTACK_CODE_VALUE_H
#define LASTACK_CODE_VALUE_H

#include "code.h"

enum code_value_kind {
    VALUE_OF_INTEGER,
    VALUE_OF_FLOAT,
    VALUE_OF_TEXT,
    VALUE_OF_TUPLE,
    VALUE_OF_NONE
};

struct code_value {
    enum code_value_kind kind;
    int64_t integer;
    double number;
    const char *text; /* NUL-terminated */
    const struct code_value *items;
    size_t count; /* items, or bytes of text */
};

struct code_value code_integer(int64_t integer);
struct code_value code_float(double number);
struct code_value code_text(const char *text, size_t length);

bool code_value_is_number(const struct code_value *value);
double code_value_as_float(const struct code_value *value);
bool code_value_is_true(const struct code_value *value);
bool code_value_equal(const struct code_value *a, const struct code_value *b);

/* -1, 0 or 1; false if the two have no order. */
bool code_value_order(const struct code_value *a, const struct code_value *b, int *order);

/* a op b, op one of the arithmetic ones. NULL, or what is wrong ("a text and a number"). */
const char *code_value_compute(enum code_op op, const struct code_value *a,
                               const struct code_value *b, struct script_memory *memory,
                               struct code_value *result);

/* As print() and str() show it; with `quoted`, texts as repr() does. In `memory`. */
const char *code_value_text(const struct code_value *value, bool quoted,
                            struct script_memory *memory);

/* format % value: %d %i %u %x %X %o %s %r %c %f %e %g %% with flags, width and precision. */
const char *code_value_format(const char *format, const struct code_value *value,
                              struct script_memory *memory, struct code_value *result);

#endif
