/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * parse_script.c: the frame of a script: options, init command, timed events, cleanup command.
 *
 *     script:  option* [command] event+ [command]
 *     event:   time action
 *     time:    T | +T | * | T~T | +T~+T                         seconds
 *     action:  packet | [...T] call | `command` | %{ code }%
 *
 * A command without a time is the init command before the first event and the cleanup command
 * behind the last. Times are exact decimals cut to microseconds: no floating point is involved.
 */
#include "parser.h"

#include "digits.h"

#include <stdarg.h>
#include <string.h>

/* ---- taking tokens ---- */

bool parser_advance(struct parser *parser)
{
    return lexer_next(&parser->lexer, &parser->token);
}

bool parser_expected(struct parser *parser, const char *what)
{
    char got[80];

    return script_error_at(parser->error, parser->token.place, "expected %s, got %s", what,
                           token_text(&parser->token, got, sizeof got));
}

bool parser_fail(struct parser *parser, struct place place, const char *format, ...)
{
    va_list arguments;

    va_start(arguments, format);
    script_error_vat(parser->error, place, format, arguments);
    va_end(arguments);
    return false;
}

bool parser_at_punct(const struct parser *parser, char punct)
{
    return parser->token.kind == TOKEN_PUNCT && parser->token.punct == punct;
}

bool parser_at_word(const struct parser *parser, const char *word)
{
    return parser->token.kind == TOKEN_WORD && parser->token.length == strlen(word) &&
           memcmp(parser->token.text, word, parser->token.length) == 0;
}

bool parser_punct(struct parser *parser, char punct)
{
    char what[] = {'"', punct, '"', '\0'};

    return parser_at_punct(parser, punct) ? parser_advance(parser) : parser_expected(parser, what);
}

bool parser_word(struct parser *parser, const char *word)
{
    return parser_at_word(parser, word) ? parser_advance(parser) : parser_expected(parser, word);
}

bool parser_try_punct(struct parser *parser, char punct, bool *taken)
{
    *taken = parser_at_punct(parser, punct);
    return !*taken || parser_advance(parser);
}

bool parser_try_word(struct parser *parser, const char *word, bool *taken)
{
    *taken = parser_at_word(parser, word);
    return !*taken || parser_advance(parser);
}

static bool take_number(struct parser *parser, const char *what, int64_t low, int64_t high,
                        int64_t *value)
{
    *value = parser->token.integer;
    if (*value < low || *value > high)
        return parser_fail(parser, parser->token.place, "%s is out of range: %lld to %lld", what,
                           (long long)low, (long long)high);
    return parser_advance(parser);
}

bool parser_integer(struct parser *parser, const char *what, int64_t low, int64_t high,
                    int64_t *value)
{
    if (parser->token.kind != TOKEN_INTEGER)
        return parser_expected(parser, what);
    return take_number(parser, what, low, high, value);
}

bool parser_hex(struct parser *parser, const char *what, int64_t low, int64_t high, int64_t *value)
{
    if (parser->token.kind != TOKEN_HEX) {
        char got[80];

        return parser_fail(parser, parser->token.place, "expected %s as 0x.., got %s", what,
                           token_text(&parser->token, got, sizeof got));
    }
    return take_number(parser, what, low, high, value);
}

bool parser_number(struct parser *parser, const char *what, int64_t low, int64_t high,
                   int64_t *value)
{
    if (parser->token.kind == TOKEN_HEX)
        return take_number(parser, what, low, high, value);
    return parser_integer(parser, what, low, high, value);
}

bool parser_bytes(struct parser *parser, const char *what, uint8_t *bytes, unsigned max,
                  uint8_t *length)
{
    const struct token *token = &parser->token;

    if (token->kind != TOKEN_WORD && token->kind != TOKEN_INTEGER)
        return parser_expected(parser, what);
    if (token->length % 2 != 0 || token->length > 2 * max)
        return parser_fail(parser, token->place,
                           "%s takes an even number of hex digits, at most %u", what, 2 * max);
    for (size_t i = 0; i < token->length; i += 2) {
        int high = hex_digit(token->text[i]), low = hex_digit(token->text[i + 1]);

        if (high < 0 || low < 0)
            return parser_fail(parser, token->place, "%s takes hex digits", what);
        bytes[i / 2] = (uint8_t)(high << 4 | low);
    }
    *length = (uint8_t)(token->length / 2);
    return parser_advance(parser);
}

char *parser_token_copy(struct parser *parser)
{
    return script_copy(parser->memory, parser->token.text, parser->token.length);
}

/* ---- times ---- */

enum { US_PER_SECOND = 1000000 };
#define TIME_US_MAX ((int64_t)1000000000 * US_PER_SECOND) /* 31 years of script are enough */

/* "12", "1.5", ".001": seconds to microseconds; digits behind the sixth are cut. */
static int64_t decimal_us(const char *text, size_t length)
{
    int64_t seconds = 0, fraction = 0, unit = US_PER_SECOND / 10;
    size_t i = 0;

    for (; i < length && text[i] != '.' && seconds < TIME_US_MAX; i++)
        seconds = seconds * 10 + (text[i] - '0');
    for (i++; i < length && unit > 0; i++, unit /= 10)
        fraction += (text[i] - '0') * unit;
    return seconds >= TIME_US_MAX / US_PER_SECOND ? TIME_US_MAX
                                                  : seconds * US_PER_SECOND + fraction;
}

bool parse_time_us(struct parser *parser, int64_t *time_us)
{
    const struct token *token = &parser->token;

    if (token->kind != TOKEN_INTEGER && token->kind != TOKEN_FLOAT)
        return parser_expected(parser, "a time in seconds");
    if (token->text[0] == '-')
        return parser_fail(parser, token->place, "a time cannot be negative");
    *time_us = decimal_us(token->text, token->length);
    if (*time_us >= TIME_US_MAX)
        return parser_fail(parser, token->place, "a time is at most 10^9 s");
    return parser_advance(parser);
}

static bool parse_time(struct parser *parser, struct drill_event *event)
{
    bool is_relative, is_range;

    event->place = parser->token.place;
    if (parser_at_punct(parser, '*')) {
        event->time_kind = TIME_ANY;
        return parser_advance(parser);
    }
    if (!parser_try_punct(parser, '+', &is_relative) || !parse_time_us(parser, &event->time_us) ||
        !parser_try_punct(parser, '~', &is_range))
        return false;
    event->time_kind = is_relative ? TIME_RELATIVE : TIME_ABSOLUTE;
    if (!is_range)
        return true;
    event->time_kind = is_relative ? TIME_RELATIVE_RANGE : TIME_ABSOLUTE_RANGE;
    if (is_relative && !parser_punct(parser, '+'))
        return false;
    if (!parse_time_us(parser, &event->time_end_us))
        return false;
    return event->time_end_us >= event->time_us ||
           parser_fail(parser, event->place, "this range of times runs backwards");
}

/* ---- actions ---- */

static bool parse_command(struct parser *parser, struct drill_command **command)
{
    *command = script_take(parser->memory, sizeof **command);
    (*command)->place = parser->token.place;
    (*command)->text = parser_token_copy(parser);
    return parser_advance(parser);
}

static bool parse_code_action(struct parser *parser, struct drill_code **code)
{
    const struct token token = parser->token;

    *code = drill_code_parse(token.text, token.length, token.inside, parser->memory, parser->error);
    return *code != NULL && parser_advance(parser);
}

static bool parse_action(struct parser *parser, struct drill_event *event)
{
    switch (parser->token.kind) {
    case TOKEN_COMMAND:
        event->kind = EVENT_COMMAND;
        return parse_command(parser, &event->action.command);
    case TOKEN_CODE:
        event->kind = EVENT_CODE;
        return parse_code_action(parser, &event->action.code);
    case TOKEN_WORD:
    case TOKEN_ELLIPSIS:
        event->kind = EVENT_CALL;
        return parse_call(parser, &event->action.call);
    case TOKEN_PUNCT:
        event->kind = EVENT_PACKET;
        if (parser_at_punct(parser, '<') || parser_at_punct(parser, '>'))
            return parse_packet(parser, &event->action.packet);
        break;
    case TOKEN_END:
    case TOKEN_INTEGER:
    case TOKEN_HEX:
    case TOKEN_FLOAT:
    case TOKEN_STRING:
    case TOKEN_OPTION:
        break;
    }
    return parser_expected(parser, "a packet (< or >), a call, a `command` or %{ code }%");
}

/* What may stand behind which kind of time. */
static bool check_event(struct parser *parser, const struct drill_event *event)
{
    bool is_out = event->kind == EVENT_PACKET && event->action.packet->direction == DRILL_OUT;

    if (event->time_kind == TIME_ANY && !is_out)
        return parser_fail(parser, event->place, "the time * is only for outbound packets");
    if ((event->time_kind == TIME_ABSOLUTE_RANGE || event->time_kind == TIME_RELATIVE_RANGE) &&
        !is_out)
        return parser_fail(parser, event->place, "a range of times is only for outbound packets");
    if (event->kind == EVENT_CALL && event->action.call->is_blocking &&
        event->action.call->end_us < event->time_us)
        return parser_fail(parser, event->place, "this call ends before it starts");
    return true;
}

/* Order among absolute times; the first event is at 0. */
static bool check_order(struct parser *parser, const struct drill_event *last,
                        const struct drill_event *event)
{
    if (last == NULL && (event->time_kind == TIME_ANY || event->time_us != 0))
        return parser_fail(parser, event->place, "the first event must be at time 0");
    if (last != NULL && last->time_kind == TIME_ABSOLUTE && event->time_kind == TIME_ABSOLUTE &&
        event->time_us < last->time_us)
        return parser_fail(parser, event->place,
                           "time goes backwards: the event before is at %lld us",
                           (long long)last->time_us);
    return true;
}

static bool parse_events(struct parser *parser)
{
    struct drill_event **end = &parser->script->events, *last = NULL;

    while (parser->token.kind != TOKEN_END && parser->token.kind != TOKEN_COMMAND) {
        struct drill_event *event = script_take(parser->memory, sizeof *event);

        if (!parse_time(parser, event) || !parse_action(parser, event) ||
            !check_event(parser, event) || !check_order(parser, last, event))
            return false;
        *end = last = event;
        end = &event->next;
        parser->script->event_count++;
    }
    return last != NULL || parser_expected(parser, "an event (TIME ACTION)");
}

/* ---- the whole ---- */

/* The option token is at hand; the lexer stands right behind its name. */
static bool parse_option(struct parser *parser)
{
    struct place place = parser->token.place;
    const char *name = parser_token_copy(parser), *value;

    return lexer_option_value(&parser->lexer, &value) &&
           drill_settings_apply(&parser->script->settings, parser->memory, SETTINGS_SCRIPT, name,
                                value, place, parser->error) &&
           parser_advance(parser);
}

static bool parse_whole(struct parser *parser)
{
    if (!parser_advance(parser))
        return false;
    while (parser->token.kind == TOKEN_OPTION)
        if (!parse_option(parser))
            return false;
    if (parser->token.kind == TOKEN_COMMAND && !parse_command(parser, &parser->script->init))
        return false;
    if (!parse_events(parser))
        return false;
    if (parser->token.kind == TOKEN_COMMAND && !parse_command(parser, &parser->script->cleanup))
        return false;
    return parser->token.kind == TOKEN_END ||
           parser_expected(parser, "the end of the script behind the cleanup command");
}

/* The place of the first NUL byte: a script is a text. */
static bool refuse_nul(const char *text, size_t length, struct script_error *error)
{
    struct place place = {1, 1};
    const char *nul = memchr(text, '\0', length);

    if (nul == NULL)
        return true;
    for (const char *at = text; at < nul; at++) {
        place.column++;
        if (*at == '\n')
            place = (struct place){place.line + 1, 1};
    }
    return script_error_at(error, place, "a script is a text: it has no NUL bytes");
}

bool drill_parse(const char *path, const char *text, size_t length,
                 const struct drill_settings *settings, struct drill_script *script,
                 struct script_error *error)
{
    struct parser parser = {.script = script, .memory = &script->memory, .error = error};

    *error = (struct script_error){0};
    *script = (struct drill_script){.path = path, .settings = *settings};
    if (length > SCRIPT_TEXT_MAX)
        return script_error_at(error, (struct place){0}, "a script is at most %d bytes long",
                               SCRIPT_TEXT_MAX);
    if (!refuse_nul(text, length, error))
        return false;
    script->text = script_copy(&script->memory, text, length);
    script->length = length;
    lexer_init(&parser.lexer, script->text, length, &script->settings, &script->memory, error);
    if (parse_whole(&parser))
        return true;
    drill_script_free(script);
    return false;
}

void drill_script_free(struct drill_script *script)
{
    script_memory_free(&script->memory);
    *script = (struct drill_script){0};
}
