/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * tuple.h: what names a connection: two endpoints, ours first (RFC 9293 §3.4.1).
 *
 * 36 bytes without padding, both families alike (IPv4 as IPv4-mapped), so comparing is one memcmp.
 */
#ifndef LASTACK_TUPLE_H
#define LASTACK_TUPLE_H

#include "check.h"

#include <lastack/address.h>
#include <string.h>

struct tuple {
    struct lastack_address local, remote;
    uint16_t local_port, remote_port;
};

_Static_assert(sizeof(struct tuple) == 36, "tuples are compared as bytes");

static inline struct tuple tuple_of(const struct lastack_endpoint *local,
                                    const struct lastack_endpoint *remote)
{
    return (struct tuple){local->address, remote->address, local->port, remote->port};
}

static inline bool tuple_equal(const struct tuple *a, const struct tuple *b)
{
    return memcmp(a, b, sizeof *a) == 0;
}

static inline struct lastack_endpoint tuple_local(const struct tuple *tuple)
{
    return (struct lastack_endpoint){tuple->local, tuple->local_port};
}

static inline struct lastack_endpoint tuple_remote(const struct tuple *tuple)
{
    return (struct lastack_endpoint){tuple->remote, tuple->remote_port};
}

static inline bool address_is_ipv4(const struct lastack_address *address)
{
    static const uint8_t mapped[12] = {0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0xff, 0xff};

    return memcmp(address->bytes, mapped, sizeof mapped) == 0;
}

#endif
