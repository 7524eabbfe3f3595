/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * sim_lives.h: random lives of connections in a simulated world, and what must hold for every one
 * of them.
 *
 * A world runs a number of lives one after the other and side by side: open, from one side or from
 * both at once, send both ways, shut down, half-close, close, abort, linger, exit, be killed,
 * vanish; with copied descriptors, slow readers, listeners that close, hosts that reboot, links
 * that fill; over a wire that loses, reorders, repeats and brings old duplicates; pools, windows,
 * segments and port ranges from ample to tiny; every profile, option and IP version: all drawn
 * from one seed (life_plan.h). Checked:
 *
 *     - every byte that is delivered is the byte that was sent there, in order, none twice;
 *     - an end that is seen comes behind everything that was sent;
 *     - a life that nobody cut short delivers everything, and both ends see the end;
 *     - nothing is acknowledged that did not arrive, nothing is sent beyond the window;
 *     - giving back one of several descriptors changes nothing;
 *     - no state without an exit: when all programs are done, both stacks come to rest by
 *       themselves, all pools empty again, within a bounded time;
 *     - the tables of the stack agree (lastack_check, after every step; it stops the program);
 *     - nothing is written behind the stack's memory.
 */
#ifndef LASTACK_SIM_LIVES_H
#define LASTACK_SIM_LIVES_H

#include "state_census.h"
#include "sim_watch.h"
#include "sim_world.h"

struct sim_lives_options {
    uint64_t seed;
    uint32_t lives;
    /* What hosts' parameters are drawn from; none: the default profile. */
    const struct lastack_params *profiles;
    unsigned profile_count;
    uint64_t watched_life;             /* its number, from 1, for the watcher */
    const struct sim_watcher *watcher; /* or NULL */
};

struct sim_lives_result {
    uint64_t lives;
    uint64_t completed; /* orderly from beginning to end, all delivered */
    uint64_t cut;       /* ended early by plan, or by what happened to a host */
    uint64_t silent;    /* the wire between them was cut */
    uint64_t refused;   /* never came to be: ports, pools, nobody listening */
    uint64_t outlived;  /* of refused: a record may have taken the SYN for an old one */
    uint64_t given_up;  /* orderly, and lost to a rough link or scarce pools */
    uint64_t crossed;   /* of all: opened from both sides */
    uint64_t reboots;
    uint64_t bytes;
    uint64_t trace_hash; /* of both stacks: the same for the same seed, everywhere */
    uint64_t steps;
    int64_t virtual_ns;
    struct state_census census;
    const char *failure;   /* NULL: everything held; else what did not */
    uint64_t failure_life; /* 0: of no life in particular */
};

/* `lives` lives in one world of this seed. */
void sim_lives_run(const struct sim_lives_options *options, struct sim_lives_result *result);
/* Adds the counts of a world to a total; its hash is folded into the total's. */
void sim_lives_add(struct sim_lives_result *total, const struct sim_lives_result *world);

/* Many lives are lived in worlds of this many each: world 0 has the seed itself, the others seeds
 * that follow from it, so a failing one is repeated alone. */
enum { SIM_LIVES_PER_WORLD = 1000 };
uint64_t sim_lives_seed(uint64_t seed, uint64_t world);

#endif
