/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * parse_ip.c: what stands between a packet's direction and its transport.
 *
 *     ip info, in [] or (), parts separated by commas:
 *         noecn ect0 ect1 ce ect01   ecn NAME   tos 0xNN   class 0xNN   dscp NAME|0xNN
 *         ttl N   hlim N   flowlabel 0xNNNNN
 *     prefix headers, outermost first, each ended by a colon:
 *         ipv4 [info] A > B:   ipv6 [info] A > B:
 *         gre:   gre flags F, sum N, off N, key = N, seq N:
 *         mpls (label N, tc N, [S], ttl N) ...:   encap psp spi N
 */
#include "parser.h"

#include <string.h>

#include <lastack/address.h>

/* Codepoints of RFC 2474, 2597, 3246, 5865, 8622. */
static const struct {
    const char *name;
    uint8_t dscp;
} dscps[] = {
    {"cs0", 0},   {"cs1", 8},   {"cs2", 16},  {"cs3", 24},  {"cs4", 32},         {"cs5", 40},
    {"cs6", 48},  {"cs7", 56},  {"af11", 10}, {"af12", 12}, {"af13", 14},        {"af21", 18},
    {"af22", 20}, {"af23", 22}, {"af31", 26}, {"af32", 28}, {"af33", 30},        {"af41", 34},
    {"af42", 36}, {"af43", 38}, {"ef", 46},   {"le", 1},    {"voice-admit", 44},
};

/* RFC 3168 §5. */
static const struct {
    const char *name;
    uint8_t bits;
} ecns[] = {{"noecn", 0}, {"ect1", 1}, {"ect0", 2}, {"ce", 3}};

static bool matches(const struct token *token, const char *name)
{
    size_t length = strlen(name);

    if (token->length != length)
        return false;
    for (size_t i = 0; i < length; i++) {
        char c = token->text[i];

        if ((c >= 'A' && c <= 'Z' ? c + ('a' - 'A') : c) != name[i])
            return false;
    }
    return true;
}

/* One of noecn, ect0, ect1, ce, ect01; *taken = false and nothing changes when none stands here. */
static bool try_ecn(struct parser *parser, struct drill_ip_info *info, bool *taken)
{
    enum drill_tos_check before = info->tos_check;

    *taken = parser_at_word(parser, "ect01");
    if (*taken)
        info->tos_check = before == TOS_DSCP ? TOS_DSCP_ECT01 : TOS_ECT01;
    for (size_t i = 0; i < sizeof ecns / sizeof ecns[0] && !*taken; i++) {
        if (!parser_at_word(parser, ecns[i].name))
            continue;
        info->tos_check = before == TOS_DSCP ? TOS_WHOLE : TOS_ECN;
        info->tos |= ecns[i].bits;
        *taken = true;
    }
    if (*taken && before != TOS_UNCHECKED && before != TOS_DSCP)
        return parser_fail(parser, parser->token.place, "the ECN bits are given twice");
    return !*taken || parser_advance(parser);
}

static bool parse_ecn(struct parser *parser, struct drill_ip_info *info)
{
    bool taken;

    return try_ecn(parser, info, &taken) &&
           (taken || parser_expected(parser, "noecn, ect0, ect1, ce or ect01"));
}

/* voice-admit comes as three tokens; its first is enough to know it. */
static bool parse_voice_admit(struct parser *parser, struct drill_ip_info *info)
{
    info->tos = 44 << 2;
    return parser_advance(parser) && parser_punct(parser, '-') && parser_word(parser, "admit");
}

static bool parse_dscp(struct parser *parser, struct drill_ip_info *info)
{
    int64_t value;

    info->tos_check = TOS_DSCP;
    if (parser->token.kind == TOKEN_HEX) {
        if (!parser_hex(parser, "the DSCP", 0, 0x3f, &value))
            return false;
        info->tos = (uint8_t)(value << 2);
        return true;
    }
    if (parser->token.kind == TOKEN_WORD && matches(&parser->token, "voice"))
        return parse_voice_admit(parser, info);
    for (size_t i = 0; i < sizeof dscps / sizeof dscps[0]; i++) {
        if (parser->token.kind != TOKEN_WORD || !matches(&parser->token, dscps[i].name))
            continue;
        info->tos = (uint8_t)(dscps[i].dscp << 2);
        return parser_advance(parser);
    }
    return parser_expected(parser, "a DSCP (cs0 ... af43, ef, voice-admit, le or 0x..)");
}

static bool parse_tos(struct parser *parser, struct drill_ip_info *info)
{
    int64_t value;

    if (!parser_hex(parser, "the traffic class", 0, 0xff, &value))
        return false;
    info->tos_check = TOS_WHOLE;
    info->tos = (uint8_t)value;
    return true;
}

static bool parse_ttl(struct parser *parser, struct drill_ip_info *info)
{
    int64_t value;

    if (!parser_integer(parser, "the TTL", 0, 255, &value))
        return false;
    info->has_ttl = true;
    info->ttl = (uint8_t)value;
    return true;
}

static bool parse_flow_label(struct parser *parser, struct drill_ip_info *info)
{
    int64_t value;

    if (!parser_hex(parser, "the flow label", 0, 0xfffff, &value))
        return false;
    info->has_flow_label = true;
    info->flow_label = (uint32_t)value;
    return true;
}

static bool parse_ip_item(struct parser *parser, struct drill_ip_info *info)
{
    static const struct {
        const char *word;
        bool (*parse)(struct parser *, struct drill_ip_info *);
        bool is_tos;
    } items[] = {{"tos", parse_tos, true},
                 {"class", parse_tos, true},
                 {"dscp", parse_dscp, true},
                 {"ecn", parse_ecn, false},
                 {"ttl", parse_ttl, false},
                 {"hlim", parse_ttl, false},
                 {"flowlabel", parse_flow_label, false}};
    bool taken;

    if (!try_ecn(parser, info, &taken))
        return false;
    if (taken)
        return true;
    for (size_t i = 0; i < sizeof items / sizeof items[0]; i++) {
        if (!parser_at_word(parser, items[i].word))
            continue;
        if (items[i].is_tos && info->tos_check != TOS_UNCHECKED)
            return parser_fail(parser, parser->token.place, "the traffic class is given twice");
        return parser_advance(parser) && items[i].parse(parser, info);
    }
    return parser_expected(parser, "tos, class, dscp, ecn, ttl, hlim or flowlabel");
}

bool parse_ip_info(struct parser *parser, struct drill_ip_info *info)
{
    char close = parser_at_punct(parser, '[') ? ']' : parser_at_punct(parser, '(') ? ')' : '\0';
    bool again = true;

    *info = (struct drill_ip_info){0};
    if (close == '\0')
        return true;
    if (!parser_advance(parser))
        return false;
    while (again)
        if (!parse_ip_item(parser, info) || !parser_try_punct(parser, ',', &again))
            return false;
    return parser_punct(parser, close);
}

/* ---- prefix headers ---- */

/* An address; the token at hand is read again as one. */
static bool parse_address(struct parser *parser, bool is_ipv6, const char **text)
{
    struct lastack_address address;
    struct place place;

    lexer_rewind(&parser->lexer, &parser->token);
    *text = lexer_address(&parser->lexer, &place);
    if (*text == NULL || !lastack_address_parse(*text, &address) ||
        lastack_is_ipv4(&address) == is_ipv6)
        return parser_fail(parser, parser->token.place, "expected an %s address",
                           is_ipv6 ? "IPv6" : "IPv4");
    return parser_advance(parser);
}

static bool parse_ip_prefix(struct parser *parser, struct drill_prefix *prefix)
{
    bool is_ipv6 = prefix->kind == PREFIX_IPV6;

    return parse_ip_info(parser, &prefix->ip) && parse_address(parser, is_ipv6, &prefix->source) &&
           parser_punct(parser, '>') && parse_address(parser, is_ipv6, &prefix->destination);
}

static bool skip_comma(struct parser *parser)
{
    bool taken;

    return parser_try_punct(parser, ',', &taken);
}

/* flags 0x.., or flags [none | checksum present | key present | sequence# present, ...] (RFC
 * 2890). */
static bool parse_gre_flags(struct parser *parser, struct drill_prefix *prefix)
{
    static const struct {
        const char *word;
        uint32_t bit;
    } flags[] = {{"checksum", 0x8000}, {"key", 0x2000}, {"sequence", 0x1000}};
    bool again = true;
    int64_t value;

    if (!parser_at_punct(parser, '[')) {
        if (!parser_number(parser, "the GRE flags", 0, 0xffff, &value))
            return false;
        prefix->flags = (uint32_t)value;
        return true;
    }
    if (!parser_advance(parser))
        return false;
    while (again) {
        bool taken;

        if (!parser_try_word(parser, "none", &taken))
            return false;
        for (size_t i = 0; i < 3 && !taken; i++) {
            bool hash;

            if (!parser_at_word(parser, flags[i].word))
                continue;
            taken = true;
            prefix->flags |= flags[i].bit;
            if (!parser_advance(parser) || !parser_try_punct(parser, '#', &hash) ||
                !parser_word(parser, "present"))
                return false;
        }
        if (!taken)
            return parser_expected(parser, "none, checksum, key or sequence#");
        if (!parser_try_punct(parser, ',', &again))
            return false;
    }
    return parser_punct(parser, ']');
}

static bool parse_gre_field(struct parser *parser, const char *word, int64_t max, uint32_t *field)
{
    bool taken;
    int64_t value;

    if (!skip_comma(parser) || !parser_word(parser, word) ||
        !parser_try_punct(parser, '=', &taken) || !parser_number(parser, word, 0, max, &value))
        return false;
    *field = (uint32_t)value;
    return true;
}

static bool parse_gre(struct parser *parser, struct drill_prefix *prefix)
{
    if (parser_at_punct(parser, ':'))
        return true;
    prefix->has_fields = true;
    if (!skip_comma(parser))
        return false;
    if (!parser_at_word(parser, "flags") && !parser_at_word(parser, "Flags"))
        return parser_expected(parser, "flags");
    return parser_advance(parser) && parse_gre_flags(parser, prefix) &&
           parse_gre_field(parser, "sum", 0xffff, &prefix->sum) &&
           parse_gre_field(parser, "off", 0xffff, &prefix->offset) &&
           parse_gre_field(parser, "key", UINT32_MAX, &prefix->key) &&
           parse_gre_field(parser, "seq", UINT32_MAX, &prefix->seq);
}

static bool parse_mpls_label(struct parser *parser, struct drill_mpls_label *label)
{
    int64_t number, traffic_class, ttl;

    if (!parser_punct(parser, '(') || !parser_word(parser, "label") ||
        !parser_integer(parser, "the MPLS label", 0, 0xfffff, &number) ||
        !parser_punct(parser, ',') || !parser_word(parser, "tc") ||
        !parser_integer(parser, "the MPLS traffic class", 0, 7, &traffic_class) ||
        !parser_punct(parser, ',') || !parser_try_punct(parser, '[', &label->is_bottom))
        return false;
    if (label->is_bottom &&
        (!parser_word(parser, "S") || !parser_punct(parser, ']') || !parser_punct(parser, ',')))
        return false;
    if (!parser_word(parser, "ttl") || !parser_integer(parser, "the MPLS TTL", 0, 255, &ttl))
        return false;
    label->label = (uint32_t)number;
    label->traffic_class = (uint8_t)traffic_class;
    label->ttl = (uint8_t)ttl;
    return parser_punct(parser, ')');
}

static bool parse_mpls(struct parser *parser, struct drill_prefix *prefix)
{
    struct drill_mpls_label **end = &prefix->labels;

    while (parser_at_punct(parser, '(')) {
        *end = script_take(parser->memory, sizeof **end);
        if (!parse_mpls_label(parser, *end))
            return false;
        end = &(*end)->next;
    }
    return true;
}

/* encap psp spi N: no colon behind it. */
static bool parse_psp(struct parser *parser, struct drill_prefix *prefix)
{
    int64_t spi;

    if (!parser_word(parser, "psp") || !parser_word(parser, "spi") ||
        !parser_number(parser, "the SPI", 0, UINT32_MAX, &spi))
        return false;
    prefix->spi = (uint32_t)spi;
    return true;
}

bool parse_prefixes(struct parser *parser, struct drill_packet *packet)
{
    static const struct {
        const char *word;
        enum drill_prefix_kind kind;
        bool (*parse)(struct parser *, struct drill_prefix *);
        bool has_colon;
    } kinds[] = {
        {"ipv4", PREFIX_IPV4, parse_ip_prefix, true}, {"ipv6", PREFIX_IPV6, parse_ip_prefix, true},
        {"gre", PREFIX_GRE, parse_gre, true},         {"GREv0", PREFIX_GRE, parse_gre, true},
        {"mpls", PREFIX_MPLS, parse_mpls, true},      {"encap", PREFIX_PSP, parse_psp, false}};
    enum { KINDS = sizeof kinds / sizeof kinds[0] };
    struct drill_prefix **end = &packet->prefixes;
    size_t i;

    while (*end != NULL)
        end = &(*end)->next;
    do {
        for (i = 0; i < KINDS && !parser_at_word(parser, kinds[i].word); i++)
            ;
        if (i == KINDS)
            return true;
        *end = script_take(parser->memory, sizeof **end);
        **end = (struct drill_prefix){.kind = kinds[i].kind, .place = parser->token.place};
        if (!parser_advance(parser) || !kinds[i].parse(parser, *end) ||
            (kinds[i].has_colon && !parser_punct(parser, ':')))
            return false;
        end = &(*end)->next;
    } while (true);
}
