/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * sim_link.h: a link between two simulated hosts: delay, rate, queue, loss, reordering,
 * duplication, all seeded.
 *
 *     in ──▶ [ lost? ] ──▶ [ rate: when has it left? queue full? ] ──▶ [ delay + jitter ] ─┐
 *     out ◀── heap by time ◀───────────────────────────── [ twice? and much later? ] ◀─────┘
 *
 * One direction per struct. Probabilities are in parts per million, so that no floating point
 * decides a run. Packets of equal time come out in the order in which they went in.
 */
#ifndef LASTACK_SIM_LINK_H
#define LASTACK_SIM_LINK_H

#include "duration.h"
#include "rng.h"

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

struct sim_recipe {
    int64_t delay_ns;     /* one way */
    int64_t jitter_ns;    /* added, 0 to this, uniformly */
    uint64_t rate_bps;    /* 0: infinitely fast */
    uint32_t queue_bytes; /* what waits for the rate at the most; 0: no limit */
    uint32_t loss_ppm, duplicate_ppm;
    uint32_t burst_ppm; /* here a burst begins: so many packets in a row are lost */
    uint32_t burst_packets;
    int64_t stall_every_ns; /* so often the link holds everything back for stall_ns; 0: never */
    int64_t stall_ns;
    uint32_t reorder_ppm; /* held back by reorder_ns */
    int64_t reorder_ns;
    /* Old duplicates: one more copy arrives 1 ms to replay_most_ms later. */
    uint32_t replay_ppm, replay_most_ms;
};

struct sim_frame {
    int64_t at; /* arrives */
    uint64_t serial;
    uint32_t length;
    uint32_t gso_size;
    uint8_t *data;
};

struct sim_link {
    struct sim_recipe recipe;
    struct rng rng;
    struct sim_frame *heap;
    size_t count, room;
    uint64_t next_serial;
    int64_t busy_until;  /* the rate: when the last bit of the last packet has left */
    uint32_t burst_left; /* packets that the burst still takes */
    bool is_cut;         /* everything is lost from now on */
    uint64_t sent, lost, overflowed, duplicated, replayed, delivered;
};

void sim_link_init(struct sim_link *link, const struct sim_recipe *recipe, uint64_t seed);
void sim_link_free(struct sim_link *link);
/* A frame enters; its bytes are copied. */
void sim_link_send(struct sim_link *link, int64_t now, const void *data, uint32_t length);
/* When the next frame arrives; NEVER if none is under way. */
int64_t sim_link_next(const struct sim_link *link);
/* The next frame that has arrived by `now`; the caller frees frame->data. False: none. */
bool sim_link_receive(struct sim_link *link, int64_t now, struct sim_frame *frame);

#endif
