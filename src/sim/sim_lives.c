/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * sim_lives.c: see sim_lives.h.
 *
 *     life k:   end 0 (host a, connects)  ◀──▶  end 1 (host b, accepts, or connects too)
 *
 * Which life an accepted connection belongs to is told by the connecting end's port and ISS, which
 * both ends know: its bytes may never come, and its port may have had another life just before.
 */
#include "lives_inside.h"

#include <stdlib.h>
#include <string.h>

void lives_fail(struct lives *lives, const struct life *life, const char *what)
{
    if (lives->result->failure != NULL)
        return;
    lives->result->failure = what;
    lives->result->failure_life = life == NULL ? 0 : life->number;
}

/* ---- what a program's act leads to ---- */

bool life_is_whole(const struct life *life)
{
    return !life->is_cut && !life->is_silent && life_ending_is_orderly(life->plan.end[0].ending) &&
           life_ending_is_orderly(life->plan.end[1].ending);
}

/* Nobody can expect anything of it any more. */
void lives_cut(struct lives *lives, struct life *life)
{
    life->is_cut = true;
    for (unsigned i = 0; i < 2; i++) {
        struct life_end *end = &life->end[i];

        end->patience_at = min64(end->patience_at, lives->world.now + end->plan->patience_ns);
        if (end->descriptor >= 0)
            end->wake_at = min64(end->wake_at, end->patience_at);
    }
}

/* The end wakes; then the other one need not wait for ever. */
static void act(struct lives *lives, struct life *life, unsigned which)
{
    struct life_end *end = &life->end[which], *other = &life->end[1 - which];
    const uint32_t received = end->received;

    life_end_act(end, lives->world.now);
    lives->result->bytes += end->received - received;
    if (end->failure != NULL)
        lives_fail(lives, life, end->failure);
    if (!end->is_done || other->is_done)
        return;
    other->patience_at =
        min64(other->patience_at, lives->world.now + max64(other->plan->patience_ns,
                                                           life_is_whole(life) ? SEC(4000) : 0));
    if (other->descriptor >= 0)
        other->wake_at = min64(other->wake_at, other->patience_at);
    if (which == 0 && life->unborn_until == NEVER)
        life->unborn_until = lives->world.now + UNBORN_NS;
}

/* ---- lives begin ---- */

static const struct tcp_conn *conn_of(const struct lives *lives, unsigned host, int descriptor)
{
    const struct sockets *table = sockets_of(lives_stack(lives, host));
    const struct sock *sock =
        sock_at(lives_stack(lives, host), table->descriptors[descriptor].socket);

    return sock_conn(lives_stack(lives, host), sock);
}

static uint64_t user_of(const struct lives *lives, const struct life *life, unsigned which)
{
    return (uint64_t)(life - lives->life) * 2 + which + 1;
}

static void hold(struct lives *lives, struct life *life, unsigned which, int descriptor)
{
    struct life_end *end = &life->end[which];

    (void)lastack_set_user(end->stack, descriptor, user_of(lives, life, which));
    life_end_take(end, descriptor);
    /* what its own clock will do: abort while connecting, lose patience */
    end->wake_at =
        min64(end->patience_at,
              life_ending_is_orderly(end->plan->ending) ? NEVER : end->start + end->plan->act_ns);
}

/* The server gives what it accepted to a process of its own, as inetd does. */
static int hand_over(const struct life_end *end, int descriptor)
{
    const int given = lastack_dup_to(end->stack, descriptor, end->owner);

    if (given < 0)
        return descriptor; /* no descriptor left: it stays where it is */
    (void)lastack_close(end->stack, descriptor);
    return given;
}

/* False: refused. */
static bool dial(struct lives *lives, struct life *life, unsigned which)
{
    struct life_end *end = &life->end[which];
    struct lastack_endpoint own = {.address = life->endpoint[which].address,
                                   .port = life->plan.port[which]};
    const int descriptor =
        lastack_socket(end->stack, life->plan.is_ipv6 ? LASTACK_AF_INET6 : LASTACK_AF_INET,
                       LASTACK_SOCK_STREAM, end->owner);

    if (descriptor < 0) {
        if (!lives->setting.is_scarce)
            lives_fail(lives, life, "socket() refused though there was room");
        return false;
    }
    hold(lives, life, which, descriptor);
    if (life->plan.is_crossed && lastack_bind(end->stack, descriptor, &own) != 0)
        return false;
    if (life_end_connect(end, &life->endpoint[1 - which]) != -LASTACK_EINPROGRESS)
        return false;
    (void)lastack_getsockname(end->stack, descriptor, &life->endpoint[which]);
    lives->host[life->host[which]].life_of_port[life->plan.is_ipv6][life->endpoint[which].port] =
        (uint8_t)(life - lives->life + 1);
    lives_watch_port(lives, life);
    return true;
}

static void refuse(struct lives *lives, struct life *life)
{
    for (unsigned i = 0; i < 2; i++) {
        if (life->end[i].descriptor >= 0)
            life_end_finish(&life->end[i], lives->world.now);
        else
            life_end_forget(&life->end[i]);
    }
    life->is_cut = true;
}

static void prepare_ends(struct lives *lives, struct life *life)
{
    const uint64_t key = rng_next(&lives->rng);
    const uint32_t slot = (uint32_t)(life - lives->life);

    for (unsigned i = 0; i < 2; i++) {
        struct life_end *end = &life->end[i];

        life->host[i] = i == 0 ? life->plan.host : 1 - life->plan.host;
        life_end_init(end, &life->plan.end[i], lives->world.now);
        end->stack = lives_stack(lives, life->host[i]);
        end->writes = key + i;
        end->reads = key + 1 - i;
        end->owner = 1 + slot * 4 + i * 2;
        end->begins = i == 0;
        life->endpoint[i].address = sim_address(life->host[i], life->plan.is_ipv6);
        life->endpoint[i].port = life->plan.is_crossed ? life->plan.port[i] : LIVES_PORT;
        if (life_is_whole(life) && !lives->setting.is_scarce)
            end->patience_at = lives->world.now + PATIENCE_OF_WHOLE;
    }
}

static void start(struct lives *lives, struct life *life)
{
    *life = (struct life){
        .number = ++lives->started, .is_used = true, .unborn_until = NEVER, .silent_at = NEVER};
    lives->result->lives++;
    life_plan_draw(&lives->rng, &lives->setting, &life->plan);
    if (life->plan.silent_ns != NEVER) {
        life->silent_at = lives->world.now + life->plan.silent_ns;
        life->is_silent = true;
        lives->silent_count++;
    }
    prepare_ends(lives, life);
    lives->result->crossed += life->plan.is_crossed;
    if (lives->host[life->host[1]].listener < 0)
        life->is_cut = true;
    if (!dial(lives, life, 0)) {
        refuse(lives, life);
        return;
    }
    life->iss = conn_of(lives, life->host[0], life->end[0].descriptor)->iss.v;
    if (life->plan.is_crossed)
        life->end[1].wake_at = lives->world.now + life->plan.end[1].connect_ns;
    lives_watch_begin(lives, life);
}

/* The second end of a crossed life connects. */
static void cross(struct lives *lives, struct life *life)
{
    life->end[1].wake_at = NEVER;
    if (!dial(lives, life, 1)) {
        life_end_finish(&life->end[1], lives->world.now);
        lives_cut(lives, life);
    }
}

/* Whose connection is it? NULL: of a life that is over. */
static struct life *life_of_child(struct lives *lives, unsigned host, int descriptor,
                                  const struct lastack_endpoint *remote)
{
    const bool is_ipv6 = !lastack_is_ipv4(&remote->address);
    const unsigned slot = lives->host[1 - host].life_of_port[is_ipv6][remote->port];
    struct life *life = slot == 0 ? NULL : &lives->life[slot - 1];

    if (life == NULL || !life->is_used || life->plan.is_crossed || life->host[1] != host ||
        life->end[1].was_opened || life->end[1].is_done ||
        conn_of(lives, host, descriptor)->irs.v != life->iss)
        return NULL;
    return life;
}

void lives_accept(struct lives *lives, unsigned host)
{
    struct lives_host *own = &lives->host[host];
    struct lastack_endpoint remote;
    int descriptor;

    own->accept_at = NEVER;
    while ((descriptor = lastack_accept(lives_stack(lives, host), own->listener, &remote)) >= 0) {
        struct life *life = life_of_child(lives, host, descriptor, &remote);

        if (life == NULL) { /* its life is over at the other end */
            (void)lastack_close(lives_stack(lives, host), descriptor);
            continue;
        }
        life->unborn_until = NEVER;
        hold(lives, life, 1, hand_over(&life->end[1], descriptor));
        act(lives, life, 1);
    }
    if (descriptor != -LASTACK_EAGAIN)
        own->accept_at = lives->world.now + MS(50); /* no descriptor left: later */
}

static void on_lives_event(void *context, struct sim_world *world, unsigned host,
                           const struct lastack_event *event)
{
    struct lives *lives = context;

    (void)world;
    if (event->descriptor == lives->host[host].listener) {
        if (rng_below(&lives->rng, 4) != 0)
            lives_accept(lives, host);
        else if (lives->host[host].accept_at == NEVER)
            lives->host[host].accept_at = lives->world.now + MS(rng_below(&lives->rng, 300));
    } else if (event->user != 0) {
        act(lives, &lives->life[(event->user - 1) / 2], (event->user - 1) % 2);
    }
}

/* ---- lives end ---- */

static void wake_end(struct lives *lives, struct life *life, unsigned which)
{
    struct life_end *end = &life->end[which];

    if (end->wake_at > lives->world.now)
        return;
    if (which == 1 && life->plan.is_crossed && !end->was_opened && !end->is_done)
        cross(lives, life);
    else
        act(lives, life, which);
}

static void turn_over_life(struct lives *lives, struct life *life)
{
    for (unsigned i = 0; i < 2; i++)
        wake_end(lives, life, i);
    if (life->unborn_until <= lives->world.now && !life->end[1].was_opened) {
        life_end_forget(&life->end[1]);
        if (!life_ending_is_orderly(life->plan.end[0].ending))
            life->is_cut = true;
    }
    if (!life->end[0].is_done || !life->end[1].is_done)
        return;
    life_judge(lives, life);
    lives->silent_count -= life->silent_at != NEVER;
    life->is_used = false;
}

static int64_t next_of_life(const struct life *life)
{
    return min64(min64(life->end[0].wake_at, life->end[1].wake_at),
                 life->end[1].was_opened || life->end[1].is_done ? NEVER : life->unborn_until);
}

/* Everything that programs do by their own clocks; returns when the next of it is. */
static int64_t turn_over(struct lives *lives)
{
    int64_t next;

    lives_mishaps(lives);
    for (unsigned i = 0; i < lives->setting.at_once; i++) {
        struct life *life = &lives->life[i];

        if (life->is_used)
            turn_over_life(lives, life);
        if (!life->is_used && lives->started < lives->wanted)
            start(lives, life);
    }
    next = min64(min64(lives->reboot_at, lives->listener_closes_at), lives->link_fills_at);
    next = min64(next,
                 min64(lives_next_of_host(&lives->host[0]), lives_next_of_host(&lives->host[1])));
    for (unsigned i = 0; i < lives->setting.at_once; i++) {
        const struct life *life = &lives->life[i];

        if (life->is_used)
            next = min64(next, next_of_life(life));
    }
    return next;
}

static bool is_any_left(const struct lives *lives)
{
    for (unsigned i = 0; i < lives->setting.at_once; i++) {
        if (lives->life[i].is_used)
            return true;
    }
    return lives->started < lives->wanted;
}

/* ---- the whole ---- */

/* All programs are done: now the stacks must come to rest by themselves. */
static void rest(struct lives *lives)
{
    const int64_t limit = lives->world.now + REST_NS;

    for (unsigned host = 0; host < SIM_HOSTS; host++) {
        if (lives->host[host].listener >= 0)
            (void)lastack_close(lives_stack(lives, host), lives->host[host].listener);
        if (lives->host[host].link_ready_at != NEVER)
            lastack_link_ready(lives_stack(lives, host), 1);
    }
    sim_settle(&lives->world);
    do
        lives_check_step(lives);
    while (sim_step(&lives->world, limit));
    if (sim_next(&lives->world) != NEVER)
        lives_fail(lives, NULL, "a deadline was still armed after a day");
    lives_check_rest(lives);
}

static void live(struct lives *lives)
{
    while (is_any_left(lives) && lives->result->failure == NULL) {
        const int64_t until = turn_over(lives);

        sim_settle(&lives->world);
        lives_check_step(lives);
        if (is_any_left(lives))
            (void)sim_step(&lives->world, max64(until, lives->world.now));
    }
    if (lives->result->failure == NULL)
        rest(lives);
}

static bool create_world(struct lives *lives, const struct sim_lives_options *options)
{
    struct lastack_params linux_params;
    struct lives_setting *setting = &lives->setting;

    lastack_params_linux(&linux_params);
    rng_init(&lives->rng, options->seed);
    if (options->profile_count > 0)
        lives_setting_draw(&lives->rng, options->profiles, options->profile_count, setting);
    else
        lives_setting_draw(&lives->rng, &linux_params, 1, setting);
    if (lives->watcher != NULL) {
        for (unsigned host = 0; host < SIM_HOSTS; host++)
            setting->config[host].trace_classes |= lives->watcher->classes;
    }
    if (!sim_world_init_pair(&lives->world, setting->config, &setting->recipe, setting->mtu,
                             options->seed))
        return false;
    lives->world.on_event = on_lives_event;
    lives->world.may_pass = lives_may_pass;
    lives->world.context = lives;
    if (lives->watcher != NULL) {
        lives->world.on_packet = lives_on_packet;
        lives->world.on_arrival = lives_on_arrival;
    }
    return true;
}

static bool begin(struct lives *lives)
{
    bool is_listening = true;

    lives->reboot_at = lives_next_mishap(lives, lives->setting.reboot_every_ns);
    lives->listener_closes_at = lives_next_mishap(lives, lives->setting.listener_closes_every_ns);
    lives->link_fills_at = lives_next_mishap(lives, lives->setting.link_fills_every_ns);
    for (unsigned host = 0; host < SIM_HOSTS; host++) {
        struct lives_host *own = &lives->host[host];

        own->listener = -1;
        own->accept_at = own->link_ready_at = NEVER;
        is_listening = lives_open_listener(lives, host) && is_listening;
    }
    return is_listening;
}

void sim_lives_run(const struct sim_lives_options *options, struct sim_lives_result *result)
{
    struct lives *lives = calloc(1, sizeof *lives);

    *result = (struct sim_lives_result){0};
    if (lives == NULL) {
        result->failure = "no memory";
        return;
    }
    lives->result = result;
    lives->wanted = options->lives;
    lives->watched_life = options->watched_life;
    lives->watcher = options->watched_life != 0 ? options->watcher : NULL;
    if (!create_world(lives, options)) {
        result->failure = "no memory";
        free(lives);
        return;
    }
    if (begin(lives))
        live(lives);
    else
        lives_fail(lives, NULL, "listen() refused");
    result->steps = lives->world.steps;
    result->virtual_ns = lives->world.now;
    for (unsigned host = 0; host < SIM_HOSTS; host++)
        lives_fold_hash(lives, host);
    sim_world_free(&lives->world);
    free(lives);
}

void sim_lives_add(struct sim_lives_result *total, const struct sim_lives_result *world)
{
    total->lives += world->lives;
    total->completed += world->completed;
    total->cut += world->cut;
    total->silent += world->silent;
    total->outlived += world->outlived;
    total->refused += world->refused;
    total->given_up += world->given_up;
    total->crossed += world->crossed;
    total->reboots += world->reboots;
    total->bytes += world->bytes;
    total->steps += world->steps;
    total->virtual_ns += world->virtual_ns;
    total->trace_hash = total->trace_hash * 31 + world->trace_hash;
    state_census_add(&total->census, &world->census);
    if (total->failure == NULL) {
        total->failure = world->failure;
        total->failure_life = world->failure_life;
    }
}

uint64_t sim_lives_seed(uint64_t seed, uint64_t world)
{
    struct rng rng;

    if (world == 0)
        return seed;
    rng_init(&rng, seed ^ world * UINT64_C(0x9e3779b97f4a7c15));
    return rng_next(&rng) >> 1; /* a number that every program can print and read */
}
