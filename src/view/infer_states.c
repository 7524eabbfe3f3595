/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * infer_states.c: states from facts, and nothing else: no packet is looked at here.
 *
 *     facts: each NO, YES or MAYBE ──▶ every case that they allow ──▶ a state each ──▶ a set
 *
 * Proven is what is alone in that set. What is expected is one case of them: what may have
 * arrived has, and what may have been sent unseen was not. RFC 9293 §3.3.2, Figure 5.
 */
#include "infer.h"

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
