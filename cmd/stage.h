/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * stage.h: where `lastack demo` plays: two stacks, a link of 10 ms each way, a clock that jumps.
 * All that happens at either end is told; what a story claims is checked against the stacks.
 *
 *     0.000000  client CLOSED -> SYN-SENT: connect()
 *     0.000000  client ─▶  SYN
 *     0.010000  server LISTEN -> SYN-RECEIVED: SYN arrived
 *     0.010000  server ◀─  SYN ACK
 *
 * It is the real thing: the stack of `lastack run`, without a host around it.
 */
#ifndef LASTACK_STAGE_H
#define LASTACK_STAGE_H

#include "color.h"
#include "duration.h"
#include "sim_world.h"
#include "text.h"

#include <stdio.h>

enum stage_host { STAGE_SERVER, STAGE_CLIENT };
enum { STAGE_PORT = 80 };

struct stage {
    struct sim_world world;
    FILE *out;
    const char *json; /* the story's name: told as one JSON object a line; NULL: in words */
    bool has_color;
    bool is_silent; /* what happens is not told: it was told before */
    bool is_true;   /* everything that was claimed so far came true */
    uint64_t cursor[SIM_HOSTS];
    struct text line;
    size_t line_begins; /* behind the time and whose it is */
    int64_t line_at;
    const char *line_of; /* a host's name; "story" for what is said of it */
    /* what a story plays with */
    int listener, server, client; /* descriptors; -1 */
};

/* `change` may alter the parameters of both hosts; NULL: the linux profile. */
bool stage_open(struct stage *stage, FILE *out, bool has_color,
                void (*change)(struct lastack_config *config));
void stage_close(struct stage *stage);

/* A paragraph of the story. */
void stage_say(struct stage *stage, const char *text);
/* Tells what the calls just made have done, and lets time pass. */
void stage_wait(struct stage *stage, int64_t ns);
/* The next packets of this host are lost, until told otherwise. */
void stage_cut(struct stage *stage, enum stage_host host, bool is_cut);

/* ---- calls, told as they are made ---- */

void stage_listen(struct stage *stage, bool reuse_address);
/* connect() and accept(): both ends ESTABLISHED. */
void stage_connect(struct stage *stage);
int stage_socket(struct stage *stage, enum stage_host host);
int stage_connect_to(struct stage *stage, int fd, uint16_t port);
void stage_close_fd(struct stage *stage, enum stage_host host, int *fd);

/* ---- claims ---- */

/* A row of this host is in the state, and is shown: owner, timer, why. */
void stage_shows(struct stage *stage, enum stage_host host, enum tcp_state state);
/* No row of a connection is left at this host. */
void stage_is_empty(struct stage *stage, enum stage_host host);
/* The call answered so: told, with the cause. */
void stage_answers(struct stage *stage, enum stage_host host, const char *call, int answer,
                   int wanted);

struct lastack *stage_stack(const struct stage *stage, enum stage_host host);

#endif
