/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * life_story.h: one life as text: every packet where it leaves and where it arrives, every change
 * of state with its cause.
 *
 *     0.013584  host 0        CLOSED -> SYN-SENT: connect()
 *     0.013584  host 0  |-->  S 1541539613:1541539613(0) win 64480 <mss 1460 ...>
 *     0.043584  host 1  -->|  S 1541539613:1541539613(0) win 64480 <mss 1460 ...>
 */
#ifndef LASTACK_LIFE_STORY_H
#define LASTACK_LIFE_STORY_H

#include "sim_watch.h"

#include <stdio.h>

struct life_story {
    FILE *out; /* NULL: nothing is told */
    int64_t start;
};

void life_story_begin(struct life_story *story, int64_t now, unsigned host,
                      const struct lastack_endpoint *from, const struct lastack_endpoint *to);
void life_story_packet(const struct life_story *story, int64_t now, unsigned host, bool arrives,
                       const uint8_t *data, uint32_t length);
void life_story_record(const struct life_story *story, unsigned host,
                       const struct lastack_trace_record *record);

/* Fills in a watcher that tells all this. */
void life_story_watch(struct life_story *story, struct sim_watcher *watcher);

#endif
