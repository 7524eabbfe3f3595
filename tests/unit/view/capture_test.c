/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * capture_test.c: every link type, captures that cut packets, and files that mean harm.
 */
#include "capture.h"

#include "bytes.h"
#include "duration.h"
#include "packets.h"
#include "pcapng.h"
#include "rng.h"
#include "rows.h"
#include "streams.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

static uint8_t packet[PACKET_MAX];
static uint8_t file[1 << 20];
static size_t file_length;

/* A classic pcap with nanoseconds, big-endian. */
static void begin_file(uint32_t link)
{
    static const uint32_t words[] = {0xa1b23c4d, 0x00020004, 0, 0, 262144};

    for (unsigned i = 0; i < 5; i++)
        store32(file + 4 * i, words[i]);
    store32(file + 20, link);
    file_length = 24;
}

static void add_frame(const uint8_t *link_header, size_t link_length, const uint8_t *data,
                      size_t length, size_t captured)
{
    uint8_t *at = file + file_length;

    store32(at, 1700000000);
    store32(at + 4, 123456789);
    store32(at + 8, (uint32_t)(link_length + captured));
    store32(at + 12, (uint32_t)(link_length + length));
    if (link_length > 0)
        memcpy(at + 16, link_header, link_length);
    memcpy(at + 16 + link_length, data, captured);
    file_length += 16 + link_length + captured;
}

static struct capture *open_file(void)
{
    struct text error = {0};
    FILE *in = fmemopen(file, file_length, "rb");

    assert_non_null(in);
    struct capture *capture = capture_open(in, &error);
    if (capture == NULL)
        fail_msg("%s", text_string(&error));
    text_free(&error);
    return capture;
}

static void has_one_segment(struct capture_segment *segment)
{
    struct capture *capture = open_file();
    struct capture_segment other;

    assert_int_equal(capture_next(capture, segment), CAPTURE_SEGMENT);
    assert_int_equal(segment->at, SEC(1700000000) + 123456789);
    assert_int_equal(segment->segment.seq.v, 77);
    assert_int_equal(segment->segment.text_length, 100);
    assert_int_equal(segment->segment.tuple.local_port, 40000);
    assert_int_equal(segment->segment.tuple.remote_port, 80);
    assert_int_equal(capture_next(capture, &other), CAPTURE_END);
    capture_close(capture);
}

static void all_links(void **state)
{
    static const struct {
        uint32_t link;
        bool is_ipv6;
        size_t length;
        uint8_t header[32];
    } links[] = {
        {101, false, 0, {0}},
        {101, true, 0, {0}},
        {228, false, 0, {0}},
        {229, true, 0, {0}},
        {1, false, 14, {2, 0, 0, 0, 0, 1, 2, 0, 0, 0, 0, 2, 8, 0}},
        {1, true, 14, {2, 0, 0, 0, 0, 1, 2, 0, 0, 0, 0, 2, 0x86, 0xdd}},
        {1, false, 18, {2, 0, 0, 0, 0, 1, 2, 0, 0, 0, 0, 2, 0x81, 0, 0, 5, 8, 0}},
        {1, true, 22, {2, 0,    0,    0, 0, 1,    2, 0, 0, 0,    0,
                       2, 0x88, 0xa8, 0, 5, 0x81, 0, 0, 6, 0x86, 0xdd}},
        {113, false, 16, {0, 0, 0, 1, 0, 6, 2, 0, 0, 0, 0, 1, 0, 0, 8, 0}},
        {276, true, 20, {0x86, 0xdd, 0, 0, 0, 0, 0, 1, 0, 1, 0, 6, 2}},
        {0, false, 4, {2, 0, 0, 0}},
        {0, false, 4, {0, 0, 0, 2}},
        {0, true, 4, {30, 0, 0, 0}},
        {108, true, 4, {0, 0, 0, 24}},
    };

    (void)state;
    for (size_t i = 0; i < sizeof links / sizeof links[0]; i++) {
        struct capture_segment segment;
        size_t length = packet_between(links[i].is_ipv6, 0, LASTACK_ACK, 77, 88, 100, packet);

        begin_file(links[i].link);
        add_frame(links[i].header, links[i].length, packet, length, length);
        has_one_segment(&segment);
        assert_int_equal(lastack_is_ipv4(&segment.segment.tuple.local), !links[i].is_ipv6);
    }
}

static void unknown_links_are_refused(void **state)
{
    struct text error = {0};

    (void)state;
    begin_file(105); /* 802.11 */
    assert_null(capture_open(fmemopen(file, file_length, "rb"), &error));
    assert_non_null(strstr(text_string(&error), "link type 105"));
    text_clear(&error);
    memcpy(file, "not a capture at all, is it?", 28);
    assert_null(capture_open(fmemopen(file, 28, "rb"), &error));
    assert_true(error.length > 0);
    text_free(&error);
}

/* tcpdump -s 64: lengths come from the IP header, as long as the TCP header is there. */
static void cut_packets(void **state)
{
    struct capture_segment segment;
    size_t length = packet_between(false, 0, LASTACK_ACK, 77, 88, 100, packet);

    (void)state;
    begin_file(101);
    add_frame(NULL, 0, packet, length, 40);
    has_one_segment(&segment);

    begin_file(101);
    for (size_t captured = 0; captured < 40; captured++)
        add_frame(NULL, 0, packet, length, captured);
    struct capture *capture = open_file();
    assert_int_equal(capture_next(capture, &segment), CAPTURE_END);
    assert_int_equal(capture_counts(capture)->segments, 0);
    assert_int_equal(capture_counts(capture)->frames, 40);
    assert_true(capture_counts(capture)->cut >= 20);
    capture_close(capture);
}

static void a_length_not_filled_in_yet_is_repaired(void **state)
{
    struct capture_segment segment;
    size_t length = packet_between(false, 0, LASTACK_ACK, 77, 88, 100, packet);

    (void)state;
    store16(packet + 2, 0);
    begin_file(101);
    add_frame(NULL, 0, packet, length, length);
    has_one_segment(&segment);
}

static void what_is_no_tcp_is_counted(void **state)
{
    struct capture_segment segment;
    size_t length = packet_between(false, 0, LASTACK_ACK, 77, 88, 100, packet);

    (void)state;
    begin_file(101);
    packet[9] = 17; /* UDP */
    add_frame(NULL, 0, packet, length, length);
    packet[9] = 6;
    packet[6] = 0x20; /* the first of several fragments */
    add_frame(NULL, 0, packet, length, length);
    packet[6] = 0x40;
    packet[32] = 0x10; /* a data offset of 4 */
    add_frame(NULL, 0, packet, length, length);
    packet[0] = 0x55;
    add_frame(NULL, 0, packet, length, length);
    struct capture *capture = open_file();
    assert_int_equal(capture_next(capture, &segment), CAPTURE_END);
    const struct capture_counts *counts = capture_counts(capture);
    assert_int_equal(counts->other, 1);
    assert_int_equal(counts->fragments, 1);
    assert_int_equal(counts->broken, 2);
    capture_close(capture);
}

static void a_file_that_breaks_off(void **state)
{
    struct capture_segment segment;
    size_t length = packet_between(false, 0, LASTACK_ACK, 77, 88, 100, packet);

    (void)state;
    begin_file(101);
    add_frame(NULL, 0, packet, length, length);
    add_frame(NULL, 0, packet, length, length);
    file_length -= 30;
    struct capture *capture = open_file();
    assert_int_equal(capture_next(capture, &segment), CAPTURE_SEGMENT);
    assert_int_equal(capture_next(capture, &segment), CAPTURE_ERROR);
    assert_true(strlen(capture_error(capture)) > 0);
    capture_close(capture);
}

static void our_own_files_come_back(void **state)
{
    struct printed printed;
    struct pcapng written;
    struct capture_segment segment;

    (void)state;
    printed_open(&printed);
    pcapng_begin(&written, printed.out, "test");
    pcapng_interface(&written, PCAPNG_RAW_IP, "tun0");
    const struct pcapng_note note = {0, SEC(1700000000) + 123456789, PCAPNG_IN, "why"};
    size_t length = packet_between(true, 0, LASTACK_ACK, 77, 88, 100, packet);
    pcapng_bytes(&written, &note, packet, length);
    printed_string(&printed);
    memcpy(file, printed.data, printed.length);
    file_length = printed.length;
    has_one_segment(&segment);
    printed_free(&printed);
}

/* What goes through two interfaces is there twice; an end is told from where it was seen first. */
static void two_interfaces_tell_one_story(void **state)
{
    struct printed printed;
    struct pcapng written;
    struct streams streams;

    (void)state;
    printed_open(&printed);
    pcapng_begin(&written, printed.out, "test");
    pcapng_interface(&written, PCAPNG_RAW_IP, "one");
    pcapng_interface(&written, PCAPNG_RAW_IP, "other");
    for (unsigned i = 0; i < 8; i++) {
        unsigned from = i / 2 % 2, flags = i < 2   ? LASTACK_SYN
                                           : i < 4 ? LASTACK_SYN | LASTACK_ACK
                                                   : LASTACK_ACK;
        const struct pcapng_note note = {from ^ i % 2, SEC(1) + MS(10) * i, PCAPNG_OUT, NULL};
        size_t length = packet_between(false, from, flags, 100 + i / 2, 300, 0, packet);

        pcapng_bytes(&written, &note, packet, length);
    }
    printed_string(&printed);
    memcpy(file, printed.data, printed.length);
    file_length = printed.length;
    printed_free(&printed);
    struct capture *capture = open_file();
    streams_init(&streams, 0, 1);
    assert_int_equal(streams_read(&streams, capture), CAPTURE_END);
    capture_close(capture);
    assert_int_equal(streams.count, 1);
    assert_int_equal(streams.stream[0].segments, 4);
    assert_int_equal(streams.seen_elsewhere, 4);
    assert_int_equal(streams.stream[0].first_at, SEC(1));
    assert_int_equal(streams.stream[0].last_at, SEC(1) + MS(60));
    streams_free(&streams);
}

/* "any": SLL2 says at which interface each was seen. */
static void any_interface_of_a_host_is_told_apart(void **state)
{
    static uint8_t cooked[20] = {8, 0, [9] = 1};
    struct streams streams;

    (void)state;
    begin_file(276);
    for (unsigned i = 0; i < 3; i++) {
        size_t length = packet_between(false, 0, LASTACK_ACK, 77, 88, 10, packet);

        cooked[7] = (uint8_t)i;
        add_frame(cooked, sizeof cooked, packet, length, length);
    }
    struct capture *capture = open_file();
    streams_init(&streams, 0, 1);
    assert_int_equal(streams_read(&streams, capture), CAPTURE_END);
    capture_close(capture);
    assert_int_equal(streams.stream[0].segments, 1);
    assert_int_equal(streams.seen_elsewhere, 2);
    streams_free(&streams);
}

static void a_pcapng_of_an_unknown_link_is_refused(void **state)
{
    struct text error = {0};
    struct printed printed;
    struct pcapng written;
    const struct pcapng_note note = {0, 0, PCAPNG_IN, NULL};

    (void)state;
    printed_open(&printed);
    pcapng_begin(&written, printed.out, "test");
    pcapng_interface(&written, (enum pcapng_link)105, "wlan0");
    pcapng_bytes(&written, &note, (const uint8_t *)"frame", 5);
    printed_string(&printed);
    memcpy(file, printed.data, printed.length);
    assert_null(capture_open(fmemopen(file, printed.length, "rb"), &error));
    assert_non_null(strstr(text_string(&error), "link type 105"));
    text_clear(&error);
    assert_null(capture_open(fmemopen(file, 20, "rb"), &error));
    assert_non_null(strstr(text_string(&error), "breaks off"));
    text_free(&error);
    printed_free(&printed);
}

/* ---- streams ---- */

static void add_packet(bool is_ipv6, unsigned from, unsigned flags, uint32_t seq, uint32_t ack)
{
    size_t length = packet_between(is_ipv6, from, flags, seq, ack, 0, packet);

    add_frame(NULL, 0, packet, length, length);
}

static void streams_are_told_apart_and_oriented(void **state)
{
    struct streams streams;

    (void)state;
    begin_file(101);
    add_packet(false, 1, LASTACK_SYN | LASTACK_ACK, 300, 101); /* its SYN was missed */
    add_packet(true, 0, LASTACK_SYN, 100, 0);
    add_packet(false, 0, LASTACK_ACK, 101, 301);
    add_packet(true, 1, LASTACK_SYN | LASTACK_ACK, 300, 101);
    struct capture *capture = open_file();
    streams_init(&streams, 1, 1);
    assert_int_equal(streams_read(&streams, capture), CAPTURE_END);
    capture_close(capture);
    assert_int_equal(streams.count, 2);
    assert_int_equal(streams.stream[0].end[0].port, 40000); /* the opener is on the left */
    assert_int_equal(streams.stream[1].end[0].port, 40000);
    assert_int_equal(streams.stream[0].segments, 2);
    assert_null(streams.stream[0].ladder); /* not wanted */
    assert_non_null(streams.stream[1].ladder);
    assert_string_equal(streams.stream[1].ladder->name[1], "[2001:db8::2]:80");
    assert_int_equal(streams.stream[1].ladder->count, 2);
    streams_free(&streams);
}

static void many_streams(void **state)
{
    struct streams streams;
    struct capture_segment segment = {.segment = {.flags = LASTACK_ACK}};

    (void)state;
    streams_init(&streams, 0, 2);
    segment.segment.tuple.local = lastack_ipv4(192, 0, 2, 1);
    segment.segment.tuple.remote = lastack_ipv4(192, 0, 2, 2);
    for (unsigned round = 0; round < 2; round++) {
        for (unsigned i = 0; i < 20000; i++) {
            segment.segment.tuple.local_port = (uint16_t)(i % 20000 + 1);
            segment.segment.tuple.remote_port = 80;
            assert_int_equal(streams_add(&streams, &segment) - streams.stream, i);
        }
    }
    assert_int_equal(streams.count, 20000);
    assert_int_equal(streams.stream[19999].segments, 2);
    streams_free(&streams);
}

/* ---- hostile files ---- */

static void read_whatever_it_is(void)
{
    struct text error = {0};
    struct text drawn = {0};
    struct streams streams;
    FILE *in = fmemopen(file, file_length, "rb");
    struct capture *capture = capture_open(in, &error);

    text_free(&error);
    if (capture == NULL)
        return;
    streams_init(&streams, 0, 4);
    streams_read(&streams, capture);
    capture_close(capture);
    for (size_t i = 0; i < streams.count && i < 4; i++) {
        const struct ladder *ladder = streams.stream[i].ladder;

        ladder_finish(streams.stream[i].ladder);
        ladder_draw_text(ladder, &(struct ladder_text_style){.width = 80}, &drawn);
        ladder_draw_svg(&ladder, 1, &drawn);
    }
    streams_free(&streams);
    text_free(&drawn);
}

static void make_exchange(uint32_t link)
{
    static const uint8_t ethernet[14] = {[12] = 8};
    size_t header = link == 1 ? 14 : 0;

    begin_file(link);
    for (unsigned i = 0; i < 12; i++) {
        unsigned flags = i == 0   ? LASTACK_SYN
                         : i == 1 ? LASTACK_SYN | LASTACK_ACK
                         : i > 9  ? LASTACK_FIN | LASTACK_ACK
                                  : LASTACK_ACK;
        size_t length = packet_between(false, i % 2, flags, 100 + i * 10, 300, i * 5, packet);

        add_frame(ethernet, header, packet, length, length);
    }
}

/* Flipped bytes anywhere: the file's own headers, lengths, IP, TCP, options. */
static void damaged_files_do_no_harm(void **state)
{
    struct rng rng;

    (void)state;
    rng_init(&rng, 7);
    for (unsigned round = 0; round < 1500; round++) {
        make_exchange(round % 2 ? 1 : 101);
        unsigned flips = 1 + rng_below(&rng, 12);
        for (unsigned i = 0; i < flips; i++) {
            uint32_t at = rng_below(&rng, (uint32_t)file_length);

            /* The link type decides whether anything is read at all: mostly left alone. */
            if (at >= 24 || round % 16 == 0)
                file[at] = (uint8_t)rng_next(&rng);
        }
        if (round % 5 == 0)
            file_length = rng_below(&rng, (uint32_t)file_length) + 1;
        read_whatever_it_is();
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(all_links),
        cmocka_unit_test(unknown_links_are_refused),
        cmocka_unit_test(cut_packets),
        cmocka_unit_test(a_length_not_filled_in_yet_is_repaired),
        cmocka_unit_test(what_is_no_tcp_is_counted),
        cmocka_unit_test(a_file_that_breaks_off),
        cmocka_unit_test(our_own_files_come_back),
        cmocka_unit_test(two_interfaces_tell_one_story),
        cmocka_unit_test(any_interface_of_a_host_is_told_apart),
        cmocka_unit_test(a_pcapng_of_an_unknown_link_is_refused),
        cmocka_unit_test(streams_are_told_apart_and_oriented),
        cmocka_unit_test(many_streams),
        cmocka_unit_test(damaged_files_do_no_harm),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
