/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * retry_limits.h: how often Linux repeats itself, and so when a connection will be given up.
 *
 *     now ├─left─┤ resend ├── rto x2 ──┤ resend ├──── x4 ────┤ ... ┤ given up
 *
 * A prediction, not a promise: an ACK resets it, and a socket may carry its own TCP_USER_TIMEOUT or
 * TCP_SYNCNT that nobody can see from outside.
 */
#ifndef LASTACK_RETRY_LIMITS_H
#define LASTACK_RETRY_LIMITS_H

#include <lastack/row.h>

struct retry_limits {
    uint32_t retries2;           /* tcp_retries2 */
    uint32_t orphan_retries;     /* tcp_orphan_retries; 0 means 8 */
    uint32_t syn_retries;        /* tcp_syn_retries */
    uint32_t syn_linear;         /* tcp_syn_linear_timeouts: that many more, 1 s apart */
    uint32_t synack_retries;     /* tcp_synack_retries */
    uint32_t keepalive_probes;   /* tcp_keepalive_probes */
    uint32_t keepalive_interval; /* tcp_keepalive_intvl, seconds */
};

/* Linux's defaults. */
extern const struct retry_limits retry_limits_default;

/* Reads /proc/sys/net/ipv4 of this namespace; what cannot be read stays the default. */
void retry_limits_read(struct retry_limits *limits);

/* Fills in the row's timer_retries_max and gives_up_ns from its state and timer. */
void retry_limits_apply(const struct retry_limits *limits, struct lastack_connection_row *row);

#endif
