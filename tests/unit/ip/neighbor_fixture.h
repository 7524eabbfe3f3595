/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * neighbor_fixture.h: a table of neighbours on the Ethernet link of ip_fixture.h (link 2), and
 * frames that come and go there.
 */
#ifndef LASTACK_NEIGHBOR_FIXTURE_H
#define LASTACK_NEIGHBOR_FIXTURE_H

#include "neighbor.h"

#include "icmp.h"
#include "ip_fixture.h"

#include <stdlib.h>

enum { ETHER = 2, LIMIT = 8 };

static const uint8_t our_mac[MAC_BYTES] = {2, 0, 0, 0, 0, 1};
static const uint8_t peer_mac[MAC_BYTES] = {2, 0, 0, 0, 0, 9};
static const uint8_t new_mac[MAC_BYTES] = {2, 0, 0, 0, 0, 8};

static struct ip_world world;
static struct neighbors table;
static void *table_memory;

static inline void table_init(uint32_t limit, int64_t now)
{
    struct siphash_key key = {5, 6};
    size_t size = (size_t)(neighbors_size(limit) + 63) / 64 * 64;

    free(table_memory);
    table_memory = aligned_alloc(64, size);
    assert_non_null(table_memory);
    memset(table_memory, 0, size);
    neighbors_init(&table, table_memory, limit, &key, now);
}

static inline int set_up(void **state)
{
    (void)state;
    ip_world_init(&world);
    table_init(LIMIT, 0);
    return 0;
}

static inline int tear_down(void **state)
{
    (void)state;
    free(table_memory);
    table_memory = NULL;
    return 0;
}

#define WITH_TABLE(test) cmocka_unit_test_setup_teardown(test, set_up, tear_down)

static inline enum resolve_answer resolve(const char *text, int64_t now, uint8_t mac[MAC_BYTES])
{
    struct lastack_address address = address_of(text);

    return neighbor_resolve(&table, &world.links, now, ETHER, &address, mac);
}

static inline bool next_message(struct neighbor_message *message)
{
    return neighbor_next_message(&table, &world.links, message);
}

/* Frames that wait to be sent, thrown away. */
static inline unsigned drain(void)
{
    struct neighbor_message message;
    unsigned count = 0;

    while (next_message(&message))
        count++;
    return count;
}

static inline int state_of(const char *text)
{
    struct lastack_address address = address_of(text);
    const struct neighbor *neighbor = neighbor_find(&table, ETHER, &address);

    return neighbor == NULL ? -1 : neighbor->state;
}

static inline enum lastack_cause arp(enum arp_operation operation, const char *sender,
                                     const uint8_t *mac, const char *target, int64_t now)
{
    struct arp_packet packet = {.operation = operation};

    packet.sender = address_of(sender);
    packet.target = address_of(target);
    memcpy(packet.sender_mac, mac, MAC_BYTES);
    if (operation == ARP_REPLY)
        memcpy(packet.target_mac, our_mac, MAC_BYTES);
    return neighbor_arp_arrives(&table, &world.links, now, ETHER, &packet);
}

/* An advertisement; `flags`: "S", "O", "SO", "". No address option if mac is NULL. */
static inline enum lastack_cause advertise(const char *target, const uint8_t *mac,
                                           const char *flags, int64_t now)
{
    struct nd_message message = {.kind = ND_ADVERTISEMENT, .has_mac = mac != NULL};
    struct ip_packet packet = {.is_ipv6 = true};

    message.target = packet.source = address_of(target);
    packet.destination = address_of("2001:db8:0:2::1");
    message.is_solicited = strchr(flags, 'S') != NULL;
    message.is_override = strchr(flags, 'O') != NULL;
    if (mac != NULL)
        memcpy(message.mac, mac, MAC_BYTES);
    return neighbor_nd_arrives(&table, &world.links, now, ETHER, &packet, &message);
}

static inline enum lastack_cause solicit(const char *source, const uint8_t *mac, const char *target,
                                         int64_t now)
{
    struct nd_message message = {.kind = ND_SOLICITATION, .has_mac = mac != NULL};
    struct ip_packet packet = {.is_ipv6 = true};

    message.target = address_of(target);
    packet.source = address_of(source);
    packet.destination = nd_solicited_node(&message.target);
    if (mac != NULL)
        memcpy(message.mac, mac, MAC_BYTES);
    return neighbor_nd_arrives(&table, &world.links, now, ETHER, &packet, &message);
}

#endif
