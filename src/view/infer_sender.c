/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * infer_sender.c: what a packet proves of the end that sent it: its facts become YES.
 *
 * "The ACK of its SYN (FIN) reached x" is proven by x acknowledging a byte of y behind
 * `without_syn_ack` (`without_fin_ack`), the last byte of y of which any copy came without that
 * ACK:
 *
 *     y sends   [....... without the ACK .......|.... every copy with it ....)
 *                              without_fin_ack ─┘         ▲ x acknowledges this: x has got the ACK
 *
 * All numbers kept only ever grow, so a packet that was overtaken changes nothing: it is too old
 * to prove anything.
 */
#include "infer_parts.h"

#include "duration.h"

/* How long after a RST was seen its receiver's packets may still have been sent before it came. */
#define RST_ON_ITS_WAY MS(1000)
/* How long after a RST its sender's older packets may still turn up. */
#define RST_OVERTAKEN MS(200)

static void close_hole(struct infer_side *side, unsigned i)
{
    side->hole[i] = side->hole[--side->holes];
}

/* [from, to) was seen: holes shrink, split or vanish. */
static void fill_holes(struct infer_side *side, struct seq from, struct seq to)
{
    for (unsigned i = side->holes; i-- > 0;) {
        struct infer_hole *hole = &side->hole[i];

        if (seq_before_or_equal(to, hole->from) || seq_after_or_equal(from, hole->to))
            continue;
        bool left = seq_after(from, hole->from), right = seq_before(to, hole->to);
        if (left && right && side->holes < INFER_HOLES)
            side->hole[side->holes++] = (struct infer_hole){to, hole->to, hole->at};
        if (left)
            hole->to = from;
        else if (right)
            hole->from = to;
        else
            close_hole(side, i);
    }
}

/* What the sequence numbers say: how far it has sent, what was missed, where no FIN can be. */
static void note_sent(struct infer_side *side, const struct segment *seg, int64_t now)
{
    bool is_syn = seg->flags & LASTACK_SYN;
    struct seq end = seq_add(seg->seq, seg->len);
    struct seq text_end = seq_add(seg->seq, seg->text_length + is_syn);

    if (!side->has_seq) {
        side->has_seq = true;
        side->first = seg->seq;
        side->sent_to = end;
    } else if (seq_after(seg->seq, side->sent_to)) {
        side->is_incomplete = side->has_gap = true;
        if (side->holes < INFER_HOLES)
            side->hole[side->holes++] = (struct infer_hole){side->sent_to, seg->seq, now};
    }
    fill_holes(side, seg->seq, end);
    side->sent_to = seq_max(side->sent_to, end);
    if ((seg->text_length > 0 || is_syn) &&
        (!side->has_no_fin_to || seq_after(text_end, side->no_fin_to))) {
        side->no_fin_to = text_end;
        side->has_no_fin_to = true;
    }
}

/* True if this packet left after the one of which these were the stamps: it is no copy made by
 * the network, and was not overtaken. */
bool infer_is_newer(const struct infer_side *side, const struct infer_stamp *stamp,
                    const struct infer_packet *packet)
{
    bool has_ack = packet->segment.flags & LASTACK_ACK;

    if (has_ack && side->has_acked && seq_before(packet->segment.ack, side->acked_to))
        return false;
    if (!stamp->is_set)
        return true;
    if (packet->segment.options & OPTION_TIMESTAMP)
        return (int32_t)(packet->segment.ts_value - stamp->ts) > 0;
    return !side->has_gap && packet->ip_id != 0 && stamp->ip_id != 0 &&
           packet->ip_id != stamp->ip_id;
}

static struct infer_stamp stamp_of(const struct infer_packet *packet)
{
    return (struct infer_stamp){true, packet->ip_id, packet->segment.ts_value};
}

static void note_syn(struct infer_life *life, unsigned x, const struct infer_packet *packet)
{
    struct infer_side *side = &life->side[x];
    const struct segment *seg = &packet->segment;

    side->isn = seg->seq;
    side->has_isn = true;
    if (seg->flags & LASTACK_ACK)
        side->syn_ack_stamp = stamp_of(packet);
    else
        side->has_bare_syn = true;
    side->is_fast_open |=
        seg->text_length > 0 || (seg->options & (OPTION_FAST_OPEN | OPTION_FAST_OPEN_EXP)) != 0;
    side->has_scale = (seg->options & OPTION_WINDOW_SCALE) != 0;
    side->window_scale = seg->window_scale > 14 ? 14 : seg->window_scale;
    life->facts[x].has_sent_syn = true;
}

/* Did it close first? A FIN sent before it had heard the peer's says yes. A first FIN that
 * acknowledges the peer's says no, unless an earlier copy may have been missed. */
static void note_order(struct infer_life *life, unsigned x, uint8_t heard_then, bool is_first_copy)
{
    struct infer_side *side = &life->side[x];
    struct infer_facts *facts = &life->facts[x];

    if (heard_then == KNOW_NO)
        facts->closed_first = KNOW_YES;
    else if (facts->closed_first != 0)
        return;
    else if (side->was_close_wait)
        facts->closed_first = KNOW_NO;
    else if (heard_then == KNOW_YES && is_first_copy && !side->is_incomplete)
        facts->closed_first = KNOW_NO;
    else
        facts->closed_first = KNOW_MAYBE;
}

static void note_fin(struct infer_life *life, const struct infer_packet *packet)
{
    unsigned x = packet->from, y = 1 - x;
    struct infer_side *side = &life->side[x];

    if (!side->has_fin) {
        side->has_fin = true;
        side->fin_end = seq_add(packet->segment.seq, packet->segment.len);
        /* Nothing that the peer sent before can acknowledge it. */
        life->side[y].without_fin_ack = life->side[y].sent_to;
        life->side[y].has_without_fin_ack = life->side[y].has_seq;
        if (life->facts[x].fin_acked != KNOW_MAYBE || !life->side[y].is_lost_by_capture)
            life->facts[x].fin_acked = KNOW_NO;
    }
    side->fin_stamp = stamp_of(packet);
    side->fins++;
}

/* Its ACK: how far it has received. */
static void note_ack(struct infer_life *life, unsigned x, struct seq ack)
{
    struct infer_side *side = &life->side[x], *peer = &life->side[1 - x];

    if (!side->has_acked || seq_after(ack, side->acked_to)) {
        side->acked_to = ack;
        side->has_acked = true;
    }
    if (!peer->has_seq) { /* never seen, but it must have sent this far */
        peer->has_seq = true;
        peer->first = peer->sent_to = ack;
        peer->is_incomplete = true;
    } else if (seq_after(ack, peer->sent_to)) {
        peer->sent_to = ack;
        peer->is_incomplete = peer->is_lost_by_capture = true;
    }
    /* A hole that was acknowledged had been filled by something not captured. */
    for (unsigned i = peer->holes; i-- > 0;) {
        if (seq_after_or_equal(ack, peer->hole[i].to)) {
            peer->is_lost_by_capture = true;
            close_hole(peer, i);
        }
    }
}

/* Heard the peer's FIN? By its highest ACK. */
uint8_t infer_heard_fin(const struct infer_side *side, const struct infer_side *peer)
{
    if (!side->has_acked)
        return KNOW_NO;
    if (peer->has_fin)
        return seq_after_or_equal(side->acked_to, peer->fin_end) ? KNOW_YES : KNOW_NO;
    if (peer->has_no_fin_to && seq_before_or_equal(side->acked_to, peer->no_fin_to))
        return KNOW_NO;
    return KNOW_MAYBE;
}

/* It acknowledges a byte of the peer that came only in segments with the ACK in question. */
static bool got_ack(const struct infer_side *side, const struct infer_side *peer, bool has_limit,
                    struct seq limit)
{
    return side->has_acked && has_limit && !peer->is_lost_by_capture &&
           seq_after(side->acked_to, limit);
}

static bool got_syn_ack(const struct infer_side *side, const struct infer_side *peer)
{
    if (peer->has_without_syn_ack)
        return got_ack(side, peer, true, peer->without_syn_ack);
    return got_ack(side, peer, peer->has_seq, peer->first);
}

/* Without a FIN seen: has it sent one that was not? A bare ACK carries SND.NXT, and that is
 * where its text ended. */
static uint8_t sent_fin_then(const struct infer_side *side, const struct segment *seg)
{
    if (side->has_fin)
        return KNOW_YES;
    if (!side->is_incomplete)
        return KNOW_NO;
    if (seg->len == 0 && side->has_no_fin_to && seq_equal(seg->seq, side->no_fin_to) &&
        seq_equal(side->sent_to, side->no_fin_to))
        return KNOW_NO;
    return KNOW_MAYBE;
}

/* The sender has sent on after a RST that it was thought to have got, or to have sent. */
static void note_alive(struct infer_life *life, const struct infer_packet *packet)
{
    unsigned x = packet->from;
    struct infer_facts *facts = &life->facts[x];
    const struct infer_side *side = &life->side[x], *peer = &life->side[1 - x];

    if (facts->heard_rst != KNOW_NO && packet->at - peer->rst_at >= RST_ON_ITS_WAY)
        facts->heard_rst = KNOW_NO;
    if (packet->at - side->rst_at >= RST_OVERTAKEN || (packet->segment.flags & LASTACK_SYN))
        facts->is_gone = KNOW_NO;
    else if (facts->is_gone == KNOW_YES &&
             side->has_gap) /* a new connection whose SYN was missed? */
        facts->is_gone = KNOW_MAYBE;
}

void infer_learn_from_sender(struct infer_life *life, const struct infer_packet *packet)
{
    unsigned x = packet->from;
    const struct segment *seg = &packet->segment;
    struct infer_side *side = &life->side[x];
    struct infer_side *peer = &life->side[1 - x];
    struct infer_facts *facts = &life->facts[x];
    bool has_ack = seg->flags & LASTACK_ACK;
    bool had_fin = side->has_fin;

    facts->is_seen = true;
    note_alive(life, packet);
    if (seg->flags & LASTACK_SYN)
        note_syn(life, x, packet);
    note_sent(side, seg, packet->at);
    if (has_ack) {
        note_ack(life, x, seg->ack);
        facts->heard_syn = KNOW_YES;
    }
    uint8_t heard = infer_heard_fin(side, peer);
    if (heard == KNOW_YES || facts->heard_fin != KNOW_YES)
        facts->heard_fin = heard == KNOW_NO && peer->has_fin ? KNOW_MAYBE : heard;
    if (seg->flags & LASTACK_FIN) {
        note_order(life, x, heard, !had_fin);
        note_fin(life, packet);
    }
    facts->sent_fin = side->has_fin ? KNOW_YES : side->is_incomplete ? KNOW_MAYBE : KNOW_NO;
    if (heard == KNOW_YES && sent_fin_then(side, seg) == KNOW_NO)
        side->was_close_wait = true;
    bool is_early_text = side->is_fast_open || peer->is_fast_open; /* may be sent in SYN-RECEIVED */
    if (got_syn_ack(side, peer) ||
        (seg->text_length > 0 && !(seg->flags & LASTACK_SYN) && !is_early_text))
        facts->syn_acked = KNOW_YES;
    if (side->has_fin && got_ack(side, peer, peer->has_without_fin_ack, peer->without_fin_ack))
        facts->fin_acked = KNOW_YES;
}

/* Something that its sender sent later was seen before: then the peer's FIN had come, by the ACK of
 * this one it had not. What else it knew by now but not then nobody can tell. */
static bool is_overtaken(const struct infer_side *side, const struct infer_side *peer,
                         const struct segment *seg)
{
    return (seg->flags & LASTACK_ACK) && seq_before(seg->ack, side->acked_to) && peer->has_fin &&
           seq_before(seg->ack, peer->fin_end);
}

/* The sender when it sent this: what is still on its way to it had not come. `is_fresh`: no copy
 * of an earlier packet. */
struct infer_facts infer_sender_then(const struct infer_life *life,
                                     const struct infer_packet *packet, bool is_fresh)
{
    unsigned x = packet->from;
    const struct infer_side *side = &life->side[x], *peer = &life->side[1 - x];
    struct infer_facts then = life->facts[x];

    if (packet->segment.flags & LASTACK_RST)
        return then;
    if ((packet->segment.flags & (LASTACK_SYN | LASTACK_ACK)) == LASTACK_SYN)
        then.heard_syn = KNOW_NO;
    then.sent_fin = sent_fin_then(side, &packet->segment);
    if (then.heard_fin != KNOW_YES)
        then.heard_fin = infer_heard_fin(side, peer);
    else if (is_overtaken(side, peer, &packet->segment))
        then.heard_fin = KNOW_MAYBE;
    /* What is acknowledged is not sent again. */
    if (then.fin_acked == KNOW_MAYBE && is_fresh && (packet->segment.flags & LASTACK_FIN))
        then.fin_acked = KNOW_NO;
    if (then.syn_acked == KNOW_MAYBE && is_fresh && (packet->segment.flags & LASTACK_SYN))
        then.syn_acked = KNOW_NO;
    then.heard_rst = KNOW_NO;
    then.may_reopen = false;
    return then;
}
