/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * life_end.h: the program at one end of a life: what it does whenever it is woken, by an event of
 * its socket or by its own clock.
 *
 *     woken ──▶ reads what it may ──▶ writes what it may ──▶ time to end? ──▶ sleeps until wake_at
 *
 * What it reads must be what the other end wrote at that place (sim_bytes.h).
 */
#ifndef LASTACK_LIFE_END_H
#define LASTACK_LIFE_END_H

#include "life_plan.h"

enum { LIFE_COPIES_MOST = 2 };

struct life_end {
    const struct life_end_plan *plan;
    struct lastack *stack;  /* of its host; another one after a reboot */
    uint64_t writes, reads; /* keys of the bytes of both directions */
    int64_t start;          /* of the life */
    int64_t patience_at;
    int64_t wake_at; /* its own clock; NEVER */
    int64_t paused_until;
    int64_t hold_until;         /* when the copies go */
    int descriptor;             /* -1: not open */
    int copy[LIFE_COPIES_MOST]; /* -1: not open */
    uint32_t owner;             /* the process */
    uint32_t sent, received;
    bool begins;        /* of two that wait for each other's end, this one goes first */
    bool was_opened;    /* it had a connection, or tried */
    bool lost_patience; /* and closed */
    bool is_done;
    bool saw_end, saw_error, has_shut, has_shut_reading;
    int error;           /* the first one seen */
    const char *failure; /* what must not be; NULL */
};

/* A fresh end without descriptor. */
void life_end_init(struct life_end *end, const struct life_end_plan *plan, int64_t now);
/* It holds this descriptor now: options are set, copies are made. Before connect(), or after
 * accept(). */
void life_end_take(struct life_end *end, int descriptor);
/* connect(), by plan with the first bytes in the SYN. -LASTACK_EINPROGRESS or another error. */
int life_end_connect(struct life_end *end, const struct lastack_endpoint *remote);
/* Woken. */
void life_end_act(struct life_end *end, int64_t now);
/* Gives its descriptors up: the first now, copies when they are due. */
void life_end_finish(struct life_end *end, int64_t now);
/* It never got a descriptor and never will, or its host is gone with all it had. */
void life_end_forget(struct life_end *end);

#endif
