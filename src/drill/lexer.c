/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * lexer.c: hand-written, one look ahead, linear in the text.
 *
 * Invariant: 0 <= at <= length, and every lexer_next that is not at the end moves `at` forward, so
 * no text can hold the parser up for ever.
 */
#include "lexer.h"

#include "digits.h"

#include <stdio.h>
#include <string.h>

#include <lastack/address.h>

enum { CONDITIONS_MAX = 16 };

void lexer_init(struct lexer *lexer, const char *text, size_t length,
                const struct drill_settings *settings, struct script_memory *memory,
                struct script_error *error)
{
    *lexer = (struct lexer){.text = text,
                            .length = length,
                            .line = 1,
                            .settings = settings,
                            .memory = memory,
                            .error = error};
}

/* ---- characters ---- */

static int peek_at(const struct lexer *lexer, size_t ahead)
{
    size_t at = lexer->at + ahead;

    return at < lexer->length ? (unsigned char)lexer->text[at] : -1;
}

static void advance(struct lexer *lexer, size_t count)
{
    for (; count > 0 && lexer->at < lexer->length; count--) {
        if (lexer->text[lexer->at++] != '\n')
            continue;
        lexer->line++;
        lexer->line_start = lexer->at;
    }
}

static struct place place_now(const struct lexer *lexer)
{
    return (struct place){lexer->line, (uint32_t)(lexer->at - lexer->line_start) + 1};
}

static bool is_digit(int c)
{
    return c >= '0' && c <= '9';
}

static bool is_hex_digit(int c)
{
    return is_digit(c) || (c >= 'a' && c <= 'f') || (c >= 'A' && c <= 'F');
}

static bool is_word_char(int c)
{
    return is_digit(c) || (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') || c == '_';
}

static bool is_blank(int c)
{
    return c == ' ' || c == '\t' || c == '\r' || c == '\n';
}

static size_t count_word_chars(const struct lexer *lexer, size_t ahead)
{
    size_t count = 0;

    while (is_word_char(peek_at(lexer, ahead + count)))
        count++;
    return count;
}

/* ---- what lies between tokens ---- */

static void skip_line(struct lexer *lexer)
{
    while (peek_at(lexer, 0) != -1 && peek_at(lexer, 0) != '\n')
        advance(lexer, 1);
}

static bool skip_c_comment(struct lexer *lexer)
{
    struct place start = place_now(lexer);

    advance(lexer, 2);
    while (peek_at(lexer, 0) != -1) {
        if (peek_at(lexer, 0) == '*' && peek_at(lexer, 1) == '/') {
            advance(lexer, 2);
            return true;
        }
        advance(lexer, 1);
    }
    return script_error_at(lexer->error, start, "this comment is never closed");
}

/* True when only blanks stand before the current character on its line. */
static bool at_line_start(const struct lexer *lexer)
{
    for (size_t i = lexer->line_start; i < lexer->at; i++)
        if (!is_blank((unsigned char)lexer->text[i]))
            return false;
    return true;
}

static bool word_is(const char *word, size_t length, const char *name)
{
    return strlen(name) == length && memcmp(word, name, length) == 0;
}

/* Reads "#word" at a line's start; the cursor ends behind the word. */
static const char *directive(struct lexer *lexer, size_t *length)
{
    size_t blanks = 1;

    while (peek_at(lexer, blanks) == ' ' || peek_at(lexer, blanks) == '\t')
        blanks++;
    *length = count_word_chars(lexer, blanks);
    advance(lexer, blanks + *length);
    return lexer->text + lexer->at - *length;
}

/* Skips lines until the #else or #endif that belongs to a condition that does not hold. */
static bool skip_dead_lines(struct lexer *lexer, bool may_else, bool *is_live)
{
    unsigned depth = 0;

    while (peek_at(lexer, 0) != -1) {
        while (peek_at(lexer, 0) == ' ' || peek_at(lexer, 0) == '\t')
            advance(lexer, 1);
        if (peek_at(lexer, 0) == '#') {
            size_t length;
            const char *word = directive(lexer, &length);

            if (word_is(word, length, "ifdef") || word_is(word, length, "ifndef"))
                depth++;
            else if (word_is(word, length, "endif") && depth-- == 0)
                return *is_live = false, true;
            else if (word_is(word, length, "else") && depth == 0 && may_else)
                return *is_live = true;
        }
        skip_line(lexer);
        advance(lexer, 1);
    }
    return script_error_at(lexer->error, lexer->condition, "this #ifdef has no #endif");
}

static bool open_condition(struct lexer *lexer, bool wanted, struct place place)
{
    bool is_live = true;
    size_t length;

    while (peek_at(lexer, 0) == ' ' || peek_at(lexer, 0) == '\t')
        advance(lexer, 1);
    length = count_word_chars(lexer, 0);
    if (length == 0)
        return script_error_at(lexer->error, place_now(lexer), "expected a name behind #ifdef");
    if (lexer->conditions == CONDITIONS_MAX)
        return script_error_at(lexer->error, place, "#ifdef nested deeper than %d", CONDITIONS_MAX);
    lexer->condition = place;
    if (drill_settings_is_defined(lexer->settings, lexer->text + lexer->at, length) != wanted) {
        skip_line(lexer);
        if (!skip_dead_lines(lexer, true, &is_live))
            return false;
    }
    skip_line(lexer);
    lexer->conditions += is_live;
    return true;
}

/* #ifdef NAME, #ifndef NAME, #else, #endif, each alone on its line. */
static bool take_directive(struct lexer *lexer)
{
    struct place place = place_now(lexer);
    size_t length;
    const char *word = directive(lexer, &length);
    bool is_live = false;

    if (word_is(word, length, "ifdef"))
        return open_condition(lexer, true, place);
    if (word_is(word, length, "ifndef"))
        return open_condition(lexer, false, place);
    if (!word_is(word, length, "else") && !word_is(word, length, "endif"))
        return script_error_at(lexer->error, place,
                               "unknown directive; there are #ifdef, #ifndef, #else and #endif");
    if (lexer->conditions == 0)
        return script_error_at(lexer->error, place, "#%.*s without #ifdef", (int)length, word);
    lexer->conditions--;
    if (word_is(word, length, "else"))
        return skip_line(lexer), skip_dead_lines(lexer, false, &is_live);
    skip_line(lexer);
    return true;
}

/* Blanks, comments, directives. */
static bool skip_between(struct lexer *lexer)
{
    for (;;) {
        int c = peek_at(lexer, 0);

        if (is_blank(c)) {
            advance(lexer, 1);
        } else if (c == '/' && peek_at(lexer, 1) == '/') {
            skip_line(lexer);
        } else if (c == '/' && peek_at(lexer, 1) == '*') {
            if (!skip_c_comment(lexer))
                return false;
        } else if (c == '#' && at_line_start(lexer)) {
            if (!take_directive(lexer))
                return false;
        } else {
            return true;
        }
    }
}

/* ---- tokens ---- */

static void take(struct lexer *lexer, struct token *token, enum token_kind kind, size_t length)
{
    token->kind = kind;
    token->text = lexer->text + lexer->at;
    token->length = length;
    advance(lexer, length);
}

/* Decimal with an optional '-', or 0x and hex digits; false when it does not fit 64 bits. */
static bool number_value(const char *text, size_t length, int64_t *value)
{
    bool is_negative = length > 0 && text[0] == '-';
    bool is_hex = length > 2 && text[0] == '0' && (text[1] == 'x' || text[1] == 'X');
    uint64_t base = is_hex ? 16 : 10, sum = 0;

    for (size_t i = is_hex ? 2 : is_negative; i < length; i++) {
        uint64_t digit = (uint64_t)hex_digit(text[i]);

        if (sum > ((uint64_t)INT64_MAX - digit) / base)
            return false;
        sum = sum * base + digit;
    }
    *value = is_negative ? -(int64_t)sum : (int64_t)sum;
    return true;
}

static bool is_all(const char *text, size_t length, bool (*accepts)(int))
{
    for (size_t i = 0; i < length; i++)
        if (!accepts((unsigned char)text[i]))
            return false;
    return length > 0;
}

/* Letters and digits: an integer, a hex number or a word. */
static bool classify(struct token *token)
{
    const char *text = token->text;
    size_t length = token->length;

    if (is_all(text, length, is_digit))
        token->kind = TOKEN_INTEGER;
    else if (length > 2 && text[0] == '0' && text[1] == 'x' &&
             is_all(text + 2, length - 2, is_hex_digit))
        token->kind = TOKEN_HEX;
    else
        token->kind = TOKEN_WORD;
    /* A long run of digits may be a cookie, which is read as text: so too large is no error yet. */
    if (token->kind != TOKEN_WORD && !number_value(text, length, &token->integer))
        token->integer = INT64_MAX;
    return true;
}

/* A word that --define gave a value becomes that value. */
static bool substitute(struct lexer *lexer, struct token *token)
{
    const char *value = drill_settings_symbol(lexer->settings, token->text, token->length);
    size_t length;

    if (value == NULL)
        return true;
    length = strlen(value);
    token->text = value;
    token->length = length;
    if (length >= 2 && (value[0] == '"' || value[0] == '`')) {
        token->kind = value[0] == '"' ? TOKEN_STRING : TOKEN_COMMAND;
        token->text = value + 1;
        token->length = length - 2;
        return true;
    }
    if (length > 1 && value[0] == '-' && is_all(value + 1, length - 1, is_digit)) {
        token->kind = TOKEN_INTEGER;
        return number_value(value, length, &token->integer) ||
               script_error_at(lexer->error, token->place, "%s is too large", value);
    }
    return classify(token);
}

/* gen-254 and exp-AccECN0 are one word; anywhere else '-' ends a word. */
static size_t word_length(const struct lexer *lexer)
{
    size_t length = count_word_chars(lexer, 0);
    const char *word = lexer->text + lexer->at;

    if (peek_at(lexer, length) == '-' &&
        (word_is(word, length, "gen") || word_is(word, length, "exp")))
        length += 1 + count_word_chars(lexer, length + 1);
    return length;
}

static bool take_word(struct lexer *lexer, struct token *token)
{
    take(lexer, token, TOKEN_WORD, word_length(lexer));
    classify(token);
    return token->kind != TOKEN_WORD || substitute(lexer, token);
}

/* -3, -.5, 1.5, .1: the start has been looked at already. */
static bool take_number(struct lexer *lexer, struct token *token)
{
    size_t length = peek_at(lexer, 0) == '-';

    while (is_digit(peek_at(lexer, length)))
        length++;
    if (peek_at(lexer, length) == '.' && is_digit(peek_at(lexer, length + 1))) {
        length++;
        while (is_digit(peek_at(lexer, length)))
            length++;
        take(lexer, token, TOKEN_FLOAT, length);
        return true;
    }
    take(lexer, token, TOKEN_INTEGER, length);
    return number_value(token->text, length, &token->integer) ||
           script_error_at(lexer->error, token->place, "the number is too large");
}

/* "..." and `...`, with backslash escapes kept as they are. Strings end on their line. */
static bool take_quoted(struct lexer *lexer, struct token *token, char quote)
{
    size_t length = 0;

    advance(lexer, 1);
    for (;; length++) {
        int c = peek_at(lexer, length);

        if (c == -1 || (c == '\n' && quote == '"'))
            return script_error_at(lexer->error, token->place,
                                   quote == '"' ? "this string is never closed"
                                                : "this command is never closed");
        if (c == quote)
            break;
        if (c == '\\' && peek_at(lexer, length + 1) != -1 && peek_at(lexer, length + 1) != '\n')
            length++;
    }
    take(lexer, token, quote == '"' ? TOKEN_STRING : TOKEN_COMMAND, length);
    advance(lexer, 1);
    return true;
}

static bool take_code(struct lexer *lexer, struct token *token)
{
    size_t length = 0;

    advance(lexer, 2);
    token->inside = place_now(lexer);
    while (peek_at(lexer, length) != '}' || peek_at(lexer, length + 1) != '%') {
        if (peek_at(lexer, length) == -1)
            return script_error_at(lexer->error, token->place, "this %%{ is never closed by }%%");
        length++;
    }
    take(lexer, token, TOKEN_CODE, length);
    advance(lexer, 2);
    return true;
}

static bool starts_number(const struct lexer *lexer)
{
    size_t sign = peek_at(lexer, 0) == '-';

    return (sign && is_digit(peek_at(lexer, 1))) ||
           (peek_at(lexer, sign) == '.' && is_digit(peek_at(lexer, sign + 1)));
}

/* 1.5 is a number, 0...5 and 1:2 are not, 3021b9 is a word. */
static bool starts_decimal(const struct lexer *lexer)
{
    size_t length = count_word_chars(lexer, 0);

    return is_all(lexer->text + lexer->at, length, is_digit) && peek_at(lexer, length) == '.' &&
           is_digit(peek_at(lexer, length + 1));
}

bool lexer_next(struct lexer *lexer, struct token *token)
{
    int c;

    if (!skip_between(lexer))
        return false;
    *token = (struct token){.place = place_now(lexer), .offset = lexer->at};
    c = peek_at(lexer, 0);
    if (c == -1) {
        if (lexer->conditions > 0)
            return script_error_at(lexer->error, lexer->condition, "this #ifdef has no #endif");
        return true;
    }
    if (starts_number(lexer) || starts_decimal(lexer))
        return take_number(lexer, token);
    if (is_word_char(c))
        return take_word(lexer, token);
    if (c == '"' || c == '`')
        return take_quoted(lexer, token, (char)c);
    if (c == '%' && peek_at(lexer, 1) == '{')
        return take_code(lexer, token);
    if (c == '-' && peek_at(lexer, 1) == '-' && is_word_char(peek_at(lexer, 2))) {
        advance(lexer, 2);
        take(lexer, token, TOKEN_OPTION, count_word_chars(lexer, 0));
        return true;
    }
    if (c == '.' && peek_at(lexer, 1) == '.' && peek_at(lexer, 2) == '.') {
        take(lexer, token, TOKEN_ELLIPSIS, 3);
        return true;
    }
    token->punct = (char)c;
    take(lexer, token, TOKEN_PUNCT, 1);
    return true;
}

/* ---- the three that are longer than a token ---- */

void lexer_rewind(struct lexer *lexer, const struct token *token)
{
    lexer->at = token->offset;
    lexer->line = token->place.line;
    lexer->line_start = token->offset - (token->place.column - 1);
}

bool lexer_option_value(struct lexer *lexer, const char **value)
{
    struct place start;
    size_t length = 0;
    char quote = 0;

    *value = NULL;
    while (peek_at(lexer, 0) == ' ' || peek_at(lexer, 0) == '\t')
        advance(lexer, 1);
    if (peek_at(lexer, 0) != '=')
        return true;
    advance(lexer, 1);
    while (peek_at(lexer, 0) == ' ' || peek_at(lexer, 0) == '\t')
        advance(lexer, 1);
    start = place_now(lexer);
    for (int c; (c = peek_at(lexer, length)) != -1 && (quote != 0 || !is_blank(c)); length++) {
        if (c == '\n')
            break;
        if (quote == 0 && (c == '"' || c == '`'))
            quote = (char)c;
        else if (c == quote)
            quote = 0;
    }
    if (quote != 0)
        return script_error_at(lexer->error, start, "this %c is never closed", quote);
    *value = script_copy(lexer->memory, lexer->text + lexer->at, length);
    advance(lexer, length);
    return true;
}

/* In `ipv6 A > B:` the last colon ends the header, and "::" may end an address: what parses
 * decides. */
const char *lexer_address(struct lexer *lexer, struct place *place)
{
    struct lastack_address address;
    size_t length = 0;
    char *text;

    if (!skip_between(lexer))
        return NULL;
    *place = place_now(lexer);
    while (is_hex_digit(peek_at(lexer, length)) || peek_at(lexer, length) == ':' ||
           peek_at(lexer, length) == '.')
        length++;
    if (length == 0 || length > LASTACK_ADDRESS_TEXT)
        return NULL;
    text = script_copy(lexer->memory, lexer->text + lexer->at, length);
    if (!lastack_address_parse(text, &address)) {
        text[--length] = '\0';
        if (!lastack_address_parse(text, &address))
            return NULL;
    }
    advance(lexer, length);
    return text;
}

bool lexer_note(struct lexer *lexer, struct place open, const char **note)
{
    size_t length = 0;
    unsigned depth = 0;

    for (int c; (c = peek_at(lexer, length)) != ')' || depth > 0; length++) {
        if (c == -1 || c == '\n')
            return script_error_at(lexer->error, open, "this note has no ) on its line");
        depth += c == '(';
        depth -= c == ')';
    }
    *note = script_copy(lexer->memory, lexer->text + lexer->at, length);
    advance(lexer, length + 1);
    return true;
}

const char *token_text(const struct token *token, char *out, size_t size)
{
    int shown = token->length > 40 ? 40 : (int)token->length;
    const char *more = token->length > 40 ? "..." : "";

    switch (token->kind) {
    case TOKEN_END:
        snprintf(out, size, "the end of the script");
        break;
    case TOKEN_STRING:
        snprintf(out, size, "the string \"%.*s%s\"", shown, token->text, more);
        break;
    case TOKEN_COMMAND:
        snprintf(out, size, "the command `%.*s%s`", shown, token->text, more);
        break;
    case TOKEN_CODE:
        snprintf(out, size, "code in %%{ }%%");
        break;
    case TOKEN_OPTION:
        snprintf(out, size, "the option --%.*s%s", shown, token->text, more);
        break;
    case TOKEN_INTEGER:
    case TOKEN_HEX:
    case TOKEN_FLOAT:
    case TOKEN_WORD:
    case TOKEN_ELLIPSIS:
    case TOKEN_PUNCT:
        snprintf(out, size, "\"%.*s%s\"", shown, token->text, more);
        break;
    }
    for (char *c = out; *c != '\0'; c++)
        if ((unsigned char)*c < ' ' || (unsigned char)*c == 0x7f)
            *c = '?';
    return out;
}
