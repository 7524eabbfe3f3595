/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * infer_receiver.c: what may reach an end by a packet of its peer: its facts become MAYBE, never
 * YES, because nobody sees it arrive. A RST among them, which may be taken or not (RFC 9293
 * §3.10.7.3, §3.10.7.4), and what is meant for a new life but passes for good in the old one.
 */
#include "infer_parts.h"

static void raise(uint8_t *fact)
{
    if (*fact == KNOW_NO)
        *fact = KNOW_MAYBE;
}

static void raise_limit(struct seq *limit, bool *has, struct seq end)
{
    if (!*has || seq_after(end, *limit))
        *limit = end;
    *has = true;
}

/* What may reach `y` by this packet of its peer: bits of enum infer_carried. */
unsigned infer_learn_of_receiver(struct infer_life *life, const struct infer_packet *packet)
{
    unsigned x = packet->from, y = 1 - x, carries = 0;
    const struct segment *seg = &packet->segment;
    struct infer_side *side = &life->side[x];
    struct infer_facts *facts = &life->facts[y];
    bool has_ack = seg->flags & LASTACK_ACK;
    struct seq end = seq_add(seg->seq, seg->len);

    if (seg->flags & LASTACK_SYN) {
        raise(&facts->heard_syn);
        carries |= INFER_CARRIES_SYN;
    }
    facts->has_peer_fin = side->has_fin;
    if (side->has_fin) {
        raise(&facts->heard_fin);
        carries |= seg->len > 0 ? INFER_CARRIES_FIN : 0; /* or fills the gap before it */
    } else if (facts->heard_fin == KNOW_MAYBE) {
        /* Text further on shows that there was no FIN yet. */
        facts->heard_fin = infer_heard_fin(&life->side[y], side);
    }
    if (has_ack && (infer_acks_syn(life, y, seg->ack) || !(seg->flags & LASTACK_SYN))) {
        raise(&facts->syn_acked);
        carries |= INFER_CARRIES_SYN_ACK;
    } else if (seg->len > 0) {
        raise_limit(&side->without_syn_ack, &side->has_without_syn_ack, end);
    }
    if (!life->side[y].has_fin)
        return carries;
    if (has_ack && seq_after_or_equal(seg->ack, life->side[y].fin_end)) {
        raise(&facts->fin_acked);
        carries |= INFER_CARRIES_FIN_ACK;
    } else if (seg->len > 0) {
        raise_limit(&side->without_fin_ack, &side->has_without_fin_ack, end);
    }
    return carries;
}

/* ---- RST ---- */

/* RFC 9293 §3.10.7.3, §3.10.7.4 (first and second check), widely: could `y` take this RST for a
 * good one? */
static bool may_be_accepted(const struct infer_life *life, unsigned y, const struct segment *seg)
{
    const struct infer_side *side = &life->side[y];
    const struct infer_facts *facts = &life->facts[y];

    if (!facts->is_seen && !facts->has_sent_syn)
        return false;
    if (facts->heard_syn == KNOW_NO)
        return (seg->flags & LASTACK_ACK) && infer_acks_syn(life, y, seg->ack);
    if (!side->has_acked)
        return true;
    return seq_in_window(seg->seq, side->acked_to, INFER_REACH);
}

/* A RST that answers an ACK which its sender cannot accept, without a connection or before one:
 * SYN-SENT and SYN-RECEIVED stay what they are (RFC 9293 §3.10.7.3 first check, §3.10.7.4 fifth
 * check). */
static bool may_stay(const struct infer_life *life, unsigned x, const struct segment *seg)
{
    const uint16_t unsynchronized = 1u << TCP_SYN_SENT | 1u << TCP_SYN_RECEIVED;

    if ((infer_possible(&life->facts[x]) & unsynchronized) == 0 || (seg->flags & LASTACK_ACK))
        return false;
    return !seq_in_window(seg->seq, seq_add(life->side[x].isn, 1),
                          seq_distance(life->side[x].isn, life->side[x].sent_to));
}

void infer_learn_from_rst(struct infer *infer, struct infer_life *life,
                          const struct infer_packet *packet)
{
    unsigned x = packet->from, y = 1 - x;
    struct infer_facts *facts = &life->facts[x];

    /* Where packets are missed, a RST that is only an answer may come from a newer SYN-SENT, or
     * from before. */
    bool is_its_own =
        !life->side[x].has_gap || ((packet->segment.flags & LASTACK_ACK) &&
                                   seq_equal(packet->segment.seq, life->side[x].sent_to));
    bool stays = may_stay(life, x, &packet->segment) || !is_its_own;
    facts->is_seen = true;
    facts->is_gone = stays ? KNOW_MAYBE : KNOW_YES;
    life->side[x].has_rst = true;
    life->side[x].rst_at = packet->at;
    if (infer->overlaps && x == infer->opener) {
        infer->before.side[x].rst_at = packet->at;
        raise(&infer->before.facts[y].heard_rst);
    }
    if (may_be_accepted(life, y, &packet->segment))
        raise(&life->facts[y].heard_rst);
}

/* While lives overlap: what the opener sends in the new one may by its numbers pass for good in the
 * old one, where the other end still is. */
void infer_spill_over(struct infer *infer, const struct infer_packet *packet)
{
    unsigned y = 1 - infer->opener;
    const struct segment *seg = &packet->segment;
    const struct infer_side *side = &infer->before.side[y];
    struct infer_facts *facts = &infer->before.facts[y];

    if (!infer->overlaps || packet->from != infer->opener || (seg->flags & LASTACK_ACK) == 0 ||
        (side->has_acked && !seq_in_window(seg->seq, side->acked_to, INFER_REACH)))
        return;
    raise(&facts->syn_acked);
    if (side->has_fin)
        raise(&facts->fin_acked);
    if (seg->flags & LASTACK_FIN)
        raise(&facts->heard_fin);
}
