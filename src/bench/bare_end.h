/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * bare_end.h: the least that can move bytes between a tun and the kernel's TCP: no TCP, only its
 * looks.
 *
 *     send: one prebuilt frame of 64 KiB, in which the sequence number changes, as far as the
 *           kernel's window goes
 *     read: every frame is thrown away and acknowledged with one prebuilt header
 *
 * A tun loses nothing that fits into the receiver's window; should the kernel drop a frame for want
 * of memory, everything behind it is sent again after 50 ms. What a real stack
 * reaches of its rate is what the stack costs (bench_tun.c).
 */
#ifndef LASTACK_BARE_END_H
#define LASTACK_BARE_END_H

#include "host_link.h"

/* Runs for so long; bytes acknowledged by the kernel, or received from it; 0: no connection. */
uint64_t bare_send(struct host_link *link, int64_t length_ns);
uint64_t bare_read(struct host_link *link, int64_t length_ns);

#endif
