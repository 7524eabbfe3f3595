/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * bytes.h: network byte order and unaligned memory, the only way in and out of packets.
 *
 * No struct is ever laid over a packet: bytes become values here, on any machine alike.
 */
#ifndef LASTACK_BYTES_H
#define LASTACK_BYTES_H

#include "bits.h"

#include <stddef.h>
#include <stdint.h>
#include <string.h>

static inline uint16_t load16(const uint8_t *p)
{
    uint16_t v;

    memcpy(&v, p, 2);
    return network16(v);
}

static inline uint32_t load32(const uint8_t *p)
{
    uint32_t v;

    memcpy(&v, p, 4);
    return network32(v);
}

static inline uint64_t load64(const uint8_t *p)
{
    uint64_t v;

    memcpy(&v, p, 8);
    return network64(v);
}

static inline void store16(uint8_t *p, uint16_t v)
{
    v = network16(v);
    memcpy(p, &v, 2);
}

static inline void store32(uint8_t *p, uint32_t v)
{
    v = network32(v);
    memcpy(p, &v, 4);
}

static inline void store64(uint8_t *p, uint64_t v)
{
    v = network64(v);
    memcpy(p, &v, 8);
}

#endif
