/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * ports.h: which ephemeral port for this destination? RFC 6056 §3.3.4, "double-hash".
 *
 *     start  =  keyed hash of (local address, remote address, remote port)  +  a counter
 *     probe  =  start, start + 1, ...  through the range, until one can be used
 *
 * Each destination has a sequence of its own that nobody can guess from outside, and a port comes
 * again only after the whole range. The counters are many, chosen by another part of the hash, so
 * that connections to one destination do not show in the ports of another (RFC 6056 §3.3.3 has a
 * single one). One port serves as many destinations as there are: only whole tuples must differ.
 */
#ifndef LASTACK_PORTS_H
#define LASTACK_PORTS_H

#include "check.h"
#include "siphash.h"
#include "tuple.h"

enum { PORTS_COUNTERS = 256 };

struct ports {
    struct siphash_key key;
    uint16_t next[PORTS_COUNTERS];
};

/* May this tuple be used? Asks the flow index and the local endpoints. */
typedef bool port_usable(void *context, const struct tuple *tuple);

void ports_init(struct ports *ports, const struct siphash_key *key);

/* Fills in tuple->local_port from [first, last] (1 <= first <= last). False if `usable` refuses all
 * of them: the range is exhausted for this destination, and for no other. For bind() to port 0 the
 * remote half of the tuple is zero. */
bool ports_choose(struct ports *ports, struct tuple *tuple, uint16_t first, uint16_t last,
                  port_usable *usable, void *context);

#endif
