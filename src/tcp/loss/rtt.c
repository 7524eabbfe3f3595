/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * rtt.c: see rtt.h.
 *
 * Invariant: srtt_ns == 0 until the first sample, then always > 0.
 */
#include "rtt.h"

#include "check.h"
#include "duration.h"

static int64_t distance64(int64_t a, int64_t b)
{
    return a > b ? a - b : b - a;
}

void rtt_init(struct rtt *rtt, const struct lastack_params *params)
{
    *rtt = (struct rtt){.rto_ns = params->rto_initial_ns}; /* RFC 6298 §2.1 */
}

/* RFC 6298 §2.2, (2.3): variance first, it needs the old mean. */
static void sample_rfc(struct rtt *rtt, int64_t sample_ns)
{
    if (rtt->srtt_ns == 0) {
        rtt->srtt_ns = sample_ns;
        rtt->rttvar_ns = sample_ns / 2;
        return;
    }
    rtt->rttvar_ns += (distance64(rtt->srtt_ns, sample_ns) - rtt->rttvar_ns) / 4;
    rtt->srtt_ns += (sample_ns - rtt->srtt_ns) / 8;
}

/*
 * Linux keeps a running mean deviation and takes the largest of a round trip as the variance; it
 * falls slowly (by a quarter per round) and the floor of rto_min applies to the variance, so that
 * rto >= srtt + rto_min. A sample below the mean by more than the deviation counts an eighth: a
 * path that got faster is no jitter.
 */
static void sample_linux(struct rtt *rtt, int64_t floor_ns, int64_t sample_ns, uint32_t una,
                         uint32_t nxt)
{
    int64_t error;

    if (rtt->srtt_ns == 0) {
        rtt->srtt_ns = sample_ns;
        rtt->mdev_ns = sample_ns / 2;
        rtt->rttvar_ns = max64(rtt->mdev_ns * 4, floor_ns);
        rtt->mdev_max_ns = rtt->rttvar_ns;
        rtt->round_end = nxt;
        return;
    }
    error = sample_ns - rtt->srtt_ns;
    rtt->srtt_ns = max64(rtt->srtt_ns + error / 8, 1);
    if (error < 0) {
        error = -error - rtt->mdev_ns;
        if (error > 0)
            error /= 8;
    } else {
        error -= rtt->mdev_ns;
    }
    rtt->mdev_ns += error / 4;
    if (4 * rtt->mdev_ns > rtt->mdev_max_ns) {
        rtt->mdev_max_ns = 4 * rtt->mdev_ns;
        rtt->rttvar_ns = max64(rtt->rttvar_ns, rtt->mdev_max_ns);
    }
    if ((int32_t)(una - rtt->round_end) > 0) { /* a round trip is over */
        if (rtt->mdev_max_ns < rtt->rttvar_ns)
            rtt->rttvar_ns -= (rtt->rttvar_ns - rtt->mdev_max_ns) / 4;
        rtt->round_end = nxt;
        rtt->mdev_max_ns = floor_ns;
    }
}

void rtt_sample(struct rtt *rtt, const struct lastack_params *params, int64_t sample_ns,
                uint32_t una, uint32_t nxt)
{
    CHECK(sample_ns >= 0);
    sample_ns = max64(sample_ns, 1);
    if (rtt->min_ns == 0 || sample_ns < rtt->min_ns)
        rtt->min_ns = sample_ns;
    rtt->backoff = 0;
    switch (params->rto_formula) {
    case LASTACK_RTO_LINUX:
        sample_linux(rtt, params->rto_min_ns, sample_ns, una, nxt);
        rtt->rto_ns = rtt->srtt_ns + rtt->rttvar_ns;
        break;
    case LASTACK_RTO_RFC6298:
        sample_rfc(rtt, sample_ns);
        rtt->rto_ns = max64(rtt->srtt_ns + 4 * rtt->rttvar_ns, params->rto_min_ns);
        break;
    case LASTACK_RTO_FREEBSD:
        sample_rfc(rtt, sample_ns);
        rtt->rto_ns =
            max64(rtt->srtt_ns + 4 * rtt->rttvar_ns, params->rto_min_ns) + params->rto_slop_ns;
        break;
    }
    rtt->rto_ns = min64(rtt->rto_ns, params->rto_max_ns);
    CHECK(rtt->srtt_ns > 0 && rtt->rto_ns > 0);
}

int64_t rtt_timeout(const struct rtt *rtt, const struct lastack_params *params)
{
    int64_t timeout = rtt->rto_ns;

    for (unsigned i = 0; i < rtt->backoff && timeout < params->rto_max_ns; i++)
        timeout *= 2;
    return min64(timeout, params->rto_max_ns);
}

void rtt_back_off(struct rtt *rtt)
{
    if (rtt->backoff < 60)
        rtt->backoff++;
}
