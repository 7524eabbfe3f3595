/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * links.h: the links of a stack and the addresses on them.
 *
 *     link 0: loopback, inside the stack, with 127.0.0.1/8 and ::1/128; always up
 *     link 1..: what the embedder added
 *
 * Both tables are small (a host has few of either) and searched in order; a lookup is a handful of compares.
 */
#ifndef LASTACK_LINKS_H
#define LASTACK_LINKS_H

#include "check.h"

#include <lastack/stack.h>

enum { LINK_LOOPBACK = 0, LOOPBACK_MTU = 65535 };

struct ip_link {
    struct lastack_link_config config;
    bool is_up;
    bool is_full;   /* nothing may be handed out for it now */
};

struct ip_own_address {
    struct lastack_address address;
    uint32_t link;
    uint8_t prefix_length; /* of its own family: 0..32 or 0..128 */
};

struct links {
    struct ip_link *link;
    struct ip_own_address *own;
    uint32_t link_count, link_limit;
    uint32_t own_count, own_limit;
};

size_t links_size(uint32_t link_limit, uint32_t own_limit);
/* With the loopback link and its two addresses. */
void links_init(struct links *links, void *memory, uint32_t link_limit, uint32_t own_limit);

/* Its number or a negative LASTACK_E. */
int links_add(struct links *links, const struct lastack_link_config *config);
int links_add_address(struct links *links, uint32_t link, const struct lastack_address *address,
                      unsigned prefix_length);

static inline struct ip_link *link_at(const struct links *links, uint32_t link)
{
    CHECK(link < links->link_count);
    return &links->link[link];
}

/* Is it one of ours (all of 127/8 is)? */
bool links_is_own(const struct links *links, const struct lastack_address *address);
/* An address of ours on that link, of the family of `like`; NULL if it has none. An IPv6 link-local one only if `like` is. */
const struct lastack_address *links_source(const struct links *links, uint32_t link,
                                           const struct lastack_address *like);
/* The broadcast address of one of the link's IPv4 prefixes, or 255.255.255.255. */
bool links_is_broadcast(const struct links *links, const struct lastack_address *address);

/* The first `length` bits (of the address's own family) are equal. */
bool prefix_holds(const struct lastack_address *prefix, unsigned length,
                  const struct lastack_address *address);

#endif
