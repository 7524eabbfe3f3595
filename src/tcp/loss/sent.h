/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * sent.h: what was sent and not yet acknowledged, one range per burst (docs/decisions/0005).
 *
 *      SND.UNA                                            SND.NXT
 *        [ burst 1, sent at t1 ][ burst 2, t2, again ][ ... ]
 *
 * A cumulative ACK trims from the left and yields an RTT sample when the newest burst it covers
 * was sent once only (Karn, RFC 6298 §3). When the pool is empty a burst goes unrecorded: no
 * sample from it, nothing else lost, since retransmission reads SND.UNA and the stream.
 */
#ifndef LASTACK_SENT_H
#define LASTACK_SENT_H

#include "duration.h"
#include "ranges.h"

enum sent_tag {
    SENT_RETRANSMITTED = 1 << 0,
};

/* [from, to) leaves for the first time. False: unrecorded, the pool is empty. */
bool sent_new(struct ranges *sent, struct pool *pool, struct seq from, struct seq to, int64_t now);

/* [from, to) leaves again. */
void sent_again(struct ranges *sent, struct pool *pool, struct seq from, struct seq to,
                int64_t now);

/* Everything before `una` is acknowledged. Returns when the newest completely acknowledged burst
 * was sent, or NEVER if there is none or one of them was retransmitted (no valid sample). */
int64_t sent_acknowledged(struct ranges *sent, struct pool *pool, struct seq una);

#endif
