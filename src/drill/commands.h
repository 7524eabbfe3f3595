/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * commands.h: the commands that scripts run, answered by the runner: nothing runs on the host.
 */
#ifndef LASTACK_COMMANDS_H
#define LASTACK_COMMANDS_H

#include "command_line.h"
#include "runner.h"

/* One command at work: what it reads and writes. */
struct command_io {
    const char *input; /* what the stage before wrote, or "" */
    struct text output;
};

enum command_outcome {
    COMMAND_SUCCEEDED,
    COMMAND_FAILED,  /* a status that is not 0; what it says about it is its output */
    COMMAND_UNKNOWN, /* there is no such command, or not with these arguments */
};

typedef enum command_outcome command_function(struct runner *runner,
                                              const struct command_stage *stage,
                                              struct command_io *io);

/* sysctl, set_sysctls.py, defaults.sh, sysctl_restore_...sh: parameters under any name. */
command_function command_sysctl, command_set_sysctls, command_defaults, command_restore;
/* What a command wrote to a file that stands for a parameter. */
enum command_outcome command_write_parameter(struct runner *runner, const char *path,
                                             struct command_io *io);
/* sockstat, tcpdrop: connections, as FreeBSD shows and ends them. */
command_function command_sockstat, command_tcpdrop;
/* nstat: how often things happened since the last nstat. */
command_function command_nstat;

#endif
