/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * drill_jobs.h: many scripts, some at a time, their output in the order of their names.
 *
 * Scripts share nothing, so each may run in any thread. What one prints is kept until those before
 * it are done.
 */
#ifndef LASTACK_DRILL_JOBS_H
#define LASTACK_DRILL_JOBS_H

#include "drill_options.h"

#include <stdio.h>

struct drill_totals {
    size_t passed, failed;
};

/* Runs all scripts of the options and prints their lines to `out`. False with a message if the
 * capture cannot be written. */
bool drill_jobs_run(const struct drill_options *options, FILE *out, struct drill_totals *totals,
                    struct text *message);

#endif
