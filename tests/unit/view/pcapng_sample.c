/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * pcapng_sample.c: writes a capture with one connection per kind of packet, for tshark to judge.
 *
 *     pcapng_sample FILE
 *
 * Interface 0 is a tun with raw IP, 1 an Ethernet. Streams: IPv4 and IPv6, checksums left to the
 * link in both directions, frames of 64 000 bytes, a retransmission, comments.
 */
#include "pcapng.h"

#include "duration.h"
#include "packets.h"

static struct pcapng file;
static int64_t now = SEC(1700000000);
static uint8_t packet[PACKET_MAX], text[65536];

enum { S = LASTACK_SYN, F = LASTACK_FIN, ACK = LASTACK_ACK, PSH = LASTACK_PSH };

static struct segment segment_of(bool is_ipv6, unsigned from, unsigned flags, uint32_t seq,
                                 uint32_t ack, uint32_t length)
{
    struct lastack_endpoint end[2] = {{.port = is_ipv6 ? 41000 : 40000}, {.port = 80}};

    for (unsigned i = 0; i < 2; i++) {
        end[i].address = lastack_ipv4(192, 0, 2, (uint8_t)(1 + i));
        if (is_ipv6)
            lastack_address_parse(i == 0 ? "2001:db8::1" : "2001:db8::2", &end[i].address);
    }
    return (struct segment){
        .tuple = tuple_of(&end[from], &end[1 - from]),
        .flags = (uint16_t)flags,
        .seq = {seq},
        .ack = {ack},
        .wnd = 65000,
        .text_length = length,
        .options = flags & S ? OPTION_MSS | OPTION_WINDOW_SCALE | OPTION_SACK_PERMITTED : 0,
        .mss = 1460,
        .window_scale = 7,
    };
}

static void in(bool is_ipv6, unsigned flags, uint32_t seq, uint32_t ack, uint32_t length,
               const char *comment)
{
    const struct segment segment = segment_of(is_ipv6, 0, flags, seq, ack, length);
    struct pcapng_note note = {0, now += MS(1), PCAPNG_IN, comment};
    size_t size = packet_build(&segment, packet);

    packet[(is_ipv6 ? 40 : 20) + 17] ^= 0xff; /* never computed */
    const struct lastack_packet_in arrived = {packet, size, 0, LASTACK_CHECKSUM_TRUSTED};
    pcapng_packet_in(&file, &note, &arrived, 0);
}

static void out(bool is_ipv6, unsigned flags, uint32_t seq, uint32_t ack, uint32_t length,
                uint16_t gso_size, const char *comment)
{
    const struct segment segment = segment_of(is_ipv6, 1, flags, seq, ack, length);
    struct pcapng_note note = {0, now += MS(1), PCAPNG_OUT, comment};
    struct lastack_packet_out leaving;

    packet_out_build(&segment, false, gso_size, text, &leaving);
    pcapng_packet_out(&file, &note, &leaving);
}

static void connection(bool is_ipv6)
{
    in(is_ipv6, S, 100, 0, 0, NULL);
    out(is_ipv6, S | ACK, 300, 101, 0, 0, "LISTEN -> SYN-RECEIVED: SYN arrived");
    in(is_ipv6, ACK, 101, 301, 0, "SYN-RECEIVED -> ESTABLISHED: ACK of our SYN arrived");
    in(is_ipv6, ACK | PSH, 101, 301, 77, NULL);
    out(is_ipv6, ACK, 301, 178, 64000, 1448, NULL);
    in(is_ipv6, ACK, 178, 64301, 0, NULL);
    out(is_ipv6, ACK | PSH, 64301, 178, 999, 0, "3 \u00d7 200 ms");
    now += MS(200);
    out(is_ipv6, ACK | PSH, 64301, 178, 999, 0, "retransmission 1/15, next in 400 ms");
    in(is_ipv6, ACK, 178, 65300, 0, NULL);
    in(is_ipv6, F | ACK, 178, 65300, 0, "ESTABLISHED -> CLOSE-WAIT: FIN arrived");
    out(is_ipv6, F | ACK, 65300, 179, 0, 0,
        "CLOSE-WAIT -> LAST-ACK: close() of the last descriptor");
    in(is_ipv6, ACK, 179, 65301, 0, "LAST-ACK -> CLOSED: ACK of our FIN arrived");
}

static void ethernet(bool is_ipv6)
{
    const struct segment segment = segment_of(is_ipv6, 1, S, 9, 0, 0);
    const struct pcapng_note note = {1, now += MS(1), PCAPNG_OUT, NULL};
    struct lastack_packet_out leaving;

    packet_out_build(&segment, true, 0, text, &leaving);
    pcapng_packet_out(&file, &note, &leaving);
}

int main(int argc, char **argv)
{
    FILE *stream = argc == 2 ? fopen(argv[1], "wb") : NULL;

    if (stream == NULL) {
        fprintf(stderr, "usage: pcapng_sample FILE\n");
        return 2;
    }
    pcapng_begin(&file, stream, "lastack test");
    pcapng_interface(&file, PCAPNG_RAW_IP, "tun0");
    pcapng_interface(&file, PCAPNG_ETHERNET, "veth0");
    connection(false);
    connection(true);
    ethernet(false);
    ethernet(true);
    bool has_failed = pcapng_failed(&file);
    return fclose(stream) != 0 || has_failed;
}
