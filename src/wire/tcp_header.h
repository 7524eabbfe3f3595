/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * tcp_header.h: TCP header <-> struct segment, RFC 9293 §3.1, §3.2; options of RFC 7323, 2018,
 * 7413.
 *
 *     parse: total. Unknown options are skipped by their length (MUST-6); a length of 0 or 1 or
 *            beyond the header refuses the segment (MUST-7), as does a data offset below 5 or
 *            beyond the packet. A known option of a length that is not its own, or on a segment
 *            that cannot carry it (MSS, window scale, SACK-permitted and Fast Open without SYN,
 *            SACK with SYN), counts as absent. The checksum is the caller's business.
 *     build: cannot fail. Order and padding of options are a policy.
 */
#ifndef LASTACK_TCP_HEADER_H
#define LASTACK_TCP_HEADER_H

#include "packet_parse.h"
#include "segment.h"

#include <lastack/params.h>

enum { TCP_HEADER_MIN = 20, TCP_HEADER_MAX = 60, TCP_OPTIONS_MAX = 40, TCP_CHECKSUM_OFFSET = 16 };

/* Kinds of options, as the IANA has them. */
enum tcp_option_kind {
    TCP_OPTION_END = 0,
    TCP_OPTION_NOP = 1,
    TCP_OPTION_MSS = 2,
    TCP_OPTION_WINDOW_SCALE = 3,
    TCP_OPTION_SACK_PERMITTED = 4,
    TCP_OPTION_SACK = 5,
    TCP_OPTION_TIMESTAMP = 8,
    TCP_OPTION_MD5 = 19,
    TCP_OPTION_AO = 29,
    TCP_OPTION_FAST_OPEN = 34,
    TCP_OPTION_EXPERIMENT = 254,
    TCP_FAST_OPEN_MAGIC = 0xf989, /* RFC 7413 §4.1.1 by way of RFC 6994 */
};

/* Fills in everything but local, remote, ecn, ttl, which it takes from `packet`. */
enum lastack_cause tcp_parse(const struct ip_packet *packet, struct segment *segment);
/* For who has no keys: the same, but a segment with a signature is DROP_MD5_UNEXPECTED or
 * DROP_AO_UNEXPECTED, and filled in like any other. */
enum lastack_cause tcp_parse_unsigned(const struct ip_packet *packet, struct segment *segment);

/* The ports (and seq) of a quoted TCP header in an ICMP error: only 8 bytes are sure to be there.
 * False if there are fewer. */
bool tcp_parse_quoted(const uint8_t *data, size_t length, uint16_t *source_port,
                      uint16_t *destination_port, struct seq *seq);

/* Header with options into `header` (TCP_HEADER_MAX bytes), checksum field 0; returns its length, a
 * multiple of 4. Fields read: ports of local (source) and remote, seq, ack, flags, wnd, urgent,
 * options and what they carry. SACK blocks that do not fit are left off, last first; options that
 * may only be on a SYN are (MUST-65). OPTION_MD5 and OPTION_AO are
 * not written. */
unsigned tcp_build(const struct segment *segment, enum lastack_option_order order, uint8_t *header);

/* The same; *sum grows by the header's words (see checksum_narrow). */
unsigned tcp_build_summed(const struct segment *segment, enum lastack_option_order order,
                          uint8_t *header, uint64_t *sum);

/* The same with ready-made option bytes, for tools: `length` (0..40) is padded with end-of-list to
 * 4. */
unsigned tcp_build_raw(const struct segment *segment, const uint8_t *options, unsigned length,
                       uint8_t *header);

/* Computes and stores the checksum of a header at `header` followed by text whose sum is
 * `text_sum`. `length` counts header and text. */
void tcp_store_checksum(uint8_t *header, unsigned header_length,
                        const struct lastack_address *source,
                        const struct lastack_address *destination, uint32_t length,
                        uint32_t text_sum);

/* One option after the other, as they stand. */
struct tcp_option {
    uint8_t kind;
    uint8_t length;      /* of data: 0 for NOP and END */
    const uint8_t *data; /* behind kind and length */
};

struct tcp_option_cursor {
    const uint8_t *at, *end;
    bool is_broken; /* the walk ended because of an impossible length */
};

/* False at the end (END is returned as an option, once for each byte of padding). */
bool tcp_option_next(struct tcp_option_cursor *cursor, struct tcp_option *option);

#endif
