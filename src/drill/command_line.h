/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * command_line.h: the little of a shell's syntax that scripts use.
 *
 *     # comment
 *     sysctl -q net.ipv4.tcp_sack=0 \
 *               net.ipv4.tcp_timestamps=0; sockstat -4 -s | grep -c TIME_WAIT | grep 1 > /dev/null
 *
 *     line ── pipeline ── stage: words, where its output goes
 *          └─ pipeline ── stage | stage | stage
 */
#ifndef LASTACK_COMMAND_LINE_H
#define LASTACK_COMMAND_LINE_H

#include "script_memory.h"

#include <stdbool.h>
#include <stddef.h>

enum { COMMAND_WORDS_MAX = 64 };

struct command_stage {
    struct command_stage *next; /* takes this one's output */
    const char *words[COMMAND_WORDS_MAX];
    unsigned count;
    const char *output; /* > FILE, or NULL */
};

struct command_pipeline {
    struct command_pipeline *next; /* behind ; or && or || or a new line */
    struct command_stage *stages;
    bool is_alternative; /* behind ||: runs only if the one before it failed */
};

/* Parses `text` into `memory`; *pipelines may be NULL: nothing to do. Returns NULL, or what the
 * text has that is not understood. */
const char *command_line_parse(const char *text, struct script_memory *memory,
                               struct command_pipeline **pipelines);

#endif
