/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * links.c: see links.h.
 */
#include "links.h"

#include "arena.h"
#include "bits.h"
#include "bytes.h"
#include "ethernet.h"
#include "ip_address.h"
#include "nd.h"

static void lay_out_links(struct arena *arena, uint32_t link_limit, uint32_t own_limit,
                          struct links *links)
{
    links->link = arena_take_array(arena, sizeof(struct ip_link), link_limit);
    links->own = arena_take_array(arena, sizeof(struct ip_own_address), own_limit);
}

uint64_t links_size(uint32_t link_limit, uint32_t own_limit)
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
        .config = {.kind = LASTACK_LINK_IP,
                   .name = "lo",
                   .mtu = LOOPBACK_MTU,
                   .gso_max = 0,
                   .checksum_out = true},
        .is_up = true,
    };
    links->link_count = 1;
    (void)links_add_address(links, 0, &loopback_ipv4, 8);
    (void)links_add_address(links, 0, &loopback_ipv6, 128);
}

static bool links_is_host_mac(const uint8_t mac[MAC_BYTES])
{
    static const uint8_t none[MAC_BYTES];

    return !mac_is_group(mac) && memcmp(mac, none, MAC_BYTES) != 0;
}

int links_add(struct links *links, const struct lastack_link_config *config)
{
    if (config->kind != LASTACK_LINK_IP && config->kind != LASTACK_LINK_ETHERNET)
        return -LASTACK_EINVAL;
    if (config->mtu < LINK_MTU_MIN || config->mtu > 65535 || config->gso_max > 65535)
        return -LASTACK_EINVAL;
    if (config->kind == LASTACK_LINK_ETHERNET && !links_is_host_mac(config->mac))
        return -LASTACK_EINVAL;
    if (links->link_count >= links->link_limit)
        return -LASTACK_ENOBUFS;
    links->link[links->link_count] = (struct ip_link){.config = *config, .is_up = true};
    return (int)links->link_count++;
}

/* An address that one host may have, on this link. */
static bool links_is_host_address(const struct links *links, uint32_t link,
                                  const struct lastack_address *address)
{
    if (ip_is_unspecified(address) || ip_is_multicast(address) ||
        ip_is_limited_broadcast(address) || ip_is_class_e(address))
        return false;
    if (ip_is_loopback(address) && link != LINK_LOOPBACK)
        return false;
    return ip_is_ipv4(address) || links->link[link].config.mtu >= LINK_MTU_MIN_IPV6;
}

/* All ones in the host part (RFC 1122 §3.2.1.3 d); prefixes of 31 and 32 bits have no room for it
 * (RFC 3021). */
static uint32_t links_broadcast_of(uint32_t link, const struct lastack_address *address,
                                   unsigned length)
{
    if (!ip_is_ipv4(address) || length >= 31 || link == LINK_LOOPBACK)
        return 0;
    return ip_ipv4_number(address) | UINT32_MAX >> length;
}

int links_add_address(struct links *links, uint32_t link, const struct lastack_address *address,
                      unsigned prefix_length)
{
    const unsigned longest = ip_is_ipv4(address) ? 32 : 128;
    uint32_t broadcast;

    if (link >= links->link_count || prefix_length > longest ||
        !links_is_host_address(links, link, address))
        return -LASTACK_EINVAL;
    if (links_own(links, address) != NULL)
        return -LASTACK_EADDRINUSE;
    if (links->own_count >= links->own_limit)
        return -LASTACK_ENOBUFS;
    broadcast = links_broadcast_of(link, address, prefix_length);
    links->hints |= (uint64_t)1 << links_hint(address->bytes[12], address->bytes[15]) |
                    (uint64_t)1 << links_hint(broadcast >> 24, broadcast & 255);
    links->own[links->own_count++] = (struct ip_own_address){
        .address = *address,
        .link = link,
        .broadcast = broadcast,
        .prefix_length = (uint8_t)prefix_length,
    };
    return 0;
}

/* The hints are of all addresses together: one too many only asks once more. */
void links_undo_address(struct links *links)
{
    CHECK(links->own_count > 2); /* loopback's two stay */
    links->own_count--;
}

bool prefix_holds(const struct lastack_address *prefix, unsigned length,
                  const struct lastack_address *address)
{
    const bool is_ipv4 = ip_is_ipv4(prefix);
    const unsigned bits = is_ipv4 ? 96 + length : length;
    const unsigned whole = bits / 8;

    if (is_ipv4 != ip_is_ipv4(address) || memcmp(prefix->bytes, address->bytes, whole) != 0)
        return false;
    if (bits % 8 == 0)
        return true;
    return ((prefix->bytes[whole] ^ address->bytes[whole]) & (uint8_t)(0xff00u >> bits % 8)) == 0;
}

bool links_is_own(const struct links *links, const struct lastack_address *address)
{
    if (links_hint_at(links, address) && links_own(links, address) != NULL)
        return true;
    return ip_is_ipv4(address) && ip_is_loopback(address);
}

bool links_is_own_on(const struct links *links, uint32_t link,
                     const struct lastack_address *address)
{
    for (uint32_t i = 0; i < links->own_count; i++) {
        if (links->own[i].link == link && ip_address_equal(&links->own[i].address, address))
            return true;
    }
    return false;
}

/* Bits that two addresses have in common, counted from the front. */
static unsigned links_common_prefix_length(const struct lastack_address *a,
                                           const struct lastack_address *b)
{
    uint64_t difference = load64(a->bytes) ^ load64(b->bytes);

    if (difference != 0)
        return 63 - highest_bit64(difference);
    difference = load64(a->bytes + 8) ^ load64(b->bytes + 8);
    return difference != 0 ? 127 - highest_bit64(difference) : 128;
}

/* fe80::/10, and ff02::/16, which reaches no farther. */
static bool links_stays_on_link(const struct lastack_address *address)
{
    return ip_is_link_local(address) || (address->bytes[0] == 0xff && address->bytes[1] == 0x02);
}

/* May this address of ours speak to `like`? A link-local one is no use beyond the link; within it,
 * the others do as well. */
static bool links_is_source_for(const struct ip_own_address *own,
                                const struct lastack_address *like)
{
    if (ip_is_ipv4(&own->address) != ip_is_ipv4(like))
        return false;
    return ip_is_ipv4(like) || !ip_is_link_local(&own->address) || links_stays_on_link(like);
}

const struct lastack_address *links_source(const struct links *links, uint32_t link,
                                           const struct lastack_address *like)
{
    const struct lastack_address *best = NULL;
    unsigned best_length = 0;

    for (uint32_t i = 0; i < links->own_count; i++) {
        const struct ip_own_address *own = &links->own[i];
        unsigned length;

        if (own->link != link || !links_is_source_for(own, like))
            continue;
        length = links_common_prefix_length(&own->address, like);
        if (best == NULL || length > best_length) {
            best = &own->address;
            best_length = length;
        }
    }
    return best;
}

bool links_is_broadcast(const struct links *links, const struct lastack_address *address)
{
    const uint32_t value = ip_ipv4_number(address);

    if (!ip_is_ipv4(address))
        return false;
    if (value == UINT32_MAX)
        return true;
    if (!links_hint_at(links, address))
        return false;
    for (uint32_t i = 0; i < links->own_count; i++) {
        if (links->own[i].broadcast == value && value != 0)
            return true;
    }
    return false;
}

bool links_is_one_host(const struct links *links, const struct lastack_address *address)
{
    return !ip_is_unspecified(address) && !ip_is_multicast(address) && !ip_is_class_e(address) &&
           !links_is_broadcast(links, address);
}

bool links_is_joined(const struct links *links, uint32_t link,
                     const struct lastack_address *address)
{
    static const uint8_t interface_nodes[16] = {0xff, 0x01, [15] = 1};
    const struct lastack_address all_nodes = nd_all_nodes();

    if (ip_is_ipv4(address))
        return ip_ipv4_number(address) == 0xe0000001;
    if (ip_address_equal(address, &all_nodes) || memcmp(address->bytes, interface_nodes, 16) == 0)
        return true;
    for (uint32_t i = 0; i < links->own_count; i++) {
        const struct ip_own_address *own = &links->own[i];
        struct lastack_address group = nd_solicited_node(&own->address);

        if (own->link == link && !ip_is_ipv4(&own->address) && ip_address_equal(&group, address))
            return true;
    }
    return false;
}
