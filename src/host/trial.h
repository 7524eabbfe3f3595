/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * trial.h: one run over a relay, in a process of its own; and many of them, some at a time.
 *
 * A trial's weight is its share of the machine: trials run side by side as long as the sum of their
 * weights is at most TRIAL_CAPACITY, and start in the order of the list, so that what is to be
 * compared stands side by side there and runs under the same load.
 */
#ifndef LASTACK_TRIAL_H
#define LASTACK_TRIAL_H

#include "relay.h"

#include <stdio.h>

enum { TRIAL_CAPACITY = 12 };

struct trial_flow {
    uint64_t got;    /* bytes, by the end of the trial */
    int64_t took_ns; /* from connect() to the last byte, or to the end of the trial */
};

struct trial_result {
    bool is_good;
    struct trouble trouble; /* otherwise */
    struct trial_flow flow[RELAY_FLOWS_MAX];
    uint64_t lost, overflowed; /* packets towards the receiver */
};

struct trial {
    struct relay_config config;
    int64_t length_ns;
    unsigned weight;   /* 1 .. TRIAL_CAPACITY */
    const char *trace; /* a file for what the senders think (relay.h), or NULL */
    struct trial_result result;
};

/* Runs them all, whatever becomes of each. False: one at least could not be run; its result says
 * why. `progress` may be NULL. */
bool trials_run(struct trial *trials, size_t count, FILE *progress);

/* Bits per second of a flow. */
double trial_goodput(const struct trial *trial, unsigned flow);

#endif
