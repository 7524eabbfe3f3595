/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * parser.h: what the parts of the parser share: one token of look-ahead, and the ways to take it or
 * complain.
 *
 *     parse_script.c   options, times, events          parse_call.c      calls and their values
 *     parse_packet.c   directions, TCP, UDP            parse_tcp_options.c
 *     parse_ip.c       [ip info], prefix headers       parse_icmp.c
 *     parse_code.c     the little language in %{ }%
 *
 * Every parse_... function returns false after an error, which parser->error then holds; callers
 * stop at once.
 */
#ifndef LASTACK_PARSER_H
#define LASTACK_PARSER_H

#include "lexer.h"
#include "script.h"

struct parser {
    struct lexer lexer;
    struct token token; /* the next one, not yet taken */
    struct drill_script *script;
    struct script_memory *memory;
    struct script_error *error;
    unsigned depth; /* of nested values; bounded */
};

enum { PARSER_DEPTH_MAX = 32 };

/* Takes the token at hand: the next one comes into view. */
bool parser_advance(struct parser *parser);

/* The error "expected WHAT, got ..." at the token at hand. */
bool parser_expected(struct parser *parser, const char *what);
bool parser_fail(struct parser *parser, struct place place, const char *format, ...)
    __attribute__((format(printf, 3, 4)));

bool parser_at_punct(const struct parser *parser, char punct);
bool parser_at_word(const struct parser *parser, const char *word);

/* Takes this punctuation or word, or complains. */
bool parser_punct(struct parser *parser, char punct);
bool parser_word(struct parser *parser, const char *word);

/* Takes it if it is at hand; *taken says whether. */
bool parser_try_punct(struct parser *parser, char punct, bool *taken);
bool parser_try_word(struct parser *parser, const char *word, bool *taken);

/* Takes an integer in [low, high]; `what` names it in errors ("the TTL"). */
bool parser_integer(struct parser *parser, const char *what, int64_t low, int64_t high,
                    int64_t *value);
/* The same for a number written 0x..; and for either form. */
bool parser_hex(struct parser *parser, const char *what, int64_t low, int64_t high, int64_t *value);
bool parser_number(struct parser *parser, const char *what, int64_t low, int64_t high,
                   int64_t *value);

/* Takes an even number of hex digits (a word or an integer) as bytes; at most `max`. */
bool parser_bytes(struct parser *parser, const char *what, uint8_t *bytes, unsigned max,
                  uint8_t *length);

/* The text of the token at hand, NUL-terminated. */
char *parser_token_copy(struct parser *parser);

/* ---- the parts ---- */

bool parse_ip_info(struct parser *parser, struct drill_ip_info *info);
bool parse_prefixes(struct parser *parser, struct drill_packet *packet);
bool parse_tcp_options(struct parser *parser, struct drill_tcp *tcp);
bool parse_seq_range(struct parser *parser, uint32_t *seq, uint32_t *length);
bool parse_udp_suffix(struct parser *parser, bool *given, uint16_t *source, uint16_t *destination);
bool parse_icmp(struct parser *parser, struct drill_packet *packet);
bool parse_packet(struct parser *parser, struct drill_packet **packet);
bool parse_call(struct parser *parser, struct drill_call **call);

/* The time of an event's start or end, in microseconds. */
bool parse_time_us(struct parser *parser, int64_t *time_us);

#endif
