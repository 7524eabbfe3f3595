/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * ladder_states.c: states with hindsight.
 *
 * For end e, row r sent by its peer, and n the next row that e sent:
 *
 *     r   ───── FIN ────▶  e    heard_fin = MAYBE
 *     ...
 *     n   ◀──── ACK ──────  e   its sender  heard_fin = YES    => it was YES at r: CLOSE-WAIT
 *                                                       NO     => it had not come: no change at r
 *                                                       MAYBE  => as expected, not proven
 */
#include "ladder_parts.h"

static struct ladder_state state_by(const struct infer_facts *facts)
{
    enum tcp_state state = infer_proven(facts);

    if (state != 0)
        return (struct ladder_state){state, LADDER_PROVEN};
    state = infer_expected(facts);
    return (struct ladder_state){state, state != 0 ? LADDER_ASSUMED : LADDER_UNKNOWN};
}

/* A fact that was open and is settled later. If more than one packet may have brought it, only
 * the last of them is sure to have: the others may have been lost. */
static uint8_t in_hindsight(uint8_t then, uint8_t later, bool comes_again)
{
    if (then != KNOW_MAYBE || (later == KNOW_YES && comes_again))
        return then;
    return later;
}

/* What was open in `facts` and what the end's next packet says of it; `again`: what other
 * packets before that one carry, too. */
static struct infer_facts with_hindsight(struct infer_facts facts, const struct infer_facts *later,
                                         unsigned again)
{
    facts.heard_syn = in_hindsight(facts.heard_syn, later->heard_syn, again & INFER_CARRIES_SYN);
    facts.syn_acked =
        in_hindsight(facts.syn_acked, later->syn_acked, again & INFER_CARRIES_SYN_ACK);
    facts.heard_fin = in_hindsight(facts.heard_fin, later->heard_fin, again & INFER_CARRIES_FIN);
    facts.fin_acked =
        in_hindsight(facts.fin_acked, later->fin_acked, again & INFER_CARRIES_FIN_ACK);
    facts.heard_rst = in_hindsight(facts.heard_rst, later->heard_rst, false);
    if (later->closed_first != 0 && facts.closed_first == KNOW_MAYBE)
        facts.closed_first = later->closed_first;
    return facts;
}

static bool is_segment_of(const struct ladder_row *row, unsigned end)
{
    return row->kind == LADDER_SEGMENT && row->from == end;
}

/* The SYN that made a listener answer: the last one before its SYN-ACK. */
static bool is_answered_syn(const struct ladder *ladder, size_t at, size_t next)
{
    const struct ladder_row *row = &ladder->rows[at];

    if (next == ladder->count || row->kind != LADDER_SEGMENT ||
        (row->flags & (LASTACK_SYN | LASTACK_ACK)) != LASTACK_SYN)
        return false;
    return (ladder->rows[next].flags & (LASTACK_SYN | LASTACK_ACK | LASTACK_RST)) ==
           (LASTACK_SYN | LASTACK_ACK);
}

/* States of one end, from the last row to the first, because `next` is the end's next packet. */
void ladder_draw_states(struct ladder *ladder, unsigned end)
{
    size_t next = ladder->count;
    unsigned again = 0;

    for (size_t i = ladder->count; i-- > 0;) {
        struct ladder_row *row = &ladder->rows[i];
        bool has_later = next < ladder->count && ladder->rows[next].life == row->life;

        if (row->kind == LADDER_AGAIN)
            continue;
        if (is_segment_of(row, end)) {
            row->state[end] = state_by(&row->sender);
            next = i;
            again = 0;
            continue;
        }
        struct infer_facts facts = row->facts[end];
        if (has_later && !(ladder->rows[next].flags & LASTACK_RST))
            facts = with_hindsight(facts, &ladder->rows[next].sender, again);
        row->state[end] = state_by(&facts);
        if (is_answered_syn(ladder, i, next) && has_later && !(again & INFER_CARRIES_SYN))
            row->state[end] = (struct ladder_state){TCP_SYN_RECEIVED, LADDER_PROVEN};
        again |= row->kind == LADDER_SEGMENT ? row->carries : 0;
    }
}

/* A row that tells nothing new of an end shows what was known before. */
void ladder_carry_states(struct ladder *ladder, unsigned end)
{
    struct ladder_state state = ladder->begin[end];

    for (size_t i = 0; i < ladder->count; i++) {
        struct ladder_row *row = &ladder->rows[i];

        if (row->kind == LADDER_AGAIN || row->state[end].certainty == LADDER_UNKNOWN)
            row->state[end] = state;
        /* The same state, once proven, does not become doubtful because something is on its way
         * to it. */
        else if (row->state[end].state == state.state && state.certainty == LADDER_PROVEN)
            row->state[end].certainty = LADDER_PROVEN;
        state = row->state[end];
    }
}

/* Before its first packet: who sends a SYN was CLOSED, who answers one was in LISTEN. */
struct ladder_state ladder_state_before(const struct ladder *ladder, unsigned end)
{
    for (size_t i = 0; i < ladder->count; i++) {
        const struct ladder_row *row = &ladder->rows[i];

        if (!is_segment_of(row, end) || !(row->flags & LASTACK_SYN) || (row->flags & LASTACK_RST)) {
            if (is_segment_of(row, end))
                break;
            continue;
        }
        bool is_answer = row->flags & LASTACK_ACK;
        return (struct ladder_state){is_answer ? TCP_LISTEN : TCP_CLOSED, LADDER_PROVEN};
    }
    return (struct ladder_state){(enum tcp_state)0, LADDER_UNKNOWN};
}
