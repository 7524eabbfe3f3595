/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * parameter_value.h: values of parameters between text and struct lastack_params.
 */
#ifndef LASTACK_PARAMETER_VALUE_H
#define LASTACK_PARAMETER_VALUE_H

#include "parameters.h"

/* The value as a number: ns, count, bytes, 0 or 1, index of a choice. */
int64_t parameter_number(const struct parameter *parameter, const struct lastack_params *params);

/* Stores a number that is within the range. */
void parameter_store(const struct parameter *parameter, struct lastack_params *params,
                     int64_t number);

/* True if it is in the range, or is 0 and 0 means something. */
bool parameter_allows(const struct parameter *parameter, int64_t number);

/* Reads a value in our own form: a time with its unit, bytes with k or m, on or off, a word.
 * False if it is not of that form (its range is not looked at). */
bool parameter_read(const struct parameter *parameter, const char *value, int64_t *number);

/* Writes a number of this parameter in our own form. */
void parameter_write(const struct parameter *parameter, int64_t number, char *value, size_t size);

/* A whole number, decimal or 0x, with nothing behind it. */
bool parameter_read_integer(const char *text, int64_t *number);

#endif
