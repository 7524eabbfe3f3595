/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * stack_network.c: what a network, or somebody on it, may do to a stack.
 */
#include "stack_world.h"

#include "checksum.h"
#include "duration.h"
#include "ip_header.h"
#include "tcp_header.h"

#include <stdlib.h>
#include <string.h>

static void arrive(struct world *world, const uint8_t *bytes, size_t length, bool is_trusted)
{
    /* On the heap and exact: a byte read too far is a report of the sanitizer. */
    uint8_t *exact = malloc(length > 0 ? length : 1);
    CHECK(exact != NULL);
    memcpy(exact, bytes, length);
    struct lastack_packet_in in = {exact, length, LINK, is_trusted ? LASTACK_CHECKSUM_TRUSTED : 0};
    lastack_input(world->stack, world->now, &in, 1);
    memset(exact, 0xa5, length); /* the stack may not have kept a pointer */
    free(exact);
}

static void options_of(struct segment *segment, struct tape *tape, const struct overheard *heard,
                       int64_t now)
{
    uint8_t wanted = tape_u8(tape);
    if (segment->flags & LASTACK_SYN) {
        if (wanted & 1) {
            segment->options |= OPTION_MSS;
            segment->mss = tape_u16(tape);
        }
        if (wanted & 2) {
            segment->options |= OPTION_WINDOW_SCALE;
            segment->window_scale = wanted >> 4;
        }
        if (wanted & 4)
            segment->options |= OPTION_SACK_PERMITTED;
    } else if (wanted & 4) {
        segment->options |= OPTION_SACK;
        segment->sack_count = 1;
        segment->sack[0].from = seq_sub(heard->nxt, tape_u8(tape));
        segment->sack[0].to = seq_add(segment->sack[0].from, tape_u8(tape));
    }
    if (wanted & 8) {
        segment->options |= OPTION_TIMESTAMP;
        segment->ts_value = (uint32_t)(now / MS(1)) + 1000 - 32 + tape_u8(tape) % 64;
        segment->ts_echo = heard->ts_value - (wanted >> 6);
    }
}

static size_t put_packet(uint8_t *bytes, const struct segment *segment, const uint8_t *text)
{
    uint8_t header[TCP_HEADER_MAX];
    unsigned header_length = tcp_build(segment, LASTACK_OPTIONS_LINUX, header);
    uint32_t length = header_length + segment->text_length;
    tcp_store_checksum(header, header_length, &segment->tuple.local, &segment->tuple.remote, length,
                       checksum_add(0, text, segment->text_length));
    struct ip_build ip = {.source = segment->tuple.local,
                          .destination = segment->tuple.remote,
                          .payload_length = length,
                          .protocol = IP_PROTOCOL_TCP,
                          .ttl = 64};
    unsigned ip_length = ip_build(&ip, bytes);
    memcpy(bytes + ip_length, header, header_length);
    if (segment->text_length > 0)
        memcpy(bytes + ip_length + header_length, text, segment->text_length);
    return ip_length + length;
}

void made_up_segment(struct world *world, struct tape *tape)
{
    static const uint8_t text[256];
    const struct overheard *heard = &world->heard[tape_u8(tape) % OVERHEARD];
    struct overheard fresh = {{here_address(false), 80}, {there_address(false, 0), 0}, {0}, {0}, 0};
    uint8_t shape = tape_u8(tape);
    if (heard->here.port == 0 || (shape & 3) == 0) {
        bool is_ipv6 = (shape & 4) != 0;
        fresh.here =
            (struct lastack_endpoint){here_address(is_ipv6), (uint16_t)(80 + (shape >> 3 & 1))};
        fresh.there = (struct lastack_endpoint){there_address(is_ipv6, shape >> 4),
                                                (uint16_t)(40000 + (shape >> 5))};
        heard = &fresh;
    }
    /* Built by the peer: its local end is there, its remote end is here. */
    struct segment segment = {.tuple = tuple_of(&heard->there, &heard->here)};
    segment.flags = tape_u8(tape) & (LASTACK_FIN | LASTACK_SYN | LASTACK_RST | LASTACK_PSH |
                                     LASTACK_ACK | LASTACK_URG);
    segment.seq = seq_add(heard->ack, (uint32_t)(int32_t)(int8_t)tape_u8(tape));
    segment.ack = seq_add(heard->nxt, (uint32_t)(int32_t)(int8_t)tape_u8(tape));
    segment.wnd = tape_u16(tape);
    segment.urgent = shape & 4 ? tape_u8(tape) : 0;
    segment.text_length = tape_u8(tape);
    options_of(&segment, tape, heard, world->now);
    uint8_t bytes[MTU];
    size_t length = put_packet(bytes, &segment, text);
    if (shape == 255)
        bytes[length - 1] ^= 1; /* a broken checksum */
    arrive(world, bytes, length, false);
}

static void add_timestamp(struct segment *segment, const struct overheard *heard, int64_t now)
{
    segment->options |= OPTION_TIMESTAMP;
    segment->ts_value = (uint32_t)(now / MS(1)) + 1000;
    segment->ts_echo = heard->ts_value;
}

void proper_answer(struct world *world, struct tape *tape)
{
    const struct overheard *heard = &world->heard[tape_u8(tape) % OVERHEARD];
    if (heard->here.port == 0)
        return;
    uint8_t choice = tape_u8(tape);
    struct segment segment = {.tuple = tuple_of(&heard->there, &heard->here),
                              .seq = heard->ack,
                              .ack = heard->nxt,
                              .flags = LASTACK_ACK,
                              .wnd = 65535};
    static const uint8_t text[64];
    if (heard->ts_value != 0)
        add_timestamp(&segment, heard, world->now);
    if (choice & 1)
        segment.flags |= LASTACK_FIN;
    if (choice & 2)
        segment.flags |= LASTACK_SYN;
    if (choice & 4)
        segment.text_length = choice >> 3;
    uint8_t bytes[MTU];
    arrive(world, bytes, put_packet(bytes, &segment, text), false);
}

void raw_bytes(struct world *world, struct tape *tape)
{
    uint8_t bytes[256];
    size_t length = tape_u8(tape);
    /* the stack's own packet comes back, changed */
    if (tape_u8(tape) & 1 && world->last_length > 0) {
        length = world->last_length < sizeof bytes ? world->last_length : sizeof bytes;
        memcpy(bytes, world->last, length);
        bytes[tape_u8(tape) % length] ^= tape_u8(tape);
    } else {
        tape_bytes(tape, bytes, length);
    }
    arrive(world, bytes, length, true);
}

void icmp_error(struct world *world, struct tape *tape)
{
    uint8_t bytes[MTU], body[8 + 576] = {0};
    size_t quoted = world->last_length < 576 ? world->last_length : 576;
    struct ip_packet packet;
    if (ip_parse(world->last, world->last_length, true, &packet) != LASTACK_CAUSE_NONE)
        return;
    quoted -= tape_u8(tape) % (quoted + 1);
    body[0] = packet.is_ipv6 ? 1 + tape_u8(tape) % 4 : tape_u8(tape) % 13;
    body[1] = tape_u8(tape) % 16;
    body[6] = tape_u8(tape); /* next-hop MTU of either family ends here */
    memcpy(body + 8, world->last, quoted);
    uint32_t length = (uint32_t)(8 + quoted);
    uint32_t sum = packet.is_ipv6 ? checksum_pseudo(&packet.destination, &packet.source,
                                                    IP_PROTOCOL_ICMPV6, length)
                                  : 0;
    uint16_t checksum = checksum_finish(checksum_add(sum, body, length));
    store16(body + 2, checksum);
    struct ip_build ip = {.source = packet.destination,
                          .destination = packet.source,
                          .payload_length = length,
                          .ttl = 64,
                          .protocol = packet.is_ipv6 ? IP_PROTOCOL_ICMPV6 : IP_PROTOCOL_ICMP};
    unsigned ip_length = ip_build(&ip, bytes);
    memcpy(bytes + ip_length, body, length);
    arrive(world, bytes, ip_length + length, false);
}

void peer_says(struct world *world, const struct overheard *heard, unsigned flags)
{
    struct segment segment = {.tuple = tuple_of(&heard->there, &heard->here),
                              .seq = heard->ack,
                              .ack = heard->nxt,
                              .flags = (uint16_t)flags,
                              .wnd = 4096};
    if (flags & LASTACK_SYN || heard->ts_value != 0) /* offered, or agreed upon */
        add_timestamp(&segment, heard, world->now);
    if (flags & LASTACK_SYN) {
        segment.options |= OPTION_MSS | OPTION_SACK_PERMITTED | OPTION_WINDOW_SCALE;
        segment.mss = 600;
        segment.window_scale = 2;
    }
    uint8_t bytes[MTU];
    arrive(world, bytes, put_packet(bytes, &segment, NULL), false);
    world_settle(world);
}
