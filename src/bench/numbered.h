/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * numbered.h: tuples by number, so that a bench can name any of ten million without a table of
 * them.
 *
 * One server port and very many clients, as a busy server sees it.
 */
#ifndef LASTACK_NUMBERED_H
#define LASTACK_NUMBERED_H

#include "bytes.h"
#include "tuple.h"

static inline struct tuple numbered_tuple(uint64_t number, bool is_ipv6)
{
    const uint32_t port = 1024 + (uint32_t)(number & 0x7fff);
    const uint32_t host = (uint32_t)(number >> 15);
    struct tuple tuple = {
        .local = {{0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0xff, 0xff, 192, 0, 2, 1}},
        .remote = {{0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0xff, 0xff, 10}},
        .local_port = 443,
        .remote_port = (uint16_t)port,
    };

    if (is_ipv6) {
        store32(tuple.local.bytes, 0x20010db8);
        store32(tuple.remote.bytes, 0x20010db8);
    }
    store16(tuple.remote.bytes + 14, (uint16_t)host);
    tuple.remote.bytes[13] = (uint8_t)(host >> 16);
    return tuple;
}

#endif
