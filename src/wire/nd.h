/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * nd.h: neighbour solicitations and advertisements of IPv6, RFC 4861 §4.3, §4.4, §7.1.
 *
 *     | ICMPv6 header, flags R S O | target 16 | options in units of 8: type, length, ... |
 *
 * Routers are configured, not discovered: router messages and redirects are recognised and left
 * alone.
 */
#ifndef LASTACK_ND_H
#define LASTACK_ND_H

#include "ethernet.h"
#include "packet_parse.h"

enum { ND_FIXED = 24, ND_LENGTH_MAX = 32, ND_HOP_LIMIT = 255, ND_OPTIONS_MAX = 16 };

enum nd_kind { ND_SOLICITATION, ND_ADVERTISEMENT };

struct nd_message {
    enum nd_kind kind;
    bool is_router, is_solicited, is_override; /* advertisement: flags R, S, O */
    bool has_mac;                              /* source (solicitation) or target (advertisement) */
    uint8_t mac[MAC_BYTES];                    /* link-layer address option */
    struct lastack_address target;
};

/* All checks of §7.1: hop limit 255, checksum, code 0, lengths, no option of length 0, target no
 * multicast; an unspecified source only in a solicitation to a solicited-node address without its
 * link-layer address; no solicited flag to a multicast. NONE, DROP_NEIGHBOR if one fails, or
 * DROP_NOT_INTERESTING for router messages. At most 16 options are looked at. */
enum lastack_cause nd_parse(const struct ip_packet *packet, bool checksum_trusted,
                            struct nd_message *message);

/* The ICMPv6 message with its checksum (24 or 32 bytes); returns its length. To be sent with hop
 * limit 255. */
unsigned nd_build(const struct nd_message *message, const struct lastack_address *source,
                  const struct lastack_address *destination, uint8_t to[ND_LENGTH_MAX]);

/* ff02::1:ffXX:XXXX of an address (RFC 4291 §2.7.1). */
struct lastack_address nd_solicited_node(const struct lastack_address *target);

/* ff02::1 */
struct lastack_address nd_all_nodes(void);

#endif
