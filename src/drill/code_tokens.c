/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * code_tokens.c: the text of %{ }% as tokens, one at hand.
 *
 *     assert x >= 0x1f, 'x=%d'   ──▶   assert  x  >=  31  ,  'x=%d'  END
 *
 * A newline is a token, except inside parentheses and behind a backslash; # starts a comment.
 */
#include "code_tokens.h"

#include "digits.h"

#include <string.h>

/* Offsets never decrease from call to call, so all calls together read the text once. */
struct place code_place(struct code_reader *reader, size_t offset)
{
    for (; reader->placed < offset; reader->placed++) {
        reader->place.column++;
        if (reader->text[reader->placed] == '\n')
            reader->place = (struct place){reader->place.line + 1, 1};
    }
    return reader->place;
}

bool code_fail(struct code_reader *reader, const char *message)
{
    size_t length = reader->to - reader->from;

    if (reader->kind == AT_END || reader->kind == AT_NEWLINE)
        return script_error_at(reader->error, code_place(reader, reader->from),
                               "%s, got the end of the statement", message);
    return script_error_at(reader->error, code_place(reader, reader->from), "%s, got \"%.*s\"",
                           message, (int)(length > 40 ? 40 : length), reader->text + reader->from);
}

static int char_at(const struct code_reader *reader, size_t at)
{
    return at < reader->length ? (unsigned char)reader->text[at] : -1;
}

static bool is_name_char(int c)
{
    return c == '_' || (c >= '0' && c <= '9') || (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z');
}

static void skip_blanks(struct code_reader *reader)
{
    for (;;) {
        int c = char_at(reader, reader->at);

        if (c == ' ' || c == '\t' || c == '\r' || (c == '\n' && reader->parentheses > 0)) {
            reader->at++;
        } else if (c == '\\' && char_at(reader, reader->at + 1) == '\n') {
            reader->at += 2;
        } else if (c == '#') {
            while (char_at(reader, reader->at) != -1 && char_at(reader, reader->at) != '\n')
                reader->at++;
        } else {
            return;
        }
    }
}

static bool read_integer(struct code_reader *reader, unsigned base, size_t from)
{
    uint64_t sum = 0;

    for (size_t i = from; i < reader->to; i++) {
        const int digit = hex_digit(char_at(reader, i));

        if (digit < 0 || (unsigned)digit >= base)
            return code_fail(reader, "expected a number");
        if (sum > ((uint64_t)INT64_MAX - (unsigned)digit) / base)
            return code_fail(reader, "the number is too large");
        sum = sum * base + (unsigned)digit;
    }
    reader->integer = (int64_t)sum;
    return reader->to > from || code_fail(reader, "expected a number");
}

static bool read_number(struct code_reader *reader)
{
    bool is_hex =
        char_at(reader, reader->at) == '0' && (char_at(reader, reader->at + 1) | 0x20) == 'x';
    bool is_float = false;

    reader->to = reader->at;
    for (int c; is_name_char(c = char_at(reader, reader->to)) || (c == '.' && !is_float && !is_hex);
         reader->to++)
        is_float |= c == '.';
    reader->at = reader->to;
    if (is_float ||
        (!is_hex && memchr(reader->text + reader->from, 'e', reader->to - reader->from))) {
        reader->kind = AT_FLOAT;
        return true;
    }
    reader->kind = AT_NUMBER;
    return read_integer(reader, is_hex ? 16 : 10, reader->from + (is_hex ? 2 : 0));
}

/* 'text' or "text": the token is what stands inside. */
static bool read_string(struct code_reader *reader)
{
    int quote = char_at(reader, reader->at);

    reader->kind = AT_STRING;
    reader->from = reader->to = reader->at + 1;
    while (char_at(reader, reader->to) != quote) {
        if (char_at(reader, reader->to) == -1 || char_at(reader, reader->to) == '\n')
            return script_error_at(reader->error, code_place(reader, reader->at),
                                   "this string is never closed");
        reader->to +=
            char_at(reader, reader->to) == '\\' && char_at(reader, reader->to + 1) > '\n' ? 2 : 1;
    }
    reader->at = reader->to + 1;
    return true;
}

static void read_operator(struct code_reader *reader)
{
    static const char *const longest[] = {
        "**=", "//=", "<<=", ">>=", "==", "!=", "<=", ">=", "**", "//",
        "<<",  ">>",  "+=",  "-=",  "*=", "/=", "%=", "&=", "|=", "^="};

    reader->kind = AT_OP;
    reader->to = reader->at + 1;
    for (size_t i = 0; i < sizeof longest / sizeof longest[0]; i++) {
        size_t length = strlen(longest[i]);

        if (reader->length - reader->at < length ||
            memcmp(reader->text + reader->at, longest[i], length) != 0)
            continue;
        reader->to = reader->at + length;
        break;
    }
    reader->at = reader->to;
}

bool code_next(struct code_reader *reader)
{
    int c;

    skip_blanks(reader);
    reader->from = reader->to = reader->at;
    c = char_at(reader, reader->at);
    if (c == -1) {
        reader->kind = AT_END;
        return true;
    }
    if (c == '\n' || c == ';') {
        reader->kind = AT_NEWLINE;
        reader->to = ++reader->at;
        return true;
    }
    if ((c >= '0' && c <= '9') || (c == '.' && char_at(reader, reader->at + 1) >= '0' &&
                                   char_at(reader, reader->at + 1) <= '9'))
        return read_number(reader);
    if (c == '\'' || c == '"')
        return read_string(reader);
    if (!is_name_char(c)) {
        read_operator(reader);
        return true;
    }
    reader->kind = AT_NAME;
    while (is_name_char(char_at(reader, reader->to)))
        reader->to++;
    reader->at = reader->to;
    return true;
}

bool code_token_is(const struct code_reader *reader, const char *text)
{
    size_t length = strlen(text);

    return (reader->kind == AT_OP || reader->kind == AT_NAME) &&
           reader->to - reader->from == length &&
           memcmp(reader->text + reader->from, text, length) == 0;
}

/* Takes an operator or a word if it is at hand. */
bool code_try_take(struct code_reader *reader, const char *text, bool *taken)
{
    *taken = code_token_is(reader, text);
    return !*taken || code_next(reader);
}

bool code_take(struct code_reader *reader, const char *text, const char *message)
{
    return code_token_is(reader, text) ? code_next(reader) : code_fail(reader, message);
}
