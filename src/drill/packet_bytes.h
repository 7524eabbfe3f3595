/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * packet_bytes.h: packets between a script's words and the wire's bytes.
 *
 *     < . 1:1001(1000) ack 1 win 257  ──▶  IP header | TCP header | 1000 zeros
 *     IP header | TCP header | text   ──▶  > P. 1:1001(1000) ack 1 win 256
 *
 * Numbers are live ones (conversation.h turns them). Payload is zeros, both ways.
 */
#ifndef LASTACK_PACKET_BYTES_H
#define LASTACK_PACKET_BYTES_H

#include "script.h"

#include <lastack/address.h>

enum { PACKET_BYTES_MAX = 65536 + 40 };

/* Who sends to whom. */
struct packet_ends {
    struct lastack_endpoint source, destination;
};

/* The name of the headers outside a packet: of what is carried in IP, if there is more than IP. */
const char *packet_prefix_name(const struct drill_prefix *prefix);

/* Writes a packet into `bytes` (PACKET_BYTES_MAX); returns its length, or 0 with an error. */
size_t packet_bytes_write(const struct drill_packet *packet, const struct packet_ends *ends,
                          uint8_t *bytes, struct script_error *error);

/* What was sent, as values. */
struct seen_packet {
    int64_t at;                 /* ns */
    struct drill_packet packet; /* tos, ttl and flow label are filled in */
    struct packet_ends ends;
    bool has_other_text;   /* payload that is not all zeros */
    bool has_bad_checksum; /* of TCP, UDP or ICMP */
    bool has_bad_ip_checksum;
};

/* Reads a packet, options into `memory`. False if it is none that a script could mean. */
bool packet_bytes_read(const uint8_t *bytes, size_t length, struct script_memory *memory,
                       struct seen_packet *seen);

#endif
