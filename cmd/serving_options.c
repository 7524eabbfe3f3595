/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * serving_options.c: see serving_options.h.
 */
#include "serving_options.h"

#include "control_path.h"
#include "parameters.h"
#include "same_file.h"

#include <stdio.h>
#include <string.h>
#include <unistd.h>

void serving_options_default(struct serving_options *options, const char *verb)
{
    *options = (struct serving_options){.viewer = {.voice = VIEWER_WORDS}};
    snprintf(options->name, sizeof options->name, "%s-%d", verb, (int)getpid());
    options->profile = "linux";
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
    if (strcmp(value, "all") == 0) {
        fprintf(stderr, "lastack %s: --name \"all\": --stack all means every stack\n", verb);
        return false;
    }
    snprintf(options->name, sizeof options->name, "%s", value);
    return true;
}

static bool take_set(struct serving_options *options, const char *verb, const char *value)
{
    if (strchr(value, '=') == NULL) {
        fprintf(stderr, "lastack %s: --set %s: NAME=VALUE\n", verb, value);
        return false;
    }
    if (options->set_count == SERVING_SETS_MAX) {
        fprintf(stderr, "lastack %s: --set %s: %d parameters at the most\n", verb, value,
                SERVING_SETS_MAX);
        return false;
    }
    options->sets[options->set_count++] = value;
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
        options->viewer.voice =
            options->viewer.voice == VIEWER_JSON ? VIEWER_SUMMARY : VIEWER_SILENT;
        return true;
    case SERVING_JSON:
        options->viewer.voice =
            options->viewer.voice == VIEWER_SILENT ? VIEWER_SUMMARY : VIEWER_JSON;
        return true;
    case SERVING_COLOR:
        if (color_mode_parse(value, &options->viewer.color))
            return true;
        fprintf(stderr, "lastack %s: --color=%s: auto, always or never\n", verb, value);
        return false;
    case SERVING_PROFILE:
        options->profile = value;
        return true;
    case SERVING_SET:
        return take_set(options, verb, value);
    default:
        return false;
    }
}

static bool fill_profile(struct serving_options *options, const char *verb)
{
    const char *name;

    if (profile_fill(options->profile, &options->params))
        return true;
    fprintf(stderr, "lastack %s: --profile %s: there is", verb, options->profile);
    for (size_t i = 0; (name = profile_name(i)) != NULL; i++)
        fprintf(stderr, "%s %s", i > 0 ? "," : "", name);
    fputs("\n", stderr);
    return false;
}

bool serving_options_finish(struct serving_options *options, const char *verb)
{
    if (same_file(options->viewer.pcap, options->viewer.ladder)) {
        fprintf(stderr, "lastack %s: --pcap and --ladder are one file: %s\n", verb,
                options->viewer.pcap);
        return false;
    }
    if (!fill_profile(options, verb))
        return false;
    for (unsigned i = 0; i < options->set_count; i++) {
        const char *equals = strchr(options->sets[i], '=');
        char name[128], message[400];

        snprintf(name, sizeof name, "%.*s", (int)(equals - options->sets[i]), options->sets[i]);
        if (parameter_set(&options->params, name, equals + 1, message, sizeof message) !=
            PARAMETER_DONE) {
            fprintf(stderr, "lastack %s: --set %s: %s\n", verb, options->sets[i], message);
            return false;
        }
    }
    return true;
}
