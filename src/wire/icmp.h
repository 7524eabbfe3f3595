/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * icmp.h: ICMP (RFC 792, RFC 1122 §3.2.2) and ICMPv6 (RFC 4443) as one set of values.
 *
 *      error:   [type code checksum | mtu or pointer | the packet it is about, cut short ...]
 *      echo:    [type code checksum | id sequence    | data ...]
 *
 * The two protocols number the same things differently; `kind` is what both mean. Type and code
 * stay readable for those who must tell "port unreachable" from "administratively prohibited".
 * Neighbour discovery shares ICMPv6's type numbers and lives in nd.h.
 */
#ifndef LASTACK_ICMP_H
#define LASTACK_ICMP_H

#include "packet_parse.h"

enum {
    ICMP_HEADER = 8,
    ICMP_ERROR_ROOM_MIN = ICMP_HEADER + IPV4_HEADER_MAX + 8, /* the least an error must quote */
    ICMP_QUOTED_MAX_IPV4 = 576,
    ICMP_QUOTED_MAX_IPV6 = 1280,
};

enum icmp_type {
    ICMP_TYPE_ECHO_REPLY = 0,
    ICMP_TYPE_UNREACHABLE = 3,
    ICMP_TYPE_SOURCE_QUENCH = 4,
    ICMP_TYPE_REDIRECT = 5,
    ICMP_TYPE_ECHO_REQUEST = 8,
    ICMP_TYPE_TIME_EXCEEDED = 11,
    ICMP_TYPE_PARAMETER_PROBLEM = 12,
};

enum icmp_unreachable_code {
    ICMP_CODE_NET = 0,
    ICMP_CODE_HOST = 1,
    ICMP_CODE_PROTOCOL = 2,
    ICMP_CODE_PORT = 3,
    ICMP_CODE_FRAGMENTATION_NEEDED = 4,
    ICMP_CODE_SOURCE_ROUTE_FAILED = 5,
    ICMP_CODE_NET_PROHIBITED = 9, /* RFC 1122 §3.2.2.1 */
    ICMP_CODE_HOST_PROHIBITED = 10,
    ICMP_CODE_FILTER_PROHIBITED = 13, /* RFC 1812 §5.2.7.1 */
};

enum icmpv6_type {
    ICMPV6_TYPE_UNREACHABLE = 1,
    ICMPV6_TYPE_TOO_BIG = 2,
    ICMPV6_TYPE_TIME_EXCEEDED = 3,
    ICMPV6_TYPE_PARAMETER_PROBLEM = 4,
    ICMPV6_TYPE_FIRST_INFORMATION = 128, /* below: errors */
    ICMPV6_TYPE_ECHO_REQUEST = 128,
    ICMPV6_TYPE_ECHO_REPLY = 129,
    ICMPV6_TYPE_ROUTER_SOLICITATION = 133,
    ICMPV6_TYPE_ROUTER_ADVERTISEMENT = 134,
    ICMPV6_TYPE_NEIGHBOR_SOLICITATION = 135,
    ICMPV6_TYPE_NEIGHBOR_ADVERTISEMENT = 136,
    ICMPV6_TYPE_REDIRECT = 137,
};

enum icmpv6_code {
    ICMPV6_CODE_NO_ROUTE = 0,
    ICMPV6_CODE_PROHIBITED = 1,
    ICMPV6_CODE_SCOPE = 2, /* beyond the scope of the source address */
    ICMPV6_CODE_ADDRESS = 3,
    ICMPV6_CODE_PORT = 4,
    ICMPV6_CODE_POLICY = 5,         /* the source address failed a policy */
    ICMPV6_CODE_REJECT = 6,         /* a route that rejects */
    ICMPV6_CODE_NEXT_HEADER = 1,    /* of a parameter problem */
    ICMPV6_CODE_OPTION = 2,         /* of a parameter problem */
    ICMPV6_CODE_FIRST_FRAGMENT = 3, /* of a parameter problem, RFC 7112 §5 */
    ICMP_CODE_REASSEMBLY = 1,       /* of a time exceeded, both families */
};

enum icmp_kind {
    ICMP_OTHER, /* nothing that anyone here would act on: to be dropped in silence */
    ICMP_ECHO_REQUEST,
    ICMP_ECHO_REPLY,
    ICMP_UNREACHABLE,
    ICMP_TOO_BIG, /* fragmentation needed, packet too big */
    ICMP_TIME_EXCEEDED,
    ICMP_PARAMETER_PROBLEM,
    ICMP_SOURCE_QUENCH, /* ignored: RFC 6633 */
    ICMP_REDIRECT,
    ICMP_UNKNOWN_ERROR, /* ICMPv6 types 5..127: for the transport to see (RFC 4443 §2.4 a) */
    ICMP_NEIGHBOR,      /* types 133 to 136: nd.h takes it from here */
};

struct icmp_message {
    enum icmp_kind kind;
    bool is_ipv6;
    bool has_quote; /* every error has */
    uint8_t type, code;
    uint16_t id, sequence; /* echo */
    uint32_t mtu;          /* too big; 0 = the router did not say (RFC 1191 §4) */
    uint32_t pointer;      /* parameter problem */
    const uint8_t *body;   /* echo: data; error: what is quoted */
    size_t body_length;
    struct ip_packet quote; /* the quoted packet; transport ports by tcp_parse_quoted or alike */
};

/* `packet` has protocol ICMP or ICMPv6 (the one of its family; the other is refused). Verifies the
 * checksum unless trusted. DROP_ICMP for anything short, broken, or about an unreadable packet. */
enum lastack_cause icmp_parse(const struct ip_packet *packet, bool checksum_trusted,
                              struct icmp_message *message);

/* Is this packet an ICMP error (or a redirect), so that none may be sent about it? RFC 1122 §3.2.2,
 * RFC 4443 §2.4 (e). A message too short to tell counts as one. */
bool icmp_is_error(const struct ip_packet *packet);

/* What an error will say. `value`: the MTU of a too-big, the pointer of a parameter problem. */
struct icmp_error {
    uint8_t type, code;
    uint32_t value;
};

/* Bytes that icmp_build_error writes when there is room enough: header and as much of the packet as
 * keeps the whole IP packet within 576 bytes (RFC 1812 §4.3.2.3) or 1280 (RFC 4443 §2.4 c). */
size_t icmp_error_length(const struct ip_packet *about);

/* An ICMP message (no IP header) about `about`, to its source, from `source`; the family is that of
 * `about`. Quotes less if `room` (at least ICMP_ERROR_ROOM_MIN) is less. Returns its length. */
size_t icmp_build_error(const struct icmp_error *error, const struct lastack_address *source,
                        const struct ip_packet *about, uint8_t *to, size_t room);

struct icmp_echo {
    struct lastack_address source, destination; /* the family decides; ICMPv6 sums them */
    bool is_reply;
    uint16_t id, sequence;
    const uint8_t *data; /* follows the header on the wire; stays where it is */
    size_t length;
};

/* The 8 bytes before the data, with the checksum over both. */
void icmp_build_echo(const struct icmp_echo *echo, uint8_t header[ICMP_HEADER]);

#endif
