/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * rtt.h: round-trip estimate and retransmission timeout, RFC 6298.
 *
 *     sample ──▶ srtt, rttvar ──▶ rto = srtt + 4 rttvar, held in [minimum, maximum]   (x 2 per back-off)
 *
 * Not here: which samples are valid (Karn, RFC 6298 §3: the sent ranges know), when to back off
 * and arm (event/timeouts.c).
 */
#ifndef LASTACK_RTT_H
#define LASTACK_RTT_H

#include <lastack/params.h>

struct rtt {
    int64_t srtt_ns;   /* 0: no sample yet */
    int64_t rttvar_ns;
    int64_t rto_ns;    /* without back-off */
    int64_t min_ns;    /* smallest sample, 0: none */
    /* LASTACK_RTO_LINUX: the variance decays once per round trip, not once per sample */
    int64_t mdev_ns;
    int64_t mdev_max_ns;
    uint32_t round_end; /* SND.NXT when this round began */
    uint8_t backoff;    /* doublings in force */
};

void rtt_init(struct rtt *rtt, const struct lastack_params *params);

/* A valid sample. una and nxt (SND.UNA, SND.NXT as plain numbers) tell rounds apart. Ends the
 * back-off (RFC 6298 §5.7's note: a fresh measurement makes the old back-off moot). */
void rtt_sample(struct rtt *rtt, const struct lastack_params *params, int64_t sample_ns,
                uint32_t una, uint32_t nxt);

/* The timeout in force: rto doubled per back-off, at most rto_max. */
int64_t rtt_timeout(const struct rtt *rtt, const struct lastack_params *params);

/* RFC 6298 §5.5. */
void rtt_back_off(struct rtt *rtt);

#endif
