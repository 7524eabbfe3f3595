/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * owe.h: what a connection owes the network, and what it has to tell its socket.
 *
 * Events only set bits; next_segment reads them and decides what leaves. Bits are debts that can
 * be merged (one ACK pays for many segments); what may not be merged becomes a reply record
 * (docs/decisions/0009).
 */
#ifndef LASTACK_OWE_H
#define LASTACK_OWE_H

enum owe {
    OWE_ACK = 1 << 0,        /* an ACK, now */
    OWE_SEND = 1 << 1,       /* look whether SYN, data or FIN may leave */
    OWE_RETRANSMIT = 1 << 2, /* the earliest unacknowledged segment, whatever the windows say */
    OWE_PROBE = 1 << 3,      /* a zero-window probe (RFC 9293 §3.8.6.1) */
    OWE_KEEPALIVE = 1 << 4,  /* a keepalive probe (§3.8.4) */
    OWE_TAIL = 1 << 5,       /* a tail loss probe (RFC 8985 §7.3) */
};

enum wake {
    WAKE_READABLE = 1 << 0,
    WAKE_WRITABLE = 1 << 1,
    WAKE_ERROR = 1 << 2,
    WAKE_HANGUP = 1 << 3,
    WAKE_URGENT = 1 << 4, /* RCV.UP has advanced */
    WAKE_ADVICE = 1 << 5, /* a soft error: delivery is failing, for now */
};

#endif
