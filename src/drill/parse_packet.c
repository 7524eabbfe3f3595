/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * parse_packet.c: one packet of a script.
 *
 *     packet:  (< | >) prefix* [info] [sport > dport] tcp
 *              (< | >) prefix* [info] udp [sport > dport] (LENGTH)
 *              (< | >) prefix* [info] icmp ...                                  parse_icmp.c
 *     tcp:     FLAGS SEQ:END(LENGTH) [ack N] [win N] [urg N] [<options>] [/udp(A > B)]
 *     FLAGS:   letters of FSRPUEWA and '.' for ACK; '-' for none; one digit 0-7 for E, W and A
 *              together is the ACE counter of RFC 9768: ".5", "P.5"
 *
 * nplab writes SEQ:END(LENGTH)! for numbers that are not mapped and ...(LENGTH) for any.
 */
#include "parser.h"

#include <string.h>

static const struct {
    char letter;
    uint16_t flag;
} flag_letters[] = {{'.', LASTACK_ACK}, {'F', LASTACK_FIN}, {'S', LASTACK_SYN},
                    {'R', LASTACK_RST}, {'P', LASTACK_PSH}, {'U', LASTACK_URG},
                    {'E', LASTACK_ECE}, {'W', LASTACK_CWR}, {'A', LASTACK_AE}};

/* The flag of a letter; 0 if it is none. */
static uint16_t flag_of(char letter)
{
    for (size_t i = 0; i < sizeof flag_letters / sizeof flag_letters[0]; i++)
        if (flag_letters[i].letter == letter)
            return flag_letters[i].flag;
    return 0;
}

static bool at_flag_letters(const struct parser *parser)
{
    const struct token *token = &parser->token;

    if (token->kind != TOKEN_WORD && !parser_at_punct(parser, '.'))
        return false;
    for (size_t i = 0; i < token->length; i++)
        if (flag_of(token->text[i]) == 0)
            return false;
    return true;
}

static bool take_flag_letters(struct parser *parser, struct drill_tcp *tcp)
{
    const struct token *token = &parser->token;

    for (size_t i = 0; i < token->length; i++) {
        uint16_t flag = flag_of(token->text[i]);

        if (tcp->flags & flag)
            return parser_fail(parser, token->place, "the flag %c is given twice", token->text[i]);
        tcp->flags |= flag;
    }
    return parser_advance(parser);
}

/* ".5": ACK and an ACE count. */
static bool take_ace(struct parser *parser, struct drill_tcp *tcp)
{
    const struct token *token = &parser->token;
    const uint16_t ace_flags = LASTACK_ECE | LASTACK_CWR | LASTACK_AE;

    if (token->length != 2 || token->text[0] != '.' || token->text[1] > '7')
        return parser_fail(parser, token->place, "an ACE count is one digit from 0 to 7, as in .5");
    if (tcp->flags & (ace_flags | LASTACK_ACK))
        return parser_fail(parser, token->place,
                           "an ACE count stands instead of E, W, A and another '.'");
    tcp->flags |= LASTACK_ACK;
    tcp->ace = (int8_t)(token->text[1] - '0');
    return parser_advance(parser);
}

static bool parse_flags(struct parser *parser, struct drill_tcp *tcp)
{
    bool is_none;

    tcp->ace = -1;
    if (!parser_try_punct(parser, '-', &is_none))
        return false;
    if (is_none)
        return true;
    if (parser->token.kind != TOKEN_FLOAT && !at_flag_letters(parser))
        return parser_expected(parser, "TCP flags (FSRP.UEWA, or - for none), udp or icmp");
    while (at_flag_letters(parser))
        if (!take_flag_letters(parser, tcp))
            return false;
    return parser->token.kind != TOKEN_FLOAT || take_ace(parser, tcp);
}

/* START:END(LENGTH), of TCP or quoted by ICMP. */
bool parse_seq_range(struct parser *parser, uint32_t *seq, uint32_t *length)
{
    struct place place = parser->token.place;
    int64_t from, to, bytes;

    if (parser->token.kind != TOKEN_INTEGER)
        return parser_expected(parser, "a sequence range START:END(LENGTH)");
    if (!parser_integer(parser, "the first sequence number", 0, UINT32_MAX, &from) ||
        !parser_punct(parser, ':') ||
        !parser_integer(parser, "the last sequence number", 0, UINT32_MAX, &to) ||
        !parser_punct(parser, '(') ||
        !parser_integer(parser, "the length", 0, UINT16_MAX, &bytes) || !parser_punct(parser, ')'))
        return false;
    if ((uint32_t)(from + bytes) != (uint32_t)to)
        return parser_fail(parser, place, "%lld to %lld are not %lld bytes", (long long)from,
                           (long long)to, (long long)bytes);
    *seq = (uint32_t)from;
    *length = (uint32_t)bytes;
    return true;
}

static bool parse_seq(struct parser *parser, struct drill_tcp *tcp)
{
    int64_t length;

    if (parser->token.kind != TOKEN_ELLIPSIS)
        return parse_seq_range(parser, &tcp->seq, &tcp->length) &&
               parser_try_punct(parser, '!', &tcp->seq_absolute);
    tcp->seq_ignored = true;
    if (!parser_advance(parser) || !parser_punct(parser, '(') ||
        !parser_integer(parser, "the length", 0, UINT16_MAX, &length))
        return false;
    tcp->length = (uint32_t)length;
    return parser_punct(parser, ')');
}

static bool parse_numbers(struct parser *parser, struct drill_tcp *tcp)
{
    bool has_window, has_urgent;
    int64_t number = 0;

    if (!parser_try_word(parser, "ack", &tcp->has_ack) ||
        (tcp->has_ack && !parser_integer(parser, "the ack number", 0, UINT32_MAX, &number)))
        return false;
    tcp->ack = (uint32_t)number;
    number = -1;
    if (!parser_try_word(parser, "win", &has_window) ||
        (has_window && !parser_integer(parser, "the window", 0, UINT16_MAX, &number)))
        return false;
    tcp->window = (int32_t)number;
    number = 0;
    if (!parser_try_word(parser, "urg", &has_urgent) ||
        (has_urgent && !parser_integer(parser, "the urgent pointer", 0, UINT16_MAX, &number)))
        return false;
    tcp->urgent = (uint16_t)number;
    return true;
}

static bool parse_port(struct parser *parser, uint16_t *port)
{
    int64_t number;

    if (!parser_integer(parser, "a port", 0, UINT16_MAX, &number))
        return false;
    *port = (uint16_t)number;
    return true;
}

static bool parse_ports(struct parser *parser, struct drill_packet *packet)
{
    packet->has_ports = parser->token.kind == TOKEN_INTEGER;
    return !packet->has_ports ||
           (parse_port(parser, &packet->source_port) && parser_punct(parser, '>') &&
            parse_port(parser, &packet->destination_port));
}

bool parse_udp_suffix(struct parser *parser, bool *given, uint16_t *source, uint16_t *destination)
{
    if (!parser_try_punct(parser, '/', given))
        return false;
    return !*given || (parser_word(parser, "udp") && parser_punct(parser, '(') &&
                       parse_port(parser, source) && parser_punct(parser, '>') &&
                       parse_port(parser, destination) && parser_punct(parser, ')'));
}

static bool parse_tcp(struct parser *parser, struct drill_packet *packet)
{
    struct drill_tcp *tcp = &packet->tcp;

    packet->protocol = DRILL_TCP;
    if (!parse_flags(parser, tcp) || !parse_seq(parser, tcp) || !parse_numbers(parser, tcp) ||
        !parse_tcp_options(parser, tcp) ||
        !parse_udp_suffix(parser, &packet->in_udp, &packet->udp_source, &packet->udp_destination))
        return false;
    if (packet->direction == DRILL_OUT)
        return true;
    if (tcp->window < 0)
        return parser_fail(parser, packet->place, "an inbound segment needs a window (win N)");
    if (tcp->options_ignored || tcp->seq_ignored)
        return parser_fail(parser, packet->place,
                           "... leaves something unchecked: only in outbound "
                           "packets");
    return true;
}

/* (LENGTH), or (LENGTH, COVERAGE) of UDP-Lite. */
static bool parse_udp(struct parser *parser, struct drill_packet *packet)
{
    int64_t length, coverage = 0;

    packet->protocol = parser_at_word(parser, "udp") ? DRILL_UDP : DRILL_UDPLITE;
    if (!parser_advance(parser) || (!packet->has_ports && !parse_ports(parser, packet)) ||
        !parser_punct(parser, '(') ||
        !parser_integer(parser, "the UDP payload's length", 0, UINT16_MAX, &length))
        return false;
    if (packet->protocol == DRILL_UDPLITE &&
        (!parser_punct(parser, ',') ||
         !parser_integer(parser, "the checksum coverage", 0, UINT16_MAX, &coverage)))
        return false;
    packet->udp_length = (uint16_t)length;
    packet->udp_coverage = (uint16_t)coverage;
    return parser_punct(parser, ')');
}

static bool parse_transport(struct parser *parser, struct drill_packet *packet)
{
    if (parser_at_word(parser, "icmp"))
        return parse_icmp(parser, packet);
    if (parser_at_word(parser, "sctp"))
        return parser_fail(parser, parser->token.place, "SCTP is not supported");
    if (!parse_ports(parser, packet))
        return false;
    if (parser_at_word(parser, "udp") || parser_at_word(parser, "udplite"))
        return parse_udp(parser, packet);
    return parse_tcp(parser, packet);
}

bool parse_packet(struct parser *parser, struct drill_packet **result)
{
    struct drill_packet *packet = script_take(parser->memory, sizeof *packet);

    packet->place = parser->token.place;
    packet->direction = parser_at_punct(parser, '<') ? DRILL_IN : DRILL_OUT;
    *result = packet;
    if (!parser_advance(parser) || !parse_prefixes(parser, packet) ||
        !parse_ip_info(parser, &packet->ip) || !parse_prefixes(parser, packet) ||
        !parse_transport(parser, packet))
        return false;
    if (packet->direction == DRILL_IN &&
        (packet->ip.tos_check == TOS_ECT01 || packet->ip.tos_check == TOS_DSCP_ECT01))
        return parser_fail(parser, packet->place, "ect01 is one of two: only in outbound packets");
    if (parser_at_punct(parser, '{'))
        return parser_fail(parser, parser->token.place, "mutations of packets are not supported");
    return true;
}
