/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * udp_header.h: UDP, RFC 768, RFC 1122 §4.1, RFC 8200 §8.1.
 *
 *     | source port 2 | destination port 2 | length 2 | checksum 2 | data ...
 */
#ifndef LASTACK_UDP_HEADER_H
#define LASTACK_UDP_HEADER_H

#include "packet_parse.h"

enum { UDP_HEADER = 8, UDP_CHECKSUM_OFFSET = 6 };

struct udp_datagram {
    struct lastack_endpoint local, remote; /* local = destination of what arrived */
    const uint8_t *data;
    size_t length; /* of data */
};

/* DROP_UDP for a bad length, a wrong checksum (verified unless trusted), a checksum that is missing
 * in IPv6 (RFC 8200 §8.1; in IPv4 it may be), or destination port 0. Source port 0 means "do not
 * answer". */
enum lastack_cause udp_parse(const struct ip_packet *packet, bool checksum_trusted,
                             struct udp_datagram *datagram);

/* Header with the checksum over pseudo-header and data, whose sum is `data_sum` (checksum_add over
 * datagram->length bytes); the data is not read. length <= 65527. */
void udp_build(const struct udp_datagram *datagram, uint32_t data_sum, uint8_t header[UDP_HEADER]);

#endif
