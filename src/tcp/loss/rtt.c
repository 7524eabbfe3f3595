/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * rtt.c: see rtt.h.
 *
 * Invariant: srtt == 0 until the first sample, then always > 0.
 */
#include "rtt.h"

#include "bits.h"
#include "check.h"

static int64_t distance64(int64_t a, int64_t b)
{
    return a > b ? a - b : b - a;
}

/* A length of time in our units: at least one, at most what 32 bits hold. */
static uint32_t rtt_units(int64_t ns)
{
    const uint64_t units = (uint64_t)ns / RTT_UNIT_NS;

    CHECK(ns >= 0);
    if (UNLIKELY(units > UINT32_MAX))
        return UINT32_MAX;
    return units == 0 ? 1 : (uint32_t)units;
}

void rtt_init(struct rtt *rtt, const struct lastack_params *params)
{
    *rtt = (struct rtt){.rto = rtt_units(params->rto_initial_ns)}; /* RFC 6298 §2.1 */
}

/* RFC 6298 §2.2, (2.3): variance first, it needs the old mean. */
static void sample_rfc(struct rtt *rtt, int64_t sample)
{
    if (rtt->srtt == 0) {
        rtt->srtt = (uint32_t)sample;
        rtt->rttvar = (uint32_t)sample / 2;
        return;
    }
    rtt->rttvar = (uint32_t)(rtt->rttvar + (distance64(rtt->srtt, sample) - rtt->rttvar) / 4);
    rtt->srtt = (uint32_t)(rtt->srtt + (sample - rtt->srtt) / 8);
}

/* A round trip is over: by a quarter, but not below the floor. */
static void let_variance_fall(struct rtt *rtt, const struct lastack_params *params)
{
    const uint32_t least = max32(rtt->mdev_max, rtt_units(params->rto_min_ns));

    if (least < rtt->rttvar)
        rtt->rttvar -= (rtt->rttvar - least) / 4;
}

/*
 * Linux keeps a running mean deviation and takes the largest of a round trip as the variance; it
 * falls slowly (by a quarter per round) and the floor of rto_min applies to the variance, so that
 * rto >= srtt + rto_min. A sample below the mean by more than the deviation counts an eighth: a
 * path that got faster is no jitter.
 */
static void sample_linux(struct rtt *rtt, const struct lastack_params *params, uint32_t sample,
                         uint32_t una, uint32_t nxt)
{
    int64_t error; /* beyond the mean deviation */

    if (rtt->srtt == 0) {
        rtt->srtt = sample;
        rtt->mdev = sample / 2;
        rtt->rttvar = max32((uint32_t)min64((int64_t)rtt->mdev * 4, UINT32_MAX),
                            rtt_units(params->rto_min_ns));
        rtt->mdev_max = rtt->rttvar;
        rtt->round_end = nxt;
        return;
    }
    if (sample < rtt->srtt) {
        const uint32_t below = rtt->srtt - sample;

        rtt->srtt -= below / 8;
        error = (int64_t)below - rtt->mdev;
        if (error > 0)
            error /= 8;
    } else {
        const uint32_t above = sample - rtt->srtt;

        rtt->srtt += above / 8;
        error = (int64_t)above - rtt->mdev;
    }
    rtt->mdev = (uint32_t)(rtt->mdev + error / 4);
    if (4 * (int64_t)rtt->mdev > rtt->mdev_max) {
        rtt->mdev_max = (uint32_t)min64(4 * (int64_t)rtt->mdev, UINT32_MAX);
        rtt->rttvar = max32(rtt->rttvar, rtt->mdev_max);
    }
    if ((int32_t)(una - rtt->round_end) > 0) { /* a round trip is over */
        if (rtt->mdev_max < rtt->rttvar && rtt_ns(rtt->rttvar) > params->rto_min_ns)
            let_variance_fall(rtt, params);
        rtt->round_end = nxt;
        rtt->mdev_max = 0;
    }
}

void rtt_sample(struct rtt *rtt, const struct lastack_params *params, int64_t sample_ns,
                int64_t least_ns, uint32_t una, uint32_t nxt)
{
    const uint32_t sample = rtt_units(sample_ns);
    const uint32_t least = least_ns == sample_ns ? sample : rtt_units(least_ns);
    int64_t rto = 0;

    if (rtt->min == 0 || least < rtt->min)
        rtt->min = least;
    rtt->backoff = 0;
    switch (params->rto_formula) {
    case LASTACK_RTO_LINUX:
        sample_linux(rtt, params, sample, una, nxt);
        rto = (int64_t)rtt->srtt + rtt->rttvar; /* which has the minimum */
        break;
    case LASTACK_RTO_RFC6298:
    case LASTACK_RTO_FREEBSD:
        sample_rfc(rtt, sample);
        rto = max64(rtt->srtt + 4 * (int64_t)rtt->rttvar, /* (2.3), (2.4) */
                    rtt_units(params->rto_min_ns));
        break;
    }
    rtt->rto = (uint32_t)min64(rto, UINT32_MAX); /* the maximum is rtt_timeout's business */
    CHECK(rtt->srtt > 0);
}

void rtt_fall_back(struct rtt *rtt, const struct lastack_params *params)
{
    rtt->rto = max32(rtt->rto, rtt_units(params->rto_fallback_ns));
}

int64_t rtt_timeout(const struct rtt *rtt, const struct lastack_params *params)
{
    int64_t timeout = rtt_ns(rtt->rto);

    for (unsigned i = 0; i < rtt->backoff && timeout < params->rto_max_ns; i++)
        timeout *= 2;
    /* BSD adds a margin for the peer's delayed ACKs, once and undoubled; not to the very first. */
    if (params->rto_formula == LASTACK_RTO_FREEBSD && (rtt->srtt != 0 || rtt->backoff > 0))
        timeout = time_after(timeout, params->rto_slop_ns);
    return min64(timeout, params->rto_max_ns);
}

void rtt_back_off(struct rtt *rtt)
{
    if (rtt->backoff < 60)
        rtt->backoff++;
}
