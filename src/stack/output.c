/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * output.c: what leaves, from segments and messages to packets.
 *
 *     neighbours' questions and answers, then replies, messages, and the links in turn, each
 *     link's connections in turn
 *
 * A link that is full or down is skipped: its connections stay queued and their timers go on, so
 * what falls due meanwhile leaves when the link is ready again, built from the pages at that
 * moment. The same holds for a neighbour who does not answer yet: who waits for him is parked, and
 * asks again when the neighbours have changed. Replies and messages wait for a link that is full,
 * and are lost with one that is down.
 *
 * Who puts packets out is given the next place for one and the end of the caller's array, and
 * answers where the next one goes.
 */
#include "checksum.h"
#include "core.h"
#include "ethernet.h"
#include "tcp_header.h"

enum { OUTPUT_ROUNDS = 1024 };

static bool is_ready(const struct ip_link *link)
{
    return link->is_up && !link->is_full;
}

/* ---- the link's own header ---- */

static void start_packet(struct lastack_packet_out *packet, uint32_t link)
{
    packet->link = link;
    packet->ip_offset = 0;
}

static bool has_neighbors(const struct ip_link *link)
{
    return link->config.kind == LASTACK_LINK_ETHERNET;
}

/* The answer of the neighbour whom an Ethernet header is for. */
static NOINLINE enum resolve_answer add_link_header(struct lastack *stack,
                                                    const struct ip_route *route,
                                                    struct lastack_packet_out *packet)
{
    const struct ip_link *link = link_at(&stack->links, route->link);
    uint8_t mac[MAC_BYTES];
    enum resolve_answer answer;

    answer = neighbor_resolve(&stack->neighbors, &stack->links, stack->now, route->link,
                              &route->next_hop, mac);
    if (answer != RESOLVE_READY)
        return answer;
    ethernet_build(mac, link->config.mac, ethernet_type_of(&route->next_hop), packet->header);
    packet->ip_offset = ETHERNET_HEADER;
    return RESOLVE_READY;
}

/* Begins a packet along that route, with the link's own header if it has one. */
static inline enum resolve_answer start_along(struct lastack *stack, const struct ip_link *link,
                                              const struct ip_route *route,
                                              struct lastack_packet_out *packet)
{
    start_packet(packet, route->link);
    return has_neighbors(link) ? add_link_header(stack, route, packet) : RESOLVE_READY;
}

/* ---- segments ---- */

/* Text by reference: iov[1..]; its sum too if the link leaves that to us. */
static uint16_t add_text(const struct lastack *stack, const struct tcp_out *out, bool sums,
                         struct lastack_packet_out *packet)
{
    size_t offset = 0;
    uint64_t sum = 0;
    unsigned count;

    count = stream_iovec(out->text, &stack->tcp.pages, tcp_out_text_seq(out), out->seg.text_length,
                         packet->iov + 1, LASTACK_IOV_MAX - 1);
    packet->iov_count = (uint16_t)(1 + count);
    for (unsigned i = 1; i <= count; i++) {
        if (sums)
            sum = checksum_native_at(sum, packet->iov[i].base, packet->iov[i].length, offset);
        offset += packet->iov[i].length;
    }
    CHECK(offset == out->seg.text_length);
    return network16(checksum_narrow(sum));
}

/* The IP header in front of `payload` bytes of TCP. */
static void build_ip(struct lastack *stack, const struct tcp_out *out, uint32_t payload,
                     bool is_ipv4, uint64_t addresses, uint8_t *header)
{
    const struct segment *seg = &out->seg;
    const uint8_t ttl = out->ttl != 0 ? out->ttl : stack->tcp.params.ttl;

    if (is_ipv4) {
        const bool is_whole = stack->tcp.params.path_mtu_discovery;
        const struct ipv4_words words = {
            .length = payload + IPV4_HEADER,
            .id_fragment = is_whole ? IPV4_DONT_FRAGMENT : (uint32_t)stack->ip_id++ << 16,
            .ttl = ttl,
            .protocol = IP_PROTOCOL_TCP,
            .traffic_class = out->tos,
        };

        ipv4_write(header, &seg->tuple.local, &seg->tuple.remote, addresses, &words);
        return;
    }
    (void)ip_build(&(struct ip_build){.source = seg->tuple.local,
                                      .destination = seg->tuple.remote,
                                      .payload_length = payload,
                                      .protocol = IP_PROTOCOL_TCP,
                                      .ttl = ttl,
                                      .traffic_class = out->tos},
                   header);
}

/* IP and TCP headers behind the link's, and the text. */
static void build_segment(struct lastack *stack, const struct ip_link *link,
                          const struct tcp_out *out, struct lastack_packet_out *packet)
{
    const struct segment *seg = &out->seg;
    const bool is_ipv4 = ip_is_ipv4(&seg->tuple.remote), is_partial = link->config.checksum_out;
    const uint64_t addresses = checksum_addresses(&seg->tuple.local, &seg->tuple.remote, is_ipv4);
    const unsigned ip_offset = packet->ip_offset;
    const unsigned tcp_offset = ip_offset + (is_ipv4 ? IPV4_HEADER : IPV6_HEADER);
    uint8_t *tcp_header = packet->header + tcp_offset;
    uint64_t sum = 0;
    const unsigned tcp_length =
        tcp_build_summed(seg, stack->tcp.params.option_order, tcp_header, &sum);
    const unsigned header_length = tcp_offset + tcp_length;
    const uint32_t payload = tcp_length + seg->text_length;

    build_ip(stack, out, payload, is_ipv4, addresses, packet->header + ip_offset);
    packet->flags = is_partial ? LASTACK_CHECKSUM_PARTIAL : 0;
    packet->gso_size = (uint16_t)out->gso_size;
    packet->header_length = (uint16_t)header_length;
    packet->checksum_start = (uint16_t)tcp_offset;
    packet->checksum_offset = TCP_CHECKSUM_OFFSET;
    packet->iov_count = 1;
    packet->length = header_length + seg->text_length;
    packet->iov[0] = (struct lastack_iovec){packet->header, header_length};
    if (seg->text_length > 0)
        sum += add_text(stack, out, !is_partial, packet);
    if (is_partial) /* the link adds what the pseudo-header does not hold */
        store16(tcp_header + TCP_CHECKSUM_OFFSET,
                checksum_narrow(addresses + payload + IP_PROTOCOL_TCP));
    else
        store16(tcp_header + TCP_CHECKSUM_OFFSET,
                (uint16_t)~checksum_narrow(sum + addresses + payload + IP_PROTOCOL_TCP));
}

/* ---- replies ---- */

/* Where a reply goes: it has no connection that would know. */
static bool output_reply(struct lastack *stack, const struct tcp_out *out,
                         struct lastack_packet_out *packet)
{
    const struct ip_route *route = stack_route(stack, &out->seg.tuple.remote);
    const struct ip_link *link;

    if (route == NULL) {
        stack_drop(stack, LASTACK_CAUSE_NO_ROUTE);
        return false;
    }
    if (route->link == LINK_LOOPBACK) {
        loopback_deliver(stack, out);
        return false;
    }
    link = link_at(&stack->links, route->link);
    if (!link->is_up) { /* who knows for how long: it must not take the place of others */
        stack_drop(stack, LASTACK_CAUSE_LINK_DOWN);
        return false;
    }
    if (link->is_full) {
        tcp_reply_later(&stack->tcp);
        return false;
    }
    switch (start_along(stack, link, route, packet)) {
    case RESOLVE_READY:
        build_segment(stack, link, out, packet);
        return true;
    case RESOLVE_WAIT:
        tcp_reply_later(&stack->tcp);
        return false;
    case RESOLVE_FAILED:
        stack_drop(stack, LASTACK_CAUSE_NEIGHBOR_UNRESOLVED);
        return false;
    }
    return false;
}

static NOINLINE struct lastack_packet_out *output_replies(struct lastack *stack,
                                                          struct lastack_packet_out *packet,
                                                          const struct lastack_packet_out *end)
{
    /* each at most once: who must wait goes to the end */
    uint32_t left = stack->tcp.replies.pool.used;
    struct tcp_out out;

    while (packet < end && left-- > 0 && tcp_next_reply(&stack->tcp, &out))
        packet += output_reply(stack, &out, packet);
    return packet;
}

/* ---- messages: ICMP, UDP ---- */

/* Its transport's checksum is finished here unless the link does it. */
static void build_message(struct message *message, struct lastack_packet_out *packet)
{
    const unsigned ip_length = ip_build(&message->ip, packet->header + packet->ip_offset);

    packet->flags = 0;
    packet->gso_size = 0;
    packet->header_length = (uint16_t)(packet->ip_offset + ip_length);
    packet->checksum_start = packet->checksum_offset = 0;
    packet->iov_count = 2;
    packet->iov[0] = (struct lastack_iovec){packet->header, packet->header_length};
    packet->iov[1] = (struct lastack_iovec){message_payload(message), message->ip.payload_length};
    packet->length = packet->header_length + message->ip.payload_length;
}

enum sent { SENT, SENT_LATER, SENT_NEVER };

static enum sent output_message(struct lastack *stack, struct message *message,
                                struct lastack_packet_out *packet)
{
    const struct ip_route *route = stack_route(stack, &message->ip.destination);
    const struct ip_link *link;

    if (route == NULL) {
        stack_drop(stack, LASTACK_CAUSE_NO_ROUTE);
        return SENT_NEVER;
    }
    if (route->link == LINK_LOOPBACK) {
        loopback_message(stack, message);
        return SENT_NEVER;
    }
    link = link_at(&stack->links, route->link);
    if (!link->is_up) {
        stack_drop(stack, LASTACK_CAUSE_LINK_DOWN);
        return SENT_NEVER;
    }
    if (link->is_full)
        return SENT_LATER;
    if (message->ip.payload_length + ip_header_length(&message->ip.destination) > route->mtu) {
        stack_drop(stack, LASTACK_CAUSE_ICMP_TOO_BIG); /* we do not fragment what we send */
        return SENT_NEVER;
    }
    switch (start_along(stack, link, route, packet)) {
    case RESOLVE_READY:
        build_message(message, packet);
        return SENT;
    case RESOLVE_WAIT:
        return SENT_LATER;
    case RESOLVE_FAILED:
        stack_drop(stack, LASTACK_CAUSE_NEIGHBOR_UNRESOLVED);
        return SENT_NEVER;
    }
    return SENT_NEVER;
}

static NOINLINE struct lastack_packet_out *output_messages(struct lastack *stack,
                                                           struct lastack_packet_out *packet,
                                                           const struct lastack_packet_out *end)
{
    struct page_pool *pages = &stack->tcp.pages;
    uint32_t left = stack->messages.count;
    uint32_t page;

    while (packet < end && left-- > 0 &&
           (page = messages_take(&stack->messages, pages)) != PAGE_NONE) {
        switch (output_message(stack, page_at(pages, page), packet)) {
        case SENT:
            messages_handed(&stack->messages, pages, page);
            packet++;
            break;
        case SENT_LATER:
            messages_append(&stack->messages, pages, page);
            break;
        case SENT_NEVER:
            messages_drop(&stack->messages, pages, page);
            break;
        }
    }
    return packet;
}

/* ---- neighbours ---- */

static NOINLINE struct lastack_packet_out *output_neighbors(struct lastack *stack,
                                                            struct lastack_packet_out *packet,
                                                            const struct lastack_packet_out *end)
{
    struct neighbor_message message;

    while (packet < end && neighbor_next_message(&stack->neighbors, &stack->links, &message)) {
        const unsigned length = neighbor_build(&message, &stack->links, packet->header);

        if (!is_ready(link_at(&stack->links, message.link)))
            continue; /* asked again by their timers */
        packet->link = message.link;
        packet->flags = 0;
        packet->gso_size = 0;
        packet->ip_offset = ETHERNET_HEADER;
        packet->header_length = (uint16_t)length;
        packet->checksum_start = packet->checksum_offset = 0;
        packet->length = length;
        packet->iov_count = 1;
        packet->iov[0] = (struct lastack_iovec){packet->header, length};
        packet++;
    }
    return packet;
}

/* ---- connections ---- */

/* Where the next segment of an Ethernet's lane goes. The question comes before the segment is made,
 * so that whoever must wait has lost nothing. */
static NOINLINE bool address_next(struct lastack *stack, uint32_t lane,
                                  struct lastack_packet_out *packet)
{
    const struct tcp_conn *conn;

    while ((conn = tcp_lane_head(&stack->tcp, lane)) != NULL) {
        const struct ip_route *route = stack_route(stack, &conn->tuple.remote);
        const enum resolve_answer answer =
            route != NULL ? add_link_header(stack, route, packet) : RESOLVE_FAILED;

        if (answer == RESOLVE_READY)
            return true;
        if (answer == RESOLVE_FAILED)
            tcp_soft_error(&stack->tcp, tcp_index_of(&stack->tcp, conn), LASTACK_EHOSTUNREACH);
        tcp_move_lane(&stack->tcp, tcp_index_of(&stack->tcp, conn), LANE_PARKED);
    }
    return false;
}

/* Does anybody in the lane of this link owe something? */
static bool is_owing(const struct lastack *stack, uint32_t link)
{
    return (stack->tcp.lanes_owing >> link & 1) != 0;
}

/* Somebody there owes something. Where a link has no neighbours nothing needs to be looked up. */
static struct lastack_packet_out *output_link(struct lastack *stack, uint32_t index,
                                              struct lastack_packet_out *packet,
                                              const struct lastack_packet_out *end)
{
    const struct ip_link *link = link_at(&stack->links, index);
    struct tcp_out out;

    if (!is_ready(link))
        return packet;
    do {
        start_packet(packet, index);
        if ((has_neighbors(link) && !address_next(stack, index, packet)) ||
            !tcp_next_segment(&stack->tcp, index, &out))
            break;
        build_segment(stack, link, &out, packet++);
    } while (packet < end && is_owing(stack, index));
    return packet;
}

/* Somebody who was waited for has answered, or never will. */
static NOINLINE void unpark(struct lastack *stack)
{
    stack->neighbor_changes = stack->neighbors.changes;
    tcp_unpark(&stack->tcp, LANE_PARKED);
}

/* The common case between two packets: nobody owes anything (who is parked, only once the
 * neighbours have changed). */
static bool is_nothing_owed(const struct lastack *stack)
{
    return stack->tcp.lanes_owing == 0 && stack->tcp.replies.head == POOL_NONE &&
           stack->messages.head == PAGE_NONE && !stack->has_neighbors;
}

/* Each link that owes in turn; the one behind the last begins next time. */
static struct lastack_packet_out *output_links(struct lastack *stack,
                                               struct lastack_packet_out *packet,
                                               const struct lastack_packet_out *end)
{
    /* a bit for each: not link 0, and not who is parked */
    const uint64_t others = (uint64_t)1 << LINK_LOOPBACK | (uint64_t)1 << LANE_PARKED;
    uint64_t owing = stack->tcp.lanes_owing & ~others;

    while (owing != 0 && packet < end) {
        const uint64_t ahead = owing >> stack->lane_turn << stack->lane_turn;
        const unsigned link = lowest_bit64(ahead != 0 ? ahead : owing);

        packet = output_link(stack, link, packet, end);
        stack->lane_turn = link + 1;
        owing &= ~((uint64_t)1 << link);
    }
    return packet;
}

/* One round over everybody who may owe something. */
static struct lastack_packet_out *output_round(struct lastack *stack,
                                               struct lastack_packet_out *packet,
                                               const struct lastack_packet_out *end)
{
    if (stack->neighbor_changes != stack->neighbors.changes)
        unpark(stack);
    if (is_owing(stack, LINK_LOOPBACK))
        loopback_run(stack);
    if (stack->has_neighbors)
        packet = output_neighbors(stack, packet, end);
    if (stack->tcp.replies.head != POOL_NONE)
        packet = output_replies(stack, packet, end);
    if (stack->messages.head != PAGE_NONE)
        packet = output_messages(stack, packet, end);
    packet = output_links(stack, packet, end);
    if (stack->has_neighbors) /* questions that the last round raised */
        packet = output_neighbors(stack, packet, end);
    return packet;
}

static NOINLINE size_t output_owed(struct lastack *stack, struct lastack_packet_out *packets,
                                   size_t max)
{
    struct lastack_packet_out *next = packets;

    /* What turns round on link 0 may be answered there: go on until it is quiet. */
    for (unsigned round = 0; round < OUTPUT_ROUNDS && next == packets; round++) {
        next = output_round(stack, packets, packets + max);
        if (!is_owing(stack, LINK_LOOPBACK))
            break;
    }
    return (size_t)(next - packets);
}

size_t lastack_output(struct lastack *stack, struct lastack_packet_out *packets, size_t max)
{
    return is_nothing_owed(stack) ? 0 : output_owed(stack, packets, max);
}

void lastack_link_full(struct lastack *stack, uint32_t link)
{
    link_at(&stack->links, link)->is_full = true;
}

void lastack_link_ready(struct lastack *stack, uint32_t link)
{
    link_at(&stack->links, link)->is_full = false;
}
