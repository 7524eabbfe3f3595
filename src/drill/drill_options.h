/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * drill_options.h: the command line of `lastack drill`.
 *
 * Options of our own come first; any other --NAME=VALUE is an option of the language (settings.h)
 * and wins over the scripts'. Dashes and underscores in names are the same.
 */
#ifndef LASTACK_DRILL_OPTIONS_H
#define LASTACK_DRILL_OPTIONS_H

#include "script_files.h"
#include "settings.h"

#include <lastack/params.h>

struct drill_options {
    struct script_memory memory;
    const char *profile;
    struct lastack_params params;
    struct drill_settings settings;
    struct script_files files;
    const char *pcap;              /* NULL: none */
    unsigned jobs;
    bool is_strict, allows_shell, traces, is_json, wants_help;
};

/* False with a message, one line for each thing that is wrong. */
bool drill_options_read(struct drill_options *options, int argc, char **argv,
                        struct text *message);
void drill_options_free(struct drill_options *options);

extern const char drill_help[];

#endif
