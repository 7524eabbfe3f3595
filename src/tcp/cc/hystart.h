/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * hystart.h: leaving the first slow start before it overflows a queue: round trips get longer.
 *
 *     LASTACK_HYSTART_RFC9406   HyStart++: first a cautious slow start of up to five rounds,
 *                               which may turn out to have been a false alarm
 *     LASTACK_HYSTART_LINUX     ssthresh = cwnd at once (the delay test of Linux's CUBIC, from 16
 *                               segments on)
 */
#ifndef LASTACK_HYSTART_H
#define LASTACK_HYSTART_H

#include "cc.h"

/* In the first slow start (ssthresh is infinite), before the window grows. May set ssthresh. */
void hystart_round_trip(struct cc *cc, const struct cc_round *round);
/* How much of `acked` slow start may count. */
uint32_t hystart_growth(const struct cc *cc, uint32_t acked);

#endif
