/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * tcp_header_test.c: build and parse are each other's reverse; the bytes of options are those that
 * Linux and FreeBSD send; every malformed header is refused and nothing is read behind it.
 */
#include "tcp_header.h"

#include "checksum.h"
#include "rng.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stdlib.h>

#include <cmocka.h>

static const enum lastack_option_order orders[] = {LASTACK_OPTIONS_LINUX, LASTACK_OPTIONS_FREEBSD};

/* Parses a copy that is exactly as long as it says: a sanitizer sees every byte too far. */
static enum lastack_cause parse_exactly(const uint8_t *bytes, size_t length,
                                        struct segment *segment)
{
    uint8_t *copy = malloc(length + 1);
    struct ip_packet packet = {
        .payload = copy + 1, .payload_length = length, .ttl = 61, .traffic_class = 0xb9};
    enum lastack_cause cause;

    assert_non_null(copy);
    if (length > 0)
        memcpy(copy + 1, bytes, length);
    cause = tcp_parse(&packet, segment);
    segment->text = NULL;
    free(copy);
    return cause;
}

static struct segment syn(uint16_t options)
{
    return (struct segment){
        .seq = {1},
        .flags = LASTACK_SYN,
        .wnd = 65535,
        .options = options,
        .mss = 1460,
        .window_scale = 6,
        .ts_value = 100,
        .ts_echo = 0,
        .tuple.local_port = 40000,
        .tuple.remote_port = 80,
    };
}

static void assert_options(const struct segment *segment, enum lastack_option_order order,
                           const char *hex)
{
    uint8_t header[TCP_HEADER_MAX];
    unsigned length = tcp_build(segment, order, header);
    char text[2 * TCP_OPTIONS_MAX + 1] = "";

    for (unsigned i = TCP_HEADER_MIN; i < length; i++) {
        static const char digits[] = "0123456789abcdef";
        text[2 * (i - TCP_HEADER_MIN)] = digits[header[i] >> 4];
        text[2 * (i - TCP_HEADER_MIN) + 1] = digits[header[i] & 15];
    }
    assert_string_equal(text, hex);
    assert_int_equal(header[12] >> 4, length / 4);
}

enum { SYN_ALL = OPTION_MSS | OPTION_SACK_PERMITTED | OPTION_TIMESTAMP | OPTION_WINDOW_SCALE };

/* covers: LNX-OPTORDER 9293-MUST-14 */
static void linux_order_of_syn_options(void **state)
{
    struct segment segment = syn(SYN_ALL);

    (void)state; /* mss 1460,sackOK,TS val 100 ecr 0,nop,wscale 6 */
    assert_options(&segment, LASTACK_OPTIONS_LINUX, "020405b40402080a000000640000000001030306");
    segment.options = SYN_ALL & ~OPTION_TIMESTAMP; /* mss 1460,nop,nop,sackOK,nop,wscale 6 */
    assert_options(&segment, LASTACK_OPTIONS_LINUX, "020405b40101040201030306");
    segment.options = SYN_ALL & ~OPTION_SACK_PERMITTED; /* mss 1460,nop,nop,TS,nop,wscale 6 */
    assert_options(&segment, LASTACK_OPTIONS_LINUX, "020405b40101080a000000640000000001030306");
    segment.options = OPTION_MSS | OPTION_SACK_PERMITTED;
    assert_options(&segment, LASTACK_OPTIONS_LINUX, "020405b401010402");
    segment.options = OPTION_MSS | OPTION_WINDOW_SCALE;
    assert_options(&segment, LASTACK_OPTIONS_LINUX, "020405b401030306");
    segment.options = OPTION_MSS;
    assert_options(&segment, LASTACK_OPTIONS_LINUX, "020405b4");
}

/* covers: 9293-MUST-69 */
static void freebsd_order_of_syn_options(void **state)
{
    struct segment segment = syn(SYN_ALL);

    (void)state; /* mss 1460,nop,wscale 6,sackOK,TS val 100 ecr 0 */
    assert_options(&segment, LASTACK_OPTIONS_FREEBSD, "020405b4010303060402080a0000006400000000");
    segment.options = OPTION_MSS | OPTION_SACK_PERMITTED; /* mss 1460,sackOK,eol,eol */
    assert_options(&segment, LASTACK_OPTIONS_FREEBSD, "020405b404020000");
    segment.options = SYN_ALL & ~OPTION_SACK_PERMITTED; /* TS at an odd multiple of 2: two NOPs */
    assert_options(&segment, LASTACK_OPTIONS_FREEBSD, "020405b4010303060101080a0000006400000000");
    segment.options = SYN_ALL & ~OPTION_WINDOW_SCALE;
    assert_options(&segment, LASTACK_OPTIONS_FREEBSD, "020405b40402080a0000006400000000");
    segment.options = OPTION_MSS;
    assert_options(&segment, LASTACK_OPTIONS_FREEBSD, "020405b4");
}

static void fast_open_of_both_orders(void **state)
{
    struct segment segment = syn(SYN_ALL | OPTION_FAST_OPEN);
    static const uint8_t cookie[8] = {1, 2, 3, 4, 5, 6, 7, 8};

    (void)state; /* FO,nop,nop and FO,eol,eol */
    assert_options(&segment, LASTACK_OPTIONS_LINUX,
                   "020405b40402080a00000064000000000103030622020101");
    assert_options(&segment, LASTACK_OPTIONS_FREEBSD,
                   "020405b4010303060402080a000000640000000022020000");
    memcpy(segment.fast_open, cookie, 8);
    segment.fast_open_length = 8;
    segment.options = OPTION_MSS | OPTION_FAST_OPEN;
    assert_options(&segment, LASTACK_OPTIONS_LINUX, "020405b4220a01020304050607080101");
    assert_options(&segment, LASTACK_OPTIONS_FREEBSD, "020405b4220a01020304050607080000");
    segment.options = OPTION_MSS | OPTION_FAST_OPEN_EXP; /* FOEXP */
    assert_options(&segment, LASTACK_OPTIONS_LINUX, "020405b4fe0cf9890102030405060708");
}

/* covers: LNX-OPTORDER 9293-MUST-65 7323-2.2-nonsyn */
static void options_of_later_segments(void **state)
{
    struct segment segment = syn(OPTION_TIMESTAMP);

    (void)state;
    segment.flags = LASTACK_ACK;
    segment.ts_echo = 7;
    for (unsigned i = 0; i < 2; i++) { /* nop,nop,TS val 100 ecr 7 */
        segment.options = OPTION_TIMESTAMP;
        assert_options(&segment, orders[i], "0101080a0000006400000007");
        segment.options = SYN_ALL | OPTION_FAST_OPEN; /* only the timestamp may stay */
        assert_options(&segment, orders[i], "0101080a0000006400000007");
        segment.options = OPTION_MSS | OPTION_WINDOW_SCALE;
        assert_options(&segment, orders[i], "");
    }
    segment.options = OPTION_SACK;
    segment.sack_count = 1;
    segment.sack[0] = (struct sack_block){{1001}, {2001}};
    for (unsigned i = 0; i < 2; i++)
        assert_options(&segment, orders[i], "0101050a000003e9000007d1");
}

static void sack_blocks_that_do_not_fit_are_left_off_last_first(void **state)
{
    struct segment segment = {.flags = LASTACK_ACK, .options = OPTION_SACK, .sack_count = 4},
                   parsed;
    uint8_t header[TCP_HEADER_MAX];

    (void)state;
    for (unsigned i = 0; i < 4; i++)
        segment.sack[i] = (struct sack_block){{100 * i}, {100 * i + 50}};
    for (unsigned i = 0; i < 2; i++) {
        segment.options = OPTION_SACK;
        assert_int_equal(parse_exactly(header, tcp_build(&segment, orders[i], header), &parsed), 0);
        assert_int_equal(parsed.sack_count, 4);
        segment.options = OPTION_SACK | OPTION_TIMESTAMP;
        assert_int_equal(parse_exactly(header, tcp_build(&segment, orders[i], header), &parsed), 0);
        assert_int_equal(parsed.sack_count, 3);
        assert_int_equal(parsed.sack[2].from.v, 200);
    }
}

static struct segment random_segment(struct rng *rng)
{
    struct segment segment = {
        .seq = {(uint32_t)rng_next(rng)},
        .ack = {(uint32_t)rng_next(rng)},
        .flags = (uint16_t)rng_below(rng, 0x200),
        .wnd = (uint16_t)rng_next(rng),
        .urgent = (uint16_t)rng_next(rng),
        .ts_value = (uint32_t)rng_next(rng),
        .ts_echo = (uint32_t)rng_next(rng),
        .mss = (uint16_t)(1 + rng_below(rng, 65535)),
        .window_scale = (uint8_t)rng_below(rng, 15),
        .sack_count = (uint8_t)(1 + rng_below(rng, 4)),
        .fast_open_length = (uint8_t)(rng_below(rng, 2) * (4 + 2 * rng_below(rng, 7))),
        .options = (uint16_t)(rng_next(rng) & SYN_ALL),
        .tuple.local_port = (uint16_t)rng_next(rng),
        .tuple.remote_port = (uint16_t)rng_next(rng),
    };
    for (unsigned i = 0; i < 4; i++)
        segment.sack[i] = (struct sack_block){{(uint32_t)rng_next(rng)}, {(uint32_t)rng_next(rng)}};
    for (unsigned i = 0; i < 16; i++)
        segment.fast_open[i] = (uint8_t)rng_next(rng);
    if (segment.flags & LASTACK_SYN) {
        static const uint16_t kinds[] = {0, OPTION_FAST_OPEN, OPTION_FAST_OPEN_EXP};
        segment.options |= kinds[rng_below(rng, 3)];
    } else {
        segment.options =
            (uint16_t)((segment.options & OPTION_TIMESTAMP) | rng_below(rng, 2) * OPTION_SACK);
    }
    return segment;
}

static void assert_same(const struct segment *sent, const struct segment *parsed)
{
    unsigned sack_room = sent->options & OPTION_TIMESTAMP ? 3 : 4;

    assert_int_equal(parsed->tuple.local_port, sent->tuple.remote_port);
    assert_int_equal(parsed->tuple.remote_port, sent->tuple.local_port);
    assert_int_equal(parsed->seq.v, sent->seq.v);
    assert_int_equal(parsed->ack.v, sent->ack.v);
    assert_int_equal(parsed->flags, sent->flags);
    assert_int_equal(parsed->wnd, sent->wnd);
    assert_int_equal(parsed->urgent, sent->urgent);
    assert_int_equal(parsed->options, sent->options);
    assert_int_equal(parsed->len,
                     ((sent->flags & LASTACK_SYN) != 0) + ((sent->flags & LASTACK_FIN) != 0));
    if (sent->options & OPTION_MSS)
        assert_int_equal(parsed->mss, sent->mss);
    if (sent->options & OPTION_WINDOW_SCALE)
        assert_int_equal(parsed->window_scale, sent->window_scale);
    if (sent->options & OPTION_TIMESTAMP) {
        assert_int_equal(parsed->ts_value, sent->ts_value);
        assert_int_equal(parsed->ts_echo, sent->ts_echo);
    }
    if (sent->options & OPTION_SACK) {
        assert_int_equal(parsed->sack_count,
                         sent->sack_count < sack_room ? sent->sack_count : sack_room);
        assert_memory_equal(parsed->sack, sent->sack, parsed->sack_count * sizeof parsed->sack[0]);
    }
    if (sent->options & (OPTION_FAST_OPEN | OPTION_FAST_OPEN_EXP)) {
        assert_int_equal(parsed->fast_open_length, sent->fast_open_length);
        assert_memory_equal(parsed->fast_open, sent->fast_open, sent->fast_open_length);
    }
}

/* covers: 9293-3.1-rsvd 9293-MUST-1 */
static void what_is_built_parses_to_the_same(void **state)
{
    struct rng rng;

    (void)state;
    rng_init(&rng, 11);
    for (unsigned round = 0; round < 20000; round++) {
        enum lastack_option_order order = orders[round % 2];
        struct segment sent = random_segment(&rng), parsed;
        uint8_t header[TCP_HEADER_MAX];
        unsigned length;

        memset(header, 0xee, sizeof header);
        length = tcp_build(&sent, order, header);
        assert_int_equal(length % 4, 0);
        assert_int_equal(header[12] & 0x0e, 0); /* reserved bits */
        assert_int_equal(parse_exactly(header, length, &parsed), LASTACK_CAUSE_NONE);
        assert_same(&sent, &parsed);
    }
}

/* A header with `count` bytes of options, padded with END, and the SYN bit or not. */
static enum lastack_cause parse_options(uint16_t flags, const uint8_t *options, unsigned count,
                                        struct segment *parsed)
{
    struct segment segment = {.flags = flags};
    uint8_t header[TCP_HEADER_MAX];

    return parse_exactly(header, tcp_build_raw(&segment, options, count, header), parsed);
}

#define PARSE(flags, parsed, ...)                                                                  \
    parse_options(flags, (const uint8_t[]){__VA_ARGS__}, sizeof((const uint8_t[]){__VA_ARGS__}),   \
                  parsed)

/* covers: 9293-MUST-4 9293-MUST-6 9293-MUST-64 9293-MUST-68 5482-3-ignore */
static void options_stand_in_any_order_at_any_byte_among_unknown_ones(void **state)
{
    struct segment parsed;

    (void)state;
    assert_int_equal(PARSE(LASTACK_SYN, &parsed, 3, 3, 7, 253, 6, 1, 2, 3, 4, 2, 4, 5, 0xb4, 28, 4,
                           0, 30, 8, 10, 0, 0, 0, 9, 0, 0, 0, 8, 1, 4, 2, 77, 2),
                     LASTACK_CAUSE_NONE);
    assert_int_equal(parsed.options, SYN_ALL);
    assert_int_equal(parsed.window_scale, 7);
    assert_int_equal(parsed.mss, 1460);
    assert_int_equal(parsed.ts_value, 9);
    assert_int_equal(parsed.ts_echo, 8);
}

/* covers: 9293-MUST-5 */
static void options_are_read_on_every_kind_of_segment(void **state)
{
    static const uint16_t flags[] = {LASTACK_ACK, LASTACK_FIN | LASTACK_ACK, LASTACK_RST,
                                     LASTACK_SYN, 0};

    (void)state;
    for (unsigned i = 0; i < sizeof flags / sizeof flags[0]; i++) {
        struct segment parsed;
        assert_int_equal(PARSE(flags[i], &parsed, 1, 1, 1, 8, 10, 0, 0, 0, 9, 0, 0, 0, 8),
                         LASTACK_CAUSE_NONE);
        assert_int_equal(parsed.options, OPTION_TIMESTAMP);
        assert_int_equal(parsed.ts_value, 9);
    }
}

static void nothing_behind_the_end_of_the_list_counts(void **state)
{
    struct segment parsed;

    (void)state;
    assert_int_equal(PARSE(LASTACK_SYN, &parsed, 1, 0, 2, 4, 5, 0xb4), LASTACK_CAUSE_NONE);
    assert_int_equal(parsed.options, 0);
    assert_int_equal(PARSE(LASTACK_SYN, &parsed, 0, 2, 0, 0),
                     LASTACK_CAUSE_NONE); /* nor is it refused */
}

/* covers: 9293-MUST-7 */
static void impossible_option_lengths_are_refused(void **state)
{
    struct segment parsed;

    (void)state;
    for (unsigned kind = 2; kind < 256; kind++) {
        uint8_t zero[4] = {(uint8_t)kind, 0}, one[4] = {(uint8_t)kind, 1},
                beyond[4] = {(uint8_t)kind, 5};
        uint8_t no_length[4] = {1, 1, 1, (uint8_t)kind};
        assert_int_equal(parse_options(LASTACK_SYN, zero, 4, &parsed),
                         LASTACK_CAUSE_DROP_TCP_OPTION);
        assert_int_equal(parse_options(LASTACK_SYN, one, 4, &parsed),
                         LASTACK_CAUSE_DROP_TCP_OPTION);
        assert_int_equal(parse_options(LASTACK_ACK, beyond, 4, &parsed),
                         LASTACK_CAUSE_DROP_TCP_OPTION);
        assert_int_equal(parse_options(LASTACK_ACK, no_length, 4, &parsed),
                         LASTACK_CAUSE_DROP_TCP_OPTION);
    }
}

static void known_options_of_a_foreign_length_count_as_absent(void **state)
{
    struct segment parsed;

    (void)state;
    assert_int_equal(
        PARSE(LASTACK_SYN, &parsed, 2, 3, 5, 3, 4, 7, 7, 4, 3, 0, 8, 9, 0, 0, 0, 0, 0, 0, 0), 0);
    assert_int_equal(parsed.options, 0);
    assert_int_equal(PARSE(LASTACK_SYN, &parsed, 2, 4, 0, 0), 0); /* an MSS of nothing */
    assert_int_equal(parsed.options, 0);
    assert_int_equal(PARSE(LASTACK_ACK, &parsed, 5, 2, 1, 1), 0);
    assert_int_equal(PARSE(LASTACK_ACK, &parsed, 5, 9, 0, 0, 0, 1, 0, 0, 0), 0);
    assert_int_equal(parsed.options, 0);
    assert_int_equal(parsed.sack_count, 0);
}

static void window_scale_above_fourteen_counts_as_fourteen(void **state)
{
    struct segment parsed;

    (void)state;
    assert_int_equal(PARSE(LASTACK_SYN, &parsed, 3, 3, 15), 0);
    assert_int_equal(parsed.window_scale, 14);
    assert_int_equal(PARSE(LASTACK_SYN, &parsed, 3, 3, 255), 0);
    assert_int_equal(parsed.window_scale, 14);
}

/* covers: 7413-4.1.1 */
static void fast_open_cookies_of_bad_lengths_or_without_syn_are_ignored(void **state)
{
    (void)state;
    for (unsigned length = 0; length <= 18; length++) {
        bool is_good = length == 0 || (length >= 4 && length <= 16 && length % 2 == 0);
        uint8_t option[40] = {TCP_OPTION_FAST_OPEN, (uint8_t)(length + 2)};
        uint8_t experiment[40] = {TCP_OPTION_EXPERIMENT, (uint8_t)(length + 4), 0xf9, 0x89};
        struct segment parsed;

        memset(option + 2, 0x77, length);
        assert_int_equal(parse_options(LASTACK_SYN, option, length + 2, &parsed), 0);
        assert_int_equal(parsed.options, is_good ? OPTION_FAST_OPEN : 0);
        assert_int_equal(parsed.fast_open_length, is_good ? length : 0);
        assert_int_equal(parse_options(LASTACK_ACK, option, length + 2, &parsed), 0);
        assert_int_equal(parsed.options, 0);
        assert_int_equal(parse_options(LASTACK_SYN, experiment, length + 4, &parsed), 0);
        assert_int_equal(parsed.options, is_good ? OPTION_FAST_OPEN_EXP : 0);
        experiment[3] = 0x88; /* somebody else's experiment */
        assert_int_equal(parse_options(LASTACK_SYN, experiment, length + 4, &parsed), 0);
        assert_int_equal(parsed.options, 0);
    }
}

/* covers: 9293-3.1-doff */
static void bad_data_offsets_are_refused(void **state)
{
    (void)state;
    for (unsigned words = 0; words < 16; words++) {
        for (size_t length = 0; length <= 64; length++) {
            uint8_t bytes[64] = {0};
            struct segment parsed;
            enum lastack_cause expected = LASTACK_CAUSE_NONE;

            bytes[12] = (uint8_t)(words << 4);
            if (length < 20)
                expected = LASTACK_CAUSE_DROP_TCP_SHORT;
            else if (words < 5 || words * 4 > length)
                expected = LASTACK_CAUSE_DROP_TCP_OFFSET;
            assert_int_equal(parse_exactly(bytes, length, &parsed), expected);
            if (expected == LASTACK_CAUSE_NONE)
                assert_int_equal(parsed.text_length, length - words * 4);
        }
    }
}

static void reserved_bits_are_ignored_and_the_ip_header_lends_its_part(void **state)
{
    struct segment sent = syn(0), parsed;
    uint8_t header[TCP_HEADER_MAX];
    unsigned length = tcp_build(&sent, LASTACK_OPTIONS_LINUX, header);

    (void)state;
    header[12] |= 0x0e;
    assert_int_equal(parse_exactly(header, length, &parsed), LASTACK_CAUSE_NONE);
    assert_int_equal(parsed.flags, LASTACK_SYN);
    assert_int_equal(parsed.ttl, 61);
    assert_int_equal(parsed.ecn, 1);
}

static void quoted_header_needs_eight_bytes(void **state)
{
    struct segment sent = syn(0);
    uint8_t header[TCP_HEADER_MAX];
    uint16_t source, destination;
    struct seq seq;

    (void)state;
    tcp_build(&sent, LASTACK_OPTIONS_LINUX, header);
    assert_false(tcp_parse_quoted(header, 7, &source, &destination, &seq));
    assert_true(tcp_parse_quoted(header, 8, &source, &destination, &seq));
    assert_int_equal(source, 40000);
    assert_int_equal(destination, 80);
    assert_int_equal(seq.v, 1);
}

/* covers: 9293-MUST-2 9293-MUST-3 */
static void stored_checksum_verifies_and_one_flipped_bit_does_not(void **state)
{
    struct segment sent = syn(SYN_ALL);
    uint8_t bytes[TCP_HEADER_MAX + 33];
    struct ip_packet packet = {.payload = bytes, .protocol = IP_PROTOCOL_TCP};
    unsigned length = tcp_build(&sent, LASTACK_OPTIONS_LINUX, bytes);
    struct rng rng;

    (void)state;
    rng_init(&rng, 12);
    for (unsigned text = 0; text <= 33; text++) {
        unsigned bit = rng_below(&rng, (length + text) * 8);
        for (unsigned i = 0; i < 16; i++) {
            packet.source.bytes[i] = (uint8_t)rng_next(&rng);
            packet.destination.bytes[i] = (uint8_t)rng_next(&rng);
        }
        memset(bytes + length, 0x5a, text);
        packet.payload_length = length + text;
        tcp_store_checksum(bytes, length, &packet.source, &packet.destination, length + text,
                           checksum_add(0, bytes + length, text));
        assert_true(ip_payload_checksum_ok(&packet));
        bytes[bit / 8] ^= (uint8_t)(1 << bit % 8);
        assert_false(ip_payload_checksum_ok(&packet));
        bytes[bit / 8] ^= (uint8_t)(1 << bit % 8);
    }
}

static void random_bytes_are_refused_or_understood(void **state)
{
    struct rng rng;
    unsigned understood = 0;

    (void)state;
    rng_init(&rng, 13);
    for (unsigned round = 0; round < 20000; round++) {
        uint8_t bytes[80];
        size_t length = rng_below(&rng, sizeof bytes + 1);
        struct segment parsed;

        for (size_t i = 0; i < length; i++)
            bytes[i] = (uint8_t)(rng_below(&rng, 4) ? rng_below(&rng, 12) : rng_below(&rng, 256));
        if (length > 12)
            bytes[12] = (uint8_t)(rng_below(&rng, 16) << 4);
        understood += parse_exactly(bytes, length, &parsed) == LASTACK_CAUSE_NONE;
    }
    assert_in_range(understood, 1000, 19000);
}

/* A signature is seen on any segment, wherever it stands among the options; who has no keys is
 * told, and all the rest is there. */
static void signatures(void **state)
{
    static const struct {
        uint8_t option[TCP_OPTIONS_MAX];
        uint8_t length;
        uint16_t seen;
        enum lastack_cause cause;
    } cases[] = {
        {{19, 18}, 18, OPTION_MD5, LASTACK_CAUSE_DROP_MD5_UNEXPECTED},
        {{29, 16}, 16, OPTION_AO, LASTACK_CAUSE_DROP_AO_UNEXPECTED},
        {{29, 4}, 4, OPTION_AO, LASTACK_CAUSE_DROP_AO_UNEXPECTED},
        {{29, 3}, 3, 0, LASTACK_CAUSE_NONE},   /* no RNextKeyID: not what it says it is */
        {{19, 17}, 17, 0, LASTACK_CAUSE_NONE}, /* no MD5 is that short */
        {{30, 18}, 18, 0, LASTACK_CAUSE_NONE},
    };

    (void)state;
    for (unsigned is_syn = 0; is_syn < 2; is_syn++) {
        for (unsigned i = 0; i < sizeof cases / sizeof cases[0]; i++) {
            uint8_t bytes[TCP_HEADER_MAX] = {0};
            const struct ip_packet packet = {.payload = bytes, .payload_length = TCP_HEADER_MAX};
            struct segment segment;

            bytes[12] = 15 << 4;
            bytes[13] = is_syn ? LASTACK_SYN : LASTACK_ACK;
            memcpy(bytes + TCP_HEADER_MIN, cases[i].option, cases[i].length);
            memcpy(bytes + TCP_HEADER_MIN + cases[i].length, (uint8_t[]){8, 10, 0, 0, 0, 7}, 6);
            assert_int_equal(tcp_parse(&packet, &segment), LASTACK_CAUSE_NONE);
            assert_int_equal(segment.options, cases[i].seen | OPTION_TIMESTAMP);
            assert_int_equal(segment.ts_value, 7);
            assert_int_equal(tcp_parse_unsigned(&packet, &segment), cases[i].cause);
            assert_int_equal(segment.options, cases[i].seen | OPTION_TIMESTAMP);
            assert_int_equal(segment.text_length, 0);
        }
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(linux_order_of_syn_options),
        cmocka_unit_test(freebsd_order_of_syn_options),
        cmocka_unit_test(fast_open_of_both_orders),
        cmocka_unit_test(options_of_later_segments),
        cmocka_unit_test(sack_blocks_that_do_not_fit_are_left_off_last_first),
        cmocka_unit_test(what_is_built_parses_to_the_same),
        cmocka_unit_test(options_stand_in_any_order_at_any_byte_among_unknown_ones),
        cmocka_unit_test(options_are_read_on_every_kind_of_segment),
        cmocka_unit_test(nothing_behind_the_end_of_the_list_counts),
        cmocka_unit_test(impossible_option_lengths_are_refused),
        cmocka_unit_test(known_options_of_a_foreign_length_count_as_absent),
        cmocka_unit_test(window_scale_above_fourteen_counts_as_fourteen),
        cmocka_unit_test(fast_open_cookies_of_bad_lengths_or_without_syn_are_ignored),
        cmocka_unit_test(bad_data_offsets_are_refused),
        cmocka_unit_test(reserved_bits_are_ignored_and_the_ip_header_lends_its_part),
        cmocka_unit_test(quoted_header_needs_eight_bytes),
        cmocka_unit_test(stored_checksum_verifies_and_one_flipped_bit_does_not),
        cmocka_unit_test(random_bytes_are_refused_or_understood),
        cmocka_unit_test(signatures),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
