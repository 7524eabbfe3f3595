/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * ip_input.c: see ip_input.h.
 *
 * Source first, destination second, protocol last: what cannot have come from anybody is not worth
 * a second look, and nobody is told about it.
 */
#include "ip_input.h"

#include "ip_address.h"

static struct ip_verdict ip_drop(enum lastack_cause cause)
{
    return (struct ip_verdict){.action = IP_DROP, .cause = cause};
}

static struct ip_verdict ip_drop_and_tell(enum lastack_cause cause, uint8_t type, uint8_t code,
                                          uint32_t value)
{
    return (struct ip_verdict){
        .action = IP_DROP, .cause = cause, .has_error = true, .error = {type, code, value}};
}

/* What ip_parse refused: silently, or with a parameter problem. */
static struct ip_verdict ip_refused(enum lastack_cause cause, const struct ip_packet *packet)
{
    uint8_t type = packet->is_ipv6 ? ICMPV6_TYPE_PARAMETER_PROBLEM : ICMP_TYPE_PARAMETER_PROBLEM;
    struct ip_verdict verdict;

    if (packet->problem == IP_PROBLEM_SILENT ||
        (packet->problem == IP_PROBLEM_ANSWER_UNICAST && ip_is_multicast(&packet->destination)))
        return ip_drop(cause);
    verdict = ip_drop_and_tell(cause, type, packet->problem_code, packet->problem_pointer);
    verdict.is_group = ip_is_multicast(&packet->destination);
    return verdict;
}

/* One of our addresses, or the broadcast address of one of our prefixes. */
static NOINLINE bool ip_is_our_source(const struct links *links, uint32_t link,
                                      const struct lastack_address *source)
{
    const bool is_outside = link != LINK_LOOPBACK;

    return (is_outside && links_own(links, source) != NULL) || links_is_broadcast(links, source);
}

static bool ip_is_impossible_ipv6_source(uint32_t link, const struct ip_packet *packet)
{
    const struct lastack_address *source = &packet->source;

    if (source->bytes[0] >= 0x20 && source->bytes[0] < 0xff)
        return false; /* nearly all there are */
    if (ip_is_unspecified(source))
        return packet->protocol != IP_PROTOCOL_ICMPV6;
    return ip_is_multicast(source) || (ip_is_loopback(source) && link != LINK_LOOPBACK);
}

/* RFC 1122 §3.2.1.3: addresses that no packet on a wire can have come from: nobody's (0/8), a
 * group's (224/4), class E and the broadcast (240/4). Our own address as the source of what arrives
 * from outside is a lie as well (the attack called LAND). The unspecified address of IPv6 asks
 * whether an address is free: for nd.h to judge. */
static bool ip_is_impossible_source(const struct links *links, uint32_t link,
                                    const struct ip_packet *packet)
{
    const uint8_t first = packet->source.bytes[12]; /* of an IPv4 address */

    if (links_hint_at(links, &packet->source) && ip_is_our_source(links, link, &packet->source))
        return true;
    if (packet->is_ipv6)
        return ip_is_impossible_ipv6_source(link, packet);
    return first == 0 || first >= 224 || (first == 127 && link != LINK_LOOPBACK);
}

enum ip_destination { IP_TO_US, IP_TO_GROUP, IP_TO_OTHERS };

/* Loopback addresses never arrive on a wire (RFC 1122 §3.2.1.3 g). */
static NOINLINE enum ip_destination ip_rare_destination(const struct links *links, uint32_t link,
                                                        const struct lastack_address *destination)
{
    if (ip_is_loopback(destination))
        return link == LINK_LOOPBACK ? IP_TO_US : IP_TO_OTHERS;
    if (links_is_own(links, destination))
        return IP_TO_US;
    if (ip_is_multicast(destination))
        return links_is_joined(links, link, destination) ? IP_TO_GROUP : IP_TO_OTHERS;
    return links_is_broadcast(links, destination) ? IP_TO_GROUP : IP_TO_OTHERS;
}

/* Most packets are to an address of ours on a link; that is asked first. */
static enum ip_destination ip_destination_of(const struct links *links, uint32_t link,
                                             const struct lastack_address *destination)
{
    const struct ip_own_address *own = links_own(links, destination);

    return LIKELY(own != NULL && own->link != LINK_LOOPBACK)
               ? IP_TO_US
               : ip_rare_destination(links, link, destination);
}

/* The protocols that live here; of the others the sender is told (RFC 1122 §3.2.2.1, RFC 8200 §4).
 * */
static struct ip_verdict ip_choose_protocol(const struct ip_packet *packet, bool is_group)
{
    struct ip_verdict verdict = {.action = IP_DELIVER, .is_group = is_group};

    if (packet->protocol == IP_PROTOCOL_TCP)
        return is_group ? ip_drop(LASTACK_CAUSE_DROP_TCP_ADDRESS) : verdict;
    if (packet->protocol == IP_PROTOCOL_UDP ||
        packet->protocol == (packet->is_ipv6 ? IP_PROTOCOL_ICMPV6 : IP_PROTOCOL_ICMP))
        return verdict;
    if (packet->is_ipv6 && packet->protocol == IP_PROTOCOL_NONE)
        return ip_drop(LASTACK_CAUSE_DROP_NOT_INTERESTING);
    if (packet->is_ipv6)
        verdict = ip_drop_and_tell(LASTACK_CAUSE_DROP_NO_PROTOCOL, ICMPV6_TYPE_PARAMETER_PROBLEM,
                                   ICMPV6_CODE_NEXT_HEADER, packet->next_header_offset);
    else
        verdict = ip_drop_and_tell(LASTACK_CAUSE_DROP_NO_PROTOCOL, ICMP_TYPE_UNREACHABLE,
                                   ICMP_CODE_PROTOCOL, 0);
    verdict.is_group = is_group;
    return verdict;
}

/* Did ip_parse, refusing a packet, get as far as the addresses? */
static bool ip_has_addresses(enum lastack_cause refused)
{
    return refused == LASTACK_CAUSE_DROP_IP_OPTION || refused == LASTACK_CAUSE_DROP_SOURCE_ROUTE ||
           refused == LASTACK_CAUSE_DROP_FRAGMENT;
}

struct ip_verdict ip_input(const struct links *links, const struct ip_arrival *arrival,
                           enum lastack_cause parsed, const struct ip_packet *packet)
{
    enum ip_destination to;

    if (parsed != LASTACK_CAUSE_NONE && !ip_has_addresses(parsed))
        return ip_drop(parsed);
    if (ip_is_impossible_source(links, arrival->link, packet))
        return ip_drop(LASTACK_CAUSE_DROP_BAD_SOURCE);
    to = ip_destination_of(links, arrival->link, &packet->destination);
    if (to == IP_TO_OTHERS)
        return ip_drop(LASTACK_CAUSE_DROP_NOT_OURS);
    if (arrival->is_group_frame && to != IP_TO_GROUP) /* RFC 1122 §3.3.6 */
        return ip_drop(LASTACK_CAUSE_DROP_ETHERNET);
    if (parsed != LASTACK_CAUSE_NONE)
        return ip_refused(parsed, packet);
    if (packet->is_fragment)
        return (struct ip_verdict){.action = IP_REASSEMBLE, .is_group = to == IP_TO_GROUP};
    return ip_choose_protocol(packet, to == IP_TO_GROUP);
}
