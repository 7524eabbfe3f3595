/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * lives_mishaps.c: what happens to a world of lives without anybody's doing: hosts reboot,
 * listeners close and open again, links fill.
 */
#include "lives_inside.h"

/* Somewhere between half and one and a half of it from now. */
int64_t lives_next_mishap(struct lives *lives, int64_t every_ns)
{
    return every_ns == 0 ? NEVER
                         : lives->world.now + every_ns / 2 +
                               MS(rng_below(&lives->rng, (uint32_t)(every_ns / 1000000)));
}

bool lives_open_listener(struct lives *lives, unsigned host)
{
    const struct lastack_endpoint any = {.port = LIVES_PORT};
    struct lastack *stack = lives_stack(lives, host);
    const int listener = lastack_socket(stack, LASTACK_AF_INET6, LASTACK_SOCK_STREAM, 0);

    lives->host[host].reopen_at = NEVER;
    if (listener >= 0 && lastack_set_option(stack, listener, LASTACK_SO_REUSEADDR, 1) == 0 &&
        lastack_bind(stack, listener, &any) == 0 &&
        lastack_set_option(stack, listener, LASTACK_TCP_FASTOPEN, lives->setting.fast_open[host]) ==
            0 &&
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
    (void)lastack_close(lives_stack(lives, host), own->listener);
    own->listener = -1;
    own->accept_at = NEVER;
    own->reopen_at = lives->world.now + MS(rng_below(&lives->rng, 3000));
    for (unsigned i = 0; i < lives->setting.at_once; i++) {
        struct life *life = &lives->life[i];

        if (life->is_used && life->host[1] == host && !life->end[1].was_opened)
            lives_cut(lives, life);
    }
}

/* The stack forgets everything; programs are gone with it. */
static void reboot(struct lives *lives, unsigned host)
{
    struct lives_host *own = &lives->host[host];

    lives_read_trace(lives, host);
    lives_fold_hash(lives, host);
    lives->result->reboots++;
    own->trace_at = 0;
    own->listener = -1;
    own->accept_at = own->link_ready_at = NEVER;
    if (!sim_reboot(&lives->world, host))
        lives_fail(lives, NULL, "a host did not come back");
    for (unsigned i = 0; i < lives->setting.at_once; i++) {
        struct life *life = &lives->life[i];

        if (!life->is_used)
            continue;
        lives_cut(lives, life);
        life_end_forget(&life->end[life->host[0] == host ? 0 : 1]);
    }
    if (!lives_open_listener(lives, host))
        lives_fail(lives, NULL, "listen() refused after a reboot");
}

static void fill_link(struct lives *lives, unsigned host)
{
    lastack_link_full(lives_stack(lives, host), 1);
    lives->host[host].link_ready_at = lives->world.now + MS(1 + rng_below(&lives->rng, 1000));
}

void lives_mishaps(struct lives *lives)
{
    const int64_t now = lives->world.now;

    if (now >= lives->reboot_at) {
        reboot(lives, rng_below(&lives->rng, SIM_HOSTS));
        lives->reboot_at = lives_next_mishap(lives, lives->setting.reboot_every_ns);
    }
    if (now >= lives->listener_closes_at) {
        close_listener(lives, rng_below(&lives->rng, SIM_HOSTS));
        lives->listener_closes_at =
            lives_next_mishap(lives, lives->setting.listener_closes_every_ns);
    }
    if (now >= lives->link_fills_at) {
        fill_link(lives, rng_below(&lives->rng, SIM_HOSTS));
        lives->link_fills_at = lives_next_mishap(lives, lives->setting.link_fills_every_ns);
    }
    for (unsigned host = 0; host < SIM_HOSTS; host++) {
        struct lives_host *own = &lives->host[host];

        if (now >= own->link_ready_at) {
            lastack_link_ready(lives_stack(lives, host), 1);
            own->link_ready_at = NEVER;
        }
        if (now >= own->reopen_at && !lives_open_listener(lives, host))
            lives_fail(lives, NULL, "listen() refused");
        if (now >= own->accept_at)
            lives_accept(lives, host);
    }
}

int64_t lives_next_of_host(const struct lives_host *own)
{
    return min64(min64(own->reopen_at, own->accept_at), own->link_ready_at);
}
