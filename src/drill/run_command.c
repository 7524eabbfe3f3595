/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * run_command.c: the table of built-in commands, and pipes between them.
 *
 * A command that is not in the table fails by its name, so that no script passes because something
 * was skipped; and the first command that fails ends the list, whatever stands between them. With
 * allows_shell a text with an unknown command runs on the host instead, as a whole.
 */
#include "commands.h"

#include "script_text.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

enum { FILE_BYTES_MAX = 64 << 20 };

/* ---- small ones ---- */

static enum command_outcome command_true(struct runner *runner, const struct command_stage *stage,
                                         struct command_io *io)
{
    (void)runner;
    (void)stage;
    (void)io;
    return COMMAND_SUCCEEDED;
}

/* grep [-c] TEXT: lines that contain the text; patterns are not known. */
static enum command_outcome command_grep(struct runner *runner, const struct command_stage *stage,
                                         struct command_io *io)
{
    const bool counts = stage->count > 1 && strcmp(stage->words[1], "-c") == 0;
    unsigned found = 0;
    const char *line = io->input;

    (void)runner;
    if (stage->count != (counts ? 3u : 2u))
        return COMMAND_UNKNOWN;
    while (*line != '\0') {
        const size_t length = strcspn(line, "\n");
        char *copy = script_copy(&runner->memory, line, length);

        if (strstr(copy, stage->words[stage->count - 1]) != NULL) {
            found++;
            if (!counts)
                text_addf(&io->output, "%s\n", copy);
        }
        line += length + (line[length] == '\n');
    }
    if (counts)
        text_addf(&io->output, "%u\n", found);
    return found > 0 ? COMMAND_SUCCEEDED : COMMAND_FAILED;
}

static enum command_outcome command_echo(struct runner *runner, const struct command_stage *stage,
                                         struct command_io *io)
{
    (void)runner;
    for (unsigned i = 1; i < stage->count; i++)
        text_addf(&io->output, "%s%s", i > 1 ? " " : "", stage->words[i]);
    text_add(&io->output, "\n");
    return COMMAND_SUCCEEDED;
}

/* rm [-f] FILE...: of files that this run made. */
static enum command_outcome command_rm(struct runner *runner, const struct command_stage *stage,
                                       struct command_io *io)
{
    (void)io;
    for (unsigned i = 1; i < stage->count; i++)
        if (stage->words[i][0] != '-')
            runner_remove_file(runner, stage->words[i]);
    return COMMAND_SUCCEEDED;
}

/* dd if=/dev/zero of=FILE [bs=N] [count=N]: a file that only this run knows. */
static enum command_outcome command_dd(struct runner *runner, const struct command_stage *stage,
                                       struct command_io *io)
{
    int64_t size = 512, count = 0;
    const char *path = NULL;
    bool is_zero = false;

    (void)io;
    for (unsigned i = 1; i < stage->count; i++) {
        const char *word = stage->words[i];

        if (strncmp(word, "of=", 3) == 0)
            path = word + 3;
        else if (strncmp(word, "bs=", 3) == 0)
            size = strtol(word + 3, NULL, 10);
        else if (strncmp(word, "count=", 6) == 0)
            count = strtol(word + 6, NULL, 10);
        else if (strcmp(word, "if=/dev/zero") == 0)
            is_zero = true;
        else if (strncmp(word, "status=", 7) != 0)
            return COMMAND_UNKNOWN;
    }
    if (path == NULL || !is_zero || size <= 0 || size > FILE_BYTES_MAX || count <= 0 ||
        count > FILE_BYTES_MAX / size)
        return COMMAND_UNKNOWN;
    runner_make_file(runner, path, size * count);
    return COMMAND_SUCCEEDED;
}

/* Offloads of a network card that is not there: off they are already. */
static enum command_outcome command_ethtool(struct runner *runner,
                                            const struct command_stage *stage,
                                            struct command_io *io)
{
    (void)runner;
    (void)io;
    if (stage->count < 5 || stage->count % 2 == 0 || strcmp(stage->words[1], "-K") != 0)
        return COMMAND_UNKNOWN;
    for (unsigned i = 4; i < stage->count; i += 2)
        if (strcmp(stage->words[i], "off") != 0)
            return COMMAND_UNKNOWN;
    return COMMAND_SUCCEEDED;
}

/* ip tcp_metrics flush all: what is remembered of other hosts, cookies among it. */
static enum command_outcome command_ip(struct runner *runner, const struct command_stage *stage,
                                       struct command_io *io)
{
    const bool flushes = stage->count == 4 && strcmp(stage->words[1], "tcp_metrics") == 0 &&
                         strcmp(stage->words[2], "flush") == 0;

    (void)io;
    if (flushes)
        lastack_forget_fast_open(runner->target.stack);
    return flushes ? COMMAND_SUCCEEDED : COMMAND_UNKNOWN;
}

struct command_row {
    const char *name; /* of the program, without its folder; one ending in * is a beginning */
    command_function *run;
};

static const struct command_row rows[] = {
    {"sysctl", command_sysctl},   {"set_sysctls.py", command_set_sysctls},
    {"defaults.sh", command_defaults}, {"sysctl_restore_*", command_restore},
    {"sockstat", command_sockstat}, {"tcpdrop", command_tcpdrop},
    {"nstat", command_nstat},     {"grep", command_grep},
    {"ethtool", command_ethtool}, {"ip", command_ip},
    {"echo", command_echo},       {"rm", command_rm},
    {"dd", command_dd},
    {"kldload", command_true},    {"true", command_true},
    {":", command_true},
};

static const struct command_row *find_command(const char *word)
{
    const char *name = strrchr(word, '/') != NULL ? strrchr(word, '/') + 1 : word;

    for (size_t i = 0; i < sizeof rows / sizeof rows[0]; i++) {
        const size_t length = strcspn(rows[i].name, "*");

        if (rows[i].name[length] == '*' ? strncmp(name, rows[i].name, length) == 0
                                        : strcmp(name, rows[i].name) == 0)
            return &rows[i];
    }
    return NULL;
}

/* ---- running ---- */

/* Where parameters of a system stand as files; what is written there sets one. */
static bool is_parameter_file(const char *path)
{
    return strncmp(path, "/proc/sys/", 10) == 0 || strncmp(path, "/sys/module/tcp_", 16) == 0;
}

/* Nothing is written to files of the host. */
static bool has_known_output(const struct command_stage *stage)
{
    return stage->output == NULL || strcmp(stage->output, "/dev/null") == 0 ||
           is_parameter_file(stage->output);
}

/* The first stage that cannot be run, or NULL. */
static const struct command_stage *find_unknown(const struct command_pipeline *pipelines)
{
    for (; pipelines != NULL; pipelines = pipelines->next)
        for (const struct command_stage *stage = pipelines->stages; stage != NULL;
             stage = stage->next)
            if (find_command(stage->words[0]) == NULL || !has_known_output(stage))
                return stage;
    return NULL;
}

/* Runs the stages of a pipeline; its outcome is that of the last. *output is what that wrote. */
static enum command_outcome run_pipeline(struct runner *runner,
                                         const struct command_pipeline *pipeline,
                                         const struct command_stage **last, const char **output)
{
    enum command_outcome outcome = COMMAND_SUCCEEDED;

    *output = "";
    for (const struct command_stage *stage = pipeline->stages; stage != NULL;
         stage = stage->next) {
        struct command_io io = {.input = *output};

        outcome = find_command(stage->words[0])->run(runner, stage, &io);
        *last = stage;
        if (outcome == COMMAND_SUCCEEDED && stage->output != NULL &&
            is_parameter_file(stage->output))
            outcome = command_write_parameter(runner, stage->output, &io);
        *output = script_copy(&runner->memory, text_string(&io.output), io.output.length);
        text_free(&io.output);
        if (outcome == COMMAND_UNKNOWN)
            return outcome;
        if (stage->output != NULL)
            *output = "";
    }
    return outcome;
}

static const char *stage_text(struct runner *runner, const struct command_stage *stage)
{
    struct text text = {0};
    const char *copy;

    for (unsigned i = 0; i < stage->count; i++)
        text_addf(&text, "%s%s", i > 0 ? " " : "", stage->words[i]);
    if (stage->output != NULL)
        text_addf(&text, " > %s", stage->output);
    copy = script_copy(&runner->memory, text_string(&text), text.length);
    text_free(&text);
    return copy;
}

static bool fail_command(struct runner *runner, const struct drill_command *command,
                         const struct command_stage *stage, enum command_outcome outcome,
                         const char *output)
{
    const size_t length = strcspn(output, "\n");

    if (outcome == COMMAND_UNKNOWN)
        return runner_fail(runner, DRILL_CLASS_NOT_SUPPORTED, command->place,
                           "not supported: the command `%s`", stage_text(runner, stage));
    return runner_fail(runner, DRILL_CLASS_BEHAVIOUR, command->place,
                       "error executing `%s`: it failed%s%.*s", stage_text(runner, stage),
                       length > 0 ? ": " : "", (int)length, output);
}

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
    const char *wrong = command_line_parse(command->text, &runner->memory, &pipelines);
    const struct command_stage *stage = wrong == NULL ? find_unknown(pipelines) : NULL;
    enum command_outcome outcome = COMMAND_SUCCEEDED;
    const char *output = "";

    if (wrong != NULL || stage != NULL) {
        if (runner->options->allows_shell)
            return run_on_host(runner, command);
        if (stage != NULL)
            return fail_command(runner, command, stage, COMMAND_UNKNOWN, "");
        return runner_fail(runner, DRILL_CLASS_NOT_SUPPORTED, command->place,
                           "not supported: a command with %s", wrong);
    }
    for (; pipelines != NULL && outcome == COMMAND_SUCCEEDED; pipelines = pipelines->next) {
        outcome = run_pipeline(runner, pipelines, &stage, &output);
        target_settle(&runner->target);
    }
    return outcome == COMMAND_SUCCEEDED || fail_command(runner, command, stage, outcome, output);
}
