/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * lives.h: whole lives of connections between the two stacks of a pair.
 *
 *     client                         server
 *     connect ─── SYN ─────────────▶
 *             ◀── SYN-ACK ──────────
 *     64 B ────── ACK + request ───▶ accept
 *             ◀── response + ACK ─── 64 B
 *     close ───── FIN + ACK ───────▶
 *             ◀── FIN + ACK ──────── close
 *     TIME-WAIT ─ ACK ─────────────▶ gone                     7 packets
 */
#ifndef LASTACK_LIVES_H
#define LASTACK_LIVES_H

#include "pair.h"

enum { LIFE_TEXT = 64, LIVES_LISTENERS = 1024, LIVES_FIRST_PORT = 1000 };

struct lives {
    struct pair pair;
    int listener[LIVES_LISTENERS];
    int last_listener; /* the highest of their descriptors */
    uint64_t begun, ended;
    bool keep_open; /* stay established: nobody closes */
};

/* Room for so many connections at once and so many TIME-WAITs. */
bool lives_make(struct lives *lives, uint32_t connections, uint32_t time_waits);
void lives_release(struct lives *lives);
/* `count` lives, `at_once` (up to 32) of them side by side. */
void lives_run(struct lives *lives, uint64_t count, unsigned at_once);

#endif
