/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * lexer.h: a script's text as tokens.
 *
 *     +.1 < S 0:0(0) win 32792 <mss 1000>     ──▶   '+' FLOAT '<' WORD INTEGER ':' INTEGER '(' ...
 *
 * There are no keywords: whether `ack` is a field or a name is decided by where it stands. Blanks,
 * comments (// and C's) and the lines that #ifdef switches off never become tokens. A word that
 * --define named becomes its value: "text", `command`, a number or another word.
 *
 * Three things are longer than a token in one place and cannot be told from tokens in another, so
 * the parser asks for them by name at the current token: the value of an option, an address, a free
 * text in parentheses.
 */
#ifndef LASTACK_LEXER_H
#define LASTACK_LEXER_H

#include "script_error.h"
#include "settings.h"

enum token_kind {
    TOKEN_END,
    TOKEN_INTEGER,  /* 12, -3 */
    TOKEN_HEX,      /* 0x1f */
    TOKEN_FLOAT,    /* 1.5, .1, -.5 */
    TOKEN_WORD,     /* letters, digits, underscores; also gen-... and exp-... */
    TOKEN_STRING,   /* "..." */
    TOKEN_COMMAND,  /* `...` */
    TOKEN_CODE,     /* %{ ... }% */
    TOKEN_OPTION,   /* --name */
    TOKEN_ELLIPSIS, /* ... */
    TOKEN_PUNCT,    /* any other character */
};

struct token {
    enum token_kind kind;
    struct place place;
    size_t offset;    /* where it starts in the text */
    const char *text; /* INTEGER ... CODE: as written, without delimiters; OPTION: the name */
    size_t length;
    int64_t integer;     /* INTEGER, HEX */
    char punct;          /* PUNCT */
    struct place inside; /* CODE: where its text starts */
};

struct lexer {
    const char *text;
    size_t length, at;
    uint32_t line;
    size_t line_start; /* offset of the current line */
    const struct drill_settings *settings;
    struct script_memory *memory;
    struct script_error *error;
    unsigned conditions;    /* open #ifdefs whose lines are live */
    struct place condition; /* of the last one opened */
};

void lexer_init(struct lexer *lexer, const char *text, size_t length,
                const struct drill_settings *settings, struct script_memory *memory,
                struct script_error *error);

/* The next token; false with an error. At the end of the text: TOKEN_END, again and again. */
bool lexer_next(struct lexer *lexer, struct token *token);

/* Goes back to where a token started, to read it differently. */
void lexer_rewind(struct lexer *lexer, const struct token *token);

/* The value of an option: up to the next blank, blanks inside "" and `` included. Empty when
 * there is no '=' behind the name; *value = NULL then. */
bool lexer_option_value(struct lexer *lexer, const char **value);

/* An IPv4 or IPv6 address, as written; NULL if none stands here (nothing is read then). */
const char *lexer_address(struct lexer *lexer, struct place *place);

/* What stands between the '(' just read and its ')' on the same line. */
bool lexer_note(struct lexer *lexer, struct place open, const char **note);

/* "the word "ack"", "the end of the script": for messages. */
const char *token_text(const struct token *token, char *out, size_t size);

#endif
