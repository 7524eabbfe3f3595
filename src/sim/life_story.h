/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * life_story.h: one life as text: every packet where it leaves and where it arrives, every change
 * of state with its cause.
 *
 *     0.013584  host 0  ──▶  192.0.2.1:40000 > 192.0.2.2:1000 S 0:0(0) win 64240 <mss 1460,...>
 *     0.013584  host 0       CLOSED -> SYN-SENT: connect()
 *     0.043584  host 1  ◀──  ...
 */
#ifndef LASTACK_LIFE_STORY_H
#define LASTACK_LIFE_STORY_H

#include "sim_lives.h"

#include <stdio.h>

struct life_story {
    FILE *out;
    int64_t start;
};

/* Fills in a watcher that tells life number `life` to story->out. */
void life_story_watch(struct life_story *story, uint64_t life, struct sim_lives_watcher *watcher);

#endif
