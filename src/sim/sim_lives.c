/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * sim_lives.c: see sim_lives.h.
 *
 *     life k:   end 0 (host a, connects)  ◀──▶  end 1 (host b, accepts, or connects too)
 *
 * Which life an accepted connection belongs to is told by the connecting end's port and ISS, which
 * both ends know: its bytes may never come, and its port may have had another life just before.
 */
#include "sim_lives.h"

#include "check.h"
#include "life_end.h"
#include "socket_table.h"

#include <stdlib.h>
#include <string.h>

enum { LIVES_PORT = 1000, AT_ONCE_MOST = 12, PORTS = 65536 };

#define PATIENCE_OF_WHOLE SEC(50000)
#define UNBORN_NS         SEC(200) /* how long after its peer's end a connection may still be accepted */
#define REST_NS           SEC(24 * 3600)

struct life {
    uint64_t number;
    struct life_plan plan;
    struct life_end end[2];
    unsigned host[2];       /* of each end */
    struct lastack_endpoint endpoint[2];
    uint32_t iss;           /* of end 0 */
    int64_t unborn_until;   /* end 1, when end 0 is done already; NEVER */
    int64_t silent_at;
    bool is_used, is_cut, is_silent;
};

struct lives_host {
    int listener;           /* -1: closed at present */
    int64_t reopen_at;      /* NEVER */
    int64_t accept_at;      /* what waits to be accepted is accepted then; NEVER */
    int64_t link_ready_at;  /* NEVER: it is not full */
    uint64_t trace_at;
    uint64_t watched_flow;  /* 0: not seen yet */
    uint8_t life_of_port[2][PORTS]; /* IPv4, IPv6: slot + 1 of the life whose end has it */
};

struct lives {
    struct sim_world world;
    struct lives_setting setting;
    struct rng rng;
    struct life life[AT_ONCE_MOST];
    struct lives_host host[SIM_HOSTS];
    const struct sim_watcher *watcher;
    uint64_t watched_life;
    struct life watched;    /* as it was when it began; is_used: it has */
    struct sim_lives_result *result;
    uint64_t started, wanted;
    unsigned silent_count;
    int64_t reboot_at, listener_closes_at, link_fills_at;
};

static void fail(struct lives *lives, const struct life *life, const char *what)
{
    if (lives->result->failure != NULL)
        return;
    lives->result->failure = what;
    lives->result->failure_life = life == NULL ? 0 : life->number;
}

static struct lastack *stack_of(const struct lives *lives, unsigned host)
{
    return lives->world.host[host].stack;
}

static bool is_same_endpoint(const struct lastack_endpoint *a, const struct lastack_endpoint *b)
{
    return a->port == b->port && lastack_address_equal(&a->address, &b->address);
}

/* ---- what a program's act leads to ---- */

static bool is_whole(const struct life *life)
{
    return !life->is_cut && !life->is_silent &&
           life_ending_is_orderly(life->plan.end[0].ending) &&
           life_ending_is_orderly(life->plan.end[1].ending);
}

/* The end wakes; then the other one need not wait for ever. */
static void act(struct lives *lives, struct life *life, unsigned which)
{
    struct life_end *end = &life->end[which], *other = &life->end[1 - which];
    const uint32_t received = end->received;

    life_end_act(end, lives->world.now);
    lives->result->bytes += end->received - received;
    if (end->failure != NULL)
        fail(lives, life, end->failure);
    if (!end->is_done || other->is_done)
        return;
    other->patience_at =
        min64(other->patience_at, lives->world.now + max64(other->plan->patience_ns,
                                                           is_whole(life) ? SEC(4000) : 0));
    if (other->descriptor >= 0)
        other->wake_at = min64(other->wake_at, other->patience_at);
    if (which == 0 && life->unborn_until == NEVER)
        life->unborn_until = lives->world.now + UNBORN_NS;
}

/* Nobody can expect anything of it any more. */
static void cut(struct lives *lives, struct life *life)
{
    life->is_cut = true;
    for (unsigned i = 0; i < 2; i++) {
        struct life_end *end = &life->end[i];

        end->patience_at = min64(end->patience_at, lives->world.now + end->plan->patience_ns);
        if (end->descriptor >= 0)
            end->wake_at = min64(end->wake_at, end->patience_at);
    }
}

/* ---- lives begin ---- */

static const struct tcp_conn *conn_of(const struct lives *lives, unsigned host, int descriptor)
{
    const struct sockets *table = sockets_of(stack_of(lives, host));
    const struct sock *sock =
        sock_at(stack_of(lives, host), table->descriptors[descriptor].socket);

    return sock_conn(stack_of(lives, host), sock);
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
    end->wake_at = min64(end->patience_at, life_ending_is_orderly(end->plan->ending)
                                               ? NEVER
                                               : end->start + end->plan->act_ns);
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

/* A later life has the addresses of the one that is watched: what follows is about that one. */
static void take_over_watch(struct lives *lives, const struct life *life)
{
    for (unsigned i = 0; i < 2; i++) {
        if (life->number != lives->watched.number &&
            is_same_endpoint(&life->endpoint[0], &lives->watched.endpoint[i]) &&
            is_same_endpoint(&life->endpoint[1], &lives->watched.endpoint[1 - i]))
            lives->watched.is_used = false;
    }
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
            fail(lives, life, "socket() refused though there was room");
        return false;
    }
    hold(lives, life, which, descriptor);
    if (life->plan.is_crossed && lastack_bind(end->stack, descriptor, &own) != 0)
        return false;
    if (life_end_connect(end, &life->endpoint[1 - which]) != -LASTACK_EINPROGRESS)
        return false;
    (void)lastack_getsockname(end->stack, descriptor, &life->endpoint[which]);
    lives->host[life->host[which]]
        .life_of_port[life->plan.is_ipv6][life->endpoint[which].port] =
        (uint8_t)(life - lives->life + 1);
    take_over_watch(lives, life);
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

static void tell_begin(struct lives *lives, const struct life *life)
{
    const struct sim_watcher *watcher = lives->watcher;

    if (watcher == NULL || lives->watched_life != life->number)
        return;
    lives->watched = *life;
    if (watcher->on_begin != NULL)
        watcher->on_begin(watcher->context, lives->world.now, life->host[0], &life->endpoint[0],
                          &life->endpoint[1]);
}

static void prepare_ends(struct lives *lives, struct life *life)
{
    const uint64_t key = rng_next(&lives->rng);
    const uint32_t slot = (uint32_t)(life - lives->life);

    for (unsigned i = 0; i < 2; i++) {
        struct life_end *end = &life->end[i];

        life->host[i] = i == 0 ? life->plan.host : 1 - life->plan.host;
        life_end_init(end, &life->plan.end[i], lives->world.now);
        end->stack = stack_of(lives, life->host[i]);
        end->writes = key + i;
        end->reads = key + 1 - i;
        end->owner = 1 + slot * 4 + i * 2;
        end->begins = i == 0;
        life->endpoint[i].address = sim_address(life->host[i], life->plan.is_ipv6);
        life->endpoint[i].port = life->plan.is_crossed ? life->plan.port[i] : LIVES_PORT;
        if (is_whole(life) && !lives->setting.is_scarce)
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
    tell_begin(lives, life);
}

/* The second end of a crossed life connects. */
static void cross(struct lives *lives, struct life *life)
{
    life->end[1].wake_at = NEVER;
    if (!dial(lives, life, 1)) {
        life_end_finish(&life->end[1], lives->world.now);
        cut(lives, life);
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

static void accept_all(struct lives *lives, unsigned host)
{
    struct lives_host *own = &lives->host[host];
    struct lastack_endpoint remote;
    int descriptor;

    own->accept_at = NEVER;
    while ((descriptor = lastack_accept(stack_of(lives, host), own->listener, &remote)) >= 0) {
        struct life *life = life_of_child(lives, host, descriptor, &remote);

        if (life == NULL) { /* its life is over at the other end */
            (void)lastack_close(stack_of(lives, host), descriptor);
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
            accept_all(lives, host);
        else if (lives->host[host].accept_at == NEVER)
            lives->host[host].accept_at = lives->world.now + MS(rng_below(&lives->rng, 300));
    } else if (event->user != 0) {
        act(lives, &lives->life[(event->user - 1) / 2], (event->user - 1) % 2);
    }
}

/* ---- the wire ---- */

struct ends_of_packet {
    uint16_t source, destination;
};

/* Ports of a TCP packet; false if it is none. Stacks write no IP options. */
static bool read_ports(const uint8_t *data, uint32_t length, struct ends_of_packet *ports)
{
    const bool is_ipv4 = length > 0 && data[0] >> 4 == 4;
    const uint32_t at = is_ipv4 ? IPV4_HEADER : IPV6_HEADER;

    if (length < at + 4 || data[is_ipv4 ? 9 : 6] != IP_PROTOCOL_TCP)
        return false;
    ports->source = load16(data + at);
    ports->destination = load16(data + at + 2);
    return true;
}

/* Does a packet that `host` sends belong to the life? */
static bool is_of_life(const struct life *life, unsigned host, const uint8_t *data, uint32_t length)
{
    const unsigned which = life->host[0] == host ? 0 : 1;
    struct ends_of_packet ports;

    return read_ports(data, length, &ports) && (data[0] >> 4 == 6) == life->plan.is_ipv6 &&
           ports.source == life->endpoint[which].port &&
           ports.destination == life->endpoint[1 - which].port;
}

/* No later life has taken its port over. */
static bool has_its_port(const struct lives *lives, const struct life *life)
{
    const struct lives_host *own = &lives->host[life->host[0]];

    return own->life_of_port[life->plan.is_ipv6][life->endpoint[0].port] ==
           life - lives->life + 1;
}

static bool may_pass(void *context, unsigned host, const uint8_t *data, uint32_t length)
{
    const struct lives *lives = context;

    if (lives->silent_count == 0)
        return true;
    for (unsigned i = 0; i < lives->setting.at_once; i++) {
        const struct life *life = &lives->life[i];

        if (life->is_used && life->silent_at <= lives->world.now && has_its_port(lives, life) &&
            is_of_life(life, host, data, length))
            return false;
    }
    return true;
}

static bool is_watched(const struct lives *lives, unsigned host, const struct lastack_endpoint *a,
                       const struct lastack_endpoint *b)
{
    const struct life *life = &lives->watched;
    const unsigned which = life->host[0] == host ? 0 : 1;

    return is_same_endpoint(a, &life->endpoint[which]) &&
           is_same_endpoint(b, &life->endpoint[1 - which]);
}

static void show_record(struct lives *lives, unsigned host,
                        const struct lastack_trace_record *record)
{
    struct lives_host *own = &lives->host[host];

    if (!lives->watched.is_used)
        return;
    if (record->what == LASTACK_TRACE_FLOW) {
        const struct lastack_endpoint local = {record->u.flow_addresses.local, record->local_port};
        const struct lastack_endpoint remote = {record->u.flow_addresses.remote,
                                                record->remote_port};

        if (is_watched(lives, host, &local, &remote))
            own->watched_flow = record->flow;
    }
    if (record->flow == own->watched_flow && lives->watcher->on_record != NULL)
        lives->watcher->on_record(lives->watcher->context, host, record);
}

static void read_trace(struct lives *lives, unsigned host)
{
    struct lastack_trace_record records[64];
    uint64_t lost = 0;
    size_t count;

    while ((count = lastack_trace_read(stack_of(lives, host), &lives->host[host].trace_at, records,
                                       64, &lost)) > 0) {
        for (size_t i = 0; i < count; i++) {
            state_census_take(&lives->result->census, &records[i]);
            show_record(lives, host, &records[i]);
        }
    }
    if (lost > 0)
        fail(lives, NULL, "the trace ring was too short for one step");
}

/* What a packet did is told before the packets that answer it. */
static void show_packet(struct lives *lives, unsigned host, bool arrives, const uint8_t *data,
                        uint32_t length)
{
    if (!lives->watched.is_used || lives->watcher->on_packet == NULL ||
        !is_of_life(&lives->watched, arrives ? 1 - host : host, data, length))
        return;
    read_trace(lives, host);
    lives->watcher->on_packet(lives->watcher->context, lives->world.now, host, arrives, data,
                              length);
}

static void on_lives_packet(void *context, int64_t now, unsigned host, const uint8_t *data,
                            uint32_t length)
{
    (void)now;
    show_packet(context, host, false, data, length);
}

static void on_lives_arrival(void *context, int64_t now, unsigned host, const uint8_t *data,
                             uint32_t length)
{
    (void)now;
    show_packet(context, host, true, data, length);
}

static void fold_hash(struct lives *lives, unsigned host)
{
    lives->result->trace_hash =
        lives->result->trace_hash * 31 + lastack_trace_hash(stack_of(lives, host));
}

/* ---- mishaps ---- */

/* Somewhere between half and one and a half of it from now. */
static int64_t next_mishap(struct lives *lives, int64_t every_ns)
{
    return every_ns == 0
               ? NEVER
               : lives->world.now + every_ns / 2 +
                     MS(rng_below(&lives->rng, (uint32_t)(every_ns / 1000000)));
}

static bool open_listener(struct lives *lives, unsigned host)
{
    const struct lastack_endpoint any = {.port = LIVES_PORT};
    struct lastack *stack = stack_of(lives, host);
    const int listener = lastack_socket(stack, LASTACK_AF_INET6, LASTACK_SOCK_STREAM, 0);

    lives->host[host].reopen_at = NEVER;
    if (listener >= 0 && lastack_set_option(stack, listener, LASTACK_SO_REUSEADDR, 1) == 0 &&
        lastack_bind(stack, listener, &any) == 0 &&
        lastack_set_option(stack, listener, LASTACK_TCP_FASTOPEN,
                           lives->setting.fast_open[host]) == 0 &&
        lastack_listen(stack, listener, lives->setting.backlog[host]) == 0) {
        lives->host[host].listener = listener;
        return true;
    }
    if (listener >= 0)
        (void)lastack_close(stack, listener);
    lives->host[host].reopen_at = lives->world.now + MS(100); /* pools are full: later */
    return lives->setting.is_scarce;
}

/* With all that wait in its queues. */
static void close_listener(struct lives *lives, unsigned host)
{
    struct lives_host *own = &lives->host[host];

    if (own->listener < 0)
        return;
    (void)lastack_close(stack_of(lives, host), own->listener);
    own->listener = -1;
    own->accept_at = NEVER;
    own->reopen_at = lives->world.now + MS(rng_below(&lives->rng, 3000));
    for (unsigned i = 0; i < lives->setting.at_once; i++) {
        struct life *life = &lives->life[i];

        if (life->is_used && life->host[1] == host && !life->end[1].was_opened)
            cut(lives, life);
    }
}

/* The stack forgets everything; programs are gone with it. */
static void reboot(struct lives *lives, unsigned host)
{
    struct lives_host *own = &lives->host[host];

    read_trace(lives, host);
    fold_hash(lives, host);
    lives->result->reboots++;
    own->trace_at = 0;
    own->listener = -1;
    own->accept_at = own->link_ready_at = NEVER;
    if (!sim_reboot(&lives->world, host))
        fail(lives, NULL, "a host did not come back");
    for (unsigned i = 0; i < lives->setting.at_once; i++) {
        struct life *life = &lives->life[i];

        if (!life->is_used)
            continue;
        cut(lives, life);
        life_end_forget(&life->end[life->host[0] == host ? 0 : 1]);
    }
    if (!open_listener(lives, host))
        fail(lives, NULL, "listen() refused after a reboot");
}

static void fill_link(struct lives *lives, unsigned host)
{
    lastack_link_full(stack_of(lives, host), 1);
    lives->host[host].link_ready_at = lives->world.now + MS(1 + rng_below(&lives->rng, 5000));
}

static void mishaps(struct lives *lives)
{
    const int64_t now = lives->world.now;

    if (now >= lives->reboot_at) {
        reboot(lives, rng_below(&lives->rng, SIM_HOSTS));
        lives->reboot_at = next_mishap(lives, lives->setting.reboot_every_ns);
    }
    if (now >= lives->listener_closes_at) {
        close_listener(lives, rng_below(&lives->rng, SIM_HOSTS));
        lives->listener_closes_at = next_mishap(lives, lives->setting.listener_closes_every_ns);
    }
    if (now >= lives->link_fills_at) {
        fill_link(lives, rng_below(&lives->rng, SIM_HOSTS));
        lives->link_fills_at = next_mishap(lives, lives->setting.link_fills_every_ns);
    }
    for (unsigned host = 0; host < SIM_HOSTS; host++) {
        struct lives_host *own = &lives->host[host];

        if (now >= own->link_ready_at) {
            lastack_link_ready(stack_of(lives, host), 1);
            own->link_ready_at = NEVER;
        }
        if (now >= own->reopen_at && !open_listener(lives, host))
            fail(lives, NULL, "listen() refused");
        if (now >= own->accept_at)
            accept_all(lives, host);
    }
}

static int64_t next_of_host(const struct lives_host *own)
{
    return min64(min64(own->reopen_at, own->accept_at), own->link_ready_at);
}

/* ---- lives end ---- */

/* Whoever saw the end has seen everything before it. */
static void judge_ends(struct lives *lives, const struct life *life)
{
    /* A SYN with text that comes twice may make two connections (RFC 7413 §2.1): if the first was
     * ended, the end that is seen may be the second's. */
    if (life->plan.end[0].fast_open && !is_whole(life))
        return;
    for (unsigned i = 0; i < 2; i++) {
        const struct life_end *reader = &life->end[i], *writer = &life->end[1 - i];

        if (reader->saw_end && !reader->saw_error && !reader->has_shut_reading &&
            !reader->lost_patience && reader->received != writer->sent)
            fail(lives, life, "the end was seen before everything that was sent");
    }
}

/* Everything arrived where neither end cut the other short. */
static void judge_whole(struct lives *lives, const struct life *life)
{
    const struct lives_setting *setting = &lives->setting;
    const struct life_end *a = &life->end[0], *b = &life->end[1];
    const bool may_fail = setting->is_scarce || setting->is_crowded || setting->is_rough ||
                          setting->has_old_duplicates || life->plan.is_crossed;

    if (a->saw_end && b->saw_end && !a->saw_error && !b->saw_error &&
        a->received == life->plan.end[1].to_send && b->received == life->plan.end[0].to_send) {
        lives->result->completed++;
        return;
    }
    if (!may_fail)
        fail(lives, life,
             a->lost_patience || b->lost_patience ? "an orderly life got stuck"
             : a->saw_error || b->saw_error       ? "an orderly life saw an error"
                                                  : "an orderly life did not deliver everything");
    if (b->was_opened)
        lives->result->given_up++;
    else
        lives->result->refused++;
}

static void judge(struct lives *lives, const struct life *life)
{
    judge_ends(lives, life);
    if (life->is_silent)
        lives->result->silent++;
    else if (!is_whole(life))
        lives->result->cut++;
    else
        judge_whole(lives, life);
}

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
    judge(lives, life);
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

    mishaps(lives);
    for (unsigned i = 0; i < lives->setting.at_once; i++) {
        struct life *life = &lives->life[i];

        if (life->is_used)
            turn_over_life(lives, life);
        if (!life->is_used && lives->started < lives->wanted)
            start(lives, life);
    }
    next = min64(min64(lives->reboot_at, lives->listener_closes_at), lives->link_fills_at);
    next = min64(next, min64(next_of_host(&lives->host[0]), next_of_host(&lives->host[1])));
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

/* The connection that this end still holds; NULL: none that is alive. */
static const struct tcp_conn *living_conn(const struct lives *lives, const struct life *life,
                                          unsigned which)
{
    const struct lastack *stack = stack_of(lives, life->host[which]);
    const int descriptor = life->end[which].descriptor;
    const struct tcp_conn *conn;
    const struct sock *sock;

    if (descriptor < 0)
        return NULL;
    sock = sock_at(stack, sockets_of(stack)->descriptors[descriptor].socket);
    if (sock->phase != SOCKET_ATTACHED)
        return NULL;
    conn = sock_conn(stack, sock);
    return tcp_state_is_synchronized(conn->state) && conn->state != TCP_CLOSED &&
                   !conn_has(conn, CONN_DETACHED)
               ? conn
               : NULL;
}

/* What one end sent, and what the other knows of it. */
static void check_direction(struct lives *lives, const struct life *life,
                            const struct tcp_conn *sender, const struct tcp_conn *receiver)
{
    const uint32_t fin = conn_fin_sent(sender) ? 1 : 0;

    if (seq_after(sender->snd.una, receiver->rcv.nxt))
        fail(lives, life, "something was acknowledged that did not arrive");
    if (seq_after(receiver->rcv.nxt, sender->snd.max))
        fail(lives, life, "something arrived that was not sent");
    /* Text in a SYN leaves before any window is known (RFC 7413 §4.2). */
    if (sender->fast_open == 0 && seq_after(seq_sub(sender->snd.max, fin), receiver->rcv.edge))
        fail(lives, life, "more was sent than the window allows");
}

static void check_pair(struct lives *lives, const struct life *life)
{
    const struct tcp_conn *a = living_conn(lives, life, 0), *b = living_conn(lives, life, 1);

    if (a == NULL || b == NULL || !seq_equal(a->iss, b->irs) || !seq_equal(b->iss, a->irs))
        return;
    check_direction(lives, life, a, b);
    check_direction(lives, life, b, a);
}

static void check_step(struct lives *lives)
{
    for (unsigned i = 0; i < lives->setting.at_once; i++) {
        if (lives->life[i].is_used)
            check_pair(lives, &lives->life[i]);
    }
    for (unsigned host = 0; host < SIM_HOSTS; host++) {
        read_trace(lives, host);
        lastack_check(stack_of(lives, host));
    }
}

static void check_rest(struct lives *lives)
{
    for (unsigned host = 0; host < SIM_HOSTS; host++) {
        for (enum lastack_pool pool = 0; pool < LASTACK_POOL_COUNT; pool++) {
            struct lastack_pool_usage usage;

            lastack_pool_usage(stack_of(lives, host), pool, &usage);
            if (usage.used != 0 && pool != LASTACK_POOL_NEIGHBORS && pool != LASTACK_POOL_PATHS)
                fail(lives, NULL, usage.name);
        }
    }
    if (!sim_fences_stand(&lives->world))
        fail(lives, NULL, "something was written behind a stack's memory");
}

/* All programs are done: now the stacks must come to rest by themselves. */
static void rest(struct lives *lives)
{
    const int64_t limit = lives->world.now + REST_NS;

    for (unsigned host = 0; host < SIM_HOSTS; host++) {
        if (lives->host[host].listener >= 0)
            (void)lastack_close(stack_of(lives, host), lives->host[host].listener);
        if (lives->host[host].link_ready_at != NEVER)
            lastack_link_ready(stack_of(lives, host), 1);
    }
    sim_settle(&lives->world);
    do
        check_step(lives);
    while (sim_step(&lives->world, limit));
    if (sim_next(&lives->world) != NEVER)
        fail(lives, NULL, "a deadline was still armed after a day");
    check_rest(lives);
}

static void live(struct lives *lives)
{
    while (is_any_left(lives) && lives->result->failure == NULL) {
        const int64_t until = turn_over(lives);

        sim_settle(&lives->world);
        check_step(lives);
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
    lives->world.may_pass = may_pass;
    lives->world.context = lives;
    if (lives->watcher != NULL) {
        lives->world.on_packet = on_lives_packet;
        lives->world.on_arrival = on_lives_arrival;
    }
    return true;
}

static bool begin(struct lives *lives)
{
    bool is_listening = true;

    lives->reboot_at = next_mishap(lives, lives->setting.reboot_every_ns);
    lives->listener_closes_at = next_mishap(lives, lives->setting.listener_closes_every_ns);
    lives->link_fills_at = next_mishap(lives, lives->setting.link_fills_every_ns);
    for (unsigned host = 0; host < SIM_HOSTS; host++) {
        struct lives_host *own = &lives->host[host];

        own->listener = -1;
        own->accept_at = own->link_ready_at = NEVER;
        is_listening = open_listener(lives, host) && is_listening;
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
        fail(lives, NULL, "listen() refused");
    result->steps = lives->world.steps;
    result->virtual_ns = lives->world.now;
    for (unsigned host = 0; host < SIM_HOSTS; host++)
        fold_hash(lives, host);
    sim_world_free(&lives->world);
    free(lives);
}

void sim_lives_add(struct sim_lives_result *total, const struct sim_lives_result *world)
{
    total->lives += world->lives;
    total->completed += world->completed;
    total->cut += world->cut;
    total->silent += world->silent;
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
