/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * packet_compare.h: is what was sent what the script says?
 *
 * Two classes of difference. *Behaviour*: flags, sequence numbers, lengths, SACK blocks: another
 * TCP would act otherwise because of it. *Wire format*: the order and padding of options, window
 * sizes, what a SYN offers, TTL and traffic class: two correct TCPs may differ there.
 */
#ifndef LASTACK_PACKET_COMPARE_H
#define LASTACK_PACKET_COMPARE_H

#include "packet_bytes.h"

struct compare_rules {
    bool is_ipv6;
    bool is_strict;           /* checksums and TS ecr too */
    uint32_t stamp_tolerance; /* ticks that TS val may be off; UINT32_MAX: it is not compared */
};

struct packet_difference {
    bool is_wire_format;
    const char *field;             /* "tcp_ack": the original tool's names */
    char expected[160], seen[160]; /* as words of a script */
};

/* Both in the script's numbers. True if they agree; else the first difference that matters
 * most. */
bool packet_compare(const struct drill_packet *expected, const struct seen_packet *seen,
                    const struct compare_rules *rules, struct packet_difference *difference);

#endif
