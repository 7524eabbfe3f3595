/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * pcapng_test.c: blocks byte by byte, packets as libpcap reads them back.
 */
#include "pcapng.h"

#include "checksum.h"
#include "packets.h"
#include "rows.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <string.h>

#include <cmocka.h>
#include <pcap/pcap.h>

static struct printed printed;
static struct pcapng file;

static void begin(void)
{
    printed_open(&printed);
    pcapng_begin(&file, printed.out, "lastack test");
}

static void blocks_are_laid_out_as_the_format_says(void **state)
{
    static const char expected[] = "\x0a\x0d\x0d\x0a\0\0\0\x30\x1a\x2b\x3c\x4d\0\1\0\0"
                                   "\xff\xff\xff\xff\xff\xff\xff\xff"
                                   "\0\4\0\x0clastack test\0\0\0\0\0\0\0\x30"
                                   /* interface 0: raw IP, "tun0", nanoseconds */
                                   "\0\0\0\1\0\0\0\x28\0\x65\0\0\0\0\0\0"
                                   "\0\2\0\4tun0\0\x09\0\1\x09\0\0\0\0\0\0\0\0\0\0\x28"
                                   /* a packet of five bytes, outbound, with a comment */
                                   "\0\0\0\6\0\0\0\x3c\0\0\0\0\0\0\0\1\0\0\0\2\0\0\0\5\0\0\0\5"
                                   "\1\2\3\4\5\0\0\0\0\1\0\3FIN\0\0\2\0\4\0\0\0\2"
                                   "\0\0\0\0\0\0\0\x3c";
    const uint8_t data[] = {1, 2, 3, 4, 5};

    (void)state;
    begin();
    assert_int_equal(pcapng_interface(&file, PCAPNG_RAW_IP, "tun0"), 0);
    const struct pcapng_note note = {0, 0x100000002, PCAPNG_OUT, "FIN"};
    pcapng_bytes(&file, &note, data, sizeof data);
    assert_false(pcapng_failed(&file));
    printed_string(&printed);
    assert_int_equal(printed.length, sizeof expected - 1);
    assert_memory_equal(printed.data, expected, sizeof expected - 1);
    printed_free(&printed);
}

static pcap_t *read_back(void)
{
    char error[PCAP_ERRBUF_SIZE];

    assert_false(pcapng_failed(&file));
    printed_string(&printed);
    FILE *in = fmemopen(printed.data, printed.length, "rb");
    assert_non_null(in);
    pcap_t *pcap = pcap_fopen_offline_with_tstamp_precision(in, PCAP_TSTAMP_PRECISION_NANO, error);
    if (pcap == NULL)
        fail_msg("%s", error);
    return pcap;
}

static void nanoseconds_and_bytes_come_back(void **state)
{
    struct pcap_pkthdr *header;
    const u_char *data;
    const uint8_t bytes[] = {0x45, 0, 0, 7, 1, 2, 3};

    (void)state;
    begin();
    pcapng_interface(&file, PCAPNG_ETHERNET, NULL);
    const struct pcapng_note note = {0, 1700000000123456789, PCAPNG_IN, NULL};
    pcapng_bytes(&file, &note, bytes, sizeof bytes);
    pcap_t *pcap = read_back();
    assert_int_equal(pcap_datalink(pcap), DLT_EN10MB);
    assert_int_equal(pcap_next_ex(pcap, &header, &data), 1);
    assert_int_equal(header->ts.tv_sec, 1700000000);
    assert_int_equal(header->ts.tv_usec, 123456789);
    assert_int_equal(header->caplen, sizeof bytes);
    assert_memory_equal(data, bytes, sizeof bytes);
    assert_int_equal(pcap_next_ex(pcap, &header, &data), PCAP_ERROR_BREAK);
    pcap_close(pcap);
    printed_free(&printed);
}

static struct segment segment_of(uint32_t text_length)
{
    struct segment segment = {
        .flags = LASTACK_ACK,
        .wnd = 500,
        .seq = {77},
        .text_length = text_length,
        .tuple = {lastack_ipv4(192, 0, 2, 1), lastack_ipv4(192, 0, 2, 2), 80, 40000},
    };

    return segment;
}

/* The one packet in the file, after its Ethernet header. */
static void is_right(size_t ip_offset, size_t length)
{
    struct pcap_pkthdr *header;
    const u_char *data;
    struct ip_packet ip;

    pcap_t *pcap = read_back();
    assert_int_equal(pcap_next_ex(pcap, &header, &data), 1);
    assert_int_equal(header->caplen, length);
    assert_int_equal(ip_parse(data + ip_offset, header->caplen - ip_offset, false, &ip),
                     LASTACK_CAUSE_NONE);
    assert_true(ip_payload_checksum_ok(&ip));
    pcap_close(pcap);
    printed_free(&printed);
}

static void partial_checksums_are_finished(void **state)
{
    static uint8_t text[65536];
    static const uint32_t lengths[] = {0, 1, 2, 999, 1001, 1002, 1460, 5098, 65000};
    const struct pcapng_note note = {0, 0, PCAPNG_OUT, NULL};

    (void)state;
    for (size_t i = 0; i < sizeof lengths / sizeof lengths[0]; i++) {
        struct segment segment = segment_of(lengths[i]);
        struct lastack_packet_out out;
        bool is_ethernet = i % 2;

        packet_out_build(&segment, is_ethernet, 0, text, &out);
        begin();
        pcapng_interface(&file, is_ethernet ? PCAPNG_ETHERNET : PCAPNG_RAW_IP, "x");
        pcapng_packet_out(&file, &note, &out);
        is_right(out.ip_offset, out.length);
    }
}

/* The stack's packet itself stays as it is: the link still has to see the partial sum. */
static void the_packet_is_not_touched(void **state)
{
    static uint8_t text[2000];
    struct segment segment = segment_of(100);
    struct lastack_packet_out out, before;
    const struct pcapng_note note = {0, 0, PCAPNG_OUT, NULL};

    (void)state;
    packet_out_build(&segment, false, 0, text, &out);
    before = out;
    begin();
    pcapng_interface(&file, PCAPNG_RAW_IP, "x");
    pcapng_packet_out(&file, &note, &out);
    assert_memory_equal(out.header, before.header, sizeof out.header);
    printed_free(&printed);
}

static void trusted_checksums_are_finished_and_others_left_alone(void **state)
{
    static uint8_t packet[PACKET_MAX];
    const struct pcapng_note note = {0, 0, PCAPNG_IN, NULL};

    (void)state;
    for (int trusted = 0; trusted < 2; trusted++) {
        size_t length = packet_between(trusted, 0, LASTACK_ACK, 5, 6, 333, packet);
        struct lastack_packet_in in = {packet, length, 0, trusted ? LASTACK_CHECKSUM_TRUSTED : 0};
        size_t at = (trusted ? 40 : 20) + 16;

        packet[at] ^= 0x55;
        begin();
        pcapng_interface(&file, PCAPNG_RAW_IP, "x");
        pcapng_packet_in(&file, &note, &in, 0);
        if (trusted) {
            is_right(0, length);
        } else {
            pcap_t *pcap = read_back();
            struct pcap_pkthdr *header;
            const u_char *data;

            assert_int_equal(pcap_next_ex(pcap, &header, &data), 1);
            assert_memory_equal(data, packet, length);
            pcap_close(pcap);
            printed_free(&printed);
        }
    }
}

/* Whatever arrives under the flag of trust, broken or not, is written. */
static void trusted_rubbish_is_written_as_it_is(void **state)
{
    static uint8_t packet[PACKET_MAX];
    size_t whole = packet_between(false, 0, LASTACK_ACK, 5, 6, 33, packet);
    const struct pcapng_note note = {0, 0, PCAPNG_IN, NULL};

    (void)state;
    begin();
    pcapng_interface(&file, PCAPNG_RAW_IP, "x");
    for (size_t length = 0; length < whole; length++) {
        struct lastack_packet_in in = {packet, length, 0, LASTACK_CHECKSUM_TRUSTED};

        pcapng_packet_in(&file, &note, &in, 0);
        pcapng_packet_in(&file, &note, &in, 14);
    }
    assert_false(pcapng_failed(&file));
    assert_int_equal(file.packets, 2 * whole);
    printed_free(&printed);
}

static void gso_frames_are_whole_and_say_so(void **state)
{
    static uint8_t text[65536];
    struct segment segment = segment_of(64000);
    struct lastack_packet_out out;
    const struct pcapng_note note = {0, 0, PCAPNG_OUT, "slow start"};

    (void)state;
    packet_out_build(&segment, false, 1448, text, &out);
    begin();
    pcapng_interface(&file, PCAPNG_RAW_IP, "x");
    pcapng_packet_out(&file, &note, &out);
    fflush(printed.out);
    assert_non_null(
        memmem(printed.data, printed.length, "slow start; gso 1448: 45 segments on the wire", 45));
    is_right(0, out.length);
}

static void long_comments_are_cut_between_characters(void **state)
{
    static char comment[70002];
    const struct pcapng_note note = {0, 0, PCAPNG_OUT, comment};

    (void)state;
    memset(comment, 'x', 64999);
    for (size_t i = 64999; i + 2 < sizeof comment; i += 2)
        memcpy(comment + i, "\u00fc", 2);
    begin();
    pcapng_interface(&file, PCAPNG_RAW_IP, "x");
    pcapng_bytes(&file, &note, (const uint8_t *)"abc", 3);
    fflush(printed.out);
    assert_int_equal(printed.length, 48 + 40 - 4 + 4 + 28 + 4 + 4 + 65000 + 8 + 8);
    pcap_close(read_back());
    printed_free(&printed);
}

static void a_full_disk_is_told(void **state)
{
    FILE *full = fopen("/dev/full", "wb");
    const struct pcapng_note note = {0, 0, PCAPNG_OUT, NULL};

    (void)state;
    if (full == NULL)
        skip();
    pcapng_begin(&file, full, "x");
    pcapng_interface(&file, PCAPNG_RAW_IP, "x");
    pcapng_bytes(&file, &note, (const uint8_t *)"abc", 3);
    assert_true(pcapng_failed(&file));
    assert_true(pcapng_failed(&file));
    fclose(full);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(blocks_are_laid_out_as_the_format_says),
        cmocka_unit_test(nanoseconds_and_bytes_come_back),
        cmocka_unit_test(partial_checksums_are_finished),
        cmocka_unit_test(the_packet_is_not_touched),
        cmocka_unit_test(trusted_checksums_are_finished_and_others_left_alone),
        cmocka_unit_test(trusted_rubbish_is_written_as_it_is),
        cmocka_unit_test(gso_frames_are_whole_and_say_so),
        cmocka_unit_test(long_comments_are_cut_between_characters),
        cmocka_unit_test(a_full_disk_is_told),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
