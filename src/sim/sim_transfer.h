/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * sim_transfer.h: one bulk transfer between two stacks over a simulated link, and what must hold.
 *
 *     host 0: connects, sends, closes  ── recipe ──▶  host 1: reads to the end, closes
 *                                      ◀── recipe ──
 *
 * Checked: every byte is the byte that was sent there; the end comes behind the last; the sender is
 * never silent for longer than the retransmission timeout that runs at that moment, as long as
 * there is something to send; both stacks come to rest with their pools empty; the tables of the
 * stack agree.
 */
#ifndef LASTACK_SIM_TRANSFER_H
#define LASTACK_SIM_TRANSFER_H

#include "sim_watch.h"
#include "sim_world.h"

struct sim_transfer {
    uint64_t seed;
    uint64_t bytes;
    struct sim_recipe recipe; /* of both directions */
    uint32_t mtu;
    bool is_ipv6;
    struct lastack_params params[SIM_HOSTS];
    const struct sim_watcher *watcher; /* or NULL */
};

struct sim_transfer_result {
    uint64_t bytes;     /* that the receiver read */
    int64_t elapsed_ns; /* from connect() to the last byte */
    uint64_t goodput_bps;
    uint64_t segments, retransmitted; /* with text, of the sender */
    uint64_t timeouts;                /* of its retransmission timer */
    uint64_t lost, overflowed;        /* packets, both directions */
    int64_t longest_stall_ns;         /* without a new byte for the reader */
    int64_t longest_silence_ns;       /* of the sender, since its last packet or the last ACK */
    uint64_t trace_hash;
    const char *failure; /* NULL: everything held */
    char error[120];     /* where `failure` is, if a socket reported an error */
};

/* Defaults: 1 MiB, 10 ms each way, 1500 bytes, the linux profile. */
void sim_transfer_default(struct sim_transfer *transfer);
/* `result` stays where it is as long as its failure is read. */
void sim_transfer_run(const struct sim_transfer *transfer, struct sim_transfer_result *result);

#endif
