/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * drill_options.h: the command line of `lastack drill`; read once, and once more for each profile
 * that a script names where the command line names none.
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
    const char *pcap; /* NULL: none */
    unsigned jobs;
    bool is_strict, allows_shell, traces, is_json, wants_help;
    bool names_profile; /* the command line does: it wins over scripts */
    int argc;
    char **argv; /* as given to drill_options_read */
};

/* False with a message, one line for each thing that is wrong. */
bool drill_options_read(struct drill_options *options, int argc, char **argv, struct text *message);
/* The same command line on the ground of another profile, without its files. False with a message
 * if there is no such profile. */
bool drill_options_for_profile(const struct drill_options *options, const char *profile,
                               struct drill_options *other, struct text *message);
void drill_options_free(struct drill_options *options);

extern const char drill_help[];

#endif
