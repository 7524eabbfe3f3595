/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * neighbor_message.c: the frames of address resolution, ours and our answers.
 *
 *     question of ARP: broadcast while nothing is known, to the hardware address when probing
 *              of ND:  to the solicited-node multicast, or to the neighbour itself
 */
#include "neighbor_table.h"

#include "ip_address.h"
#include "ip_header.h"

static void neighbor_question_to_all(const struct neighbor *neighbor,
                                     struct neighbor_message *message)
{
    if (ip_is_ipv4(&neighbor->address)) {
        memcpy(message->mac_to, mac_broadcast, MAC_BYTES);
        return;
    }
    message->destination = nd_solicited_node(&neighbor->address);
    (void)mac_of_group(&message->destination, message->mac_to);
}

static bool neighbor_question(const struct neighbors *neighbors, const struct links *links,
                              uint32_t index, struct neighbor_message *message)
{
    const struct neighbor *neighbor = neighbor_at(neighbors, index);
    const struct lastack_address *source = links_source(links, neighbor->link, &neighbor->address);

    if (source == NULL)
        return false;
    *message = (struct neighbor_message){
        .link = neighbor->link,
        .source = *source,
        .destination = neighbor->address,
        .target = neighbor->address,
    };
    if (neighbor->state == NEIGHBOR_PROBE)
        memcpy(message->mac_to, neighbor->mac, MAC_BYTES);
    else
        neighbor_question_to_all(neighbor, message);
    return true;
}

bool neighbor_next_message(struct neighbors *neighbors, const struct links *links,
                           struct neighbor_message *message)
{
    if (neighbors->answer_count > 0) {
        *message = neighbors->answers[neighbors->answer_first];
        neighbors->answer_first = (neighbors->answer_first + 1) % NEIGHBOR_ANSWERS;
        neighbors->answer_count--;
        return true;
    }
    while (neighbors->due.count > 0) {
        uint32_t index = neighbors->due.oldest;

        age_list_remove(&neighbors->due, index);
        neighbor_at(neighbors, index)->is_due = false;
        if (neighbor_question(neighbors, links, index, message))
            return true;
    }
    return false;
}

static unsigned neighbor_build_arp(const struct neighbor_message *message,
                                   const uint8_t mac[MAC_BYTES], uint8_t *to)
{
    struct arp_packet arp = {
        .operation = message->is_answer ? ARP_REPLY : ARP_REQUEST,
        .sender = message->source,
        .target = message->is_answer ? message->destination : message->target,
    };

    memcpy(arp.sender_mac, mac, MAC_BYTES);
    if (message->is_answer)
        memcpy(arp.target_mac, message->mac_to, MAC_BYTES);
    arp_build(&arp, to);
    return ARP_LENGTH;
}

static unsigned neighbor_build_nd(const struct neighbor_message *message,
                                  const uint8_t mac[MAC_BYTES], uint8_t *to)
{
    struct nd_message nd = {
        .kind = message->is_answer ? ND_ADVERTISEMENT : ND_SOLICITATION,
        .is_solicited = message->is_solicited,
        .is_override = message->is_answer,
        .has_mac = true,
        .target = message->target,
    };
    struct ip_build ip = {
        .source = message->source,
        .destination = message->destination,
        .protocol = IP_PROTOCOL_ICMPV6,
        .ttl = ND_HOP_LIMIT,
    };

    memcpy(nd.mac, mac, MAC_BYTES);
    ip.payload_length = nd_build(&nd, &ip.source, &ip.destination, to + IPV6_HEADER);
    return ip_build(&ip, to) + ip.payload_length;
}

unsigned neighbor_build(const struct neighbor_message *message, const struct links *links,
                        uint8_t frame[NEIGHBOR_FRAME_MAX])
{
    const uint8_t *mac = link_at(links, message->link)->config.mac;
    bool is_ipv4 = ip_is_ipv4(&message->target);

    ethernet_build(message->mac_to, mac, is_ipv4 ? ETHERNET_TYPE_ARP : ETHERNET_TYPE_IPV6, frame);
    if (is_ipv4)
        return ETHERNET_HEADER + neighbor_build_arp(message, mac, frame + ETHERNET_HEADER);
    return ETHERNET_HEADER + neighbor_build_nd(message, mac, frame + ETHERNET_HEADER);
}
