/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * address.h: addresses and endpoints.
 *
 * One form for both families: 16 bytes, IPv4 as an IPv4-mapped IPv6 address (::ffff:a.b.c.d, RFC
 * 4291 §2.5.5.2). So there is one code path, and "is it IPv4?" is a test of the prefix.
 */
#ifndef LASTACK_ADDRESS_H
#define LASTACK_ADDRESS_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#ifdef __cplusplus
extern "C" {
#endif

struct lastack_address {
    uint8_t bytes[16]; /* network order */
};

/* An address and a port (host byte order). Port 0 = none. */
struct lastack_endpoint {
    struct lastack_address address;
    uint16_t port;
};

/* a.b.c.d */
struct lastack_address lastack_ipv4(uint8_t a, uint8_t b, uint8_t c, uint8_t d);

/* True for ::ffff:0:0/96, the addresses that travel in IPv4 packets. */
bool lastack_is_ipv4(const struct lastack_address *address);

/* 0.0.0.0 or ::, "any address". (0.0.0.0 is held as ::ffff:0.0.0.0; :: is not IPv4.) */
bool lastack_is_any(const struct lastack_address *address);

/* The same address: 192.0.2.1 and ::ffff:192.0.2.1 are one. */
bool lastack_address_equal(const struct lastack_address *a, const struct lastack_address *b);

/* Longest text of an address with its NUL: INET6_ADDRSTRLEN; of an endpoint "[...]:65535". */
#define LASTACK_ADDRESS_TEXT  46
#define LASTACK_ENDPOINT_TEXT 56

/* "192.0.2.1", "2001:db8::1" (RFC 5952). Writes at most `size` bytes with the NUL; returns the
 * length of the whole text. */
size_t lastack_address_text(const struct lastack_address *address, char *text, size_t size);

/* "192.0.2.1:80", "[2001:db8::1]:80"; port 0 is written "*". */
size_t lastack_endpoint_text(const struct lastack_endpoint *endpoint, char *text, size_t size);

/* The reverse of lastack_address_text; false if `text` is no address. */
bool lastack_address_parse(const char *text, struct lastack_address *address);

#ifdef __cplusplus
}
#endif

#endif
