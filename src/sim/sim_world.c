/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * sim_world.c: see sim_world.h.
 */
#include "sim_world.h"

#include "check.h"

#include <stdlib.h>
#include <string.h>

enum { SIM_BATCH = 32, SIM_FRAME = 65536 + 64, SIM_LINK = 1, SIM_ROUNDS = 100000 };
enum { SIM_ALIGNMENT = 64, SIM_FENCE = 256, SIM_FENCE_BYTE = 0xa5, IPV6_MTU_LEAST = 1280 };

struct lastack_address sim_address(unsigned host, bool is_ipv6)
{
    if (!is_ipv6)
        return lastack_ipv4(192, 0, 2, (uint8_t)(host + 1));
    return (struct lastack_address){{0x20, 0x01, 0x0d, 0xb8, [15] = (uint8_t)(host + 1)}};
}

/* A stack in memory that is zero, with the host's link and addresses. */
static bool boot(struct sim_host *host, unsigned number, struct rng *rng, int64_t now)
{
    const struct lastack_link_config link = {
        .kind = LASTACK_LINK_IP, .name = "sim", .mtu = host->mtu};
    const struct lastack_address ipv4 = sim_address(number, false);
    const struct lastack_address ipv6 = sim_address(number, true);

    for (unsigned i = 0; i < sizeof host->config.seed; i++)
        host->config.seed[i] = (uint8_t)rng_next(rng);
    host->stack = lastack_create(&host->config, host->memory, host->size, now);
    return host->stack != NULL && lastack_add_link(host->stack, &link) == SIM_LINK &&
           lastack_add_address(host->stack, SIM_LINK, &ipv4, 24) == 0 &&
           (host->mtu < IPV6_MTU_LEAST ||
            lastack_add_address(host->stack, SIM_LINK, &ipv6, 64) == 0);
}

static bool make_host(struct sim_host *host, unsigned number, const struct lastack_config *config,
                      const struct sim_recipe *recipe, uint32_t mtu, uint64_t seed)
{
    struct rng rng;

    rng_init(&rng, seed + number);
    host->config = *config;
    host->mtu = mtu;
    host->seed = seed + number;
    host->size = lastack_size(config);
    if (host->size == 0)
        return false;
    /* what calloc gives anew was never touched: only what a stack uses costs time */
    host->block = calloc(1, host->size + SIM_FENCE + SIM_ALIGNMENT);
    if (host->block == NULL)
        return false;
    host->memory = (uint8_t *)host->block +
                   (SIM_ALIGNMENT - (uintptr_t)host->block % SIM_ALIGNMENT) % SIM_ALIGNMENT;
    memset((uint8_t *)host->memory + host->size, SIM_FENCE_BYTE, SIM_FENCE);
    if (!boot(host, number, &rng, 0))
        return false;
    sim_link_init(&host->out, recipe, rng_next(&rng));
    return true;
}

bool sim_reboot(struct sim_world *world, unsigned number)
{
    struct sim_host *host = &world->host[number];
    struct rng rng;

    rng_init(&rng, host->seed + 0x10000 * (uint64_t)++host->boots);
    memset(host->memory, 0, host->size);
    return boot(host, number, &rng, world->now);
}

bool sim_fences_stand(const struct sim_world *world)
{
    for (unsigned i = 0; i < SIM_HOSTS; i++) {
        const uint8_t *fence = (const uint8_t *)world->host[i].memory + world->host[i].size;

        for (unsigned at = 0; at < SIM_FENCE; at++) {
            if (fence[at] != SIM_FENCE_BYTE)
                return false;
        }
    }
    return true;
}

bool sim_world_init_pair(struct sim_world *world, const struct lastack_config config[SIM_HOSTS],
                         const struct sim_recipe *recipe, uint32_t mtu, uint64_t seed)
{
    *world = (struct sim_world){0};
    for (unsigned i = 0; i < SIM_HOSTS; i++) {
        if (!make_host(&world->host[i], i, &config[i], recipe, mtu, seed * 2)) {
            sim_world_free(world);
            return false;
        }
    }
    return true;
}

bool sim_world_init(struct sim_world *world, const struct lastack_config *config,
                    const struct sim_recipe *recipe, uint32_t mtu, uint64_t seed)
{
    const struct lastack_config both[SIM_HOSTS] = {*config, *config};

    return sim_world_init_pair(world, both, recipe, mtu, seed);
}

void sim_world_free(struct sim_world *world)
{
    for (unsigned i = 0; i < SIM_HOSTS; i++) {
        sim_link_free(&world->host[i].out);
        free(world->host[i].block);
        world->host[i].block = world->host[i].memory = NULL;
    }
}

static void flatten(const struct lastack_packet_out *packet, uint8_t *bytes)
{
    for (unsigned i = 0; i < packet->iov_count; i++) {
        memcpy(bytes, packet->iov[i].base, packet->iov[i].length);
        bytes += packet->iov[i].length;
    }
}

/* Everything a host has to send goes on its link. True: there was something. */
static bool send_all(struct sim_world *world, unsigned number)
{
    struct sim_host *host = &world->host[number];
    struct lastack_packet_out packets[SIM_BATCH];
    uint8_t frame[SIM_FRAME];
    bool was_any = false;
    size_t count;

    while ((count = lastack_output(host->stack, packets, SIM_BATCH)) > 0) {
        was_any = true;
        for (size_t i = 0; i < count; i++) {
            CHECK(packets[i].link == SIM_LINK && packets[i].length <= SIM_FRAME);
            flatten(&packets[i], frame);
            if (world->on_packet != NULL)
                world->on_packet(world->context, world->now, number, frame, packets[i].length);
            if (world->may_pass != NULL &&
                !world->may_pass(world->context, number, frame, packets[i].length))
                continue;
            sim_link_send(&host->out, world->now, frame, packets[i].length);
        }
    }
    return was_any;
}

static bool tell_events(struct sim_world *world, unsigned number)
{
    struct lastack_event event;
    bool was_any = false;

    while (lastack_next_event(world->host[number].stack, &event)) {
        was_any = true;
        if (world->on_event != NULL)
            world->on_event(world->context, world, number, &event);
    }
    return was_any;
}

void sim_settle(struct sim_world *world)
{
    for (unsigned round = 0; round < SIM_ROUNDS; round++) {
        bool was_any = false;

        for (unsigned i = 0; i < SIM_HOSTS; i++) {
            was_any = send_all(world, i) || was_any;
            was_any = tell_events(world, i) || was_any;
        }
        if (!was_any)
            return;
    }
    UNREACHABLE(); /* two hosts that never come to rest at one instant */
}

int64_t sim_next(const struct sim_world *world)
{
    int64_t next = NEVER;

    for (unsigned i = 0; i < SIM_HOSTS; i++) {
        next = min64(next, sim_link_next(&world->host[i].out));
        next = min64(next, lastack_next_deadline(world->host[i].stack));
    }
    return next;
}

/* What has arrived at `number` by now, in one batch after the other. */
static void deliver(struct sim_world *world, unsigned number)
{
    struct sim_link *in = &world->host[1 - number].out;
    struct lastack_packet_in packets[SIM_BATCH];
    struct sim_frame frames[SIM_BATCH];
    size_t count;

    do {
        for (count = 0; count < SIM_BATCH && sim_link_receive(in, world->now, &frames[count]);
             count++) {
            packets[count] =
                (struct lastack_packet_in){frames[count].data, frames[count].length, SIM_LINK, 0};
            if (world->on_arrival != NULL)
                world->on_arrival(world->context, world->now, number, frames[count].data,
                                  frames[count].length);
        }
        lastack_input(world->host[number].stack, world->now, packets, count);
        for (size_t i = 0; i < count; i++)
            free(frames[i].data);
    } while (count == SIM_BATCH);
}

bool sim_step(struct sim_world *world, int64_t until)
{
    const int64_t next = sim_next(world);
    const bool is_left = next <= until && next != NEVER;

    world->steps++;
    if (is_left)
        world->now = max64(world->now, next);
    else if (until != NEVER)
        world->now = max64(world->now, until);
    for (unsigned i = 0; i < SIM_HOSTS; i++) {
        lastack_tick(world->host[i].stack, world->now);
        deliver(world, i);
    }
    sim_settle(world);
    return is_left;
}

void sim_run(struct sim_world *world, int64_t until)
{
    while (sim_step(world, until))
        continue;
}
