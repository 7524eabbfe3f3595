/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * output.c: what leaves, from segments to packets.
 *
 * Replies first, then the links in turn, each link's connections in turn. A link that is full or down is skipped:
 * its connections stay queued and their timers go on, so what falls due meanwhile leaves when the link is ready again, built
 * from the pages at that moment.
 */
#include "core.h"
#include "checksum.h"
#include "tcp_header.h"

static bool is_ready(const struct ip_link *link)
{
    return link->is_up && !link->is_full;
}

/* Text by reference: iov[1..]; its checksum too if the link leaves that to us. */
static uint32_t add_text(const struct lastack *stack, const struct tcp_out *out, uint32_t sum, bool sums,
                         struct lastack_packet_out *packet)
{
    size_t offset = 0;
    unsigned count;

    if (out->text == NULL || out->seg.text_length == 0)
        return sum;
    count = stream_iovec(out->text, &stack->tcp.pages, out->seg.seq, out->seg.text_length, packet->iov + 1,
                         LASTACK_IOV_MAX - 1);
    packet->iov_count = (uint16_t)(1 + count);
    for (unsigned i = 1; i <= count; i++) {
        if (sums)
            sum = checksum_add_at(sum, packet->iov[i].base, packet->iov[i].length, offset);
        offset += packet->iov[i].length;
    }
    CHECK(offset == out->seg.text_length);
    return sum;
}

static void build_packet(struct lastack *stack, const struct tcp_out *out, uint32_t link_number,
                         struct lastack_packet_out *packet)
{
    const struct ip_link *link = link_at(&stack->links, link_number);
    const struct segment *seg = &out->seg;
    const bool is_ipv4 = ip_is_ipv4(&seg->remote.address);
    const unsigned ip_length = is_ipv4 ? IPV4_HEADER : IPV6_HEADER;
    uint8_t *tcp_header = packet->header + ip_length;
    const unsigned tcp_length = tcp_build(seg, stack->tcp.params.option_order, tcp_header);
    const uint32_t payload = tcp_length + seg->text_length;
    const struct ip_build ip = {
        .source = seg->local.address,
        .destination = seg->remote.address,
        .payload_length = payload,
        .protocol = IP_PROTOCOL_TCP,
        .ttl = out->ttl != 0 ? out->ttl : stack->tcp.params.ttl,
        .traffic_class = out->tos,
        .dont_fragment = stack->tcp.params.path_mtu_discovery,
        .id = stack->tcp.params.path_mtu_discovery ? 0 : stack->ip_id++,
    };
    uint32_t sum = checksum_pseudo(&seg->local.address, &seg->remote.address, IP_PROTOCOL_TCP, payload);

    packet->link = link_number;
    packet->flags = 0;
    packet->gso_size = (uint16_t)out->gso_size;
    packet->ip_offset = 0;
    packet->header_length = (uint16_t)(ip_build(&ip, packet->header) + tcp_length);
    packet->checksum_start = (uint16_t)ip_length;
    packet->checksum_offset = 16;
    packet->iov_count = 1;
    packet->length = packet->header_length + seg->text_length;
    packet->iov[0] = (struct lastack_iovec){packet->header, packet->header_length};
    if (link->config.checksum_out) {
        packet->flags |= LASTACK_CHECKSUM_PARTIAL;
        (void)add_text(stack, out, 0, false, packet);
        store16(tcp_header + 16, checksum_fold(sum));
    } else {
        sum = checksum_add(sum, tcp_header, tcp_length);
        sum = add_text(stack, out, sum, true, packet);
        store16(tcp_header + 16, checksum_finish(sum));
    }
}

/* Where a reply goes: it has no connection that would know. */
static bool route_reply(struct lastack *stack, const struct tcp_out *out, uint32_t *link)
{
    struct ip_route route;

    if (!routes_find(&stack->routes, &stack->links, &out->seg.remote.address, &route)) {
        stack_drop(stack, LASTACK_CAUSE_NO_ROUTE);
        return false;
    }
    *link = route.link;
    return true;
}

static size_t output_replies(struct lastack *stack, struct lastack_packet_out *packets, size_t max)
{
    uint32_t left = stack->tcp.replies.pool.used; /* each at most once: those of a full link go to the end */
    struct tcp_out out;
    size_t count = 0;

    while (count < max && left-- > 0 && tcp_next_reply(&stack->tcp, &out)) {
        uint32_t link;

        if (!route_reply(stack, &out, &link))
            continue;
        if (link == LINK_LOOPBACK)
            loopback_deliver(stack, &out);
        else if (!is_ready(link_at(&stack->links, link)))
            tcp_reply_later(&stack->tcp);
        else
            build_packet(stack, &out, link, &packets[count++]);
    }
    return count;
}

static size_t output_link(struct lastack *stack, uint32_t link, struct lastack_packet_out *packets,
                          size_t max)
{
    struct tcp_out out;
    size_t count = 0;

    if (!is_ready(link_at(&stack->links, link)))
        return 0;
    while (count < max && tcp_next_segment(&stack->tcp, link, &out))
        build_packet(stack, &out, link, &packets[count++]);
    return count;
}

size_t lastack_output(struct lastack *stack, struct lastack_packet_out *packets, size_t max)
{
    size_t count;

    loopback_run(stack);
    count = output_replies(stack, packets, max);
    for (uint32_t i = 1; i < stack->links.link_count && count < max; i++) {
        const uint32_t link = 1 + (stack->lane_turn + i) % (stack->links.link_count - 1);

        count += output_link(stack, link, packets + count, max - count);
    }
    stack->lane_turn++;
    return count;
}

void lastack_link_full(struct lastack *stack, uint32_t link)
{
    link_at(&stack->links, link)->is_full = true;
}

void lastack_link_ready(struct lastack *stack, uint32_t link)
{
    link_at(&stack->links, link)->is_full = false;
}
