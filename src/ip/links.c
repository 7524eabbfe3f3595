/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * links.c: see links.h.
 */
#include "links.h"

#include "arena.h"
#include "bytes.h"

static void lay_out_links(struct arena *arena, uint32_t link_limit, uint32_t own_limit, struct links *links)
{
    links->link = arena_take(arena, sizeof(struct ip_link) * link_limit);
    links->own = arena_take(arena, sizeof(struct ip_own_address) * own_limit);
}

size_t links_size(uint32_t link_limit, uint32_t own_limit)
{
    struct arena arena = {0};
    struct links links;

    lay_out_links(&arena, link_limit, own_limit, &links);
    return arena.used;
}

void links_init(struct links *links, void *memory, uint32_t link_limit, uint32_t own_limit)
{
    struct arena arena = {.base = memory};
    const struct lastack_address loopback_ipv4 = lastack_ipv4(127, 0, 0, 1);
    const struct lastack_address loopback_ipv6 = {.bytes = {[15] = 1}};

    CHECK(link_limit >= 1 && own_limit >= 2);
    *links = (struct links){.link_limit = link_limit, .own_limit = own_limit};
    lay_out_links(&arena, link_limit, own_limit, links);
    links->link[0] = (struct ip_link){
        .config = {.kind = LASTACK_LINK_IP, .name = "lo", .mtu = LOOPBACK_MTU, .gso_max = 0,
                   .checksum_out = true},
        .is_up = true,
    };
    links->link_count = 1;
    (void)links_add_address(links, 0, &loopback_ipv4, 8);
    (void)links_add_address(links, 0, &loopback_ipv6, 128);
}

int links_add(struct links *links, const struct lastack_link_config *config)
{
    if (config->mtu < 68 || config->mtu > 65535 || config->gso_max > 65535)
        return -LASTACK_EINVAL;
    if (links->link_count >= links->link_limit)
        return -LASTACK_ENOBUFS;
    links->link[links->link_count] = (struct ip_link){.config = *config, .is_up = true};
    return (int)links->link_count++;
}

int links_add_address(struct links *links, uint32_t link, const struct lastack_address *address,
                      unsigned prefix_length)
{
    const unsigned longest = lastack_is_ipv4(address) ? 32 : 128;

    if (link >= links->link_count || prefix_length > longest || lastack_is_any(address))
        return -LASTACK_EINVAL;
    if (links->own_count >= links->own_limit)
        return -LASTACK_ENOBUFS;
    links->own[links->own_count++] =
        (struct ip_own_address){*address, link, (uint8_t)prefix_length};
    return 0;
}

bool prefix_holds(const struct lastack_address *prefix, unsigned length,
                  const struct lastack_address *address)
{
    const bool is_ipv4 = lastack_is_ipv4(prefix);
    const unsigned bits = is_ipv4 ? 96 + length : length;
    const unsigned whole = bits / 8;

    if (is_ipv4 != lastack_is_ipv4(address) || memcmp(prefix->bytes, address->bytes, whole) != 0)
        return false;
    if (bits % 8 == 0)
        return true;
    return ((prefix->bytes[whole] ^ address->bytes[whole]) & (uint8_t)(0xff00u >> bits % 8)) == 0;
}

bool links_is_own(const struct links *links, const struct lastack_address *address)
{
    for (uint32_t i = 0; i < links->own_count; i++) {
        if (lastack_address_equal(&links->own[i].address, address))
            return true;
    }
    return lastack_is_ipv4(address) && address->bytes[12] == 127;
}

static bool is_link_local(const struct lastack_address *address)
{
    return address->bytes[0] == 0xfe && (address->bytes[1] & 0xc0) == 0x80;
}

const struct lastack_address *links_source(const struct links *links, uint32_t link,
                                           const struct lastack_address *like)
{
    for (uint32_t i = 0; i < links->own_count; i++) {
        const struct ip_own_address *own = &links->own[i];

        if (own->link == link && lastack_is_ipv4(&own->address) == lastack_is_ipv4(like) &&
            (lastack_is_ipv4(like) || is_link_local(&own->address) == is_link_local(like)))
            return &own->address;
    }
    return NULL;
}

bool links_is_broadcast(const struct links *links, const struct lastack_address *address)
{
    const uint32_t value = load32(address->bytes + 12);

    if (!lastack_is_ipv4(address))
        return false;
    if (value == 0xffffffffu)
        return true;
    for (uint32_t i = 0; i < links->own_count; i++) {
        const struct ip_own_address *own = &links->own[i];
        const unsigned length = own->prefix_length;

        if (own->link != LINK_LOOPBACK && lastack_is_ipv4(&own->address) && length < 31 &&
            prefix_holds(&own->address, length, address) &&
            (value | (length == 0 ? 0 : 0xffffffffu << (32 - length))) == 0xffffffffu)
            return true;
    }
    return false;
}
