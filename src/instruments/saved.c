/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * saved.c: see saved.h.
 */
#include "saved.h"

#include <errno.h>
#include <stdio.h>
#include <string.h>

bool saved_tell_damage(const char *verb, const struct bundle *bundle)
{
    const struct piece *damaged = bundle_piece(bundle, "damaged");

    for (const char *line = damaged == NULL ? "" : damaged->bytes; *line != '\0';) {
        const size_t length = strcspn(line, "\n");

        fprintf(stderr, "lastack %s: of what was saved, %.*s\n", verb, (int)length, line);
        line += length + (line[length] == '\n');
    }
    return damaged != NULL;
}

void saved_tell_failure(const char *verb, const char *file, int status)
{
    fprintf(stderr, "lastack %s: %s%s%s\n", verb, file, file[0] != '\0' ? ": " : "",
            status == -EPROTO
                ? "not saved by this version of `lastack collect`, or on a machine of "
                  "another byte order"
                : strerror(-status));
}
