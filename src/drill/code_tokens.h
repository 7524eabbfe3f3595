/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * code_tokens.h: what parse_code.c reads: tokens of %{ }%, with their places. Nobody else includes
 * it.
 */
#ifndef LASTACK_CODE_TOKENS_H
#define LASTACK_CODE_TOKENS_H

#include "code.h"

enum code_token { AT_END, AT_NEWLINE, AT_NUMBER, AT_FLOAT, AT_STRING, AT_NAME, AT_OP };

struct code_reader {
    const char *text;
    size_t length, at;
    size_t placed; /* an offset whose place is known: places are asked for in order */
    struct place place;
    struct script_memory *memory;
    struct script_error *error;
    unsigned parentheses, depth, nodes;
    /* the token at hand: */
    enum code_token kind;
    size_t from, to; /* its text */
    int64_t integer;
};

/* Where an offset is in the script. Offsets never decrease from call to call. */
struct place code_place(struct code_reader *reader, size_t offset);

/* "MESSAGE, got TOKEN", at the token; returns false. */
bool code_fail(struct code_reader *reader, const char *message);

/* The next token; false: the text is wrong there, and that has been said. */
bool code_next(struct code_reader *reader);

/* Is the token at hand this operator or word? */
bool code_token_is(const struct code_reader *reader, const char *text);

/* If it is, goes on to the next; false: as code_next. */
bool code_try_take(struct code_reader *reader, const char *text, bool *taken);

/* ... and if it is not, that is an error. */
bool code_take(struct code_reader *reader, const char *text, const char *message);

#endif
