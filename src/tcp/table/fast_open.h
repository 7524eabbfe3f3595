/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * fast_open.h: TCP Fast Open, RFC 7413: what a server writes on a cookie, and what a client
 * remembers of servers.
 *
 *     client                                   server
 *     SYN, cookie request ───────────────────▶ cookie = SipHash-2-4(key, client and server address)
 *     cache: (ours, theirs) ─▶ cookie, MSS ◀── SYN-ACK, cookie
 *     SYN, cookie, text   ───────────────────▶ the same hash? ─▶ text is read before the third ACK
 *
 * The cookie function and the order of bytes are those of Linux, so that a farm of both shares one
 * key. A server has two keys at the most: cookies of the older one still count and are replaced.
 * The cache has a fixed number of places, four to a line; the one not used for longest goes.
 */
#ifndef LASTACK_FAST_OPEN_H
#define LASTACK_FAST_OPEN_H

#include "siphash.h"
#include "tuple.h"

enum { FAST_OPEN_COOKIE = 8, FAST_OPEN_COOKIE_MAX = 16, FAST_OPEN_WAYS = 4 };

struct fast_open_keys {
    struct siphash_key key[2];
    uint8_t count; /* 0: none of its own */
};

void fast_open_cookie(const struct siphash_key *key, const struct tuple *tuple,
                      uint8_t cookie[FAST_OPEN_COOKIE]);
/* Which key it is made with: 1, 2; 0: none. */
unsigned fast_open_check(const struct fast_open_keys *keys, const struct tuple *tuple,
                         const uint8_t *cookie, size_t length);

/* What is known of a server. */
struct fast_open_memory {
    uint64_t name; /* keyed hash of both addresses; 0: free */
    int64_t used_at;
    int64_t lost_at;        /* the last SYN with text that was lost */
    int64_t off_until;      /* nothing of Fast Open until then */
    uint16_t mss;           /* of its last SYN-ACK; 0: not known */
    uint8_t length;         /* of the cookie; 0: none */
    bool is_experiment;     /* it came in option 254 (RFC 6994), and goes back in it */
    uint8_t try_experiment; /* 1: ask by option 254 next time; 2: that was tried too */
    uint8_t losses;         /* SYNs with text lost in a row */
    uint8_t cookie[FAST_OPEN_COOKIE_MAX];
};

struct fast_open_cache {
    struct fast_open_memory *memories;
    uint32_t lines;
    struct siphash_key key;
};

uint64_t fast_open_cache_size(uint32_t places);
/* The memory is zeroed. */
void fast_open_cache_init(struct fast_open_cache *cache, void *memory, uint32_t places,
                          const struct siphash_key *key);
void fast_open_forget(struct fast_open_cache *cache);
/* NULL: nothing is known. */
const struct fast_open_memory *fast_open_recall(const struct fast_open_cache *cache,
                                                const struct tuple *tuple);
/* A place to remember in, fresh if there was none; NULL if the cache has no places. */
struct fast_open_memory *fast_open_remember(struct fast_open_cache *cache,
                                            const struct tuple *tuple, int64_t now);

#endif
