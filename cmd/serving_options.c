/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * serving_options.c: see serving_options.h.
 */
#include "serving_options.h"

#include "control_path.h"

#include <stdio.h>
#include <string.h>
#include <unistd.h>

void serving_options_default(struct serving_options *options, const char *verb)
{
    *options = (struct serving_options){.viewer = {.is_quiet = false}};
    snprintf(options->name, sizeof options->name, "%s-%d", verb, (int)getpid());
    lastack_params_linux(&options->params);
}

static bool take_name(struct serving_options *options, const char *verb, const char *value)
{
    if (!control_name_is_good(value)) {
        fprintf(
            stderr,
            "lastack %s: --name \"%s\": a name is 1 to %d letters, digits, '-', '_' and '.', not "
            "starting with '.'\n",
            verb, value, CONTROL_NAME_MAX);
        return false;
    }
    snprintf(options->name, sizeof options->name, "%s", value);
    return true;
}

bool serving_option_take(struct serving_options *options, const char *verb, int option,
                         const char *value)
{
    switch (option) {
    case SERVING_NAME:
        return take_name(options, verb, value);
    case SERVING_PCAP:
        options->viewer.pcap = value;
        return true;
    case SERVING_LADDER:
        options->viewer.ladder = value;
        return true;
    case SERVING_QUIET:
        options->viewer.is_quiet = true;
        return true;
    case SERVING_PROFILE:
    case SERVING_SET:
        fprintf(stderr, "lastack %s: parameters cannot be changed yet\n", verb);
        return false;
    default:
        return false;
    }
}
