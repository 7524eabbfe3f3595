/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * input.c: what arrived, from bytes to events.
 *
 * A batch goes through in passes, so that the cache misses of its lookups overlap (docs/decisions/0003):
 *
 *     1  parse every packet; hash its tuple; fetch the index slot
 *     2  read the slots; fetch the owners
 *     3  process in order, looking up again: a packet may change what the next one finds
 */
#include "core.h"
#include "tcp_header.h"

static bool is_impossible_source(const struct lastack *stack, const struct ip_packet *packet)
{
    const struct lastack_address *source = &packet->source;

    if (lastack_is_any(source) || links_is_broadcast(&stack->links, source))
        return true;
    if (packet->is_ipv6)
        return source->bytes[0] == 0xff;
    return source->bytes[12] >= 224 || source->bytes[12] == 127;
}

/* MUST-57, MUST-63: a segment of TCP goes from one host to one host. */
static enum lastack_cause accept_packet(const struct lastack *stack, const struct ip_packet *packet)
{
    if (is_impossible_source(stack, packet))
        return LASTACK_CAUSE_DROP_BAD_SOURCE;
    if (packet->is_fragment)
        return LASTACK_CAUSE_DROP_FRAGMENT;
    if (!links_is_own(&stack->links, &packet->destination))
        return LASTACK_CAUSE_DROP_NOT_OURS;
    if (!packet->is_ipv6 && packet->destination.bytes[12] == 127)
        return LASTACK_CAUSE_DROP_NOT_OURS; /* loopback addresses never arrive on a wire (RFC 1122 §3.2.1.3) */
    return LASTACK_CAUSE_NONE;
}

static enum lastack_cause parse_one(struct lastack *stack, const struct lastack_packet_in *in,
                                    struct arrived *arrived)
{
    const bool is_trusted = (in->flags & LASTACK_CHECKSUM_TRUSTED) != 0;
    struct ip_packet packet;
    enum lastack_cause cause = ip_parse(in->data, in->length, false, &packet);

    if (cause != LASTACK_CAUSE_NONE)
        return cause;
    cause = accept_packet(stack, &packet);
    if (cause != LASTACK_CAUSE_NONE)
        return cause;
    if (packet.protocol != IP_PROTOCOL_TCP)
        return LASTACK_CAUSE_DROP_NO_PROTOCOL;
    cause = tcp_parse(&packet, &arrived->seg);
    if (cause != LASTACK_CAUSE_NONE)
        return cause;
    if (!is_trusted && !ip_payload_checksum_ok(&packet))
        return LASTACK_CAUSE_DROP_TCP_CHECKSUM;
    if (arrived->seg.local.port == 0 || arrived->seg.remote.port == 0)
        return LASTACK_CAUSE_DROP_TCP_PORT_ZERO;
    return LASTACK_CAUSE_NONE;
}

static void input_batch(struct lastack *stack, const struct lastack_packet_in *packets, size_t count)
{
    struct arrived *batch = stack->batch;
    size_t kept = 0;

    for (size_t i = 0; i < count; i++) {
        const enum lastack_cause cause = parse_one(stack, &packets[i], &batch[kept]);

        if (cause != LASTACK_CAUSE_NONE) {
            stack_drop(stack, cause);
            continue;
        }
        batch[kept].flow = tcp_flow(&stack->tcp, &batch[kept].seg);
        if (count > 1)
            tcp_prefetch_slot(&stack->tcp, batch[kept].flow);
        kept++;
    }
    if (kept > 1) {
        for (size_t i = 0; i < kept; i++)
            tcp_prefetch_owner(&stack->tcp, batch[i].flow);
    }
    for (size_t i = 0; i < kept; i++)
        tcp_arrives(&stack->tcp, &batch[i].seg, batch[i].flow);
}

void lastack_input(struct lastack *stack, int64_t now, const struct lastack_packet_in *packets,
                   size_t count)
{
    stack_set_time(stack, now);
    while (count > 0) {
        const size_t part = count < INPUT_BATCH ? count : INPUT_BATCH;

        input_batch(stack, packets, part);
        packets += part;
        count -= part;
    }
}

void lastack_tick(struct lastack *stack, int64_t now)
{
    stack_set_time(stack, now);
    (void)tcp_timeouts(&stack->tcp); /* what a bounded round leaves over is due at once: next_deadline says so */
}

int64_t lastack_next_deadline(const struct lastack *stack)
{
    return tcp_next_deadline(&stack->tcp);
}
