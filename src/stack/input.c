/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * input.c: what arrived, from bytes to events.
 *
 * A batch goes through in passes, so that the cache misses of its lookups overlap
 * (docs/decisions/0003):
 *
 *     1  take every packet apart; what is not TCP is dealt with here; of a segment hash the tuple,
 *        fetch the index slot
 *     2  read the slots; fetch the owners
 *     3  process the segments in order, looking up again: one may change what the next one finds
 */
#include "arp.h"
#include "core.h"
#include "ethernet.h"
#include "icmp.h"
#include "packet_take.h"
#include "tcp_header.h"
#include "udp_header.h"

/* The batch being collected: segments parsed, waiting for pass 2 and 3. */
struct collection {
    struct arrived *end; /* behind the last in stack->batch */
    bool is_alone;       /* one packet only: nothing to overlap */
    /* Its last segment was put together from fragments, in a place that the next may need. */
    bool is_closed;
};

/* A segment that could be parsed, unless it is signed (RFC 2385, RFC 5925): is that a reason to
 * drop it? */
static bool is_refused(const struct lastack *stack, enum lastack_cause cause)
{
    return (cause != LASTACK_CAUSE_DROP_MD5_UNEXPECTED &&
            cause != LASTACK_CAUSE_DROP_AO_UNEXPECTED) ||
           stack->tcp.params.unexpected_signature_drops;
}

static enum lastack_cause take_segment(const struct lastack *stack, const struct ip_packet *packet,
                                       bool is_trusted, struct segment *seg)
{
    const enum lastack_cause cause = tcp_parse_unsigned(packet, seg);

    if (cause != LASTACK_CAUSE_NONE && is_refused(stack, cause))
        return cause;
    if (!is_trusted && !ip_payload_checksum_ok(packet))
        return LASTACK_CAUSE_DROP_TCP_CHECKSUM;
    if (seg->tuple.local_port == 0 || seg->tuple.remote_port == 0)
        return LASTACK_CAUSE_DROP_TCP_PORT_ZERO;
    return LASTACK_CAUSE_NONE;
}

static void input_tcp(struct lastack *stack, const struct ip_packet *packet, bool is_trusted,
                      struct collection *batch)
{
    struct arrived *arrived = batch->end;
    const enum lastack_cause cause = take_segment(stack, packet, is_trusted, &arrived->seg);

    if (cause != LASTACK_CAUSE_NONE) {
        stack_drop(stack, cause);
        return;
    }
    arrived->flow = tcp_flow(&stack->tcp, &arrived->seg.tuple);
    if (!batch->is_alone)
        tcp_prefetch_slot(&stack->tcp, arrived->flow);
    batch->end++;
}

static NOINLINE void input_udp(struct lastack *stack, const struct ip_arrival *arrival,
                               bool is_group, const struct ip_packet *packet, bool is_trusted)
{
    struct udp_datagram datagram;
    const enum lastack_cause cause = udp_parse(packet, is_trusted, &datagram);
    const struct icmp_error no_port = {
        .type = packet->is_ipv6 ? ICMPV6_TYPE_UNREACHABLE : ICMP_TYPE_UNREACHABLE,
        .code = packet->is_ipv6 ? ICMPV6_CODE_PORT : ICMP_CODE_PORT,
    };

    if (cause != LASTACK_CAUSE_NONE) {
        stack_drop(stack, cause);
        return;
    }
    if (stack->udp_arrives != NULL && stack->udp_arrives(stack, &datagram))
        return;
    stack_drop(stack, LASTACK_CAUSE_DROP_UDP_NO_PORT);
    if (!is_group)
        stack_complain(stack, arrival, packet, &no_port); /* RFC 1122 §4.1.3.1 */
}

/* False: it has to wait for its other pieces, or is refused. */
static NOINLINE bool input_fragment(struct lastack *stack, const struct ip_arrival *arrival,
                                    const struct ip_packet *piece, struct reassembly_result *result)
{
    switch (reassembly_take(&stack->reassembly, arrival->link, piece, stack->now, result)) {
    case REASSEMBLY_WAITS:
        return false;
    case REASSEMBLY_WHOLE:
        return true;
    case REASSEMBLY_REFUSED:
        stack_drop(stack, result->cause);
        if (result->has_error)
            stack_complain(stack, arrival, piece, &result->error);
        return false;
    }
    return false;
}

static NOINLINE void input_refused(struct lastack *stack, const struct ip_arrival *arrival,
                                   const struct ip_packet *packet, struct ip_verdict verdict)
{
    stack_drop(stack, verdict.cause);
    if (verdict.has_error)
        stack_complain(stack, arrival, packet, &verdict.error);
}

/* To the protocol that it is for, or nowhere. */
static void input_whole(struct lastack *stack, const struct ip_arrival *arrival,
                        const struct ip_packet *packet, struct ip_verdict verdict, bool is_trusted,
                        struct collection *batch)
{
    if (verdict.action == IP_DROP)
        input_refused(stack, arrival, packet, verdict);
    else if (packet->protocol == IP_PROTOCOL_TCP)
        input_tcp(stack, packet, is_trusted, batch);
    else if (packet->protocol == IP_PROTOCOL_UDP)
        input_udp(stack, arrival, verdict.is_group, packet, is_trusted);
    else
        icmp_arrives(stack, arrival, packet, is_trusted);
}

static void input_ip(struct lastack *stack, const struct ip_arrival *arrival, const uint8_t *data,
                     size_t length, bool is_trusted, struct collection *batch)
{
    for (bool is_whole = false;; is_whole = true) {
        struct ip_packet packet;
        const enum lastack_cause parsed = ip_take_apart(data, length, is_whole, &packet);
        const struct ip_verdict verdict = ip_input(&stack->links, arrival, parsed, &packet);
        struct reassembly_result whole;

        if (verdict.action != IP_REASSEMBLE) {
            input_whole(stack, arrival, &packet, verdict, is_trusted, batch);
            return;
        }
        if (!input_fragment(stack, arrival, &packet, &whole))
            return;
        CHECK(!is_whole); /* what was put together is no piece of anything */
        data = whole.packet;
        length = whole.length;
        is_trusted = false; /* its header was checked piece by piece, the transport's sum was not */
        batch->is_closed = true;
    }
}

static void input_arp(struct lastack *stack, uint32_t link, const struct ethernet_frame *frame)
{
    struct arp_packet arp;
    enum lastack_cause cause = arp_parse(frame->payload, frame->payload_length, &arp);

    if (cause == LASTACK_CAUSE_NONE)
        cause = neighbor_arp_arrives(&stack->neighbors, &stack->links, stack->now, link, &arp);
    if (cause != LASTACK_CAUSE_NONE)
        stack_drop(stack, cause);
}

/* False: no IP packet is in it for us. */
static NOINLINE bool input_frame(struct lastack *stack, const struct lastack_packet_in *in,
                                 struct ethernet_frame *frame)
{
    const uint8_t *mac = link_at(&stack->links, in->link)->config.mac;
    const enum lastack_cause cause = ethernet_parse(in->data, in->length, mac, frame);

    if (cause != LASTACK_CAUSE_NONE) {
        stack_drop(stack, cause);
        return false;
    }
    if (frame->type == ETHERNET_TYPE_ARP) {
        input_arp(stack, in->link, frame);
        return false;
    }
    return true;
}

static void input_one(struct lastack *stack, const struct lastack_packet_in *in,
                      struct collection *batch)
{
    const bool is_trusted = (in->flags & LASTACK_CHECKSUM_TRUSTED) != 0;
    struct ip_arrival arrival = {.link = in->link};
    const uint8_t *data = in->data;
    size_t length = in->length;

    CHECK(in->link != LINK_LOOPBACK && in->link < stack->links.link_count);
    if (UNLIKELY(stack->has_neighbors) &&
        link_at(&stack->links, in->link)->config.kind == LASTACK_LINK_ETHERNET) {
        struct ethernet_frame frame;

        if (!input_frame(stack, in, &frame))
            return;
        arrival.is_group_frame = mac_is_group(frame.destination);
        data = frame.payload;
        length = frame.payload_length;
    }
    input_ip(stack, &arrival, data, length, is_trusted, batch);
}

static void process_batch(struct lastack *stack, const struct collection *batch)
{
    const struct arrived *end = batch->end;

    if (!batch->is_alone) {
        for (const struct arrived *arrived = stack->batch; arrived < end; arrived++)
            tcp_prefetch_owner(&stack->tcp, arrived->flow);
    }
    for (struct arrived *arrived = stack->batch; arrived < end; arrived++)
        tcp_arrives(&stack->tcp, &arrived->seg, arrived->flow);
}

void lastack_input(struct lastack *stack, int64_t now, const struct lastack_packet_in *packets,
                   size_t count)
{
    const struct lastack_packet_in *in = packets, *last = packets + count;

    stack_set_time(stack, now);
    messages_reclaim(&stack->messages, &stack->tcp.pages);
    while (in < last) {
        const struct lastack_packet_in *part = last - in < INPUT_BATCH ? last : in + INPUT_BATCH;
        struct collection batch = {.end = stack->batch, .is_alone = part - in == 1};

        do
            input_one(stack, in++, &batch);
        while (in < part && !batch.is_closed);
        process_batch(stack, &batch);
    }
}

/* Pieces whose others never came (RFC 1122 §3.3.2: time exceeded, if the first had). */
static void expire_fragments(struct lastack *stack)
{
    struct ip_packet about;
    struct ip_arrival arrival = {0};

    while (reassembly_expire(&stack->reassembly, stack->now, &about, &arrival.link)) {
        const struct icmp_error error = {.type = about.is_ipv6 ? ICMPV6_TYPE_TIME_EXCEEDED
                                                               : ICMP_TYPE_TIME_EXCEEDED,
                                         .code = ICMP_CODE_REASSEMBLY};

        stack_drop(stack, LASTACK_CAUSE_DROP_FRAGMENT);
        if (about.header != NULL)
            stack_complain(stack, &arrival, &about, &error);
    }
}

void lastack_tick(struct lastack *stack, int64_t now)
{
    stack_set_time(stack, now);
    messages_reclaim(&stack->messages, &stack->tcp.pages);
    if (lastack_next_deadline(stack) > now)
        return;
    /* what a bounded round leaves over is due at once: next_deadline says so */
    (void)tcp_timeouts(&stack->tcp);
    neighbor_tick(&stack->neighbors, now);
    expire_fragments(stack);
}

int64_t lastack_next_deadline(const struct lastack *stack)
{
    int64_t next = tcp_next_deadline(&stack->tcp);

    next = min64(next, neighbor_next_deadline(&stack->neighbors));
    return min64(next, reassembly_next_deadline(&stack->reassembly));
}
