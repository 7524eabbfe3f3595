/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * command_sysctl.c: commands that set and show parameters, over view's table of names.
 *
 * A name that we know but that nothing here corresponds to is accepted with a remark: what the
 * script needs of it, its packets will show.
 */
#include "commands.h"
#include "fast_open_key.h"
#include "parameters.h"

#include <stdlib.h>
#include <string.h>

enum { MESSAGE_MAX = 240 };

/* Sets NAME to a value; what is wrong goes to the output. */
static enum command_outcome set_one(struct command_shell *shell, struct command_io *io,
                                    const char *name, const char *value)
{
    struct lastack_params params = *lastack_params(shell->target->stack);
    char message[MESSAGE_MAX];

    if (fast_open_key_is_named(name)) {
        if (fast_open_key_set(shell->target->stack, value))
            return COMMAND_SUCCEEDED;
        text_addf(&io->output, "%s takes 4 or 8 hexadecimal words, not \"%s\"\n", name, value);
        return COMMAND_FAILED;
    }
    switch (parameter_set(&params, name, value, message, sizeof message)) {
    case PARAMETER_DONE:
        lastack_set_params(shell->target->stack, &params);
        return COMMAND_SUCCEEDED;
    case PARAMETER_NO_EFFECT:
        command_note(shell, "%s: %s", name, message);
        return COMMAND_SUCCEEDED;
    case PARAMETER_UNKNOWN:
    case PARAMETER_BAD_VALUE:
        text_addf(&io->output, "%s\n", message);
        return COMMAND_FAILED;
    }
    return COMMAND_FAILED;
}

/* NAME=VALUE */
static enum command_outcome assign(struct command_shell *shell, struct command_io *io,
                                   const char *word)
{
    const char *value = strchr(word, '=');

    return set_one(shell, io, script_copy(shell->memory, word, (size_t)(value - word)), value + 1);
}

static enum command_outcome show(struct command_shell *shell, struct command_io *io,
                                 const char *name, bool value_only)
{
    char value[MESSAGE_MAX];

    if (parameter_get(lastack_params(shell->target->stack), name, value, sizeof value) !=
        PARAMETER_DONE) {
        text_addf(&io->output, "%s: %s\n", name, value);
        return COMMAND_FAILED;
    }
    if (!value_only)
        text_addf(&io->output, "%s: ", name);
    text_addf(&io->output, "%s\n", value);
    return COMMAND_SUCCEEDED;
}

enum command_outcome command_sysctl(struct command_shell *shell, const struct command_stage *stage,
                                    struct command_io *io)
{
    enum command_outcome outcome = COMMAND_SUCCEEDED;
    bool value_only = false;

    for (unsigned i = 1; i < stage->count && outcome == COMMAND_SUCCEEDED; i++) {
        const char *word = stage->words[i];

        if (strcmp(word, "-n") == 0)
            value_only = true;
        else if (strcmp(word, "-q") == 0 || strcmp(word, "-w") == 0 || strcmp(word, "-e") == 0)
            continue;
        else if (word[0] == '-')
            return COMMAND_UNKNOWN;
        else
            outcome = strchr(word, '=') != NULL ? assign(shell, io, word)
                                                : show(shell, io, word, value_only);
    }
    return outcome;
}

/* set_sysctls.py /proc/sys/net/ipv4/tcp_sack=0 ... */
enum command_outcome command_set_sysctls(struct command_shell *shell,
                                         const struct command_stage *stage, struct command_io *io)
{
    enum command_outcome outcome = COMMAND_SUCCEEDED;

    for (unsigned i = 1; i < stage->count && outcome == COMMAND_SUCCEEDED; i++)
        outcome = strchr(stage->words[i], '=') != NULL ? assign(shell, io, stage->words[i])
                                                       : COMMAND_UNKNOWN;
    return outcome;
}

enum command_outcome command_defaults(struct command_shell *shell,
                                      const struct command_stage *stage, struct command_io *io)
{
    struct lastack_params params = *lastack_params(shell->target->stack);

    (void)stage;
    (void)io;
    profile_packetdrill_defaults(&params);
    lastack_set_params(shell->target->stack, &params);
    if (!fast_open_key_set(shell->target->stack, FAST_OPEN_KEY_OF_SUITES))
        return COMMAND_FAILED;
    return COMMAND_SUCCEEDED;
}

/* What set_sysctls.py leaves behind puts everything back. */
enum command_outcome command_restore(struct command_shell *shell, const struct command_stage *stage,
                                     struct command_io *io)
{
    (void)stage;
    (void)io;
    lastack_set_params(shell->target->stack, &shell->initial);
    return COMMAND_SUCCEEDED;
}

/* "/sys/module/tcp_cubic/parameters/NAME" is called tcp_cubic.NAME; names below /proc/sys are
 * known as they stand. */
static const char *name_of_file(struct command_shell *shell, const char *path)
{
    static const char modules[] = "/sys/module/";
    const char *module = path + sizeof modules - 1;
    const char *name = strrchr(path, '/') + 1;

    if (strncmp(path, modules, sizeof modules - 1) != 0)
        return path;
    return script_format(shell->memory, "%.*s.%s", (int)strcspn(module, "/"), module, name);
}

enum command_outcome command_write_parameter(struct command_shell *shell, const char *path,
                                             struct command_io *io)
{
    const char *text = text_string(&io->output);
    const char *value = script_copy(shell->memory, text, strcspn(text, "\n"));

    return set_one(shell, io, name_of_file(shell, path), value);
}
