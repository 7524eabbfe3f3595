/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * pcapng_reader_test.c: files in both byte orders, interfaces of all kinds, and files that mean
 * harm.
 */
#include "pcapng_reader.h"

#include "bytes.h"
#include "duration.h"
#include "rng.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

static uint8_t file[1 << 16];
static size_t file_length;
static bool is_little;

/* ---- writing ---- */

static void put32(uint32_t number)
{
    store32(file + file_length, is_little ? __builtin_bswap32(number) : number);
    file_length += 4;
}

static void put16(uint16_t number)
{
    store16(file + file_length, is_little ? __builtin_bswap16(number) : number);
    file_length += 2;
}

static size_t begin_block(uint32_t type)
{
    const size_t at = file_length;

    put32(type);
    put32(0);
    return at;
}

static void end_block(size_t at)
{
    const size_t end = file_length;
    const uint32_t length = (uint32_t)(end + 4 - at);

    put32(length);
    file_length = at + 4;
    put32(length);
    file_length = end + 4;
}

static void put_section(void)
{
    const size_t at = begin_block(0x0a0d0d0a);

    put32(0x1a2b3c4d);
    put16(1);
    put16(0);
    put32(UINT32_MAX);
    put32(UINT32_MAX);
    end_block(at);
}

static void put_interface(uint16_t link, uint32_t snap_length, int resolution, int64_t offset)
{
    const size_t at = begin_block(1);

    put16(link);
    put16(0);
    put32(snap_length);
    put16(2); /* its name: passed over */
    put16(3);
    put32(0x65746830);
    if (resolution >= 0) {
        put16(9);
        put16(1);
        file[file_length] = (uint8_t)resolution;
        file_length += 4;
    }
    if (offset != 0) {
        const uint32_t high = (uint32_t)((uint64_t)offset >> 32), low = (uint32_t)offset;

        put16(14);
        put16(8);
        put32(is_little ? low : high);
        put32(is_little ? high : low);
    }
    put32(0);
    end_block(at);
}

static void put_packet(uint32_t interface, uint64_t time, const char *data, uint32_t length)
{
    const size_t at = begin_block(6);
    const size_t captured = strlen(data);

    put32(interface);
    put32((uint32_t)(time >> 32));
    put32((uint32_t)time);
    put32((uint32_t)captured);
    put32(length);
    memcpy(file + file_length, data, captured);
    file_length += (captured + 3) & ~(size_t)3;
    end_block(at);
}

static void begin(bool little)
{
    memset(file, 0, sizeof file);
    is_little = little;
    file_length = 0;
    put_section();
}

/* ---- reading ---- */

static FILE *in;

static struct pcapng_reader *open_file(void)
{
    struct pcapng_reader *reader;

    in = fmemopen(file, file_length, "rb");
    assert_non_null(in);
    reader = pcapng_reader_open(in);
    assert_non_null(reader);
    return reader;
}

static void close_file(struct pcapng_reader *reader)
{
    pcapng_reader_close(reader);
    fclose(in);
}

static void expect_frame(struct pcapng_reader *reader, uint32_t interface, int link, int64_t at,
                         const char *data)
{
    struct pcapng_frame frame;

    assert_int_equal(pcapng_reader_next(reader, &frame), PCAPNG_FRAME);
    assert_int_equal(frame.interface, interface);
    assert_int_equal(frame.link, link);
    assert_int_equal(frame.at, at);
    assert_int_equal(frame.captured, strlen(data));
    assert_memory_equal(frame.data, data, frame.captured);
}

static void expect(enum pcapng_result wanted, const char *said)
{
    struct pcapng_reader *reader = open_file();
    struct pcapng_frame frame;
    enum pcapng_result result;

    while ((result = pcapng_reader_next(reader, &frame)) == PCAPNG_FRAME) {
    }
    assert_int_equal(result, wanted);
    if (wanted == PCAPNG_ERROR && strstr(pcapng_reader_error(reader), said) == NULL)
        fail_msg("\"%s\" is not \"%s\"", pcapng_reader_error(reader), said);
    close_file(reader);
}

/* ---- tests ---- */

static void interfaces_may_differ_in_everything(void **state)
{
    (void)state;
    for (unsigned little = 0; little < 2; little++) {
        struct pcapng_reader *reader;
        struct pcapng_frame frame;

        begin(little != 0);
        put_interface(101, 0, 9, 0);
        put_interface(1, 64, -1, 0);
        put_packet(0, 1700000000123456789, "first", 5);
        put_interface(113, 0, 0x80 | 1, 100); /* half seconds, from 100 s on */
        put_packet(1, 1700000000123456, "second", 1500);
        put_packet(2, 7, "third", 5);
        reader = open_file();
        expect_frame(reader, 0, 101, 1700000000123456789, "first");
        assert_int_equal(pcapng_reader_next(reader, &frame), PCAPNG_FRAME);
        assert_int_equal(frame.at, 1700000000123456000);
        assert_int_equal(frame.length, 1500);
        assert_int_equal(frame.captured, 6);
        assert_int_equal(frame.interfaces, 3);
        expect_frame(reader, 2, 113, SEC(103) + MS(500), "third");
        assert_int_equal(pcapng_reader_next(reader, &frame), PCAPNG_END);
        close_file(reader);
    }
}

static void times_of_any_unit(void **state)
{
    static const struct {
        uint8_t resolution;
        uint64_t count;
        int64_t at;
    } times[] = {
        {0, 5, SEC(5)},
        {3, 1500, MS(1500)},
        {12, 1234567890123456, SEC(1234) + 567890123},
        {19, UINT64_MAX, SEC(1) + 844674407},
        {20, 5, 0},
        {0x80 | 0, 5, SEC(5)},
        {0x80 | 32, UINT64_C(3) << 31, SEC(1) + MS(500)},
        {0x80 | 63, UINT64_C(3) << 62, SEC(1) + MS(500)},
        {0x80 | 64, UINT64_C(1) << 63, MS(500)},
        {0x80 | 127, UINT64_MAX, 0},
        {0, UINT64_MAX, SEC(9223372035)}, /* as late as can be told */
    };

    (void)state;
    for (size_t i = 0; i < sizeof times / sizeof times[0]; i++) {
        struct pcapng_reader *reader;

        begin(true);
        put_interface(101, 0, times[i].resolution, 0);
        put_packet(0, times[i].count, "x", 1);
        reader = open_file();
        expect_frame(reader, 0, 101, times[i].at, "x");
        close_file(reader);
    }
}

static void other_blocks_and_sections(void **state)
{
    struct pcapng_reader *reader;
    size_t at;

    (void)state;
    begin(true);
    put_interface(101, 3, -1, 0);
    at = begin_block(0xbad); /* nobody's */
    file_length += 20000;
    end_block(at);
    at = begin_block(3); /* a simple packet: 5 bytes, of which 3 are kept */
    put32(5);
    memcpy(file + file_length, "abc", 3);
    file_length += 4;
    end_block(at);
    at = begin_block(2); /* an obsolete one */
    put16(0);
    put16(0);
    put32(0);
    put32(2000000);
    put32(4);
    put32(4);
    memcpy(file + file_length, "old.", 4);
    file_length += 4;
    end_block(at);
    is_little = false; /* a second file behind the first: cat a b */
    put_section();
    put_interface(1, 0, -1, 0);
    put_packet(0, 0, "next", 4);
    reader = open_file();
    expect_frame(reader, 0, 101, 0, "abc");
    expect_frame(reader, 0, 101, SEC(2), "old.");
    expect_frame(reader, 1, 1, 0, "next");
    close_file(reader);
}

static void what_is_wrong_is_said(void **state)
{
    size_t at;

    (void)state;
    begin(false);
    put_packet(0, 0, "x", 1);
    expect(PCAPNG_ERROR, "a packet of interface 0, and there are 0");
    begin(false);
    put_interface(1, 0, -1, 0);
    at = file_length;
    put_packet(0, 0, "x", 1);
    store32(file + at + 20, 500); /* so many bytes are captured, it says */
    expect(PCAPNG_ERROR, "a packet of 500 bytes in a block of 24");
    begin(false);
    at = begin_block(6);
    put32(0);
    end_block(at);
    expect(PCAPNG_ERROR, "a packet block of 4 bytes");
    begin(false);
    at = begin_block(5);
    end_block(at);
    store32(file + at + 4, 13);
    expect(PCAPNG_ERROR, "has the length 13");
    store32(file + at + 4, 16);
    expect(PCAPNG_ERROR, "breaks off");
    begin(false);
    put_interface(1, 0, -1, 0);
    store32(file + file_length - 4, 8);
    expect(PCAPNG_ERROR, "ends with the length 8");
    begin(false);
    store32(file + 8, 0);
    expect(PCAPNG_ERROR, "without its byte order");
    begin(false);
    at = begin_block(6);
    store32(file + at + 4, 0xfffffff0);
    expect(PCAPNG_ERROR, "1048576 are read at the most");
    begin(false);
    at = begin_block(7);
    store32(file + at + 4, 0xfffffff0); /* is not stored, but passed over to the end */
    expect(PCAPNG_ERROR, "breaks off");
    begin(false);
    for (unsigned i = 0; i <= PCAPNG_INTERFACES_MAX; i++)
        put_interface(1, 0, -1, 0);
    expect(PCAPNG_ERROR, "more than 1024 interfaces");
}

static void make_file(bool little)
{
    begin(little);
    put_interface(1, 0, 9, 5);
    put_interface(101, 100, -1, 0);
    put_packet(0, 1000, "first packet", 12);
    put_packet(1, 2000, "second", 6);
}

static void a_file_may_break_off_anywhere(void **state)
{
    (void)state;
    make_file(true);
    const size_t whole = file_length;

    for (file_length = 1; file_length < whole; file_length++) {
        struct pcapng_reader *reader = open_file();
        struct pcapng_frame frame;
        unsigned frames = 0;

        while (pcapng_reader_next(reader, &frame) == PCAPNG_FRAME)
            frames++;
        assert_in_range(frames, 0, 1);
        close_file(reader);
    }
}

static void damage_does_no_harm(void **state)
{
    struct rng rng;

    (void)state;
    rng_init(&rng, 9);
    for (unsigned round = 0; round < 3000; round++) {
        struct pcapng_reader *reader;
        struct pcapng_frame frame;
        unsigned flips = 1 + rng_below(&rng, 6);
        uint32_t sum = 0;

        make_file(round % 2 == 0);
        while (flips-- > 0)
            file[rng_below(&rng, (uint32_t)file_length)] = (uint8_t)rng_next(&rng);
        reader = open_file();
        while (pcapng_reader_next(reader, &frame) == PCAPNG_FRAME)
            for (size_t i = 0; i < frame.captured; i++)
                sum += frame.data[i]; /* all of it may be looked at */
        assert_true(sum < 1u << 24);
        close_file(reader);
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(interfaces_may_differ_in_everything),
        cmocka_unit_test(times_of_any_unit),
        cmocka_unit_test(other_blocks_and_sections),
        cmocka_unit_test(what_is_wrong_is_said),
        cmocka_unit_test(a_file_may_break_off_anywhere),
        cmocka_unit_test(damage_does_no_harm),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
