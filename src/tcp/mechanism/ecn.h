/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * ecn.h: explicit congestion notification, RFC 3168 §6: what one connection has to remember.
 *
 *     SYN  ECE CWR ───────▶               asked
 *     ◀─────── SYN-ACK  ECE               agreed; anything else: not (§6.1.1)
 *     text  ECT(0) ──▶ router: CE ──▶     the receiver owes ECE on every ACK ...
 *     ◀─────── ACK  ECE                   the sender takes it as a loss, once a window; owes CWR
 *     text  CWR ───────▶                  ... until this
 *
 * ECT goes on new text only: never on SYNs, pure ACKs, repetitions and probes (§6.1.1,
 * 6.1.4-6.1.6).
 */
#ifndef LASTACK_ECN_H
#define LASTACK_ECN_H

#include <lastack/trace.h>

#include <stdbool.h>
#include <stdint.h>

enum ecn_codepoint { ECN_NOT_ECT = 0, ECN_ECT_1 = 1, ECN_ECT_0 = 2, ECN_CE = 3, ECN_MASK = 3 };

enum ecn_flag {
    ECN_ASKED = 1 << 0,    /* our SYN had ECE and CWR */
    ECN_ON = 1 << 1,       /* both ends agreed */
    ECN_SEEN = 1 << 2,     /* the peer's text comes with ECT */
    ECN_OWES_ECE = 1 << 3, /* CE arrived, and no CWR since */
    ECN_OWES_CWR = 1 << 4, /* our window came down: the next new text tells so */
};

/* A SYN that asks, as it is taken by a listener: not one with ECT, which RFC 3168 forbids. */
static inline bool ecn_is_setup_syn(uint16_t flags, uint8_t codepoint)
{
    return (flags & (LASTACK_ECE | LASTACK_CWR)) == (LASTACK_ECE | LASTACK_CWR) &&
           codepoint == ECN_NOT_ECT;
}

/* Our SYN was answered with a SYN-ACK. */
static inline uint8_t ecn_agree(uint8_t ecn, uint16_t flags)
{
    const uint16_t both = flags & (LASTACK_ECE | LASTACK_CWR);

    return ecn & ECN_ASKED && both == LASTACK_ECE ? ecn | ECN_ON : ecn & (uint8_t)~ECN_ON;
}

/* Text arrived within the window. True: the ACK may not wait, for the sender may have a window of
 * one segment. */
static inline bool ecn_text_arrived(uint8_t *ecn, uint16_t flags, uint8_t codepoint)
{
    bool is_urgent = false;

    if (flags & LASTACK_CWR) {
        *ecn &= (uint8_t)~ECN_OWES_ECE;
        is_urgent = true;
    }
    if (codepoint == ECN_CE) { /* on the segment with CWR: it starts over (§6.1.3) */
        is_urgent = is_urgent || !(*ecn & ECN_OWES_ECE);
        *ecn |= ECN_OWES_ECE;
    }
    if (codepoint != ECN_NOT_ECT)
        *ecn |= ECN_SEEN;
    return is_urgent;
}

/* The congestion window came down, for whatever reason (§6.1.2). */
static inline void ecn_window_came_down(uint8_t *ecn)
{
    if (*ecn & ECN_ON)
        *ecn |= ECN_OWES_CWR;
}

/* ECE of a segment that leaves, if it is owed. */
static inline uint16_t ecn_echo(uint8_t ecn)
{
    return ecn & ECN_OWES_ECE ? LASTACK_ECE : 0;
}

#endif
