/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * cubic.c: CUBIC, RFC 9438, in whole numbers; slow start ends by HyStart (hystart.c).
 *
 *      cwnd                            .  convex: probing
 *       |        W_max ______________.'
 *       |          .-''   plateau
 *       |        .'    concave      W(t) = C (t - K)^3 + W_max,   C = 0.4, t in s, W in segments
 *       |______.'                   K = cbrt((W_max - cwnd) / C)
 *       |  0.7 cwnd at the loss
 *       └─────────────────────── t since the epoch began (idle time does not count)
 *
 * Time is counted in 1/1024 s, windows in bytes. Below W_est, what Reno would have (§4.3), it grows
 * like that. The epoch begins with the first ACK in congestion avoidance after a reduction.
 */
#include "cc.h"

#include "bits.h"
#include "duration.h"
#include "hystart.h"

enum {
    CUBIC_C = 410,     /* 0.4 in 1/1024 */
    CUBIC_BETA = 717,  /* 0.7 */
    CUBIC_ALPHA = 542, /* 3 (1 - beta) / (1 + beta) = 0.529 */
    CUBIC_ONE = 1024,
};

struct cubic {
    int64_t epoch_at;  /* 0: none */
    uint32_t w_max;    /* window before the last reduction; 0: never reduced, or timed out since */
    uint32_t origin;   /* the plateau of this epoch */
    uint32_t k;        /* 1/1024 s */
    uint32_t fraction; /* of w_est, in 1/1024 of a byte */
    uint32_t w_est;
    uint32_t cwnd_prior; /* window before the reduction: from there on Reno's alpha is 1 */
};

_Static_assert(sizeof(struct cubic) <= sizeof(struct cc_state), "fits");

static struct cubic *cubic_of(struct cc_state *state)
{
    return (struct cubic *)(void *)state->own.words;
}

/* The largest r with r^3 <= x. */
static uint32_t cube_root(uint64_t x)
{
    uint64_t root = 0;

    for (int bit = 20; bit >= 0; bit--) {
        const uint64_t next = root | 1ull << bit;

        if (next * next * next <= x)
            root = next;
    }
    return (uint32_t)root;
}

static void begin_epoch(const struct cc *cc, struct cubic *cubic, int64_t now)
{
    cubic->epoch_at = max64(now, 1);
    cubic->w_est = cc->cwnd;
    cubic->fraction = 0;
    if (cubic->w_max <= cc->cwnd) {
        cubic->k = 0;
        cubic->origin = cc->cwnd;
        return;
    }
    /* (W_max - cwnd) / C in segments, times 2^30 for thirds of 1/1024 s */
    cubic->k = cube_root((((uint64_t)(cubic->w_max - cc->cwnd) << 30) / cc->mss) * 5 / 2);
    cubic->origin = cubic->w_max;
}

/* W(t), bytes; t in 1/1024 s. */
static uint64_t cubic_window(const struct cc *cc, const struct cubic *cubic, uint64_t t)
{
    const uint64_t away = t > cubic->k ? t - cubic->k : cubic->k - t;
    const uint64_t offset = away > 1u << 17 ? 1u << 17 : away;
    const uint64_t delta = ((offset * offset * offset >> 20) * CUBIC_C * cc->mss) >> 20;

    if (t >= cubic->k)
        return cubic->origin + delta;
    return cubic->origin > delta ? cubic->origin - delta : 0;
}

/* §4.3: what Reno would have with this loss rate. */
static void grow_estimate(const struct cc *cc, struct cubic *cubic, uint32_t acked)
{
    const uint32_t alpha = cubic->w_est >= cubic->cwnd_prior ? CUBIC_ONE : CUBIC_ALPHA;
    const uint64_t step = (uint64_t)alpha * acked * cc->mss / cc->cwnd + cubic->fraction;

    cubic->w_est += (uint32_t)(step / CUBIC_ONE);
    cubic->fraction = (uint32_t)(step % CUBIC_ONE);
}

/* Bytes to be acknowledged for one segment more. */
static uint32_t bytes_per_segment(const struct cc *cc, struct cubic *cubic,
                                  const struct cc_ack *ack, uint32_t acked)
{
    const uint64_t t = (uint64_t)max64(ack->now - cubic->epoch_at + ack->rtt_min_ns, 0) / 976562u;
    uint64_t target, per;

    grow_estimate(cc, cubic, acked);
    target = cubic_window(cc, cubic, t);
    if (cubic->w_est > target)
        target = cubic->w_est;
    if (target > cc->cwnd + cc->cwnd / 2u) /* §4.2: at most half as much again per round trip */
        target = cc->cwnd + cc->cwnd / 2u;
    if (target > cc->cwnd)
        per = (uint64_t)cc->cwnd * cc->mss / (target - cc->cwnd);
    else
        per = 100ull * cc->cwnd;
    if (cubic->w_max == 0 && per > 20u * cc->mss)
        per = 20u * cc->mss; /* nothing was ever lost: look for the limit (as Linux does) */
    return per > UINT32_MAX / 2 ? UINT32_MAX / 2 : (uint32_t)per;
}

static NOINLINE void cubic_avoid(struct cc *cc, struct cc_state *state, const struct cc_ack *ack,
                                 uint32_t acked)
{
    if (state == NULL) {
        cc_avoid(cc, cc->cwnd, acked); /* no room to be clever: like Reno */
        return;
    }
    if (cubic_of(state)->epoch_at == 0)
        begin_epoch(cc, cubic_of(state), ack->now);
    cc_avoid(cc, bytes_per_segment(cc, cubic_of(state), ack, acked), acked);
}

static void cubic_on_ack(struct cc *cc, struct cc_state *state, const struct cc_ack *ack)
{
    uint32_t acked = ack->acked;

    if (cc->cwnd < cc->ssthresh)
        acked = cc_slow_start(cc, hystart_growth(cc, acked), ack->limit);
    if (acked > 0 && cc->cwnd >= cc->ssthresh)
        cubic_avoid(cc, state, ack, acked);
}

/* §4.6, and §4.7: who loses before W_max is reached makes room for others. */
static uint32_t cubic_reduced(struct cc *cc, struct cc_state *state, uint32_t from)
{
    const uint32_t segs = from / cc->mss;
    const uint32_t reduced = (uint32_t)((uint64_t)segs * CUBIC_BETA / CUBIC_ONE) * cc->mss;

    cc->acked = 0;
    if (state != NULL) {
        struct cubic *cubic = cubic_of(state);

        cubic->epoch_at = 0;
        cubic->cwnd_prior = cc->cwnd;
        cubic->w_max =
            cc->cwnd < cubic->w_max
                ? (uint32_t)((uint64_t)cc->cwnd * (CUBIC_ONE + CUBIC_BETA) / (2 * CUBIC_ONE))
                : cc->cwnd;
    }
    return max32(reduced, 2u * cc->mss);
}

/* §4.8: the next epoch starts with K = 0. */
static void cubic_timed_out(struct cc *cc, struct cc_state *state)
{
    cc->acked = 0;
    if (state != NULL) {
        cubic_of(state)->epoch_at = 0;
        cubic_of(state)->w_max = 0;
    }
}

/* §4.2: time in which nothing was sent is no time. */
static void cubic_idle(struct cc *cc, struct cc_state *state, int64_t now, int64_t idle_ns)
{
    (void)cc;
    if (state == NULL || cubic_of(state)->epoch_at == 0)
        return;
    cubic_of(state)->epoch_at = min64(cubic_of(state)->epoch_at + idle_ns, now);
}

const struct cc_hooks cc_cubic = {"cubic",       hystart_round_trip, cubic_on_ack,
                                  cubic_reduced, cubic_timed_out,    cubic_idle};
