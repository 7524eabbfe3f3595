/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * local_endpoints.h: who uses which local address and port, and with which flags (decision 0010).
 *
 *     port 80 ──▶ { 0.0.0.0 } ──▶ { 192.0.2.1 } ──▶ { :: }      one entry for each address in use
 *                      │
 *                      └─ counts: bound, listeners, connections, TIME-WAITs,
 *                         each by SO_REUSEADDR and SO_REUSEPORT of the (dead) socket;
 *                         which listeners
 *
 * Counts are kept on enter and leave, so bind() is as fast under millions of TIME-WAITs as with
 * none: it looks at the entries of one port, and there is one for each local address in use on it.
 *
 * Two uses clash when their addresses overlap, they may be on the same link, and neither of these
 * holds:
 *
 *     both have SO_REUSEADDR, and the one that is there does not listen
 *     both have SO_REUSEPORT  (Linux also wants the same user; a stack is one user)
 *
 * 0.0.0.0 overlaps every IPv4 address; :: every address, or every IPv6 one with IPV6_V6ONLY. All of
 * this was measured on Linux 6.18 (tests/unit/tcp/table/local_endpoints_test.c has the whole
 * table). One thing differs: there, 0.0.0.0 is also refused because of an IPv6 connection that was
 * accepted on ::, with which it cannot clash.
 */
#ifndef LASTACK_LOCAL_ENDPOINTS_H
#define LASTACK_LOCAL_ENDPOINTS_H

#include "hash_index.h"
#include "pool.h"
#include "siphash.h"

#include <lastack/address.h>
#include <lastack/trace.h>

enum endpoint_kind {
    ENDPOINT_BOUND, /* bind() was called, nothing more */
    ENDPOINT_LISTENER,
    ENDPOINT_CONNECTION,
    ENDPOINT_TIME_WAIT, /* a record, of either substate */
    ENDPOINT_KINDS
};

enum endpoint_flag {
    ENDPOINT_REUSE_ADDRESS = 1 << 0,
    ENDPOINT_REUSE_PORT = 1 << 1,
    ENDPOINT_V6_ONLY = 1 << 2, /* matters for :: */
    ENDPOINT_REUSE = ENDPOINT_REUSE_ADDRESS | ENDPOINT_REUSE_PORT,
};

/* One use of a local endpoint. What entered must leave with the same values. */
struct endpoint_use {
    struct lastack_endpoint local; /* an IPv6 socket on an IPv4-mapped address is an IPv4 use */
    uint32_t link;                 /* bound to this link: its number + 1; 0 = any */
    uint8_t kind;                  /* enum endpoint_kind */
    uint8_t flags;                 /* enum endpoint_flag, or-ed */
};

/* What an address stands for. */
enum endpoint_form {
    ENDPOINT_IPV4,
    ENDPOINT_IPV4_ANY,
    ENDPOINT_IPV6,
    ENDPOINT_IPV6_ANY,      /* :: of both families */
    ENDPOINT_IPV6_ONLY_ANY, /* :: with IPV6_V6ONLY */
    ENDPOINT_FORMS
};

struct local_endpoint {
    struct lastack_address address;
    uint16_t port;
    uint16_t form; /* enum endpoint_form */
    uint32_t link;
    uint32_t next, prev; /* entries of the same port; POOL_NONE */
    uint32_t listeners;  /* first of its listeners; POOL_NONE */
    uint32_t uses;       /* all counts together */
    uint32_t count[ENDPOINT_KINDS][ENDPOINT_REUSE + 1];
};

/* A port and the first of its entries; POOL_NONE: it has none. */
struct endpoint_port {
    uint16_t port;
    uint32_t first;
};

struct local_endpoints {
    struct pool entries;
    struct pool listeners;   /* links of the lists of listeners */
    struct hash_index index; /* port to its first entry; (address, port, link) to the others */
    struct siphash_key key;
    struct endpoint_port last;          /* asked for last */
    uint32_t listening[ENDPOINT_FORMS]; /* listeners of each form: what need not be looked up */
    uint32_t listening_on_link;         /* listeners bound to a link */
};

/* Bytes for `limit` entries. The memory must be zero and aligned to 64. */
uint64_t local_endpoints_size(uint32_t limit);
void local_endpoints_init(struct local_endpoints *table, void *memory, uint32_t limit,
                          const struct siphash_key *key);

/* Counts a use (any kind but a listener): returns where, good for the two calls ..._at as long as
 * it is counted. POOL_NONE if an entry is needed and none is left: nothing changed. Where another
 * use of the same address, port and link is counted, it cannot fail. */
uint32_t local_endpoints_enter(struct local_endpoints *table, const struct endpoint_use *use);
void local_endpoints_leave(struct local_endpoints *table, const struct endpoint_use *use);
void local_endpoints_leave_at(struct local_endpoints *table, uint32_t index,
                              enum endpoint_kind kind, uint8_t flags);
/* A use becomes another kind (a connection a TIME-WAIT) or has other flags (setsockopt). Cannot
 * fail. */
void local_endpoints_change(struct local_endpoints *table, const struct endpoint_use *from,
                            enum endpoint_kind kind, uint8_t flags);
void local_endpoints_change_at(struct local_endpoints *table, uint32_t index,
                               enum endpoint_kind from, uint8_t from_flags, enum endpoint_kind to,
                               uint8_t to_flags);

/* Counts a listener (use->kind is ENDPOINT_LISTENER), to be found under the handle `listener`. */
bool local_endpoints_listen(struct local_endpoints *table, const struct endpoint_use *use,
                            uint32_t listener);
void local_endpoints_unlisten(struct local_endpoints *table, const struct endpoint_use *use,
                              uint32_t listener);

/* May a socket bind here, or a bound one listen? NONE, or what forbids it: PORT_LISTENER,
 * PORT_BOUND, PORT_CONNECTION or PORT_TIME_WAIT, the first of these that does. `self`: the asking
 * socket's own use, which is counted but does not count; NULL if it has none. */
enum lastack_cause local_endpoints_conflict(const struct local_endpoints *table,
                                            const struct endpoint_use *wanted,
                                            const struct endpoint_use *self);
/* Nothing overlaps it: what bind() to port 0 looks for, whatever the flags. */
bool local_endpoints_is_unused(const struct local_endpoints *table,
                               const struct endpoint_use *wanted);
/* connect() may borrow this port: nobody has bound it or listens on it, on any address.
 * (Connections may share it as long as their tuples differ: the flow index knows.) */
bool local_endpoints_may_borrow(struct local_endpoints *table, uint16_t port);

/* The listener for a segment to `local` that came in on `link` (number + 1): one on that very
 * address before one on the wildcard, IPv4's own wildcard before that of both families, one bound
 * to the link before one that is not. Among several with SO_REUSEPORT `spread` (a hash of the flow)
 * chooses. POOL_NONE if none listens. */
uint32_t local_endpoints_find_listener(struct local_endpoints *table,
                                       const struct lastack_endpoint *local, uint32_t link,
                                       uint32_t spread);

/* How many uses of a kind this very address, port and link have. */
uint32_t local_endpoints_count(const struct local_endpoints *table, const struct endpoint_use *use);

#endif
