/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * rtt.h: round-trip estimate and retransmission timeout, RFC 6298.
 *
 *     sample ──▶ srtt, rttvar ──▶ rto = srtt + 4 rttvar, in [minimum, maximum], x 2 per back-off
 *
 * Kept in eighths of a microsecond, as fine as Linux's; 32 bits of them are 536 s, more than any
 * timeout.
 *
 * Not here: which samples are valid (Karn, RFC 6298 §3: the sent ranges know), when to back off
 * and arm (event/timeouts.c).
 */
#ifndef LASTACK_RTT_H
#define LASTACK_RTT_H

#include "duration.h"

#include <lastack/params.h>

enum { RTT_UNIT_NS = 125 };

struct rtt {
    uint32_t srtt; /* 0: no sample yet */
    uint32_t rttvar;
    uint32_t rto; /* without back-off */
    uint32_t min; /* smallest sample, 0: none */
    /* LASTACK_RTO_LINUX: the variance decays once per round trip, not once per sample */
    uint32_t mdev;
    uint32_t mdev_max;
    uint32_t round_end; /* SND.NXT when this round began */
    uint8_t backoff;    /* doublings in force */
};

/* One of its fields as a length of time. */
static inline int64_t rtt_ns(uint32_t units)
{
    return (int64_t)units * RTT_UNIT_NS;
}

static inline int64_t rtt_smoothed(const struct rtt *rtt)
{
    return rtt_ns(rtt->srtt);
}

void rtt_init(struct rtt *rtt, const struct lastack_params *params);

/* A valid sample; least_ns: the same without an ACK's delay (`min` is the least of these). una and
 * nxt (SND.UNA, SND.NXT as plain numbers) tell rounds apart. Ends the back-off (RFC 6298 §5.7's
 * note: a fresh measurement makes the old back-off moot). */
void rtt_sample(struct rtt *rtt, const struct lastack_params *params, int64_t sample_ns,
                int64_t least_ns, uint32_t una, uint32_t nxt);

/* The timeout in force: rto doubled per back-off, at most rto_max. */
int64_t rtt_timeout(const struct rtt *rtt, const struct lastack_params *params);

/* RFC 6298 §5.7: no sample from the handshake, whose SYN was sent again. */
void rtt_fall_back(struct rtt *rtt, const struct lastack_params *params);

/* RFC 6298 §5.5. */
void rtt_back_off(struct rtt *rtt);

#endif
