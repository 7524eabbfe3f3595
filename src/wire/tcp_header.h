/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * tcp_header.h: TCP header <-> struct segment, RFC 9293 §3.1, §3.2; options of RFC 7323, 2018, 7413.
 *
 *     parse: total. Unknown options are skipped by their length (MUST-6); a bad length refuses the segment
 *            (MUST-7), as does a data offset below 5 or beyond the packet. The checksum is the caller's business.
 *     build: cannot fail. The caller gives a struct tcp_build; order and padding of options are a policy.
 */
#ifndef LASTACK_TCP_HEADER_H
#define LASTACK_TCP_HEADER_H

#include "packet_parse.h"
#include "segment.h"

#include <lastack/params.h>

enum { TCP_HEADER_MIN = 20, TCP_HEADER_MAX = 60 };

/* Fills in everything but local, remote, ecn, ttl, which it takes from `packet`. */
enum lastack_cause tcp_parse(const struct ip_packet *packet, struct segment *segment);

/* The ports (and seq) of a quoted TCP header in an ICMP error: only 8 bytes are sure to be there. */
bool tcp_parse_quoted(const uint8_t *data, size_t length, uint16_t *source_port, uint16_t *destination_port,
                      struct seq *seq);

/* Header with options into `header` (TCP_HEADER_MAX bytes), checksum field 0; returns its length, a multiple of
 * 4. Fields read: ports of local (source) and remote, seq, ack, flags, wnd, urgent, options and what they
 * carry. SACK blocks that do not fit are left off, last first. */
unsigned tcp_build(const struct segment *segment, enum lastack_option_order order, uint8_t *header);

/* Bytes of options that tcp_build would write for these options (padded), for MSS arithmetic. */
unsigned tcp_options_length(uint16_t options, unsigned sack_count, unsigned fast_open_length,
                            enum lastack_option_order order, bool is_syn);

#endif
