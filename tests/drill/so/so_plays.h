/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * so_plays.h: what is played against the shared object; each play starts a stack of its own.
 */
#ifndef LASTACK_SO_PLAYS_H
#define LASTACK_SO_PLAYS_H

void play_opens(void);    /* connections, addresses: so_opens.c */
void play_transfer(void); /* text, readiness, options: so_transfers.c */
void play_waits(void);    /* calls that sleep, each on a thread: so_waits.c */
void play_time(void);     /* timers on virtual time: so_times.c */
void play_hooks(void);    /* with the preloaded object: so_hooks.c */

#endif
