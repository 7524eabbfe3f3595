/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * states_sample.c: the state diagram into FOLDER/states.svg, with numbers into FOLDER/live.svg.
 */
#include "states_diagram.h"

static int write_svg(const char *folder, const char *name, const struct states_counts *counts)
{
    char path[512];
    struct text svg = {0};

    snprintf(path, sizeof path, "%s/%s.svg", folder, name);
    states_draw_svg(counts, "this host", &svg);
    FILE *out = fopen(path, "w");
    int failed = out == NULL || fputs(text_string(&svg), out) < 0 || fclose(out) != 0;
    text_free(&svg);
    return failed;
}

int main(int argc, char **argv)
{
    struct states_counts counts = {{0}};

    if (argc != 2)
        return 2;
    counts.count[TCP_ESTABLISHED] = 1204;
    counts.count[TCP_TIME_WAIT] = 12248;
    counts.count[TCP_LISTEN] = 17;
    return write_svg(argv[1], "states", NULL) + write_svg(argv[1], "live", &counts);
}
