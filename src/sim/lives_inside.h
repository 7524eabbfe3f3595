/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * lives_inside.h: a world of random lives from inside: for sim_lives.c and the files that share
 * its work.
 *
 *     sim_lives.c       lives begin, act, end; the loop
 *     lives_mishaps.c   what happens to hosts, listeners, links as a whole
 *     lives_judge.c     what must hold, after each step and at the end
 *     lives_watch.c     traces and packets: counted, shown, swallowed
 */
#ifndef LASTACK_LIVES_INSIDE_H
#define LASTACK_LIVES_INSIDE_H

#include "life_end.h"
#include "sim_lives.h"
#include "socket_table.h"

enum { LIVES_PORT = 1000, AT_ONCE_MOST = 12, PORTS = 65536 };

#define PATIENCE_OF_WHOLE SEC(50000)
/* How long after its peer's end a connection may still be accepted. */
#define UNBORN_NS SEC(200)
#define REST_NS   SEC(24 * 3600)

struct life {
    uint64_t number;
    struct life_plan plan;
    struct life_end end[2];
    unsigned host[2]; /* of each end */
    struct lastack_endpoint endpoint[2];
    uint32_t iss;         /* of end 0 */
    int64_t unborn_until; /* end 1, when end 0 is done already; NEVER */
    int64_t silent_at;
    bool is_used, is_cut, is_silent;
};

struct lives_host {
    int listener;          /* -1: closed at present */
    int64_t reopen_at;     /* NEVER */
    int64_t accept_at;     /* what waits to be accepted is accepted then; NEVER */
    int64_t link_ready_at; /* NEVER: it is not full */
    uint64_t trace_at;
    uint64_t watched_flow;          /* 0: not seen yet */
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
    struct life watched; /* as it was when it began; is_used: it has */
    struct sim_lives_result *result;
    uint64_t started, wanted;
    unsigned silent_count;
    int64_t reboot_at, listener_closes_at, link_fills_at;
};

/* The first thing that did not hold. `life`: NULL if none in particular. */
void lives_fail(struct lives *lives, const struct life *life, const char *what);

static inline struct lastack *lives_stack(const struct lives *lives, unsigned host)
{
    return lives->world.host[host].stack;
}

/* ---- sim_lives.c ---- */

/* Nobody cuts it short: everything has to be delivered. */
bool life_is_whole(const struct life *life);
/* Nobody can expect anything of it any more. */
void lives_cut(struct lives *lives, struct life *life);
/* Whatever waits at a host's listener. */
void lives_accept(struct lives *lives, unsigned host);

/* ---- lives_mishaps.c ---- */

/* Somewhere between half and one and a half of it from now; 0: NEVER. */
int64_t lives_next_mishap(struct lives *lives, int64_t every_ns);
/* False: refused, though there was room. */
bool lives_open_listener(struct lives *lives, unsigned host);
/* All that is due. */
void lives_mishaps(struct lives *lives);
/* When something of this host is due next. */
int64_t lives_next_of_host(const struct lives_host *own);

/* ---- lives_judge.c ---- */

/* The life is over: did it go as it had to? */
void life_judge(struct lives *lives, const struct life *life);
void lives_check_step(struct lives *lives);
/* Nothing is left, and nothing was written where it should not. */
void lives_check_rest(struct lives *lives);

/* ---- lives_watch.c ---- */

/* Trace records: counted, and shown to the watcher. */
void lives_read_trace(struct lives *lives, unsigned host);
/* The hash of a host's trace so far goes into the result. */
void lives_fold_hash(struct lives *lives, unsigned host);
/* The life begins: is it the one that is watched? */
void lives_watch_begin(struct lives *lives, const struct life *life);
/* It has an address of its own now: it may be that of an earlier life. */
void lives_watch_port(struct lives *lives, const struct life *life);
/* For the world: sim_world.h. */
bool lives_may_pass(void *context, unsigned host, const uint8_t *data, uint32_t length);
void lives_on_packet(void *context, int64_t now, unsigned host, const uint8_t *data,
                     uint32_t length);
void lives_on_arrival(void *context, int64_t now, unsigned host, const uint8_t *data,
                      uint32_t length);

#endif
