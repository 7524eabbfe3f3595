/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * path.h: what is known about the way to a host, bounded: its MTU (RFC 1191, RFC 8201). What Fast
 * Open remembers of a server is in src/tcp/table/fast_open.h.
 *
 *     an ICMP too-big that the transport found credible (RFC 5927 §7.2: it quotes what is in
 *     flight) ──▶ path_too_big ──▶ new MTU ──▶ path_mtu tells it to every connection to that host
 *     that asks again: TCP does before it sends more, once it is told that something has changed
 *
 * A lowered MTU is believed for 10 minutes, then the link's is tried again (RFC 1191 §6.3, RFC 8201
 * §4). Lookups are one hash; a full table forgets the host unused for longest (counted).
 */
#ifndef LASTACK_PATH_H
#define LASTACK_PATH_H

#include "age_list.h"
#include "duration.h"
#include "hash_index.h"
#include "siphash.h"

#include <lastack/address.h>

enum { PATH_MTU_MIN_IPV4 = 68, PATH_MTU_MIN_IPV6 = 1280 };

#define PATH_MTU_LIFETIME_NS SEC(600)

struct path {
    struct age_node age;
    struct lastack_address destination;
    uint32_t hash;
    uint32_t mtu; /* 0: nothing lower than the link's is known */
    int64_t mtu_expires_at;
};

struct paths {
    struct siphash_key key;
    struct pool pool;
    struct hash_index index;
    struct age_list ages;
    bool has_learnt; /* some MTU, once */
    uint64_t evictions;
};

uint64_t paths_size(uint32_t limit);
/* `memory` is zero and aligned to 64. limit 0: nothing is ever remembered. */
void paths_init(struct paths *paths, void *memory, uint32_t limit, const struct siphash_key *key);

/* The entry, or NULL. The pointer is valid until the next path_touch or path_too_big. */
struct path *path_find(const struct paths *paths, const struct lastack_address *destination);

/* The entry, made if need be (evicting the oldest); NULL only if the limit is 0. It becomes the
 * newest. */
struct path *path_touch(struct paths *paths, const struct lastack_address *destination);

/* Bytes of the largest IP packet to send: the link's MTU or what was learnt. A belief that is over
 * is dropped here. */
uint32_t path_mtu(const struct paths *paths, const struct lastack_address *destination,
                  uint32_t link_mtu, int64_t now);

/* A credible too-big: a router says that packets of `quoted_length` bytes (the total length in the
 * header it quotes) must not exceed `reported` bytes. True if the path's MTU went down.
 *     IPv4: reported 0 comes from old routers; the next plateau below the quoted length is taken
 *           (RFC 1191 §5, §7.1). Never below 68.
 *     IPv6: a report below 1280 is ignored (RFC 8201 §4).
 * A report never raises the MTU. */
bool path_too_big(struct paths *paths, const struct lastack_address *destination, uint32_t reported,
                  uint32_t quoted_length, uint32_t link_mtu, int64_t now);

#endif
