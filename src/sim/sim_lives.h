/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * sim_lives.h: random lives of connections in a simulated world, and what must hold for every one
 * of them.
 *
 * A world runs a number of lives one after the other and side by side: open, send both ways,
 * half-close, close, abort, vanish, over a link that loses, reorders and repeats, all drawn from
 * one seed. Checked:
 *
 *     - every byte that is delivered is the byte that was sent there, in order, none twice;
 *     - a life that nobody cut short delivers everything, and both ends see the end;
 *     - no state without an exit: when both programs are done, both stacks come to rest by themselves, all
 *       pools empty again, within a bounded time;
 *     - the invariants of the stack (they stop the program).
 */
#ifndef LASTACK_SIM_LIVES_H
#define LASTACK_SIM_LIVES_H

#include "sim_world.h"

struct sim_lives_result {
    uint64_t lives, completed, aborted, vanished, refused, bytes;
    uint64_t trace_hash;     /* of both stacks: the same for the same seed, everywhere */
    uint64_t steps;
    int64_t virtual_ns;
    const char *failure;     /* NULL: everything held; else what did not */
    uint64_t failure_life;
};

/* `lives` lives in one world of this seed. */
void sim_lives_run(uint64_t seed, uint32_t lives, struct sim_lives_result *result);

#endif
