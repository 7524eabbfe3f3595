/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * icmp_reply.c: see icmp_reply.h.
 *
 * The bucket of tokens is one time: when it will be full again. Taking a token moves it by 1 ms;
 * there is none left while it lies more than 49 ms ahead.
 */
#include "icmp_reply.h"

#include "ip_address.h"

#define ICMP_TOKEN_NS  (SEC(1) / ICMP_RATE_PER_SECOND)
#define ICMP_TARGET_NS SEC(1)

void icmp_limit_init(struct icmp_limit *limit, const struct siphash_key *key)
{
    *limit = (struct icmp_limit){.key = *key, .full_at = INT64_MIN};
}

/* A place in the table and a tag that tells who holds it; a host that meets another one there
 * takes its place, so that a flood of hosts forgets but never fills up. */
static struct icmp_target *icmp_target_of(struct icmp_limit *limit,
                                          const struct lastack_address *target, uint32_t *tag)
{
    uint64_t words[2], hash;

    words[0] = load64(target->bytes);
    words[1] = load64(target->bytes + 8);
    hash = siphash13_words(&limit->key, words, 2);
    *tag = (uint32_t)(hash >> 32) | 1;
    return &limit->targets[hash % ICMP_TARGETS];
}

bool icmp_limit_take(struct icmp_limit *limit, const struct lastack_address *target, int64_t now)
{
    uint32_t tag;
    struct icmp_target *told = icmp_target_of(limit, target, &tag);
    int64_t full_at = limit->full_at > now ? limit->full_at : now;

    if ((told->tag == tag && now < told->next_at) ||
        full_at - now > ICMP_TOKEN_NS * (ICMP_BURST - 1)) {
        limit->refusals++;
        return false;
    }
    limit->full_at = full_at + ICMP_TOKEN_NS;
    *told = (struct icmp_target){tag, now + ICMP_TARGET_NS};
    return true;
}

/* RFC 4443 §2.4 (e.3): the two errors that path MTU discovery and new options need for groups. */
static bool icmp_may_answer_group(const struct ip_packet *about, const struct icmp_error *error)
{
    if (!about->is_ipv6)
        return false;
    return error->type == ICMPV6_TYPE_TOO_BIG ||
           (error->type == ICMPV6_TYPE_PARAMETER_PROBLEM && error->code == ICMPV6_CODE_OPTION);
}

bool icmp_may_complain(const struct links *links, const struct ip_arrival *arrival,
                       const struct ip_packet *about, const struct icmp_error *error)
{
    bool is_group = arrival->is_group_frame || ip_is_multicast(&about->destination) ||
                    links_is_broadcast(links, &about->destination);

    if (!links_is_one_host(links, &about->source) || icmp_is_error(about))
        return false;
    if (about->is_fragment && about->fragment_offset != 0)
        return false;
    return !is_group || icmp_may_answer_group(about, error);
}

/* The address of ours that answers: the one that was asked, if it is ours alone (RFC 1122 §3.2.2.6,
 * RFC 4443 §2.2). */
static const struct lastack_address *icmp_reply_source(const struct links *links, uint32_t link,
                                                       const struct ip_packet *about)
{
    if (links_is_own(links, &about->destination))
        return &about->destination;
    return links_source(links, link, &about->source);
}

static void icmp_reply_header(struct ip_build *ip, const struct lastack_address *source,
                              const struct ip_packet *about, size_t length)
{
    *ip = (struct ip_build){
        .source = *source,
        .destination = about->source,
        .payload_length = (uint32_t)length,
        .protocol = about->is_ipv6 ? IP_PROTOCOL_ICMPV6 : IP_PROTOCOL_ICMP,
        .ttl = ICMP_REPLY_TTL,
        .dont_fragment = true,
    };
}

size_t icmp_reply_error(struct icmp_limit *limit, const struct links *links,
                        const struct ip_arrival *arrival, const struct ip_packet *about,
                        const struct icmp_error *error, int64_t now, struct ip_build *ip,
                        uint8_t *to, size_t room)
{
    const struct lastack_address *source;
    size_t length;

    if (!icmp_may_complain(links, arrival, about, error))
        return 0;
    source = icmp_reply_source(links, arrival->link, about);
    if (source == NULL || !icmp_limit_take(limit, &about->source, now))
        return 0;
    length = icmp_build_error(error, source, about, to, room);
    icmp_reply_header(ip, source, about, length);
    return length;
}

bool icmp_reply_echo(const struct links *links, const struct ip_arrival *arrival,
                     const struct ip_packet *request, const struct icmp_message *message,
                     struct ip_build *ip, struct icmp_echo *echo)
{
    const struct lastack_address *source = icmp_reply_source(links, arrival->link, request);
    bool is_group =
        ip_is_multicast(&request->destination) || links_is_broadcast(links, &request->destination);

    if (message->kind != ICMP_ECHO_REQUEST || source == NULL ||
        !links_is_one_host(links, &request->source) || (is_group && !request->is_ipv6))
        return false;
    *echo = (struct icmp_echo){
        .source = *source,
        .destination = request->source,
        .is_reply = true,
        .id = message->id,
        .sequence = message->sequence,
        .data = message->body,
        .length = message->body_length,
    };
    icmp_reply_header(ip, source, request, ICMP_HEADER + echo->length);
    ip->traffic_class = request->traffic_class;
    return true;
}
