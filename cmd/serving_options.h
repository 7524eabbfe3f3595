/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * serving_options.h: the options that `run` and `serve` share.
 */
#ifndef LASTACK_SERVING_OPTIONS_H
#define LASTACK_SERVING_OPTIONS_H

#include "viewer.h"

#include <getopt.h>

#define SERVING_OPTIONS_HELP                                                                       \
    "  --name NAME               the stack's, for ss and its like (default: VERB-PID)\n"           \
    "  --profile P               linux (default), rfc, freebsd, linux-2.6, linux-3\n"              \
    "  --set NAME=VALUE          a parameter, by any name it is known by; may be repeated\n"       \
    "  --pcap FILE               write every packet, with states and causes as comments "          \
    "(pcapng)\n"                                                                                   \
    "  --ladder FILE.svg         draw both ends' states and the packets between them\n"            \
    "  --quiet                   tell nothing but errors\n"                                        \
    "  --help                    this text\n"

enum { SERVING_SETS_MAX = 64 };

struct serving_options {
    char name[40];
    const char *profile;
    const char *sets[SERVING_SETS_MAX]; /* "NAME=VALUE", in their order */
    unsigned set_count;
    struct lastack_params params; /* after serving_options_finish */
    struct viewer_config viewer;
};

/* getopt_long numbers, above any letter; LAST is the first one free for a verb's own. */
enum serving_option {
    SERVING_NAME = 1000,
    SERVING_PROFILE,
    SERVING_SET,
    SERVING_PCAP,
    SERVING_LADDER,
    SERVING_QUIET,
    SERVING_HELP,
    SERVING_LAST,
};

#define SERVING_LONG_OPTIONS                                                                       \
    {"name", required_argument, NULL, SERVING_NAME},                                               \
        {"profile", required_argument, NULL, SERVING_PROFILE},                                     \
        {"set", required_argument, NULL, SERVING_SET},                                             \
        {"pcap", required_argument, NULL, SERVING_PCAP},                                           \
        {"ladder", required_argument, NULL, SERVING_LADDER},                                       \
        {"quiet", no_argument, NULL, SERVING_QUIET},                                               \
    {                                                                                              \
        "help", no_argument, NULL, SERVING_HELP                                                    \
    }

void serving_options_default(struct serving_options *options, const char *verb);

/* Takes one option of the above. False: the value is bad, and stderr says why. */
bool serving_option_take(struct serving_options *options, const char *verb, int option,
                         const char *value);

/* After the last option: the profile, and on top of it what was set. False: stderr says why. */
bool serving_options_finish(struct serving_options *options, const char *verb);

#endif
