/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * loopback.c: link 0, inside the stack.
 *
 * A segment for one of our own addresses turns round here: ends swapped, its text copied once into
 * a buffer of the stack, and it arrives. It never becomes bytes, so there is no checksum to spoil.
 * Work per call is bounded; what is left over makes the next deadline "now".
 */
#include "core.h"

enum { LOOPBACK_ROUND = 4096 };

void loopback_deliver(struct lastack *stack, const struct tcp_out *out)
{
    struct segment seg = out->seg;

    seg.tuple = tuple_reversed(&out->seg.tuple);
    seg.ttl = stack->tcp.params.ttl;
    seg.ecn = out->tos & ECN_MASK;
    if (out->text != NULL && seg.text_length > 0) {
        CHECK(seg.text_length <= LOOPBACK_MTU);
        stream_get(out->text, &stack->tcp.pages, tcp_out_text_seq(out), stack->loopback_text,
                   seg.text_length);
        seg.text = stack->loopback_text;
    }
    tcp_arrives(&stack->tcp, &seg, tcp_flow(&stack->tcp, &seg.tuple));
}

void loopback_run(struct lastack *stack)
{
    struct tcp_out out;

    for (unsigned i = 0; i < LOOPBACK_ROUND; i++) {
        if (!tcp_next_segment(&stack->tcp, LINK_LOOPBACK, &out))
            return;
        loopback_deliver(stack, &out);
    }
}

/* A message for ourselves. ICMP echoes nobody here waits for, and errors about our own segments do
 * not arise on this link; a datagram goes to its socket. */
void loopback_message(struct lastack *stack, struct message *message)
{
    const struct ip_packet packet = {
        .source = message->ip.source,
        .destination = message->ip.destination,
        .payload = message_payload(message),
        .payload_length = message->ip.payload_length,
        .protocol = message->ip.protocol,
        .ttl = message->ip.ttl,
        .traffic_class = message->ip.traffic_class,
        .is_ipv6 = !ip_is_ipv4(&message->ip.destination),
    };
    struct udp_datagram datagram;

    if (packet.protocol == IP_PROTOCOL_UDP &&
        udp_parse(&packet, true, &datagram) == LASTACK_CAUSE_NONE && stack->udp_arrives != NULL &&
        stack->udp_arrives(stack, &datagram))
        return;
    stack_drop(stack, LASTACK_CAUSE_DROP_UDP_NO_PORT);
}
