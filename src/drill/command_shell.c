/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * command_shell.c: the table of built-in commands, and pipes between them.
 *
 * A command that is not in the table fails by its name, so that no script passes because something
 * was skipped; and the first command that fails ends the list, whatever stands between them.
 */
#include "commands.h"

#include <stdarg.h>
#include <stdlib.h>
#include <string.h>

enum { FILE_BYTES_MAX = 64 << 20 };

void command_note(struct command_shell *shell, const char *format, ...)
{
    struct text line = {0};
    va_list arguments;

    va_start(arguments, format);
    text_addfv(&line, format, arguments);
    va_end(arguments);
    shell->surroundings->note(shell->context, text_string(&line));
    text_free(&line);
}

/* ---- small ones ---- */

static enum command_outcome command_true(struct command_shell *shell,
                                         const struct command_stage *stage, struct command_io *io)
{
    (void)shell;
    (void)stage;
    (void)io;
    return COMMAND_SUCCEEDED;
}

/* grep [-c] TEXT: lines that contain the text; patterns are not known. */
static enum command_outcome command_grep(struct command_shell *shell,
                                         const struct command_stage *stage, struct command_io *io)
{
    const bool counts = stage->count > 1 && strcmp(stage->words[1], "-c") == 0;
    unsigned found = 0;
    const char *line = io->input;

    (void)shell;
    if (stage->count != (counts ? 3u : 2u))
        return COMMAND_UNKNOWN;
    while (*line != '\0') {
        const size_t length = strcspn(line, "\n");
        char *copy = script_copy(shell->memory, line, length);

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

static enum command_outcome command_echo(struct command_shell *shell,
                                         const struct command_stage *stage, struct command_io *io)
{
    (void)shell;
    for (unsigned i = 1; i < stage->count; i++)
        text_addf(&io->output, "%s%s", i > 1 ? " " : "", stage->words[i]);
    text_add(&io->output, "\n");
    return COMMAND_SUCCEEDED;
}

/* rm [-f] FILE...: of files that this run made. */
static enum command_outcome command_rm(struct command_shell *shell,
                                       const struct command_stage *stage, struct command_io *io)
{
    (void)io;
    for (unsigned i = 1; i < stage->count; i++)
        if (stage->words[i][0] != '-')
            shell->surroundings->remove_file(shell->context, stage->words[i]);
    return COMMAND_SUCCEEDED;
}

/* dd if=/dev/zero of=FILE [bs=N] [count=N]: a file that only this run knows. */
static enum command_outcome command_dd(struct command_shell *shell,
                                       const struct command_stage *stage, struct command_io *io)
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
    shell->surroundings->make_file(shell->context, path, size * count);
    return COMMAND_SUCCEEDED;
}

/* Offloads of a network card that is not there: off they are already. */
static enum command_outcome command_ethtool(struct command_shell *shell,
                                            const struct command_stage *stage,
                                            struct command_io *io)
{
    (void)shell;
    (void)io;
    if (stage->count < 5 || stage->count % 2 == 0 || strcmp(stage->words[1], "-K") != 0)
        return COMMAND_UNKNOWN;
    for (unsigned i = 4; i < stage->count; i += 2)
        if (strcmp(stage->words[i], "off") != 0)
            return COMMAND_UNKNOWN;
    return COMMAND_SUCCEEDED;
}

/* ip tcp_metrics flush all: what is remembered of other hosts, cookies among it. */
static enum command_outcome command_ip(struct command_shell *shell,
                                       const struct command_stage *stage, struct command_io *io)
{
    const bool flushes = stage->count == 4 && strcmp(stage->words[1], "tcp_metrics") == 0 &&
                         strcmp(stage->words[2], "flush") == 0;

    (void)io;
    if (flushes)
        lastack_forget_fast_open(shell->target->stack);
    return flushes ? COMMAND_SUCCEEDED : COMMAND_UNKNOWN;
}

struct command_row {
    const char *name; /* of the program, without its folder; one ending in * is a beginning */
    command_function *run;
};

static const struct command_row rows[] = {
    {"sysctl", command_sysctl},
    {"set_sysctls.py", command_set_sysctls},
    {"defaults.sh", command_defaults},
    {"sysctl_restore_*", command_restore},
    {"sockstat", command_sockstat},
    {"tcpdrop", command_tcpdrop},
    {"nstat", command_nstat},
    {"grep", command_grep},
    {"ethtool", command_ethtool},
    {"ip", command_ip},
    {"echo", command_echo},
    {"rm", command_rm},
    {"dd", command_dd},
    {"kldload", command_true},
    {"true", command_true},
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
static enum command_outcome run_pipeline(struct command_shell *shell,
                                         const struct command_pipeline *pipeline,
                                         const struct command_stage **last, const char **output)
{
    enum command_outcome outcome = COMMAND_SUCCEEDED;

    *output = "";
    for (const struct command_stage *stage = pipeline->stages; stage != NULL; stage = stage->next) {
        struct command_io io = {.input = *output};

        outcome = find_command(stage->words[0])->run(shell, stage, &io);
        *last = stage;
        if (outcome == COMMAND_SUCCEEDED && stage->output != NULL &&
            is_parameter_file(stage->output))
            outcome = command_write_parameter(shell, stage->output, &io);
        *output = script_copy(shell->memory, text_string(&io.output), io.output.length);
        text_free(&io.output);
        if (outcome == COMMAND_UNKNOWN)
            return outcome;
        if (stage->output != NULL)
            *output = "";
    }
    return outcome;
}

static const char *stage_text(struct command_shell *shell, const struct command_stage *stage)
{
    struct text text = {0};
    const char *copy;

    for (unsigned i = 0; i < stage->count; i++)
        text_addf(&text, "%s%s", i > 0 ? " " : "", stage->words[i]);
    if (stage->output != NULL)
        text_addf(&text, " > %s", stage->output);
    copy = script_copy(shell->memory, text_string(&text), text.length);
    text_free(&text);
    return copy;
}

static const char *say_failure(struct command_shell *shell, const struct command_stage *stage,
                               enum command_outcome outcome, const char *output)
{
    const size_t length = strcspn(output, "\n");

    if (outcome == COMMAND_UNKNOWN)
        return script_format(shell->memory, "not supported: the command `%s`",
                             stage_text(shell, stage));
    return script_format(shell->memory, "error executing `%s`: it failed%s%.*s",
                         stage_text(shell, stage), length > 0 ? ": " : "", (int)length, output);
}

const char *command_shell_read(struct command_shell *shell, const char *text,
                               struct command_pipeline **pipelines)
{
    const char *wrong = command_line_parse(text, shell->memory, pipelines);
    const struct command_stage *unknown = wrong == NULL ? find_unknown(*pipelines) : NULL;

    if (wrong != NULL)
        return script_format(shell->memory, "not supported: a command with %s", wrong);
    return unknown != NULL ? say_failure(shell, unknown, COMMAND_UNKNOWN, "") : NULL;
}

enum command_outcome command_shell_run(struct command_shell *shell,
                                       const struct command_pipeline *pipelines, const char **said)
{
    enum command_outcome outcome = COMMAND_SUCCEEDED;
    const struct command_stage *stage = NULL;
    const char *output = "";

    /* (a shell goes on behind ; and tells the last outcome; here nothing fails unseen) */
    for (; pipelines != NULL && outcome != COMMAND_UNKNOWN; pipelines = pipelines->next) {
        if (pipelines->is_alternative != (outcome == COMMAND_FAILED)) {
            if (pipelines->is_alternative)
                continue;
            break;
        }
        outcome = run_pipeline(shell, pipelines, &stage, &output);
        target_settle(shell->target);
    }
    *said = outcome == COMMAND_SUCCEEDED ? "" : say_failure(shell, stage, outcome, output);
    return outcome;
}
