/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * sim_lives.c: see sim_lives.h.
 *
 *     life k:   end 0 (host a, connects)  ◀──▶  end 1 (host b, accepts)     a, b drawn; port 1000
 *
 * Which life an accepted connection belongs to is written in its first 4 bytes... of which a lossy
 * life may never deliver any; so it is found by the connecting end's port instead, which both ends
 * know.
 */
#include "sim_lives.h"

#include "check.h"

#include <stdlib.h>
#include <string.h>

enum { LIVES_PORT = 1000, AT_ONCE = 8, CHUNK = 4096, PORTS = 65536 };

enum ending {
    END_CLOSE,       /* close when everything is sent and the peer's end was seen */
    END_CLOSE_EARLY, /* close as soon as everything is queued */
    END_HALF_CLOSE,  /* shutdown when everything is queued; close when the peer's end was seen */
    END_ABORT,       /* at a drawn moment */
    END_LINGER_ZERO,
    ENDINGS,
};

/* One program at one end. */
struct end {
    struct life *life;
    unsigned host;
    int descriptor; /* -1: not open */
    uint32_t to_send, sent, received;
    uint8_t ending;
    bool is_done, saw_end, saw_error, has_shut;
    int64_t abort_at;
    uint8_t slow; /* reads only so many bytes per event, 0: all */
};

struct life {
    uint64_t number, key;
    struct end end[2];
    bool is_used, is_ipv6, is_cut;
};

struct lives {
    struct sim_world world;
    struct rng rng;
    struct life life[AT_ONCE];
    uint16_t life_of_port[SIM_HOSTS][PORTS]; /* connecting port of a host -> slot + 1 */
    int listener[SIM_HOSTS];
    struct sim_lives_result *result;
    uint64_t started, wanted;
};

/* The byte that stands at `at` in the direction from end `from`. */
static uint8_t pattern(const struct life *life, unsigned from, uint32_t at)
{
    const uint64_t x = (life->key + from) * 0x9e3779b97f4a7c15u + at / 8 * 0xbf58476d1ce4e5b9u;

    return (uint8_t)(x >> 32 >> at % 8);
}

static void fail(struct lives *lives, const struct life *life, const char *what)
{
    if (lives->result->failure != NULL)
        return;
    lives->result->failure = what;
    lives->result->failure_life = life == NULL ? 0 : life->number;
}

static struct lastack *stack_of(struct lives *lives, unsigned host)
{
    return lives->world.host[host].stack;
}

static void finish(struct lives *lives, struct end *end)
{
    if (end->descriptor >= 0)
        (void)lastack_close(stack_of(lives, end->host), end->descriptor);
    end->descriptor = -1;
    end->is_done = true;
}

/* ---- what a program does when it may ---- */

static void send_some(struct lives *lives, struct end *end)
{
    const unsigned from = end == &end->life->end[1];
    uint8_t data[CHUNK];

    while (end->sent < end->to_send && !end->has_shut) {
        const uint32_t length = min32(CHUNK, end->to_send - end->sent);
        int64_t taken;

        for (uint32_t i = 0; i < length; i++)
            data[i] = pattern(end->life, from, end->sent + i);
        taken = lastack_send(stack_of(lives, end->host), end->descriptor, data, length, 0);
        if (taken == -LASTACK_EAGAIN)
            return;
        if (taken < 0) {
            end->saw_error = true;
            return;
        }
        end->sent += (uint32_t)taken;
    }
}

static void receive_some(struct lives *lives, struct end *end)
{
    const unsigned from = end != &end->life->end[1];
    uint8_t data[CHUNK];

    for (;;) {
        const size_t room = end->slow == 0 ? CHUNK : end->slow;
        const int64_t got =
            lastack_recv(stack_of(lives, end->host), end->descriptor, data, room, 0);

        if (got == -LASTACK_EAGAIN)
            return;
        if (got < 0) {
            end->saw_error = true;
            return;
        }
        if (got == 0) {
            end->saw_end = true;
            return;
        }
        for (uint32_t i = 0; i < (uint32_t)got; i++) {
            if (data[i] != pattern(end->life, from, end->received + i))
                fail(lives, end->life, "a byte was delivered that was not sent there");
        }
        end->received += (uint32_t)got;
        lives->result->bytes += (uint64_t)got;
    }
}

/* Which descriptors may be given up, by the ending drawn. */
static void decide(struct lives *lives, struct end *end)
{
    struct lastack *stack = stack_of(lives, end->host);
    const bool has_sent_all = end->sent == end->to_send;

    if (end->saw_error) {
        finish(lives, end);
        return;
    }
    switch ((enum ending)end->ending) {
    case END_CLOSE:
        if (has_sent_all && end->saw_end)
            finish(lives, end);
        else if (has_sent_all && !end->has_shut && end == &end->life->end[0]) {
            end->has_shut = true; /* somebody has to begin */
            (void)lastack_shutdown(stack, end->descriptor, LASTACK_SHUT_WR);
        }
        return;
    case END_CLOSE_EARLY:
        if (has_sent_all)
            finish(lives, end);
        return;
    case END_HALF_CLOSE:
        if (has_sent_all && !end->has_shut) {
            end->has_shut = true;
            (void)lastack_shutdown(stack, end->descriptor, LASTACK_SHUT_WR);
        }
        if (end->has_shut && end->saw_end)
            finish(lives, end);
        return;
    case END_ABORT:
    case END_LINGER_ZERO:
        if (lives->world.now < end->abort_at)
            return;
        if (end->ending == END_ABORT)
            (void)lastack_abort(stack, end->descriptor);
        else
            (void)lastack_set_linger(stack, end->descriptor, 0);
        finish(lives, end);
        return;
    case ENDINGS:
        break;
    }
}

static void act(struct lives *lives, struct end *end)
{
    if (end->descriptor < 0)
        return;
    receive_some(lives, end);
    if (!end->saw_error)
        send_some(lives, end);
    decide(lives, end);
}

/* ---- lives begin ---- */

static void draw_end(struct lives *lives, struct life *life, unsigned which, unsigned host)
{
    struct rng *rng = &lives->rng;
    const uint32_t size_class = rng_below(rng, 10);
    const uint32_t most = size_class < 3 ? 1 : size_class < 8 ? 3000 : 60000;

    life->end[which] = (struct end){
        .life = life,
        .host = host,
        .descriptor = -1,
        .to_send = rng_below(rng, most),
        .ending = (uint8_t)rng_below(rng, ENDINGS),
        .abort_at = lives->world.now + rng_below(rng, 400000000),
        .slow = (uint8_t)(rng_below(rng, 8) == 0 ? 100 : 0),
    };
    if (life->end[which].ending >= END_ABORT && rng_below(rng, 3) != 0)
        life->end[which].ending = END_HALF_CLOSE; /* most lives are orderly */
}

static void start(struct lives *lives, struct life *life)
{
    const unsigned host = rng_below(&lives->rng, SIM_HOSTS);
    struct lastack *stack = stack_of(lives, host);
    struct lastack_endpoint local, remote = {.port = LIVES_PORT};
    struct end *end = &life->end[0];
    int error;

    *life = (struct life){.number = ++lives->started, .key = rng_next(&lives->rng), .is_used = true};
    lives->result->lives++;
    life->is_ipv6 = rng_below(&lives->rng, 2) == 0;
    draw_end(lives, life, 0, host);
    draw_end(lives, life, 1, 1 - host);
    remote.address = sim_address(1 - host, life->is_ipv6);
    end->descriptor = lastack_socket(stack, life->is_ipv6 ? LASTACK_AF_INET6 : LASTACK_AF_INET,
                                     LASTACK_SOCK_STREAM, 0);
    if (end->descriptor < 0) {
        fail(lives, life, "socket() refused");
        return;
    }
    (void)lastack_set_user(stack, end->descriptor, (uint64_t)(life - lives->life) * 2 + 1);
    error = lastack_connect(stack, end->descriptor, &remote);
    if (error != -LASTACK_EINPROGRESS) {
        lives->result->refused++;
        finish(lives, end);
        life->end[1].is_done = true;
        return;
    }
    (void)lastack_getsockname(stack, end->descriptor, &local);
    lives->life_of_port[host][local.port] = (uint16_t)(life - lives->life + 1);
}

static void accept_all(struct lives *lives, unsigned host)
{
    struct lastack_endpoint remote;
    int descriptor;

    while ((descriptor = lastack_accept(stack_of(lives, host), lives->listener[host], &remote)) >=
           0) {
        const unsigned slot = lives->life_of_port[1 - host][remote.port];
        struct end *end = slot == 0 ? NULL : &lives->life[slot - 1].end[1];

        if (end == NULL || end->descriptor >= 0 || end->is_done || end->host != host) {
            /* its life is over at the other end */
            (void)lastack_close(stack_of(lives, host), descriptor);
            continue;
        }
        end->descriptor = descriptor;
        (void)lastack_set_user(stack_of(lives, host), descriptor, (uint64_t)(slot - 1) * 2 + 2);
        act(lives, end);
    }
}

static void on_lives_event(void *context, struct sim_world *world, unsigned host,
                           const struct lastack_event *event)
{
    struct lives *lives = context;

    (void)world;
    if (event->descriptor == lives->listener[host]) {
        accept_all(lives, host);
    } else if (event->user != 0) {
        struct life *life = &lives->life[(event->user - 1) / 2];

        act(lives, &life->end[(event->user - 1) % 2]);
    }
}

/* ---- lives end ---- */

/* Everything arrived where neither end cut the other short. */
static void judge(struct lives *lives, const struct life *life)
{
    const struct end *a = &life->end[0], *b = &life->end[1];
    const bool is_orderly = !life->is_cut &&
                            (a->ending == END_CLOSE || a->ending == END_HALF_CLOSE) &&
                            (b->ending == END_CLOSE || b->ending == END_HALF_CLOSE);

    if (!is_orderly) {
        lives->result->aborted++;
        return;
    }
    if (a->saw_error || b->saw_error)
        fail(lives, life, "an orderly life saw an error");
    else if (a->received != b->to_send || b->received != a->to_send)
        fail(lives, life, "an orderly life did not deliver everything");
    else
        lives->result->completed++;
}

static bool is_over(const struct life *life)
{
    return life->end[0].is_done && life->end[1].is_done;
}

/* The other program never got to see the connection: nothing will wake it. */
static void give_up_unborn(struct lives *lives, struct life *life)
{
    if (life->end[0].is_done && !life->end[1].is_done && life->end[1].descriptor < 0 &&
        life->end[0].abort_at + SEC(400) < lives->world.now) {
        life->end[1].is_done = true;
        life->is_cut = true;
    }
}

/* A program whose peer vanished or never answers gives up after a while, as programs do. */
static void lose_patience(struct lives *lives, struct life *life)
{
    for (unsigned i = 0; i < 2; i++) {
        struct end *end = &life->end[i];

        if (end->descriptor >= 0 && end->ending >= END_ABORT)
            act(lives, end);
        if (end->descriptor >= 0 && life->end[1 - i].is_done && life->end[1 - i].descriptor < 0 &&
            end->abort_at + SEC(3000) < lives->world.now) {
            life->is_cut = true;
            finish(lives, end);
        }
    }
    give_up_unborn(lives, life);
}

static void turn_over(struct lives *lives)
{
    for (unsigned i = 0; i < AT_ONCE; i++) {
        struct life *life = &lives->life[i];

        if (life->is_used)
            lose_patience(lives, life);
        if (life->is_used && is_over(life)) {
            judge(lives, life);
            life->is_used = false;
        }
        if (!life->is_used && lives->started < lives->wanted)
            start(lives, life);
    }
}

static bool is_any_left(const struct lives *lives)
{
    for (unsigned i = 0; i < AT_ONCE; i++) {
        if (lives->life[i].is_used)
            return true;
    }
    return lives->started < lives->wanted;
}

/* ---- the whole ---- */

static void check_rest(struct lives *lives)
{
    static const enum lastack_pool empty[] = {
        LASTACK_POOL_CONNECTIONS, LASTACK_POOL_TIME_WAIT_IPV4, LASTACK_POOL_TIME_WAIT_IPV6,
        LASTACK_POOL_SYN_ENTRIES, LASTACK_POOL_PAGES, LASTACK_POOL_RANGES, LASTACK_POOL_REPLIES};

    for (unsigned host = 0; host < SIM_HOSTS; host++) {
        for (unsigned i = 0; i < sizeof empty / sizeof empty[0]; i++) {
            struct lastack_pool_usage usage;

            lastack_pool_usage(stack_of(lives, host), empty[i], &usage);
            if (usage.used != 0)
                fail(lives, NULL, usage.name);
        }
    }
}

static void draw_recipe(struct rng *rng, struct sim_recipe *recipe)
{
    static const uint32_t levels[] = {0, 0, 1000, 10000, 30000, 100000};

    *recipe = (struct sim_recipe){
        .delay_ns = MS(1 + rng_below(rng, 50)),
        .jitter_ns = rng_below(rng, 2) == 0 ? 0 : MS(rng_below(rng, 20)),
        .rate_bps = rng_below(rng, 2) == 0 ? 0 : 1000000u + rng_below(rng, 100000000u),
        .queue_bytes = 100000,
        .loss_ppm = levels[rng_below(rng, 6)],
        .duplicate_ppm = levels[rng_below(rng, 6)],
        .reorder_ppm = levels[rng_below(rng, 6)],
        .reorder_ns = MS(1 + rng_below(rng, 30)),
    };
}

static void lives_config(struct lastack_config *config)
{
    lastack_config_default(config);
    config->max_connections = 64;
    config->max_time_waits_ipv4 = config->max_time_waits_ipv6 = 2048;
    config->max_syn_entries = 64;
    config->max_sockets = 64;
    config->max_descriptors = 64;
    config->max_pages = 1024;
    config->max_ranges = 1024;
    config->max_replies = 512;
    config->max_endpoints = 4096;
    config->trace_records = 0;
    config->trace_classes = 0;
    config->trace_hash = true;
}

static bool open_listeners(struct lives *lives)
{
    for (unsigned host = 0; host < SIM_HOSTS; host++) {
        const struct lastack_endpoint any = {.port = LIVES_PORT};
        struct lastack *stack = stack_of(lives, host);

        lives->listener[host] = lastack_socket(stack, LASTACK_AF_INET6, LASTACK_SOCK_STREAM, 0);
        if (lives->listener[host] < 0 || lastack_bind(stack, lives->listener[host], &any) != 0 ||
            lastack_listen(stack, lives->listener[host], 64) != 0)
            return false;
    }
    return true;
}

static void live(struct lives *lives)
{
    const int64_t limit = SEC(1000000);
    int64_t next_turn = 0;

    while (is_any_left(lives) && lives->result->failure == NULL) {
        if (lives->world.now > limit) {
            fail(lives, NULL, "the lives did not end");
            return;
        }
        if (lives->world.now >= next_turn) {
            turn_over(lives);
            sim_settle(&lives->world);
            next_turn = lives->world.now + MS(50);
        }
        (void)sim_step(&lives->world, next_turn);
    }
    /* both programs are done: now the stacks must come to rest by themselves */
    for (unsigned host = 0; host < SIM_HOSTS; host++)
        (void)lastack_close(stack_of(lives, host), lives->listener[host]);
    sim_settle(&lives->world);
    sim_run(&lives->world, lives->world.now + SEC(24 * 3600));
    if (sim_next(&lives->world) != NEVER)
        fail(lives, NULL, "a deadline was still armed after a day");
    check_rest(lives);
}

void sim_lives_run(uint64_t seed, uint32_t count, struct sim_lives_result *result)
{
    struct lives *lives = calloc(1, sizeof *lives);
    struct lastack_config config;
    struct sim_recipe recipe;

    *result = (struct sim_lives_result){0};
    if (lives == NULL) {
        result->failure = "no memory";
        return;
    }
    lives->result = result;
    lives->wanted = count;
    rng_init(&lives->rng, seed);
    draw_recipe(&lives->rng, &recipe);
    lives_config(&config);
    if (!sim_world_init(&lives->world, &config, &recipe,
                        rng_below(&lives->rng, 4) == 0 ? 9000 : 1500, seed)) {
        result->failure = "no memory";
        free(lives);
        return;
    }
    lives->world.on_event = on_lives_event;
    lives->world.context = lives;
    if (open_listeners(lives))
        live(lives);
    else
        result->failure = "listen() refused";
    result->steps = lives->world.steps;
    result->virtual_ns = lives->world.now;
    result->trace_hash =
        lastack_trace_hash(stack_of(lives, 0)) * 31 + lastack_trace_hash(stack_of(lives, 1));
    sim_world_free(&lives->world);
    free(lives);
}
