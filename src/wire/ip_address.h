/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * ip_address.h: what kind of address is this? RFC 1122 §3.2.1.3, RFC 4291 §2.
 *
 * Inline, because every packet asks. IPv4 addresses are held as ::ffff:a.b.c.d (lastack/address.h);
 * so an IPv6 packet that carries a mapped address must never get past the parser (packet_parse.c).
 */
#ifndef LASTACK_IP_ADDRESS_H
#define LASTACK_IP_ADDRESS_H

#include "bytes.h"

#include <lastack/address.h>

enum { IPV4_BYTES = 4, IPV6_BYTES = 16 };

static inline bool ip_is_ipv4(const struct lastack_address *address)
{
    return load64(address->bytes) == 0 && load32(address->bytes + 8) == 0xffff;
}

/* The 4 or 16 bytes that travel, and how many. */
static inline const uint8_t *ip_wire_bytes(const struct lastack_address *address)
{
    return ip_is_ipv4(address) ? address->bytes + 12 : address->bytes;
}

static inline unsigned ip_wire_length(const struct lastack_address *address)
{
    return ip_is_ipv4(address) ? IPV4_BYTES : IPV6_BYTES;
}

/* a.b.c.d as a number; only for IPv4. */
static inline uint32_t ip_ipv4_number(const struct lastack_address *address)
{
    return load32(address->bytes + 12);
}

/* ::ffff:a.b.c.d, made of two 64-bit words: it is compared by such words soon, and a load of what
 * was stored in smaller pieces would have to wait. The compiler knows `first` and folds the rest.
 * */
static inline struct lastack_address ip_from_ipv4(const uint8_t bytes[4])
{
    static const uint8_t prefix[8] = {0, 0, 0xff, 0xff};
    const uint16_t one = 1;
    uint64_t words[2] = {0, 0};
    struct lastack_address address;
    uint32_t number;
    uint8_t first;

    memcpy(&first, &one, 1); /* 1 on a little-endian machine */
    memcpy(&words[1], prefix, 8);
    memcpy(&number, bytes, 4);
    words[1] |= (uint64_t)number << (first == 1 ? 32 : 0);
    memcpy(address.bytes, words, 16);
    return address;
}

static inline struct lastack_address ip_from_ipv6(const uint8_t bytes[16])
{
    struct lastack_address address;

    memcpy(address.bytes, bytes, 16);
    return address;
}

static inline bool ip_address_equal(const struct lastack_address *a,
                                    const struct lastack_address *b)
{
    uint64_t x[2], y[2];

    memcpy(x, a->bytes, sizeof x);
    memcpy(y, b->bytes, sizeof y);
    return ((x[0] ^ y[0]) | (x[1] ^ y[1])) == 0;
}

/* 0.0.0.0 or :: */
static inline bool ip_is_unspecified(const struct lastack_address *address)
{
    bool is_mapped_or_zero =
        load32(address->bytes + 8) == 0xffff || load32(address->bytes + 8) == 0;

    return load64(address->bytes) == 0 && is_mapped_or_zero && load32(address->bytes + 12) == 0;
}

/* 127.0.0.0/8 or ::1 */
static inline bool ip_is_loopback(const struct lastack_address *address)
{
    if (ip_is_ipv4(address))
        return address->bytes[12] == 127;
    return load64(address->bytes) == 0 && load64(address->bytes + 8) == 1;
}

/* 224.0.0.0/4 or ff00::/8 */
static inline bool ip_is_multicast(const struct lastack_address *address)
{
    return ip_is_ipv4(address) ? address->bytes[12] >> 4 == 0xe : address->bytes[0] == 0xff;
}

/* 255.255.255.255; the broadcast addresses of subnets are known to links.h only. */
static inline bool ip_is_limited_broadcast(const struct lastack_address *address)
{
    return ip_is_ipv4(address) && ip_ipv4_number(address) == UINT32_MAX;
}

/* 240.0.0.0/4 without the limited broadcast: nobody has such an address (RFC 1112 §4). */
static inline bool ip_is_class_e(const struct lastack_address *address)
{
    return ip_is_ipv4(address) && address->bytes[12] >> 4 == 0xf &&
           !ip_is_limited_broadcast(address);
}

/* 169.254.0.0/16 or fe80::/10 */
static inline bool ip_is_link_local(const struct lastack_address *address)
{
    if (ip_is_ipv4(address))
        return address->bytes[12] == 169 && address->bytes[13] == 254;
    return address->bytes[0] == 0xfe && (address->bytes[1] & 0xc0) == 0x80;
}

#endif
