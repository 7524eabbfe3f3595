/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * parse_call.c: a system call with its arguments and what it must return.
 *
 *     call:    [...TIME] NAME ( [value {, value}] ) = value [ERRNO] [(note)]
 *     value:   primary {| primary}
 *     primary: ...  NULL  INTEGER  0xHEX  WORD  "text"  "text"...  NAME(value)
 *              [value, ...]    {member, ...}
 *     member:  [NAME [(value)] =] value
 *
 * Structures have no grammar of their own: sockaddr, msghdr, cmsg, pollfd, epoll events and the
 * rest are all {member, ...}, and whoever runs the call knows which members it needs. "a" "b" is
 * "ab".
 */
#include "parser.h"

#include <string.h>

static bool parse_value(struct parser *parser, struct drill_value **value);

static struct drill_value *value_new(struct parser *parser, enum drill_value_kind kind)
{
    struct drill_value *value = script_take(parser->memory, sizeof *value);

    value->kind = kind;
    value->place = parser->token.place;
    return value;
}

/* Recursion is bounded: every way down passes here. */
static bool enter(struct parser *parser)
{
    if (parser->depth++ < PARSER_DEPTH_MAX)
        return true;
    return parser_fail(parser, parser->token.place, "values nested deeper than %d",
                       PARSER_DEPTH_MAX);
}

/* ---- primaries ---- */

static bool parse_integer_value(struct parser *parser, struct drill_value **value)
{
    *value = value_new(parser, VALUE_INTEGER);
    (*value)->is_hex = parser->token.kind == TOKEN_HEX;
    return parser_number(parser, "a number", INT64_MIN, INT64_MAX - 1, &(*value)->integer);
}

/* Adjacent strings are one; an ellipsis behind says that more may follow. */
static bool parse_string(struct parser *parser, struct drill_value **value)
{
    size_t length = 0, room = parser->token.length + 1;
    char *text = script_take(parser->memory, room);

    *value = value_new(parser, VALUE_STRING);
    while (parser->token.kind == TOKEN_STRING) {
        if (length + parser->token.length >=
            room) { /* doubled, so that the copies add up to O(n) */
            char *more =
                script_take(parser->memory, room = 2 * (length + parser->token.length + 1));

            text = memcpy(more, text, length);
        }
        memcpy(text + length, parser->token.text, parser->token.length);
        length += parser->token.length;
        if (!parser_advance(parser))
            return false;
    }
    (*value)->text = text;
    (*value)->is_prefix = parser->token.kind == TOKEN_ELLIPSIS;
    return !(*value)->is_prefix || parser_advance(parser);
}

static bool is_function(const char *name)
{
    static const char *const names[] = {"htons", "htonl", "inet_addr", "inet6_addr"};

    for (size_t i = 0; i < sizeof names / sizeof names[0]; i++)
        if (strcmp(name, names[i]) == 0)
            return true;
    return false;
}

/* The word has been taken; (argument) makes it a function. */
static bool finish_word(struct parser *parser, struct drill_value *value)
{
    if (!parser_at_punct(parser, '('))
        return true;
    if (!is_function(value->text))
        return parser_fail(parser, value->place,
                           "%s is no function of the language: there are htons, "
                           "htonl, inet_addr and inet6_addr",
                           value->text);
    value->kind = VALUE_CALL;
    return parser_advance(parser) && parse_value(parser, &value->first) &&
           parser_punct(parser, ')');
}

static bool parse_word_value(struct parser *parser, struct drill_value **value)
{
    bool is_null = parser_at_word(parser, "NULL");

    *value = value_new(parser, is_null ? VALUE_NULL : VALUE_WORD);
    if (is_null)
        return parser_advance(parser);
    (*value)->text = parser_token_copy(parser);
    return parser_advance(parser) && finish_word(parser, *value);
}

/* ---- lists and structures ---- */

/* One member. NAME, NAME = value and NAME(value) = value begin alike: the name is taken first. */
static bool parse_member(struct parser *parser, struct drill_value **member)
{
    struct drill_value *word, *count = NULL;
    bool taken;

    if (parser->token.kind != TOKEN_WORD || parser_at_word(parser, "NULL"))
        return parse_value(parser, member);
    word = value_new(parser, VALUE_WORD);
    word->text = parser_token_copy(parser);
    if (!parser_advance(parser))
        return false;
    if (parser_at_punct(parser, '(') && !is_function(word->text) &&
        (!parser_advance(parser) || !parse_value(parser, &count) || !parser_punct(parser, ')')))
        return false;
    if (count != NULL && !parser_at_punct(parser, '='))
        return parser_expected(parser, "= behind NAME(...)");
    if (!parser_try_punct(parser, '=', &taken))
        return false;
    if (taken) {
        if (!parse_value(parser, member))
            return false;
        (*member)->field = word->text;
        (*member)->count = count;
        return true;
    }
    *member = word;
    return finish_word(parser, word);
}

static bool parse_or_rest(struct parser *parser, struct drill_value **value);

/* Members up to the closing bracket, which is taken. */
static bool parse_members(struct parser *parser, struct drill_value *owner, char close)
{
    struct drill_value **end = &owner->first;
    bool again = !parser_at_punct(parser, close);

    while (again) {
        if (!parse_member(parser, end) || !parse_or_rest(parser, end) ||
            !parser_try_punct(parser, ',', &again))
            return false;
        end = &(*end)->next;
    }
    return parser_punct(parser, close);
}

static bool parse_group(struct parser *parser, struct drill_value **value)
{
    char close = parser_at_punct(parser, '[') ? ']' : '}';

    *value = value_new(parser, close == ']' ? VALUE_LIST : VALUE_STRUCT);
    if (!enter(parser) || !parser_advance(parser) || !parse_members(parser, *value, close))
        return false;
    parser->depth--;
    return true;
}

static bool parse_primary(struct parser *parser, struct drill_value **value)
{
    switch (parser->token.kind) {
    case TOKEN_ELLIPSIS:
        *value = value_new(parser, VALUE_ELLIPSIS);
        return parser_advance(parser);
    case TOKEN_INTEGER:
    case TOKEN_HEX:
        return parse_integer_value(parser, value);
    case TOKEN_STRING:
        return parse_string(parser, value);
    case TOKEN_WORD:
        return parse_word_value(parser, value);
    case TOKEN_PUNCT:
        if (parser_at_punct(parser, '[') || parser_at_punct(parser, '{'))
            return parse_group(parser, value);
        break;
    case TOKEN_END:
    case TOKEN_FLOAT:
    case TOKEN_COMMAND:
    case TOKEN_CODE:
    case TOKEN_OPTION:
        break;
    }
    return parser_expected(parser, "a value");
}

/* | primary | primary ...: the first is there already; a member keeps its name outside the OR. */
static bool parse_or_rest(struct parser *parser, struct drill_value **value)
{
    struct drill_value * or, **end;

    if (!parser_at_punct(parser, '|'))
        return true;
    or = value_new(parser, VALUE_OR);
    or->place = (*value)->place;
    or->field = (*value)->field;
    or->count = (*value)->count;
    (*value)->field = NULL;
    (*value)->count = NULL;
    or->first = *value;
    *value = or ;
    for (end = & or->first->next; parser_at_punct(parser, '|'); end = &(*end)->next)
        if (!parser_advance(parser) || !parse_primary(parser, end))
            return false;
    return true;
}

static bool parse_value(struct parser *parser, struct drill_value **value)
{
    if (!enter(parser) || !parse_primary(parser, value) || !parse_or_rest(parser, value))
        return false;
    parser->depth--;
    return true;
}

/* ---- the call ---- */

static bool parse_arguments(struct parser *parser, struct drill_call *call)
{
    struct drill_value **end = &call->arguments;
    bool again = true;

    if (!parser_punct(parser, '('))
        return false;
    if (parser_at_punct(parser, ')'))
        return parser_advance(parser);
    while (again) {
        if (!parse_value(parser, end) || !parser_try_punct(parser, ',', &again))
            return false;
        end = &(*end)->next;
        call->argument_count++;
    }
    return parser_punct(parser, ')');
}

/* The parenthesis is the token at hand, so the lexer stands right behind it. */
static bool parse_note(struct parser *parser, struct drill_call *call)
{
    if (!parser_at_punct(parser, '('))
        return true;
    return lexer_note(&parser->lexer, parser->token.place, &call->note) && parser_advance(parser);
}

static bool parse_result(struct parser *parser, struct drill_call *call)
{
    if (!parse_value(parser, &call->result))
        return false;
    if (parser->token.kind == TOKEN_WORD) {
        const struct symbol *symbol;

        call->error = parser_token_copy(parser);
        symbol = symbol_find(call->error);
        if (symbol == NULL || symbol->class != SYMBOL_ERRNO)
            return parser_expected(parser,
                                   "the name of an error (such as EINPROGRESS) or the next event");
        if (!parser_advance(parser))
            return false;
    }
    return parse_note(parser, call);
}

bool parse_call(struct parser *parser, struct drill_call **result)
{
    struct drill_call *call = script_take(parser->memory, sizeof *call);

    *result = call;
    call->is_blocking = parser->token.kind == TOKEN_ELLIPSIS;
    if (call->is_blocking && (!parser_advance(parser) || !parse_time_us(parser, &call->end_us)))
        return false;
    call->place = parser->token.place;
    if (parser->token.kind != TOKEN_WORD)
        return parser_expected(parser, "the name of a call");
    call->name = parser_token_copy(parser);
    return parser_advance(parser) && parse_arguments(parser, call) && parser_punct(parser, '=') &&
           parse_result(parser, call);
}
