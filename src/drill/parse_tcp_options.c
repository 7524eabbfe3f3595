/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * parse_tcp_options.c: <mss 1460,sackOK,TS val 100 ecr 0,nop,wscale 7>, in the names of both
 * dialects.
 *
 *     nop eol mss N wscale N sackOK   sack A:B ...   TS val N|... ecr N[!]
 *     md5 HEX   md5 valid             FO [HEX]   FOEXP [HEX]   exp-FO [HEX]
 *     ECN e0b N ceb N e1b N (kind 172)   ECN e1b N ceb N e0b N (kind 174)
 *     AccECN0 ee0b N eceb N ee1b N    AccECN1 ...    exp-AccECN0 ...   exp-AccECN1 ...
 *     exp-tarr [N]   exp-MAGIC [HEX]   gen-KIND [HEX]   HEX (bytes as they are)
 *
 * The order is the author's, and so is the padding: a list whose bytes are no multiple of 4 is
 * refused. (The bytes themselves are made by option_bytes.c.)
 */
#include "option_bytes.h"
#include "parser.h"

#include <string.h>

enum { U24_MAX = 0xffffff };

static bool parse_value(struct parser *parser, struct drill_tcp_option *option, const char *what,
                        int64_t max)
{
    int64_t value;

    if (!parser_integer(parser, what, 0, max, &value))
        return false;
    option->value = (uint32_t)value;
    return true;
}

static bool parse_mss(struct parser *parser, struct drill_tcp_option *option)
{
    return parse_value(parser, option, "the MSS", UINT16_MAX);
}

static bool parse_wscale(struct parser *parser, struct drill_tcp_option *option)
{
    return parse_value(parser, option, "the window scale", UINT8_MAX);
}

static bool parse_nothing(struct parser *parser, struct drill_tcp_option *option)
{
    (void)parser;
    (void)option;
    return true;
}

static bool parse_sack(struct parser *parser, struct drill_tcp_option *option)
{
    int64_t left, right;

    do {
        if (option->count == DRILL_SACK_MAX)
            return parser_fail(parser, parser->token.place, "a SACK option has at most %d blocks",
                               DRILL_SACK_MAX);
        if (!parser_integer(parser, "the left edge of a SACK block", 0, UINT32_MAX, &left) ||
            !parser_punct(parser, ':') ||
            !parser_integer(parser, "the right edge of a SACK block", 0, UINT32_MAX, &right))
            return false;
        option->left[option->count] = (uint32_t)left;
        option->right[option->count++] = (uint32_t)right;
    } while (parser->token.kind == TOKEN_INTEGER);
    return true;
}

static bool parse_timestamp(struct parser *parser, struct drill_tcp_option *option)
{
    int64_t echo;

    if (!parser_word(parser, "val"))
        return false;
    option->value_ignored = parser->token.kind == TOKEN_ELLIPSIS;
    if (option->value_ignored ? !parser_advance(parser)
                              : !parse_value(parser, option, "TS val", UINT32_MAX))
        return false;
    if (!parser_word(parser, "ecr") || !parser_integer(parser, "TS ecr", 0, UINT32_MAX, &echo))
        return false;
    option->echo = (uint32_t)echo;
    return parser_try_punct(parser, '!', &option->echo_absolute);
}

static bool parse_md5(struct parser *parser, struct drill_tcp_option *option)
{
    struct place place = parser->token.place;

    if (parser_at_word(parser, "valid")) {
        option->is_valid_digest = true;
        return parser_advance(parser);
    }
    return parser_bytes(parser, "an MD5 digest", option->bytes, 16, &option->length) &&
           (option->length == 16 || parser_fail(parser, place, "an MD5 digest has 32 hex digits"));
}

/* Hex digits, or nothing at all. */
static bool parse_optional_bytes(struct parser *parser, struct drill_tcp_option *option,
                                 const char *what, unsigned max)
{
    if (parser->token.kind != TOKEN_WORD && parser->token.kind != TOKEN_INTEGER)
        return true;
    return parser_bytes(parser, what, option->bytes, max, &option->length);
}

static bool parse_cookie(struct parser *parser, struct drill_tcp_option *option)
{
    return parse_optional_bytes(parser, option, "a Fast Open cookie",
                                DRILL_OPTION_BYTES - (option->kind == DRILL_OPT_FAST_OPEN ? 2 : 4));
}

/* Counters by name, in one of the two orders; a later one only behind the earlier ones. */
static bool parse_counters(struct parser *parser, struct drill_tcp_option *option,
                           const char *const names[3])
{
    bool taken = true;

    while (option->count < 3 && taken) {
        int64_t value;

        if (!parser_try_word(parser, names[option->count], &taken))
            return false;
        if (!taken)
            break;
        if (!parser_integer(parser, "the counter", 0, U24_MAX, &value))
            return false;
        option->left[option->count++] = (uint32_t)value;
    }
    return true;
}

static bool parse_accecn_0(struct parser *parser, struct drill_tcp_option *option)
{
    static const char *const names[3] = {"ee0b", "eceb", "ee1b"};

    return parse_counters(parser, option, names);
}

static bool parse_accecn_1(struct parser *parser, struct drill_tcp_option *option)
{
    static const char *const names[3] = {"ee1b", "eceb", "ee0b"};

    option->order = 1;
    return parse_counters(parser, option, names);
}

/* google's ECN: the first counter tells the order. */
static bool parse_ecn_option(struct parser *parser, struct drill_tcp_option *option)
{
    static const char *const names[2][3] = {{"e0b", "ceb", "e1b"}, {"e1b", "ceb", "e0b"}};

    option->order = parser_at_word(parser, "e1b");
    if (!parse_counters(parser, option, names[option->order]))
        return false;
    return option->count > 0 || parser_expected(parser, "e0b N ceb N e1b N or e1b N ceb N e0b N");
}

static bool parse_tarr(struct parser *parser, struct drill_tcp_option *option)
{
    option->has_value = parser->token.kind == TOKEN_INTEGER;
    return !option->has_value || parse_value(parser, option, "the ACK rate", 0x7ff);
}

static const struct {
    const char *word;
    enum drill_option_kind kind;
    bool (*parse)(struct parser *, struct drill_tcp_option *);
} kinds[] = {
    {"nop", DRILL_OPT_NOP, parse_nothing},
    {"eol", DRILL_OPT_EOL, parse_nothing},
    {"mss", DRILL_OPT_MSS, parse_mss},
    {"wscale", DRILL_OPT_WSCALE, parse_wscale},
    {"sackOK", DRILL_OPT_SACK_OK, parse_nothing},
    {"sack", DRILL_OPT_SACK, parse_sack},
    {"TS", DRILL_OPT_TIMESTAMP, parse_timestamp},
    {"md5", DRILL_OPT_MD5, parse_md5},
    {"FO", DRILL_OPT_FAST_OPEN, parse_cookie},
    {"FOEXP", DRILL_OPT_FAST_OPEN_EXP, parse_cookie},
    {"exp-FO", DRILL_OPT_FAST_OPEN_EXP, parse_cookie},
    {"ECN", DRILL_OPT_ACCECN, parse_ecn_option},
    {"AccECN0", DRILL_OPT_ACCECN, parse_accecn_0},
    {"AccECN1", DRILL_OPT_ACCECN, parse_accecn_1},
    {"exp-AccECN0", DRILL_OPT_ACCECN_EXP, parse_accecn_0},
    {"exp-AccECN1", DRILL_OPT_ACCECN_EXP, parse_accecn_1},
    {"exp-tarr", DRILL_OPT_TARR, parse_tarr},
};

static bool has_prefix(const struct token *token, const char *prefix)
{
    size_t length = strlen(prefix);

    return token->kind == TOKEN_WORD && token->length > length &&
           memcmp(token->text, prefix, length) == 0;
}

/* The number behind the dash of gen-KIND and exp-MAGIC; false when it has other digits or is too
 * large. */
static bool suffix_number(const struct token *token, unsigned base, uint64_t max, uint32_t *value)
{
    uint64_t sum = 0;

    for (size_t i = 4; i < token->length; i++) {
        char c = token->text[i];
        unsigned digit = c <= '9' ? (unsigned)(c - '0') : (unsigned)((c | 0x20) - 'a') + 10;

        if (digit >= base)
            return false;
        sum = sum * base + digit;
        if (sum > max)
            return false;
    }
    *value = (uint32_t)sum;
    return true;
}

static bool parse_generic(struct parser *parser, struct drill_tcp_option *option)
{
    option->kind = DRILL_OPT_GENERIC;
    if (!suffix_number(&parser->token, 10, UINT8_MAX, &option->value))
        return parser_fail(parser, parser->token.place, "gen-KIND takes a kind from 0 to 255");
    return parser_advance(parser) &&
           parse_optional_bytes(parser, option, "an option's bytes", DRILL_OPTION_BYTES - 2);
}

static bool parse_experimental(struct parser *parser, struct drill_tcp_option *option)
{
    size_t digits = parser->token.length - 4;

    option->kind = DRILL_OPT_EXPERIMENTAL;
    option->is_wide = digits == 8;
    if ((digits != 4 && digits != 8) ||
        !suffix_number(&parser->token, 16, UINT32_MAX, &option->value))
        return parser_fail(parser, parser->token.place,
                           "exp-MAGIC takes a magic number of 4 or 8 hex digits");
    return parser_advance(parser) &&
           parse_optional_bytes(parser, option, "an option's bytes",
                                DRILL_OPTION_BYTES - (option->is_wide ? 6 : 4));
}

static bool parse_option(struct parser *parser, struct drill_tcp_option *option)
{
    option->place = parser->token.place;
    for (size_t i = 0; i < sizeof kinds / sizeof kinds[0]; i++) {
        if (!parser_at_word(parser, kinds[i].word))
            continue;
        option->kind = kinds[i].kind;
        return parser_advance(parser) && kinds[i].parse(parser, option);
    }
    if (has_prefix(&parser->token, "gen-"))
        return parse_generic(parser, option);
    if (has_prefix(&parser->token, "exp-"))
        return parse_experimental(parser, option);
    if (parser->token.kind != TOKEN_WORD && parser->token.kind != TOKEN_INTEGER)
        return parser_expected(parser, "a TCP option");
    option->kind = DRILL_OPT_RAW;
    return parser_bytes(parser, "a TCP option: a known name or raw bytes, which", option->bytes,
                        DRILL_OPTION_BYTES, &option->length);
}

/* <...>: anything. Only what leaves can be left unchecked; the caller says so. */
static bool parse_any_options(struct parser *parser, struct drill_tcp *tcp)
{
    tcp->options_ignored = true;
    return parser_advance(parser) && parser_punct(parser, '>');
}

bool parse_tcp_options(struct parser *parser, struct drill_tcp *tcp)
{
    struct drill_tcp_option **end = &tcp->options;
    struct place open = parser->token.place;
    bool again = true;

    if (!parser_at_punct(parser, '<'))
        return true;
    if (!parser_advance(parser))
        return false;
    if (parser->token.kind == TOKEN_ELLIPSIS)
        return parse_any_options(parser, tcp);
    while (again) {
        *end = script_take(parser->memory, sizeof **end);
        if (!parse_option(parser, *end))
            return false;
        tcp->options_length += tcp_option_length(*end);
        if (tcp->options_length > DRILL_OPTION_BYTES)
            return parser_fail(parser, (*end)->place, "the TCP options take more than %d bytes",
                               DRILL_OPTION_BYTES);
        end = &(*end)->next;
        if (!parser_try_punct(parser, ',', &again))
            return false;
    }
    if (!parser_punct(parser, '>'))
        return false;
    return tcp->options_length % 4 == 0 ||
           parser_fail(parser, open, "the TCP options take %u bytes, which is no multiple of 4",
                       tcp->options_length);
}
