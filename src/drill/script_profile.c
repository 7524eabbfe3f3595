/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * script_profile.c: see script_profile.h.
 */
#include "script_profile.h"

#include <string.h>

static const char *skip_blanks(const char *at, const char *end)
{
    while (at < end && (*at == ' ' || *at == '\t' || *at == '\r'))
        at++;
    return at;
}

/* The word behind "profile:" in a line of comment [at, end). */
static bool take_name(const char *at, const char *end, char name[SCRIPT_PROFILE_MAX])
{
    static const char key[] = "profile:";
    const size_t key_length = sizeof key - 1;
    size_t length = 0;

    at = skip_blanks(at, end);
    if ((size_t)(end - at) < key_length || memcmp(at, key, key_length) != 0)
        return false;
    at = skip_blanks(at + key_length, end);
    while (at + length < end && strchr(" \t\r", at[length]) == NULL)
        length++;
    if (length == 0 || length >= SCRIPT_PROFILE_MAX)
        return false;
    memcpy(name, at, length);
    name[length] = '\0';
    return true;
}

bool script_profile(const char *text, size_t length, char name[SCRIPT_PROFILE_MAX])
{
    const char *const end = text + length;
    const char *at = text;

    while (at < end) {
        const char *newline = memchr(at, '\n', (size_t)(end - at));
        const char *line_end = newline != NULL ? newline : end;
        const char *first = skip_blanks(at, line_end);

        if (first < line_end) {
            if (line_end - first < 2 || first[0] != '/' || first[1] != '/')
                return false;
            if (take_name(first + 2, line_end, name))
                return true;
        }
        at = newline != NULL ? newline + 1 : end;
    }
    return false;
}
