/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * infer.c: facts from packets: one packet, taken in four steps.
 *
 *     which life?   a SYN with a new number begins one                         infer_life.c
 *     remarks       what is noteworthy, beside what was known before           remark.c
 *     the sender    what it must have sent and heard: its facts become YES     infer_sender.c
 *     the receiver  what may reach it: its facts become MAYBE                  infer_receiver.c
 *
 * States are a function of the facts (infer_states.c). Numbers that fit no window are of no
 * connection known here: they teach nothing, and of their sender less is certain from then on.
 */
#include "infer_parts.h"
#include "remark.h"

#include "check.h"
#include "duration.h"

static const struct infer_facts anything_goes = {
    .heard_syn = KNOW_MAYBE,
    .syn_acked = KNOW_MAYBE,
    .sent_fin = KNOW_MAYBE,
    .heard_fin = KNOW_MAYBE,
    .fin_acked = KNOW_MAYBE,
    .heard_rst = KNOW_MAYBE,
    .is_gone = KNOW_MAYBE,
};

void infer_init(struct infer *infer)
{
    *infer = (struct infer){.closed_first = -1};
}

void infer_distrust(struct infer *infer, unsigned end)
{
    CHECK(end < 2);
    infer->is_distrusted[end] = true;
    infer->now.side[end].is_incomplete = infer->now.side[end].has_gap = true;
}

const struct infer_facts *infer_facts_of(const struct infer *infer, unsigned end)
{
    CHECK(end < 2);
    return infer->overlaps && end != infer->opener ? &infer->before.facts[end]
                                                   : &infer->now.facts[end];
}

const struct infer_side *infer_side_of(const struct infer *infer, unsigned end)
{
    CHECK(end < 2);
    return infer->overlaps && end != infer->opener ? &infer->before.side[end]
                                                   : &infer->now.side[end];
}

uint32_t infer_window(const struct infer *infer, const struct infer_packet *packet)
{
    const struct infer_side *side = infer_side_of(infer, packet->from);
    const struct infer_side *other = infer_side_of(infer, 1 - packet->from);
    /* A scale counts when both SYNs had one, and never in a SYN itself (RFC 7323 §2.2). */
    bool is_scaled = side->has_scale && other->has_scale && !(packet->segment.flags & LASTACK_SYN);

    return (uint32_t)packet->segment.wnd << (is_scaled ? side->window_scale : 0);
}

/* Of what connection is this? Its sender may be doing anything in that one, but it has not
 * undone what it did here. */
static void lose_track(struct infer_life *life, const struct infer_packet *packet,
                       struct infer_remark *remark)
{
    struct infer_side *side = &life->side[packet->from];
    struct infer_facts *facts = &life->facts[packet->from];

    remark->marks |= 1u << INFER_OLD_DUPLICATE;
    side->is_incomplete = side->has_gap = true;
    if (facts->sent_fin == KNOW_NO)
        facts->sent_fin = KNOW_MAYBE;
    if (packet->segment.flags & LASTACK_SYN) {
        bool has_sent_syn = facts->has_sent_syn;

        *facts = anything_goes;
        facts->has_sent_syn = has_sent_syn;
        facts->is_seen = true;
    }
}

/* In the first gigabyte of a connection nothing lies before its SYN. */
static bool lies_before_syn(const struct infer_life *life, unsigned end, struct seq first)
{
    const struct infer_side *side = &life->side[end];
    bool is_young =
        side->text_bytes < INFER_REACH && seq_distance(side->isn, side->sent_to) < INFER_REACH;

    return life->facts[end].has_sent_syn && side->has_isn && is_young &&
           seq_before(first, side->isn);
}

/* How far a sender can have got unseen since its last packet: 64 MiB at once, and 1 Gbit/s. */
static int32_t reach_ahead(const struct infer_side *side, int64_t now)
{
    int64_t elapsed_ns = side->packets > 0 ? clamp64(now - side->last_at, 0, SEC(9)) : SEC(9);

    return (int32_t)min64(INFER_REACH, (64 << 20) + elapsed_ns / 8);
}

static bool is_far_from(const struct infer_side *side, struct seq number, int64_t now)
{
    int32_t distance = seq_compare(number, side->sent_to);

    return side->has_seq && (distance > reach_ahead(side, now) || distance < -INFER_REACH);
}

/* Nothing follows a FIN: this is of a connection whose SYN was not seen. */
static bool lies_behind_fin(const struct infer_side *side, const struct segment *seg)
{
    return side->has_fin && (seg->flags & LASTACK_SYN) == 0 &&
           seq_after(seq_add(seg->seq, seg->len), side->fin_end);
}

/* Numbers that no window reaches: of another connection, or not of this world. */
static bool is_nonsense(const struct infer_life *life, const struct infer_packet *packet)
{
    unsigned x = packet->from, y = 1 - x;
    const struct segment *seg = &packet->segment;

    if (is_far_from(&life->side[x], seg->seq, packet->at) || lies_before_syn(life, x, seg->seq) ||
        lies_behind_fin(&life->side[x], seg))
        return true;
    if ((seg->flags & LASTACK_ACK) == 0)
        return false;
    return is_far_from(&life->side[y], seg->ack, packet->at) ||
           lies_before_syn(life, y, seq_sub(seg->ack, 1));
}

static void note_round_trip(struct infer *infer, const struct infer_packet *packet)
{
    bool is_first_ack = packet->from == infer->opener && (packet->segment.flags & LASTACK_ACK) &&
                        !(packet->segment.flags & (LASTACK_SYN | LASTACK_RST)) && !infer->overlaps;

    if (infer->round_trip_ns == 0 && is_first_ack && infer->now.side[infer->opener].has_bare_syn)
        infer->round_trip_ns = max64(packet->at - infer->opened_at, 1);
}

static void note_end(struct infer *infer, const struct infer_life *life,
                     const struct infer_packet *packet)
{
    if (infer->closed_first >= 0 || life != &infer->now || infer->overlaps)
        return;
    if ((packet->segment.flags & (LASTACK_FIN | LASTACK_RST)) == 0)
        return;
    infer->closed_first = (int8_t)packet->from;
    infer->closed_by_rst = packet->segment.flags & LASTACK_RST;
}

void infer_see(struct infer *infer, const struct infer_packet *packet, struct infer_remark *remark)
{
    CHECK(packet->from < 2);
    *remark = (struct infer_remark){0};
    if (infer_is_of_the_past(infer, packet)) {
        remark->marks = 1u << INFER_OLD_DUPLICATE;
        return;
    }
    bool is_rst = packet->segment.flags & LASTACK_RST;
    if (!is_rst && infer_acks_the_past(infer, packet)) {
        lose_track(infer->overlaps && packet->from != infer->opener ? &infer->before : &infer->now,
                   packet, remark);
        return;
    }
    struct infer_life *life = infer_life_of(infer, packet, remark);
    struct infer_side *side = &life->side[packet->from];
    bool is_fin = packet->segment.flags & LASTACK_FIN;

    if (!is_rst && is_nonsense(life, packet)) {
        lose_track(life, packet, remark);
        return;
    }
    bool is_fresh = infer_is_newer(side, is_fin ? &side->fin_stamp : &side->syn_ack_stamp, packet);
    remark_packet(infer, life, packet, remark);
    note_end(infer, life, packet);
    if (is_rst) {
        infer_learn_from_rst(infer, life, packet);
    } else {
        infer_learn_from_sender(life, packet);
        remark->carries = (uint8_t)infer_learn_of_receiver(life, packet);
        infer_spill_over(infer, packet);
    }
    note_round_trip(infer, packet);
    remark->sender = infer_sender_then(life, packet, is_fresh);
    remark_remember(infer, life, packet, remark);
}
