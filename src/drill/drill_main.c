/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * drill_main.c: the verb: read the command line, run, count.
 */
#include "drill.h"

#include "drill_jobs.h"

static void say_totals(const struct drill_options *options, const struct drill_totals *totals)
{
    if (options->is_json)
        printf("{\"passed\":%zu,\"failed\":%zu}\n", totals->passed, totals->failed);
    else
        printf("%zu passed, %zu failed\n", totals->passed, totals->failed);
}

int drill_main(int argc, char **argv)
{
    struct drill_options options;
    struct drill_totals totals = {0};
    struct text message = {0};
    int status = 2;

    if (!drill_options_read(&options, argc, argv, &message)) {
        fputs(text_string(&message), stderr);
    } else if (options.wants_help) {
        fputs(drill_help, stdout);
        status = 0;
    } else if (drill_jobs_run(&options, stdout, &totals, &message)) {
        say_totals(&options, &totals);
        status = totals.failed > 0 ? 1 : 0;
    } else {
        fputs(text_string(&message), stderr);
    }
    text_free(&message);
    drill_options_free(&options);
    return status;
}
