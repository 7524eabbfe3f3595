/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * parse_icmp.c: icmp TYPE [CODE] [mtu N] [id N] [quote]
 *
 *     quote:  [SEQ:END(LENGTH)]  [SEQ:END(LENGTH)/udp(A > B)]  [udp(N)]  [udplite(N,C)]  [raw(N)]
 *
 * The quote says which packet of the connection an error is about; without one it is a TCP segment
 * whose sequence number is 0 (relative), as in the original tool.
 */
#include "icmp_names.h"
#include "parser.h"

static bool parse_names(struct parser *parser, struct drill_icmp *icmp)
{
    struct place place = parser->token.place;
    uint8_t type, code;

    if (parser->token.kind != TOKEN_WORD)
        return parser_expected(parser, "an ICMP type");
    icmp->type = parser_token_copy(parser);
    if (!icmp_has_type(false, icmp->type) && !icmp_has_type(true, icmp->type))
        return parser_fail(parser, place,
                           "%s is no ICMP type of either family; type_N takes a number",
                           icmp->type);
    if (!parser_advance(parser))
        return false;
    if (parser->token.kind != TOKEN_WORD || parser_at_word(parser, "mtu") ||
        parser_at_word(parser, "id"))
        return true;
    place = parser->token.place;
    icmp->code = parser_token_copy(parser);
    if (!icmp_numbers(false, icmp->type, icmp->code, &type, &code) &&
        !icmp_numbers(true, icmp->type, icmp->code, &type, &code))
        return parser_fail(parser, place,
                           "%s is no code of %s in either family; code_N takes a number",
                           icmp->code, icmp->type);
    return parser_advance(parser);
}

static bool parse_fields(struct parser *parser, struct drill_icmp *icmp)
{
    int64_t number = 0;

    if (!parser_try_word(parser, "mtu", &icmp->has_mtu) ||
        (icmp->has_mtu && !parser_integer(parser, "the MTU", 0, UINT32_MAX, &number)))
        return false;
    icmp->mtu = (uint32_t)number;
    number = 0;
    if (!parser_try_word(parser, "id", &icmp->has_id) ||
        (icmp->has_id && !parser_integer(parser, "the identifier", 0, UINT16_MAX, &number)))
        return false;
    icmp->id = (uint16_t)number;
    return true;
}

/* udp(N), udplite(N,C), raw(N): the word is at hand. */
static bool parse_quoted_length(struct parser *parser, struct drill_icmp *icmp)
{
    int64_t length, coverage = 0;

    if (!parser_advance(parser) || !parser_punct(parser, '(') ||
        !parser_integer(parser, "the quoted length", 0, UINT16_MAX, &length))
        return false;
    if (icmp->quote == QUOTE_UDPLITE &&
        (!parser_punct(parser, ',') ||
         !parser_integer(parser, "the checksum coverage", 0, UINT16_MAX, &coverage)))
        return false;
    icmp->quote_length = (uint32_t)length;
    icmp->quote_coverage = (uint32_t)coverage;
    return parser_punct(parser, ')');
}

static bool parse_quote(struct parser *parser, struct drill_icmp *icmp)
{
    if (!parser_at_punct(parser, '['))
        return true;
    if (!parser_advance(parser))
        return false;
    icmp->quote = parser_at_word(parser, "udp")       ? QUOTE_UDP
                  : parser_at_word(parser, "udplite") ? QUOTE_UDPLITE
                  : parser_at_word(parser, "raw")     ? QUOTE_RAW
                                                      : QUOTE_TCP;
    if (parser_at_word(parser, "sctp"))
        return parser_fail(parser, parser->token.place, "SCTP is not supported");
    if (icmp->quote != QUOTE_TCP)
        return parse_quoted_length(parser, icmp) && parser_punct(parser, ']');
    return parse_seq_range(parser, &icmp->quote_seq, &icmp->quote_length) &&
           parse_udp_suffix(parser, &icmp->quote_in_udp, &icmp->quote_udp_source,
                            &icmp->quote_udp_destination) &&
           parser_punct(parser, ']');
}

bool parse_icmp(struct parser *parser, struct drill_packet *packet)
{
    packet->protocol = DRILL_ICMP;
    return parser_word(parser, "icmp") && parse_names(parser, &packet->icmp) &&
           parse_fields(parser, &packet->icmp) && parse_quote(parser, &packet->icmp);
}
