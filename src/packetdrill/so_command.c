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

static bool is_same(const struct lastack_endpoint *a, const struct lastack_endpoint *b)
{
    return a->port == b->port && lastack_address_equal(&a->address, &b->address);
}

/* A socket whose connection is over keeps its names. (The script's number for the descriptor is
 * packetdrill's own knowledge; it is there, and that is what scripts ask.) */
static int holder_of(void *context, const struct lastack_connection_row *row)
{
    const struct session *session = context;

    for (int fd = 0; fd < SESSION_FDS; fd++) {
        struct lastack_connection_row own;

        if (session->live[fd] != 0 &&
            lastack_status(session->target.stack, session->live[fd] - 1, &own) == 0 &&
            is_same(&own.local, &row->local) && is_same(&own.remote, &row->remote))
            return fd;
    }
    return -1;
}

void so_command_init(struct session *session)
{
    static const struct command_surroundings surroundings = {note, make_file, remove_file,
                                                             holder_of};

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
