/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * tcp_header.c: the TCP header, RFC 9293 §3.1.
 *
 *      0                   1                   2                   3
 *     |          source port          |       destination port        |
 *     |                             seq                               |
 *     |                             ack                               |
 *     | off |res|A|C|E|U|A|P|R|S|F|             window                |
 *     |           checksum            |        urgent pointer         |
 *     | options, 0..40 bytes ...                              padding |
 *
 * Options are written by two policies that real hosts can be told apart by:
 *
 *     Linux     MSS  SACK-permitted+TS  NOP+WS  NOP NOP SACK  FO, then NOPs
 *               (TS or SACK-permitted alone stand behind NOP NOP)
 *     FreeBSD   MSS  NOP+WS  SACK-permitted  TS and SACK at 2 modulo 4  FO, then END and zeros
 */
#include "tcp_header.h"

#include "bits.h"
#include "check.h"
#include "checksum.h"

enum {
    TCP_FLAGS_MASK = 0x1ff,
    TCP_WINDOW_SCALE_MAX = 14, /* RFC 7323 §2.3 */
    TCP_TIMESTAMP_DATA = 8,
    TCP_FAST_OPEN_MIN = 4, /* RFC 7413 §4.1.1: 4 to 16 bytes, an even number, or none */
    TCP_FAST_OPEN_MAX = 16,
    TCP_SYN_ONLY = OPTION_MSS | OPTION_WINDOW_SCALE | OPTION_SACK_PERMITTED | OPTION_FAST_OPEN |
                   OPTION_FAST_OPEN_EXP,
};

/* NOP NOP TS */
#define TCP_ALIGNED_TIMESTAMP 0x0101080au

bool tcp_option_next(struct tcp_option_cursor *cursor, struct tcp_option *option)
{
    size_t left = (size_t)(cursor->end - cursor->at);

    if (left == 0)
        return false;
    *option = (struct tcp_option){.kind = cursor->at[0], .data = cursor->at + 1};
    if (option->kind == TCP_OPTION_NOP || option->kind == TCP_OPTION_END) {
        cursor->at++;
        return true;
    }
    if (left < 2 || cursor->at[1] < 2 || cursor->at[1] > left) { /* MUST-7 */
        cursor->is_broken = true;
        return false;
    }
    option->length = (uint8_t)(cursor->at[1] - 2);
    option->data = cursor->at + 2;
    cursor->at += cursor->at[1];
    return true;
}

static NOINLINE void tcp_take_fast_open(const uint8_t *cookie, unsigned length,
                                        enum segment_option which, struct segment *segment)
{
    bool is_request = length == 0;
    bool is_cookie = length >= TCP_FAST_OPEN_MIN && length <= TCP_FAST_OPEN_MAX && length % 2 == 0;

    if (!is_request && !is_cookie)
        return;
    segment->options |= (uint16_t)which;
    segment->fast_open_length = (uint8_t)length;
    if (is_cookie)
        memcpy(segment->fast_open, cookie, length);
}

static NOINLINE void tcp_take_sack(const uint8_t *blocks, unsigned length, struct segment *segment)
{
    const unsigned count = length / 8u;

    if (length % 8 != 0 || count == 0 || count > SEGMENT_SACK_MAX)
        return;
    segment->options |= OPTION_SACK;
    segment->sack_count = (uint8_t)count;
    for (unsigned i = 0; i < count; i++) {
        segment->sack[i].from = seq_of(load32(blocks + 8 * i));
        segment->sack[i].to = seq_of(load32(blocks + 8 * i + 4));
    }
}

/* Options that only a SYN carries. */
static void tcp_take_syn_option(const struct tcp_option *option, struct segment *segment)
{
    switch (option->kind) {
    case TCP_OPTION_MSS:
        if (option->length == 2 && load16(option->data) != 0) { /* an MSS of 0 is no offer */
            segment->options |= OPTION_MSS;
            segment->mss = load16(option->data);
        }
        break;
    case TCP_OPTION_WINDOW_SCALE:
        if (option->length == 1) {
            segment->options |= OPTION_WINDOW_SCALE;
            segment->window_scale =
                option->data[0] > TCP_WINDOW_SCALE_MAX ? TCP_WINDOW_SCALE_MAX : option->data[0];
        }
        break;
    case TCP_OPTION_SACK_PERMITTED:
        if (option->length == 0)
            segment->options |= OPTION_SACK_PERMITTED;
        break;
    default:
        break;
    }
}

/* The options that nearly every segment makes do with: kinds up to TCP_OPTION_TIMESTAMP. */
static void tcp_take_usual_option(const struct tcp_option *option, struct segment *segment)
{
    switch (option->kind) {
    case TCP_OPTION_TIMESTAMP:
        if (option->length == TCP_TIMESTAMP_DATA) {
            segment->options |= OPTION_TIMESTAMP;
            segment->ts_value = load32(option->data);
            segment->ts_echo = load32(option->data + 4);
        }
        break;
    case TCP_OPTION_SACK:
        if ((segment->flags & LASTACK_SYN) == 0)
            tcp_take_sack(option->data, option->length, segment);
        break;
    default: /* anything else is unknown, or waits for a SYN: skipped (MUST-6) */
        if ((segment->flags & LASTACK_SYN) != 0)
            tcp_take_syn_option(option, segment);
        break;
    }
}

/* The others. Signatures are seen, not read (RFC 2385, RFC 5925 §2.2). */
static void tcp_take_rare_option(const struct tcp_option *option, struct segment *segment)
{
    const bool is_syn = (segment->flags & LASTACK_SYN) != 0;

    switch (option->kind) {
    case TCP_OPTION_MD5:
        if (option->length == 16)
            segment->options |= OPTION_MD5;
        break;
    case TCP_OPTION_AO:
        if (option->length >= 2) /* KeyID, RNextKeyID, then the MAC */
            segment->options |= OPTION_AO;
        break;
    case TCP_OPTION_FAST_OPEN:
        if (is_syn)
            tcp_take_fast_open(option->data, option->length, OPTION_FAST_OPEN, segment);
        break;
    case TCP_OPTION_EXPERIMENT:
        if (is_syn && option->length >= 2 && load16(option->data) == TCP_FAST_OPEN_MAGIC)
            tcp_take_fast_open(option->data + 2, option->length - 2u, OPTION_FAST_OPEN_EXP,
                               segment);
        break;
    default:
        tcp_take_usual_option(option, segment);
        break;
    }
}

/* All of them, from the beginning. */
static NOINLINE enum lastack_cause tcp_take_rare_options(const uint8_t *data, size_t length,
                                                         struct segment *segment)
{
    struct tcp_option_cursor cursor = {.at = data, .end = data + length};
    struct tcp_option option;

    while (tcp_option_next(&cursor, &option)) {
        if (option.kind == TCP_OPTION_END)
            break;
        tcp_take_rare_option(&option, segment);
    }
    if (cursor.is_broken)
        return LASTACK_CAUSE_DROP_TCP_OPTION;
    if (segment->options & OPTION_AO)
        return LASTACK_CAUSE_DROP_AO_UNEXPECTED;
    return segment->options & OPTION_MD5 ? LASTACK_CAUSE_DROP_MD5_UNEXPECTED : LASTACK_CAUSE_NONE;
}

static enum lastack_cause tcp_take_options(const uint8_t *data, size_t length,
                                           struct segment *segment)
{
    struct tcp_option_cursor cursor = {.at = data, .end = data + length};
    struct tcp_option option;

    if (length == 12 && load32(data) == TCP_ALIGNED_TIMESTAMP) {
        segment->options = OPTION_TIMESTAMP;
        segment->ts_value = load32(data + 4);
        segment->ts_echo = load32(data + 8);
        return LASTACK_CAUSE_NONE;
    }
    while (tcp_option_next(&cursor, &option)) {
        if (option.kind == TCP_OPTION_END)
            break;
        if (UNLIKELY(option.kind > TCP_OPTION_TIMESTAMP))
            return tcp_take_rare_options(data, length, segment);
        tcp_take_usual_option(&option, segment);
    }
    return cursor.is_broken ? LASTACK_CAUSE_DROP_TCP_OPTION : LASTACK_CAUSE_NONE;
}

static void tcp_take_fixed_part(const struct ip_packet *packet, struct segment *segment)
{
    const uint8_t *header = packet->payload;

    segment->tuple =
        (struct tuple){packet->destination, packet->source, load16(header + 2), load16(header)};
    segment->seq = seq_of(load32(header + 4));
    segment->ack = seq_of(load32(header + 8));
    segment->flags = load16(header + 12) & TCP_FLAGS_MASK;
    segment->wnd = load16(header + 14);
    segment->urgent = load16(header + 18);
    segment->ecn = packet->traffic_class & 3;
    segment->ttl = packet->ttl;
}

enum lastack_cause tcp_parse_unsigned(const struct ip_packet *packet, struct segment *segment)
{
    const uint8_t *header = packet->payload;
    size_t header_length;

    if (packet->payload_length < TCP_HEADER_MIN)
        return LASTACK_CAUSE_DROP_TCP_SHORT;
    header_length = (size_t)(header[12] >> 4) * 4;
    if (header_length < TCP_HEADER_MIN || header_length > packet->payload_length)
        return LASTACK_CAUSE_DROP_TCP_OFFSET;

    tcp_take_fixed_part(packet, segment);
    segment->text = header + header_length;
    segment->text_length = (uint32_t)(packet->payload_length - header_length);
    segment->len = segment->text_length + ((segment->flags & LASTACK_SYN) != 0) +
                   ((segment->flags & LASTACK_FIN) != 0);
    segment->options = 0;
    segment->mss = 0;
    segment->window_scale = 0;
    segment->sack_count = 0;
    segment->ts_value = segment->ts_echo = 0;
    segment->fast_open_length = 0;
    segment->again = (struct sack_block){seq_of(0), seq_of(0)};
    if (header_length == TCP_HEADER_MIN)
        return LASTACK_CAUSE_NONE;
    return tcp_take_options(header + TCP_HEADER_MIN, header_length - TCP_HEADER_MIN, segment);
}

enum lastack_cause tcp_parse(const struct ip_packet *packet, struct segment *segment)
{
    const enum lastack_cause cause = tcp_parse_unsigned(packet, segment);

    return cause == LASTACK_CAUSE_DROP_MD5_UNEXPECTED || cause == LASTACK_CAUSE_DROP_AO_UNEXPECTED
               ? LASTACK_CAUSE_NONE
               : cause;
}

bool tcp_parse_quoted(const uint8_t *data, size_t length, uint16_t *source_port,
                      uint16_t *destination_port, struct seq *seq)
{
    if (length < 8)
        return false;
    *source_port = load16(data);
    *destination_port = load16(data + 2);
    *seq = seq_of(load32(data + 4));
    return true;
}

/* ---- building ---- */

/*
 * Each writes at `at` and returns where the next one goes. MSS, window scale, SACK-permitted and
 * timestamps take 20 bytes at the most, with NOPs; SACK blocks and a cookie only what is left of
 * the 40 from `start` on.
 */

static uint8_t *tcp_put16(uint8_t *at, unsigned value)
{
    store16(at, (uint16_t)value);
    return at + 2;
}

static uint8_t *tcp_put32(uint8_t *at, uint32_t value)
{
    store32(at, value);
    return at + 4;
}

/* So that what stands behind begins `beyond` bytes behind a multiple of 4. */
static uint8_t *tcp_pad(const uint8_t *start, uint8_t *at, unsigned beyond, uint8_t with)
{
    while ((unsigned)(at - start) % 4 != beyond)
        *at++ = with;
    return at;
}

static uint8_t *tcp_put_mss(uint8_t *at, const struct segment *segment)
{
    return tcp_put32(at, TCP_OPTION_MSS << 24 | 4 << 16 | segment->mss);
}

static uint8_t *tcp_put_window_scale(uint8_t *at, const struct segment *segment)
{
    return tcp_put32(at, TCP_OPTION_NOP << 24 | TCP_OPTION_WINDOW_SCALE << 16 | 3 << 8 |
                             segment->window_scale);
}

static uint8_t *tcp_put_sack_permitted(uint8_t *at)
{
    return tcp_put16(at, TCP_OPTION_SACK_PERMITTED << 8 | 2);
}

static uint8_t *tcp_put_timestamp(uint8_t *at, const struct segment *segment)
{
    at = tcp_put16(at, TCP_OPTION_TIMESTAMP << 8 | 10);
    at = tcp_put32(at, segment->ts_value);
    return tcp_put32(at, segment->ts_echo);
}

/* As many blocks as there is room for, behind NOPs that put the numbers on a multiple of 4. */
static NOINLINE uint8_t *tcp_put_sack(const uint8_t *start, uint8_t *at,
                                      const struct segment *segment)
{
    const unsigned used = (unsigned)(at - start);
    const unsigned begin = used + (6 - used % 4) % 4 + 2;
    const unsigned room = begin > TCP_OPTIONS_MAX ? 0 : (TCP_OPTIONS_MAX - begin) / 8;
    const unsigned count = segment->sack_count < room ? segment->sack_count : room;

    if (count == 0)
        return at;
    at = tcp_pad(start, at, 2, TCP_OPTION_NOP);
    at = tcp_put16(at, TCP_OPTION_SACK << 8 | (2 + 8 * count));
    for (unsigned i = 0; i < count; i++) {
        at = tcp_put32(at, segment->sack[i].from.v);
        at = tcp_put32(at, segment->sack[i].to.v);
    }
    return at;
}

static NOINLINE uint8_t *tcp_put_fast_open(const uint8_t *start, uint8_t *at,
                                           const struct segment *segment)
{
    const bool is_experiment = (segment->options & OPTION_FAST_OPEN_EXP) != 0;
    const unsigned length = segment->fast_open_length + (is_experiment ? 4u : 2u);

    if ((unsigned)(at - start) + length > TCP_OPTIONS_MAX)
        return at; /* a cookie cut short would be a wrong one */
    at =
        tcp_put16(at, (is_experiment ? TCP_OPTION_EXPERIMENT : TCP_OPTION_FAST_OPEN) << 8 | length);
    if (is_experiment)
        at = tcp_put16(at, TCP_FAST_OPEN_MAGIC);
    memcpy(at, segment->fast_open, segment->fast_open_length);
    return at + segment->fast_open_length;
}

static uint8_t *tcp_put_options_linux(uint8_t *start, const struct segment *segment,
                                      unsigned options)
{
    const unsigned both = OPTION_TIMESTAMP | OPTION_SACK_PERMITTED;
    uint8_t *at = start;

    if (options & OPTION_MSS)
        at = tcp_put_mss(at, segment);
    if ((options & both) != 0 && (options & both) != both)
        at = tcp_put16(at, TCP_OPTION_NOP << 8 | TCP_OPTION_NOP);
    if (options & OPTION_SACK_PERMITTED)
        at = tcp_put_sack_permitted(at);
    if (options & OPTION_TIMESTAMP)
        at = tcp_put_timestamp(at, segment);
    if (options & OPTION_WINDOW_SCALE)
        at = tcp_put_window_scale(at, segment);
    if (options & OPTION_SACK)
        at = tcp_put_sack(start, at, segment);
    if (options & (OPTION_FAST_OPEN | OPTION_FAST_OPEN_EXP))
        at = tcp_put_fast_open(start, at, segment);
    return tcp_pad(start, at, 0, TCP_OPTION_NOP);
}

static NOINLINE uint8_t *tcp_put_options_freebsd(uint8_t *start, const struct segment *segment,
                                                 unsigned options)
{
    uint8_t *at = start;

    if (options & OPTION_MSS)
        at = tcp_put_mss(at, segment);
    if (options & OPTION_WINDOW_SCALE)
        at = tcp_put_window_scale(at, segment);
    if (options & OPTION_SACK_PERMITTED)
        at = tcp_put_sack_permitted(at);
    if (options & OPTION_TIMESTAMP) {
        at = tcp_pad(start, at, 2, TCP_OPTION_NOP);
        at = tcp_put_timestamp(at, segment);
    }
    if (options & OPTION_SACK)
        at = tcp_put_sack(start, at, segment);
    if (options & (OPTION_FAST_OPEN | OPTION_FAST_OPEN_EXP))
        at = tcp_put_fast_open(start, at, segment);
    return tcp_pad(start, at, 0, TCP_OPTION_END); /* and zeros: the same byte (MUST-69) */
}

/* Their length. */
static unsigned tcp_put_options(const struct segment *segment, enum lastack_option_order order,
                                uint8_t *start)
{
    unsigned options = segment->options;
    const uint8_t *end;

    CHECK(segment->sack_count <= SEGMENT_SACK_MAX &&
          segment->fast_open_length <= TCP_FAST_OPEN_MAX);
    if ((segment->flags & LASTACK_SYN) == 0)
        options &= ~(unsigned)TCP_SYN_ONLY; /* MUST-65; RFC 7323 §2.2 */
    end = order == LASTACK_OPTIONS_FREEBSD ? tcp_put_options_freebsd(start, segment, options)
                                           : tcp_put_options_linux(start, segment, options);
    return (unsigned)(end - start);
}

/* The sum of its words. */
static uint64_t tcp_put_fixed_part(const struct segment *segment, unsigned length, uint8_t *header)
{
    const uint32_t flags = segment->flags & TCP_FLAGS_MASK;
    const uint32_t ports = (uint32_t)segment->tuple.local_port << 16 | segment->tuple.remote_port;
    uint64_t sum = checksum_store32(header, ports);

    sum += checksum_store32(header + 4, segment->seq.v);
    sum += checksum_store32(header + 8, segment->ack.v);
    sum += checksum_store32(header + 12, length / 4 << 28 | flags << 16 | segment->wnd);
    /* a checksum of 0, as yet */
    return sum + checksum_store32(header + TCP_CHECKSUM_OFFSET, segment->urgent);
}

/* What nearly every segment has for options, the same in both orders. */
static uint64_t tcp_put_aligned_timestamp(const struct segment *segment, uint8_t *options)
{
    uint64_t sum = checksum_store32(options, TCP_ALIGNED_TIMESTAMP);

    sum += checksum_store32(options + 4, segment->ts_value);
    return sum + checksum_store32(options + 8, segment->ts_echo);
}

unsigned tcp_build_summed(const struct segment *segment, enum lastack_option_order order,
                          uint8_t *header, uint64_t *sum)
{
    unsigned length = TCP_HEADER_MIN;

    if (segment->options == OPTION_TIMESTAMP) {
        *sum += tcp_put_aligned_timestamp(segment, header + length);
        length += 12;
    } else if (segment->options != 0) {
        length += tcp_put_options(segment, order, header + length);
        for (unsigned at = TCP_HEADER_MIN; at < length; at += 4)
            *sum += load32(header + at);
    }
    *sum += tcp_put_fixed_part(segment, length, header);
    return length;
}

unsigned tcp_build(const struct segment *segment, enum lastack_option_order order, uint8_t *header)
{
    uint64_t sum = 0;

    return tcp_build_summed(segment, order, header, &sum);
}

unsigned tcp_build_raw(const struct segment *segment, const uint8_t *options, unsigned length,
                       uint8_t *header)
{
    unsigned padded = (length + 3) / 4 * 4;

    CHECK(padded <= TCP_OPTIONS_MAX);
    if (length > 0)
        memcpy(header + TCP_HEADER_MIN, options, length);
    memset(header + TCP_HEADER_MIN + length, TCP_OPTION_END, padded - length);
    (void)tcp_put_fixed_part(segment, TCP_HEADER_MIN + padded, header);
    return TCP_HEADER_MIN + padded;
}

void tcp_store_checksum(uint8_t *header, unsigned header_length,
                        const struct lastack_address *source,
                        const struct lastack_address *destination, uint32_t length,
                        uint32_t text_sum)
{
    uint32_t sum = checksum_pseudo(source, destination, IP_PROTOCOL_TCP, length);

    store16(header + TCP_CHECKSUM_OFFSET, 0);
    sum = checksum_add(sum, header, header_length);
    store16(header + TCP_CHECKSUM_OFFSET, checksum_finish(checksum_join(sum, text_sum)));
}
