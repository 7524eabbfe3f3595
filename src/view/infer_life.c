/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * infer_life.c: to which connection of one tuple a packet belongs.
 *
 *     before   ──────── opener's old life ────┐
 *                                             └─ SYN ──▶ now ───────────
 *              ──────── the other end's, until it answers that SYN ──┐
 *                                                                    └─▶ now ──
 *
 * A SYN with a new number begins a life. While the two lives overlap, the end that did not open
 * still lives in the old one. Numbers of SYNs that are over are remembered, INFER_PAST of them: a
 * late copy begins nothing. RFC 9293 §3.5 (Figures 6 to 9), §3.10.7.
 */
#include "infer_parts.h"

static const struct infer_facts nothing_known = {
    .heard_syn = KNOW_NO,
    .syn_acked = KNOW_NO,
    .sent_fin = KNOW_NO,
    .heard_fin = KNOW_NO,
    .fin_acked = KNOW_NO,
    .heard_rst = KNOW_NO,
    .is_gone = KNOW_NO,
};

static struct infer_side fresh_side(const struct infer *infer, unsigned end)
{
    return (struct infer_side){
        .is_incomplete = infer->is_distrusted[end],
        .has_gap = infer->is_distrusted[end],
    };
}

static void clear_life(struct infer *infer, unsigned opener)
{
    infer->now = (struct infer_life){0};
    for (unsigned end = 0; end < 2; end++) {
        infer->now.facts[end] = nothing_known;
        infer->now.side[end] = fresh_side(infer, end);
    }
    infer->opener = opener;
    infer->closed_first = -1;
    infer->closed_by_rst = false;
    infer->round_trip_ns = 0;
    infer->lives++;
}

static void remember_past(struct infer *infer, unsigned end)
{
    if (infer->now.side[end].has_isn)
        infer->past[end][infer->past_count[end]++ % INFER_PAST] = infer->now.side[end].isn;
}

/* `opener` begins anew. The other end, if it ever said anything, still lives in the old
 * connection. */
static void begin_life(struct infer *infer, unsigned opener, int64_t now,
                       struct infer_remark *remark)
{
    unsigned other = 1 - opener;
    bool had_life = infer->lives > 0;

    remember_past(infer, 0);
    remember_past(infer, 1);
    if (had_life && !(infer->overlaps && infer->opener == opener))
        infer->before = infer->now;
    infer->overlaps = had_life && infer->before.facts[other].is_seen;
    if (had_life) {
        bool waits = infer_expected(&infer->before.facts[other]) == TCP_TIME_WAIT;

        remark->marks |= 1u << (waits ? INFER_REOPENS_TIME_WAIT : INFER_REOPENS);
        infer->before.facts[other].may_reopen = true;
    }
    clear_life(infer, opener);
    infer->opened_at = now;
}

/* The capture begins in the middle: there was a handshake, and all else is possible. */
static void begin_in_the_middle(struct infer *infer, const struct infer_packet *packet)
{
    clear_life(infer, packet->from);
    infer->opened_at = packet->at;
    if (packet->segment.flags & LASTACK_RST)
        return;
    for (unsigned end = 0; end < 2; end++) {
        infer->now.facts[end].has_sent_syn = true;
        infer->now.facts[end].heard_syn = KNOW_MAYBE;
        infer->now.facts[end].syn_acked = KNOW_MAYBE;
        infer->now.facts[end].sent_fin = KNOW_MAYBE;
        infer->now.facts[end].heard_fin = KNOW_MAYBE;
        infer->now.facts[end].fin_acked = KNOW_MAYBE;
        infer->now.side[end].is_incomplete = true;
    }
}

/* A SYN-ACK was seen, so its receiver had sent this SYN. */
static void imply_syn(struct infer *infer, unsigned end, struct seq isn)
{
    struct infer_side *side = &infer->now.side[end];

    infer->now.facts[end].has_sent_syn = true;
    side->isn = side->first = isn;
    side->sent_to = side->no_fin_to = side->without_syn_ack = seq_add(isn, 1);
    side->has_seq = side->has_isn = side->has_no_fin_to = side->has_without_syn_ack = true;
    side->has_bare_syn = true;
}

bool infer_acks_syn(const struct infer_life *life, unsigned end, struct seq ack)
{
    const struct infer_side *side = &life->side[end];

    return side->has_isn && seq_in_window(ack, seq_add(side->isn, 1), INFER_REACH);
}

/* The same, exactly: nothing but what was sent by then. */
static bool answers_syn_of(const struct infer_life *life, unsigned end, struct seq ack)
{
    const struct infer_side *side = &life->side[end];

    return side->has_isn &&
           seq_in_window(ack, seq_add(side->isn, 1), seq_distance(side->isn, side->sent_to));
}

static struct infer_life *life_of_bare_syn(struct infer *infer, const struct infer_packet *packet,
                                           struct infer_remark *remark)
{
    unsigned x = packet->from, y = 1 - x;
    const struct infer_life *now = &infer->now;
    bool is_again = now->facts[x].has_sent_syn && seq_equal(now->side[x].isn, packet->segment.seq);
    bool crosses = !now->facts[x].has_sent_syn && !now->facts[x].is_seen &&
                   now->side[y].has_bare_syn && now->facts[y].heard_syn == KNOW_NO &&
                   now->facts[y].heard_rst == KNOW_NO;

    if (is_again && now->side[x].has_seq)
        return &infer->now;
    if (infer->overlaps && x != infer->opener && infer->before.side[x].has_isn &&
        seq_equal(infer->before.side[x].isn, packet->segment.seq))
        return &infer->before; /* a late copy of the SYN with which its old life began */
    if (crosses) {
        infer->overlaps = false;
        return &infer->now;
    }
    begin_life(infer, x, packet->at, remark);
    return &infer->now;
}

/* SYNs have crossed though each looked like a life of its own: what this end said in the old one
 * belongs to the new. */
static void carry_over(struct infer *infer, unsigned end)
{
    infer->now.side[end] = infer->before.side[end];
    infer->now.facts[end] = infer->before.facts[end];
    infer->now.facts[end].may_reopen = false;
    infer->overlaps = false;
}

/* While lives overlap: this SYN-ACK joins them to a simultaneous open. */
static bool joins_lives(struct infer *infer, const struct infer_packet *packet)
{
    unsigned x = packet->from, y = 1 - x;
    const struct infer_life *before = &infer->before;
    unsigned other = 1 - infer->opener; /* whose SYN is in the old life */
    bool is_in_syn_sent =
        before->side[other].has_bare_syn && before->facts[other].heard_syn != KNOW_YES;

    if (!infer->overlaps || !is_in_syn_sent)
        return false;
    if (x == other ? seq_equal(before->side[x].isn, packet->segment.seq) &&
                         infer_acks_syn(&infer->now, y, packet->segment.ack)
                   : seq_equal(infer->now.side[x].isn, packet->segment.seq) &&
                         seq_equal(packet->segment.ack, before->side[y].sent_to)) {
        carry_over(infer, other);
        return true;
    }
    return false;
}

/* Which life this SYN-ACK answers, or NULL if none that is known. */
static struct infer_life *life_answered(struct infer *infer, const struct infer_packet *packet)
{
    unsigned x = packet->from, y = 1 - x;
    const struct segment *seg = &packet->segment;
    bool is_left = infer->overlaps && x != infer->opener; /* x may still be in the old one */

    if (infer->lives == 0)
        return NULL;
    if (joins_lives(infer, packet))
        return &infer->now;
    if (answers_syn_of(&infer->now, y, seg->ack)) {
        infer->overlaps = false;
        return &infer->now;
    }
    if (is_left && answers_syn_of(&infer->before, y, seg->ack))
        return &infer->before;
    /* Its own SYN of this life, with an ACK that fits nothing sent in it: it has met an old
     * duplicate SYN. */
    if (is_left && infer->before.side[x].has_isn && seq_equal(infer->before.side[x].isn, seg->seq))
        return &infer->before;
    if (infer->now.side[x].has_isn && seq_equal(infer->now.side[x].isn, seg->seq))
        return &infer->now;
    if (!infer->now.side[y].has_bare_syn || infer->now.facts[y].heard_syn == KNOW_YES)
        return NULL;
    infer->overlaps = false;
    return &infer->now;
}

/* A SYN of a life that is over. */
bool infer_is_of_the_past(const struct infer *infer, const struct infer_packet *packet)
{
    unsigned x = packet->from;
    struct seq isn = packet->segment.seq;

    if ((packet->segment.flags & LASTACK_SYN) == 0 ||
        (infer->now.side[x].has_isn && seq_equal(infer->now.side[x].isn, isn)) ||
        (infer->overlaps && x != infer->opener && infer->before.side[x].has_isn &&
         seq_equal(infer->before.side[x].isn, isn)))
        return false;
    for (unsigned i = 0; i < INFER_PAST && i < infer->past_count[x]; i++)
        if (seq_equal(infer->past[x][i], isn))
            return true;
    return false;
}

static struct infer_life *life_of_syn_ack(struct infer *infer, const struct infer_packet *packet,
                                          struct infer_remark *remark)
{
    unsigned x = packet->from, y = 1 - x;
    const struct segment *seg = &packet->segment;
    struct infer_life *life = life_answered(infer, packet);

    if (life == NULL) { /* the SYN was not captured */
        if (infer->lives == 0)
            clear_life(infer, y);
        else
            begin_life(infer, y, packet->at, remark);
        infer->opened_at = packet->at;
        infer->overlaps = false;
        imply_syn(infer, y, seq_sub(seg->ack, 1));
        return &infer->now;
    }
    /* its first, in front of all that was seen of it; or the same again */
    if (life->facts[x].has_sent_syn
            ? seq_equal(life->side[x].isn, seg->seq)
            : !life->side[x].has_seq || seq_before(seg->seq, life->side[x].first))
        return life;
    if (life == &infer->now && life->facts[y].heard_syn == KNOW_YES) {
        /* An old duplicate SYN came to an end that had forgotten the connection; the other has
         * not. */
        begin_life(infer, x, packet->at, remark);
        return &infer->now;
    }
    /* It forgot its first answer, as with SYN cookies: this one counts. */
    life->facts[x] = nothing_known;
    life->side[x] = fresh_side(infer, x);
    return life;
}

/* While lives overlap, the end that did not open answers from the old one, until it acknowledges
 * the new SYN: by a RST, or by something that follows a SYN-ACK which was missed. */
static struct infer_life *life_of_answer(struct infer *infer, const struct infer_packet *packet)
{
    const struct segment *seg = &packet->segment;

    if ((seg->flags & LASTACK_ACK) == 0 || !answers_syn_of(&infer->now, infer->opener, seg->ack))
        return &infer->before;
    infer->overlaps = false;
    infer->now.side[packet->from].is_incomplete = true; /* at the least a SYN-ACK */
    return &infer->now;
}

/* The life that this packet belongs to; begins one where it must. */
struct infer_life *infer_life_of(struct infer *infer, const struct infer_packet *packet,
                                 struct infer_remark *remark)
{
    const struct segment *seg = &packet->segment;
    bool is_opener = packet->from == infer->opener;

    if ((seg->flags & (LASTACK_SYN | LASTACK_RST)) == LASTACK_SYN)
        return seg->flags & LASTACK_ACK ? life_of_syn_ack(infer, packet, remark)
                                        : life_of_bare_syn(infer, packet, remark);
    if (infer->lives == 0)
        begin_in_the_middle(infer, packet);
    if (!infer->overlaps)
        return &infer->now;
    if (!is_opener)
        return life_of_answer(infer, packet);
    /* The opener's own: of the new life if its number is, or a RST that answers the old one's
     * ACK. */
    if (seg->flags & LASTACK_RST)
        return &infer->now;
    return seq_equal(seg->seq, infer->now.side[packet->from].sent_to) ? &infer->now
                                                                      : &infer->before;
}

/* It acknowledges a SYN of a life that is over: its sender has met an old duplicate, and lives in
 * a connection that its peer does not know. What it says fits nothing here. */
bool infer_acks_the_past(const struct infer *infer, const struct infer_packet *packet)
{
    unsigned y = 1 - packet->from;
    struct seq isn = seq_sub(packet->segment.ack, 1);

    /* Where its present SYN was not seen, that of the past may be it: SYNs that crossed. */
    if ((packet->segment.flags & LASTACK_ACK) == 0 || !infer->now.side[y].has_isn ||
        seq_equal(infer->now.side[y].isn, isn) ||
        (infer->overlaps && infer->before.side[y].has_isn &&
         seq_equal(infer->before.side[y].isn, isn)))
        return false;
    for (unsigned i = 0; i < INFER_PAST && i < infer->past_count[y]; i++)
        if (seq_equal(infer->past[y][i], isn))
            return true;
    return false;
}
