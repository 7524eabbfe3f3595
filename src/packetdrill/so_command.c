/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * so_command.c: the shell commands of scripts, for the stack and never for the host: drill's own
 * (commands.h), with what this side of the interface has for them.
 */
#include "session.h"

#include <stdio.h>

enum { STATUS_FAILED = 1 << 8, STATUS_UNKNOWN = 127 << 8 }; /* as wait(2) tells them */

static void note(void *context, const char *line)
{
    (void)context;
    fprintf(stderr, "lastack: %s\n", line);
}

static void make_file(void *context, const char *path, int64_t length)
{
    so_make_file(context, path, length);
}

static void remove_file(void *context, const char *path)
{
    so_remove_file(context, path);
}

void so_command_init(struct session *session)
{
    /* Which descriptor of the script a connection belongs to is packetdrill's own knowledge. */
    static const struct command_surroundings surroundings = {
        .note = note, .make_file = make_file, .remove_file = remove_file};

    session->shell = (struct command_shell){
        .target = &session->target,
        .memory = &session->memory,
        .initial = *lastack_params(session->target.stack),
        .surroundings = &surroundings,
        .context = session,
    };
}

int so_command(struct session *session, const char *command)
{
    struct command_pipeline *pipelines;
    const char *said = command_shell_read(&session->shell, command, &pipelines);
    enum command_outcome outcome = COMMAND_UNKNOWN;

    if (said == NULL)
        outcome = command_shell_run(&session->shell, pipelines, &said);
    if (outcome == COMMAND_SUCCEEDED)
        return 0;
    fprintf(stderr, "lastack: %s\n", said);
    return outcome == COMMAND_FAILED ? STATUS_FAILED : STATUS_UNKNOWN;
}
