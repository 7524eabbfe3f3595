/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * tuple.h: what names a connection: two endpoints, ours first (RFC 9293 §3.4.1).
 *
 * 36 bytes without padding, both families alike (IPv4 as IPv4-mapped).
 */
#ifndef LASTACK_TUPLE_H
#define LASTACK_TUPLE_H

#include "bytes.h"
#include "check.h"
#include "ip_address.h"

#include <lastack/address.h>
#include <string.h>

struct tuple {
    struct lastack_address local, remote;
    uint16_t local_port, remote_port;
};

_Static_assert(sizeof(struct tuple) == 36, "what the budgets of decision 0007 count with");

static inline struct tuple tuple_of(const struct lastack_endpoint *local,
                                    const struct lastack_endpoint *remote)
{
    return (struct tuple){local->address, remote->address, local->port, remote->port};
}

/* As the other end names it. */
static inline struct tuple tuple_reversed(const struct tuple *tuple)
{
    return (struct tuple){tuple->remote, tuple->local, tuple->remote_port, tuple->local_port};
}

static inline bool tuple_equal(const struct tuple *a, const struct tuple *b)
{
    return ip_address_equal(&a->local, &b->local) && ip_address_equal(&a->remote, &b->remote) &&
           a->local_port == b->local_port && a->remote_port == b->remote_port;
}

static inline struct lastack_endpoint tuple_local(const struct tuple *tuple)
{
    return (struct lastack_endpoint){tuple->local, tuple->local_port};
}

static inline struct lastack_endpoint tuple_remote(const struct tuple *tuple)
{
    return (struct lastack_endpoint){tuple->remote, tuple->remote_port};
}

/* What keyed hashes take of a tuple: `count` words and the ports behind them. */
struct tuple_words {
    uint64_t word[4];
    uint32_t count;
    uint32_t ports;
};

static inline struct tuple_words tuple_words_of(const struct tuple *tuple)
{
    const uint32_t ports = (uint32_t)tuple->local_port << 16 | tuple->remote_port;

    if (ip_is_ipv4(&tuple->local) && ip_is_ipv4(&tuple->remote))
        return (struct tuple_words){
            {(uint64_t)load32(tuple->local.bytes + 12) << 32 | load32(tuple->remote.bytes + 12)},
            1,
            ports};
    return (struct tuple_words){{load64(tuple->local.bytes), load64(tuple->local.bytes + 8),
                                 load64(tuple->remote.bytes), load64(tuple->remote.bytes + 8)},
                                4,
                                ports};
}

/* The same for IPv4 in 12 bytes, for those who are many. */
struct tuple_ipv4 {
    uint8_t local[4], remote[4];
    uint16_t local_port, remote_port;
};

_Static_assert(sizeof(struct tuple_ipv4) == 12, "packed tuples are compared as bytes");

static inline bool tuple_is_ipv4(const struct tuple *tuple)
{
    return ip_is_ipv4(&tuple->local) && ip_is_ipv4(&tuple->remote);
}

/* Only for a tuple that is IPv4. */
static inline struct tuple_ipv4 tuple_pack_ipv4(const struct tuple *tuple)
{
    struct tuple_ipv4 packed = {.local_port = tuple->local_port, .remote_port = tuple->remote_port};

    memcpy(packed.local, tuple->local.bytes + 12, 4);
    memcpy(packed.remote, tuple->remote.bytes + 12, 4);
    return packed;
}

static inline struct tuple tuple_unpack_ipv4(const struct tuple_ipv4 *packed)
{
    static const struct lastack_address any = {{0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0xff, 0xff}};
    struct tuple tuple = {any, any, packed->local_port, packed->remote_port};

    memcpy(tuple.local.bytes + 12, packed->local, 4);
    memcpy(tuple.remote.bytes + 12, packed->remote, 4);
    return tuple;
}

#endif
