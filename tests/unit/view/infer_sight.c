/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * infer_sight.c: see infer_sight.h.
 */
#include "infer_sight.h"

struct infer infer;
struct infer_remark remark;
int64_t now;

void begin(void)
{
    infer_init(&infer);
    now = 0;
}

struct infer_packet packet_of(unsigned from, unsigned flags, uint32_t seq, uint32_t ack,
                              uint32_t length)
{
    uint32_t len = length + ((flags & S) != 0) + ((flags & F) != 0);

    return (struct infer_packet){
        .at = now,
        .from = from,
        .segment = {.seq = {seq},
                    .ack = {ack},
                    .flags = (uint16_t)flags,
                    .text_length = length,
                    .len = len,
                    .wnd = 1000,
                    .ttl = 64},
    };
}

void see_packet(struct infer_packet packet)
{
    packet.at = now;
    infer_see(&infer, &packet, &remark);
    now += MS(10);
}

void see(unsigned from, unsigned flags, uint32_t seq, uint32_t ack, uint32_t length)
{
    see_packet(packet_of(from, flags, seq, ack, length));
}

void open_and_talk(void)
{
    begin();
    see(A, S, 100, 0, 0);
    see(B, S | ACK, 300, 101, 0);
    see(A, ACK, 101, 301, 0);
    see(A, ACK | P, 101, 301, 10);
    see(B, ACK | P, 301, 111, 20);
    see(A, ACK, 111, 321, 0);
}

void close_by_a(void)
{
    open_and_talk();
    see(A, F | ACK, 111, 321, 0);
    see(B, ACK, 321, 112, 0);
    see(B, F | ACK, 321, 112, 0);
    see(A, ACK, 112, 322, 0);
}
