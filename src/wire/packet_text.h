/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * packet_text.h: a packet in one line, as packetdrill writes it.
 *
 *     S. 0:0(0) ack 1 win 65535 <mss 1460,nop,nop,sackOK>
 *     udp (64)
 *     icmp unreachable port_unreachable [1:1001(1000)]
 *
 * Options are shown in the order and with the padding in which they stand. Any packet has a text:
 * what is broken is said to be. As with snprintf the text is cut to `size` bytes with its NUL, and
 * the result is the length of the whole.
 */
#ifndef LASTACK_PACKET_TEXT_H
#define LASTACK_PACKET_TEXT_H

#include "packet_parse.h"
#include "tcp_header.h"

/* A line with everything in it: addresses, 40 bytes of options. */
enum { PACKET_TEXT_MAX = 512 };

struct packet_text_style {
    bool addresses;      /* "192.0.2.1:80 > 198.51.100.2:40000 " in front */
    bool ip_info;        /* "[ttl 64, tos 0x02] " in front */
    struct seq seq_base; /* subtracted from seq, and from seq in an ICMP error's quote */
    struct seq ack_base; /* subtracted from ack and SACK blocks */
    uint32_t ts_value_base, ts_echo_base;
};

size_t packet_text(const struct ip_packet *packet, const struct packet_text_style *style,
                   char *text, size_t size);

/* The same for a segment that is still values. */
size_t segment_text(const struct segment *segment, enum lastack_option_order order,
                    const struct packet_text_style *style, char *text, size_t size);

#endif
