/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * parameter_value.c: one row of the table, one field of the struct.
 *
 * The kind of a row decides the type of its field; a number passes between them as an int64_t.
 */
#include "parameter_value.h"

#include "check.h"
#include "duration.h"

#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <strings.h>

static const struct {
    const char *name;
    int64_t ns;
} time_units[] = {{"ns", 1},     {"us", 1000},     {"ms", MS(1)},
                  {"s", SEC(1)}, {"min", SEC(60)}, {"h", SEC(3600)}};

enum { TIME_UNITS = sizeof time_units / sizeof time_units[0] };

/* ---- the field ---- */

int64_t parameter_number(const struct parameter *parameter, const struct lastack_params *params)
{
    return param_number(parameter->range, params);
}

void parameter_store(const struct parameter *parameter, struct lastack_params *params,
                     int64_t number)
{
    void *field = (char *)params + parameter->range->offset;

    CHECK(parameter_allows(parameter, number));
    switch (parameter->unit) {
    case PARAMETER_TIME:
        *(int64_t *)field = number;
        break;
    case PARAMETER_COUNT:
    case PARAMETER_BYTES:
        *(uint32_t *)field = (uint32_t)number;
        break;
    case PARAMETER_PORT:
        *(uint16_t *)field = (uint16_t)number;
        break;
    case PARAMETER_SHIFT:
        *(uint8_t *)field = (uint8_t)number;
        break;
    case PARAMETER_SWITCH:
        *(bool *)field = number != 0;
        break;
    case PARAMETER_CHOICE:
        *(int *)field = (int)number;
        break;
    }
}

bool parameter_allows(const struct parameter *parameter, int64_t number)
{
    return param_allows(parameter->range, number);
}

/* ---- from text ---- */

bool parameter_read_integer(const char *text, int64_t *number)
{
    char *end;
    long long value;

    if (*text == '\0' || strspn(text, "-0123456789abcdefABCDEFxX") != strlen(text))
        return false;
    value = strtoll(text, &end, 0);
    *number = value;
    return *end == '\0' && end != text;
}

/* "1.5s", "200ms", "2 min": a decimal and a unit. The fraction is exact to the ns. */
static bool read_time(const char *text, int64_t *ns)
{
    int64_t whole = 0, fraction = 0, scale = 1;
    const char *at = text;

    for (; *at >= '0' && *at <= '9' && whole < INT64_MAX / SEC(36000); at++)
        whole = whole * 10 + (*at - '0');
    if (at != text && *at == '.') {
        for (at++; *at >= '0' && *at <= '9' && scale < 1000000000; at++, scale *= 10)
            fraction = fraction * 10 + (*at - '0');
    }
    if (at == text)
        return false;
    at += strspn(at, " ");
    for (size_t i = 0; i < TIME_UNITS; i++) {
        if (strcmp(at, time_units[i].name) != 0)
            continue;
        *ns = whole * time_units[i].ns + fraction * time_units[i].ns / scale;
        return true;
    }
    return false;
}

/* "65536", "64k", "6m", "1g": powers of 1024, as buffers are. */
static bool read_bytes(const char *text, int64_t *bytes)
{
    static const char units[] = "kmg";
    size_t length = strlen(text);
    const char *unit = length > 1 ? strchr(units, text[length - 1] | 0x20) : NULL;
    char digits[24];

    if (unit == NULL || *unit == '\0' || length > sizeof digits)
        return parameter_read_integer(text, bytes);
    memcpy(digits, text, length - 1);
    digits[length - 1] = '\0';
    if (!parameter_read_integer(digits, bytes) || *bytes < 0 || *bytes > UINT32_MAX)
        return false;
    *bytes <<= 10 * (unit - units + 1);
    return true;
}

static bool read_switch(const char *text, int64_t *number)
{
    static const char *const words[2][4] = {{"0", "off", "no", "false"},
                                            {"1", "on", "yes", "true"}};

    for (int64_t i = 0; i < 2; i++)
        for (size_t j = 0; j < 4; j++)
            if (strcasecmp(text, words[i][j]) == 0) {
                *number = i;
                return true;
            }
    return false;
}

static bool read_choice(const struct parameter *parameter, const char *text, int64_t *number)
{
    for (int64_t i = 0; parameter->choices[i] != NULL; i++)
        if (strcasecmp(text, parameter->choices[i]) == 0) {
            *number = i;
            return true;
        }
    return false;
}

bool parameter_read(const struct parameter *parameter, const char *value, int64_t *number)
{
    switch (parameter->unit) {
    case PARAMETER_TIME:
        return read_time(value, number) || (strcmp(value, "0") == 0 && (*number = 0, true));
    case PARAMETER_BYTES:
        return read_bytes(value, number);
    case PARAMETER_COUNT:
    case PARAMETER_PORT:
    case PARAMETER_SHIFT:
        return parameter_read_integer(value, number);
    case PARAMETER_SWITCH:
        return read_switch(value, number);
    case PARAMETER_CHOICE:
        return read_choice(parameter, value, number);
    }
    return false;
}

/* ---- to text ---- */

/* The largest unit that says it without a fraction. */
static void write_time(int64_t ns, char *value, size_t size)
{
    size_t unit = 3; /* seconds: hours of keepalive are better said in seconds, as everybody does */

    while (unit > 0 && ns % time_units[unit].ns != 0)
        unit--;
    snprintf(value, size, "%" PRId64 "%s", ns / time_units[unit].ns, time_units[unit].name);
}

void parameter_write(const struct parameter *parameter, int64_t number, char *value, size_t size)
{
    switch (parameter->unit) {
    case PARAMETER_TIME:
        write_time(number, value, size);
        break;
    case PARAMETER_COUNT:
    case PARAMETER_BYTES:
    case PARAMETER_PORT:
    case PARAMETER_SHIFT:
        snprintf(value, size, "%" PRId64, number);
        break;
    case PARAMETER_SWITCH:
        snprintf(value, size, "%s", number != 0 ? "on" : "off");
        break;
    case PARAMETER_CHOICE:
        snprintf(value, size, "%s", parameter->choices[number]);
        break;
    }
}
