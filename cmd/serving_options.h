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
    "  --json                    tell each trace record, then a summary, as JSON lines on "        \
    "stderr\n"                                                                                     \
    "  --color=auto|always|never\n"                                                                \
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

/* (long name, argument, number). Numbers are above any letter; SERVING_LAST is the first one free
 * for a verb's own. */
#define SERVING_OPTIONS(X)                                                                         \
    X("name", required_argument, SERVING_NAME)                                                     \
    X("profile", required_argument, SERVING_PROFILE)                                               \
    X("set", required_argument, SERVING_SET)                                                       \
    X("pcap", required_argument, SERVING_PCAP)                                                     \
    X("ladder", required_argument, SERVING_LADDER)                                                 \
    X("quiet", no_argument, SERVING_QUIET)                                                         \
    X("json", no_argument, SERVING_JSON)                                                           \
    X("color", required_argument, SERVING_COLOR)                                                   \
    X("help", no_argument, SERVING_HELP)

enum serving_option {
    SERVING_BEFORE = 999,
#define SERVING_NUMBER(name, argument, number) number,
    SERVING_OPTIONS(SERVING_NUMBER)
#undef SERVING_NUMBER
        SERVING_LAST,
};

/* Entries for a table of struct option: SERVING_OPTIONS(SERVING_ENTRY). */
#define SERVING_ENTRY(name, argument, number) {name, argument, NULL, number},

void serving_options_default(struct serving_options *options, const char *verb);

/* Takes one option of the above. False: the value is bad, and stderr says why. */
bool serving_option_take(struct serving_options *options, const char *verb, int option,
                         const char *value);

/* After the last option: the profile, and on top of it what was set. False: stderr says why. */
bool serving_options_finish(struct serving_options *options, const char *verb);

#endif
