/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * links.h: the links of a stack and the addresses on them.
 *
 *     link 0: loopback, inside the stack, with 127.0.0.1/8 and ::1/128; always up
 *     link 1..: what the embedder added
 *
 * Both tables are small (a host has few of either) and searched in order; a lookup is a handful of
 * compares. A packet to any of our addresses is ours whatever link it came by (the weak host model,
 * RFC 1122 §3.3.4.2), but only loopback carries loopback addresses.
 */
#ifndef LASTACK_LINKS_H
#define LASTACK_LINKS_H

#include "check.h"
#include "ip_address.h"

#include <lastack/stack.h>

enum { LINK_LOOPBACK = 0, LOOPBACK_MTU = 65535, LINK_MTU_MIN = 68, LINK_MTU_MIN_IPV6 = 1280 };

struct ip_link {
    struct lastack_link_config config;
    bool is_up;
    bool is_full; /* nothing may be handed out for it now */
};

struct ip_own_address {
    struct lastack_address address;
    uint32_t link;
    uint32_t broadcast;    /* of an IPv4 prefix; 0: it has none */
    uint8_t prefix_length; /* of its own family: 0..32 or 0..128 */
};

struct links {
    struct ip_link *link;
    struct ip_own_address *own;
    uint32_t link_count, link_limit;
    uint32_t own_count, own_limit;
    /* a bit for the hint of each own and broadcast address: most others miss them all */
    uint64_t hints;
};

uint64_t links_size(uint32_t link_limit, uint32_t own_limit);
/* With the loopback link and its two addresses. */
void links_init(struct links *links, void *memory, uint32_t link_limit, uint32_t own_limit);

/* Its number or a negative LASTACK_E: EINVAL for an unknown kind, an MTU outside 68..65535, a
 * gso_max above 65535, an Ethernet address that no single host can have; ENOBUFS when the table is
 * full. */
int links_add(struct links *links, const struct lastack_link_config *config);
/* 0 or a negative LASTACK_E: EINVAL for an unknown link, a prefix that is too long, an address that
 * is not a host's, a loopback address elsewhere than on link 0, IPv6 on an MTU below 1280 (RFC 8200
 * §5); EADDRINUSE if it is ours already; ENOBUFS when the table is full. */
int links_add_address(struct links *links, uint32_t link, const struct lastack_address *address,
                      unsigned prefix_length);
/* Takes the address added last back: what comes with it could not be had. */
void links_undo_address(struct links *links);

static inline struct ip_link *link_at(const struct links *links, uint32_t link)
{
    CHECK(link < links->link_count);
    return &links->link[link];
}

/* Which hint an address has, from its bytes 12 and 15. */
static inline unsigned links_hint(unsigned high, unsigned low)
{
    return (low ^ high ^ high >> 3) & 63;
}

/* May it be one of ours, or the broadcast address of one of our prefixes? */
static inline bool links_hint_at(const struct links *links, const struct lastack_address *address)
{
    return (links->hints >> links_hint(address->bytes[12], address->bytes[15]) & 1) != 0;
}

/* The entry of an address of ours, or NULL; the loopback addresses came first and are asked for
 * last. */
static inline const struct ip_own_address *links_own(const struct links *links,
                                                     const struct lastack_address *address)
{
    const struct ip_own_address *own = links->own + links->own_count;

    while (own != links->own) {
        if (ip_address_equal(&(--own)->address, address))
            return own;
    }
    return NULL;
}

/* Is it one of ours (all of 127/8 is)? */
bool links_is_own(const struct links *links, const struct lastack_address *address);
/* Is it one of ours on this link? (Whom ARP and neighbour discovery answer for.) */
bool links_is_own_on(const struct links *links, uint32_t link,
                     const struct lastack_address *address);
/* An address of ours on that link, of the family of `like`: the one that shares the longest prefix
 * with it (RFC 6724 §5 rule 8), the first of equals; NULL if it has none. An IPv6 link-local one
 * only if `like` is, or if `like` is a multicast of the link. */
const struct lastack_address *links_source(const struct links *links, uint32_t link,
                                           const struct lastack_address *like);
/* The broadcast address of one of the IPv4 prefixes, or 255.255.255.255. */
bool links_is_broadcast(const struct links *links, const struct lastack_address *address);
/* One host: somebody who can be connected to (RFC 9293 MUST-46) or told something. */
bool links_is_one_host(const struct links *links, const struct lastack_address *address);
/* A multicast that every host on that link listens to: all hosts (224.0.0.1), all nodes (ff01::1,
 * ff02::1), the solicited-node addresses of ours (RFC 1112 §4, RFC 4291 §2.8). */
bool links_is_joined(const struct links *links, uint32_t link,
                     const struct lastack_address *address);

/* The first `length` bits (of the address's own family) are equal. */
bool prefix_holds(const struct lastack_address *prefix, unsigned length,
                  const struct lastack_address *address);

#endif
