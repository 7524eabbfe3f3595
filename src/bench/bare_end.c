/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * bare_end.c: see bare_end.h.
 */
#include "bare_end.h"

#include "bulk_end.h"
#include "checksum.h"
#include "duration.h"
#include "event_loop.h"
#include "ip_header.h"
#include "tcp_header.h"

#include <string.h>

enum { BARE_MSS = 1460, BARE_TEXT = 44 * BARE_MSS, BARE_SHIFT = 10, BARE_PORT = 40000 };

#define STUCK_NS MS(50)

struct bare_end {
    struct host_link *link;
    struct lastack_packet_out packet; /* prebuilt: header and, for a sender, its text */
    uint32_t una, nxt, rcv_nxt;       /* SND.UNA, SND.NXT, RCV.NXT */
    uint32_t wnd;                     /* SND.WND */
    unsigned shift;
    bool is_open;
    uint64_t moved;
};

static uint8_t buffer[HOST_LINK_PACKET_MAX];
static const uint8_t text_sent[BARE_TEXT];

/* The header of a segment of that much text; its checksum is finished by the kernel. */
static void build(struct bare_end *end, uint16_t flags, uint32_t text)
{
    const struct ip_build ip = {.source = lastack_ipv4(192, 0, 2, 1),
                                .destination = lastack_ipv4(192, 0, 2, 2),
                                .payload_length = 20 + (flags & LASTACK_SYN ? 8u : 0u) + text,
                                .protocol = IP_PROTOCOL_TCP,
                                .ttl = 64,
                                .dont_fragment = true};
    struct segment seg = {.flags = flags, .wnd = 65535};
    struct lastack_packet_out *packet = &end->packet;
    uint8_t *tcp = packet->header + ip_build(&ip, packet->header);
    unsigned length;
    uint16_t sum;

    seg.tuple.local_port = BARE_PORT;
    seg.tuple.remote_port = BULK_END_PORT;
    seg.seq = seq_of(end->nxt);
    seg.ack = seq_of(end->rcv_nxt);
    if (flags & LASTACK_SYN) {
        seg.options = OPTION_MSS | OPTION_WINDOW_SCALE;
        seg.mss = BARE_MSS;
        seg.window_scale = BARE_SHIFT;
    }
    length = tcp_build(&seg, LASTACK_OPTIONS_LINUX, tcp);
    sum =
        checksum_fold(checksum_pseudo(&ip.source, &ip.destination, IP_PROTOCOL_TCP, length + text));
    store16(tcp + TCP_CHECKSUM_OFFSET, sum);
    packet->flags = LASTACK_CHECKSUM_PARTIAL;
    packet->checksum_start = IPV4_HEADER;
    packet->checksum_offset = TCP_CHECKSUM_OFFSET;
    packet->header_length = (uint16_t)(IPV4_HEADER + length);
    packet->gso_size = text > BARE_MSS ? BARE_MSS : 0;
    packet->iov[0] = (struct lastack_iovec){packet->header, packet->header_length};
    packet->iov[1] = (struct lastack_iovec){text_sent, text};
    packet->iov_count = text > 0 ? 2 : 1;
    packet->length = packet->header_length + text;
}

static bool emit(struct bare_end *end)
{
    store32(end->packet.header + IPV4_HEADER + 4, end->nxt);
    store32(end->packet.header + IPV4_HEADER + 8, end->rcv_nxt);
    return end->link->ops->send(end->link, &end->packet) == 0;
}

static unsigned window_scale_of(const uint8_t *tcp)
{
    struct tcp_option_cursor cursor = {.at = tcp + TCP_HEADER_MIN, .end = tcp + (tcp[12] >> 4) * 4};
    struct tcp_option option;

    while (tcp_option_next(&cursor, &option))
        if (option.kind == TCP_OPTION_WINDOW_SCALE && option.length == 1)
            return option.data[0];
    return 0;
}

/* One frame of the kernel's, if there is one: numbers, window, text. */
static bool take_frame(struct bare_end *end)
{
    uint32_t flags;
    const int length = end->link->ops->receive(end->link, buffer, sizeof buffer, &flags);
    const uint8_t *tcp = buffer + IPV4_HEADER;
    uint32_t text;

    if (length < IPV4_HEADER + TCP_HEADER_MIN)
        return length > 0;
    if (buffer[0] != 0x45 || buffer[9] != IP_PROTOCOL_TCP)
        return true;
    text = (uint32_t)length - IPV4_HEADER - (tcp[12] >> 4) * 4u;
    if (tcp[13] & LASTACK_SYN) {
        end->is_open = true;
        end->rcv_nxt = load32(tcp + 4) + 1;
        end->shift = window_scale_of(tcp);
    }
    end->una = load32(tcp + 8);
    end->wnd = (uint32_t)load16(tcp + 14) << (tcp[13] & LASTACK_SYN ? 0 : end->shift);
    if (text > 0 && load32(tcp + 4) == end->rcv_nxt) {
        end->rcv_nxt += text;
        end->moved += text;
    }
    return true;
}

static bool open_bare(struct bare_end *end, struct host_link *link, int64_t until)
{
    *end = (struct bare_end){.link = link, .nxt = 1};
    while (!end->is_open && event_loop_clock() < until) {
        build(end, LASTACK_SYN, 0);
        (void)emit(end);
        bulk_end_wait(link, MS(20));
        while (!end->is_open && take_frame(end))
            ;
    }
    end->nxt = end->una;
    build(end, LASTACK_ACK, 0);
    return end->is_open && emit(end);
}

/* A window that is too small for a whole frame, at the beginning: as many segments as fit. */
static void send_small(struct bare_end *end)
{
    const uint32_t text = end->wnd / BARE_MSS * BARE_MSS;

    if (end->nxt != end->una || text == 0 || text >= BARE_TEXT)
        return;
    build(end, LASTACK_ACK | LASTACK_PSH, text);
    if (emit(end))
        end->nxt += text;
    build(end, LASTACK_ACK | LASTACK_PSH, BARE_TEXT);
}

uint64_t bare_send(struct host_link *link, int64_t length_ns)
{
    const int64_t until = event_loop_clock() + length_ns;
    int64_t moved_at = event_loop_clock();
    struct bare_end end;
    uint32_t last;

    if (!open_bare(&end, link, until))
        return 0;
    build(&end, LASTACK_ACK | LASTACK_PSH, BARE_TEXT);
    last = end.una;
    while (event_loop_clock() < until) {
        while (end.nxt + BARE_TEXT - end.una <= end.wnd && emit(&end))
            end.nxt += BARE_TEXT;
        send_small(&end);
        bulk_end_wait(link, MS(10));
        while (take_frame(&end))
            ;
        end.moved += end.una - last;
        if (end.una != last)
            moved_at = event_loop_clock();
        else if (event_loop_clock() - moved_at > STUCK_NS) { /* the kernel dropped something */
            end.nxt = end.una;
            moved_at = event_loop_clock();
        }
        last = end.una;
    }
    return end.moved;
}

uint64_t bare_read(struct host_link *link, int64_t length_ns)
{
    const int64_t until = event_loop_clock() + length_ns;
    struct bare_end end;

    if (!open_bare(&end, link, until))
        return 0;
    while (event_loop_clock() < until) {
        const uint64_t before = end.moved;

        bulk_end_wait(link, MS(10));
        for (unsigned i = 0; i < 16 && take_frame(&end); i++)
            ;
        if (end.moved != before)
            (void)emit(&end);
    }
    return end.moved;
}
