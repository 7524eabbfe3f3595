/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * rack.h: recent acknowledgment, RFC 8985 §6: a segment is lost when one that was sent later has
 * arrived, and a reordering window has passed.
 *
 *      sent:      t1 [A]   t2 [B]   t3 [C]
 *      arrived:                     C, at t: RTT = t - t3
 *      lost:      A, B    as soon as  now >= t1 + RTT + window,  t2 + RTT + window
 *
 * The window is 0 while nothing suggests reordering and recovery runs (or `reordering` segments are
 * sacked), else min_RTT/4 times a factor that DSACKs raise, at most SRTT.
 */
#ifndef LASTACK_RACK_H
#define LASTACK_RACK_H

#include "seq.h"

enum { RACK_PERSIST = 16 }; /* recoveries that a raised factor lasts */

struct rack {
    int64_t at;             /* when the newest that arrived was sent */
    int64_t rtt_ns;         /* and how long that took */
    struct seq end;         /* behind it */
    struct seq dsack_round; /* one step of the factor per round trip */
    uint8_t steps;          /* the factor, 1... */
    uint8_t persist;        /* recoveries until it is 1 again */
    bool was_dsack;         /* since the factor was last looked at */
    bool is_advanced;       /* something newer has arrived since losses were last looked for */
};

void rack_init(struct rack *rack);
/* §6.2 steps 1 and 2: the newest segment that this ACK delivered was sent at `at`. */
void rack_advance(struct rack *rack, int64_t at, struct seq end, int64_t now);
/* §6.2 step 4: once per ACK; una, nxt: SND.UNA, SND.NXT. */
void rack_update_steps(struct rack *rack, struct seq una, struct seq nxt);
/* A recovery ended without being undone. */
void rack_recovered(struct rack *rack);

struct rack_view {
    int64_t rtt_min_ns, srtt_ns;
    bool is_eager; /* no reordering was ever seen, and recovery runs or enough is sacked */
};

/* The reordering window now. */
int64_t rack_window(const struct rack *rack, const struct rack_view *view);

#endif
