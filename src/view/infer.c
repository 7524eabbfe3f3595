/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * infer.c: facts from packets, states from facts.
 *
 * One packet from `x` to `y` is taken in four steps:
 *
 *     which life?    a SYN with a new number begins one; until `y` has answered it, `y` still
 *     lives in the old one remarks        what is noteworthy, compared with what was known so
 *     far (remark.c) the sender     what it must have sent and heard: its facts become YES the
 *     receiver   what may reach it: its facts become MAYBE
 *
 * All numbers kept only ever grow, so a packet that was overtaken changes nothing: it is too old
 * to prove anything.
 *
 * "The ACK of its SYN (FIN) reached x" is proven by x acknowledging a byte of y behind
 * `without_syn_ack` (`without_fin_ack`), the last byte of y of which any copy came without that
 * ACK:
 *
 *     y sends   [....... without the ACK .......|.... every copy with it ....)
 *                              without_fin_ack ─┘         ▲ x acknowledges this: x has got the ACK
 */
#include "infer.h"

#include "remark.h"

#include "check.h"
#include "duration.h"

enum {
    REACH = 1 << 30, /* no window is larger (RFC 7323 §2.3): numbers farther off are nonsense */
};

/* How long after a RST was seen its receiver's packets may still have been sent before it came. */
#define RST_ON_ITS_WAY MS(1000)
/* How long after a RST its sender's older packets may still turn up. */
#define RST_OVERTAKEN MS(200)

/* ---- states from facts ---- */

#define BIT(state) (1u << (state))

static enum tcp_state state_of(bool heard_syn, bool syn_acked, bool sent_fin, bool heard_fin,
                               bool fin_acked, bool closed_first)
{
    if (!heard_syn)
        return TCP_SYN_SENT;
    if (!syn_acked) /* CLOSE in SYN-RECEIVED sends a FIN (RFC 9293 §3.10.4) */
        return !sent_fin ? TCP_SYN_RECEIVED : heard_fin ? TCP_CLOSING : TCP_FIN_WAIT_1;
    if (!sent_fin)
        return heard_fin ? TCP_CLOSE_WAIT : TCP_ESTABLISHED;
    if (!heard_fin)
        return fin_acked ? TCP_FIN_WAIT_2 : TCP_FIN_WAIT_1;
    if (closed_first)
        return fin_acked ? TCP_TIME_WAIT : TCP_CLOSING;
    return fin_acked ? TCP_CLOSED : TCP_LAST_ACK;
}

/* A fact that is this bit of an enumeration of all cases is one that the knowledge allows. */
static bool allows(uint8_t knowledge, bool value)
{
    return (knowledge & (value ? KNOW_YES : KNOW_NO)) != 0;
}

/* Cases that cannot be, whatever the single facts allow. */
static bool is_consistent(bool heard_syn, bool syn_acked, bool sent_fin, bool heard_fin,
                          bool fin_acked)
{
    if (!heard_syn && (sent_fin || heard_fin || fin_acked))
        return false;
    if (!syn_acked && ((heard_fin && !sent_fin) || fin_acked))
        return false;
    return sent_fin || !fin_acked;
}

uint16_t infer_possible(const struct infer_facts *facts)
{
    /* Who closed first is an open question until a FIN was seen. */
    uint8_t order = facts->closed_first != 0 ? facts->closed_first : KNOW_MAYBE;
    unsigned mask = 0;

    if (!facts->is_seen && !facts->has_sent_syn)
        return 0;
    if (allows(facts->is_gone, true) || allows(facts->heard_rst, true))
        mask |= BIT(TCP_CLOSED);
    if (facts->is_gone == KNOW_YES)
        return (uint16_t)mask;
    for (unsigned i = 0; i < 64; i++) {
        bool heard_syn = i & 1, syn_acked = i & 2, sent_fin = i & 4, heard_fin = i & 8,
             fin_acked = i & 16;
        bool first = i & 32;

        if (allows(facts->heard_syn, heard_syn) && allows(facts->syn_acked, syn_acked) &&
            allows(facts->sent_fin, sent_fin) && allows(facts->heard_fin, heard_fin) &&
            allows(facts->fin_acked, fin_acked) && allows(order, first) &&
            is_consistent(heard_syn, syn_acked, sent_fin, heard_fin, fin_acked))
            mask |= BIT(state_of(heard_syn, syn_acked, sent_fin, heard_fin, fin_acked, first));
    }
    /* A reset request of a listener goes back to where it came from. */
    if (allows(facts->heard_rst, true) && (mask & BIT(TCP_SYN_RECEIVED)))
        mask |= BIT(TCP_LISTEN);
    if (facts->may_reopen)
        mask |= BIT(TCP_SYN_RECEIVED);
    return (uint16_t)mask;
}

enum tcp_state infer_proven(const struct infer_facts *facts)
{
    uint16_t mask = infer_possible(facts);

    for (int state = TCP_ESTABLISHED; state <= TCP_CLOSING; state++)
        if (mask == BIT(state))
            return (enum tcp_state)state;
    return (enum tcp_state)0;
}

enum tcp_state infer_expected(const struct infer_facts *facts)
{
    enum tcp_state state;

    if (!facts->is_seen && !facts->has_sent_syn)
        return (enum tcp_state)0;
    if (facts->is_gone == KNOW_YES || allows(facts->heard_rst, true))
        return facts->may_reopen ? TCP_SYN_RECEIVED : TCP_CLOSED;
    /* What may have arrived has; what may have been sent unseen was not. */
    state = state_of(
        allows(facts->heard_syn, true), allows(facts->syn_acked, true), facts->sent_fin == KNOW_YES,
        facts->heard_fin == KNOW_YES || (facts->heard_fin == KNOW_MAYBE && facts->has_peer_fin),
        allows(facts->fin_acked, true), facts->closed_first == KNOW_YES);
    if (facts->may_reopen && (state == TCP_CLOSED || state == TCP_TIME_WAIT))
        return TCP_SYN_RECEIVED;
    return state;
}

/* ---- lives ---- */

static const struct infer_facts nothing_known = {
    .heard_syn = KNOW_NO,
    .syn_acked = KNOW_NO,
    .sent_fin = KNOW_NO,
    .heard_fin = KNOW_NO,
    .fin_acked = KNOW_NO,
    .heard_rst = KNOW_NO,
    .is_gone = KNOW_NO,
};

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

static bool acks_syn_of(const struct infer_life *life, unsigned end, struct seq ack)
{
    const struct infer_side *side = &life->side[end];

    return side->has_isn && seq_in_window(ack, seq_add(side->isn, 1), REACH);
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
                         acks_syn_of(&infer->now, y, packet->segment.ack)
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
static bool is_of_the_past(const struct infer *infer, const struct infer_packet *packet)
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
static struct infer_life *life_of(struct infer *infer, const struct infer_packet *packet,
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

/* ---- the sender ---- */

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
static bool is_newer(const struct infer_side *side, const struct infer_stamp *stamp,
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
static uint8_t heard_fin_by_ack(const struct infer_side *side, const struct infer_side *peer)
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

static void learn_from_sender(struct infer_life *life, const struct infer_packet *packet)
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
    uint8_t heard = heard_fin_by_ack(side, peer);
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
static struct infer_facts sender_then(const struct infer_life *life,
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
        then.heard_fin = heard_fin_by_ack(side, peer);
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

/* ---- the receiver ---- */

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
static unsigned learn_of_receiver(struct infer_life *life, const struct infer_packet *packet)
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
        facts->heard_fin = heard_fin_by_ack(&life->side[y], side);
    }
    if (has_ack && (acks_syn_of(life, y, seg->ack) || !(seg->flags & LASTACK_SYN))) {
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
        return (seg->flags & LASTACK_ACK) && acks_syn_of(life, y, seg->ack);
    if (!side->has_acked)
        return true;
    return seq_in_window(seg->seq, side->acked_to, REACH);
}

/* A RST that answers an ACK which its sender cannot accept, without a connection or before one:
 * SYN-SENT and SYN-RECEIVED stay what they are (RFC 9293 §3.10.7.3 first check, §3.10.7.4 fifth
 * check). */
static bool may_stay(const struct infer_life *life, unsigned x, const struct segment *seg)
{
    const uint16_t unsynchronized = BIT(TCP_SYN_SENT) | BIT(TCP_SYN_RECEIVED);

    if ((infer_possible(&life->facts[x]) & unsynchronized) == 0 || (seg->flags & LASTACK_ACK))
        return false;
    return !seq_in_window(seg->seq, seq_add(life->side[x].isn, 1),
                          seq_distance(life->side[x].isn, life->side[x].sent_to));
}

static void learn_from_rst(struct infer *infer, struct infer_life *life,
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

/* ---- a packet ---- */

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
    bool is_young = side->text_bytes < REACH && seq_distance(side->isn, side->sent_to) < REACH;

    return life->facts[end].has_sent_syn && side->has_isn && is_young &&
           seq_before(first, side->isn);
}

/* How far a sender can have got unseen since its last packet: 64 MiB at once, and 1 Gbit/s. */
static int32_t reach_ahead(const struct infer_side *side, int64_t now)
{
    int64_t elapsed_ns = side->packets > 0 ? clamp64(now - side->last_at, 0, SEC(9)) : SEC(9);

    return (int32_t)min64(REACH, (64 << 20) + elapsed_ns / 8);
}

static bool is_far_from(const struct infer_side *side, struct seq number, int64_t now)
{
    int32_t distance = seq_compare(number, side->sent_to);

    return side->has_seq && (distance > reach_ahead(side, now) || distance < -REACH);
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

/* It acknowledges a SYN of a life that is over: its sender has met an old duplicate, and lives in
 * a connection that its peer does not know. What it says fits nothing here. */
static bool acks_the_past(const struct infer *infer, const struct infer_packet *packet)
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

/* While lives overlap: what the opener sends in the new one may by its numbers pass for good in the
 * old one, where the other end still is. */
static void spill_over(struct infer *infer, const struct infer_packet *packet)
{
    unsigned y = 1 - infer->opener;
    const struct segment *seg = &packet->segment;
    const struct infer_side *side = &infer->before.side[y];
    struct infer_facts *facts = &infer->before.facts[y];

    if (!infer->overlaps || packet->from != infer->opener || (seg->flags & LASTACK_ACK) == 0 ||
        (side->has_acked && !seq_in_window(seg->seq, side->acked_to, REACH)))
        return;
    raise(&facts->syn_acked);
    if (side->has_fin)
        raise(&facts->fin_acked);
    if (seg->flags & LASTACK_FIN)
        raise(&facts->heard_fin);
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
    if (is_of_the_past(infer, packet)) {
        remark->marks = 1u << INFER_OLD_DUPLICATE;
        return;
    }
    bool is_rst = packet->segment.flags & LASTACK_RST;
    if (!is_rst && acks_the_past(infer, packet)) {
        lose_track(infer->overlaps && packet->from != infer->opener ? &infer->before : &infer->now,
                   packet, remark);
        return;
    }
    struct infer_life *life = life_of(infer, packet, remark);
    struct infer_side *side = &life->side[packet->from];
    bool is_fin = packet->segment.flags & LASTACK_FIN;

    if (!is_rst && is_nonsense(life, packet)) {
        lose_track(life, packet, remark);
        return;
    }
    bool is_fresh = is_newer(side, is_fin ? &side->fin_stamp : &side->syn_ack_stamp, packet);
    remark_packet(infer, life, packet, remark);
    note_end(infer, life, packet);
    if (is_rst) {
        learn_from_rst(infer, life, packet);
    } else {
        learn_from_sender(life, packet);
        remark->carries = (uint8_t)learn_of_receiver(life, packet);
        spill_over(infer, packet);
    }
    note_round_trip(infer, packet);
    remark->sender = sender_then(life, packet, is_fresh);
    remark_remember(infer, life, packet, remark);
}
