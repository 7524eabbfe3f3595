/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * fuzz_drill.c: any bytes as a script. What parses is printed and must parse again to the same
 * text; what does not must say where.
 */
#include "fuzz.h"

#include "script_text.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

static bool parse(const char *text, size_t length, enum drill_dialect dialect,
                  struct drill_script *script)
{
    struct drill_settings settings;
    struct script_error error;
    char message[2048];

    drill_settings_init(&settings, dialect);
    if (drill_parse("fuzz.pkt", text, length, &settings, script, &error))
        return true;
    CHECK(error.message[0] != '\0' && (error.place.line > 0 || length > SCRIPT_TEXT_MAX));
    script_error_text(&error, "fuzz.pkt", text, length, message, sizeof message);
    return false;
}

static char *print(const struct drill_script *script, size_t *length)
{
    struct text out = {0};

    drill_script_text(&out, script);
    *length = out.length;
    return out.data;
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    enum drill_dialect dialect = size > 0 && data[0] & 1 ? DRILL_FREEBSD : DRILL_LINUX;
    struct drill_script script, again;
    size_t length, length_again;
    char *text, *text_again;

    if (size == 0 || !parse((const char *)data + 1, size - 1, dialect, &script))
        return 0;
    text = print(&script, &length);
    if (script.settings.defines == NULL) { /* symbols would be replaced once more */
        CHECK(parse(text, length, dialect, &again));
        text_again = print(&again, &length_again);
        CHECK(length == length_again && memcmp(text, text_again, length) == 0);
        free(text_again);
        drill_script_free(&again);
    }
    free(text);
    drill_script_free(&script);
    return 0;
}
