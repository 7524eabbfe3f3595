/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * lwip_pair.h: the same work as pair.h, lives.h and bulk.h, done by two lwIP stacks.
 *
 * lwIP keeps its state in globals, so two of it need two copies of Debian's liblwip.so, each in a
 * namespace of its own (dlmopen). Its raw API, no thread, the same link: one copy, checksums on.
 * Its options are the package's.
 */
#ifndef LASTACK_LWIP_PAIR_H
#define LASTACK_LWIP_PAIR_H

#include <stdbool.h>
#include <stdint.h>

struct lwip_pair;

/* NULL when lwIP is not there; *why says so. */
struct lwip_pair *lwip_pair_make(const char **why);
/* `count` lives one after the other: connect, 64 bytes each way, close by the client, close by
 * the server. */
void lwip_pair_lives(struct lwip_pair *pair, uint64_t count);
/* All TIME-WAITs end: as many of lwIP's timer ticks as 2MSL has. */
void lwip_pair_pass_2msl(struct lwip_pair *pair);
/* Sends so many bytes over one connection that stays open between calls. */
void lwip_pair_bulk(struct lwip_pair *pair, uint64_t bytes);
/* Packets carried so far. */
uint64_t lwip_pair_packets(const struct lwip_pair *pair);

#endif
