/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * stack_world.c: see stack_world.h.
 */
#include "stack_world.h"

#include "duration.h"
#include "ip_header.h"
#include "policy_mix.h"
#include "tcp_header.h"

#include <stdlib.h>
#include <string.h>

enum {
    OUTPUT_MAX = 512, /* packets in answer to one operation */
    EVENTS_MAX = 256,
};

static void configure(struct lastack_config *config, struct tape *tape)
{
    lastack_config_default(config);
    config->seed[0] = 7;
    config->max_connections = 6;
    config->max_time_waits_ipv4 = 5;
    config->max_time_waits_ipv6 = 3;
    config->max_syn_entries = 5;
    config->max_sockets = 10;
    config->max_descriptors = DESCRIPTORS;
    config->max_pages = 24;
    config->page_size = 1024;
    config->max_ranges = 16;
    config->max_replies = 6;
    config->max_endpoints = 12;
    config->max_links = 2;
    config->max_routes = 6;
    config->max_addresses = 6;
    config->max_neighbors = 4;
    config->max_paths = 4;
    config->max_udp_sockets = 2;
    config->udp_queue_bytes = 2048;
    config->max_watches = 4;
    config->max_reassemblies = 2;
    config->max_syn_budgets = 8;
    config->trace_hash = true;
    config->trace_records = 256;
    config->trace_classes = UINT32_MAX;
    mix_policies(&config->params, tape);
}

struct lastack_address here_address(bool is_ipv6)
{
    struct lastack_address address = lastack_ipv4(192, 0, 2, 1);
    if (is_ipv6)
        CHECK(lastack_address_parse("2001:db8::1", &address));
    return address;
}

struct lastack_address there_address(bool is_ipv6, unsigned host)
{
    struct lastack_address address = lastack_ipv4(192, 0, 2, (uint8_t)(2 + host % 2));
    if (is_ipv6) {
        CHECK(lastack_address_parse("2001:db8::2", &address));
        address.bytes[15] = (uint8_t)(2 + host % 2);
    }
    return address;
}

void world_create(struct world *world, struct tape *tape)
{
    struct lastack_config config;
    configure(&config, tape);
    size_t size = lastack_size(&config);
    CHECK(size > 0);
    memset(world, 0, sizeof *world);
    /* The same for every input: fresh pages would cost more than the stack does. */
    static void *memory;
    if (memory == NULL)
        memory = aligned_alloc(64, (size + 63) / 64 * 64);
    CHECK(memory != NULL);
    memset(memory, 0, size); /* as the contract asks */
    world->stack = lastack_create(&config, memory, size, 0);
    CHECK(world->stack != NULL);
    struct lastack_link_config link = {.kind = LASTACK_LINK_IP, .name = "wire", .mtu = MTU};
    CHECK(lastack_add_link(world->stack, &link) == LINK);
    for (int v6 = 0; v6 < 2; v6++) {
        struct lastack_address address = here_address(v6);
        CHECK(lastack_add_address(world->stack, LINK, &address, v6 ? 64 : 24) == 0);
    }
}

/* ---- what the stack says is looked at ---- */

static void overhear(struct world *world, const struct segment *segment)
{
    struct overheard *heard = NULL;
    /* Parsed as if it had arrived: local is the destination, which is the peer. */
    const struct lastack_endpoint here = tuple_remote(&segment->tuple);
    const struct lastack_endpoint there = tuple_local(&segment->tuple);
    for (int i = 0; i < OVERHEARD && heard == NULL; i++)
        if (memcmp(&world->heard[i].here, &here, sizeof here) == 0 &&
            memcmp(&world->heard[i].there, &there, sizeof there) == 0)
            heard = &world->heard[i];
    if (heard == NULL)
        heard = &world->heard[world->heard_next++ % OVERHEARD];
    heard->here = here;
    heard->there = there;
    heard->nxt = seq_add(segment->seq, segment->len);
    if (segment->flags & LASTACK_ACK)
        heard->ack = segment->ack;
    if (segment->options & OPTION_TIMESTAMP)
        heard->ts_value = segment->ts_value;
}

static void look_at_packet(struct world *world, const struct lastack_packet_out *out)
{
    size_t length = 0;
    CHECK(out->link == LINK && out->length <= MTU && out->gso_size == 0);
    CHECK(out->iov_count >= 1 && out->iov_count <= LASTACK_IOV_MAX && out->flags == 0);
    for (unsigned i = 0; i < out->iov_count; i++) {
        CHECK(out->iov[i].length <= MTU - length);
        memcpy(world->last + length, out->iov[i].base, out->iov[i].length);
        length += out->iov[i].length;
    }
    CHECK(length == out->length);
    world->last_length = length;

    struct ip_packet packet;
    struct segment segment;
    CHECK(ip_parse(world->last, length, false, &packet) == LASTACK_CAUSE_NONE);
    CHECK(packet.packet_length == length && ip_payload_checksum_ok(&packet));
    if (packet.protocol != IP_PROTOCOL_TCP)
        return;
    CHECK(tcp_parse(&packet, &segment) == LASTACK_CAUSE_NONE);
    CHECK(segment.tuple.local_port != 0 && segment.tuple.remote_port != 0);
    CHECK((segment.flags & (LASTACK_SYN | LASTACK_FIN)) != (LASTACK_SYN | LASTACK_FIN));
    CHECK(!(segment.flags & LASTACK_RST) || segment.text_length == 0);
    overhear(world, &segment);
}

void world_settle(struct world *world)
{
    struct lastack_packet_out out[4];
    struct lastack_event event;
    size_t got, packets = 0, events = 0;
    while ((got = lastack_output(world->stack, out, 4)) > 0) {
        CHECK(got <= 4 && (packets += got) <= OUTPUT_MAX);
        for (size_t i = 0; i < got; i++)
            look_at_packet(world, &out[i]);
    }
    while (lastack_next_event(world->stack, &event))
        CHECK(++events <= EVENTS_MAX && event.kinds != 0 && event.descriptor < DESCRIPTORS);
    for (int pool = 0; pool < LASTACK_POOL_COUNT; pool++) {
        struct lastack_pool_usage usage;
        lastack_pool_usage(world->stack, (enum lastack_pool)pool, &usage);
        CHECK(usage.used <= usage.limit && usage.used <= usage.peak && usage.name != NULL);
    }
    lastack_check(world->stack);
}
