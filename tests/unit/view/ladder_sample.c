/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * ladder_sample.c: draws every sample into FOLDER/NAME.svg, and all of them into FOLDER/all.svg.
 */
#include "ladders.h"

#include <stdlib.h>

static void write_svg(const char *folder, const char *name, const struct ladder *const *ladders,
                      size_t count)
{
    char path[512];
    struct text svg = {0};

    snprintf(path, sizeof path, "%s/%s.svg", folder, name);
    ladder_draw_svg(ladders, count, &svg);
    FILE *out = fopen(path, "w");
    if (out == NULL || fputs(text_string(&svg), out) < 0 || fclose(out) != 0)
        exit(1);
    text_free(&svg);
}

int main(int argc, char **argv)
{
    struct ladder ladders[16];
    const struct ladder *all[16] = {0};

    if (argc != 2 || ladder_sample_count > 16)
        return 2;
    for (size_t i = 0; i < ladder_sample_count; i++) {
        ladder_sample_build(&ladder_samples[i], &ladders[i]);
        all[i] = &ladders[i];
        write_svg(argv[1], ladder_samples[i].name, &all[i], 1);
    }
    write_svg(argv[1], "all", all, ladder_sample_count);
    for (size_t i = 0; i < ladder_sample_count; i++)
        ladder_free(&ladders[i]);
    return 0;
}
