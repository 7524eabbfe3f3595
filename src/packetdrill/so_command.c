/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * so_command.c: the shell commands of scripts, for the stack and never for the host:
 *
 *     ../common/defaults.sh                            what the public suites set first
 *     sysctl -q net.ipv4.tcp_sack=0                    as set_sysctls.py PATH=VALUE ...
 *
 * Commands joined by ; && or a new line go one by one. Any other is refused by name.
 */
#include "session.h"

#include "fast_open_key.h"
#include "parameters.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

enum { COMMAND_FAILED = 1 << 8, COMMAND_UNKNOWN = 127 << 8, MESSAGE_MAX = 256 };

/* "NAME=VALUE" or "NAME='VALUE VALUE'" without the quotes. */
static int assign(struct session *session, char *word)
{
    struct lastack_params params = *lastack_params(session->target.stack);
    char message[MESSAGE_MAX];
    char *value = strchr(word, '=');
    enum parameter_result result;
    size_t length;

    if (value == NULL) {
        fprintf(stderr, "lastack: %s: expected NAME=VALUE\n", word);
        return COMMAND_FAILED;
    }
    *value++ = '\0';
    length = strlen(value);
    if (length >= 2 && strchr("\"'", value[0]) != NULL && value[length - 1] == value[0]) {
        value[length - 1] = '\0';
        value++;
    }
    if (fast_open_key_is_named(word)) {
        if (fast_open_key_set(session->target.stack, value))
            return 0;
        fprintf(stderr, "lastack: %s takes 4 or 8 hexadecimal words, not \"%s\"\n", word, value);
        return COMMAND_FAILED;
    }
    result = parameter_set(&params, word, value, message, sizeof message);
    if (result != PARAMETER_DONE)
        fprintf(stderr, "lastack: %s\n", message);
    if (result == PARAMETER_UNKNOWN || result == PARAMETER_BAD_VALUE)
        return COMMAND_FAILED;
    lastack_set_params(session->target.stack, &params);
    return 0;
}

/* The next word of *rest, which quotes hold together; NULL behind the last. */
static char *next_word(char **rest)
{
    char *word = *rest + strspn(*rest, " \t");
    char *at = word;
    char quote = '\0';

    if (*word == '\0')
        return NULL;
    for (; *at != '\0' && (quote != '\0' || (*at != ' ' && *at != '\t')); at++) {
        if (quote == *at)
            quote = '\0';
        else if (quote == '\0' && strchr("\"'", *at) != NULL)
            quote = *at;
    }
    *rest = *at != '\0' ? at + 1 : at;
    *at = '\0';
    return word;
}

static int run_one(struct session *session, char *rest)
{
    const char *program = next_word(&rest);
    const char *base;
    char *word;
    int result = 0;

    if (program == NULL)
        return 0;
    base = strrchr(program, '/') != NULL ? strrchr(program, '/') + 1 : program;
    if (strcmp(base, "defaults.sh") == 0) {
        struct lastack_params params = *lastack_params(session->target.stack);

        profile_packetdrill_defaults(&params);
        lastack_set_params(session->target.stack, &params);
        return fast_open_key_set(session->target.stack, FAST_OPEN_KEY_OF_SUITES)
                   ? 0
                   : COMMAND_FAILED;
    }
    if (strcmp(base, "sysctl") != 0 && strcmp(base, "set_sysctls.py") != 0) {
        fprintf(stderr, "lastack: not done on the host, and not known here: %s\n", program);
        return COMMAND_UNKNOWN;
    }
    while (result == 0 && (word = next_word(&rest)) != NULL)
        if (strcmp(word, "-q") != 0 && strcmp(word, "-w") != 0)
            result = assign(session, word);
    return result;
}

int so_command(struct session *session, const char *command)
{
    char *copy = strdup(command);
    char *at = copy;
    int result = copy == NULL ? COMMAND_FAILED : 0;

    while (result == 0 && at != NULL) {
        char *end = strpbrk(at, ";&\n");

        if (end != NULL) {
            *end++ = '\0';
            end += strspn(end, ";&\n");
        }
        result = run_one(session, at);
        at = end;
    }
    free(copy);
    return result;
}
