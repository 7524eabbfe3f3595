/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * icmp_input.c: what ICMP brings: echo requests are answered, errors go to the transport they
 * quote (RFC 9293 §3.9.2.2, RFC 5927), neighbour discovery to the neighbours; and what we have to
 * say ourselves about packets that were dropped.
 */
#include "icmp.h"
#include "nd.h"
#include "core.h"
#include "tcp_header.h"
#include "udp_header.h"

void stack_complain(struct lastack *stack, const struct ip_arrival *arrival,
                    const struct ip_packet *about, const struct icmp_error *error)
{
    struct page_pool *pages = &stack->tcp.pages;
    uint32_t page;
    struct message *message = messages_new(&stack->messages, pages, &page);
    size_t length;

    if (message == NULL)
        return;
    length = icmp_reply_error(&stack->icmp_limit, &stack->links, arrival, about, error, stack->now,
                              &message->ip, message_payload(message), messages_room(pages));
    if (length == 0) {
        messages_drop(&stack->messages, pages, page);
        return;
    }
    message->ip.payload_length = (uint32_t)length;
    messages_append(&stack->messages, pages, page);
}

static void answer_echo(struct lastack *stack, const struct ip_arrival *arrival,
                        const struct ip_packet *packet, const struct icmp_message *request)
{
    struct page_pool *pages = &stack->tcp.pages;
    struct icmp_echo echo;
    struct message *message;
    uint32_t page;
    struct ip_build ip;

    if (!icmp_reply_echo(&stack->links, arrival, packet, request, &ip, &echo) ||
        ICMP_HEADER + echo.length > messages_room(pages)) {
        stack_drop(stack, LASTACK_CAUSE_DROP_NOT_INTERESTING);
        return;
    }
    message = messages_new(&stack->messages, pages, &page);
    if (message == NULL) {
        stack_drop(stack, LASTACK_CAUSE_NO_REPLY_LEFT);
        return;
    }
    message->ip = ip;
    icmp_build_echo(&echo, message_payload(message));
    memcpy(message_payload(message) + ICMP_HEADER, echo.data, echo.length);
    messages_append(&stack->messages, pages, page);
}

/* ---- errors ---- */

struct meaning {
    enum lastack_cause cause;
    int error;    /* what a user would see */
    bool is_hard; /* RFC 1122 §4.2.3.9 */
};

/* By code, as Linux has them. Fragmentation needed never comes here. */
static const int16_t icmp_unreachable_errors[] = {
    LASTACK_ENETUNREACH,  LASTACK_EHOSTUNREACH, LASTACK_ENOPROTOOPT,  LASTACK_ECONNREFUSED,
    LASTACK_EMSGSIZE,     LASTACK_EOPNOTSUPP,   LASTACK_ENETUNREACH,  LASTACK_EHOSTDOWN,
    LASTACK_ENONET,       LASTACK_ENETUNREACH,  LASTACK_EHOSTUNREACH, LASTACK_ENETUNREACH,
    LASTACK_EHOSTUNREACH, LASTACK_EHOSTUNREACH, LASTACK_EHOSTUNREACH, LASTACK_EHOSTUNREACH,
};

/* Likewise; hard where somebody refuses: the port, or a filter (RFC 5461 §2.1; codes 5 and 6 say
 * more precisely what 1 says, RFC 4443 §3.1). A code that nobody knows is Linux's EPROTO, and hard
 * there. */
static struct meaning meaning_of_unreachable_ipv6(const struct icmp_message *message)
{
    static const struct {
        int16_t error;
        bool is_hard;
    } known[] = {
        [ICMPV6_CODE_NO_ROUTE] = {LASTACK_ENETUNREACH, false},
        [ICMPV6_CODE_PROHIBITED] = {LASTACK_EACCES, true},
        [ICMPV6_CODE_SCOPE] = {LASTACK_EHOSTUNREACH, false},
        [ICMPV6_CODE_ADDRESS] = {LASTACK_EHOSTUNREACH, false},
        [ICMPV6_CODE_PORT] = {LASTACK_ECONNREFUSED, true},
        [ICMPV6_CODE_POLICY] = {LASTACK_EACCES, true},
        [ICMPV6_CODE_REJECT] = {LASTACK_EACCES, true},
    };
    struct meaning meaning = {LASTACK_CAUSE_ICMP_UNREACHABLE, LASTACK_EPROTO, true};

    if (message->code < sizeof known / sizeof known[0]) {
        meaning.error = known[message->code].error;
        meaning.is_hard = known[message->code].is_hard;
    }
    return meaning;
}

static struct meaning meaning_of_unreachable(const struct icmp_message *message)
{
    struct meaning meaning = {LASTACK_CAUSE_ICMP_UNREACHABLE, LASTACK_EHOSTUNREACH, false};

    if (message->is_ipv6)
        return meaning_of_unreachable_ipv6(message);
    if (message->code >= sizeof icmp_unreachable_errors / sizeof icmp_unreachable_errors[0])
        return (struct meaning){LASTACK_CAUSE_NONE, 0, false};
    meaning.error = icmp_unreachable_errors[message->code];
    meaning.is_hard = message->code == ICMP_CODE_PROTOCOL || message->code == ICMP_CODE_PORT;
    return meaning;
}

/* BSD knows two answers: it is away, or somebody said no. */
static int bsd_error_of(const struct icmp_message *message, int error)
{
    if (message->kind == ICMP_PARAMETER_PROBLEM)
        return message->is_ipv6 && message->code == ICMPV6_CODE_NEXT_HEADER ? LASTACK_ECONNREFUSED
                                                                            : LASTACK_ENOPROTOOPT;
    if (message->kind != ICMP_UNREACHABLE)
        return error;
    if (message->is_ipv6)
        return message->code == ICMPV6_CODE_PORT || error == LASTACK_EACCES ? LASTACK_ECONNREFUSED
                                                                            : LASTACK_EHOSTUNREACH;
    switch (message->code) {
    case ICMP_CODE_PROTOCOL:
    case ICMP_CODE_PORT:
    case ICMP_CODE_NET_PROHIBITED:
    case ICMP_CODE_HOST_PROHIBITED:
    case ICMP_CODE_FILTER_PROHIBITED:
        return LASTACK_ECONNREFUSED;
    default:
        return LASTACK_EHOSTUNREACH;
    }
}

static struct meaning meaning_of(const struct icmp_message *message)
{
    switch (message->kind) {
    case ICMP_UNREACHABLE:
        return meaning_of_unreachable(message);
    case ICMP_TOO_BIG:
        return (struct meaning){LASTACK_CAUSE_ICMP_TOO_BIG, LASTACK_EMSGSIZE, false};
    case ICMP_TIME_EXCEEDED:
        return (struct meaning){LASTACK_CAUSE_ICMP_TIME_EXCEEDED, LASTACK_EHOSTUNREACH, false};
    case ICMP_PARAMETER_PROBLEM:
        return (struct meaning){LASTACK_CAUSE_ICMP_PARAMETER_PROBLEM, LASTACK_EPROTO, false};
    case ICMP_OTHER:
    case ICMP_ECHO_REQUEST:
    case ICMP_ECHO_REPLY:
    case ICMP_SOURCE_QUENCH: /* RFC 6633: ignored */
    case ICMP_REDIRECT:
    case ICMP_UNKNOWN_ERROR:
    case ICMP_NEIGHBOR:
        break;
    }
    return (struct meaning){LASTACK_CAUSE_NONE, 0, false};
}

/* The error is about a segment of ours: its quote runs from us to the peer. */
static void error_to_tcp(struct lastack *stack, const struct icmp_message *message,
                         struct meaning meaning)
{
    const struct ip_packet *quote = &message->quote;
    struct tuple tuple = {.local = quote->source, .remote = quote->destination};
    const struct ip_route *route;
    struct seq seq;

    if (!tcp_parse_quoted(quote->payload, quote->payload_length, &tuple.local_port,
                          &tuple.remote_port, &seq)) {
        stack_drop(stack, LASTACK_CAUSE_DROP_ICMP);
        return;
    }
    if (meaning.cause == LASTACK_CAUSE_ICMP_TOO_BIG) {
        if (!stack->tcp.params.path_mtu_discovery || !tcp_is_in_flight(&stack->tcp, &tuple, seq) ||
            (route = stack_route(stack, &tuple.remote)) == NULL) {
            report_count(stack_report(stack), LASTACK_CAUSE_ICMP_STALE);
            return;
        }
        /* news or not: it may be news to this connection; the others see it when they send */
        if (path_too_big(&stack->paths, &tuple.remote, message->mtu, (uint32_t)quote->packet_length,
                         route->mtu, stack->now))
            stack->tcp.path_changes++;
    }
    tcp_unreachable(&stack->tcp, &tuple, seq, meaning.cause, meaning.is_hard, meaning.error);
}

static void take_icmp_error(struct lastack *stack, const struct icmp_message *message)
{
    struct meaning meaning = meaning_of(message);

    if (meaning.cause == LASTACK_CAUSE_NONE || !message->has_quote) {
        stack_drop(stack, LASTACK_CAUSE_DROP_NOT_INTERESTING);
        return;
    }
    if (stack->tcp.params.icmp_errors == LASTACK_ICMP_ERRORS_BSD)
        meaning.error = bsd_error_of(message, meaning.error);
    if (message->quote.protocol == IP_PROTOCOL_TCP)
        error_to_tcp(stack, message, meaning);
    else if (message->quote.protocol == IP_PROTOCOL_UDP && stack->udp_unreachable != NULL)
        stack->udp_unreachable(stack, &message->quote, meaning.error);
    else
        stack_drop(stack, LASTACK_CAUSE_DROP_NOT_INTERESTING);
}

static void take_neighbor(struct lastack *stack, const struct ip_arrival *arrival, bool is_trusted,
                          const struct ip_packet *packet)
{
    struct nd_message message;
    enum lastack_cause cause;

    if (link_at(&stack->links, arrival->link)->config.kind != LASTACK_LINK_ETHERNET) {
        stack_drop(stack, LASTACK_CAUSE_DROP_NOT_INTERESTING);
        return;
    }
    cause = nd_parse(packet, is_trusted, &message);
    if (cause == LASTACK_CAUSE_NONE)
        cause = neighbor_nd_arrives(&stack->neighbors, &stack->links, stack->now, arrival->link,
                                    packet, &message);
    if (cause != LASTACK_CAUSE_NONE)
        stack_drop(stack, cause);
}

NOINLINE void icmp_arrives(struct lastack *stack, const struct ip_arrival *arrival,
                           const struct ip_packet *packet, bool is_trusted)
{
    struct icmp_message message;
    const enum lastack_cause cause = icmp_parse(packet, is_trusted, &message);

    if (cause != LASTACK_CAUSE_NONE) {
        stack_drop(stack, cause);
        return;
    }
    switch (message.kind) {
    case ICMP_ECHO_REQUEST:
        answer_echo(stack, arrival, packet, &message);
        return;
    case ICMP_NEIGHBOR:
        take_neighbor(stack, arrival, is_trusted, packet);
        return;
    case ICMP_UNREACHABLE:
    case ICMP_TOO_BIG:
    case ICMP_TIME_EXCEEDED:
    case ICMP_PARAMETER_PROBLEM:
        take_icmp_error(stack, &message);
        return;
    case ICMP_OTHER:
    case ICMP_ECHO_REPLY:
    case ICMP_SOURCE_QUENCH:
    case ICMP_REDIRECT:
    case ICMP_UNKNOWN_ERROR:
        stack_drop(stack, LASTACK_CAUSE_DROP_NOT_INTERESTING);
        return;
    }
}
