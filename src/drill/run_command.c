/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * run_command.c: a script's `command`, answered by the built-in ones (commands.h).
 *
 * With allows_shell a text with an unknown command runs on the host instead, as a whole.
 */
#include "runner.h"

#include <stdlib.h>

/* ---- what the commands reach ---- */

static void note(void *context, const char *line)
{
    runner_note(context, "%s", line);
}

static void make_file(void *context, const char *path, int64_t length)
{
    runner_make_file(context, path, length);
}

static void remove_file(void *context, const char *path)
{
    runner_remove_file(context, path);
}

static bool is_same_endpoint(const struct lastack_endpoint *a, const struct lastack_endpoint *b)
{
    return a->port == b->port && lastack_address_equal(&a->address, &b->address);
}

static int holder_of(void *context, const struct lastack_connection_row *row)
{
    const struct runner *runner = context;
    const struct run_descriptor *descriptor = runner->descriptors;

    while (descriptor != NULL &&
           (!descriptor->is_open || descriptor->conversation == NULL ||
            !is_same_endpoint(&descriptor->conversation->local, &row->local) ||
            !is_same_endpoint(&descriptor->conversation->remote, &row->remote)))
        descriptor = descriptor->next;
    return descriptor != NULL ? descriptor->script : -1;
}

void runner_shell_init(struct runner *runner)
{
    static const struct command_surroundings surroundings = {note, make_file, remove_file,
                                                             holder_of};

    runner->shell = (struct command_shell){
        .target = &runner->target,
        .memory = &runner->memory,
        .initial = runner->options->params,
        .surroundings = &surroundings,
        .context = runner,
    };
}

/* ---- running ---- */

/* The user asked for it: the host's shell. */
static bool run_on_host(struct runner *runner, const struct drill_command *command)
{
    const int status = system(command->text);

    return status == 0 || runner_fail(runner, DRILL_CLASS_BEHAVIOUR, command->place,
                                      "error executing `%s`: status %d", command->text, status);
}

bool runner_command(struct runner *runner, const struct drill_command *command)
{
    struct command_pipeline *pipelines;
    const char *said = command_shell_read(&runner->shell, command->text, &pipelines);
    enum command_outcome outcome = COMMAND_UNKNOWN;

    if (said != NULL && runner->options->allows_shell)
        return run_on_host(runner, command);
    if (said == NULL)
        outcome = command_shell_run(&runner->shell, pipelines, &said);
    return outcome == COMMAND_SUCCEEDED ||
           runner_fail(runner,
                       outcome == COMMAND_FAILED ? DRILL_CLASS_BEHAVIOUR
                                                 : DRILL_CLASS_NOT_SUPPORTED,
                       command->place, "%s", said);
}
