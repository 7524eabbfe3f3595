/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * sim_world.h: two hosts, a link between them, and a clock that jumps.
 *
 *     host 0  192.0.2.1, 2001:db8::1  ◀── link ──▶  host 1  192.0.2.2, 2001:db8::2
 *
 * The world does what the contract of stack.h asks of an embedder: input, output until nothing is
 * left, events, and on to the next deadline or the next arrival, whichever is first. Everything is
 * a function of the seed.
 */
#ifndef LASTACK_SIM_WORLD_H
#define LASTACK_SIM_WORLD_H

#include "sim_link.h"

#include <lastack/lastack.h>

enum { SIM_HOSTS = 2 };

struct sim_world;

/* Called for every event of a host's stack. */
typedef void sim_event(void *context, struct sim_world *world, unsigned host,
                       const struct lastack_event *event);

struct sim_host {
    struct lastack *stack;
    struct lastack_config config;
    void *block;  /* what `memory` lies in */
    void *memory; /* `size` bytes for the stack, and a fence behind them */
    size_t size;
    uint32_t mtu;
    uint32_t boots; /* how often it was restarted */
    uint64_t seed;
    struct sim_link out; /* towards the other host */
};

struct sim_world {
    int64_t now;
    struct sim_host host[SIM_HOSTS];
    sim_event *on_event;
    void *context;
    /* Sees each packet as it enters the link, if set: for captures and ladders. */
    void (*on_packet)(void *context, int64_t now, unsigned host, const uint8_t *data,
                      uint32_t length);
    /* Sees each packet as it arrives at a host, if set. */
    void (*on_arrival)(void *context, int64_t now, unsigned host, const uint8_t *data,
                       uint32_t length);
    /* False: the wire swallows what this host sends, if set. */
    bool (*may_pass)(void *context, unsigned host, const uint8_t *data, uint32_t length);
    uint64_t steps;
};

/* Both hosts with this config (seeds derived from `seed`), one link of `recipe` in each direction.
 * False: no memory. */
bool sim_world_init(struct sim_world *world, const struct lastack_config *config,
                    const struct sim_recipe *recipe, uint32_t mtu, uint64_t seed);
/* The same, each host with a config of its own. */
bool sim_world_init_pair(struct sim_world *world, const struct lastack_config config[SIM_HOSTS],
                         const struct sim_recipe *recipe, uint32_t mtu, uint64_t seed);
void sim_world_free(struct sim_world *world);

/* The host loses power and comes back at once: a new stack that knows nothing; what was under way
 * still arrives. False: no memory. */
bool sim_reboot(struct sim_world *world, unsigned host);
/* Nothing has written behind a stack's memory. */
bool sim_fences_stand(const struct sim_world *world);
/* Sends what is owed and tells events, at the present time: call after calls on sockets. */
void sim_settle(struct sim_world *world);
/* When something happens next: an arrival or a deadline; NEVER if nothing ever will. */
int64_t sim_next(const struct sim_world *world);
/* One step: time goes to sim_next, and what is due happens. False: nothing is left, or it lies
 * behind `until` (then time is `until`). */
bool sim_step(struct sim_world *world, int64_t until);
/* Steps until `until`. */
void sim_run(struct sim_world *world, int64_t until);

/* The address of a host: IPv4 or IPv6. */
struct lastack_address sim_address(unsigned host, bool is_ipv6);

#endif
