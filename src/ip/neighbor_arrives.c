/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * neighbor_arrives.c: what others say about themselves and ask about us.
 *
 *     ARP:  RFC 826 "Packet Reception": an entry that exists is updated whoever was asked; a new
 *           one is made only for somebody who asks for us.
 *     ND:   RFC 4861 §7.2.3 (solicitations), §7.2.5 (advertisements, table of appendix C).
 */
#include "neighbor_table.h"

#include "ip_address.h"

/* An answer to be sent; if there is no room the other side will ask again. */
static void neighbor_queue_answer(struct neighbors *neighbors,
                                  const struct neighbor_message *answer)
{
    uint32_t at = (neighbors->answer_first + neighbors->answer_count) % NEIGHBOR_ANSWERS;

    if (neighbors->answer_count == NEIGHBOR_ANSWERS) {
        neighbors->answers_refused++;
        return;
    }
    neighbors->answers[at] = *answer;
    neighbors->answer_count++;
}

/* Somebody spoke and told his hardware address without being asked: worth knowing, not worth
 * trusting (RFC 4861 §7.2.3). POOL_NONE if he is unknown and stays so. */
static uint32_t neighbor_learn(struct neighbors *neighbors, int64_t now, uint32_t link,
                               const struct lastack_address *address, const uint8_t mac[MAC_BYTES],
                               bool may_make)
{
    uint32_t index = neighbor_index(neighbors, link, address);
    struct neighbor *neighbor;

    if (index == POOL_NONE) {
        if (!may_make)
            return POOL_NONE;
        index = neighbor_make(neighbors, link, address, NEIGHBOR_STALE);
        if (index == POOL_NONE)
            return POOL_NONE;
        memcpy(neighbor_at(neighbors, index)->mac, mac, MAC_BYTES);
        neighbor_enter(neighbors, index, NEIGHBOR_STALE, now);
        return index;
    }
    neighbor = neighbor_at(neighbors, index);
    if (neighbor->state == NEIGHBOR_INCOMPLETE || neighbor->state == NEIGHBOR_FAILED ||
        memcmp(neighbor->mac, mac, MAC_BYTES) != 0) {
        memcpy(neighbor->mac, mac, MAC_BYTES);
        neighbor_enter(neighbors, index, NEIGHBOR_STALE, now);
    }
    return index;
}

/* ---- ARP ---- */

static void neighbor_answer_arp(struct neighbors *neighbors, uint32_t link,
                                const struct arp_packet *arp)
{
    struct neighbor_message answer = {
        .link = link,
        .is_answer = true,
        .source = arp->target,
        .destination = arp->sender,
        .target = arp->target,
    };

    memcpy(answer.mac_to, arp->sender_mac, MAC_BYTES);
    neighbor_queue_answer(neighbors, &answer);
}

/* Did we ask him? A reply to us, about somebody whom we are asking or have asked. */
static bool neighbor_is_awaited(const struct links *links, uint32_t link,
                                const struct arp_packet *arp)
{
    return arp->operation == ARP_REPLY && links_is_own_on(links, link, &arp->target) &&
           memcmp(arp->target_mac, link_at(links, link)->config.mac, MAC_BYTES) == 0;
}

enum lastack_cause neighbor_arp_arrives(struct neighbors *neighbors, const struct links *links,
                                        int64_t now, uint32_t link, const struct arp_packet *arp)
{
    bool is_for_us = links_is_own_on(links, link, &arp->target);
    bool is_request = arp->operation == ARP_REQUEST;
    uint32_t index = POOL_NONE;

    if (links_is_own(links, &arp->sender)) /* somebody else claims our address (RFC 5227 §2.4) */
        return LASTACK_CAUSE_DROP_NEIGHBOR;
    if (!ip_is_unspecified(&arp->sender)) /* a probe says nothing about its sender */
        index = neighbor_learn(neighbors, now, link, &arp->sender, arp->sender_mac,
                               is_for_us && is_request);
    if (index != POOL_NONE && neighbor_is_awaited(links, link, arp))
        neighbor_enter(neighbors, index, NEIGHBOR_REACHABLE, now);
    if (is_for_us && is_request)
        neighbor_answer_arp(neighbors, link, arp);
    else if (index == POOL_NONE)
        return LASTACK_CAUSE_DROP_NOT_INTERESTING;
    return LASTACK_CAUSE_NONE;
}

/* ---- neighbour discovery ---- */

/* RFC 4861 §7.2.4; to somebody without an address yet: to all nodes, unsolicited. */
static void neighbor_answer_nd(struct neighbors *neighbors, uint32_t link,
                               const struct ip_packet *packet, const struct nd_message *message)
{
    bool is_probe = ip_is_unspecified(&packet->source);
    struct neighbor_message answer = {
        .link = link,
        .is_answer = true,
        .is_solicited = !is_probe,
        .source = message->target,
        .destination = is_probe ? nd_all_nodes() : packet->source,
        .target = message->target,
    };
    uint32_t index = is_probe ? POOL_NONE : neighbor_index(neighbors, link, &packet->source);

    if (is_probe)
        (void)mac_of_group(&answer.destination, answer.mac_to);
    else if (message->has_mac)
        memcpy(answer.mac_to, message->mac, MAC_BYTES);
    else if (index != POOL_NONE && neighbor_at(neighbors, index)->state != NEIGHBOR_INCOMPLETE &&
             neighbor_at(neighbors, index)->state != NEIGHBOR_FAILED)
        memcpy(answer.mac_to, neighbor_at(neighbors, index)->mac, MAC_BYTES);
    else
        return; /* a unicast solicitation (§4.3) of somebody we know nothing about */
    neighbor_queue_answer(neighbors, &answer);
}

static enum lastack_cause neighbor_solicitation(struct neighbors *neighbors,
                                                const struct links *links, int64_t now,
                                                uint32_t link, const struct ip_packet *packet,
                                                const struct nd_message *message)
{
    if (!links_is_own_on(links, link, &message->target))
        return LASTACK_CAUSE_DROP_NOT_INTERESTING;
    if (message->has_mac)
        (void)neighbor_learn(neighbors, now, link, &packet->source, message->mac, true);
    neighbor_answer_nd(neighbors, link, packet, message);
    return LASTACK_CAUSE_NONE;
}

/* The table of RFC 4861 appendix C for an entry with a known address. */
static void neighbor_known_advertises(struct neighbors *neighbors, int64_t now, uint32_t index,
                                      const struct nd_message *message)
{
    struct neighbor *neighbor = neighbor_at(neighbors, index);
    bool differs = message->has_mac && memcmp(neighbor->mac, message->mac, MAC_BYTES) != 0;

    if (differs && !message->is_override) {
        if (neighbor->state == NEIGHBOR_REACHABLE)
            neighbor_enter(neighbors, index, NEIGHBOR_STALE, now);
        return;
    }
    if (differs)
        memcpy(neighbor->mac, message->mac, MAC_BYTES);
    if (message->is_solicited)
        neighbor_enter(neighbors, index, NEIGHBOR_REACHABLE, now);
    else if (differs)
        neighbor_enter(neighbors, index, NEIGHBOR_STALE, now);
}

static enum lastack_cause neighbor_advertisement(struct neighbors *neighbors,
                                                 const struct links *links, int64_t now,
                                                 uint32_t link, const struct nd_message *message)
{
    uint32_t index = neighbor_index(neighbors, link, &message->target);
    struct neighbor *neighbor;

    if (links_is_own(links, &message->target))
        return LASTACK_CAUSE_DROP_NEIGHBOR;
    if (index == POOL_NONE)
        return LASTACK_CAUSE_DROP_NOT_INTERESTING; /* never makes an entry */
    neighbor = neighbor_at(neighbors, index);
    if (neighbor->state != NEIGHBOR_INCOMPLETE && neighbor->state != NEIGHBOR_FAILED) {
        neighbor_known_advertises(neighbors, now, index, message);
        return LASTACK_CAUSE_NONE;
    }
    if (!message->has_mac)
        return LASTACK_CAUSE_DROP_NOT_INTERESTING;
    memcpy(neighbor->mac, message->mac, MAC_BYTES);
    neighbor_enter(neighbors, index, message->is_solicited ? NEIGHBOR_REACHABLE : NEIGHBOR_STALE,
                   now);
    return LASTACK_CAUSE_NONE;
}

enum lastack_cause neighbor_nd_arrives(struct neighbors *neighbors, const struct links *links,
                                       int64_t now, uint32_t link, const struct ip_packet *packet,
                                       const struct nd_message *message)
{
    if (message->kind == ND_SOLICITATION)
        return neighbor_solicitation(neighbors, links, now, link, packet, message);
    return neighbor_advertisement(neighbors, links, now, link, message);
}
