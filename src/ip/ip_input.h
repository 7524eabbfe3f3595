/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * ip_input.h: is this packet for us, and for which of our protocols? RFC 1122 §3.2.1.3, §3.2.1.7,
 * RFC 8200 §3, RFC 4443 §2.4; RFC 9293 MUST-57, MUST-63.
 *
 * Order of calls for what arrives on a link:
 *
 *     ethernet_parse ──▶ ARP ──▶ neighbor_arp_arrives                      (Ethernet links only)
 *         │
 *         ▼
 *     cause   = ip_parse(...)
 *     verdict = ip_input(links, &arrival, cause, &packet)
 *         IP_DELIVER      packet.protocol is TCP, UDP, ICMP (of its family) and goes there;
 *                         of neighbour discovery: nd_parse, neighbor_nd_arrives
 *         IP_REASSEMBLE   reassembly_take; when a packet is whole: ip_parse and ip_input again
 *         IP_DROP         count verdict.cause; if verdict.has_error: icmp_reply_error
 *
 * Nothing is kept: one packet, one answer.
 */
#ifndef LASTACK_IP_INPUT_H
#define LASTACK_IP_INPUT_H

#include "icmp.h"
#include "links.h"
#include "packet_parse.h"

enum ip_action { IP_DELIVER, IP_REASSEMBLE, IP_DROP };

struct ip_arrival {
    uint32_t link;
    bool is_group_frame; /* the frame around it was sent to a multicast or the broadcast */
};

struct ip_verdict {
    enum ip_action action;
    enum lastack_cause cause; /* of a drop; NONE otherwise */
    bool is_group;            /* destination is a multicast or a broadcast: never for TCP */
    bool has_error;           /* of a drop: the sender may be told (icmp_reply.h decides) */
    struct icmp_error error;
};

/* `parsed` is what ip_parse answered; after a refusal `packet` is as ip_parse left it. */
struct ip_verdict ip_input(const struct links *links, const struct ip_arrival *arrival,
                           enum lastack_cause parsed, const struct ip_packet *packet);

#endif
