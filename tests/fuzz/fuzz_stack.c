/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * fuzz_stack.c: the whole stack as a program and a hostile network see it.
 *
 *     tape ─▶ operation: a segment made up from what was overheard, raw bytes, an ICMP error,
 *             socket calls, time, a full link, kill ─▶ stack ─▶ packets, events, rows: looked at
 *
 * The peer overhears what the stack sends, so that made-up segments land near the windows;
 * checksums are right except where an operation breaks them. The pools are small, so that every
 * refusal is met.
 *
 * Asked after every operation:
 *   - what is sent is well-formed, no larger than the link allows, with right checksums;
 *   - output, events and rows end; a tick leaves no deadline in the past;
 *   - no pool is above its limit, every table agrees with every other (lastack_check).
 * Asked at the end, when every descriptor is closed and the network is silent:
 *   - time alone brings every pool back to empty: no state without an exit.
 * Now and then the input is played twice: the trace hash must be the same.
 *
 * FUZZ_TRACE=1 tells the story of an input; FUZZ_COVERAGE=1 counts, over all inputs of a run, the
 * moves of the diagram that were made, and fails where a state was never reached.
 */
#include "duration.h"
#include "policy_mix.h"
#include "stack_world.h"

#include <stdio.h>
#include <stdlib.h>

enum {
    OPERATIONS_MAX = 400,
    DEADLINES_MAX = 60000,
};

/* ---- time and management ---- */

static void tick(struct world *world, int64_t now)
{
    world->now = now;
    lastack_tick(world->stack, now);
    world_settle(world);
    /* Early is allowed, but then a tick makes progress: it may not be due again at once. */
    CHECK(lastack_next_deadline(world->stack) > now);
}

static void pass_time(struct world *world, struct tape *tape)
{
    uint8_t choice = tape_u8(tape);
    int64_t deadline = lastack_next_deadline(world->stack);
    if (choice & 1 && deadline != NEVER)
        tick(world, max64(world->now, deadline));
    else
        tick(world, world->now + (int64_t)(1ull << (choice >> 1) % 38));
}

static bool count_row(void *context, const struct lastack_connection_row *row)
{
    unsigned *rows = context;
    CHECK(row->protocol == LASTACK_PROTOCOL_TCP || row->protocol == LASTACK_PROTOCOL_UDP);
    CHECK(row->cause < LASTACK_CAUSE_COUNT && row->timer < LASTACK_TIMER_COUNT);
    return ++*rows < 64;
}

static void manage(struct world *world, struct tape *tape)
{
    struct lastack *stack = world->stack;
    uint8_t choice = tape_u8(tape);
    const struct overheard *heard = &world->heard[tape_u8(tape) % OVERHEARD];
    uint64_t cursor = 0, lost = 0;
    unsigned rows = 0;
    struct lastack_trace_record records[8];
    struct lastack_params params;
    switch (choice % 7) {
    case 0:
        lastack_kill(stack, &heard->here, &heard->there, (choice & 64) != 0);
        break;
    case 1:
        lastack_link_full(stack, LINK);
        break;
    case 2:
        lastack_link_ready(stack, LINK);
        break;
    case 3:
        lastack_set_link_up(stack, LINK, (choice & 64) != 0);
        break;
    case 4:
        CHECK(lastack_rows(stack, LASTACK_ROWS_ALL, &cursor, count_row, &rows));
        break;
    case 5:
        params = *lastack_params(stack);
        mix_policies(&params, tape);
        lastack_set_params(stack, &params);
        break;
    default:
        while (lastack_trace_read(stack, &cursor, records, 8, &lost) > 0)
            ;
    }
}

static void operate(struct world *world, struct tape *tape)
{
    switch (tape_u8(tape) % 16) {
    case 0:
    case 1:
    case 2:
    case 3:
        made_up_segment(world, tape);
        break;
    case 4:
    case 5:
        proper_answer(world, tape);
        break;
    case 6:
        raw_bytes(world, tape);
        break;
    case 7:
        icmp_error(world, tape);
        break;
    case 8:
    case 9:
    case 10:
    case 11:
    case 12:
        socket_call(world, tape);
        break;
    case 13:
    case 14:
        pass_time(world, tape);
        break;
    default:
        manage(world, tape);
    }
    world_settle(world);
}

/* ---- where the story begins: libFuzzer would take long to find a handshake by itself ---- */

static void listen_on(struct lastack *stack, bool is_ipv6, uint16_t port)
{
    int fd =
        lastack_socket(stack, is_ipv6 ? LASTACK_AF_INET6 : LASTACK_AF_INET, LASTACK_SOCK_STREAM, 0);
    struct lastack_endpoint local = {here_address(is_ipv6), port};
    CHECK(fd >= 0 && lastack_bind(stack, fd, &local) == 0 && lastack_listen(stack, fd, 3) == 0);
}

static void set_scene(struct world *world, struct tape *tape)
{
    uint8_t scene = tape_u8(tape);
    bool is_ipv6 = (scene & 1) != 0;
    struct overheard fresh = {
        {here_address(is_ipv6), 80}, {there_address(is_ipv6, 0), 40000}, {0}, {0}, 0};
    if (scene & 2)
        listen_on(world->stack, is_ipv6, 80);
    if (scene & 4 && scene & 2) { /* a client came and was accepted */
        peer_says(world, &fresh, LASTACK_SYN);
        peer_says(world, &world->heard[0], LASTACK_ACK);
        CHECK(lastack_accept(world->stack, 0, NULL) >= 0);
    }
    if (scene & 8) { /* we are a client ourselves */
        int fd = lastack_socket(world->stack, is_ipv6 ? LASTACK_AF_INET6 : LASTACK_AF_INET,
                                LASTACK_SOCK_STREAM, 0);
        unsigned before = world->heard_next;
        CHECK(lastack_connect(world->stack, fd, &fresh.there) == -LASTACK_EINPROGRESS);
        world_settle(world);
        CHECK(world->heard_next == before + 1);
        if (scene & 16)
            peer_says(world, &world->heard[before], LASTACK_SYN | LASTACK_ACK);
    }
    world_settle(world);
}

/* Everybody closes and goes away; then time alone must end everything. */
static void wind_down(struct world *world, uint64_t *told)
{
    lastack_exit_owner(world->stack, 0);
    lastack_exit_owner(world->stack, 1);
    lastack_set_link_up(world->stack, LINK, true);
    lastack_link_ready(world->stack, LINK);
    world_settle(world);
    for (int i = 0; lastack_next_deadline(world->stack) != NEVER; i++) {
        CHECK(i < DEADLINES_MAX);
        tick(world, max64(world->now, lastack_next_deadline(world->stack)));
        tell_story(world->stack, told);
    }
    lastack_tick(world->stack, world->now); /* what was handed out last may be taken back now */
    for (int pool = 0; pool < LASTACK_POOL_COUNT; pool++) {
        struct lastack_pool_usage usage;
        lastack_pool_usage(world->stack, (enum lastack_pool)pool, &usage);
        /* What is remembered about destinations outlives connections: that is its purpose. */
        if (pool != LASTACK_POOL_PATHS && pool != LASTACK_POOL_NEIGHBORS && usage.used != 0) {
            fprintf(stderr, "%u of pool %s never came back\n", usage.used, usage.name);
            abort();
        }
    }
}

static uint64_t play(const uint8_t *data, size_t size)
{
    struct tape tape = {data, size};
    static struct world world;
    uint64_t told = 0;
    world_create(&world, &tape);
    set_scene(&world, &tape);
    for (int i = 0; tape.left > 0 && i < OPERATIONS_MAX; i++) {
        tell_story(world.stack, &told);
        operate(&world, &tape);
    }
    tell_story(world.stack, &told);
    wind_down(&world, &told);
    return lastack_trace_hash(world.stack);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    uint64_t hash = play(data, size);
    if (size > 0 && data[size - 1] % 8 == 0)
        CHECK(play(data, size) == hash);
    return 0;
}
