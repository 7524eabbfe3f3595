/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * commands.h: the commands that scripts run, answered here: nothing runs on the host.
 *
 *     a text ── command_line ──▶ pipelines ── the table of command_shell.c ──▶ parameters, rows,
 *                                                                             counters, files
 *
 * Both who play scripts answer with them: lastack drill, and the stack that the original
 * packetdrill loads. What the two have of their own is in the surroundings.
 */
#ifndef LASTACK_COMMANDS_H
#define LASTACK_COMMANDS_H

#include "command_line.h"
#include "target.h"
#include "text.h"

/* What commands reach besides the stack. */
struct command_surroundings {
    /* A remark that is no failure. */
    void (*note)(void *context, const char *line);
    /* A file of zeros that only this run knows; or none by that name any more. */
    void (*make_file)(void *context, const char *path, int64_t length);
    void (*remove_file)(void *context, const char *path);
    /* The script's open descriptor whose connection this was, or -1. */
    int (*holder_of)(void *context, const struct lastack_connection_row *row);
};

struct command_shell {
    struct target *target;
    struct script_memory *memory;  /* what is read and said on the way */
    struct lastack_params initial; /* what a restoring script brings back */
    const struct command_surroundings *surroundings;
    void *context;                               /* of the surroundings */
    uint64_t told_counters[LASTACK_CAUSE_COUNT]; /* what nstat showed last */
};

enum command_outcome {
    COMMAND_SUCCEEDED,
    COMMAND_FAILED,  /* a status that is not 0; what it says about it is its output */
    COMMAND_UNKNOWN, /* there is no such command, or not with these arguments */
};

/* Reads a text. NULL: all of its commands are in the table; otherwise a sentence that says what is
 * not supported, and nothing should be run. */
const char *command_shell_read(struct command_shell *shell, const char *text,
                               struct command_pipeline **pipelines);
/* Runs what was read, up to the first command that does not succeed: *said tells of that. */
enum command_outcome command_shell_run(struct command_shell *shell,
                                       const struct command_pipeline *pipelines, const char **said);

/* ---- between the files of commands ---- */

/* One command at work: what it reads and writes. */
struct command_io {
    const char *input; /* what the stage before wrote, or "" */
    struct text output;
};

typedef enum command_outcome command_function(struct command_shell *shell,
                                              const struct command_stage *stage,
                                              struct command_io *io);

/* sysctl, set_sysctls.py, defaults.sh, sysctl_restore_...sh: parameters under any name. */
command_function command_sysctl, command_set_sysctls, command_defaults, command_restore;
/* What a command wrote to a file that stands for a parameter. */
enum command_outcome command_write_parameter(struct command_shell *shell, const char *path,
                                             struct command_io *io);
/* sockstat, tcpdrop: connections, as FreeBSD shows and ends them. */
command_function command_sockstat, command_tcpdrop;
/* nstat: how often things happened since the last nstat. */
command_function command_nstat;

/* A remark, if anyone listens. */
void command_note(struct command_shell *shell, const char *format, ...)
    __attribute__((format(printf, 2, 3)));

#endif
