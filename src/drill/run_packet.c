/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * run_packet.c: packets that a script sends to the stack.
 *
 * A packet that meets a listener, or a socket that talks to nobody, opens a conversation of its
 * own: from a port that was not used before to the listener's port.
 */
#include "runner.h"

#include "check.h"

#include <stdlib.h>
#include <string.h>

enum { SEGMENTS_MAX = 1024, HEADERS_MAX = 100 };

struct conversation *runner_new_conversation(struct runner *runner)
{
    struct conversation *conversation = script_take(&runner->memory, sizeof *conversation);

    conversation_init(conversation);
    conversation->next = runner->conversations;
    runner->conversations = conversation;
    runner->current = conversation;
    return conversation;
}

static bool talks_to_nobody(const struct conversation *conversation)
{
    return conversation == NULL || conversation->state == CONVERSATION_LISTENING ||
           (conversation->state == CONVERSATION_NEW && conversation->remote.port == 0);
}

/* A peer appears. */
static void meet(struct runner *runner, const struct drill_packet *packet)
{
    const struct conversation *met = runner->current;
    struct conversation *child = runner_new_conversation(runner);

    child->is_udp = met != NULL && met->is_udp;
    child->state = CONVERSATION_PACKET_RECEIVED;
    child->local = runner->local;
    if (met != NULL && met->local.port != 0)
        child->local.port = met->local.port;
    child->remote = runner->remote; /* of UDP, whom `...` means in sendto(), too */
    if (packet->has_ports)
        child->remote.port = packet->source_port;
    else if (!child->is_udp)
        child->remote.port = runner->next_port++;
}

/* What an arriving packet says about the conversation. */
static void follow(struct conversation *conversation, const struct drill_packet *packet)
{
    const uint16_t flags = packet->tcp.flags;

    if (packet->protocol != DRILL_TCP)
        return;
    if (conversation->state == CONVERSATION_PACKET_RECEIVED && flags & LASTACK_SYN) {
        conversation->live_remote_isn = packet->tcp.seq;
    } else if (conversation->state == CONVERSATION_SYN_SENT && flags & LASTACK_SYN &&
               flags & LASTACK_ACK) {
        conversation->live_remote_isn = packet->tcp.seq;
        conversation->state = CONVERSATION_SYN_ACKED;
    } else if (conversation->state == CONVERSATION_SYNACK_SENT && flags & LASTACK_ACK) {
        conversation->state = CONVERSATION_SYNACK_ACKED;
    }
}

/* One of the pieces that --mss cuts: PSH and FIN go with the last, CWR with the first. */
static struct drill_packet piece_of(const struct drill_packet *whole, uint32_t offset, uint32_t mss)
{
    const uint32_t left = whole->tcp.length - offset;
    struct drill_packet piece = *whole;

    piece.tcp.seq += offset;
    piece.tcp.length = left < mss ? left : mss;
    if (piece.tcp.length < left)
        piece.tcp.flags &= (uint16_t) ~(LASTACK_PSH | LASTACK_FIN);
    if (offset > 0)
        piece.tcp.flags &= (uint16_t)~LASTACK_CWR;
    return piece;
}

/* The pieces, their bytes one behind the other in `bytes`. False with an error. */
static bool write_pieces(const struct drill_packet *live, const struct packet_ends *ends,
                         uint32_t mss, size_t count, struct lastack_packet_in *packets,
                         uint8_t *bytes, struct script_error *error)
{
    for (size_t i = 0; i < count; i++) {
        const struct drill_packet piece =
            count > 1 ? piece_of(live, (uint32_t)i * mss, mss) : *live;
        const size_t length = packet_bytes_write(&piece, ends, bytes, error);

        if (length == 0)
            return false;
        packets[i] = (struct lastack_packet_in){.data = bytes, .length = length, .link = 1};
        bytes += length;
    }
    return true;
}

static bool inject(struct runner *runner, const struct drill_packet *live,
                   const struct packet_ends *ends)
{
    const uint32_t mss = runner->script->settings.mss;
    const bool is_cut = live->protocol == DRILL_TCP && mss != 0 && live->tcp.length > mss;
    const size_t count = is_cut ? (live->tcp.length + mss - 1) / mss : 1;
    struct lastack_packet_in packets[SEGMENTS_MAX];
    struct script_error error = {0};
    uint8_t *bytes;
    bool is_good;

    if (count > SEGMENTS_MAX)
        return runner_fail(runner, DRILL_CLASS_SCRIPT, live->place,
                           "--mss=%u cuts this packet into more than %d", mss, SEGMENTS_MAX);
    bytes = malloc(PACKET_BYTES_MAX + count * HEADERS_MAX);
    CHECK(bytes != NULL);
    is_good = write_pieces(live, ends, mss, count, packets, bytes, &error);
    if (is_good)
        target_input(&runner->target, packets, count);
    free(bytes);
    return is_good || runner_fail_error(runner, DRILL_CLASS_NOT_SUPPORTED, &error);
}

bool runner_send_in(struct runner *runner, const struct drill_packet *packet)
{
    struct script_error error = {0};
    struct conversation *conversation;
    struct drill_packet live;
    struct packet_ends ends;

    if (!runner_advance(runner, runner->event_us) ||
        !runner_check_time(runner, packet->place, "inbound packet", runner_now_us(runner)))
        return false;
    if (talks_to_nobody(runner->current))
        meet(runner, packet);
    conversation = runner->current;
    follow(conversation, packet);
    if (!conversation_to_live(conversation, packet, runner->script->settings.ts_ecr_scaled,
                              &runner->memory, &live, &error))
        return runner_fail_error(runner, DRILL_CLASS_SCRIPT, &error);
    ends = (struct packet_ends){conversation->remote, conversation->local};
    if (packet->has_ports) {
        ends.source.port = packet->source_port;
        ends.destination.port = packet->destination_port;
    }
    if (!inject(runner, &live, &ends))
        return false;
    /* Linux delays the ACK of a SYN-ACK that somebody waits for with text to send. */
    if (runner->posted.waits_for_handshake && !runner_try_posted(runner))
        return false;
    target_settle(&runner->target);
    return runner_try_posted(runner);
}
