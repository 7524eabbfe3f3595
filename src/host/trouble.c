/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * trouble.c: see trouble.h.
 */
#include "trouble.h"

#include <stdarg.h>
#include <stdio.h>
#include <string.h>

/* Appends to the text; what does not fit is cut off. */
__attribute__((format(printf, 2, 3))) static void append(struct trouble *trouble,
                                                         const char *format, ...)
{
    size_t used = strlen(trouble->text);
    va_list arguments;

    va_start(arguments, format);
    vsnprintf(trouble->text + used, sizeof trouble->text - used, format, arguments);
    va_end(arguments);
}

bool trouble_set(struct trouble *trouble, int error, const char *step, ...)
{
    va_list arguments;

    trouble->error = error;
    va_start(arguments, step);
    vsnprintf(trouble->text, sizeof trouble->text, step, arguments);
    va_end(arguments);
    if (error != 0) {
        const char *name = strerrorname_np(error);

        append(trouble, ": %s (%s)", strerror(error), name != NULL ? name : "?");
    }
    return false;
}

bool trouble_hint(struct trouble *trouble, const char *hint)
{
    append(trouble, ": %s", hint);
    return false;
}
