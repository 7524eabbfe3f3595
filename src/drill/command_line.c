/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * command_line.c: words, quotes, pipes and where output goes; no variables, no patterns, no
 * loops.
 */
#include "command_line.h"

#include <string.h>

struct command_reader {
    const char *at;
    struct script_memory *memory;
};

static bool is_blank(char c)
{
    return c == ' ' || c == '\t' || c == '\r';
}

static bool ends_word(char c)
{
    return c == '\0' || c == '\n' || c == '|' || c == ';' || c == '&' || c == '>' || c == '<' ||
           is_blank(c);
}

/* Blanks, continued lines, comments up to their end. */
static void skip_blanks(struct command_reader *reader)
{
    for (;;) {
        if (is_blank(*reader->at))
            reader->at++;
        else if (reader->at[0] == '\\' && reader->at[1] == '\n')
            reader->at += 2;
        else if (*reader->at == '#')
            reader->at += strcspn(reader->at, "\n");
        else
            return;
    }
}

/* A word, its quotes taken off. NULL: a quote is open at the end. */
static const char *read_word(struct command_reader *reader)
{
    char *word = script_take(reader->memory, strlen(reader->at) + 1);
    size_t length = 0;
    char quote = '\0';

    for (; quote != '\0' || !ends_word(*reader->at); reader->at++) {
        if (*reader->at == '\0')
            return NULL;
        if (quote == '\0' && (*reader->at == '"' || *reader->at == '\''))
            quote = *reader->at;
        else if (*reader->at == quote)
            quote = '\0';
        else if (reader->at[0] == '\\' && reader->at[1] != '\0' && quote != '\'')
            word[length++] = *++reader->at;
        else
            word[length++] = *reader->at;
    }
    return word;
}

/* "2>&1" and ">&2" say nothing to us: there is one output. */
static bool take_duplicate(struct command_reader *reader)
{
    const char *at = reader->at;

    if (*at == '1' || *at == '2')
        at++;
    if (at[0] != '>' || at[1] != '&' || (at[2] != '1' && at[2] != '2') || !ends_word(at[3]))
        return false;
    reader->at = at + 3;
    return true;
}

/* "2>FILE": what is said of errors; nothing is, but where it would go must be nowhere. */
static const char *take_errors(struct command_reader *reader, bool *taken)
{
    const char *file;

    *taken = reader->at[0] == '2' && reader->at[1] == '>';
    if (!*taken)
        return NULL;
    reader->at += 2;
    skip_blanks(reader);
    file = read_word(reader);
    return file != NULL && strcmp(file, "/dev/null") == 0 ? NULL : "errors into a file";
}

static const char *read_stage(struct command_reader *reader, struct command_stage **stage)
{
    *stage = script_take(reader->memory, sizeof **stage);
    for (skip_blanks(reader); !strchr("|;&\n", *reader->at); skip_blanks(reader)) {
        const char *wrong;
        bool taken;

        if (take_duplicate(reader))
            continue;
        wrong = take_errors(reader, &taken);
        if (wrong != NULL)
            return wrong;
        if (taken)
            continue;
        if (*reader->at == '<')
            return "input from a file";
        if (reader->at[0] == '>' && reader->at[1] == '>')
            return "output behind what a file has";
        if (reader->at[0] == '>' || (reader->at[0] == '1' && reader->at[1] == '>')) {
            reader->at += 1 + (reader->at[0] == '1');
            skip_blanks(reader);
            (*stage)->output = read_word(reader);
            if ((*stage)->output == NULL)
                return "an open quote";
            continue;
        }
        if ((*stage)->count == COMMAND_WORDS_MAX)
            return "more than 64 words";
        (*stage)->words[(*stage)->count] = read_word(reader);
        if ((*stage)->words[(*stage)->count++] == NULL)
            return "an open quote";
    }
    return NULL;
}

static const char *read_pipeline(struct command_reader *reader, struct command_pipeline *pipeline)
{
    struct command_stage **link = &pipeline->stages;
    const char *wrong = read_stage(reader, link);

    while (wrong == NULL && reader->at[0] == '|' && reader->at[1] != '|') {
        if ((*link)->count == 0)
            return "a pipe from nothing";
        reader->at++;
        link = &(*link)->next;
        wrong = read_stage(reader, link);
    }
    return wrong;
}

const char *command_line_parse(const char *text, struct script_memory *memory,
                               struct command_pipeline **pipelines)
{
    struct command_reader reader = {text, memory};
    struct command_pipeline **link = pipelines;

    bool is_alternative = false;

    *pipelines = NULL;
    while (*reader.at != '\0') {
        struct command_pipeline *pipeline = script_take(memory, sizeof *pipeline);
        const char *wrong = read_pipeline(&reader, pipeline);

        if (wrong != NULL)
            return wrong;
        pipeline->is_alternative = is_alternative;
        if (pipeline->stages->count > 0) {
            *link = pipeline;
            link = &pipeline->next;
        }
        is_alternative = reader.at[0] == '|' && reader.at[1] == '|';
        if (is_alternative && pipeline->stages->count == 0)
            return "|| behind nothing";
        if (is_alternative || (reader.at[0] == '&' && reader.at[1] == '&'))
            reader.at++;
        else if (*reader.at == '&')
            return "a background job";
        if (*reader.at != '\0')
            reader.at++;
    }
    return NULL;
}
